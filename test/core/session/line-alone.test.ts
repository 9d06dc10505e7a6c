/**
 * The connection of a session without a session (protocol.md section 7): one seat in one room, what is taken of the relay in
 * which state, how long anything is waited for, and when the back-off returns to its start.
 */
import { describe, expect, it } from 'vitest';
import type { CloseReason, CryptoPort, TransportEvent } from '../../../core/ports.js';
import { base64url } from '../../../core/protocol/bytes.js';
import { BACKOFF_FACTOR, BACKOFF_MIN } from '../../../core/session/backoff.js';
import {
  createLine,
  JOIN_TIMEOUT,
  LASTING,
  type Line,
  PAIRINGS_LIMIT,
  PAIRINGS_TIME,
  type Place,
  WAITING_LIMIT,
} from '../../../core/session/line.js';
import { TICKET_TIMEOUT } from '../../../core/session/ticket-work.js';
import { NEVER } from '../../../core/timers.js';
import { createStage } from '../../support/stage.js';

const OPEN_TIMEOUT = 7_000;
const name = (byte: number): string => base64url(new Uint8Array(32).fill(byte));
const PLACE: Place = {
  join: { room: name(1), seat: name(2), mode: 'create' },
  openTimeout: OPEN_TIMEOUT,
  meeting: true,
};
const AFTERWARDS: Place = { ...PLACE, join: { ...PLACE.join, mode: 'join' }, meeting: false };

/** The back-off draws the least; a digest has no bits too few. */
const crypto = { random: (n: number) => new Uint8Array(n), digest: () => new Uint8Array(64) } as unknown as CryptoPort;
const FIRST = BACKOFF_MIN / 2;
const SECOND = FIRST * BACKOFF_FACTOR;

const OPEN: TransportEvent = { type: 'open' };
const control = (message: unknown): TransportEvent => ({ type: 'control', message });
const frame = (...bytes: number[]): TransportEvent => ({ type: 'frame', frame: Uint8Array.from(bytes) });
const closed = (reason: CloseReason = 'lost'): TransportEvent => ({ type: 'closed', reason, detail: 'why' });
const JOINED = control({ type: 'joined', peer: false });
const PAIRED = control({ type: 'peer-joined' });

function made(asksAddress?: boolean) {
  const stage = createStage();
  const line = createLine(stage.host, crypto, asksAddress);
  const does = (): string[] => stage.effects.splice(0).flatMap(({ type }) => (type === 'show' ? [] : [type]));
  return { stage, line, does };
}

/** On the way: 'opening', 'joining' or 'joined'. */
function at(where: 'opening' | 'joining' | 'joined', place = PLACE, asksAddress?: boolean) {
  const one = made(asksAddress);
  one.line.seek(place, 0);
  if (where !== 'opening') one.line.handle(OPEN, 0);
  if (where === 'joined') one.line.handle(JOINED, 0);
  one.does();
  return one;
}

/** How long the back-off waits now. */
const waits = (line: Line, now: number): number => {
  line.again(now);
  return line.wakeAt() - now;
};

describe('the way to the seat', () => {
  it('is a connection, a join, an answer, each with its time', () => {
    const { line, stage, does } = made();
    expect([line.wakeAt(), line.direct, line.ready, line.waiting, line.observed]).toEqual([
      ...[NEVER, false, true, 0, undefined],
    ]);
    line.seek(PLACE, 100);
    expect(stage.effects.filter(({ type }) => type === 'connect')).toEqual([{ type: 'connect', join: PLACE.join }]);
    expect(stage.views('relay')).toEqual([{ type: 'relay', attempt: 1, joined: false }]);
    expect(line.wakeAt()).toBe(100 + OPEN_TIMEOUT);
    does();
    expect(line.handle(OPEN, 200)).toBeUndefined();
    expect(line.wakeAt()).toBe(200 + JOIN_TIMEOUT);
    // A second one is nothing.
    line.handle(OPEN, 300);
    expect(line.wakeAt()).toBe(200 + JOIN_TIMEOUT);
    expect(line.handle(JOINED, 400)).toEqual({ type: 'joined', peer: false });
    expect(stage.views('relay')).toEqual([{ type: 'relay', attempt: 0, joined: true }]);
    expect([line.wakeAt(), line.handle(JOINED, 500), does()]).toEqual([NEVER, undefined, []]);
  });

  it('makes a room once: what the relay has given is joined, also when the peer is back before', () => {
    const joins = ({ stage }: ReturnType<typeof made>): string[] =>
      stage.effects.flatMap((effect) => (effect.type === 'connect' ? [effect.join.mode] : []));
    const given = at('joined');
    given.line.tick(waits(given.line, 0));
    expect(joins(given)).toEqual(['join']);
    const not = at('joining');
    not.line.tick(waits(not.line, 0));
    expect(joins(not)).toEqual(['create']);
  });

  it('afterwards nobody is told how often the relay is asked', () => {
    const { stage } = at('joined', AFTERWARDS);
    expect(stage.views('relay')).toEqual([]);
  });

  it('asks for the address where that is wanted, and knows it as long as the connection lasts', () => {
    const { line, stage } = made(true);
    line.seek(PLACE, 0);
    expect(stage.effects[1] ?? stage.effects[0]).toMatchObject({ join: { ...PLACE.join, address: true } });
    line.handle(OPEN, 0);
    line.handle(control({ type: 'joined', peer: false, address: '203.0.113.7:4000' }), 0);
    expect(line.observed).toBe('203.0.113.7:4000');
    line.seek(PLACE, 0);
    expect(line.observed).toBeUndefined();
  });

  it('with the peer there is a pairing at once', () => {
    const { line } = at('joining');
    expect(line.handle(control({ type: 'joined', peer: true }), 0)).toEqual({ type: 'joined', peer: true });
  });

  it.each([
    ['opening', OPEN_TIMEOUT, 'SC-101', 'no connection in time'],
    ['joining', JOIN_TIMEOUT, 'SC-107', 'no answer to the join'],
  ] as const)('%s takes too long: it is lost', (where, timeout, code, why) => {
    const { line, does } = at(where);
    expect([line.tick(timeout - 1), does()]).toEqual([undefined, []]);
    expect(line.tick(timeout)).toEqual({ type: 'lost', code, why, age: undefined });
    expect([does(), line.wakeAt()]).toEqual([['disconnect'], NEVER]);
  });

  it('later: not before its time, and only the last place that was wanted', () => {
    const { line, stage, does } = made();
    line.seek(PLACE, 0, 500);
    line.seek(AFTERWARDS, 0, 700);
    expect([line.wakeAt(), line.tick(699), does()]).toEqual([700, undefined, []]);
    line.tick(700);
    expect(stage.effects).toEqual([{ type: 'connect', join: AFTERWARDS.join }]);
  });

  it('another one leaves what there is; from nowhere there is nothing to leave', () => {
    const one = at('joined');
    one.line.seek(PLACE, 0, 100);
    expect(one.does()).toEqual(['disconnect']);
    one.line.seek(PLACE, 0, 200);
    one.line.leave();
    one.line.finish();
    expect(one.does()).toEqual([]);
    const open = at('opening');
    open.line.leave();
    expect([open.does(), open.line.wakeAt()]).toEqual([['disconnect'], NEVER]);
    const joining = at('joining');
    joining.line.again(0);
    expect(joining.does()).toEqual(['disconnect']);
  });
});

describe('what the relay says', () => {
  it('counts only where it can be meant', () => {
    expect(at('opening').line.handle(JOINED, 0)).toBeUndefined();
    for (const where of ['opening', 'joining'] as const) {
      expect(at(where).line.handle(frame(1), 0)).toBeUndefined();
      for (const type of ['peer-joined', 'peer-left'] as const) {
        expect(at(where).line.handle(control({ type }), 0)).toBeUndefined();
      }
    }
    const { line } = at('joined');
    expect(line.handle(PAIRED, 0)).toEqual({ type: 'paired' });
    expect(line.handle(control({ type: 'peer-left' }), 0)).toEqual({ type: 'alone' });
    expect(line.handle(frame(1, 2), 0)).toEqual({ type: 'frame', frame: Uint8Array.of(1, 2) });
    expect(line.handle(control({ type: 'weather' }), 0)).toEqual({ type: 'nonsense' });
    expect(line.handle({ type: 'drain' }, 0)).toEqual({ type: 'drain' });
    expect(at('opening').line.handle(control({ type: 'weather' }), 0)).toBeUndefined();
  });

  it('a refusal has its delay, and the age of the seat where there was one', () => {
    const refused = { type: 'error', code: 'busy', retryAfterMs: 1_500 };
    const about = { type: 'refused', code: 'busy', retryAfterMs: 1_500 };
    expect(at('joining').line.handle(control(refused), 50)).toEqual({ ...about, age: undefined });
    expect(at('joined').line.handle(control(refused), 50)).toEqual({ ...about, age: 50 });
  });

  it('work is done once, and the join said again with the ticket', () => {
    const challenged = { type: 'error', code: 'busy', ticket: { challenge: name(3), difficulty: 1 } };
    const { line, stage } = at('joining', PLACE, true);
    expect(line.handle(control(challenged), 100)).toBeUndefined();
    expect(line.wakeAt()).toBe(100);
    line.tick(100);
    const [joined] = stage.effects.filter(({ type }) => type === 'join');
    expect(joined).toEqual({
      type: 'join',
      join: { ...PLACE.join, address: true, ticket: base64url(new Uint8Array(8)) },
    });
    expect(line.wakeAt()).toBe(100 + JOIN_TIMEOUT);
    expect(line.handle(control(challenged), 200)).toMatchObject({ type: 'refused', code: 'busy' });
    // On another connection it may be asked for again.
    line.seek(PLACE, 300);
    line.handle(OPEN, 300);
    expect(line.handle(control(challenged), 300)).toBeUndefined();
    // An answer ends it.
    line.handle(JOINED, 300);
    expect(line.wakeAt()).toBe(NEVER);
    expect(at('joined').line.handle(control(challenged), 0)).toMatchObject({ type: 'refused' });
  });

  it('work that takes too long is given up', () => {
    const one = at('joining');
    const hard = { challenge: name(3), difficulty: 20 };
    const slow = createLine(one.stage.host, { ...crypto, digest: () => new Uint8Array(64).fill(0xff) });
    slow.seek(PLACE, 0);
    slow.handle(OPEN, 0);
    slow.handle(control({ type: 'error', code: 'busy', ticket: hard }), 100);
    expect(slow.tick(99 + TICKET_TIMEOUT)).toBeUndefined();
    expect(slow.tick(100 + TICKET_TIMEOUT)).toMatchObject({ type: 'lost', code: 'SC-107' });
  });

  it('too many pairings in a minute close the connection; another one counts anew', () => {
    const { line, does } = at('joined');
    for (let n = 0; n < PAIRINGS_LIMIT; n++) expect(line.handle(PAIRED, n)).toEqual({ type: 'paired' });
    expect(line.handle(PAIRED, PAIRINGS_TIME - 1)).toEqual({
      ...{ type: 'lost', code: 'SC-107', why: 'too many pairings', age: PAIRINGS_TIME - 1 },
    });
    expect(does()).toEqual(['disconnect']);
    const slow = at('joined').line;
    for (let n = 0; n < PAIRINGS_LIMIT; n++) slow.handle(PAIRED, n);
    expect(slow.handle(PAIRED, PAIRINGS_TIME)).toEqual({ type: 'paired' });
    expect(slow.handle(PAIRED, PAIRINGS_TIME)).toMatchObject({ type: 'lost' });
    slow.seek(PLACE, PAIRINGS_TIME);
    slow.handle(OPEN, PAIRINGS_TIME);
    const withPeer = control({ type: 'joined', peer: true });
    expect(slow.handle(withPeer, PAIRINGS_TIME)).toEqual({ type: 'joined', peer: true });
    // The one that it was joined with is none of them.
    for (let n = 0; n < PAIRINGS_LIMIT; n++) expect(slow.handle(PAIRED, PAIRINGS_TIME)).toEqual({ type: 'paired' });
    expect(slow.handle(PAIRED, PAIRINGS_TIME)).toMatchObject({ type: 'lost' });
  });
});

describe('the end of a connection', () => {
  it.each([
    ['unreachable', 'SC-101'],
    ['rejected', 'SC-107'],
    ['lost', 'SC-108'],
    ['closed', 'SC-108'],
  ] as const)('%s is a loss, with its age where there was a seat', (reason, code) => {
    expect(at('opening').line.handle(closed(reason), 9)).toEqual({ type: 'lost', code, why: 'why', age: undefined });
    const { line, does } = at('joined');
    expect(line.handle(closed(reason), 9)).toEqual({ type: 'lost', code, why: 'why', age: 9 });
    expect([does(), line.wakeAt()]).toEqual([['disconnect'], NEVER]);
  });

  it('the code of the transport comes first', () => {
    const event: TransportEvent = { ...closed(), type: 'closed', reason: 'rejected', detail: 'why', code: 'SC-113' };
    expect(at('joining').line.handle(event, 0)).toMatchObject({ code: 'SC-113' });
  });

  it('of one that was left is nothing; of one that was finished it is the end, and nothing is taken in before', () => {
    const left = at('joined');
    left.line.leave();
    expect(left.line.handle(closed(), 0)).toBeUndefined();
    left.line.again(0);
    expect(left.line.handle(closed(), 0)).toBeUndefined();
    const { line, does } = at('joined');
    line.finish();
    expect(does()).toEqual(['disconnect']);
    expect([line.handle(frame(1), 0), line.handle(PAIRED, 0), line.handle(OPEN, 0)]).toEqual([
      ...[undefined, undefined, undefined],
    ]);
    line.transmit(Uint8Array.of(1));
    expect(does()).toEqual([]);
    expect(line.handle(closed(), 0)).toEqual({ type: 'closed' });
  });
});

describe('what waits to be sent', () => {
  it('has a limit, for frames and for the messages of a handshake', () => {
    const { line, stage } = at('joined');
    line.transmit(Uint8Array.of(1, 2, 3));
    expect([line.waiting, line.ready, line.say(Uint8Array.of(4))]).toEqual([3, true, true]);
    expect(stage.effects.map((effect) => (effect.type === 'transmit' ? [...effect.frame] : effect.type))).toEqual([
      [1, 2, 3],
      [4],
    ]);
    line.sampled(WAITING_LIMIT - 1);
    expect([line.ready, line.say(Uint8Array.of(4)), line.waiting]).toEqual([true, true, WAITING_LIMIT]);
    expect([line.ready, line.say(Uint8Array.of(4)), line.waiting]).toEqual([false, false, WAITING_LIMIT]);
    line.seek(PLACE, 0);
    expect([line.ready, line.waiting]).toEqual([true, 0]);
    line.transmit(Uint8Array.of(1));
    expect(line.waiting).toBe(0);
  });
});

describe('a direct path', () => {
  it('is taken instead of the relay, and nothing that the relay says counts', () => {
    const { line, stage } = at('joined', PLACE, true);
    line.sampled(WAITING_LIMIT);
    expect(line.take(7, 100)).toEqual({ type: 'moved' });
    expect([line.direct, line.ready, line.observed, line.wakeAt()]).toEqual([true, true, undefined, NEVER]);
    expect(stage.effects.at(-1)).toEqual({ type: 'take', id: 7 });
    expect(line.handle(PAIRED, 100)).toBeUndefined();
    expect(line.handle(frame(1), 100)).toMatchObject({ type: 'frame' });
    expect(line.handle(closed(), 150)).toMatchObject({ type: 'lost', age: 50 });
    expect(line.direct).toBe(false);
  });

  it('leaves the relay, and the relay that is joined again leaves it', () => {
    const { line, does } = at('joined');
    line.take(7, 0);
    expect(does()).toEqual(['disconnect', 'take']);
    line.seek(PLACE, 0);
    expect(does()).toEqual(['connect']);
  });
});

describe('the back-off', () => {
  it('grows, and asks again in the same place, not before what the relay said', () => {
    const { line, stage, does } = at('joined');
    line.again(1_000);
    expect([does(), line.wakeAt()]).toEqual([['disconnect'], 1_000 + FIRST]);
    line.again(1_000);
    expect(line.wakeAt()).toBe(1_000 + SECOND);
    line.again(1_000, 9_000);
    expect(line.wakeAt()).toBe(10_000);
    line.tick(10_000);
    expect(stage.effects.some(({ type }) => type === 'connect')).toBe(true);
    expect(made().line.delay()).toBe(FIRST);
  });

  it('returns to its start when the peer is there', () => {
    const { line, stage } = at('joined');
    line.delay();
    line.trouble('slow');
    line.trouble('slower');
    expect(stage.notices).toEqual([{ code: 'SC-325', detail: { why: 'slow' } }]);
    line.worked(1);
    line.trouble('slow again');
    expect(stage.codes()).toEqual(['SC-325', 'SC-325']);
    expect(waits(line, 1)).toBe(FIRST);
  });

  it('after what was not the peer’s only when the connection has lasted', () => {
    const { line } = at('joined');
    line.delay();
    line.distrust();
    line.worked(LASTING - 1);
    expect(line.delay()).toBe(SECOND);
    line.worked(LASTING);
    expect(line.delay()).toBe(FIRST);
    // Believed, until the next time.
    line.worked(LASTING);
    expect(line.delay()).toBe(FIRST);
    const away = made().line;
    away.delay();
    away.distrust();
    away.worked(1e9);
    expect(away.delay()).toBe(SECOND);
  });

  it('before there are keys also when it lasted and was lost; afterwards time alone says nothing', () => {
    for (const [place, age, expected] of [
      [PLACE, LASTING, FIRST],
      [PLACE, LASTING - 1, SECOND],
      [AFTERWARDS, LASTING, SECOND],
    ] as const) {
      const { line } = at('joined', place);
      line.delay();
      line.handle(closed(), age);
      expect(line.delay()).toBe(expected);
    }
    const { line } = at('joining');
    line.delay();
    line.handle(closed(), LASTING);
    expect(line.delay()).toBe(SECOND);
  });
});
