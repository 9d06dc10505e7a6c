/**
 * Paths of entries (protocol.md section 8): what a receiver takes, byte by byte, on every system alike. What becomes of a
 * path in a file system may not be in this file.
 */

/** Bytes of a path. */
export const PATH_LIMIT = 4096;
/** Parts of a path. */
export const PARTS_LIMIT = 64;
/** Bytes of a part. */
export const PART_LIMIT = 255;

const [SLASH, BACKSLASH, COLON, DOT, BLANK] = [0x2f, 0x5c, 0x3a, 0x2e, 0x20] as const;

/** Names that are devices on Windows, whatever follows a dot behind them. */
const DEVICES: ReadonlySet<string> = new Set([
  ...['con', 'prn', 'aux', 'nul', 'conin$', 'conout$'],
  // The last six are the superscripts ¹ ² ³, as their UTF-8 bytes.
  ...['com', 'lpt'].flatMap((port) =>
    [...Array.from('0123456789'), '\u{c2}\u{b9}', '\u{c2}\u{b2}', '\u{c2}\u{b3}'].map((number) => port + number),
  ),
]);
/** Bytes of the longest of them. */
const DEVICE_LIMIT = 7;

export type PathFault =
  | 'empty'
  | 'too long'
  | 'too deep'
  | 'not UTF-8'
  | 'control character'
  | 'separator'
  | 'dots'
  | 'ending'
  | 'device';

/** What is wrong with a path, or undefined. */
export function pathFault(path: Uint8Array): PathFault | undefined {
  if (path.length === 0) return 'empty';
  if (path.length > PATH_LIMIT) return 'too long';
  if (!isText(path)) return 'not UTF-8';
  const parts = partsOf(path);
  if (parts.length > PARTS_LIMIT) return 'too deep';
  for (const part of parts) {
    const fault = partFault(part);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** What is wrong with one part, valid UTF-8, of a path. */
export function partFault(part: Uint8Array): PathFault | undefined {
  if (part.length === 0) return 'empty';
  if (part.length > PART_LIMIT) return 'too long';
  for (let at = 0; at < part.length; at++) {
    const byte = part[at] ?? 0;
    if (isControl(byte, part[at + 1] ?? 0)) return 'control character';
    if (byte === SLASH || byte === BACKSLASH || byte === COLON) return 'separator';
  }
  if (part.every((byte) => byte === DOT) && part.length <= 2) return 'dots';
  const last = part[part.length - 1];
  if (last === DOT || last === BLANK) return 'ending';
  return isDevice(part) ? 'device' : undefined;
}

/** C0 and DEL, and C1, which is two bytes of UTF-8. */
function isControl(byte: number, after: number): boolean {
  return byte < 0x20 || byte === 0x7f || (byte === 0xc2 && after >= 0x80 && after <= 0x9f);
}

/** Views, split at each `/`. */
export function partsOf(path: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = [];
  let start = 0;
  for (let at = 0; at <= path.length; at++) {
    if (at < path.length && path[at] !== SLASH) continue;
    parts.push(path.subarray(start, at));
    start = at + 1;
  }
  return parts;
}

/** Windows looks at what is before the first dot, without the blanks at its end. */
function isDevice(part: Uint8Array): boolean {
  const dot = part.indexOf(DOT);
  let end = dot === -1 ? part.length : dot;
  while (end > 0 && part[end - 1] === BLANK) end--;
  if (end > DEVICE_LIMIT) return false;
  let name = '';
  // Only the letters of ASCII have two cases here.
  for (const byte of part.subarray(0, end))
    name += String.fromCharCode(byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte);
  return DEVICES.has(name);
}

/** Well-formed UTF-8 (RFC 3629 section 4). */
export function isText(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; ) {
    const length = sequence(bytes, at);
    if (length === 0) return false;
    at += length;
  }
  return true;
}

/** Bytes of the character at `at`, or 0 where there is none. */
function sequence(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] ?? 0;
  if (lead < 0x80) return 1;
  const length = lead >= 0xf0 && lead <= 0xf4 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  for (let i = 1; i < length; i++) {
    const byte = bytes[at + i] ?? 0;
    // The second byte is narrower where longer forms, surrogates and more than U+10FFFF would begin.
    const low = i > 1 ? 0x80 : lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
    const high = i > 1 ? 0xbf : lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
    if (byte < low || byte > high) return 0;
  }
  return length;
}
