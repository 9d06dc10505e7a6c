/**
 * The crypto port on libsodium compiled to WebAssembly (protocol.md section 9). Secrets live in WebAssembly memory only,
 * which no garbage collector moves, and are overwritten with zeros when they are wiped, as is all scratch space. No
 * secret may reach the JavaScript heap in this file but through `reveal`, and plaintext but through `open`.
 */
import type { CryptoPort, Part, Secret } from '../../core/ports.js';
import { plainBuffer } from '../../core/protocol/bytes.js';
import { createHandles } from '../../plugins/kit/handles.js';
import {
  BLOCK_LIMIT,
  checkBytes,
  checkInteger,
  checkKemCiphertext,
  checkKemKey,
  checkLength,
  checkParts,
  checkPlaintext,
  checkRandom,
  EXPAND_LIMIT,
  LENGTHS,
} from './checks.js';
import { montgomeryU } from './montgomery.js';
import { loadSodium, type Pointer, type Scratch, type SodiumMemory } from './sodium-module.js';
import { type AeadInput, type Span, sodiumPrimitives } from './sodium-primitives.js';

/** A cipher outside WebAssembly memory; lengths are checked before. */
export interface Aead {
  /** head ‖ ciphertext ‖ tag, in memory of its own. */
  seal(
    key: Uint8Array,
    nonce: Uint8Array,
    ad: Uint8Array,
    plaintext: readonly Uint8Array[],
    head: Uint8Array,
  ): Uint8Array<ArrayBuffer>;
  /** The plaintext in memory of its own, or undefined when it does not verify. */
  open(key: Uint8Array, nonce: Uint8Array, ad: Uint8Array, box: Uint8Array): Uint8Array<ArrayBuffer> | undefined;
  /**
   * Node copies what it has deciphered, and frees the first copy as it is. Here as much memory as is likely to hold one is
   * taken once and filled with zeros; nothing when nothing was opened. About 2 ms.
   */
  rinse(): void;
}

export interface SodiumOptions {
  /** A source of randomness with `n` bytes in, `n` bytes out; the default is the platform's getRandomValues. */
  readonly random?: (n: number) => Uint8Array;
  /** Seals and opens what is longer than LARGE; absent: libsodium does. It is given keys as views of WebAssembly memory. */
  readonly aead?: Aead | undefined;
}

const NOTHING = new Uint8Array(0);

/** Longer than any frame: chunks of a stream (protocol.md section 8), bytes. */
export const LARGE = 16_384;

/** Resolves when the module is compiled: start it while something else is awaited. */
export async function createSodiumCrypto(options: SodiumOptions = {}): Promise<CryptoPort> {
  return sodiumIn(await loadSodium(), options);
}

/** As many as are wanted can be in one memory. */
export function sodiumIn(memory: SodiumMemory, options: SodiumOptions = {}): CryptoPort {
  const { raw, allocate, release, view, withScratch } = memory;
  const sodium = sodiumPrimitives(memory);
  const handles = createHandles<Pointer>(release);

  /** A new secret of `length` bytes that `fill` writes; none is left alive when `fill` throws. */
  function make(length: number, fill: (at: Pointer) => void): Secret {
    const at = allocate(length);
    try {
      fill(at);
    } catch (error) {
      release(at, length);
      throw error;
    }
    return handles.own(at, length);
  }

  function address(handle: Secret, name?: string, length?: number): Pointer {
    const at = handles.memory(handle);
    if (name !== undefined && length !== undefined) checkLength(handle, name, length);
    return at;
  }

  function span(part: Part, scratch: Scratch): Span {
    return { at: part instanceof Uint8Array ? scratch.copy(part) : address(part), length: part.length };
  }

  function spans(parts: readonly Part[], scratch: Scratch): Span[] {
    checkParts(parts);
    return parts.map((part) => span(part, scratch));
  }

  /** Copies out of WebAssembly memory: for public results, `reveal` and `open`. */
  function copyOut(at: Pointer, length: number): Uint8Array<ArrayBuffer> {
    const out = plainBuffer(length);
    out.set(view(at, length));
    return out;
  }

  function drawInto(at: Pointer, n: number): void {
    if (options.random === undefined) {
      globalThis.crypto.getRandomValues(view(at, n));
      return;
    }
    const bytes = options.random(n);
    checkRandom(bytes, n);
    view(at, n).set(bytes);
    bytes.fill(0);
  }

  function aead(key: Secret, nonce: Part, ad: Uint8Array, scratch: Scratch): AeadInput {
    const [ours, theirs] = [address(key, 'key', LENGTHS.aeadKey), span(nonce, scratch)];
    checkLength(theirs, 'nonce', LENGTHS.aeadNonce);
    checkBytes(ad, 'ad');
    return { key: ours, nonce: theirs.at, ad: span(ad, scratch) };
  }

  /** Key, nonce and associated data for a cipher that works outside WebAssembly memory. */
  function viewed(key: Secret, nonce: Part, ad: Uint8Array): readonly [Uint8Array, Uint8Array, Uint8Array] {
    const ours = view(address(key, 'key', LENGTHS.aeadKey), LENGTHS.aeadKey);
    const once = nonce instanceof Uint8Array ? nonce : view(address(nonce), nonce.length);
    checkLength(once, 'nonce', LENGTHS.aeadNonce);
    checkBytes(ad, 'ad');
    return [ours, once, ad];
  }

  const port: CryptoPort = {
    random(n) {
      checkInteger(n, 'n', 1, BLOCK_LIMIT);
      if (options.random === undefined) return globalThis.crypto.getRandomValues(plainBuffer(n));
      return withScratch((scratch) => {
        const at = scratch.zeros(n);
        drawInto(at, n);
        return copyOut(at, n);
      });
    },

    randomSecret(n) {
      checkInteger(n, 'n', 1, BLOCK_LIMIT);
      return make(n, (at) => {
        drawInto(at, n);
      });
    },

    take(bytes) {
      checkBytes(bytes, 'bytes');
      checkInteger(bytes.length, 'length', 0, BLOCK_LIMIT);
      return make(bytes.length, (at) => {
        view(at, bytes.length).set(bytes);
        bytes.fill(0);
      });
    },

    slice(secret, start, end) {
      const from = address(secret);
      checkInteger(end, 'end', 0, secret.length);
      checkInteger(start, 'start', 0, end);
      return make(end - start, (at) => raw.HEAPU8.copyWithin(at, from + start, from + end));
    },

    reveal: (secret) => copyOut(address(secret), secret.length),

    equal(secret, bytes) {
      const ours = view(address(secret), secret.length);
      checkBytes(bytes, 'bytes');
      if (ours.length !== bytes.length) return false;
      let difference = 0;
      for (let i = 0; i < ours.length; i++) difference |= (ours[i] ?? 0) ^ (bytes[i] ?? 0);
      return difference === 0;
    },

    hash: (parts) =>
      withScratch((scratch) => {
        const from = spans(parts, scratch);
        return make(LENGTHS.hash, (out) => {
          sodium.sha(out, from, scratch);
        });
      }),

    digest(parts) {
      checkParts(parts);
      for (const part of parts) checkBytes(part, 'part');
      return withScratch((scratch) => {
        const out = scratch.zeros(LENGTHS.hash);
        sodium.sha(out, spans(parts, scratch), scratch);
        return copyOut(out, LENGTHS.hash);
      });
    },

    hmac: (key, parts) =>
      withScratch((scratch) => {
        const [ours, from] = [{ at: address(key), length: key.length }, spans(parts, scratch)];
        return make(LENGTHS.hash, (out) => {
          sodium.mac(out, ours, from, scratch);
        });
      }),

    extract: (salt, ikm) =>
      withScratch((scratch) => {
        const [key, from] = [span(salt, scratch), spans(ikm, scratch)];
        return make(LENGTHS.hash, (out) => {
          sodium.mac(out, key, from, scratch);
        });
      }),

    expand: (prk, info, length) =>
      withScratch((scratch) => {
        const key = { at: address(prk), length: prk.length };
        checkBytes(info, 'info');
        checkInteger(length, 'length', 1, EXPAND_LIMIT);
        const context = span(info, scratch);
        return make(length, (out) => {
          sodium.expand(out, key, context, length, scratch);
        });
      }),

    x25519Public: (scalar) =>
      withScratch((scratch) => {
        const ours = address(scalar, 'scalar', LENGTHS.scalar);
        const out = scratch.zeros(LENGTHS.point);
        sodium.basePoint(out, ours);
        return copyOut(out, LENGTHS.point);
      }),

    x25519: (scalar, point) =>
      withScratch((scratch) => {
        const ours = address(scalar, 'scalar', LENGTHS.scalar);
        checkBytes(point, 'point', LENGTHS.point);
        const theirs = scratch.copy(point);
        return make(LENGTHS.point, (out) => {
          sodium.dh(out, ours, theirs);
        });
      }),

    cpaceShare: (uniform, scalar) =>
      withScratch((scratch) => {
        const hash = address(uniform, 'uniform', LENGTHS.uniform);
        const ours = address(scalar, 'scalar', LENGTHS.scalar);
        const out = scratch.zeros(LENGTHS.point);
        sodium.share(out, hash, ours, scratch);
        // The share is public. libsodium's own map checks the subgroup once more, which takes as long as a product.
        return montgomeryU(view(out, LENGTHS.point));
      }),

    kemPublic: (seed) =>
      withScratch((scratch) => {
        const { publicKey } = sodium.kemKeys(address(seed, 'seed', LENGTHS.kemSeed), scratch);
        return copyOut(publicKey, LENGTHS.kemKey);
      }),

    kemEncapsulate: (key, m) =>
      withScratch((scratch) => {
        checkKemKey(key);
        const randomness = address(m, 'm', LENGTHS.kemRandomness);
        const [theirs, out] = [scratch.copy(key), scratch.zeros(LENGTHS.kemCiphertext)];
        const shared = make(LENGTHS.kemShared, (at) => {
          sodium.kemEncapsulate(out, at, theirs, randomness);
        });
        return { ciphertext: copyOut(out, LENGTHS.kemCiphertext), shared };
      }),

    kemDecapsulate: (seed, ciphertext) =>
      withScratch((scratch) => {
        const bytes = address(seed, 'seed', LENGTHS.kemSeed);
        checkKemCiphertext(ciphertext);
        const { secretKey } = sodium.kemKeys(bytes, scratch);
        const theirs = scratch.copy(ciphertext);
        return make(LENGTHS.kemShared, (out) => {
          sodium.kemDecapsulate(out, theirs, secretKey);
        });
      }),

    seal(key, nonce, ad, plaintext, head = NOTHING) {
      const length = checkPlaintext(plaintext, head);
      if (options.aead !== undefined && length > LARGE) {
        return options.aead.seal(...viewed(key, nonce, ad), plaintext, head);
      }
      return withScratch((scratch) => {
        const from = aead(key, nonce, ad, scratch);
        const box = scratch.zeros(length + LENGTHS.aeadTag);
        let at = box;
        for (const part of plaintext) {
          raw.HEAPU8.set(part, at);
          at += part.length;
        }
        sodium.seal(box, length, from);
        const out = plainBuffer(head.length + length + LENGTHS.aeadTag);
        out.set(head);
        out.set(view(box, length + LENGTHS.aeadTag), head.length);
        return out;
      });
    },

    open(key, nonce, ad, ciphertext) {
      checkBytes(ciphertext, 'ciphertext');
      if (options.aead !== undefined && ciphertext.length > LARGE) {
        return options.aead.open(...viewed(key, nonce, ad), ciphertext);
      }
      return withScratch((scratch) => {
        const from = aead(key, nonce, ad, scratch);
        if (ciphertext.length < LENGTHS.aeadTag) return undefined;
        const box = scratch.copy(ciphertext);
        if (!sodium.open(box, ciphertext.length, from)) return undefined;
        return copyOut(box, ciphertext.length - LENGTHS.aeadTag);
      });
    },

    get live() {
      return handles.live;
    },

    wipeAll() {
      handles.wipeAll();
      rinse(port);
      handles.wipeAll();
      options.aead?.rinse();
    },
  };
  return port;
}

/**
 * The primitives leave the last of what they worked on upon the stack in WebAssembly memory, for example the end of a
 * plaintext. Here each of them works once more on constants, which takes the same places. About 1 ms.
 */
function rinse(port: CryptoPort): void {
  const constant = (length: number): Secret => port.take(plainBuffer(length).fill(1));
  const [bytes, key, seed] = [plainBuffer(63), constant(32), constant(64)];
  port.expand(port.extract(key, [key, bytes]), bytes, 65);
  port.hash([seed, bytes, seed]);
  port.x25519(key, port.x25519Public(key));
  port.cpaceShare(key, key);
  port.kemDecapsulate(seed, port.kemEncapsulate(port.kemPublic(seed), key).ciphertext);
  port.open(key, plainBuffer(12), bytes, port.seal(key, plainBuffer(12), bytes, [bytes]));
}
