/** How fast something moves: an average that follows, and no number that jumps or is none. */
import { expect, test } from 'vitest';
import { createRate, RATE_WINDOW } from '../../../../adapters/ui/transfer/rate.js';

test('an even pace is told from the second look on', () => {
  const rate = createRate();
  rate.at(0, 1000);
  expect(rate.value).toBe(0);
  for (let i = 1; i <= 10; i++) rate.at(i * 100, 1000 + i * 100);
  expect(rate.value).toBeCloseTo(1000);
});

test('a change is followed within some windows', () => {
  const rate = createRate();
  rate.at(0, 0);
  rate.at(1000, 1000);
  let total = 1000;
  for (let now = 2000; now <= 1000 + 5 * RATE_WINDOW; now += 1000) rate.at((total += 5000), now);
  expect(rate.value).toBeGreaterThan(4500);
  expect(rate.value).toBeLessThan(5000);
});

test('two looks at the same moment, or one back in time, count nothing', () => {
  const rate = createRate();
  rate.at(0, 1000);
  rate.at(500, 1000);
  rate.at(900, 500);
  expect(rate.value).toBe(0);
  rate.at(1000, 2000);
  expect(rate.value).toBe(1000);
});
