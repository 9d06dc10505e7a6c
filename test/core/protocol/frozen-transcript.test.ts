/**
 * A frozen transcript: with fixed randomness, handshake, first frames, a rekey and the goodbye are these bytes on every
 * adapter, for ever. A change here is a change of the protocol.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { CRYPTOS } from '../../support/cryptos.js';
import { deterministicRandom } from '../../support/deterministic.js';
import { transcript } from '../../support/transcript.js';

const FILE = path.join(path.dirname(fileURLToPath(import.meta.url)), 'frozen-transcript.json');

describe('the frozen transcript', () => {
  for (const one of CRYPTOS) {
    for (const two of CRYPTOS) {
      it(`${one.name} with ${two.name}`, async () => {
        const [left, right] = [
          await one.create(deterministicRandom('left')),
          await two.create(deterministicRandom('right')),
        ];
        const result = transcript(left, right);
        if (process.env['FREEZE'] === '1') writeFileSync(FILE, `${JSON.stringify(result, null, 2)}\n`);
        expect(result).toEqual(JSON.parse(readFileSync(FILE, 'utf8')));
      });
    }
  }
});
