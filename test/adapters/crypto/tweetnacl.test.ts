/** What only the tweetnacl adapter does: its secret memory is in JavaScript and is overwritten as far as it can be seen. */
import { afterEach, expect, test, vi } from 'vitest';
import { createTweetnaclCrypto } from '../../../adapters/crypto/tweetnacl.js';

afterEach(() => {
  vi.restoreAllMocks();
});

/** Catches the buffers that are filled with randomness: they are the secret memory itself. */
function watchMemory(): Uint8Array[] {
  const seen: Uint8Array[] = [];
  const original = globalThis.crypto.getRandomValues.bind(globalThis.crypto);
  vi.spyOn(globalThis.crypto, 'getRandomValues').mockImplementation((array) => {
    if (array instanceof Uint8Array) seen.push(array);
    return original(array);
  });
  return seen;
}

test('wipe and wipeAll overwrite the memory with zeros', () => {
  const seen = watchMemory();
  const crypto = createTweetnaclCrypto();
  const secrets = [crypto.randomSecret(32), crypto.randomSecret(64)];
  expect(seen.map((bytes) => bytes.some((byte) => byte !== 0))).toEqual([true, true]);
  secrets[0]?.wipe();
  expect(seen.map((bytes) => bytes.some((byte) => byte !== 0))).toEqual([false, true]);
  crypto.wipeAll();
  expect(seen.map((bytes) => bytes.some((byte) => byte !== 0))).toEqual([false, false]);
});

test('what a random source handed over is overwritten', () => {
  const handed = new Uint8Array(32).fill(5);
  const crypto = createTweetnaclCrypto({ random: () => handed });
  const secret = crypto.randomSecret(32);
  expect(handed).toEqual(new Uint8Array(32));
  expect(crypto.reveal(secret)).toEqual(new Uint8Array(32).fill(5));
  crypto.wipeAll();
});
