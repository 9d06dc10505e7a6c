/**
 * Attempts without a relay, a line or a session (protocol.md section 4): what counts, what is taken back, what is said again
 * in which pairing, and how long anything is waited for.
 */
import { describe, expect, it } from 'vitest';
import { createTweetnaclCrypto } from '../../../adapters/crypto/tweetnacl.js';
import { ascii, compareBytes } from '../../../core/protocol/bytes.js';
import { asKey } from '../../../core/protocol/keys.js';
import type { CodeForm } from '../../../core/room/code.js';
import {
  ATTEMPT_OLD,
  ATTEMPT_STILL,
  ATTEMPT_TIMEOUT,
  ATTEMPT_WHOLE,
  type AttemptEvent,
  createAttempts,
  HUSH,
} from '../../../core/session/attempts.js';
import { BACKOFF_FACTOR } from '../../../core/session/backoff.js';
import { GUESS_WAITS, TOLD_AFTER } from '../../../core/session/tally.js';
import { NEVER } from '../../../core/timers.js';
import { deterministicRandom } from '../../support/deterministic.js';
import { createStage } from '../../support/stage.js';

const [M0, M1, M2, M3] = [1, 2, 3, 4];
const ONLY_PRS = 1;

interface Making {
  readonly form?: CodeForm;
  readonly code?: string;
}

function side(seed: string, { form = 'generated', code = 'tunnel-anchor-mango' }: Making = {}) {
  const stage = createStage();
  const crypto = createTweetnaclCrypto({ random: deterministicRandom(seed) });
  const prs = asKey<'prs'>(crypto.take(ascii(code)));
  const caps = { version: ascii('1'), name: ascii(seed), features: 0 };
  const out: Uint8Array[] = [];
  const room = { left: true };
  const say = (message: Uint8Array): boolean => {
    if (room.left) out.push(message);
    return room.left;
  };
  const attempts = createAttempts(stage.host, crypto, say, () => ({ roomId: new Uint8Array(32), form, prs, caps }));
  return {
    stage,
    crypto,
    attempts,
    room,
    /** What was said since the last time. */
    said: (): Uint8Array[] => out.splice(0),
    hears(messages: readonly Uint8Array[], now = 0): (AttemptEvent | undefined)[] {
      return messages.map((message) => attempts.message(message, now));
    },
  };
}

type Alone = ReturnType<typeof side>;

/** By what they commit to first: of two, the one before is A. */
const ORDERED = ['one', 'two', 'three', 'four', 'five']
  .map((seed) => {
    const one = side(seed);
    one.attempts.paired(0);
    return { seed, m0: one.said()[0] ?? new Uint8Array(0) };
  })
  .toSorted((one, other) => compareBytes(one.m0, other.m0))
  .map(({ seed }) => seed);
const [LOWEST = '', LOW = '', MIDDLE = '', HIGH = '', HIGHEST = ''] = ORDERED;

const types = (messages: readonly Uint8Array[]): (number | undefined)[] => messages.map(([type]) => type);
const detail = ({ stage }: Alone): unknown => stage.notices.at(-1)?.detail;

/** Both are paired and have said M0. */
function paired(makeA: Making = {}, makeB: Making = makeA, now = 0) {
  const [a, b] = [side(LOW, makeA), side(MIDDLE, makeB)];
  for (const each of [a, b]) expect(each.attempts.paired(now)).toBeUndefined();
  return { a, b, ofA: a.said(), ofB: b.said() };
}

/** B has sealed M2, and A has not heard it. */
function sealed(makeA: Making = {}, makeB: Making = makeA, now = 0) {
  const two = paired(makeA, makeB, now);
  two.b.hears(two.ofA, now);
  two.a.hears(two.ofB, now);
  const m1 = two.a.said();
  expect(two.b.hears(m1, now)).toEqual([undefined]);
  return { ...two, m1, m2: two.b.said() };
}

/** A has sealed M3 and holds its attempt; B has not heard it. */
function held(make: Making = {}) {
  const two = sealed(make);
  const [event] = two.a.hears(two.m2);
  if (event?.type !== 'established') throw new Error('established expected');
  event.result.ratchet.wipe();
  event.result.resume.wipe();
  return { ...two, m3: two.a.said() };
}

/** Another side, which begins with its M0. */
function stranger(seed: string, make: Making = {}) {
  const one = side(seed, make);
  one.attempts.paired(0);
  return { ...one, m0: one.said() };
}

function flipped(messages: readonly Uint8Array[]): Uint8Array[] {
  return messages.map((message) => {
    const bad = message.slice();
    bad[bad.length - 1] = (bad.at(-1) ?? 0) ^ 1;
    return bad;
  });
}

describe('the count', () => {
  it('is of B from M2 on, and a valid M3 takes it back', () => {
    const { a, b, ofA, m2 } = sealed({ form: 'chosen' });
    const before = side(MIDDLE, { form: 'chosen' });
    before.attempts.paired(0);
    before.hears(ofA);
    expect([before.attempts.close(), before.stage.codes()]).toEqual([undefined, []]);
    a.hears(m2);
    expect(b.hears(a.said())[0]).toMatchObject({ type: 'established', result: { role: 'B' } });
    // None of it is left for the next one: it is the first again.
    b.attempts.paired(0);
    const next = stranger(LOWEST, { form: 'chosen' });
    next.hears(b.said());
    b.hears(next.m0);
    const [m1] = next.said();
    if (m1 !== undefined) b.hears([m1]);
    expect(types(b.said())).toEqual([M2]);
    expect(b.attempts.close()).toEqual({ code: 'SC-334', detail: {} });
    const open = sealed();
    expect([open.b.attempts.close(), open.b.stage.codes()]).toEqual([undefined, ['SC-314']]);
  });

  it('is of A when a proof fails, once; which part of it was wrong is not told', () => {
    const { a, m2 } = sealed();
    expect(a.hears(flipped(m2))).toEqual([{ type: 'wrong', attempt: 1, attempts: 3 }]);
    const { a: other, m2: whole } = sealed({ form: 'chosen' });
    expect(other.hears([...flipped(whole), ...whole])).toEqual([
      { type: 'end', code: 'SC-401', detail: { attempts: 1 } },
      undefined,
    ]);
    expect(other.crypto.live).toBe(ONLY_PRS);
  });

  it('of B stands when M3 is wrong, and goes on with the next attempt', () => {
    const { a, b, m2 } = sealed();
    a.hears(m2);
    expect(b.hears(flipped(a.said()))).toEqual([{ type: 'wrong', attempt: 1, attempts: 3 }]);
    const again = stranger(LOWEST);
    b.attempts.paired(0);
    again.hears(b.said());
    b.hears([...again.m0, ...again.said()]);
    again.hears(b.said());
    expect(b.hears(flipped(again.said()))).toEqual([{ type: 'wrong', attempt: 2, attempts: 3 }]);
  });

  it('begins anew with another code, and who typed one has made none', () => {
    const { a, m2 } = sealed();
    a.attempts.made();
    expect(a.hears(flipped(m2))[0]).toMatchObject({ type: 'over' });
    expect([a.stage.codes(), detail(a)]).toEqual([['SC-409'], { attempt: 1, attempts: 3 }]);
    a.attempts.renew();
    a.attempts.paired(0);
    const other = stranger(HIGHEST);
    other.hears(a.said());
    a.hears(other.m0);
    other.hears(a.said());
    expect(a.hears(flipped(other.said()))).toEqual([{ type: 'wrong', attempt: 1, attempts: 3 }]);
  });

  it('is of nobody where a value is refused: that is over, and told as nothing', () => {
    const { a, m2 } = sealed({ form: 'chosen' });
    const low = m2.map((message) => {
      const bad = message.slice();
      bad.fill(0, 18, 50);
      return bad;
    });
    expect(a.hears(low)[0]).toMatchObject({ type: 'over' });
    expect([a.stage.codes(), a.attempts.close()]).toEqual([[], undefined]);
  });

  it('is of nobody without a secret: a proof that fails is told', () => {
    const { a, b, m2 } = sealed({ form: 'none', code: '' });
    expect(a.hears(flipped(m2))[0]).toMatchObject({ type: 'over' });
    expect(a.stage.codes()).toEqual(['SC-330']);
    expect([b.attempts.close(), b.stage.codes()]).toEqual([undefined, []]);
    const withSecret = sealed();
    withSecret.a.hears(flipped(withSecret.m2));
    expect(withSecret.a.stage.codes()).toEqual([]);
  });
});

describe('a peer that leaves', () => {
  it('after the last proof of the code may not come back: that is told once', () => {
    const { b } = sealed({ form: 'chosen' });
    b.attempts.left(1_000);
    b.attempts.paired(2_000);
    b.attempts.left(3_000);
    expect([b.stage.codes(), b.stage.moves]).toEqual([['SC-339'], ['paired', 'unpaired', 'paired', 'unpaired']]);
  });

  it('before it, or with others left, is just gone', () => {
    const { b } = sealed();
    const { b: early } = paired({ form: 'chosen' });
    for (const each of [b, early, side(LOW)]) {
      each.attempts.left(1_000);
      expect(each.stage.codes()).toEqual([]);
    }
  });
});

describe('what only an M0 shows', () => {
  it.each([
    ['another version', (m0: Uint8Array) => Uint8Array.of(m0[0] ?? 0, 9), 'SC-305', { version: 9 }],
    ['a mirror', (m0: Uint8Array) => m0, 'SC-406', {}],
  ])('%s is told, and is the end for the third time; nothing is counted', (_what, change, code, about) => {
    const one = side(LOW, { form: 'chosen' });
    for (let i = 1; i <= TOLD_AFTER; i++) {
      one.attempts.paired(0);
      const [m0] = one.said();
      const [event] = one.hears(m0 === undefined ? [] : [change(m0)]);
      expect(event?.type).toBe(i < TOLD_AFTER ? 'over' : 'end');
      if (i === TOLD_AFTER) expect(event).toEqual({ type: 'end', code, detail: about });
    }
    expect(one.stage.notices.slice(0, 2)).toEqual([
      { code, detail: about },
      { code, detail: about },
    ]);
    expect(one.attempts.close()).toBeUndefined();
  });
});

describe('a pairing', () => {
  it('that ends while nothing was sent but M0 begins anew; with M1 or M2 out, the same bytes go out again', () => {
    const { a, b, ofA, ofB, m1, m2 } = sealed();
    for (const each of [a, b]) {
      each.attempts.unpaired(1_000);
      each.attempts.unpaired(1_001);
      each.attempts.paired(2_000);
      expect(each.stage.moves).toEqual(['paired', 'unpaired', 'paired']);
    }
    expect(a.said()).toEqual([...ofA, ...m1]);
    expect(b.said()).toEqual([...ofB, ...m2]);
    const waiting = side(LOW);
    waiting.attempts.paired(0);
    const first = waiting.said();
    waiting.attempts.unpaired(1_000);
    expect(waiting.crypto.live).toBe(ONLY_PRS);
    waiting.attempts.paired(2_000);
    expect(waiting.said()).not.toEqual(first);
    const responder = side(MIDDLE);
    responder.attempts.paired(0);
    responder.hears(ofA);
    responder.attempts.unpaired(1_000);
    expect(responder.crypto.live).toBe(ONLY_PRS);
  });

  it('without one, and for what is no handshake, nothing is heard', () => {
    const { a, b, m2, ofA } = sealed();
    a.attempts.unpaired(0);
    expect([a.hears(m2), a.said()]).toEqual([[undefined], []]);
    expect(b.hears([Uint8Array.of(0x10), new Uint8Array(0), ...ofA])).toEqual([undefined, undefined, undefined]);
    const idle = side(LOW);
    idle.attempts.unpaired(0);
    expect([idle.hears(ofA), idle.stage.moves, idle.attempts.wakeAt()]).toEqual([[undefined], [], NEVER]);
  });

  it('that cannot take what is said is closed, at each message but M3, which is asked for in a visit', () => {
    const stuck = { type: 'stuck' };
    const { a, b, ofA, ofB } = paired();
    const full = side(LOWEST);
    full.room.left = false;
    expect(full.attempts.paired(0)).toEqual(stuck);
    a.room.left = b.room.left = false;
    expect(a.hears(ofB)).toEqual([stuck]);
    expect(b.hears(ofA)).toEqual([undefined]);
    a.room.left = true;
    a.attempts.unpaired(0);
    a.attempts.paired(0);
    expect(b.hears(a.said().slice(1))).toEqual([stuck]);
    b.room.left = true;
    b.attempts.unpaired(0);
    b.attempts.paired(0);
    a.room.left = false;
    expect(a.hears(b.said().slice(1))[0]).toMatchObject({ type: 'established' });
    a.attempts.unpaired(0);
    a.attempts.paired(0);
    a.room.left = true;
    expect(a.hears(ofB)).toEqual([{ type: 'met' }]);
    expect(types(a.said())).toEqual([M0, M1, M3]);
  });
});

describe('time', () => {
  it('nothing of the peer: it begins anew after ATTEMPT_STILL, uncounted', () => {
    const one = side(LOW, { form: 'chosen' });
    one.attempts.paired(1_000);
    expect(one.attempts.wakeAt()).toBe(1_000 + ATTEMPT_STILL);
    expect(one.attempts.tick(999 + ATTEMPT_STILL)).toBeUndefined();
    expect(one.attempts.tick(1_000 + ATTEMPT_STILL)).toMatchObject({ type: 'over' });
    expect([one.crypto.live, one.stage.codes(), one.attempts.wakeAt()]).toEqual([ONLY_PRS, [], NEVER]);
  });

  it('one that stands still is said again in another pairing, after half as long again each time', () => {
    const { a, ofB, ofA } = paired();
    a.hears(ofB, 1_000);
    const m1 = a.said();
    expect(a.attempts.wakeAt()).toBe(1_000 + ATTEMPT_STILL);
    expect(a.attempts.tick(1_000 + ATTEMPT_STILL)).toEqual({ type: 'stuck' });
    a.attempts.unpaired(6_000);
    a.attempts.paired(7_000);
    expect(a.said()).toEqual([...ofA, ...m1]);
    expect(a.attempts.wakeAt()).toBe(7_000 + ATTEMPT_STILL * BACKOFF_FACTOR);
  });

  it('from the peer’s M0 it has ATTEMPT_TIMEOUT while paired: a pause does not count', () => {
    const { a, b, ofB, ofA } = paired({ form: 'chosen' }, { form: 'chosen' }, 0);
    a.hears(ofB, 2_000);
    b.hears(ofA, 2_000);
    b.hears(a.said(), 2_000);
    for (const each of [a, b]) {
      each.attempts.unpaired(12_000);
      expect(each.attempts.wakeAt()).toBe(2_000 + ATTEMPT_WHOLE);
      each.attempts.paired(100_000);
      each.attempts.tick(100_000 + 2 * ATTEMPT_STILL);
      const end = 100_000 + ATTEMPT_TIMEOUT - 10_000;
      expect(each.attempts.tick(end - 1)).toBeUndefined();
      const event = each.attempts.tick(end);
      // A has not counted it. B has, and cannot know whether the code was wrong.
      if (each === a) expect([event?.type, a.stage.codes()]).toEqual(['over', ['SC-314']]);
      else expect(event).toEqual({ type: 'end', code: 'SC-334', detail: {} });
      expect(each.crypto.live).toBe(ONLY_PRS);
    }
  });

  it('and ATTEMPT_WHOLE in all, from the first M0, whatever replaces it', () => {
    const { b, ofA } = paired();
    b.hears(ofA, 1_000);
    b.hears(stranger(LOWEST).m0, 3_000);
    expect(b.attempts.wakeAt()).toBe(3_000 + ATTEMPT_STILL);
    b.attempts.tick(3_000 + ATTEMPT_STILL);
    // The 30 s begin anew with another M0.
    expect(b.attempts.wakeAt()).toBe(NEVER);
    const two = sealed();
    two.b.attempts.unpaired(1_000);
    expect(two.b.attempts.tick(ATTEMPT_WHOLE - 1)).toBeUndefined();
    expect(two.b.attempts.tick(ATTEMPT_WHOLE)).toMatchObject({ type: 'over' });
    expect(two.b.stage.codes()).toEqual(['SC-314']);
  });

  it.each([
    ['soon', ATTEMPT_STILL, 'SC-409'],
    ['after more than a moment', ATTEMPT_STILL + 1, 'SC-314'],
  ])('another M0 after M2, %s', (_when, now, code) => {
    const { b } = sealed();
    b.attempts.made();
    const [event] = b.hears(stranger(LOWEST).m0, now);
    expect([event?.type, b.stage.codes(), detail(b)]).toEqual(['over', [code], { attempt: 1, attempts: 3 }]);
    if (event?.type === 'over') expect(event.after).toBeGreaterThanOrEqual(GUESS_WAITS[0] ?? 0);
  });

  it.each([
    [ATTEMPT_OLD, 'SC-409'],
    [ATTEMPT_OLD + 1, 'SC-314'],
  ])('another M0 after M2 and a pause, %d ms after the first', (now, code) => {
    const { b } = sealed();
    b.attempts.made();
    b.attempts.unpaired(1_000);
    b.attempts.paired(now);
    b.hears(stranger(LOWEST).m0, now);
    expect(b.stage.codes()).toEqual([code]);
  });
});

describe('a visit', () => {
  /** A is paired again, and knows not with whom. */
  function visiting(make: Making = {}, now = 10_000) {
    const two = held(make);
    two.a.attempts.unpaired(now);
    expect(two.a.attempts.wakeAt()).toBe(NEVER);
    expect(two.a.attempts.paired(now)).toBeUndefined();
    expect(two.a.said()).toEqual([]);
    return { ...two, all: [...two.ofA, ...two.m1, ...two.m3] };
  }

  it('is quiet until the peer’s M0 comes, which gets what is held, once; its frames may follow', () => {
    const { a, ofA, ofB, all } = visiting();
    expect(a.attempts.wakeAt()).toBe(10_000 + HUSH);
    // A mirror says nothing.
    expect([a.hears(ofA, 10_000), a.said()]).toEqual([[undefined], []]);
    expect([a.hears(ofB, 10_000), a.said()]).toEqual([[{ type: 'met' }], all]);
    expect([a.hears(ofB, 10_000), a.said(), a.attempts.wakeAt()]).toEqual([[undefined], [], NEVER]);
    // In the pairing where it was made it has been said.
    const fresh = held();
    expect([fresh.a.hears(fresh.ofB), fresh.a.said()]).toEqual([[undefined], []]);
  });

  it('nobody says anything: what is held is said after HUSH', () => {
    const { a, ofB, all } = visiting();
    expect(a.attempts.tick(9_999 + HUSH)).toBeUndefined();
    expect([a.attempts.tick(10_000 + HUSH), a.said()]).toEqual([{ type: 'met' }, all]);
    expect([a.hears(ofB, 12_000), a.said()]).toEqual([[undefined], []]);
  });

  it('messages of no attempt that is known are not heard', () => {
    const { a, m2 } = visiting();
    expect([a.hears([...m2, ...flipped(m2)], 10_000), a.said()]).toEqual([[undefined, undefined], []]);
  });

  it('another M0 begins an attempt beside it, which succeeds as any other', () => {
    const { a } = visiting();
    const other = stranger(HIGHEST);
    expect(a.hears(other.m0, 10_000)).toEqual([{ type: 'begun' }]);
    const said = a.said();
    expect(types(said)).toEqual([M0, M1]);
    // Its own M0 comes back: nothing.
    expect([a.hears(said.slice(0, 1), 10_000), a.said()]).toEqual([[undefined], []]);
    other.hears(said);
    expect(a.hears(other.said(), 10_000)[0]).toMatchObject({ type: 'established', result: { role: 'A' } });
    expect(types(a.said())).toEqual([M3]);
  });

  it('as responder, too; a third M0 may replace the second before M2, and not after it', () => {
    const { a, ofB, all } = visiting();
    const [second, third] = [stranger(LOWEST), stranger(HIGH)];
    const [began] = a.hears(second.m0, 10_000);
    expect(began).toEqual({ type: 'begun' });
    const [ours] = a.said();
    if (ours === undefined) throw new Error('an M0 expected');
    // What is held is still there for the old peer.
    expect([a.hears(ofB, 10_000), a.said()]).toEqual([[{ type: 'met' }], all]);
    const roles = compareBytes(ours, third.m0[0] ?? ours) < 0 ? [M1] : [];
    expect([a.hears(third.m0, 10_000), types(a.said())]).toEqual([[undefined], roles]);
  });

  it('a wrong proof in it burns nothing and asks nobody; with none left only the old peer helps', () => {
    const { a, ofB, all } = visiting({ form: 'chosen' });
    const other = stranger(HIGHEST, { form: 'chosen' });
    a.hears(other.m0, 10_000);
    other.hears(a.said());
    expect(a.hears(flipped(other.said()), 10_000)).toEqual([{ type: 'over', after: 0 }]);
    expect(a.stage.codes()).toEqual(['SC-409', 'SC-331']);
    expect(detail({ ...a, stage: { ...a.stage, notices: a.stage.notices.slice(0, 1) } })).toEqual({
      attempt: 1,
      attempts: 1,
    });
    a.attempts.unpaired(20_000);
    a.attempts.paired(30_000);
    expect([a.hears(stranger(HIGH).m0, 30_000), a.said()]).toEqual([[undefined], []]);
    expect([a.hears(ofB, 30_000), a.said()]).toEqual([[{ type: 'met' }], all]);
    expect(a.attempts.close()).toBeUndefined();
  });

  it('the new attempt goes on in the next pairing: at its peer’s M0, or after HUSH', () => {
    for (const asked of [true, false]) {
      const { a } = visiting();
      const other = stranger(HIGHEST);
      a.hears(other.m0, 10_000);
      const said = a.said();
      a.attempts.unpaired(11_000);
      a.attempts.paired(12_000);
      const event = asked ? a.hears(other.m0, 12_000)[0] : a.attempts.tick(12_000 + HUSH);
      expect([event, a.said()]).toEqual([{ type: 'begun' }, said]);
      // Its time goes on.
      expect(a.attempts.wakeAt()).toBe(12_000 + ATTEMPT_TIMEOUT - 1_000);
      expect([a.hears(other.m0, 14_000), a.said()]).toEqual([[undefined], []]);
      other.hears(said);
      expect(a.hears(other.said(), 14_000)[0]).toMatchObject({ type: 'established' });
    }
  });

  /** In a visit A is B of a new attempt and has said M2. */
  function responding() {
    for (const seed of [LOWEST, `${LOWEST} again`, `${LOWEST} once more`, `${LOWEST} at last`]) {
      const { a } = visiting();
      const other = stranger(seed);
      a.hears(other.m0, 10_000);
      other.hears(a.said());
      a.hears(other.said(), 10_000);
      const m2 = a.said();
      if (types(m2).includes(M2)) return { a, other, m2 };
    }
    throw new Error('it never was the responder');
  }

  it('after M2 no other M0 in that pairing is heard, and the attempt succeeds', () => {
    const { a, other, m2 } = responding();
    expect([a.hears(stranger(HIGH).m0, 10_000), a.said(), a.stage.codes()]).toEqual([[undefined], [], []]);
    other.hears(m2);
    expect(a.hears(other.said(), 10_000)[0]).toMatchObject({ type: 'established', result: { role: 'B' } });
    expect([a.hears(other.m0, 10_000), a.said()]).toEqual([[undefined], []]);
  });

  it('the end says nothing of it: there are keys', () => {
    const { a } = responding();
    expect([a.attempts.close(), a.stage.codes(), a.crypto.live]).toEqual([undefined, [], ONLY_PRS]);
  });

  it('nor is one after an attempt in it was over', () => {
    const { a } = visiting();
    const other = stranger(HIGHEST);
    a.hears(other.m0, 10_000);
    other.hears(a.said());
    expect(a.hears(flipped(other.said()), 10_000)[0]).toMatchObject({ type: 'over' });
    expect([a.hears(stranger(HIGH).m0, 10_000), a.said()]).toEqual([[undefined], []]);
  });

  it('one in it that has counted gives way to another in the next pairing, and that is told', () => {
    const { a } = responding();
    a.attempts.unpaired(10_000);
    a.attempts.paired(10_000);
    a.hears(stranger(HIGH).m0, 10_000);
    expect(a.stage.codes()).toEqual(['SC-409']);
    expect(detail(a)).toEqual({ attempt: 1, attempts: 3 });
  });

  it('ends when the peer has shown that it holds the keys: nothing is heard or said any more', () => {
    const { a, ofB } = visiting();
    a.hears(stranger(HIGHEST).m0, 10_000);
    a.said();
    a.attempts.settled();
    expect([a.crypto.live, a.attempts.wakeAt()]).toEqual([ONLY_PRS, NEVER]);
    expect([a.hears(ofB, 10_000), a.said()]).toEqual([[undefined], []]);
  });
});
