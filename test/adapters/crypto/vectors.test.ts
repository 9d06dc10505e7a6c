/**
 * All of the Wycheproof files through the crypto port, on every adapter. Each file ends with a check that as many cases
 * ran as it has.
 */
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { RemoteProtocolError } from '../../../core/errors.js';
import type { CryptoPort } from '../../../core/ports.js';
import { hex, unhex } from '../../../core/protocol/bytes.js';
import { CRYPTOS } from '../../support/cryptos.js';
import { haveVectors, readWycheproof, type Wycheproof, type WycheproofCase } from '../../support/vectors.js';

interface X25519Case {
  readonly public: string;
  readonly private: string;
  readonly shared: string;
}
interface AeadCase {
  readonly key: string;
  readonly iv: string;
  readonly aad: string;
  readonly msg: string;
  readonly ct: string;
  readonly tag: string;
}
interface HkdfCase {
  readonly ikm: string;
  readonly salt: string;
  readonly info: string;
  readonly size: number;
  readonly okm: string;
}
interface MacCase {
  readonly key: string;
  readonly msg: string;
  readonly tag: string;
}
interface KemCase {
  readonly seed: string;
  readonly ek: string;
  readonly dk: string;
  readonly m: string;
  readonly c: string;
  readonly K: string;
}

describe.skipIf(!haveVectors('Wycheproof vectors of all crypto adapters')).each(CRYPTOS)('$name', ({ create }) => {
  let crypto: CryptoPort;

  beforeAll(async () => {
    crypto = await create();
  });

  afterEach(() => {
    crypto.wipeAll();
    expect(crypto.live).toBe(0);
  });

  const take = (digits: string) => crypto.take(unhex(digits));
  const reveal = (secret: Parameters<CryptoPort['reveal']>[0]) => hex(crypto.reveal(secret));

  /** Runs every case; a failure names its number. */
  function runAll<T, G>(file: Wycheproof<T, G>, check: (vector: T & WycheproofCase, group: G) => void): void {
    let count = 0;
    for (const group of file.testGroups) {
      for (const vector of group.tests) {
        try {
          check(vector, group);
        } catch (error) {
          throw new Error(`case ${String(vector.tcId)} (${vector.comment ?? ''})`, { cause: error });
        }
        crypto.wipeAll();
        count += 1;
      }
    }
    expect(count).toBe(file.numberOfTests);
  }

  test('X25519', () => {
    let zeros = 0;
    runAll(readWycheproof<X25519Case>('x25519_test.json'), (vector) => {
      const compute = () => reveal(crypto.x25519(take(vector.private), unhex(vector.public)));
      if (/^0+$/.test(vector.shared)) {
        zeros += 1;
        expect(compute).toThrow(RemoteProtocolError);
      } else {
        expect(compute()).toBe(vector.shared);
      }
    });
    expect(zeros).toBe(31);
  });

  test('ChaCha20-Poly1305', () => {
    let wrongNonces = 0;
    runAll(readWycheproof<AeadCase, { readonly ivSize: number }>('chacha20_poly1305_test.json'), (vector, group) => {
      const [ad, plaintext, box] = [unhex(vector.aad), unhex(vector.msg), unhex(vector.ct + vector.tag)];
      // The nonce is public bytes in the handshake and secret memory in the ratchet.
      for (const nonce of [unhex(vector.iv), take(vector.iv)]) {
        const seal = () => crypto.seal(take(vector.key), nonce, ad, [plaintext]);
        const open = () => crypto.open(take(vector.key), nonce, ad, box);
        if (group.ivSize !== 96) {
          expect(seal).toThrow(RangeError);
          expect(open).toThrow(RangeError);
        } else if (vector.result === 'valid') {
          expect(hex(seal())).toBe(hex(box));
          expect(hex(open() ?? Uint8Array.of(0))).toBe(vector.msg);
        } else {
          expect(open()).toBeUndefined();
        }
      }
      if (group.ivSize !== 96) wrongNonces += 1;
    });
    expect(wrongNonces).toBe(9);
  });

  test('HKDF-SHA-512', () => {
    runAll(readWycheproof<HkdfCase>('hkdf_sha512_test.json'), (vector) => {
      for (const salt of [unhex(vector.salt), take(vector.salt)]) {
        const prk = crypto.extract(salt, [take(vector.ikm)]);
        const expand = () => reveal(crypto.expand(prk, unhex(vector.info), vector.size));
        if (vector.result === 'valid') expect(expand()).toBe(vector.okm);
        else expect(expand).toThrow(RangeError);
      }
    });
  });

  test('HMAC-SHA-512', () => {
    runAll(readWycheproof<MacCase, { readonly tagSize: number }>('hmac_sha512_test.json'), (vector, group) => {
      const tag = crypto.slice(crypto.hmac(take(vector.key), [take(vector.msg)]), 0, group.tagSize / 8);
      expect(crypto.equal(tag, unhex(vector.tag))).toBe(vector.result === 'valid');
    });
  });

  // The port has no expanded decapsulation key: of `dk` only the encapsulation key inside it can be compared.
  test('ML-KEM-768, key generation from a seed', () => {
    runAll(readWycheproof<KemCase>('mlkem_768_keygen_seed_test.json'), (vector) => {
      const ek = hex(crypto.kemPublic(take(vector.seed)));
      expect(ek).toBe(vector.ek);
      expect(vector.dk.slice(2 * 1152, 2 * (1152 + 1184))).toBe(ek);
    });
  });

  test('ML-KEM-768, encapsulation', () => {
    runAll(readWycheproof<KemCase>('mlkem_768_encaps_test.json'), (vector) => {
      const encapsulate = () => crypto.kemEncapsulate(unhex(vector.ek), take(vector.m));
      if (vector.result !== 'valid') {
        expect(encapsulate).toThrow(RemoteProtocolError);
        return;
      }
      const { ciphertext, shared } = encapsulate();
      expect(hex(ciphertext)).toBe(vector.c);
      expect(reveal(shared)).toBe(vector.K);
    });
  });

  test('ML-KEM-768, decapsulation', () => {
    runAll(readWycheproof<KemCase>('mlkem_768_test.json'), (vector) => {
      const seed = take(vector.seed);
      const decapsulate = () => reveal(crypto.kemDecapsulate(seed, unhex(vector.c)));
      if (vector.result === 'valid') {
        expect(hex(crypto.kemPublic(seed))).toBe(vector.ek);
        expect(decapsulate()).toBe(vector.K);
      } else if (seed.length === 64) {
        expect(decapsulate).toThrow(RemoteProtocolError);
      } else {
        expect(decapsulate).toThrow(RangeError);
      }
    });
  });
});
