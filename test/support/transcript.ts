/**
 * One short conversation of two sessions, as the bytes of both sides: with fixed randomness the same in Node and in a browser.
 * Nothing of Node and no expectation may be in this file.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex as hex } from '@noble/hashes/utils.js';
import type { CryptoPort } from '../../core/ports.js';
import { createPair, SIDES } from './pair.js';

export interface Transcript {
  readonly words: readonly string[];
  /** In the order of each side: type and length in clear, then SHA-256 of the whole frame. */
  readonly left: readonly string[];
  readonly right: readonly string[];
  /** The first commitment and the first frame, whole, in hex. */
  readonly m0: string;
  readonly firstFrame: string;
}

export function transcript(left: CryptoPort, right: CryptoPort): Transcript {
  const pair = createPair({ left: { crypto: left, name: 'Ada' }, right: { crypto: right } });
  pair.start();
  pair.send('left', 'hello');
  pair.send('right', 'and back');
  pair.advance(6000);
  pair.send('left', 'x'.repeat(20_000));
  pair.send('right', 'after the rekey');
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
