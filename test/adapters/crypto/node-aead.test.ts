/**
 * The cipher of OpenSSL beside the others of the crypto port: where there is none, and what it is used for. That it agrees
 * byte for byte, and what it refuses, is in the contract suite, which runs on it.
 */
import { expect, test } from 'vitest';
import { createNodeAead } from '../../../adapters/crypto/node-aead.js';
import { type Aead, createSodiumCrypto, LARGE } from '../../../adapters/crypto/sodium.js';

test('an OpenSSL without the cipher has none to give', () => {
  expect(createNodeAead(() => undefined)).toBeUndefined();
  expect(createNodeAead()).toBeDefined();
});

test('it seals and opens what is longer than a frame, with keys that stay in WebAssembly memory, and nothing else', async () => {
  const node = createNodeAead() as Aead;
  const used: string[] = [];
  let memory: ArrayBufferLike | undefined;
  const crypto = await createSodiumCrypto({
    aead: {
      rinse: () => void used.push('rinse'),
      seal(key, ...rest) {
        used.push('seal');
        memory = key.buffer;
        return node.seal(key, ...rest);
      },
      open(key, ...rest) {
        used.push('open');
        expect(key.buffer).toBe(memory);
        return node.open(key, ...rest);
      },
    },
  });
  const key = crypto.take(new Uint8Array(32).fill(1));
  const [nonce, ad] = [new Uint8Array(12), new Uint8Array(3)];
  const both = (length: number): void => {
    const box = crypto.seal(key, nonce, ad, [new Uint8Array(length)]);
    expect(crypto.open(key, nonce, ad, box)).toHaveLength(length);
    box[0] = (box[0] ?? 0) ^ 1;
    expect(crypto.open(key, nonce, ad, box)).toBeUndefined();
  };
  both(LARGE - 16);
  expect(used).toEqual([]);
  both(LARGE + 1);
  expect(used).toEqual(['seal', 'open', 'open']);
  expect(memory?.byteLength).toBeGreaterThan(2 ** 20);
  crypto.wipeAll();
  expect(used.at(-1)).toBe('rinse');
});
