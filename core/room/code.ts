/**
 * The code a person types (protocol.md section 2 and "Code forms" of section 4): parsing, making, formatting. The part
 * after the first `-` is a secret: it is only ever bytes here, every intermediate buffer is overwritten, and no error
 * carries any of it but the listed word that was probably meant.
 */
import { LocalProtocolError, SecurechatError } from '../errors.js';
import { ascii, concat, plainBuffer, plainCopy } from '../protocol/bytes.js';
import { CODE_LIMIT, type InviteRule, isInvite, type LAN, type Meeting, parseInvite } from './invite.js';
import { lowerCase, type Wordlist } from './words.js';

declare const nameplateBrand: unique symbol;
/** The public part of a code: `A-Z a-z 0-9 _`, 3 to 64 characters. Only this file makes one. */
export type Nameplate = string & { readonly [nameplateBrand]: true };

export const NAMEPLATE_MIN = 3;
export const NAMEPLATE_MAX = 64;
/** Digits of a generated nameplate. */
export const NAMEPLATE_DIGITS = 6;
/** Words of a generated secret. */
export const SECRET_WORDS = 3;
/** Longest secret, bytes of UTF-8: with the longest nameplate it is still a code that can be typed. */
export const SECRET_LIMIT = CODE_LIMIT - NAMEPLATE_MAX - 1;

/** generated: 6 digits and 3 listed words. chosen: any other secret. none: no secret, the room name is all there is. */
export type CodeForm = 'generated' | 'chosen' | 'none';

export interface RoomCode {
  readonly nameplate: Nameplate;
  /** PRS of section 2: UTF-8, at most 959 bytes, empty for `none`. The owner overwrites it. */
  readonly secret: Uint8Array;
  readonly form: CodeForm;
}

/** Valid UTF-8 to its NFKC form, a fresh buffer; throws for anything else. Called only when a byte is not ASCII. */
export type Normalize = (utf8: Uint8Array) => Uint8Array;
/** `n` uniformly random bytes. */
export type Random = (n: number) => Uint8Array;

/** What is wrong with a code that is malformed: `detail.rule` of SC-301. */
export type CodeRule =
  | 'empty'
  | 'too-long'
  | 'not-utf8'
  | 'control-character'
  | 'nameplate-length'
  | 'nameplate-characters'
  | 'secret-empty'
  | InviteRule;

const DASH = 0x2d;
const SPACE = 0x20;

/** White space outside ASCII that NFKC leaves: ogham space, line and paragraph separator, byte order mark. */
const WIDE_SPACES = [
  [0xe1, 0x9a, 0x80],
  [0xe2, 0x80, 0xa8],
  [0xe2, 0x80, 0xa9],
  [0xef, 0xbb, 0xbf],
] as const;

/** What a person may type or paste where a code is asked for. */
export interface TypedCode {
  readonly code: RoomCode;
  /** Where an invitation link says that both meet; its address is not yet judged. */
  readonly meeting: Meeting | typeof LAN | undefined;
}

/**
 * The code in `bytes`: UTF-8 as typed, at most 1024 bytes, or an invitation link. `bytes` are left as they are.
 * Throws SecurechatError SC-301 (malformed, `rule`) and SC-302 (`position` 1 to 3 of the word, `nearest` listed word).
 */
export function parseTyped(bytes: Uint8Array, words: Wordlist, normalize: Normalize): TypedCode {
  const typed = trim(bytes);
  if (!isInvite(typed)) return { code: parsePlain(typed, words, normalize), meeting: undefined };
  const { code, meeting } = parseInvite(typed);
  return { code: wiping(code, () => parsePlain(code, words, normalize)), meeting };
}

/** `parseTyped` without the meeting. */
export function parseCode(bytes: Uint8Array, words: Wordlist, normalize: Normalize): RoomCode {
  return parseTyped(bytes, words, normalize).code;
}

/**
 * The same room with a secret typed apart: equal to parsing `<nameplate>-<secret>`. White space alone is no
 * secret and gives the code back. `bytes` are left as they are. Throws as `parseCode`.
 */
export function withSecret(code: RoomCode, bytes: Uint8Array, words: Wordlist, normalize: Normalize): RoomCode {
  if (code.form !== 'none') throw new LocalProtocolError('the code has a secret already');
  if (bytes.length > CODE_LIMIT) throw malformed('too-long');
  const whole = normalized(bytes, normalize);
  return wiping(whole, () => (trim(whole).length === 0 ? code : classify(code.nameplate, whole, words)));
}

/** A new code: 6 random digits, 3 random words, without bias. */
export function generateCode(random: Random, words: Wordlist): RoomCode {
  const parts: Uint8Array[] = [];
  const bytes = random(SECRET_WORDS * 2);
  for (let i = 0; i < SECRET_WORDS; i++) {
    // 2048 divides 65536: every word has the same chance.
    const index = (((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0)) % words.size;
    if (i > 0) parts.push(Uint8Array.of(DASH));
    parts.push(ascii(words.word(index)));
  }
  bytes.fill(0);
  const secret = concat(...parts);
  for (const part of parts) part.fill(0);
  return { nameplate: randomNameplate(random), secret, form: 'generated' };
}

/** Characters of the nameplate (80 bits) and of the secret (130 bits) of a code that is only ever pasted or scanned. */
export const STRONG_NAMEPLATE = 16;
export const STRONG_SECRET = 26;
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';

/** A new code for a link only: nobody can find its room, and nobody can guess its secret. Its form is `chosen`. */
export function generateStrongCode(random: Random): RoomCode {
  const secret = base32(random, STRONG_SECRET);
  return { nameplate: strongNameplate(random), secret, form: 'chosen' };
}

/** The same secret under a new random nameplate, for `room-taken`. The secret's buffer moves: drop the old code. */
export function withNewNameplate(code: RoomCode, random: Random): RoomCode {
  const nameplate = code.nameplate.length === STRONG_NAMEPLATE ? strongNameplate(random) : randomNameplate(random);
  return { ...code, nameplate };
}

/** The code as a person types it, UTF-8. `parseCode` gives the same code back. The caller wipes the result. */
export function formatCode(code: RoomCode): Uint8Array {
  const nameplate = ascii(code.nameplate);
  return code.form === 'none' ? nameplate : concat(nameplate, Uint8Array.of(DASH), code.secret);
}

function parsePlain(bytes: Uint8Array, words: Wordlist, normalize: Normalize): RoomCode {
  if (bytes.length > CODE_LIMIT) throw malformed('too-long');
  const whole = normalized(bytes, normalize);
  return wiping(whole, () => {
    const typed = trim(whole);
    if (typed.length === 0) throw malformed('empty');
    if (isSpaced(typed)) return parseSpaced(typed, words);
    const dash = typed.indexOf(DASH);
    const nameplate = toNameplate(dash < 0 ? typed : typed.subarray(0, dash));
    if (dash < 0) return { nameplate, secret: plainBuffer(0), form: 'none' };
    return classify(nameplate, typed.subarray(dash + 1), words);
  });
}

/** Six digits with a blank behind them: no other code begins so. */
function isSpaced(typed: Uint8Array): boolean {
  return typed[NAMEPLATE_DIGITS] === SPACE && typed.subarray(0, NAMEPLATE_DIGITS).every(isDigit);
}

/** A generated code with blanks in place of its dashes, or of some of them. */
function parseSpaced(typed: Uint8Array, words: Wordlist): RoomCode {
  const nameplate = toNameplate(typed.subarray(0, NAMEPLATE_DIGITS));
  const dashed = plainBuffer(typed.length);
  let length = 0;
  for (const byte of typed.subarray(NAMEPLATE_DIGITS)) {
    const separates = byte === SPACE || byte === DASH;
    // One dash for any run of separators, and none before the first word.
    if (!separates) dashed[length++] = byte;
    else if (length > 0 && dashed[length - 1] !== DASH) dashed[length++] = DASH;
  }
  return wiping(dashed, () => {
    const code = classify(nameplate, dashed.subarray(0, length), words);
    if (code.form === 'generated') return code;
    code.secret.fill(0);
    throw malformed('nameplate-characters');
  });
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

/** Section 4, "Code forms": which form the normalised secret has, and PRS. */
function classify(nameplate: Nameplate, normalizedSecret: Uint8Array, words: Wordlist): RoomCode {
  const secret = trim(normalizedSecret);
  if (secret.length === 0) throw malformed('secret-empty');
  if (secret.length > SECRET_LIMIT) throw malformed('too-long');
  if (secret.some((byte) => byte < 0x20 || byte === 0x7f)) throw malformed('control-character');
  const parts = /^[0-9]{6}$/.test(nameplate) ? split(secret) : [];
  if (parts.length !== SECRET_WORDS || !parts.every(isLetters)) {
    return { nameplate, secret: plainCopy(secret), form: 'chosen' };
  }
  for (const [i, part] of parts.entries()) {
    if (words.indexOf(part) >= 0) continue;
    throw new SecurechatError('SC-302', { position: i + 1, nearest: words.word(words.nearest(part)) });
  }
  const lower = plainCopy(secret);
  for (const [i, byte] of lower.entries()) lower[i] = lowerCase(byte);
  return { nameplate, secret: lower, form: 'generated' };
}

function toNameplate(bytes: Uint8Array): Nameplate {
  if (bytes.length > NAMEPLATE_MAX || bytes.length < NAMEPLATE_MIN) throw malformed('nameplate-length');
  const text = String.fromCharCode(...bytes);
  if (!/^[A-Za-z0-9_]+$/.test(text)) throw malformed('nameplate-characters');
  return text as Nameplate;
}

function randomNameplate(random: Random): Nameplate {
  const count = 10 ** NAMEPLATE_DIGITS;
  // 24 random bits, refused above the largest multiple of 10^6: every nameplate has the same chance.
  const bound = Math.floor(2 ** 24 / count) * count;
  for (let attempt = 0; attempt < 256; attempt++) {
    const bytes = random(3);
    const value = ((bytes[0] ?? 0) << 16) | ((bytes[1] ?? 0) << 8) | (bytes[2] ?? 0);
    if (value < bound) return String(value % count).padStart(NAMEPLATE_DIGITS, '0') as Nameplate;
  }
  throw new LocalProtocolError('the random source is broken');
}

function strongNameplate(random: Random): Nameplate {
  return String.fromCharCode(...base32(random, STRONG_NAMEPLATE)) as Nameplate;
}

/** `n` characters, 5 random bits each, no dash among them. */
function base32(random: Random, n: number): Uint8Array {
  const drawn = random(n);
  const out = plainBuffer(n);
  // 32 divides 256: every character has the same chance.
  for (let i = 0; i < n; i++) out[i] = BASE32.charCodeAt((drawn[i] ?? 0) % 32);
  drawn.fill(0);
  return out;
}

/** A fresh copy of `bytes`: as they are when they are ASCII, else in NFKC. */
function normalized(bytes: Uint8Array, normalize: Normalize): Uint8Array {
  if (bytes.every((byte) => byte < 0x80)) return plainCopy(bytes);
  try {
    return normalize(bytes);
  } catch {
    throw malformed('not-utf8');
  }
}

/** The view of `bytes` without white space at both ends. */
function trim(bytes: Uint8Array): Uint8Array {
  let start = 0;
  let end = bytes.length;
  for (let width = spaceAt(bytes, start, end); width > 0; width = spaceAt(bytes, start, end)) start += width;
  for (let width = spaceBefore(bytes, start, end); width > 0; width = spaceBefore(bytes, start, end)) end -= width;
  return bytes.subarray(start, end);
}

function spaceAt(bytes: Uint8Array, at: number, end: number): number {
  if (at < end && isSpace(bytes[at])) return 1;
  return at + 3 <= end && isWideSpace(bytes, at) ? 3 : 0;
}

function spaceBefore(bytes: Uint8Array, start: number, end: number): number {
  if (end > start && isSpace(bytes[end - 1])) return 1;
  return end - 3 >= start && isWideSpace(bytes, end - 3) ? 3 : 0;
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || (byte !== undefined && byte >= 0x09 && byte <= 0x0d);
}

function isWideSpace(bytes: Uint8Array, at: number): boolean {
  return WIDE_SPACES.some((space) => space.every((byte, i) => bytes[at + i] === byte));
}

/** Views of the parts between dashes. */
function split(secret: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = [];
  let start = 0;
  for (let dash = secret.indexOf(DASH); dash >= 0; dash = secret.indexOf(DASH, start)) {
    parts.push(secret.subarray(start, dash));
    start = dash + 1;
  }
  parts.push(secret.subarray(start));
  return parts;
}

function isLetters(part: Uint8Array): boolean {
  return part.length > 0 && part.every((byte) => lowerCase(byte) >= 0x61 && lowerCase(byte) <= 0x7a);
}

function wiping<T>(buffer: Uint8Array, use: () => T): T {
  try {
    return use();
  } finally {
    buffer.fill(0);
  }
}

function malformed(rule: CodeRule): SecurechatError {
  return new SecurechatError('SC-301', { rule, limit: CODE_LIMIT });
}
