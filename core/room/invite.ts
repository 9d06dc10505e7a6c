/**
 * The invitation link: `securechat://<code, percent-encoded>[?relay=<address>]`. It carries a whole code, so it is treated
 * as a secret: bytes only. The relay's address is public and becomes a string; whether it is a usable address is not
 * decided here.
 */
import { SecurechatError } from '../errors.js';
import { ascii, concat, plainBuffer } from '../protocol/bytes.js';

/** Longest code, bytes of UTF-8, as typed and after NFKC. */
export const CODE_LIMIT = 1024;
/** Longest relay address in a link, bytes, decoded. */
export const INVITE_RELAY_LIMIT = 1024;
const SCHEME = ascii('securechat://');
const RELAY = ascii('relay');
const RELAY_QUERY = ascii('?relay=');
/** Longest link, bytes: every byte of code and address may be written as %XX. */
export const INVITE_LIMIT = SCHEME.length + 3 * CODE_LIMIT + RELAY_QUERY.length + 3 * INVITE_RELAY_LIMIT;

const PERCENT = 0x25;
const SLASH = 0x2f;
const QUERY = 0x3f;
const HASH = 0x23;
const AMPERSAND = 0x26;
const EQUALS = 0x3d;
const HEX = ascii('0123456789ABCDEF');

export interface Invite {
  /** The code as bytes, decoded, not yet parsed. The caller wipes it. */
  readonly code: Uint8Array;
  /** The relay's address, printable ASCII, unchecked. */
  readonly relay: string | undefined;
}

/** True if `bytes` (trimmed) begin like a link; the scheme in either case. */
export function isInvite(bytes: Uint8Array): boolean {
  return (
    bytes.length >= SCHEME.length && SCHEME.every((byte, i) => (bytes[i] ?? 0) === byte || fold(bytes[i]) === byte)
  );
}

/** The parts of a link. Throws SecurechatError SC-301 (rules `link` and `too-long`) for a malformed one. */
export function parseInvite(bytes: Uint8Array): Invite {
  if (bytes.length > INVITE_LIMIT) throw new SecurechatError('SC-301', { rule: 'too-long', limit: INVITE_LIMIT });
  if (!isInvite(bytes) || bytes.includes(HASH)) throw malformed();
  const question = bytes.indexOf(QUERY);
  const end = question < 0 ? bytes.length : question;
  let code = bytes.subarray(SCHEME.length, end);
  // Programs that complete addresses put a slash behind the host.
  if (code[code.length - 1] === SLASH) code = code.subarray(0, -1);
  if (code.includes(SLASH)) throw malformed();
  const relay = question < 0 ? undefined : relayOf(bytes.subarray(question + 1));
  return { code: percentDecode(code), relay };
}

/** The link for `code` (bytes as `formatCode` gives them, at most 1024). The caller wipes the result. */
export function formatInvite(code: Uint8Array, relay?: string): Uint8Array {
  const encoded = percentEncode(code, false);
  const link =
    relay === undefined
      ? concat(SCHEME, encoded)
      : concat(SCHEME, encoded, RELAY_QUERY, percentEncode(ascii(relay), true));
  encoded.fill(0);
  return link;
}

/** The value of `relay` in a query. Other parameters are ignored: room for growth. */
function relayOf(query: Uint8Array): string | undefined {
  let relay: string | undefined;
  for (let start = 0; start <= query.length; ) {
    const ampersand = query.indexOf(AMPERSAND, start);
    const end = ampersand < 0 ? query.length : ampersand;
    const equals = query.subarray(start, end).indexOf(EQUALS);
    if (equals === RELAY.length && RELAY.every((byte, i) => query[start + i] === byte)) {
      if (relay !== undefined) throw malformed();
      const value = percentDecode(query.subarray(start + equals + 1, end));
      if (value.length > INVITE_RELAY_LIMIT || value.some((byte) => byte <= 0x20 || byte > 0x7e)) throw malformed();
      relay = String.fromCharCode(...value);
    }
    start = end + 1;
  }
  return relay;
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
      throw malformed();
    }
    out[length++] = high * 16 + low;
    i += 2;
  }
  const exact = plainBuffer(length);
  exact.set(out.subarray(0, length));
  out.fill(0);
  return exact;
}

/** RFC 3986 unreserved characters as they are, everything else as %XX; `:` and `/` stay in a query. */
function percentEncode(bytes: Uint8Array, query: boolean): Uint8Array {
  const plain = (byte: number): boolean => isUnreserved(byte) || (query && (byte === 0x3a || byte === SLASH));
  const out = plainBuffer(bytes.reduce((sum, byte) => sum + (plain(byte) ? 1 : 3), 0));
  let length = 0;
  for (const byte of bytes) {
    if (plain(byte)) {
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

function fold(byte: number | undefined): number {
  return byte !== undefined && byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : (byte ?? 0);
}

function malformed(): SecurechatError {
  return new SecurechatError('SC-301', { rule: 'link' });
}
