/**
 * The invitation link: `securechat://[host[:port][/path][?transport=…&plain&pin=…]]#<code, percent-encoded>`, with
 * `/?lan` in place of a host where both look for each other in the local network; or that of a page,
 * `https://host[:port][/path]#…`. What stands before the `#` is public and says where the relay is; the code behind it is a
 * secret, so it is bytes only, and no error carries any of it. No connection may be made and no address be judged in this
 * file.
 */
import { SecurechatError } from '../errors.js';
import { ascii, base64url, concat, plainBuffer } from '../protocol/bytes.js';

/** Longest code, bytes of UTF-8, as typed and after NFKC. */
export const CODE_LIMIT = 1024;
/** Longest part before the `#`, bytes. */
export const INVITE_PLACE_LIMIT = 1024;
/** A pin: the SHA-256 of the relay's certificate (DER), bytes. */
export const PIN_LENGTH = 32;
const SCHEME = ascii('securechat://');
/** Of a page that follows such links, and of the relay that serves it. */
const PAGES = [
  { scheme: ascii('https://'), relay: 'wss' },
  { scheme: ascii('http://'), relay: 'ws' },
] as const;
/** Longest link, bytes: every byte of a code may be written as %XX. */
export const INVITE_LIMIT = SCHEME.length + INVITE_PLACE_LIMIT + 1 + 3 * CODE_LIMIT;

const PERCENT = 0x25;
const HASH = 0x23;
const HEX = ascii('0123456789ABCDEF');

/** Where both meet. */
export interface Meeting {
  /** `wss://host[:port]/…` or `ws://…`, no query and no fragment: printable ASCII, its host not yet judged. */
  readonly relay: string;
  /** Name of the transport, `[a-z0-9-]+`; absent: whichever is used here. */
  readonly transport?: string;
  /** SHA-256 of the certificate (DER) that the relay must show, 32 bytes; absent: the usual authorities decide. */
  readonly pin?: Uint8Array;
}

/** In place of a relay: both look for each other in the local network. */
export const LAN = 'lan';

export interface Invite {
  /** The code as bytes, decoded, not yet parsed. The caller wipes it. */
  readonly code: Uint8Array;
  /** Absent: the relay that is used here anyway. */
  readonly meeting: Meeting | typeof LAN | undefined;
}

/** What is wrong with a link: `detail.rule` of SC-301. */
export type InviteRule =
  | 'link-no-code'
  | 'link-characters'
  | 'link-host'
  | 'link-port'
  | 'link-parameter'
  | 'link-pin'
  | 'link-percent'
  | 'too-long';

const LAN_PLACE = `/?${LAN}`;
/** host, port, path, query; the characters are checked before. */
const PLACE = /^(\[[0-9a-fA-F:.]*\]|[^:/?[\]]*)(?::([^/?]*))?(\/[^?]*)?(?:\?(.*))?$/;
const HOST = /^(\[[0-9a-fA-F:.]{2,45}\]|[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?\.?)$/;

/** True if `bytes` (trimmed) begin like a link, ours or that of a page; the scheme in either case. */
export function isInvite(bytes: Uint8Array): boolean {
  return begins(bytes, SCHEME) || PAGES.some(({ scheme }) => begins(bytes, scheme));
}

/** The parts of a link. Throws SecurechatError SC-301 with an InviteRule for a malformed one. */
export function parseInvite(bytes: Uint8Array): Invite {
  if (bytes.length > INVITE_LIMIT) throw malformed('too-long');
  const page = PAGES.find(({ scheme }) => begins(bytes, scheme));
  if (page === undefined && !begins(bytes, SCHEME)) throw malformed('link-characters');
  const hash = bytes.indexOf(HASH);
  if (hash < 0 || hash === bytes.length - 1) throw malformed('link-no-code');
  const place = bytes.subarray((page?.scheme ?? SCHEME).length, hash);
  const fragment = bytes.subarray(hash + 1);
  if (page === undefined) return { code: percentDecode(fragment), meeting: parsePlace(place) };
  const meeting = parsePage(place, page.relay);
  // Where the page is served by no relay, it is followed by a whole link.
  return begins(fragment, SCHEME) ? parseInvite(fragment) : { code: percentDecode(fragment), meeting };
}

/** The link for `code` (bytes as `formatCode` gives them, at most 1024 bytes). The caller wipes the result. */
export function formatInvite(code: Uint8Array, meeting?: Meeting | typeof LAN): Uint8Array {
  const encoded = percentEncode(code);
  const link = concat(SCHEME, ascii(meeting === undefined ? '' : formatPlace(meeting)), Uint8Array.of(HASH), encoded);
  encoded.fill(0);
  return link;
}

/**
 * A page that follows such links, and behind the # the code, or a whole link where the page is not served by the relay of
 * `meeting`: a browser sends no part of it. The caller wipes the result.
 */
export function webLink(page: string, code: Uint8Array, meeting?: Meeting): Uint8Array {
  const fragment = meeting === undefined ? percentEncode(code) : formatInvite(code, meeting);
  const link = concat(ascii(page.replace(/#.*$/s, '')), Uint8Array.of(HASH), fragment);
  fragment.fill(0);
  return link;
}

function formatPlace(meeting: Meeting | typeof LAN): string {
  if (meeting === LAN) return LAN_PLACE;
  const { relay, transport, pin } = meeting;
  const [, scheme = '', place = ''] = /^(wss?):\/\/(.*)$/.exec(relay) ?? [];
  const parameters = [
    ...(transport === undefined ? [] : [`transport=${transport}`]),
    ...(scheme === 'ws' ? ['plain'] : []),
    ...(pin === undefined ? [] : [`pin=${base64url(pin)}`]),
  ];
  return place.replace(/\/$/, '') + (parameters.length === 0 ? '' : `/?${parameters.join('&')}`);
}

/** The relay of a page: where the page is, whatever it is called there. */
function parsePage(place: Uint8Array, scheme: 'ws' | 'wss'): Meeting {
  const { at, query } = placeOf(place) ?? {};
  if (at === undefined) throw malformed('link-host');
  if (query !== undefined) throw malformed('link-parameter');
  return { relay: `${scheme}://${at.replace(/[^/]*$/, '')}` };
}

/** Unknown parameters are refused: one that is not understood may be the one that makes it safe. */
function parsePlace(bytes: Uint8Array): Meeting | typeof LAN | undefined {
  if (bytes.length === LAN_PLACE.length && String.fromCharCode(...bytes) === LAN_PLACE) return LAN;
  const place = placeOf(bytes);
  if (place === undefined) return undefined;
  const { plain, ...more } = parameters(place.query ?? '');
  return { relay: `${plain ? 'ws' : 'wss'}://${place.at}`, ...more };
}

interface LinkPlace {
  /** `host[:port]/…` */
  readonly at: string;
  readonly query: string | undefined;
}

/** Undefined: the link names no place. */
function placeOf(bytes: Uint8Array): LinkPlace | undefined {
  if (bytes.length > INVITE_PLACE_LIMIT) throw malformed('too-long');
  if (bytes.some((byte) => byte <= 0x20 || byte > 0x7e)) throw malformed('link-characters');
  const text = String.fromCharCode(...bytes);
  const [, host = '', port, path = '', query] = PLACE.exec(text) ?? [];
  if (host === '') {
    if (text === '' || text === '/') return undefined;
    throw malformed('link-host');
  }
  if (!HOST.test(host)) throw malformed('link-host');
  if (port !== undefined && !(/^[1-9][0-9]{0,4}$/.test(port) && Number(port) <= 65_535)) throw malformed('link-port');
  if (path.includes('%') && !/^(?:[^%]|%[0-9A-Fa-f]{2})*$/.test(path)) throw malformed('link-percent');
  return { at: `${host}${port === undefined ? '' : `:${port}`}${path === '' ? '/' : path}`, query };
}

interface Parameters {
  readonly plain: boolean;
  readonly transport?: string;
  readonly pin?: Uint8Array;
}

function parameters(query: string): Parameters {
  let found: Parameters = { plain: false };
  const seen = new Set<string>();
  for (const each of query === '' ? [] : query.split('&')) {
    const [, name = '', value] = /^([^=]*)(?:=(.*))?$/.exec(each) ?? [];
    if (seen.has(name)) throw malformed('link-parameter');
    seen.add(name);
    if (name === 'plain' && value === undefined) found = { ...found, plain: true };
    else if (name === 'transport' && /^[a-z0-9-]{1,64}$/.test(value ?? ''))
      found = { ...found, transport: value ?? '' };
    else if (name === 'pin') found = { ...found, pin: pinOf(value ?? '') };
    else throw malformed('link-parameter');
  }
  // A certificate is shown over TLS only.
  if (found.plain && found.pin !== undefined) throw malformed('link-pin');
  return found;
}

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** 43 characters of base64url, and the two bits behind the last byte zero: one form only. */
function pinOf(text: string): Uint8Array {
  if (!/^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/.test(text)) throw malformed('link-pin');
  const pin = new Uint8Array(PIN_LENGTH);
  let bits = 0;
  let width = 0;
  let at = 0;
  for (const character of text) {
    bits = ((bits << 6) | BASE64URL.indexOf(character)) & 0xffff;
    width += 6;
    if (width >= 8 && at < PIN_LENGTH) {
      width -= 8;
      pin[at++] = (bits >> width) & 0xff;
    }
  }
  return pin;
}

function percentDecode(bytes: Uint8Array): Uint8Array {
  const out = plainBuffer(bytes.length);
  let length = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0;
    if (byte !== PERCENT) {
      out[length++] = byte;
      continue;
    }
    const high = hexDigit(bytes[i + 1]);
    const low = hexDigit(bytes[i + 2]);
    if (high < 0 || low < 0) {
      out.fill(0);
      throw malformed('link-percent');
    }
    out[length++] = high * 16 + low;
    i += 2;
  }
  const exact = plainBuffer(length);
  exact.set(out.subarray(0, length));
  out.fill(0);
  return exact;
}

/** RFC 3986 unreserved characters as they are, everything else as %XX. */
function percentEncode(bytes: Uint8Array): Uint8Array {
  const out = plainBuffer(bytes.reduce((sum, byte) => sum + (isUnreserved(byte) ? 1 : 3), 0));
  let length = 0;
  for (const byte of bytes) {
    if (isUnreserved(byte)) {
      out[length++] = byte;
    } else {
      out[length++] = PERCENT;
      out[length++] = HEX[byte >> 4] ?? 0;
      out[length++] = HEX[byte & 15] ?? 0;
    }
  }
  return out;
}

function isUnreserved(byte: number): boolean {
  const letter = byte | 0x20;
  return (
    (letter >= 0x61 && letter <= 0x7a) ||
    (byte >= 0x30 && byte <= 0x39) ||
    byte === 0x2d ||
    byte === 0x2e ||
    byte === 0x5f ||
    byte === 0x7e
  );
}

function hexDigit(byte: number | undefined): number {
  if (byte === undefined) return -1;
  return byte < 0x3a ? HEX.indexOf(byte) : HEX.indexOf(byte & ~0x20);
}

function begins(bytes: Uint8Array, scheme: Uint8Array): boolean {
  return bytes.length >= scheme.length && scheme.every((byte, i) => bytes[i] === byte || fold(bytes[i]) === byte);
}

function fold(byte: number | undefined): number {
  return byte !== undefined && byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : (byte ?? 0);
}

function malformed(rule: InviteRule): SecurechatError {
  return new SecurechatError('SC-301', { rule, limit: INVITE_LIMIT });
}
