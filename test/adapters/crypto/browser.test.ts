/** Which crypto a browser gets, by what the platform allows. */
import { afterEach, expect, test, vi } from 'vitest';
import { createBrowserCrypto } from '../../../adapters/crypto/browser.js';

afterEach(() => vi.unstubAllGlobals());

test('sodium where WebAssembly runs', async () => {
  const { name, crypto } = await createBrowserCrypto();
  expect(name).toBe('sodium');
  expect(crypto.random(4)).toHaveLength(4);
});

test('plain JavaScript where it is asked for', async () => {
  expect((await createBrowserCrypto('tweetnacl')).name).toBe('tweetnacl');
});

test('plain JavaScript where there is no WebAssembly, or a policy forbids it, and sodium was asked for', async () => {
  vi.stubGlobal('WebAssembly', undefined);
  expect((await createBrowserCrypto('sodium')).name).toBe('tweetnacl');
  const forbidden = (): never => {
    throw new Error('CompileError');
  };
  vi.stubGlobal('WebAssembly', { Module: forbidden });
  const { name, crypto } = await createBrowserCrypto();
  expect(name).toBe('tweetnacl');
  expect(crypto.random(4)).toHaveLength(4);
});
