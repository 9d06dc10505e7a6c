/** Waits between tries: from half to the whole of what is due, half as long again each time, up to a bound. */
import { expect, it } from 'vitest';
import type { CryptoPort } from '../../../core/ports.js';
import { BACKOFF_FACTOR, BACKOFF_MAX, BACKOFF_MIN, createBackoff, fraction } from '../../../core/session/backoff.js';

/** Draws these bytes, again and again. */
const drawing = (...bytes: number[]): CryptoPort => ({ random: () => Uint8Array.from(bytes) }) as unknown as CryptoPort;

it('grows up to the bound, and begins anew', () => {
  const backoff = createBackoff(drawing(0, 0));
  for (let i = 0, due: number = BACKOFF_MIN; i < 12; i++, due = Math.min(due * BACKOFF_FACTOR, BACKOFF_MAX)) {
    expect(backoff.next()).toBeCloseTo(due / 2, 6);
  }
  expect(backoff.next()).toBe(BACKOFF_MAX / 2);
  backoff.reset();
  expect(backoff.next()).toBe(BACKOFF_MIN / 2);
  const other = createBackoff(drawing(0, 0), 2_000);
  expect([other.next(), other.next()]).toEqual([1_000, 1_500]);
});

it('is half of it at least, and less than all of it', () => {
  expect(createBackoff(drawing(0x80, 0), 1_000).next()).toBe(750);
  const most = createBackoff(drawing(0xff, 0xff), 1_000).next();
  expect(most).toBeLessThan(1_000);
  expect(most).toBeGreaterThan(999);
});

it('chance is two bytes, the larger one first', () => {
  expect([fraction(drawing(0, 0)), fraction(drawing(1, 0)), fraction(drawing(0, 1))]).toEqual([0, 1 / 256, 1 / 65536]);
});
