/**
 * Byte strings: lv coding, labels, big-endian integers (protocol.md section 1). No key and no state may be in this file;
 * secret parts pass through as handles and are never opened here.
 */
import { LocalProtocolError } from '../errors.js';
import type { Part } from '../ports.js';

/**
 * A zeroed buffer for plaintext. An explicit ArrayBuffer keeps it where the garbage collector does not move it: a small
 * typed array would otherwise live in the moving heap and leave copies that no wipe reaches.
 */
export function plainBuffer(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new ArrayBuffer(length));
}

/** A copy of `bytes` in a plaintext buffer. */
export function plainCopy(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const copy = plainBuffer(bytes.length);
  copy.set(bytes);
  return copy;
}

/** ASCII to bytes: for labels and tags written in this program. */
export function ascii(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7f) throw new LocalProtocolError('a label is not ASCII');
    bytes[i] = unit;
  }
  return bytes;
}

/** Section 1: every label is preceded by the protocol's name. */
export function label(text: string): Uint8Array<ArrayBuffer> {
  return ascii(`securechat/1 ${text}`);
}

/** The one suite (section 1). It is bound into commitments, generator, transcript and every frame. */
export const TAG = ascii('securechat/1 cpace-x25519-sha512 mlkem768 x25519 chacha20poly1305 hkdf-sha512');

/** LEB128 of a length. */
export function leb128(value: number): Uint8Array<ArrayBuffer> {
  if (!Number.isSafeInteger(value) || value < 0) throw new LocalProtocolError('a length is not a natural number');
  const out: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = (rest - low) / 128;
    out.push(rest > 0 ? low + 128 : low);
  } while (rest > 0);
  return Uint8Array.from(out);
}

/** Section 1, `lv`: each part preceded by its length in LEB128 (CPace's lv_cat). Parts are passed on, not copied. */
export function lv<P extends Part>(...parts: readonly P[]): (P | Uint8Array<ArrayBuffer>)[] {
  return parts.flatMap((part) => [leb128(part.length), part]);
}

/** `lv` of public parts as one byte string. */
export function lvBytes(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return concat(...lv(...parts));
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = plainBuffer(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Big-endian unsigned integer of `width` bytes (1 to 8), up to 2^53 - 1. */
export function uint(value: number, width: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(width);
  putUint(out, 0, width, value);
  return out;
}

/** Writes a big-endian unsigned integer of `width` bytes at `at`. */
export function putUint(target: Uint8Array, at: number, width: number, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) throw new LocalProtocolError('an integer is out of range');
  let rest = value;
  for (let i = width - 1; i >= 0; i--) {
    target[at + i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  if (rest !== 0) throw new LocalProtocolError('an integer does not fit its field');
}

/** Reads a big-endian unsigned integer; the caller has checked the bounds. A value over 2^53 - 1 gives NaN. */
export function readUint(source: Uint8Array, at: number, width: number): number {
  let value = 0;
  for (let i = 0; i < width; i++) value = value * 256 + (source[at + i] ?? Number.NaN);
  return Number.isSafeInteger(value) ? value : Number.NaN;
}

/** Not constant time: for public bytes. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && compareBytes(a, b) === 0;
}

/** Lexicographic order of public byte strings of one length: negative, 0, positive. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** base64url without padding (RFC 4648 section 5). */
export function base64url(bytes: Uint8Array): string {
  let out = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const group = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    for (let k = 0; k < Math.min(bytes.length - i + 1, 4); k++) out += BASE64URL[(group >> (18 - 6 * k)) & 63] ?? '';
  }
  return out;
}

/** Two digits a byte. Not for secrets: a string cannot be overwritten. */
export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Of an even number of digits, which the caller has checked. */
export function unhex(digits: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(digits.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}
