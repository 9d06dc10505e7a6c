/**
 * One attempt of the handshake against another, message by message (protocol.md section 4): what each phase takes, what it
 * drops, how it ends, and that nothing secret outlives an end, whatever fails. Whole sessions are in test/core/session.
 */
import { describe, expect, it } from 'vitest';
import { createTweetnaclCrypto } from '../../../adapters/crypto/tweetnacl.js';
import type { CryptoPort, Secret } from '../../../core/ports.js';
import { ascii, compareBytes, concat, sameBytes } from '../../../core/protocol/bytes.js';
import {
  type Attempt,
  commitmentOf,
  createAttempt,
  HANDSHAKE_LENGTHS as LENGTHS,
  isHandshake,
  type Step,
} from '../../../core/protocol/handshake.js';
import type { Established, Mode } from '../../../core/protocol/handshake-keys.js';
import { deterministicRandom } from '../../support/deterministic.js';
import { failingOnceEach, watched } from '../../support/watched-crypto.js';

const HEAD = 2;
const SID = 16;
/** Where the proof of each message begins. */
const PROOF = { m2: HEAD + SID + 32 + 1088, m3: HEAD + SID } as const;
/** PRS, which stays the caller's: all that is alive when an attempt is over. */
const ONLY_PRS = 1;

interface Side {
  readonly crypto: CryptoPort;
  readonly attempt: Attempt;
}

interface Making {
  readonly code?: string;
  readonly mode?: Mode;
  readonly room?: number;
  readonly name?: string;
  /** Between the attempt and its crypto. */
  readonly through?: (inner: CryptoPort) => CryptoPort;
}

function side(
  seed: string,
  { code = 'tunnel-anchor-mango', mode = 1, room = 7, name = seed, through }: Making = {},
): Side {
  const inner = createTweetnaclCrypto({ random: deterministicRandom(seed) });
  const crypto = through === undefined ? inner : through(inner);
  const prs = inner.take(ascii(code));
  const setting = { mode, roomId: new Uint8Array(32).fill(room) };
  const attempt = createAttempt(crypto, prs, setting, { version: ascii('1.2'), name: ascii(name), features: 5 });
  return { crypto: inner, attempt };
}

/** Seeds by what they commit to: the first of two is A. */
const ORDERED = ['one', 'two', 'three', 'four']
  .map((seed) => ({ seed, commitment: side(seed).attempt.commitment }))
  .toSorted((one, other) => compareBytes(one.commitment, other.commitment))
  .map(({ seed }) => seed);
const [FIRST = '', SECOND = '', THIRD = '', FOURTH = ''] = ORDERED;

function message(step: Step): Uint8Array {
  if (!('message' in step) || step.message === undefined) throw new Error(`${step.type} without a message`);
  return step.message;
}

function result(step: Step): Established {
  if (step.type !== 'established') throw new Error(`established expected, not ${step.type}`);
  return step.result;
}

const m0 = ({ attempt }: Side): Uint8Array => attempt.said[0] ?? new Uint8Array(0);

interface Met {
  readonly a: Side;
  readonly b: Side;
  readonly m1: Uint8Array;
}

function met(makeA: Making = {}, makeB: Making = {}): Met {
  const [a, b] = [side(SECOND, makeA), side(THIRD, makeB)];
  expect(b.attempt.handle(m0(a))).toEqual({ type: 'met' });
  return { a, b, m1: message(a.attempt.handle(m0(b))) };
}

function sealed(makeA: Making = {}, makeB: Making = {}): Met & { readonly m2: Uint8Array } {
  const two = met(makeA, makeB);
  const step = two.b.attempt.handle(two.m1);
  expect(step.type).toBe('sealed');
  return { ...two, m2: message(step) };
}

function wipe({ ratchet, resume }: Established): void {
  ratchet.wipe();
  resume.wipe();
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const bad = bytes.slice();
  bad[at] = (bad[at] ?? 0) ^ 1;
  return bad;
}

function replaced(bytes: Uint8Array, at: number, by: Uint8Array): Uint8Array {
  const other = bytes.slice();
  other.set(by, at);
  return other;
}

/** The attempt is over, takes nothing more and holds nothing. */
function expectOver({ attempt, crypto }: Side, other: Side): void {
  expect([attempt.peer, attempt.underWay, attempt.sealed]).toEqual([undefined, false, false]);
  expect(attempt.handle(m0(other))).toEqual({ type: 'dropped' });
  expect(crypto.live).toBe(ONLY_PRS);
}

describe('four messages', () => {
  it('have their lengths, and leave both sides with the same', () => {
    const { a, b, m1, m2 } = sealed();
    const last = a.attempt.handle(m2);
    const m3 = message(last);
    const [ofA, ofB] = [result(last), result(b.attempt.handle(m3))];
    expect([m0(a), m1, m2, m3].map(({ length }) => length)).toEqual([LENGTHS.m0, LENGTHS.m1, LENGTHS.m2, LENGTHS.m3]);
    expect([ofA.role, ofB.role]).toEqual(['A', 'B']);
    expect(ofA.words).toEqual(ofB.words);
    expect(new Set(ofA.words).size).toBeGreaterThan(1);
    expect(ofA.transcript).toEqual(ofB.transcript);
    expect(a.crypto.reveal(ofA.resume)).toEqual(b.crypto.reveal(ofB.resume));
    expect(ofA.peer).toEqual({ version: ascii('1.2'), name: ascii(THIRD), features: 5 });
    expect(ofB.peer.name).toEqual(ascii(SECOND));
    const { frame } = ofA.ratchet.seal(0, 0, [{ type: 'ping' }]);
    expect(ofB.ratchet.open(0, frame)?.records).toEqual([{ type: 'ping' }]);
    for (const one of [ofA, ofB]) wipe(one);
    expectOver(a, b);
    expectOver(b, a);
  });

  it('each phase says what was sent in it, to whom, and whether a new connection goes on with it', () => {
    const [a, b] = [side(SECOND), side(THIRD)];
    const seen = ({ attempt: { peer, underWay, sealed: isSealed, said } }: Side): unknown[] => [
      peer,
      underWay,
      isSealed,
      said.map(([type]) => type),
    ];
    const [ofA, ofB] = [a.attempt.commitment, b.attempt.commitment];
    expect(seen(a)).toEqual([undefined, false, false, [1]]);
    const m1 = message(a.attempt.handle(m0(b)));
    b.attempt.handle(m0(a));
    expect(seen(a)).toEqual([ofB, true, false, [1, 2]]);
    expect(seen(b)).toEqual([ofA, false, false, [1]]);
    const m2 = message(b.attempt.handle(m1));
    expect(seen(b)).toEqual([ofA, true, true, [1, 3]]);
    const last = a.attempt.handle(m2);
    expect(seen(a)).toEqual([undefined, false, false, [1, 2, 4]]);
    result(b.attempt.handle(message(last)));
    expect(seen(b)).toEqual([undefined, false, false, [1, 3]]);
    expect(a.attempt.said.slice(1)).toEqual([m1, message(last)]);
  });

  it('are told by their first byte; C is read from a whole M0 of this version only', () => {
    expect([0, 1, 4, 5, 0x10].map((type) => isHandshake(Uint8Array.of(type)))).toEqual([
      false,
      true,
      true,
      false,
      false,
    ]);
    expect(isHandshake(new Uint8Array(0))).toBe(false);
    const one = side(FIRST);
    expect(commitmentOf(m0(one))).toEqual(one.attempt.commitment);
    const others = [m0(one).subarray(1), concat(m0(one), Uint8Array.of(0)), flipped(m0(one), 1), flipped(m0(one), 0)];
    for (const each of others) expect(commitmentOf(each)).toBeUndefined();
  });

  it('another attempt with the same randomness and another secret, mode or room fails at the tag of M2', () => {
    for (const other of [{ code: 'tunnel-anchor-mangos' }, { mode: 0 }, { room: 8 }] as const) {
      const { a, b, m2 } = sealed({}, other);
      expect(a.attempt.handle(m2)).toEqual({ type: 'over', why: 'proof' });
      expectOver(a, b);
    }
  });
});

describe('is dropped, and changes nothing:', () => {
  const noise = (length: number, ...start: number[]): Uint8Array => {
    const bytes = new Uint8Array(length);
    bytes.set(start);
    return bytes;
  };
  /** Never taken by anybody who has a role. */
  const STRANGE: readonly Uint8Array[] = [
    ...[noise(0), noise(1, 1), noise(LENGTHS.m0, 0, 1), noise(LENGTHS.m0, 5, 1), noise(1280, 0x10, 1)],
    ...[noise(LENGTHS.m0, 1, 2), noise(LENGTHS.m1, 2, 2), noise(LENGTHS.m2, 3, 2), noise(LENGTHS.m3, 4, 2)],
    ...[noise(LENGTHS.m0 - 1, 1, 1), noise(LENGTHS.m0 + 1, 1, 1)],
    ...[noise(LENGTHS.m1, 2, 1), noise(LENGTHS.m2, 3, 1), noise(LENGTHS.m3, 4, 1)],
  ];
  /** Too short, too long, of another version, of another sid. */
  const spoilt = (whole: Uint8Array): Uint8Array[] => [
    ...[whole.subarray(0, -1), concat(whole, Uint8Array.of(0)), flipped(whole, 1)],
    ...[flipped(whole, HEAD), flipped(whole, HEAD + SID - 1)],
  ];

  function dropsAll(to: Side, messages: readonly Uint8Array[]): void {
    const { peer, said } = to.attempt;
    const { live } = to.crypto;
    for (const each of messages) expect(to.attempt.handle(each)).toEqual({ type: 'dropped' });
    expect([to.attempt.peer, to.attempt.said, to.crypto.live]).toEqual([peer, said, live]);
  }

  it('what does not belong to the phase, in every phase', () => {
    const [a, b] = [side(SECOND), side(THIRD)];
    const full = sealed();
    const m3 = message(full.a.attempt.handle(full.m2));
    const all = [full.m1, full.m2, m3];
    // Without a role only an M0 is read; one of another version ends the attempt, see below.
    for (const each of [a, b])
      dropsAll(each, [...all, ...STRANGE.filter(([type, version]) => type !== 1 || version !== 2)]);
    const m1 = message(a.attempt.handle(m0(b)));
    b.attempt.handle(m0(a));
    expect(m1).toEqual(full.m1);
    dropsAll(a, [...STRANGE, m0(b), m0(a), m1, m3, ...spoilt(full.m2)]);
    dropsAll(b, [...STRANGE, m0(a), m0(b), full.m2, m3, ...spoilt(m1)]);
    const m2 = message(b.attempt.handle(m1));
    expect(m2).toEqual(full.m2);
    dropsAll(b, [...STRANGE, m0(a), m0(b), m1, m2, ...spoilt(m3)]);
    const last = a.attempt.handle(m2);
    expect(message(last)).toEqual(m3);
    wipe(result(last));
    wipe(result(b.attempt.handle(m3)));
    for (const each of [a, b]) dropsAll(each, [...STRANGE, m0(a), m0(b), ...all]);
  });
});

describe('only an M0 to a side without a role shows', () => {
  it('a mirror: the own C ends the attempt', () => {
    const [a, b] = [side(SECOND), side(THIRD)];
    expect(a.attempt.handle(m0(a))).toEqual({ type: 'over', why: 'reflection' });
    expectOver(a, b);
  });

  it('another version, whatever its length', () => {
    for (const strange of [Uint8Array.of(1, 2), Uint8Array.of(1, 0, 9), flipped(m0(side(FIRST)), 1)]) {
      const [a, b] = [side(SECOND), side(THIRD)];
      expect(a.attempt.handle(strange)).toEqual({ type: 'over', why: 'version', version: strange[1] });
      expectOver(a, b);
    }
  });
});

describe('another M0', () => {
  it('of an initiator draws y and ek anew and wipes the old; only the new one goes on', () => {
    const { a, b, m1 } = met();
    const other = side(FOURTH);
    const before = a.crypto.live;
    const again = a.attempt.handle(m0(other));
    const newer = message(again);
    expect(again.type).toBe('met');
    expect(a.crypto.live).toBe(before);
    expect(a.attempt.said).toEqual([m0(a), newer]);
    // Neither sid, nor ek, nor Ya is that of the first.
    expect(sameBytes(newer.subarray(HEAD, HEAD + SID), m1.subarray(HEAD, HEAD + SID))).toBe(false);
    expect(sameBytes(newer.subarray(HEAD + SID, -32), m1.subarray(HEAD + SID, -32))).toBe(false);
    expect(sameBytes(newer.subarray(-32), m1.subarray(-32))).toBe(false);
    expect(a.attempt.handle(message(b.attempt.handle(m1)))).toEqual({ type: 'dropped' });
    other.attempt.handle(m0(a));
    const last = a.attempt.handle(message(other.attempt.handle(newer)));
    expect(result(other.attempt.handle(message(last))).words).toEqual(result(last).words);
  });

  it('may change the roles: an initiator becomes responder, and keeps only its nonce and R', () => {
    const { a } = met();
    const other = side(FIRST);
    const fresh = side(SECOND).crypto.live;
    expect(a.attempt.handle(m0(other))).toEqual({ type: 'met' });
    expect([a.attempt.said, a.attempt.underWay, a.crypto.live]).toEqual([[m0(a)], false, fresh]);
    const m2 = message(a.attempt.handle(message(other.attempt.handle(m0(a)))));
    const last = other.attempt.handle(m2);
    expect(result(a.attempt.handle(message(last))).role).toBe('B');
  });

  it('and a responder becomes initiator', () => {
    const { b } = met();
    const other = side(FOURTH);
    other.attempt.handle(m0(b));
    const last = b.attempt.handle(message(other.attempt.handle(message(b.attempt.handle(m0(other))))));
    expect(result(last).role).toBe('A');
    expect(result(other.attempt.handle(message(last))).peer.name).toEqual(ascii(THIRD));
  });

  it('after M2 is sealed ends the attempt', () => {
    const { a, b } = sealed();
    expect(b.attempt.handle(m0(side(FOURTH)))).toEqual({ type: 'over', why: 'replaced' });
    expectOver(b, a);
  });
});

describe('ends the attempt', () => {
  const ends = (who: Side, other: Side, with_: Uint8Array, why: string): void => {
    expect(who.attempt.handle(with_)).toEqual({ type: 'over', why });
    expectOver(who, other);
  };

  it('a bit of a proof, in the tag or in what is sealed', () => {
    for (const at of [PROOF.m2, PROOF.m2 + 31, PROOF.m2 + 32, LENGTHS.m2 - 1]) {
      const { a, b, m2 } = sealed();
      ends(a, b, flipped(m2, at), 'proof');
    }
    for (const at of [PROOF.m3, PROOF.m3 + 31, PROOF.m3 + 32, LENGTHS.m3 - 1]) {
      const { a, b, m2 } = sealed();
      ends(b, a, flipped(message(a.attempt.handle(m2)), at), 'proof');
    }
  });

  it('a bit of a share, of the ciphertext or of ek, which the tag covers', () => {
    for (const at of [HEAD + SID, HEAD + SID + 32, PROOF.m2 - 1]) {
      const { a, b, m2 } = sealed();
      ends(a, b, flipped(m2, at), 'proof');
    }
    // The seed of ek's matrix, and Ya: B seals under other keys.
    for (const at of [LENGTHS.m1 - 33, LENGTHS.m1 - 32]) {
      const { a, b, m1 } = met();
      ends(a, b, message(b.attempt.handle(flipped(m1, at))), 'proof');
    }
  });

  it('a share of low order, or an ek that is none: nothing is sealed, and no proof was wrong', () => {
    const low = new Uint8Array(32);
    const [one, two, three] = [met(), met(), sealed()];
    ends(one.b, one.a, replaced(one.m1, LENGTHS.m1 - 32, low), 'value');
    ends(two.b, two.a, replaced(two.m1, HEAD + SID, new Uint8Array(1152).fill(0xff)), 'value');
    ends(three.a, three.b, replaced(three.m2, HEAD + SID, low), 'value');
    expect([one, two].map(({ b }) => b.attempt.said.length)).toEqual([1, 1]);
  });

  /** A peer that has the code, and seals another payload than its own. */
  function cheating(cheat: (payload: Uint8Array) => void): Making {
    return {
      through: (inner) =>
        watched(inner, (name, args, go) => {
          if (name === 'seal') for (const payload of args[3] as Uint8Array[]) cheat(payload);
          return go();
        }),
    };
  }

  it.each([
    ['a nonce that was not committed to', (payload: Uint8Array) => payload.fill(1, 0, 1)],
    ['caps that cannot be read', (payload: Uint8Array) => payload.fill(0xff, 64, 65)],
    ['padding that is not zero', (payload: Uint8Array) => payload.fill(1, -1)],
  ])('in a proof that verifies: %s', (_what, cheat) => {
    const byB = sealed({}, cheating(cheat));
    ends(byB.a, byB.b, byB.m2, 'proof');
    const byA = sealed(cheating(cheat));
    ends(byA.b, byA.a, message(byA.a.attempt.handle(byA.m2)), 'proof');
  });

  it('its owner, in any phase', () => {
    const [waiting, two, three] = [side(SECOND), met(), sealed()];
    for (const [each, other] of [
      [waiting, two.b] as const,
      [two.a, two.b] as const,
      [two.b, two.a] as const,
      [three.b, three.a] as const,
    ]) {
      each.attempt.wipe();
      expectOver(each, other);
      each.attempt.wipe();
    }
  });
});

/** A whole handshake in which one side's crypto is `through`; what comes of it is wiped. */
function whole(seed: string, through: (inner: CryptoPort) => CryptoPort): void {
  const two = { [SECOND]: {}, [THIRD]: {}, [seed]: { through } };
  const { a, b, m2 } = sealed(two[SECOND], two[THIRD]);
  const last = a.attempt.handle(m2);
  wipe(result(last));
  wipe(result(b.attempt.handle(message(last))));
}

describe.each([
  ['A', SECOND],
  ['B', THIRD],
])('of the secrets of %s', (_role, seed) => {
  it('none outlives a defect, in whichever call of the crypto', () => {
    let used: CryptoPort | undefined;
    const failures = failingOnceEach(
      (through) => {
        whole(seed, (inner) => through((used = inner)));
      },
      (failure) => {
        expect({ failure, live: used?.live }).toEqual({ failure, live: ONLY_PRS });
      },
    );
    expect(failures).toBeGreaterThan(30);
  });

  it('none stays in plain memory: what was opened and not sent is overwritten', () => {
    const opened: { bytes: Uint8Array; was: Uint8Array }[] = [];
    const sent: Uint8Array[] = [];
    const keep = (bytes: unknown): void => {
      if (bytes instanceof Uint8Array) opened.push({ bytes, was: bytes.slice() });
    };
    whole(seed, (inner) =>
      watched(inner, (name, args, go) => {
        // Frames and their keys are ratchet.ts.
        if (name === 'seal') for (const plaintext of args[3] as Uint8Array[]) keep(plaintext);
        const out = go();
        if (name === 'reveal' || name === 'open') keep(out);
        return out;
      }),
    );
    const { a, b, m2 } = sealed();
    const m3 = message(a.attempt.handle(m2));
    for (const each of [m0(a), m0(b), m2, m3]) sent.push(each);
    const isSent = ({ was }: { was: Uint8Array }): boolean =>
      sent.some((each) => Buffer.from(each).includes(Buffer.from(was)));
    const secret = opened.filter((each) => !isSent(each));
    // Two nonces, the payload that was sealed, the one that was opened, and what the words are made of.
    expect(secret.length).toBeGreaterThanOrEqual(5);
    for (const { bytes, was } of secret) {
      expect(was.some((byte) => byte !== 0)).toBe(true);
      expect(bytes.every((byte) => byte === 0)).toBe(true);
    }
  });
});

it('PRS is only read', () => {
  const inner = createTweetnaclCrypto({ random: deterministicRandom(FIRST) });
  const prs: Secret = inner.take(ascii('kitchen'));
  const setting = { mode: 1 as const, roomId: new Uint8Array(32) };
  const caps = { version: ascii('1'), name: ascii(''), features: 0 };
  const [one, other] = [createAttempt(inner, prs, setting, caps), createAttempt(inner, prs, setting, caps)];
  one.handle(other.said[0] ?? new Uint8Array(0));
  one.wipe();
  other.wipe();
  expect(inner.reveal(prs)).toEqual(ascii('kitchen'));
});
