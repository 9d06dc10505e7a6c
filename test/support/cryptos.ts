/** Every crypto adapter the tests run on: add one here and contract, vectors and transcript run on it. */
import { createNodeAead } from '../../adapters/crypto/node-aead.js';
import { createSodiumCrypto } from '../../adapters/crypto/sodium.js';
import { createTweetnaclCrypto } from '../../adapters/crypto/tweetnacl.js';
import type { CryptoPort } from '../../core/ports.js';
import { createNodeCrypto } from '../../plugins/node-crypto/index.js';

export interface CryptoUnderTest {
  readonly name: string;
  /** `random` replaces the platform's randomness. */
  create(random?: (n: number) => Uint8Array): Promise<CryptoPort>;
}

export const CRYPTOS: readonly CryptoUnderTest[] = [
  {
    name: 'tweetnacl',
    create: (random) => Promise.resolve(createTweetnaclCrypto(random === undefined ? {} : { random })),
  },
  { name: 'sodium', create: (random) => createSodiumCrypto(random === undefined ? {} : { random }) },
  {
    name: 'sodium and OpenSSL',
    create: (random) => createSodiumCrypto({ aead: createNodeAead(), ...(random === undefined ? {} : { random }) }),
  },
  {
    name: 'node-crypto',
    create: (random) => Promise.resolve(createNodeCrypto(random === undefined ? {} : { random })),
  },
];
