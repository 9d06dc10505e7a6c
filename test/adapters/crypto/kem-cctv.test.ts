/**
 * ML-KEM-768 of every adapter against the vectors of C2SP's CCTV (c2sp.org/CCTV/ML-KEM, CC0): many random runs in one hash,
 * a key that needs unusually many reads of its hash, and keys with one number that is too large. Its vectors for a
 * comparison that ends at a zero byte give an expanded key, which no adapter takes.
 */
import { shake128 } from '@noble/hashes/sha3.js';
import { describe, expect, it } from 'vitest';
import { RemoteProtocolError } from '../../../core/errors.js';
import type { CryptoPort } from '../../../core/ports.js';
import { DEPTH } from '../../support/chance.js';
import { CRYPTOS } from '../../support/cryptos.js';
import { hex, unhex } from '../../../core/protocol/bytes.js';

/** Of final FIPS 203 and without the expanded keys, as in Go's crypto/mlkem, TestAccumulated; CCTV's own are of the draft. */
const ACCUMULATED = {
  100: '1114b1b6699ed191734fa339376afa7e285c9e6acf6ff0177d346696ce564415',
  10_000: '8a518cc63da366322a8e7a818c7a0d63483cb3528d34a4cf42f35d5ad73f22fc',
} as const;

/** More than 575 bytes are read for one polynomial: one key in 2^38. Of `ek` and `c` the first and last 16 bytes. */
const UNLUCKY = {
  d: '82c4a361586b9715c2375a45fb85c32d04be7fe6e26acd820ec5d4080093afe1',
  z: '8476013560151d986dc7834dcb57c75f845f8d7ee71558d0955f3f4feb723cf2',
  m: 'e48f74ad416e99631003ded1478aec62a02c245d88ed7f2fae92aedf13ca03b3',
  ek: ['ad568015b87690ebbe1fb438ee8a22b9', '441a1b78f1bdd9b13626b9f21b7c6161'],
  c: ['696ef1699d5ac2aa9a012a64c60c6c21', '134559be391c29d990f82f8a1dd4a715'],
  k: '4f7cc64c040fc4e335a539691f4638caf8b1bf5da6455754afe699e41813801b',
} as const;

const Q = 3329;
const NUMBERS = 3 * 256;

const ends = (bytes: Uint8Array): string[] => [hex(bytes.subarray(0, 16)), hex(bytes.subarray(-16))];

/** One round: what is drawn goes through all of ML-KEM, and what comes out into the hash. */
function round(crypto: CryptoPort, draw: (n: number) => Uint8Array, add: (bytes: Uint8Array) => void): void {
  const seed = crypto.take(draw(64));
  const key = crypto.kemPublic(seed);
  const { ciphertext, shared } = crypto.kemEncapsulate(key, crypto.take(draw(32)));
  const k = crypto.reveal(shared);
  expect(crypto.equal(crypto.kemDecapsulate(seed, ciphertext), k)).toBe(true);
  for (const bytes of [key, ciphertext, k]) add(bytes);
  add(crypto.reveal(crypto.kemDecapsulate(seed, draw(1088))));
  crypto.wipeAll();
}

/** Twelve bits for each number, two in three bytes. */
function withNumber(key: Uint8Array, index: number, value: number): Uint8Array {
  const changed = key.slice();
  const at = 3 * Math.floor(index / 2);
  const middle = changed[at + 1] ?? 0;
  if (index % 2 === 0) {
    changed[at] = value & 0xff;
    changed[at + 1] = (middle & 0xf0) | (value >> 8);
  } else {
    changed[at + 1] = (middle & 0x0f) | ((value & 0x0f) << 4);
    changed[at + 2] = value >> 4;
  }
  return changed;
}

describe.each(CRYPTOS)('$name', ({ create }) => {
  const count = DEPTH === 'nightly' ? 10_000 : 100;

  it(`${String(count)} random runs have the known hash`, async () => {
    const crypto = await create();
    const draws = shake128.create();
    const hash = shake128.create({ dkLen: 32 });
    for (let i = 0; i < count; i++) {
      round(
        crypto,
        (n) => draws.xof(n),
        (bytes) => void hash.update(bytes),
      );
    }
    expect(hex(hash.digest())).toBe(ACCUMULATED[count]);
  });

  it('a key that reads far into its hash', async () => {
    const crypto = await create();
    const seed = crypto.take(unhex(UNLUCKY.d + UNLUCKY.z));
    const key = crypto.kemPublic(seed);
    const { ciphertext, shared } = crypto.kemEncapsulate(key, crypto.take(unhex(UNLUCKY.m)));
    expect(ends(key)).toEqual(UNLUCKY.ek);
    expect(ends(ciphertext)).toEqual(UNLUCKY.c);
    expect(hex(crypto.reveal(shared))).toBe(UNLUCKY.k);
    expect(hex(crypto.reveal(crypto.kemDecapsulate(seed, ciphertext)))).toBe(UNLUCKY.k);
    crypto.wipeAll();
  });

  it('no key with a number of the modulus or above, at any place, with any such value', async () => {
    const crypto = await create();
    const key = crypto.kemPublic(crypto.take(new Uint8Array(64).fill(7)));
    const m = crypto.take(new Uint8Array(32));
    expect(() => crypto.kemEncapsulate(withNumber(key, 5, Q - 1), m)).not.toThrow();
    for (let i = 0; i < Math.max(NUMBERS, 4096 - Q); i++) {
      const bad = withNumber(key, i % NUMBERS, Q + (i % (4096 - Q)));
      expect(() => crypto.kemEncapsulate(bad, m), String(i)).toThrow(RemoteProtocolError);
    }
    crypto.wipeAll();
  });
});
