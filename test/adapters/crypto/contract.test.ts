/** The contract of the crypto port on every adapter, and proof that the contract notices adapters that break it. */
import { describe, expect, test } from 'vitest';
import { createTweetnaclCrypto } from '../../../adapters/crypto/tweetnacl.js';
import { LocalProtocolError } from '../../../core/errors.js';
import type { CryptoPort, Secret } from '../../../core/ports.js';
import { cryptoContract } from '../../../plugins/testing/crypto.js';
import { CRYPTOS } from '../../support/cryptos.js';
import { deterministicRandom } from '../../support/deterministic.js';

for (const { name, create } of CRYPTOS) {
  cryptoContract({ name, test, create: () => create(), reference: createTweetnaclCrypto });
}

describe.each(CRYPTOS)('the random source of $name', ({ create }) => {
  test('everything random comes from it, in order', async () => {
    const crypto = await create(deterministicRandom('source'));
    const wanted = deterministicRandom('source');
    expect(crypto.random(7)).toEqual(wanted(7));
    expect(crypto.reveal(crypto.randomSecret(100))).toEqual(wanted(100));
    expect(crypto.random(1)).toEqual(wanted(1));
    crypto.wipeAll();
  });

  test('a source that gives another length is not believed', async () => {
    const crypto = await create((n) => new Uint8Array(n - 1));
    expect(() => crypto.random(2)).toThrow(LocalProtocolError);
    expect(() => crypto.randomSecret(2)).toThrow(LocalProtocolError);
    expect(crypto.live).toBe(0);
  });
});

test('the deterministic source does not depend on how it is cut', () => {
  const [a, b] = [deterministicRandom('cut'), deterministicRandom('cut')];
  expect([...a(1), ...a(63), ...a(64), ...a(100)]).toEqual([...b(228)]);
  expect(deterministicRandom('another')(32)).not.toEqual(deterministicRandom('cut')(32));
});

/** Each breaks one rule of the port; the contract must fail on it. */
const BROKEN: Readonly<Record<string, (good: CryptoPort) => Partial<CryptoPort>>> = {
  'take leaves its argument': (good) => ({ take: (bytes) => good.take(bytes.slice()) }),
  'slice gives the same handle': () => ({ slice: (secret) => secret }),
  'reveal gives the same buffer': (good) => {
    const seen = new Map<Secret, Uint8Array>();
    return {
      reveal(secret) {
        const bytes = seen.get(secret) ?? good.reveal(secret);
        seen.set(secret, bytes);
        return bytes;
      },
    };
  },
  'equal compares a prefix': (good) => ({
    equal: (secret, bytes) => good.equal(good.slice(secret, 0, Math.min(secret.length, bytes.length)), bytes),
  }),
  'random repeats itself': () => ({ random: (n) => new Uint8Array(n) }),
  'digest changes its input': (good) => ({
    digest(parts) {
      const result = good.digest(parts);
      parts[0]?.fill(0);
      return result;
    },
  }),
  'expand takes too long a length': (good) => ({
    expand: (prk, info, length) => good.expand(prk, info, Math.min(length, 16320)),
  }),
  'x25519 gives zeros': (good) => ({
    x25519(scalar, point) {
      try {
        return good.x25519(scalar, point);
      } catch {
        return good.take(new Uint8Array(32));
      }
    },
  }),
  'cpaceShare of the unclamped hash': (good) => ({
    cpaceShare: (uniform, scalar) => good.cpaceShare(scalar, uniform),
  }),
  'kemEncapsulate takes a key that is not reduced': (good) => ({
    kemEncapsulate(key, m) {
      try {
        return good.kemEncapsulate(key, m);
      } catch {
        return { ciphertext: new Uint8Array(1088), shared: good.take(new Uint8Array(32)) };
      }
    },
  }),
  'seal gives a view': (good) => ({
    seal: (...input) => new Uint8Array([...good.seal(...input), 0]).subarray(0, -1),
  }),
  'open ignores the associated data': (good) => ({
    seal: (key, nonce, _ad, plaintext) => good.seal(key, nonce, new Uint8Array(0), plaintext),
    open: (key, nonce, _ad, box) => good.open(key, nonce, new Uint8Array(0), box),
  }),
  'open throws': (good) => ({
    open(...input) {
      const plaintext = good.open(...input);
      if (plaintext === undefined) throw new Error('invalid tag');
      return plaintext;
    },
  }),
  'wipeAll leaves one alive': (good) => ({
    wipeAll() {
      const copies = good.live > 0 ? [good.take(Uint8Array.of(1))] : [];
      good.wipeAll();
      if (copies.length > 0) good.take(Uint8Array.of(1));
    },
  }),
  'a refused call leaks a secret': (good) => ({
    hmac(key, parts) {
      const copy = good.hash(parts);
      const result = good.hmac(key, parts);
      copy.wipe();
      return result;
    },
  }),
};

/** Runs the contract up to its first failure. */
async function failures(breakIt: (good: CryptoPort) => Partial<CryptoPort>): Promise<unknown[]> {
  const tests: (() => Promise<void>)[] = [];
  cryptoContract({
    name: 'broken',
    test: (_title, run) => tests.push(run),
    create() {
      const port = createTweetnaclCrypto();
      return Object.create(port, Object.getOwnPropertyDescriptors(breakIt(port))) as CryptoPort;
    },
  });
  for (const run of tests) {
    try {
      await run();
    } catch (error) {
      return [error];
    }
  }
  return [];
}

test.each(Object.entries(BROKEN))('the contract notices: %s', async (_name, breakIt) => {
  expect(await failures(breakIt)).toHaveLength(1);
});

test('the contract is content with an adapter that was only wrapped', async () => {
  expect(await failures(() => ({}))).toEqual([]);
});
