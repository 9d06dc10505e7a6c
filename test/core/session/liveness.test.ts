/** When an ack, a ping and the end of patience are due, from what was sealed and opened alone (protocol.md section 7). */
import { describe, expect, it } from 'vitest';
import {
  ACK_DELAY,
  ACK_FRAMES,
  createLiveness,
  PATH_PING_AFTER,
  PATH_SILENCE,
  PING_AFTER,
  PROBE_LIMIT,
  SILENCE_LIMIT,
} from '../../../core/session/liveness.js';
import { NEVER } from '../../../core/timers.js';

describe('an ack', () => {
  it('is due soon after the oldest frame that asks for one, and is given by any frame', () => {
    const life = createLiveness(0);
    expect(life.ackDue).toBe(NEVER);
    life.opened(false, false, 5);
    expect(life.ackDue).toBe(NEVER);
    life.opened(true, false, 10);
    life.opened(true, false, 30);
    expect(life.ackDue).toBe(10 + ACK_DELAY);
    life.sealed(false, 40);
    expect(life.ackDue).toBe(NEVER);
    life.opened(false, false, 50);
    expect(life.ackDue).toBe(NEVER);
  });

  it('is due after so many frames, whatever is in them', () => {
    const life = createLiveness(0);
    for (let n = 1; n < ACK_FRAMES; n++) life.opened(false, false, n);
    expect(life.ackDue).toBe(NEVER);
    life.opened(false, false, 100);
    expect(life.ackDue).toBe(100);
  });

  it('is due at once where it is owed, when a frame was opened; what was opened over another line needs none', () => {
    const life = createLiveness(0);
    life.ackNow(7);
    expect(life.ackDue).toBe(NEVER);
    life.opened(false, false, 8);
    expect(life.ackDue).toBe(7);
    life.down();
    expect(life.ackDue).toBe(NEVER);
    life.opened(true, false, 9);
    life.up(false, 10);
    expect(life.ackDue).toBe(NEVER);
  });
});

describe('a ping', () => {
  it.each([
    [false, PING_AFTER],
    [true, PATH_PING_AFTER],
  ])('is due after a silence, unless something else asks; brisk: %s', (brisk, after) => {
    const life = createLiveness(100);
    expect([life.pingDue(false, brisk), life.pingDue(true, brisk)]).toEqual([100 + after, NEVER]);
    life.opened(false, false, 200);
    expect(life.pingDue(false, brisk)).toBe(200 + after);
    life.heard(false, 300);
    expect(life.pingDue(false, brisk)).toBe(300 + after);
    life.up(false, 400);
    expect(life.pingDue(false, brisk)).toBe(400 + after);
  });

  it('is due at once when the process slept, until it is sealed or the line is down', () => {
    const life = createLiveness(100);
    life.probe(50_000);
    expect([life.pingDue(false, false), life.pingDue(true, false)]).toEqual([100, 100]);
    life.pinged();
    expect(life.pingDue(true, false)).toBe(NEVER);
    life.probe(60_000);
    life.down();
    expect(life.pingDue(true, false)).toBe(NEVER);
  });
});

describe('the end of patience', () => {
  it('comes when nothing is heard after something that asks', () => {
    const life = createLiveness(0);
    expect(life.lostAt(false, false)).toBe(NEVER);
    life.sealed(false, 100);
    expect(life.lostAt(false, false)).toBe(NEVER);
    life.sealed(true, 200);
    life.sealed(true, 300);
    expect([life.lostAt(false, false), life.lostAt(false, true)]).toEqual([200 + SILENCE_LIMIT, 200 + PATH_SILENCE]);
  });

  it.each(['opened', 'heard', 'up'] as const)(
    '%s: begins anew where something is still out, else it is over',
    (what) => {
      const life = createLiveness(0);
      const hears = (waits: boolean, now: number): void =>
        what === 'opened' ? life.opened(false, waits, now) : life[what](waits, now);
      life.sealed(true, 100);
      hears(true, 200);
      expect(life.lostAt(false, false)).toBe(200 + SILENCE_LIMIT);
      hears(false, 300);
      expect(life.lostAt(false, false)).toBe(NEVER);
    },
  );

  it('is counted from any silence where the peer sends on each beat', () => {
    const life = createLiveness(100);
    expect(life.lostAt(true, false)).toBe(100 + SILENCE_LIMIT);
    life.sealed(true, 50);
    expect(life.lostAt(true, false)).toBe(50 + SILENCE_LIMIT);
    life.opened(false, false, 500);
    expect(life.lostAt(true, false)).toBe(500 + SILENCE_LIMIT);
  });

  it('comes sooner after a sleep, and not while the line is down', () => {
    const life = createLiveness(0);
    life.probe(50_000);
    expect(life.lostAt(false, false)).toBe(50_000 + PROBE_LIMIT);
    life.down();
    expect(life.lostAt(false, false)).toBe(NEVER);
  });
});
