/**
 * Memory of its own: a whole buffer is passed on as it is, a view of a larger one is copied.
 */
import { expect, test } from 'vitest';
import { owned, unfilled } from '../../../adapters/system/bytes.js';

test('what fills its memory is passed on without a copy', () => {
  const whole = Buffer.from(new ArrayBuffer(100));
  expect(owned(whole).buffer).toBe(whole.buffer);
  expect(owned(whole).constructor).toBe(Uint8Array);
});

test.each([
  [0, 99],
  [1, 100],
  [10, 20],
])('a view from %d to %d is copied', (from, to) => {
  const whole = Uint8Array.from({ length: 100 }, (_, i) => i);
  const copy = owned(whole.subarray(from, to));
  expect(copy).toEqual(whole.slice(from, to));
  expect(copy.buffer.byteLength).toBe(to - from);
});

test('unfilled memory is of no pool', () => {
  for (const length of [0, 1, 100, 65_536]) expect(unfilled(length).buffer.byteLength).toBe(length);
});
