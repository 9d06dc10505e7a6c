/**
 * Memory of its own: what fills most of a buffer is passed on as it is, a view of a larger one is copied.
 */
import { expect, test } from 'vitest';
import { owned, unfilled } from '../../../adapters/system/bytes.js';

test.each([
  [0, 100],
  [0, 51],
  [49, 100],
])('a view from %d to %d of 100 is passed on without a copy', (from, to) => {
  const whole = Buffer.from(new ArrayBuffer(100)).map((_, i) => i);
  const same = owned(whole.subarray(from, to));
  expect(same.buffer).toBe(whole.buffer);
  expect(same.constructor).toBe(Uint8Array);
  expect([...same]).toEqual([...whole.subarray(from, to)]);
});

test.each([
  [0, 50],
  [50, 100],
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
