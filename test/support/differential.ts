/**
 * All crypto adapters against each other: thousands of inputs for each operation, some of them wrong. The outcomes must be the
 * same bytes, or all refusals of the same kind. In several test files, so that several processes share the work.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CryptoPort } from '../../core/ports.js';
import { hex } from '../../core/protocol/bytes.js';
import {
  type Inputs,
  OPERATIONS,
  type Operation,
  outcome,
  seededDraw,
} from '../../plugins/testing/crypto-operations.js';
import { runs, SEED } from './chance.js';
import { CRYPTOS } from './cryptos.js';

const ROUNDS = runs(200, 10_000, 50_000);
/** ML-KEM on node-crypto is the same library as on tweetnacl: one round in this many is enough there. */
const SAME_LIBRARY = 10;

/** Declares one test for each operation whose name `chosen` takes. */
export function differentialTests(chosen: (name: string) => boolean): void {
  let adapters: { readonly name: string; readonly crypto: CryptoPort }[];
  /** The fastest: it makes the keys, boxes and ciphertexts that are inputs. */
  let maker: CryptoPort;

  beforeAll(async () => {
    adapters = await Promise.all(CRYPTOS.map(async ({ name, create }) => ({ name, crypto: await create() })));
    const sodium = adapters.find(({ name }) => name === 'sodium');
    if (sodium === undefined) throw new Error('no adapter sodium');
    maker = sodium.crypto;
  });

  afterAll(() => {
    for (const { name, crypto } of adapters) {
      expect(crypto.live, name).toBe(0);
      crypto.wipeAll();
    }
  });

  const operations = OPERATIONS.filter(({ name }) => chosen(name));
  test.each(operations.map((operation) => [operation.name, operation] as const))('%s', (_name, operation) => {
    const draw = seededDraw(0xd1ff ^ SEED);
    let refused = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const inputs = disturbed(operation, operation.draw(draw, maker), draw);
      const wanted = outcome(maker, operation, inputs);
      if (wanted.length === 1) refused += 1;
      for (const { name, crypto } of adapters) {
        if (crypto === maker) continue;
        if (name === 'node-crypto' && operation.name.startsWith('kem') && round % SAME_LIBRARY !== 0) continue;
        const actual = outcome(crypto, operation, inputs);
        if (Buffer.compare(actual, wanted) === 0) continue;
        const shown = [...inputs.secrets, ...inputs.publics].map(hex).join(' ');
        expect.fail(`round ${String(round)}, ${name}: ${hex(actual)} instead of ${hex(wanted)} for ${shown}`);
      }
    }
    // Neither side of the rule may be missing: most inputs are taken, and some are refused where that can be.
    const canRefuse = [...operation.secrets, ...operation.publics].some((refusal) => refusal !== undefined);
    expect(refused).toBeLessThan(ROUNDS / 2);
    if (canRefuse) expect(refused).toBeGreaterThan(ROUNDS / 100);
  });
}

/** One input in sixteen gets a length that is a byte off, where the operation cares. */
function disturbed(operation: Operation, inputs: Inputs, draw: (n: number) => Uint8Array): Inputs {
  const [kind = 0, which = 0] = draw(2);
  if (kind >= 16) return inputs;
  const off = (bytes: Uint8Array) => (kind < 8 ? bytes.subarray(1) : new Uint8Array([...bytes, kind]));
  const secrets = operation.secrets.length;
  const at = which % Math.max(1, secrets + operation.publics.length);
  return {
    secrets: inputs.secrets.map((bytes, i) => (i === at ? off(bytes) : bytes)),
    publics: inputs.publics.map((bytes, i) => (i + secrets === at ? off(bytes) : bytes)),
  };
}
