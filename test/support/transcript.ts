/**
 * One short conversation of two sessions, as the bytes of both sides: with fixed randomness the same in Node and in a browser.
 * Nothing of Node and no expectation may be in this file.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import type { CryptoPort } from '../../core/ports.js';
import { hex } from '../../core/protocol/bytes.js';
import { createPair, type Pair, SIDES } from './pair.js';

export interface Transcript {
  readonly words: readonly string[];
  /** In the order of each side: type and length in clear, then SHA-256 of the whole frame. */
  readonly left: readonly string[];
  readonly right: readonly string[];
  /** The first commitment and the first frame, whole, in hex. */
  readonly m0: string;
  readonly firstFrame: string;
}

/** Both say something, then again with other keys: of the left side that is so long. */
export function talk(pair: Pair, length: number): void {
  pair.start();
  pair.send('left', 'hello');
  pair.send('right', 'and back');
  pair.advance(6000);
  pair.send('left', 'x'.repeat(length));
  pair.send('right', 'after the rekey');
}

export function transcript(left: CryptoPort, right: CryptoPort): Transcript {
  const pair = createPair({ left: { crypto: left, name: 'Ada' }, right: { crypto: right } });
  talk(pair, 20_000);
  pair.ui('left', { type: 'quit' });
  pair.advance(5000);
  if (pair.right.messages.length !== 2) throw new Error('the messages did not arrive');
  const line = (frame: Uint8Array): string => `${frame[0] ?? 0} ${frame.length} ${hex(sha256(frame))}`;
  const [one, two] = SIDES.map((side) => pair[side].frames.map(line));
  return {
    words: pair.left.words,
    left: one ?? [],
    right: two ?? [],
    m0: hex(pair.left.frames[0] ?? new Uint8Array(0)),
    firstFrame: hex(pair.left.frames.find((frame) => frame[0] === 0x10) ?? new Uint8Array(0)),
  };
}
