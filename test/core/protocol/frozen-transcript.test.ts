/**
 * A frozen transcript: with fixed randomness, handshake, first frames, a rekey and the goodbye are these bytes on every
 * adapter, for ever. A change here is a change of the protocol.
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { CryptoPort } from '../../../core/ports.js';
import { CRYPTOS } from '../../support/cryptos.js';
import { deterministicRandom } from '../../support/deterministic.js';
import { createPair, SIDES } from '../../support/pair.js';

const FILE = path.join(path.dirname(fileURLToPath(import.meta.url)), 'frozen-transcript.json');

interface Transcript {
  readonly words: readonly string[];
  /** In the order of each side: type and length in clear, then SHA-256 of the whole frame. */
  readonly left: readonly string[];
  readonly right: readonly string[];
  /** The first commitment and the first frame, whole, in hex. */
  readonly m0: string;
  readonly firstFrame: string;
}

function transcript(left: CryptoPort, right: CryptoPort): Transcript {
  const pair = createPair({ left: { crypto: left, name: 'Ada' }, right: { crypto: right } });
  pair.start();
  pair.send('left', 'hello');
  pair.send('right', 'and back');
  pair.advance(6000);
  pair.send('left', 'x'.repeat(20_000));
  pair.send('right', 'after the rekey');
  pair.ui('left', { type: 'quit' });
  pair.advance(5000);
  expect(pair.right.messages).toHaveLength(2);
  const line = (frame: Uint8Array): string =>
    `${frame[0] ?? 0} ${frame.length} ${createHash('sha256').update(frame).digest('hex')}`;
  const hex = (frame: Uint8Array | undefined): string => Buffer.from(frame ?? []).toString('hex');
  const [one, two] = SIDES.map((side) => pair[side].frames.map(line));
  return {
    words: pair.left.words,
    left: one ?? [],
    right: two ?? [],
    m0: hex(pair.left.frames[0]),
    firstFrame: hex(pair.left.frames.find((frame) => frame[0] === 0x10)),
  };
}

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
