/**
 * The operations of CryptoPort as a table, so that a rule that holds for all of them is written once: what each one
 * takes, how it refuses, and inputs for it from a seed. No expectation about results may be in this file.
 */
import { LocalProtocolError, RemoteProtocolError } from '../../core/errors.js';
import type { CryptoPort, Secret } from '../../core/ports.js';
import { concat } from '../../core/protocol/bytes.js';

/** Declares one test with an adapter of its own, which must hold no secret at the start. */
export type Check = (title: string, run: (crypto: CryptoPort) => void | Promise<void>) => void;

/** How an input of a wrong length is refused; absent where any length is taken. */
type Refusal = typeof RangeError | typeof RemoteProtocolError;

/** Draws `n` repeatable bytes. */
export type Draw = (n: number) => Uint8Array;

/** As many of each as the operation lists; the types name the most. */
type Handles = readonly [Secret, Secret];
type Bytes = readonly [Uint8Array, Uint8Array, Uint8Array];

export interface Inputs {
  /** Taken into secret memory before the call. */
  readonly secrets: readonly Uint8Array[];
  readonly publics: readonly Uint8Array[];
}

export interface Operation {
  readonly name: string;
  readonly run: (crypto: CryptoPort, secrets: Handles, publics: Bytes) => Result;
  readonly secrets: readonly (Refusal | undefined)[];
  readonly publics: readonly (Refusal | undefined)[];
  /** Makes inputs that are not refused; `crypto` where one of them has to be a key or a box. */
  readonly draw: (draw: Draw, crypto: CryptoPort) => Inputs;
}

type Result = Uint8Array | Secret | boolean | undefined | readonly (Uint8Array | Secret)[];

const EDGES = [0, 1, 15, 16, 17, 63, 64, 65, 111, 112, 127, 128, 129, 255, 256, 1000];

/** A length that is often at the border of a block. */
function someLength(draw: Draw): number {
  const [a = 0, b = 0] = draw(2);
  return a < 128 ? (EDGES[b % EDGES.length] ?? 0) : b;
}

function fixed(secrets: readonly number[], publics: readonly number[]): Operation['draw'] {
  return (draw) => ({ secrets: secrets.map(draw), publics: publics.map(draw) });
}

function free(secrets: number, publics: number): Operation['draw'] {
  const some = (draw: Draw, n: number) => Array.from({ length: n }, () => draw(someLength(draw)));
  return (draw) => ({ secrets: some(draw, secrets), publics: some(draw, publics) });
}

/** Draws the inputs of `open`: mostly a box that verifies, sometimes one with a flipped bit or noise. */
function drawBox(draw: Draw, crypto: CryptoPort): Inputs {
  const [bytes, nonce, ad] = [draw(32), draw(12), draw(someLength(draw))];
  const key = crypto.take(bytes.slice());
  let box = crypto.seal(key, nonce, ad, [draw(someLength(draw))]);
  key.wipe();
  const [kind = 0, where = 0, bit = 0] = draw(3);
  if (kind < 64) box[where % box.length] = (box[where % box.length] ?? 0) ^ (1 << (bit % 8));
  else if (kind < 80) box = draw(someLength(draw));
  return { secrets: [bytes], publics: [nonce, ad, box] };
}

/** A fresh encapsulation key; sometimes with noise in it, which mostly is not reduced. */
function drawKemKey(draw: Draw, crypto: CryptoPort): Inputs {
  const seed = crypto.take(draw(64));
  const key = crypto.kemPublic(seed);
  seed.wipe();
  const [kind = 0] = draw(1);
  if (kind < 32) key.set(draw(4), (draw(1)[0] ?? 0) * 4);
  return { secrets: [draw(32)], publics: [key] };
}

/** Half of the ciphertexts are for this seed, half are noise. */
function drawKemCiphertext(draw: Draw, crypto: CryptoPort): Inputs {
  const bytes = draw(64);
  const [kind = 0] = draw(1);
  if (kind < 128) return { secrets: [bytes], publics: [draw(1088)] };
  const [seed, m] = [crypto.take(bytes.slice()), crypto.take(draw(32))];
  const { ciphertext, shared } = crypto.kemEncapsulate(crypto.kemPublic(seed), m);
  for (const secret of [seed, m, shared]) secret.wipe();
  return { secrets: [bytes], publics: [ciphertext] };
}

/** A point that is now and then one of low order or not reduced. */
function drawPoint(draw: Draw): Uint8Array {
  const [kind = 0, low = 0] = draw(2);
  const point = draw(32);
  if (kind >= 32) return point;
  point.fill(kind < 16 ? 0 : 255);
  point[0] = kind < 16 ? low % 3 : 230 + (low % 26);
  if (low < 128) point[31] = kind < 16 ? 0x80 : 0x7f;
  return point;
}

export const OPERATIONS: readonly Operation[] = [
  {
    name: 'slice',
    run: (crypto, [secret]) => crypto.slice(secret, 3, 40),
    secrets: [undefined],
    publics: [],
    draw: fixed([64], []),
  },
  {
    name: 'reveal',
    run: (crypto, [secret]) => crypto.reveal(secret),
    secrets: [undefined],
    publics: [],
    draw: free(1, 0),
  },
  {
    name: 'equal',
    run: (crypto, [secret], [bytes]) => crypto.equal(secret, bytes),
    secrets: [undefined],
    publics: [undefined],
    draw: (draw) => {
      const bytes = draw(16);
      return { secrets: [bytes], publics: [(draw(1)[0] ?? 0) < 128 ? bytes.slice() : draw(16)] };
    },
  },
  {
    name: 'hash',
    run: (crypto, [a, b], [c]) => crypto.hash([a, c, b]),
    secrets: [undefined, undefined],
    publics: [undefined],
    draw: free(2, 1),
  },
  {
    name: 'digest',
    run: (crypto, _secrets, parts) => crypto.digest(parts),
    secrets: [],
    publics: [undefined, undefined],
    draw: free(0, 2),
  },
  {
    name: 'hmac',
    run: (crypto, [key, a], [b]) => crypto.hmac(key, [a, b]),
    secrets: [undefined, undefined],
    publics: [undefined],
    draw: free(2, 1),
  },
  {
    name: 'extract with public salt',
    run: (crypto, [a], [salt, b]) => crypto.extract(salt, [a, b]),
    secrets: [undefined],
    publics: [undefined, undefined],
    draw: free(1, 2),
  },
  {
    name: 'extract with secret salt',
    run: (crypto, [salt, a], [b]) => crypto.extract(salt, [b, a]),
    secrets: [undefined, undefined],
    publics: [undefined],
    draw: free(2, 1),
  },
  {
    name: 'expand',
    // The length comes from the information: from 1 to 256 bytes.
    run: (crypto, [prk], [info]) => crypto.expand(prk, info, 1 + ((info[0] ?? 0) % 256)),
    secrets: [undefined],
    publics: [undefined],
    draw: free(1, 1),
  },
  {
    name: 'x25519Public',
    run: (crypto, [scalar]) => crypto.x25519Public(scalar),
    secrets: [RangeError],
    publics: [],
    draw: fixed([32], []),
  },
  {
    name: 'x25519',
    run: (crypto, [scalar], [point]) => crypto.x25519(scalar, point),
    secrets: [RangeError],
    publics: [RangeError],
    draw: (draw) => ({ secrets: [draw(32)], publics: [drawPoint(draw)] }),
  },
  {
    name: 'cpaceShare',
    run: (crypto, [uniform, scalar]) => crypto.cpaceShare(uniform, scalar),
    secrets: [RangeError, RangeError],
    publics: [],
    draw: (draw) => ({ secrets: [drawPoint(draw), draw(32)], publics: [] }),
  },
  {
    name: 'kemPublic',
    run: (crypto, [seed]) => crypto.kemPublic(seed),
    secrets: [RangeError],
    publics: [],
    draw: fixed([64], []),
  },
  {
    name: 'kemEncapsulate',
    run: (crypto, [m], [key]) => {
      const { ciphertext, shared } = crypto.kemEncapsulate(key, m);
      return [ciphertext, shared];
    },
    secrets: [RangeError],
    publics: [RemoteProtocolError],
    draw: drawKemKey,
  },
  {
    name: 'kemDecapsulate',
    run: (crypto, [seed], [ciphertext]) => crypto.kemDecapsulate(seed, ciphertext),
    secrets: [RangeError],
    publics: [RemoteProtocolError],
    draw: drawKemCiphertext,
  },
  {
    name: 'seal with public nonce',
    run: (crypto, [key], [nonce, ad, plaintext]) => crypto.seal(key, nonce, ad, [plaintext]),
    secrets: [RangeError],
    publics: [RangeError, undefined, undefined],
    draw: (draw) => ({ secrets: [draw(32)], publics: [draw(12), draw(someLength(draw)), draw(someLength(draw))] }),
  },
  {
    name: 'seal with secret nonce',
    run: (crypto, [key, nonce], [ad, plaintext]) => crypto.seal(key, nonce, ad, [plaintext]),
    secrets: [RangeError, RangeError],
    publics: [undefined, undefined],
    draw: (draw) => ({ secrets: [draw(32), draw(12)], publics: [draw(someLength(draw)), draw(someLength(draw))] }),
  },
  {
    name: 'open with public nonce',
    run: (crypto, [key], [nonce, ad, box]) => crypto.open(key, nonce, ad, box),
    secrets: [RangeError],
    publics: [RangeError, undefined, undefined],
    draw: drawBox,
  },
  {
    name: 'open with secret nonce',
    run: (crypto, [key, nonce], [ad, box]) => crypto.open(key, nonce, ad, box),
    secrets: [RangeError, RangeError],
    publics: [undefined, undefined],
    draw: (draw, crypto) => {
      const { secrets, publics } = drawBox(draw, crypto);
      return { secrets: [...secrets, ...publics.slice(0, 1)], publics: publics.slice(1) };
    },
  },
];

/** Repeatable bytes, the same on every machine (mulberry32); not for keys. */
export function seededDraw(seed: number): Draw {
  let state = seed >>> 0;
  return (n) => {
    const drawn = new Uint8Array(n);
    for (let i = 0; i < n; i++) {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      drawn[i] = (mixed ^ (mixed >>> 14)) & 255;
    }
    return drawn;
  };
}

/** Runs an operation on handles and bytes of the number it lists. */
export function runOn(
  crypto: CryptoPort,
  operation: Operation,
  secrets: readonly Secret[],
  publics: readonly Uint8Array[],
): Result {
  return operation.run(crypto, secrets as unknown as Handles, publics as unknown as Bytes);
}

/** Takes the inputs, runs, wipes all: what came out as bytes behind a zero byte, or a one byte for a refusal. */
export function outcome(crypto: CryptoPort, operation: Operation, inputs: Inputs): Uint8Array {
  const secrets = inputs.secrets.map((bytes) => crypto.take(bytes.slice()));
  try {
    return concat(Uint8Array.of(0), flatten(crypto, runOn(crypto, operation, secrets, inputs.publics)));
  } catch (error) {
    if (error instanceof RemoteProtocolError) return Uint8Array.of(1);
    if (error instanceof RangeError) return Uint8Array.of(2);
    if (error instanceof LocalProtocolError) return Uint8Array.of(3);
    throw error;
  } finally {
    for (const secret of secrets) secret.wipe();
  }
}

/** All results of an operation as bytes; secrets among them are wiped. */
export function flatten(crypto: CryptoPort, result: Result): Uint8Array {
  if (result === undefined) return Uint8Array.of(0xff);
  if (typeof result === 'boolean') return Uint8Array.of(result ? 1 : 0);
  if (result instanceof Uint8Array) return result;
  if ('wipe' in result) {
    const bytes = crypto.reveal(result);
    result.wipe();
    return bytes;
  }
  return concat(...result.map((one) => flatten(crypto, one)));
}
