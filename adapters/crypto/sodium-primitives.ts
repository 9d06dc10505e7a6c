/**
 * The primitives of protocol.md section 9 by libsodium, from and to addresses in WebAssembly memory. What they need in
 * between is scratch space. No handle and no bytes outside that memory may be in this file.
 */
import { LocalProtocolError, RemoteProtocolError } from '../../core/errors.js';
import { LENGTHS } from './checks.js';
import type { Pointer, Scratch, SodiumMemory } from './sodium-module.js';

/** Bytes in WebAssembly memory: a secret, or public bytes copied there for one call. */
export interface Span {
  readonly at: Pointer;
  readonly length: number;
}

/** Key, nonce and associated data of the AEAD. */
export interface AeadInput {
  readonly key: Pointer;
  readonly nonce: Pointer;
  readonly ad: Span;
}

export interface SodiumPrimitives {
  /** SHA-512 of the concatenated parts, 64 bytes at `out`. */
  sha(out: Pointer, parts: readonly Span[], scratch: Scratch): void;
  /** HMAC-SHA-512 of the concatenated parts, 64 bytes at `out`. */
  mac(out: Pointer, key: Span, parts: readonly Span[], scratch: Scratch): void;
  /** HKDF-Expand over SHA-512, `length` bytes at `out`. */
  expand(out: Pointer, prk: Span, info: Span, length: number, scratch: Scratch): void;
  /** X25519 with the base point. */
  basePoint(out: Pointer, scalar: Pointer): void;
  /** X25519; RemoteProtocolError when the result is zero. */
  dh(out: Pointer, scalar: Pointer, point: Pointer): void;
  /** X25519(scalar, Elligator2(uniform)), but as a point of edwards25519; RemoteProtocolError when it is zero. */
  share(out: Pointer, uniform: Pointer, scalar: Pointer, scratch: Scratch): void;
  /** ML-KEM-768: the keys of a seed in scratch space. */
  kemKeys(seed: Pointer, scratch: Scratch): { readonly secretKey: Pointer; readonly publicKey: Pointer };
  kemEncapsulate(ciphertext: Pointer, shared: Pointer, publicKey: Pointer, m: Pointer): void;
  kemDecapsulate(shared: Pointer, ciphertext: Pointer, secretKey: Pointer): void;
  /** Seals the `length` bytes at `box` in place; 16 more follow. */
  seal(box: Pointer, length: number, input: AeadInput): void;
  /** Opens the `length` bytes (16 or more) at `box` in place; false when they do not verify. */
  open(box: Pointer, length: number, input: AeadInput): boolean;
}

export function sodiumPrimitives({ raw, view }: SodiumMemory): SodiumPrimitives {
  const mac: SodiumPrimitives['mac'] = (out, key, parts, scratch) => {
    const state = scratch.zeros(raw._crypto_auth_hmacsha512_statebytes());
    expectOk(raw._crypto_auth_hmacsha512_init(state, key.at, key.length));
    for (const { at, length } of parts) expectOk(raw._crypto_auth_hmacsha512_update(state, at, length, 0));
    expectOk(raw._crypto_auth_hmacsha512_final(state, out));
  };

  return {
    sha(out, parts, scratch) {
      const state = scratch.zeros(raw._crypto_hash_sha512_statebytes());
      expectOk(raw._crypto_hash_sha512_init(state));
      for (const { at, length } of parts) expectOk(raw._crypto_hash_sha512_update(state, at, length, 0));
      expectOk(raw._crypto_hash_sha512_final(state, out));
    },

    mac,

    // libsodium's own takes a PRK of 64 bytes only.
    expand(out, prk, info, length, scratch) {
      const block = { at: scratch.zeros(LENGTHS.hash), length: LENGTHS.hash };
      const counter = { at: scratch.zeros(1), length: 1 };
      for (let i = 0; i * LENGTHS.hash < length; i++) {
        view(counter.at, 1)[0] = i + 1;
        mac(block.at, prk, i === 0 ? [info, counter] : [block, info, counter], scratch);
        const size = Math.min(LENGTHS.hash, length - i * LENGTHS.hash);
        raw.HEAPU8.copyWithin(out + i * LENGTHS.hash, block.at, block.at + size);
      }
    },

    basePoint(out, scalar) {
      expectOk(raw._crypto_scalarmult_base(out, scalar));
    },

    dh(out, scalar, point) {
      refuseZero(raw._crypto_scalarmult(out, scalar, point));
    },

    // libsodium's Elligator2 gives 8·P on the twisted Edwards curve, so the scalar is divided by 8, which it is a
    // multiple of once clamped.
    share(out, uniform, scalar, scratch) {
      const [point, eighth] = [scratch.zeros(LENGTHS.point), scratch.zeros(LENGTHS.scalar)];
      expectOk(raw._crypto_core_ed25519_from_uniform(point, uniform));
      raw.HEAPU8.copyWithin(eighth, scalar, scalar + LENGTHS.scalar);
      clampAndDivideBy8(view(eighth, LENGTHS.scalar));
      refuseZero(raw._crypto_scalarmult_ed25519_noclamp(out, eighth, point));
    },

    kemKeys(seed, scratch) {
      const publicKey = scratch.zeros(LENGTHS.kemKey);
      const secretKey = scratch.zeros(raw._crypto_kem_mlkem768_secretkeybytes());
      expectOk(raw._crypto_kem_mlkem768_seed_keypair(publicKey, secretKey, seed));
      return { secretKey, publicKey };
    },

    kemEncapsulate(ciphertext, shared, publicKey, m) {
      expectOk(raw._crypto_kem_mlkem768_enc_deterministic(ciphertext, shared, publicKey, m));
    },

    kemDecapsulate(shared, ciphertext, secretKey) {
      expectOk(raw._crypto_kem_mlkem768_dec(shared, ciphertext, secretKey));
    },

    seal(box, length, { key, nonce, ad }) {
      const { at, length: adLength } = ad;
      expectOk(raw._crypto_aead_chacha20poly1305_ietf_encrypt(box, 0, box, length, 0, at, adLength, 0, 0, nonce, key));
    },

    open(box, length, { key, nonce, ad }) {
      const { at, length: adLength } = ad;
      return (
        raw._crypto_aead_chacha20poly1305_ietf_decrypt(box, 0, 0, box, length, 0, at, adLength, 0, nonce, key) === 0
      );
    },
  };
}

/** libsodium says no where it never should: its memory or this file is broken. */
function expectOk(code: number): void {
  if (code !== 0) throw new LocalProtocolError('libsodium refused');
}

/** libsodium says no to a point of low order, or a result that is one. */
function refuseZero(code: number): void {
  if (code !== 0) throw new RemoteProtocolError('X25519 result is zero');
}

/** RFC 7748 section 5, decodeScalar25519, then a shift by 3 bits, byte by byte and in place. */
function clampAndDivideBy8(scalar: Uint8Array): void {
  scalar[0] = (scalar[0] ?? 0) & 248;
  scalar[31] = ((scalar[31] ?? 0) & 127) | 64;
  for (let i = 0; i < scalar.length; i++) scalar[i] = ((scalar[i] ?? 0) >> 3) | ((scalar[i + 1] ?? 0) << 5);
}
