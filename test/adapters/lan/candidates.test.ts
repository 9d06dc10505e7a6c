/** Who may be the peer in a local network: bounds of what is kept and of what is dialed, whatever is announced. */
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import {
  type Allowance,
  CANDIDATE_AGE,
  CANDIDATES,
  CANDIDATES_OF_ONE,
  createAllowance,
  createCandidates,
  DIALS_A_MINUTE,
  PLACES,
} from '../../../adapters/lan/candidates.js';
import { createTweetnaclCrypto } from '../../../adapters/crypto/tweetnacl.js';
import type { CryptoPort } from '../../../core/ports.js';
import { base64url } from '../../../core/protocol/bytes.js';
import { announcement, LAN_NONCE } from '../../../core/protocol/lan-record.js';
import { runs } from '../../support/chance.js';

/** With a hash that is fast enough for a flood. */
const crypto: CryptoPort = {
  ...createTweetnaclCrypto(),
  digest: (parts) => Uint8Array.from(createHash('sha512').update(Buffer.concat(parts)).digest()),
};
const room = base64url(new Uint8Array(32).fill(7));
const OWN = Uint8Array.of(192, 168, 1, 2);
const HERE = { address: OWN, prefix: 24 };
const PORT = 40_000;
const COUNT = runs(1_000, 10_000);
const anyone = (): boolean => true;
const nonceOf = (n: number): Uint8Array => Uint8Array.of(...new Uint8Array(LAN_NONCE - 2), n >> 8, n & 0xff);
const hexOf = (n: number): string => Buffer.from(nonceOf(n)).toString('hex');
const at = (last: number): Uint8Array => Uint8Array.of(192, 168, 1, last);

function rig(allowance: Allowance = createAllowance(), own = [HERE]) {
  const candidates = createCandidates({ crypto, room, nonce: hexOf(0xffff), port: PORT, own: () => own, allowance });
  return {
    candidates,
    say(
      n: number,
      addresses: readonly Uint8Array[] = [at(9)],
      { port = 50_000, from = '192.168.1.9', over = false, now = 0 } = {},
    ) {
      candidates.heard(announcement(crypto, room, nonceOf(n), { port, addresses }), from, over, now);
    },
    next: (now: number) => candidates.next(anyone, now),
  };
}

test('thousands of names that do not fit are not kept; of thousands that do a few are', () => {
  const { candidates, say, next } = rig();
  const stranger = base64url(new Uint8Array(32).fill(9));
  for (let n = 0; n < COUNT; n++) {
    candidates.heard(announcement(crypto, stranger, nonceOf(n), { port: 50_000, addresses: [at(9)] }), 'x', false, 0);
  }
  expect(candidates.all).toHaveLength(0);
  for (let n = 0; n < COUNT; n++) say(n, [at(9)], { from: '192.168.1.9' });
  expect(candidates.all).toHaveLength(CANDIDATES_OF_ONE);
  for (let n = 0; n < COUNT; n++) say(n, [at(9)], { from: `192.168.1.${String(n % 200)}` });
  expect(candidates.all).toHaveLength(CANDIDATES);
  let dials = 0;
  for (let now = 0; now < 60_000; now += 10) if (next(now) !== undefined) dials += 1;
  expect(dials).toBe(DIALS_A_MINUTE);
});

test('the dials of a minute are shared by all that is looked for', () => {
  const allowance = createAllowance();
  for (let visit = 0; visit < 3; visit++) {
    const { say, next } = rig(allowance);
    for (let n = 0; n < 10; n++) say(n, [at(9)], { from: `192.168.1.${String(n)}` });
    while (next(1_000) !== undefined);
  }
  const { say, next, candidates } = rig(allowance);
  say(1);
  expect(next(1_000)).toBeUndefined();
  expect(candidates.wakeAt(anyone, 1_000)).toBe(61_000);
  expect(next(61_000)).toBeDefined();
});

test('other machines are dialed where they can be near, and nothing else: not even with a name that fits', () => {
  const own = [HERE, { address: Uint8Array.of(0xfd, 1, ...new Uint8Array(13), 2), prefix: 64 }];
  const six = (first: number, second: number, last = 9): Uint8Array =>
    Uint8Array.of(first, second, ...new Uint8Array(13), last);
  const cases: readonly [Uint8Array, number, boolean][] = [
    [at(9), 50_000, true],
    [six(0xfd, 1), 50_000, true],
    // This machine, at another port: two programs on one machine.
    [OWN, 50_000, true],
    [OWN, PORT, false],
    [Uint8Array.of(192, 168, 2, 9), 50_000, false],
    [Uint8Array.of(127, 0, 0, 1), 50_000, false],
    [Uint8Array.of(169, 254, 1, 1), 50_000, false],
    [Uint8Array.of(8, 8, 8, 8), 50_000, false],
    [Uint8Array.of(224, 0, 0, 251), 50_000, false],
    [six(0xfe, 0x80), 50_000, false],
    [six(0xfd, 2), 50_000, false],
    [six(0, 0, 1), 50_000, false],
    [six(0xff, 2), 50_000, false],
  ];
  for (const [address, port, dialed] of cases) {
    const { say, next } = rig(createAllowance(), own);
    say(1, [address], { port });
    expect([address.join('.'), next(0) !== undefined]).toEqual([address.join('.'), dialed]);
  }
});

test('each address of one is tried, then the same ever more slowly; who was dialed least comes first', () => {
  const { say, next, candidates } = rig();
  say(1, [at(9), at(10)]);
  const [first, second] = [next(0), next(0)];
  expect([first?.address, second?.address]).toEqual([at(9), at(10)]);
  expect(next(0)).toBeUndefined();
  expect(candidates.wakeAt(anyone, 0)).toBe(1_000);
  say(2, [at(11)], { from: '192.168.1.11', now: 1_000 });
  expect(next(1_000)?.address).toEqual(at(11));
  expect(next(1_000)?.address).toEqual(at(9));
});

test('one sender with a thousand names takes turns with one that has a single name', () => {
  const { say, next } = rig();
  say(0x8000, [at(20)], { from: '192.168.1.20' });
  const dialed: string[] = [];
  for (let n = 0; n < 40; n++) {
    say(n, [at(9)], { now: n });
    dialed.push(next(n * 1_000)?.address.join('.') ?? '');
  }
  expect(dialed.slice(0, 2).sort()).toEqual(['192.168.1.20', '192.168.1.9']);
  expect(dialed.filter((each) => each === '192.168.1.20').length).toBeGreaterThan(3);
});

test('more is said of one than is kept', () => {
  const { say, next } = rig();
  for (let i = 0; i < 20; i++) say(1, [at(i + 10)]);
  const dialed = new Set<string>();
  for (let now = 0; now < 600_000; now += 500) {
    say(1, [at(10)], { now });
    const found = next(now);
    if (found !== undefined) dialed.add(found.address.join('.'));
  }
  expect(dialed.size).toBe(PLACES);
});

test('the own name is nobody; what is old or taken back is forgotten, but only by who has said it', () => {
  const { say, next, candidates } = rig();
  say(0xffff);
  expect(candidates.all).toHaveLength(0);
  say(1);
  say(1, [at(9)], { from: '192.168.1.66', over: true });
  expect(candidates.all).toHaveLength(1);
  say(1, [at(9)], { over: true });
  expect(candidates.all).toHaveLength(0);
  say(2);
  expect(next(CANDIDATE_AGE)).toBeUndefined();
});
