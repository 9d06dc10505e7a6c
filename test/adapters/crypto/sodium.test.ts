/**
 * What only the sodium adapter does: secrets are in WebAssembly memory and nowhere else, and after the wipe that memory
 * does not depend on them any more. The memory is read whole, through the same module.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createSodiumCrypto } from '../../../adapters/crypto/sodium.js';
import { loadSodium } from '../../../adapters/crypto/sodium-module.js';
import type { CryptoPort } from '../../../core/ports.js';
import {
  flatten,
  type Inputs,
  OPERATIONS,
  type Operation,
  runOn,
  seededDraw,
} from '../../../plugins/testing/crypto-operations.js';
import { runs } from '../../support/chance.js';

/** Counters of malloc are in the module's own variables; everything of ours is above: stack and heap. */
const OWN_VARIABLES = 65_536;

/** The one module of this process. */
const { raw } = await loadSodium();

let crypto: CryptoPort;

beforeEach(async () => {
  crypto = await createSodiumCrypto();
});

afterEach(() => {
  crypto.wipeAll();
});

function memory(): Buffer {
  return Buffer.from(raw.HEAPU8.buffer);
}

/** From one place that is looked for to the next. */
const STEP = runs(16, 4);

/** Whether 8 bytes of `bytes`, from any of many places in it, are anywhere in the memory; runs of one byte do not count. */
function isInMemory(bytes: Uint8Array): boolean {
  const whole = memory();
  for (let at = 0; at + 8 <= bytes.length; at += STEP) {
    const window = bytes.subarray(at, at + 8);
    if (new Set(window).size > 2 && whole.includes(Buffer.from(window))) return true;
  }
  return false;
}

/** Runs an operation with its inputs taken, and returns every byte that went in or came out. */
function perform(operation: Operation, inputs: Inputs): Uint8Array[] {
  const secrets = inputs.secrets.map((bytes) => crypto.take(bytes.slice()));
  const result = flatten(crypto, runOn(crypto, operation, secrets, inputs.publics));
  return [...inputs.secrets, ...inputs.publics, result.slice()];
}

/** Inputs of the given shape, or the first ones, that are long and not refused. */
function inputsLike(operation: Operation, draw: (n: number) => Uint8Array, model?: Inputs): Inputs {
  const shape = ({ secrets, publics }: Inputs) => [...secrets, ...publics].map((bytes) => bytes.length).join();
  for (;;) {
    const inputs = operation.draw(draw, crypto);
    if (model !== undefined && shape(inputs) !== shape(model)) continue;
    if ([...inputs.secrets, ...inputs.publics].some((bytes) => bytes.length < 12)) continue;
    try {
      const secrets = inputs.secrets.map((bytes) => crypto.take(bytes.slice()));
      // A box that does not open leaves no plaintext to look for.
      if (runOn(crypto, operation, secrets, inputs.publics) !== undefined) return inputs;
    } catch {
      // Refused: draw again.
    } finally {
      crypto.wipeAll();
    }
  }
}

describe.each(OPERATIONS.map((operation) => [operation.name, operation] as const))(
  'after %s and wipeAll',
  (_, operation) => {
    test('nothing that went in or came out is left', () => {
      const values = perform(operation, inputsLike(operation, seededDraw(20)));
      crypto.wipeAll();
      for (const [i, bytes] of values.entries()) expect(isInMemory(bytes), `value ${String(i)}`).toBe(false);
    });

    test('stack and heap are the same whatever the secrets were', () => {
      const draw = seededDraw(21);
      const first = inputsLike(operation, draw);
      const second = inputsLike(operation, draw, first);
      const images = [first, second].map((inputs) => {
        perform(operation, inputs);
        crypto.wipeAll();
        return Buffer.from(memory().subarray(OWN_VARIABLES));
      });
      expect(images[0]?.equals(images[1] ?? Buffer.alloc(0))).toBe(true);
    });
  },
);

test('a secret is in WebAssembly memory until it is wiped', () => {
  const bytes = seededDraw(22)(32);
  const secret = crypto.take(bytes.slice());
  expect(isInMemory(bytes)).toBe(true);
  const copy = crypto.slice(secret, 0, 32);
  secret.wipe();
  expect(isInMemory(bytes)).toBe(true);
  copy.wipe();
  expect(isInMemory(bytes)).toBe(false);
});

test('what a random source handed over is overwritten', async () => {
  const handed = new Uint8Array(32).fill(5);
  const other = await createSodiumCrypto({ random: () => handed });
  const secret = other.randomSecret(32);
  expect(handed).toEqual(new Uint8Array(32));
  expect(other.reveal(secret)).toEqual(new Uint8Array(32).fill(5));
  other.wipeAll();
});

test('refused calls give their memory back', () => {
  const size = memory().length;
  const key = crypto.take(new Uint8Array(32).fill(1));
  const huge = new Uint8Array(60_000);
  for (let round = 0; round < runs(400, 2_000); round++) {
    expect(() => crypto.seal(key, new Uint8Array(11), huge, [huge])).toThrow(RangeError);
    expect(() => crypto.x25519(key, new Uint8Array(32))).toThrow();
    expect(crypto.open(key, new Uint8Array(12), huge, huge)).toBeUndefined();
    crypto.hash([huge, key]).wipe();
  }
  expect(memory().length).toBe(size);
  expect(crypto.live).toBe(1);
});

test('secrets survive the growth of the memory', () => {
  const bytes = seededDraw(23)(64);
  const secret = crypto.take(bytes.slice());
  const before = memory().length;
  let taken = 0;
  for (; memory().length === before; taken++) crypto.take(new Uint8Array(65536).fill(7));
  expect(crypto.live).toBe(taken + 1);
  expect(crypto.reveal(secret)).toEqual(bytes);
  expect(crypto.reveal(crypto.slice(secret, 8, 40))).toEqual(bytes.slice(8, 40));
});

test('secrets of one adapter are not touched by another on the same module', async () => {
  const other = await createSodiumCrypto();
  const secret = other.take(Uint8Array.of(1, 2, 3));
  crypto.randomSecret(32);
  crypto.wipeAll();
  expect(other.live).toBe(1);
  expect(other.reveal(secret)).toEqual(Uint8Array.of(1, 2, 3));
  other.wipeAll();
});
