/**
 * The contract of CryptoPort (core/ports.ts) as tests for any runner: known answers, tampering, refusals, secret memory,
 * byte-for-byte agreement with the adapters of this project. A failed check throws. No test runner and no particular
 * adapter may be in this file.
 */
import type { CryptoPort } from '../../core/ports.js';
import { hex } from '../../core/protocol/bytes.js';
import { equal, same } from './assert.js';
import { AGREEMENT, AGREEMENT_ROUNDS } from './crypto-answers.js';
import { type Check, OPERATIONS, outcome, seededDraw } from './crypto-operations.js';
import { primitivesContract } from './crypto-primitives.js';
import { operationContract, secretsContract } from './crypto-secrets.js';

export interface CryptoContract {
  /** Goes before the name of each test. */
  readonly name: string;
  /** The runner's way to declare one test. */
  readonly test: (name: string, run: () => Promise<void>) => void;
  /** A fresh adapter for each test. */
  readonly create: () => CryptoPort | Promise<CryptoPort>;
  /** Another adapter to compare with, input by input; without it the frozen digests are compared all the same. */
  readonly reference?: () => CryptoPort | Promise<CryptoPort>;
}

export function cryptoContract({ name, test, create, reference }: CryptoContract): void {
  const check: Check = (title, run) => {
    test(`${name}: ${title}`, async () => {
      const crypto = await create();
      equal(crypto.live, 0, 'secrets alive at the start');
      await run(crypto);
      crypto.wipeAll();
      equal(crypto.live, 0, 'secrets alive at the end');
    });
  };

  primitivesContract(check);
  secretsContract(check);
  for (const operation of OPERATIONS) operationContract(check, create, operation);

  for (const operation of OPERATIONS) {
    check(`${operation.name}: the same bytes as every other adapter`, async (crypto) => {
      const other = await reference?.();
      const draw = seededDraw(0x5ec);
      const outcomes = Array.from({ length: AGREEMENT_ROUNDS }, (_, round) => {
        const inputs = operation.draw(draw, crypto);
        const result = outcome(crypto, operation, inputs);
        if (other !== undefined) same(result, outcome(other, operation, inputs), `round ${String(round)}`);
        return result;
      });
      equal(hex(crypto.digest(outcomes)), AGREEMENT[operation.name], 'digest of all outcomes');
    });
  }
}
