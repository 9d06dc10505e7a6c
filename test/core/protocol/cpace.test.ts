/** CPace byte strings against the test vectors of draft-irtf-cfrg-cpace-21, on every adapter. */
import { describe, expect, test } from 'vitest';
import { RemoteProtocolError } from '../../../core/errors.js';
import { generatorHash, sessionKey } from '../../../core/protocol/cpace.js';
import { CRYPTOS } from '../../support/cryptos.js';
import { hex, unhex } from '../../../core/protocol/bytes.js';
import { haveVectors, readVectors } from '../../support/vectors.js';

interface CpaceVectors {
  readonly G_X25519: Readonly<
    Record<'PRS' | 'CI' | 'sid' | 'g' | 'ya' | 'ADa' | 'Ya' | 'yb' | 'ADb' | 'Yb' | 'K' | 'ISK_IR', string>
  >;
  readonly X25519_points: Readonly<Record<string, string>>;
  readonly generator: Readonly<Record<'PRS' | 'CI' | 'sid' | 'hash generator string', string>>;
}

/** The test vector of the draft for X25519 and SHA-512, typed in. PRS is "Password". */
const KNOWN = {
  PRS: '50617373776f7264',
  CI: '0b415f696e69746961746f720b425f726573706f6e646572',
  sid: '7e4b4791d6a8ef019b936c79fb7f2c57',
  hash: '03998087bdb1a2617bbe25ef5a7c18cd4f84f902328701790958755ee4aed1d3',
  ya: '21b4f4bd9e64ed355c3eb676a28ebedaf6d8f17bdc365995b319097153044080',
  Ya: '1d13c89278cdadd826f6d8d7f887701430f8380ddc17611cdd6dc989ce0c9f32',
  yb: '848b0779ff415f0af4ea14df9dd1d3c29ac41d836c7808896c4eba19c51ac40a',
  Yb: '248cccf6d5cdc3646f0ad593f9e6cef4e69d4945f8372e623512ecea32185623',
  isk:
    '6e19b875f7a561d6b3ca3dbb9ef42ac55de3e717881018204b8922b4d5e53bb2' +
    'aa82c300bea7b65d2b671da71922ddf6472301b79bc270adfa8bf413285f2263',
} as const;
const AD = { ADa: Uint8Array.from([0x41, 0x44, 0x61]), ADb: Uint8Array.from([0x41, 0x44, 0x62]) };

describe.each(CRYPTOS)('CPace on $name', ({ create }) => {
  test('a known answer', async () => {
    const crypto = await create();
    const take = (digits: string) => crypto.take(unhex(digits));
    const [sid, Ya, Yb] = [unhex(KNOWN.sid), unhex(KNOWN.Ya), unhex(KNOWN.Yb)];
    const hash = generatorHash(crypto, take(KNOWN.PRS), unhex(KNOWN.CI), sid);
    expect(hash.length).toBe(32);
    expect(hex(crypto.reveal(hash))).toBe(KNOWN.hash);
    expect(hex(crypto.cpaceShare(hash, take(KNOWN.ya)))).toBe(KNOWN.Ya);
    expect(hex(crypto.cpaceShare(hash, take(KNOWN.yb)))).toBe(KNOWN.Yb);
    const transcript = { Ya, Yb, ...AD };
    expect(hex(crypto.reveal(sessionKey(crypto, take(KNOWN.ya), Yb, sid, transcript)))).toBe(KNOWN.isk);
    expect(hex(crypto.reveal(sessionKey(crypto, take(KNOWN.yb), Ya, sid, transcript)))).toBe(KNOWN.isk);
  });

  test('nothing it needed for itself stays alive', async () => {
    const crypto = await create();
    const [prs, y] = [crypto.take(unhex(KNOWN.PRS)), crypto.take(unhex(KNOWN.ya))];
    const hash = generatorHash(crypto, prs, new Uint8Array(0), new Uint8Array(32));
    expect(crypto.live).toBe(3);
    const transcript = { Ya: unhex(KNOWN.Ya), Yb: unhex(KNOWN.Yb), ...AD };
    const key = sessionKey(crypto, y, transcript.Yb, new Uint8Array(32), transcript);
    expect(crypto.live).toBe(4);
    expect(() => sessionKey(crypto, y, new Uint8Array(32), new Uint8Array(32), transcript)).toThrow(
      RemoteProtocolError,
    );
    expect(crypto.live).toBe(4);
    for (const secret of [prs, y, hash, key]) secret.wipe();
    expect(crypto.live).toBe(0);
  });

  test('the generator depends on each of its inputs, the key on each part of the transcript', async () => {
    const crypto = await create();
    const [a, b] = [unhex(KNOWN.sid), new Uint8Array(16)];
    // Over 109 bytes there is no padding any more; over 127 the length takes two bytes.
    const secrets = [0, 1, 8, 108, 109, 110, 127, 128, 200].map((n) => crypto.take(new Uint8Array(n).fill(7)));
    const seen = new Set<string>();
    for (const prs of secrets) {
      for (const ci of [a, b])
        for (const sid of [a, b]) seen.add(hex(crypto.reveal(generatorHash(crypto, prs, ci, sid))));
    }
    expect(seen.size).toBe(secrets.length * 4);

    const y = crypto.take(unhex(KNOWN.ya));
    const base = { Ya: unhex(KNOWN.Ya), Yb: unhex(KNOWN.Yb), ...AD };
    const keys = [base, { ...base, Ya: b }, { ...base, ADa: b }, { ...base, Yb: b }, { ...base, ADb: b }].map(
      (transcript) => hex(crypto.reveal(sessionKey(crypto, y, base.Yb, a, transcript))),
    );
    keys.push(hex(crypto.reveal(sessionKey(crypto, y, base.Yb, b, base))));
    keys.push(hex(crypto.reveal(sessionKey(crypto, y, base.Ya, a, base))));
    expect(new Set(keys).size).toBe(7);
    crypto.wipeAll();
  });

  test.skipIf(!haveVectors('CPace vectors'))('the vectors of the draft', async () => {
    const crypto = await create();
    const vectors = readVectors('cpace-x25519.json') as CpaceVectors;
    const { G_X25519: v, generator } = vectors;
    const take = (digits: string) => crypto.take(unhex(digits));
    const same = (actual: Uint8Array, wanted: string) => {
      expect(hex(actual)).toBe(wanted.toLowerCase());
    };

    const hash = generatorHash(crypto, take(generator.PRS), unhex(generator.CI), unhex(generator.sid));
    same(crypto.reveal(hash), generator['hash generator string']);
    const uniform = generatorHash(crypto, take(v.PRS), unhex(v.CI), unhex(v.sid));
    same(crypto.cpaceShare(uniform, take(v.ya)), v.Ya);
    same(crypto.cpaceShare(uniform, take(v.yb)), v.Yb);
    same(crypto.reveal(crypto.x25519(take(v.ya), unhex(v.g))), v.Ya);
    same(crypto.reveal(crypto.x25519(take(v.ya), unhex(v.Yb))), v.K);
    same(crypto.reveal(crypto.x25519(take(v.yb), unhex(v.Ya))), v.K);
    const transcript = { Ya: unhex(v.Ya), ADa: unhex(v.ADa), Yb: unhex(v.Yb), ADb: unhex(v.ADb) };
    same(crypto.reveal(sessionKey(crypto, take(v.ya), transcript.Yb, unhex(v.sid), transcript)), v.ISK_IR);
    same(crypto.reveal(sessionKey(crypto, take(v.yb), transcript.Ya, unhex(v.sid), transcript)), v.ISK_IR);
    crypto.wipeAll();
  });

  test.skipIf(!haveVectors('CPace invalid points'))('every invalid point of the draft', async () => {
    const crypto = await create();
    const { X25519_points } = readVectors('cpace-x25519.json') as CpaceVectors;
    expect(Object.keys(X25519_points)).toHaveLength(12);
    const scalar = unhex('af46e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449aff');
    const transcript = { Ya: unhex(KNOWN.Ya), Yb: unhex(KNOWN.Yb), ...AD };
    const accepted: string[] = [];
    for (const [name, point] of Object.entries(X25519_points)) {
      try {
        sessionKey(crypto, crypto.take(scalar.slice()), unhex(point), unhex(KNOWN.sid), transcript);
        accepted.push(name);
      } catch (error) {
        expect(error).toBeInstanceOf(RemoteProtocolError);
      }
    }
    // At least 2^255: weak only for who does not clear the top bit, as RFC 7748 section 5 does.
    expect(accepted).toEqual(['Invalid Y6', 'Invalid Y8', 'Invalid Y9', 'Invalid Y10', 'Invalid Y11']);
    crypto.wipeAll();
  });
});
