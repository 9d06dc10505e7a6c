/**
 * What every crypto adapter refuses before it computes: wrong types, wrong lengths, ML-KEM keys that are not reduced
 * (core/ports.ts, CryptoPort). No primitive and no secret bytes may be in this file.
 */
import { LocalProtocolError, RemoteProtocolError } from '../../core/errors.js';

/** Most bytes that `random`, `randomSecret` and `take` handle at once; getRandomValues has the same limit. */
export const BLOCK_LIMIT = 65536;
/** RFC 5869 section 2.3: 255 × HashLen. */
export const EXPAND_LIMIT = 255 * 64;

/** Lengths in bytes of the primitives of protocol.md section 9. */
export const LENGTHS = {
  hash: 64,
  scalar: 32,
  point: 32,
  uniform: 32,
  aeadKey: 32,
  aeadNonce: 12,
  aeadTag: 16,
  kemSeed: 64,
  kemRandomness: 32,
  kemKey: 1184,
  kemCiphertext: 1088,
  kemShared: 32,
} as const;

/** TypeError unless it is a Uint8Array; RangeError unless it has `length` bytes, when given. */
export function checkBytes(value: unknown, name: string, length?: number): asserts value is Uint8Array {
  if (!(value instanceof Uint8Array)) throw new TypeError(`${name} is not a Uint8Array`);
  if (length !== undefined) checkLength(value, name, length);
}

/** RangeError unless `value` (bytes or a secret) has exactly `length` bytes. */
export function checkLength(value: { readonly length: number }, name: string, length: number): void {
  if (value.length !== length) {
    throw new RangeError(`${name} has ${String(value.length)} bytes, not ${String(length)}`);
  }
}

/** TypeError unless it is a number; RangeError unless it is an integer from `lowest` to `highest`. */
export function checkInteger(value: unknown, name: string, lowest: number, highest: number): asserts value is number {
  if (typeof value !== 'number') throw new TypeError(`${name} is not a number`);
  if (!Number.isInteger(value) || value < lowest || value > highest) {
    throw new RangeError(`${name} is not an integer from ${String(lowest)} to ${String(highest)}`);
  }
}

/** TypeError unless it is an array. */
export function checkParts(value: unknown): asserts value is readonly unknown[] {
  if (!Array.isArray(value)) throw new TypeError('parts is not an array');
}

/** The sum of the lengths. TypeError unless parts and head are bytes. */
export function checkPlaintext(parts: unknown, head: unknown): number {
  checkParts(parts);
  checkBytes(head, 'head');
  let length = 0;
  for (const part of parts) {
    checkBytes(part, 'plaintext');
    length += part.length;
  }
  return length;
}

/** The random source of a test may be wrong; that must not go unnoticed. */
export function checkRandom(bytes: Uint8Array, n: number): void {
  if (!(bytes instanceof Uint8Array) || bytes.length !== n) {
    throw new LocalProtocolError('the random source gave another length');
  }
}

/**
 * FIPS 203 section 7.2: RemoteProtocolError unless the key has 1184 bytes and every 12-bit coefficient of its first
 * 1152 bytes is below 3329. Not constant time: an encapsulation key is public.
 */
export function checkKemKey(key: unknown): asserts key is Uint8Array {
  checkBytes(key, 'encapsulation key');
  if (key.length !== LENGTHS.kemKey) throw new RemoteProtocolError('ML-KEM key length');
  for (let i = 0; i < LENGTHS.kemKey - 32; i += 3) {
    const [a, b, c] = [key[i] ?? 0, key[i + 1] ?? 0, key[i + 2] ?? 0];
    if ((a | ((b & 15) << 8)) >= 3329 || ((b >> 4) | (c << 4)) >= 3329) {
      throw new RemoteProtocolError('ML-KEM key modulus');
    }
  }
}

/** RemoteProtocolError unless an ML-KEM ciphertext has 1088 bytes. */
export function checkKemCiphertext(ciphertext: unknown): asserts ciphertext is Uint8Array {
  checkBytes(ciphertext, 'ciphertext');
  if (ciphertext.length !== LENGTHS.kemCiphertext) throw new RemoteProtocolError('ML-KEM ciphertext length');
}

/** Protocol.md section 4: an all-zero X25519 result is refused. All bytes are read whatever they are. */
export function checkNotZero(result: Uint8Array): void {
  let bits = 0;
  for (const byte of result) bits |= byte;
  if (bits === 0) throw new RemoteProtocolError('X25519 result is zero');
}
