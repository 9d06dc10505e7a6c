/**
 * Attempts (protocol.md section 4): a typo asks a person and burns no code, a cut costs nothing but time, a stranger
 * strands nobody, and a relay that plays with pairings gets one attempt.
 */
import { describe, expect, it } from 'vitest';
import { EXIT } from '../../../core/errors.js';
import type { CodeForm } from '../../../core/room/code.js';
import { ATTEMPT_WHOLE } from '../../../core/session/attempts.js';
import { GUESS_WAITS, REJOIN_SPREAD } from '../../../core/session/tally.js';
import { REPLACED_LIMIT } from '../../../core/session/session.js';
import { createPair, opposite, type Pair, SIDES, type Side } from '../../support/pair.js';

const RIGHT_CODE = '482913-tunnel-anchor-mango';
const WRONG = { secret: 'tunnel-anchor-zebra' };
const M0 = 0x01;
const M2 = 0x03;
const M3 = 0x04;
const FRAME = 0x10;
const codes = (pair: Pair, side: Side): string[] => pair[side].notices.map(({ code }) => code);

function expectMet(pair: Pair): void {
  for (const side of SIDES) expect(pair[side].session.state).toBe('active');
  expect(pair.left.words).toEqual(pair.right.words);
  for (const side of SIDES) pair.send(side, `from ${side}`);
  pair.advance(1_000);
  for (const side of SIDES) expect(pair[side].messages).toEqual([`from ${opposite(side)}`]);
}

/** Both roles come up: whoever has the smaller commitment is A. */
function inBothRoles(run: () => Side): void {
  const seen = new Set<Side>();
  for (let i = 0; i < 64 && seen.size < 2; i++) seen.add(run());
  expect(seen.size).toBe(2);
}

const roleA = (pair: Pair): Side => (pair.left.frames.some((frame) => frame[0] === 0x02) ? 'left' : 'right');

describe('a typo', () => {
  it('asks who typed it; the code lives, and the right one connects', () => {
    inBothRoles(() => {
      const pair = createPair({ left: { asks: true }, right: { ...WRONG, asks: true } });
      pair.start();
      pair.advance(20_000);
      expect(pair.right.wanted).toEqual([true]);
      expect(codes(pair, 'right')).toEqual(['SC-402']);
      expect(pair.right.session.state).toBe('searching');
      // Who found the room empty counts as the one that made the code: it is told, and waits.
      expect(pair.left.wanted).toEqual([]);
      const role = roleA(pair);
      pair.retype('right', RIGHT_CODE);
      pair.advance(20_000);
      expectMet(pair);
      expect(pair.left.notices.filter(({ code }) => code === 'SC-409')).toEqual([
        expect.objectContaining({ detail: { attempt: 1, attempts: 3 } }),
      ]);
      return role;
    });
  });

  it('ends at once with 4 where nobody can be asked, and somebody else still gets in with the right code', () => {
    inBothRoles(() => {
      const pair = createPair({ left: { asks: true }, right: WRONG });
      pair.start();
      pair.advance(20_000);
      expect(pair.right.ended).toMatchObject({ code: 'SC-408', exit: EXIT.wrongCode });
      expect(pair.right.wanted).toEqual([]);
      expect(pair.left.ended).toBeUndefined();
      return roleA(pair);
    });
  });

  it('ends with 4 when the input has ended before, or ends while the code is asked for', () => {
    for (const before of [true, false]) {
      const pair = createPair({ right: { ...WRONG, asks: true } });
      pair.startOne('right');
      pair.send('right', 'held');
      pair.startOne('left');
      if (before) pair.ui('right', { type: 'end-of-input' });
      // The left side joined later, and has nobody to ask.
      pair.settle();
      pair.advance(20_000);
      if (!before) expect(pair.left.ended).toMatchObject({ code: 'SC-408' });
    }
    const pair = createPair({ right: { ...WRONG, asks: true } });
    pair.start();
    pair.advance(20_000);
    expect(pair.right.wanted).toHaveLength(1);
    pair.ui('right', { type: 'end-of-input' });
    expect(pair.right.ended).toMatchObject({ code: 'SC-408', exit: EXIT.wrongCode });
    expect(pair.right.crypto.live).toBe(0);
  });

  it('Enter stands for the same code; the count goes on and burns it at the third', () => {
    const pair = createPair({ left: { asks: true }, right: { ...WRONG, asks: true } });
    pair.start();
    for (let i = 1; i <= 2; i++) {
      pair.advance(30_000);
      expect(pair.right.wanted).toHaveLength(i);
      pair.retype('right');
    }
    // Who has sealed M2 cannot tell a wrong code from a cut.
    pair.advance(2 * ATTEMPT_WHOLE);
    expect(SIDES.map((side) => pair[side].ended?.code).sort()).toEqual(['SC-334', 'SC-401']);
    for (const side of SIDES) {
      expect(pair[side].ended?.exit).toBe(EXIT.wrongCode);
      expect(pair[side].messages).toEqual([]);
      expect(pair[side].crypto.live).toBe(0);
    }
  });

  it('of another code begins the count anew, the same one typed again does not', () => {
    const pair = createPair({ left: { asks: true }, right: { ...WRONG, asks: true } });
    pair.start();
    pair.advance(20_000);
    pair.retype('right', '482913-TUNNEL-anchor-zebra');
    pair.advance(30_000);
    const said = pair.right.notices.filter(({ code }) => code === 'SC-402').map(({ detail }) => detail['attempt']);
    expect(said).toEqual([1, 2]);
    pair.retype('right', '482913-tunnel-anchor-zoo');
    pair.advance(2 * ATTEMPT_WHOLE);
    expect(pair.right.notices.at(-1)?.detail).toMatchObject({ attempt: 1 });
  });

  it('that is malformed is told, and asked for again', () => {
    const pair = createPair({ left: { asks: true }, right: { ...WRONG, asks: true } });
    pair.start();
    pair.advance(20_000);
    pair.retype('right', '482913-tunnel-anchor-mangoo');
    pair.retype('right', '!');
    expect(codes(pair, 'right')).toEqual(['SC-402', 'SC-302', 'SC-301']);
    expect(pair.right.wanted).toHaveLength(3);
    pair.retype('right', RIGHT_CODE);
    pair.advance(20_000);
    expectMet(pair);
  });

  it('a code where none is asked for is refused', () => {
    const pair = createPair();
    pair.startOne('left');
    pair.retype('left', RIGHT_CODE);
    expect(codes(pair, 'left')).toEqual(['SC-312']);
  });

  it('who made the code waits before it joins again, and longer the second time', () => {
    const pair = createPair({ left: { asks: true }, right: { ...WRONG, asks: true } });
    const waits: number[] = [];
    let told = 0;
    pair.start();
    for (let ms = 0; ms < 60_000; ms += 50) {
      pair.advance(50);
      // That the peer has used up its attempts (SC-339) is told too, and then nobody joins again.
      if (codes(pair, 'left').filter((code) => code === 'SC-409').length > told) {
        told += 1;
        const joins = pair.left.joins.length;
        const since = pair.now;
        while (pair.left.joins.length === joins && pair.now < 60_000) pair.advance(50);
        waits.push(pair.now - since);
      }
      if (pair.right.wanted.length > waits.length - 1 && told < 2) pair.retype('right');
    }
    expect(waits).toHaveLength(2);
    for (const [i, least] of GUESS_WAITS.entries()) {
      expect(waits[i]).toBeGreaterThanOrEqual(least - 50);
      expect(waits[i]).toBeLessThanOrEqual(least + REJOIN_SPREAD + 100);
    }
  });
});

describe('a cut', () => {
  const FORMS: [CodeForm, string][] = [
    ['generated', 'tunnel-anchor-mango'],
    ['chosen', 'blue horse'],
    ['none', ''],
  ];

  for (const [form, secret] of FORMS) {
    it.each([1, 2, 3, 4, 5, 6])(`just before frame %i of the handshake burns nothing (${form})`, (number) => {
      for (let i = 0; i < 8; i++) {
        const options = { form, secret };
        const pair = createPair({ left: options, right: options });
        let frames = 0;
        pair.relay.frame = (frame, from, { deliver, cut }) => {
          frames += 1;
          if (frames === number) for (const side of SIDES) cut(side);
          else deliver(opposite(from), frame);
        };
        pair.start();
        pair.advance(60_000);
        expect(frames).toBeGreaterThanOrEqual(number);
        for (const side of SIDES) {
          expect(pair[side].ended).toBeUndefined();
          expect(pair[side].session.state).toBe(form === 'none' ? 'confirming' : 'active');
          expect(codes(pair, side).filter((code) => /SC-(401|402|408|409)/.test(code))).toEqual([]);
        }
        expect(pair.left.words).toEqual(pair.right.words);
      }
    });
  }

  it('sends the same bytes again: a second share or proof never comes of one attempt', () => {
    const pair = createPair();
    let cuts = 0;
    pair.relay.frame = (frame, from, { deliver, cut }) => {
      if (frame[0] === M2 && cuts++ < 3) for (const side of SIDES) cut(side);
      else deliver(opposite(from), frame);
    };
    pair.start();
    pair.advance(30_000);
    expect(cuts).toBeGreaterThan(3);
    const all = SIDES.flatMap((side) => pair[side].frames);
    for (const type of [0x02, M2, M3]) {
      expect(new Set(all.filter((frame) => frame[0] === type).map((frame) => frame.join())).size).toBe(1);
    }
    expectMet(pair);
  });
});

describe('a provisional side', () => {
  /** M3 is sealed and lost; then both connections are cut. */
  function provisional(options: Parameters<typeof createPair>[0] = {}): { pair: Pair; A: Side; B: Side } {
    const pair = createPair(options);
    let A: Side | undefined;
    pair.relay.frame = (frame, from, { deliver }) => {
      if (frame[0] === M3) A = from;
      if (A === undefined) deliver(opposite(from), frame);
    };
    pair.start();
    if (A === undefined) throw new Error('there was no M3');
    for (const side of SIDES) pair.cut(side);
    return { pair, A, B: opposite(A) };
  }

  it('says the same messages again when the peer waits with its attempt, and nothing typed is lost', () => {
    const { pair, A, B } = provisional();
    pair.send(A, 'early');
    delete pair.relay.frame;
    pair.advance(20_000);
    expect(pair[B].messages).toEqual(['early']);
    const thirds = pair[A].frames.filter((frame) => frame[0] === M3);
    expect(thirds.length).toBeGreaterThan(1);
    expect(new Set(thirds.map((frame) => frame.join())).size).toBe(1);
    expect(pair.left.words).toEqual(pair.right.words);
  });

  it('is not stranded by a stranger without the code: the state falls only to who proves the code', () => {
    const { pair, A, B } = provisional();
    const rendezvous = pair[A].joins[0]?.room;
    const stranger = createPair();
    stranger.start();
    const foreign = stranger.left.frames.find((frame) => frame[0] === M0);
    if (foreign === undefined) throw new Error('an M0 expected');
    // B has no network; A is alone in one room, and with the stranger in the other.
    let met = 0;
    pair.relay.join = (join, from, { control, cut, deliver, settle }) => {
      if (from === B) {
        cut(from);
        return true;
      }
      const visit = join.room === rendezvous;
      control(from, { type: 'joined', peer: visit });
      if (!visit) return true;
      settle();
      met += 1;
      deliver(from, foreign);
      return true;
    };
    pair.relay.frame = () => undefined;
    pair.advance(120_000);
    expect(met).toBeGreaterThan(1);
    delete pair.relay.join;
    delete pair.relay.frame;
    pair.advance(60_000);
    expectMet(pair);
    for (const side of SIDES) expect(codes(pair, side).filter((code) => /SC-(401|402|408|409)/.test(code))).toEqual([]);
  });

  it('meets its peer by a new handshake when that one has begun anew, and tells no false delivery', () => {
    for (let i = 0; i < 4; i++) {
      const { pair, A, B } = provisional({ left: { asks: true }, right: { asks: true } });
      pair.send(A, 'under the old keys');
      // B gives its attempt up: 30 seconds with somebody who says nothing.
      pair.relay.frame = () => undefined;
      pair.advance(300_000);
      delete pair.relay.frame;
      if (pair[B].wanted.length > 0) pair.retype(B);
      pair.advance(60_000);
      expect(pair[B].messages.at(0)).toBe('under the old keys');
      expect(pair.left.words).toEqual(pair.right.words);
    }
  });

  it('is replaced at most a few times: then the session ends, and everything is wiped', () => {
    const none = { form: 'none', secret: '' } as const;
    const pair = createPair({ left: none, right: none });
    pair.relay.frame = (frame, from, { deliver }) => {
      // M3 never arrives: whoever waits for it begins anew, and so takes the place of the peer that was found before.
      if (frame[0] !== M3 && frame[0] !== FRAME) deliver(opposite(from), frame);
    };
    pair.start();
    for (let i = 0; i < 4_000 && SIDES.every((side) => pair[side].ended === undefined); i++) pair.advance(1_000);
    const [out] = SIDES.filter((side) => pair[side].ended !== undefined);
    if (out === undefined) throw new Error('it goes on for ever');
    expect(pair[out].ended).toMatchObject({ code: 'SC-410', exit: EXIT.violation });
    const thirds = pair[out].frames.filter((frame) => frame[0] === M3);
    expect(new Set(thirds.map((frame) => frame.join())).size).toBe(1 + REPLACED_LIMIT + 1);
    expect(pair[out].crypto.live).toBe(0);
  });
});

describe('a full room', () => {
  /** The relay says so to this side, so many times. */
  function full(pair: Pair, side: Side, times: number): void {
    let left = times;
    pair.relay.join = (_join, from) => {
      if (from !== side || left === 0) return false;
      left -= 1;
      pair.control(side, { type: 'error', code: 'room-full' });
      return true;
    };
  }

  it('ends who comes first, and is waited out by who has had its seat: the peer may be there twice', () => {
    const stranger = createPair();
    full(stranger, 'left', 1);
    stranger.startOne('left');
    stranger.settle();
    expect(stranger.left.ended).toMatchObject({ code: 'SC-303', exit: EXIT.relay });

    const pair = createPair();
    pair.startOne('left');
    pair.settle();
    full(pair, 'left', 4);
    pair.cut('left');
    pair.advance(15_000);
    expect(pair.left.ended).toBeUndefined();
    expect(codes(pair, 'left')).toEqual(['SC-325']);
    pair.startOne('right');
    pair.advance(15_000);
    expectMet(pair);
  });

  it('that stays full ends it when patience does', () => {
    const pair = createPair({ left: { resumeTimeout: 60_000 } });
    pair.startOne('left');
    pair.settle();
    full(pair, 'left', Number.POSITIVE_INFINITY);
    pair.cut('left');
    pair.advance(75_000);
    expect(pair.left.ended).toMatchObject({ code: 'SC-303' });
  });

  it('patience begins anew with a connection that lasted, also where the relay itself ends it', () => {
    const pair = createPair({ left: { resumeTimeout: 60_000 } });
    pair.startOne('left');
    pair.settle();
    pair.cut('left');
    pair.advance(600_000);
    pair.control('left', { type: 'error', code: 'shutting-down' });
    pair.advance(10_000);
    expect(pair.left.ended).toBeUndefined();
    pair.startOne('right');
    pair.advance(10_000);
    expectMet(pair);
  });
});

describe('a relay that plays', () => {
  it('accepts and dies: it is asked more and more seldom, and that is told once', () => {
    const pair = createPair();
    pair.startOne('left');
    pair.settle();
    pair.relay.join = (_join, from) => {
      pair.control(from, { type: 'joined', peer: false });
      pair.settle();
      pair.cut(from);
      return true;
    };
    pair.cut('left');
    const before = pair.left.joins.length;
    pair.advance(60_000);
    expect(pair.left.joins.length - before).toBeLessThan(20);
    expect(codes(pair, 'left')).toEqual(['SC-325']);
  });

  it('floods peer-joined: the connection is closed after eight a minute', () => {
    const pair = createPair();
    pair.startOne('left');
    pair.settle();
    const before = pair.left.frames.length;
    for (let i = 0; i < 1_000; i++) pair.control('left', { type: 'peer-joined' });
    pair.settle();
    expect(pair.left.frames.length - before).toBeLessThanOrEqual(8);
    pair.advance(5_000);
    expect(pair.left.joins.length).toBe(2);
  });
});
