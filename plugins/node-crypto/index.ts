/**
 * A crypto adapter on node:crypto, made as a stranger would make one: only what `securechat/plugin` offers is imported.
 * X25519, SHA-512, HMAC and ChaCha20-Poly1305 are OpenSSL's; Elligator2 and ML-KEM-768 are noble's. Secret memory is
 * best effort, as in any adapter in JavaScript: OpenSSL's key objects go when the garbage collector takes them.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  type KeyObject,
  randomFillSync,
  timingSafeEqual,
} from 'node:crypto';
import { _map_to_curve_elligator2_curve25519 as elligator2, ed25519 } from '@noble/curves/ed25519.js';
import { ml_kem768 } from '@noble/post-quantum/ml-kem.js';
import {
  createHandles,
  type CryptoPort,
  definePlugin,
  LocalProtocolError,
  type Part,
  RemoteProtocolError,
  type Secret,
} from '../kit/define.js';

export interface NodeCryptoOptions {
  /** A source of randomness with `n` bytes in, `n` bytes out; the default is OpenSSL's. */
  readonly random?: (n: number) => Uint8Array;
}

const BLOCK_LIMIT = 65536;
const TAG = 16;
const KEM_KEY = 1184;
const KEM_CIPHERTEXT = 1088;
const CIPHER = 'chacha20-poly1305';
/** RFC 8410: what stands before the 32 bytes of an X25519 key in DER. As JWK a secret would become a string. */
const PKCS8_HEAD = Uint8Array.from([48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 110, 4, 34, 4, 32]);
const SPKI_HEAD = Uint8Array.from([48, 42, 48, 5, 6, 3, 43, 101, 110, 3, 33, 0]);

const Fp = ed25519.Point.Fp;

export default definePlugin({
  name: 'node-crypto',
  api: { major: 1, minor: 0 },
  cryptos: {
    'node-crypto': {
      description: "Node's own OpenSSL, complemented by noble; secrets in JavaScript memory",
      create: () => createNodeCrypto(),
    },
  },
});

export function createNodeCrypto(options: NodeCryptoOptions = {}): CryptoPort {
  const handles = createHandles<Uint8Array<ArrayBuffer>>((bytes) => bytes.fill(0));
  const own = (bytes: Uint8Array<ArrayBuffer>): Secret => handles.own(bytes, bytes.length);

  function peek(handle: Secret, length?: number): Uint8Array<ArrayBuffer> {
    const bytes = handles.memory(handle);
    return length === undefined ? bytes : sized(bytes, length);
  }

  const peekPart = (part: Part): Uint8Array => (part instanceof Uint8Array ? part : peek(part));

  function draw(n: number): Uint8Array<ArrayBuffer> {
    integer(n, 1, BLOCK_LIMIT);
    if (options.random === undefined) return randomFillSync(fresh(n));
    const bytes = options.random(n);
    if (bytes.length !== n) throw new LocalProtocolError('the random source gave another length');
    return moved(bytes);
  }

  function sha(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
    const state = createHash('sha512');
    for (const part of parts) state.update(part);
    return moved(state.digest());
  }

  function mac(key: Uint8Array, parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
    const state = createHmac('sha512', key);
    for (const part of parts) state.update(part);
    return moved(state.digest());
  }

  return {
    random: draw,
    randomSecret: (n) => own(draw(n)),

    take(bytes) {
      integer(typed(bytes).length, 0, BLOCK_LIMIT);
      return own(moved(bytes));
    },

    slice(secret, start, end) {
      const bytes = peek(secret);
      integer(end, 0, bytes.length);
      integer(start, 0, end);
      return own(copied(bytes.subarray(start, end)));
    },

    reveal: (secret) => copied(peek(secret)),

    equal(secret, bytes) {
      const ours = peek(secret);
      return ours.length === typed(bytes).length && timingSafeEqual(ours, bytes);
    },

    hash: (parts) => own(sha(list(parts).map(peekPart))),
    digest: (parts) => sha(list(parts).map(typed)),
    hmac: (key, parts) => own(mac(peek(key), list(parts).map(peekPart))),
    extract: (salt, ikm) => own(mac(peekPart(salt), list(ikm).map(peekPart))),

    expand(prk, info, length) {
      const key = peek(prk);
      typed(info);
      integer(length, 1, 255 * 64);
      const out = fresh(length);
      let block = fresh(0);
      for (let at = 0, i = 1; at < length; at += 64, i++) {
        const next = mac(key, [block, info, Uint8Array.of(i)]);
        block.fill(0);
        block = next;
        out.set(block.subarray(0, length - at), at);
      }
      block.fill(0);
      return own(out);
    },

    x25519Public(scalar) {
      const { x } = createPublicKey(privateKey(peek(scalar, 32))).export({ format: 'jwk' });
      return copied(Buffer.from(x ?? '', 'base64url'));
    },

    x25519: (scalar, point) => own(dh(peek(scalar, 32), sized(point, 32))),

    cpaceShare(uniform, scalar) {
      const { xMn, xMd } = elligator2(fieldElement(peek(uniform, 32)));
      const generator = Fp.toBytes(Fp.div(xMn, xMd));
      try {
        return dh(peek(scalar, 32), generator);
      } finally {
        generator.fill(0);
      }
    },

    kemPublic(seed) {
      const { publicKey, secretKey } = ml_kem768.keygen(peek(seed, 64));
      secretKey.fill(0);
      return copied(publicKey);
    },

    kemEncapsulate(key, m) {
      if (typed(key).length !== KEM_KEY) throw new RemoteProtocolError('ML-KEM key length');
      if (!isReduced(key)) throw new RemoteProtocolError('ML-KEM key modulus');
      const { cipherText, sharedSecret } = ml_kem768.encapsulate(key, peek(m, 32));
      return { ciphertext: copied(cipherText), shared: own(moved(sharedSecret)) };
    },

    kemDecapsulate(seed, ciphertext) {
      const bytes = peek(seed, 64);
      if (typed(ciphertext).length !== KEM_CIPHERTEXT) throw new RemoteProtocolError('ML-KEM ciphertext length');
      const { secretKey } = ml_kem768.keygen(bytes);
      const shared = moved(ml_kem768.decapsulate(ciphertext, secretKey));
      secretKey.fill(0);
      return own(shared);
    },

    seal(key, nonce, ad, plaintext, head = fresh(0)) {
      const [ours, once] = [peek(key, 32), sized(peekPart(nonce), 12)];
      const length = list(plaintext).reduce((sum, part) => sum + typed(part).length, 0);
      const cipher = createCipheriv(CIPHER, ours, once, { authTagLength: TAG });
      cipher.setAAD(typed(ad), { plaintextLength: length });
      const box = fresh(head.length + length + TAG);
      box.set(typed(head));
      let at = head.length;
      for (const part of plaintext) {
        box.set(cipher.update(part), at);
        at += part.length;
      }
      cipher.final();
      box.set(cipher.getAuthTag(), at);
      return box;
    },

    open(key, nonce, ad, ciphertext) {
      const [ours, once] = [peek(key, 32), sized(peekPart(nonce), 12)];
      const [data, end] = [typed(ad), typed(ciphertext).length - TAG];
      if (end < 0) return undefined;
      const cipher = createDecipheriv(CIPHER, ours, once, { authTagLength: TAG });
      cipher.setAAD(data, { plaintextLength: end });
      cipher.setAuthTag(ciphertext.subarray(end));
      const plaintext = moved(cipher.update(ciphertext.subarray(0, end)));
      try {
        cipher.final();
        return plaintext;
      } catch {
        // Whatever was deciphered is not authentic: nobody may see it.
        plaintext.fill(0);
        return undefined;
      }
    },

    get live() {
      return handles.live;
    },

    wipeAll: handles.wipeAll,
  };
}

/** X25519, refusing an all-zero result: OpenSSL does so by itself. */
function dh(scalar: Uint8Array, point: Uint8Array): Uint8Array<ArrayBuffer> {
  const ours = privateKey(scalar);
  // CPace's generator comes this way too, and is secret.
  const theirs = fromDer(SPKI_HEAD, point, (key) => createPublicKey({ key, format: 'der', type: 'spki' }));
  let result: Buffer;
  try {
    result = diffieHellman({ privateKey: ours, publicKey: theirs });
  } catch {
    throw new RemoteProtocolError('X25519 result is zero');
  }
  return moved(result);
}

function privateKey(scalar: Uint8Array): KeyObject {
  return fromDer(PKCS8_HEAD, scalar, (key) => createPrivateKey({ key, format: 'der', type: 'pkcs8' }));
}

/** Reads a key from memory that is overwritten afterwards. */
function fromDer(head: Uint8Array, bytes: Uint8Array, read: (der: Buffer) => KeyObject): KeyObject {
  const der = fresh(head.length + bytes.length);
  der.set(head);
  der.set(bytes, head.length);
  try {
    return read(Buffer.from(der.buffer));
  } finally {
    der.fill(0);
  }
}

/** 255 bits, little-endian. */
function fieldElement(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let value = 0n;
  for (let at = 24; at >= 0; at -= 8) value = (value << 64n) | view.getBigUint64(at, true);
  return Fp.create(value & ((1n << 255n) - 1n));
}

/** FIPS 203 section 7.2: every 12-bit coefficient of the first 1152 bytes is below 3329. */
function isReduced(key: Uint8Array): boolean {
  for (let i = 0; i < KEM_KEY - 32; i += 3) {
    const [a, b, c] = [key[i] ?? 0, key[i + 1] ?? 0, key[i + 2] ?? 0];
    if ((a | ((b & 15) << 8)) >= 3329 || ((b >> 4) | (c << 4)) >= 3329) return false;
  }
  return true;
}

/** Memory of its own, which the garbage collector does not move. */
function fresh(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new ArrayBuffer(length));
}

function copied(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const copy = fresh(bytes.length);
  copy.set(bytes);
  return copy;
}

function moved(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const copy = copied(bytes);
  bytes.fill(0);
  return copy;
}

function typed(value: Uint8Array): Uint8Array {
  if (!(value instanceof Uint8Array)) throw new TypeError('not a Uint8Array');
  return value;
}

function sized<B extends Uint8Array>(bytes: B, length: number): B {
  if (typed(bytes).length !== length) {
    throw new RangeError(`${String(bytes.length)} bytes, not ${String(length)}`);
  }
  return bytes;
}

function list<T>(parts: readonly T[]): readonly T[] {
  if (!Array.isArray(parts)) throw new TypeError('not an array');
  return parts as readonly T[];
}

function integer(value: number, lowest: number, highest: number): void {
  if (typeof value !== 'number') throw new TypeError('not a number');
  if (!Number.isInteger(value) || value < lowest || value > highest) throw new RangeError('out of range');
}
