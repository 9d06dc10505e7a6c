/**
 * The keys of a stream: one for 16 chunks, and none left behind.
 */
import { expect, test } from 'vitest';
import { label } from '../../../../core/protocol/bytes.js';
import { asKey, type Key } from '../../../../core/protocol/keys.js';
import { CHUNKS_A_KEY, createStreamKeys } from '../../../../core/session/bulk/keys.js';
import { createNodeCrypto } from '../../../../plugins/node-crypto/index.js';

const START = new Uint8Array(64).fill(1);

test('each key is the one of its group, and is gone with the last chunk of it', () => {
  const crypto = createNodeCrypto();
  const keys = createStreamKeys(crypto, asKey<'stream'>(crypto.take(START.slice())));
  let step = crypto.take(START.slice());
  let before: Key<'chunk'> | undefined;
  for (let counter = 0; counter < 5 * CHUNKS_A_KEY; counter++) {
    const key = keys.of(counter);
    if (counter % CHUNKS_A_KEY === 0) {
      expect(crypto.equal(crypto.expand(step, label('key'), 32), crypto.reveal(key))).toBe(true);
      step = crypto.expand(step, label('next'), 64);
      expect(key).not.toBe(before);
      if (before !== undefined) {
        const gone = before;
        expect(() => crypto.reveal(gone)).toThrow();
      }
    } else expect(key).toBe(before);
    before = key;
    keys.used(counter, false);
  }
  crypto.wipeAll();
});

test('at most two are alive, and none after the last chunk or a wipe', () => {
  const crypto = createNodeCrypto();
  const keys = createStreamKeys(crypto, asKey<'stream'>(crypto.take(START.slice())));
  for (let counter = 0; counter < 40; counter++) {
    keys.of(counter);
    expect(crypto.live).toBe(2);
    keys.used(counter, counter === 39);
  }
  expect(crypto.live).toBe(0);
  const other = createStreamKeys(crypto, asKey<'stream'>(crypto.take(START.slice())));
  other.of(0);
  other.wipe();
  expect(crypto.live).toBe(0);
});

test('a key of another group is not given', () => {
  const crypto = createNodeCrypto();
  const keys = createStreamKeys(crypto, asKey<'stream'>(crypto.take(START.slice())));
  expect(() => keys.of(CHUNKS_A_KEY)).toThrow();
  keys.wipe();
});
