/**
 * A relay that is hostile to the resume (protocol.md section 7): it withholds acks, delivers to the wrong room, shouts.
 * Memory and work stay bounded, what is told is true, and when it stops nothing was lost. Old proofs and mirrors are in
 * resume.test.ts.
 */
import { describe, expect, it } from 'vitest';
import { RESUME_TYPE } from '../../../core/protocol/resume.js';
import { BACKOFF_MAX } from '../../../core/session/backoff.js';
import { CONTROL_WINDOW_FRAMES, DATA_WINDOW_FRAMES } from '../../../core/session/unacked.js';
import { connectedPair, opposite, type Pair, SIDES, type Side } from '../../support/pair.js';

const FRAME = 0x10;
const SECOND = 1000;
const codes = (pair: Pair, side: Side): string[] => pair[side].notices.map(({ code }) => code);
const count = (list: readonly unknown[], one: unknown): number => list.filter((each) => each === one).length;

function settled(): Pair {
  const pair = connectedPair();
  pair.advance(SECOND);
  return pair;
}

describe('a relay that withholds every ack', () => {
  it('gets no more than a window; what is shown is in order and once; then all of it arrives', () => {
    const pair = settled();
    const between: number[] = [0];
    pair.relay.frame = (frame, from, { deliver }) => {
      if (from === 'right' && frame[0] === FRAME) return;
      if (from === 'left' && frame[0] === RESUME_TYPE.one) between.push(0);
      if (from === 'left' && frame[0] === FRAME) between[between.length - 1] = (between.at(-1) ?? 0) + 1;
      deliver(opposite(from), frame);
    };
    const texts = Array.from({ length: 2000 }, (_, i) => `message ${i}`);
    for (const text of texts) pair.send('left', text);
    pair.advance(5 * SECOND);
    // Before the line is taken for lost: the window and no more.
    expect(pair.right.messages).toEqual(texts.slice(0, pair.right.messages.length));
    expect(pair.right.messages.length).toBeLessThanOrEqual(DATA_WINDOW_FRAMES);
    expect(count([...pair.left.statuses.values()], 'delivered')).toBe(0);
    pair.advance(120 * SECOND);
    for (const frames of between) expect(frames).toBeLessThanOrEqual(DATA_WINDOW_FRAMES + CONTROL_WINDOW_FRAMES);
    expect(pair.right.messages).toEqual(texts.slice(0, pair.right.messages.length));
    delete pair.relay.frame;
    pair.advance(60 * SECOND);
    expect(pair.right.messages).toEqual(texts);
    expect(count([...pair.left.statuses.values()], 'delivered')).toBe(texts.length);
  });
});

describe('a relay that delivers to the wrong room', () => {
  it('frames and proofs of other people open nothing, and it is told after the third time', () => {
    const [pair, others] = [settled(), settled()];
    const foreign: Uint8Array[] = [];
    others.relay.frame = (frame, from, { deliver }) => {
      if (from === 'right') foreign.push(frame);
      deliver(opposite(from), frame);
    };
    others.cut('left');
    others.advance(SECOND);
    others.send('right', 'for other people');
    others.advance(SECOND);
    const of = (type: number): Uint8Array[] => foreign.filter((frame) => frame[0] === type);
    expect([of(RESUME_TYPE.one).length, of(RESUME_TYPE.two).length]).toEqual([1, 1]);
    pair.relay.frame = (frame, from, { deliver }) => {
      // Its own nonce is answered, so what fails is the proof.
      if (from === 'right' && frame[0] === RESUME_TYPE.two)
        for (const other of of(RESUME_TYPE.two)) deliver('left', other);
      else deliver(opposite(from), frame);
    };
    pair.cut('left');
    pair.advance(30 * SECOND);
    expect(pair.left.session.state).toBe('reconnecting');
    expect(count(codes(pair, 'left'), 'SC-324')).toBe(1);
    delete pair.relay.frame;
    pair.advance(BACKOFF_MAX + SECOND);
    for (const frame of of(FRAME)) pair.deliver('left', frame);
    pair.advance(BACKOFF_MAX + SECOND);
    pair.send('right', 'for left');
    pair.advance(SECOND);
    expect(pair.left.messages).toEqual(['for left']);
  });
});

describe('1,000 frames of noise a second, of the right size and type', () => {
  /** Noise for `seconds` at the left side; how often it joined. */
  function shout(pair: Pair, seconds: number): number {
    const joins = pair.left.joins.length;
    for (let i = 0; i < seconds * 100; i++) {
      for (let k = 0; k < 10; k++) {
        const noise = new Uint8Array(256).fill((i * 10 + k) % 251);
        noise[0] = FRAME;
        pair.deliver('left', noise);
      }
      pair.advance(10);
    }
    return pair.left.joins.length - joins;
  }

  it('the line is made anew ever more seldom, both are told, and nothing is lost', () => {
    const pair = settled();
    const before = process.memoryUsage().heapUsed;
    pair.send('right', 'under fire');
    const [first, later] = [shout(pair, 30), shout(pair, 30)];
    // Half of BACKOFF_MAX is the shortest wait in the long run.
    expect(later).toBeLessThanOrEqual((30 * SECOND) / (BACKOFF_MAX / 2) + 1);
    expect(first).toBeLessThanOrEqual(20);
    expect(count(codes(pair, 'left'), 'SC-405')).toBe(1);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(64 * 1024 * 1024);
    pair.advance(2 * BACKOFF_MAX);
    for (const side of SIDES) pair.send(side, 'after it');
    pair.advance(SECOND);
    expect(pair.left.messages).toEqual(['under fire', 'after it']);
    expect(pair.right.messages).toEqual(['after it']);
  });

  it('for longer than a line is waited for, it is given up in true words', () => {
    const pair = connectedPair({ left: { resumeTimeout: 20 * SECOND }, right: { resumeTimeout: 20 * SECOND } });
    pair.advance(SECOND);
    pair.send('left', 'not heard');
    shout(pair, 60);
    if (pair.left.ended !== undefined) expect(pair.left.ended).toMatchObject({ code: 'SC-304' });
    pair.advance(60 * SECOND);
    expect(pair.right.messages).toEqual(['not heard']);
  });
});
