/**
 * The crypto port in plain JavaScript: tweetnacl for X25519, noble for the rest (protocol.md section 9).
 *
 * Secret memory here is best effort. A secret is an ArrayBuffer of its own that is filled with zeros when it is wiped,
 * and so are the intermediate copies this file can reach. What it cannot reach: clamped scalars inside tweetnacl,
 * BigInts inside Elligator2 (which is also not constant time), hash states in noble, and whatever the engine spills.
 * The adapter `sodium` has none of that. No secret may leave this file as bytes but through `reveal`.
 */
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { ed25519, _map_to_curve_elligator2_curve25519 as elligator2 } from '@noble/curves/ed25519.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { ml_kem768 } from '@noble/post-quantum/ml-kem.js';
import nacl from 'tweetnacl';
import type { CryptoPort, Part, Secret } from '../../core/ports.js';
import { concat, plainBuffer, plainCopy } from '../../core/protocol/bytes.js';
import { createHandles } from '../../plugins/kit/handles.js';
import {
  BLOCK_LIMIT,
  checkBytes,
  checkInteger,
  checkKemCiphertext,
  checkKemKey,
  checkLength,
  checkNotZero,
  checkParts,
  checkPlaintext,
  checkRandom,
  EXPAND_LIMIT,
  LENGTHS,
} from './checks.js';

export interface TweetnaclOptions {
  /** A source of randomness with `n` bytes in, `n` bytes out; the default is the platform's getRandomValues. */
  readonly random?: (n: number) => Uint8Array;
}

const Fp = ed25519.Point.Fp;
const NOTHING = new Uint8Array(0);

/** Starts at once: nothing has to be loaded or awaited. */
export function createTweetnaclCrypto(options: TweetnaclOptions = {}): CryptoPort {
  const handles = createHandles<Uint8Array<ArrayBuffer>>((bytes) => bytes.fill(0));
  const own = (bytes: Uint8Array<ArrayBuffer>): Secret => handles.own(bytes, bytes.length);

  /** Moves what a library returned into memory that is ours alone. */
  function moved(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
    const copy = plainCopy(bytes);
    bytes.fill(0);
    return copy;
  }

  function peek(handle: Secret, name?: string, length?: number): Uint8Array<ArrayBuffer> {
    const bytes = handles.memory(handle);
    if (name !== undefined && length !== undefined) checkLength(handle, name, length);
    return bytes;
  }

  function peekPart(part: Part): Uint8Array {
    return part instanceof Uint8Array ? part : peek(part);
  }

  function peekParts(parts: readonly Part[]): Uint8Array[] {
    checkParts(parts);
    return parts.map(peekPart);
  }

  function draw(n: number): Uint8Array<ArrayBuffer> {
    checkInteger(n, 'n', 1, BLOCK_LIMIT);
    if (options.random === undefined) return globalThis.crypto.getRandomValues(plainBuffer(n));
    const bytes = options.random(n);
    checkRandom(bytes, n);
    return moved(bytes);
  }

  function sha(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
    const state = sha512.create();
    for (const part of parts) state.update(part);
    const out = plainBuffer(LENGTHS.hash);
    state.digestInto(out);
    state.destroy();
    return out;
  }

  function mac(key: Uint8Array, parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
    const state = hmac.create(sha512, key);
    for (const part of parts) state.update(part);
    const out = plainBuffer(LENGTHS.hash);
    state.digestInto(out);
    return out;
  }

  function dh(scalar: Uint8Array, point: Uint8Array): Uint8Array<ArrayBuffer> {
    const result = moved(nacl.scalarMult(scalar, point));
    checkNotZero(result);
    return result;
  }

  function aead(key: Secret, nonce: Part, ad: Uint8Array) {
    const [k, n] = [peek(key, 'key', LENGTHS.aeadKey), peekPart(nonce)];
    checkLength(n, 'nonce', LENGTHS.aeadNonce);
    checkBytes(ad, 'ad');
    return chacha20poly1305(k, n, ad);
  }

  return {
    random: draw,

    randomSecret: (n) => own(draw(n)),

    take(bytes) {
      checkBytes(bytes, 'bytes');
      checkInteger(bytes.length, 'length', 0, BLOCK_LIMIT);
      return own(moved(bytes));
    },

    slice(secret, start, end) {
      const bytes = peek(secret);
      checkInteger(end, 'end', 0, bytes.length);
      checkInteger(start, 'start', 0, end);
      return own(plainCopy(bytes.subarray(start, end)));
    },

    reveal: (secret) => plainCopy(peek(secret)),

    equal(secret, bytes) {
      const ours = peek(secret);
      checkBytes(bytes, 'bytes');
      if (ours.length !== bytes.length) return false;
      let difference = 0;
      for (let i = 0; i < ours.length; i++) difference |= (ours[i] ?? 0) ^ (bytes[i] ?? 0);
      return difference === 0;
    },

    hash: (parts) => own(sha(peekParts(parts))),

    digest(parts) {
      checkParts(parts);
      for (const part of parts) checkBytes(part, 'part');
      return sha(parts);
    },

    hmac: (key, parts) => own(mac(peek(key), peekParts(parts))),

    extract: (salt, ikm) => own(mac(peekPart(salt), peekParts(ikm))),

    expand(prk, info, length) {
      const key = peek(prk);
      checkBytes(info, 'info');
      checkInteger(length, 'length', 1, EXPAND_LIMIT);
      const out = plainBuffer(length);
      let block = plainBuffer(0);
      for (let i = 0; i * LENGTHS.hash < length; i++) {
        const next = mac(key, [block, info, Uint8Array.of(i + 1)]);
        block.fill(0);
        block = next;
        out.set(block.subarray(0, length - i * LENGTHS.hash), i * LENGTHS.hash);
      }
      block.fill(0);
      return own(out);
    },

    x25519Public: (scalar) => moved(nacl.scalarMult.base(peek(scalar, 'scalar', LENGTHS.scalar))),

    x25519(scalar, point) {
      const ours = peek(scalar, 'scalar', LENGTHS.scalar);
      checkBytes(point, 'point', LENGTHS.point);
      return own(dh(ours, point));
    },

    cpaceShare(uniform, scalar) {
      const field = fieldElement(peek(uniform, 'uniform', LENGTHS.uniform));
      const ours = peek(scalar, 'scalar', LENGTHS.scalar);
      const { xMn, xMd } = elligator2(field);
      const generator = Fp.toBytes(Fp.div(xMn, xMd));
      try {
        return dh(ours, generator);
      } finally {
        generator.fill(0);
      }
    },

    kemPublic(seed) {
      const { publicKey, secretKey } = ml_kem768.keygen(peek(seed, 'seed', LENGTHS.kemSeed));
      secretKey.fill(0);
      return plainCopy(publicKey);
    },

    kemEncapsulate(key, m) {
      checkKemKey(key);
      const randomness = peek(m, 'm', LENGTHS.kemRandomness);
      const { cipherText, sharedSecret } = ml_kem768.encapsulate(key, randomness);
      return { ciphertext: plainCopy(cipherText), shared: own(moved(sharedSecret)) };
    },

    kemDecapsulate(seed, ciphertext) {
      const bytes = peek(seed, 'seed', LENGTHS.kemSeed);
      checkKemCiphertext(ciphertext);
      const { secretKey } = ml_kem768.keygen(bytes);
      try {
        return own(moved(ml_kem768.decapsulate(ciphertext, secretKey)));
      } finally {
        secretKey.fill(0);
      }
    },

    seal(key, nonce, ad, plaintext, head = NOTHING) {
      const cipher = aead(key, nonce, ad);
      const length = checkPlaintext(plaintext, head);
      const joined = concat(...plaintext);
      try {
        const box = cipher.encrypt(joined, plainBuffer(length + LENGTHS.aeadTag));
        return head.length === 0 ? box : concat(head, box);
      } finally {
        joined.fill(0);
      }
    },

    open(key, nonce, ad, ciphertext) {
      const cipher = aead(key, nonce, ad);
      checkBytes(ciphertext, 'ciphertext');
      if (ciphertext.length < LENGTHS.aeadTag) return undefined;
      try {
        return cipher.decrypt(ciphertext, plainBuffer(ciphertext.length - LENGTHS.aeadTag));
      } catch (error) {
        if (error instanceof Error && error.message === 'invalid tag') return undefined;
        throw error;
      }
    },

    get live() {
      return handles.live;
    },

    wipeAll: handles.wipeAll,
  };
}

/** 255 bits, little-endian (draft-irtf-cfrg-cpace-21, decodeUCoordinate); no string is made of them. */
function fieldElement(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let value = 0n;
  for (let at = 24; at >= 0; at -= 8) value = (value << 64n) | view.getBigUint64(at, true);
  return Fp.create(value & ((1n << 255n) - 1n));
}
