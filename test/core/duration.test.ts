/**
 * Durations: every unit, a number without one, and what is none.
 */
import { expect, test } from 'vitest';
import { formatDuration, parseDuration } from '../../core/duration.js';

const DAY = 86_400_000;

test.each([
  ['0', 0],
  ['90', 90_000],
  ['90s', 90_000],
  ['250ms', 250],
  ['15m', 900_000],
  ['24h', DAY],
  ['0086400', DAY],
])('%s is %d ms', (text, ms) => {
  expect(parseDuration(text, DAY)).toBe(ms);
});

test.each([
  '',
  ' 90',
  '90 s',
  '-1',
  '+1',
  '1.5h',
  '0x10',
  '1e3',
  '90S',
  '1d',
  'soon',
  '25h',
  '86401',
  '99999999999',
  's',
])('%j is none', (text) => {
  expect(parseDuration(text, DAY)).toBeUndefined();
});

test.each([
  [0, '0ms'],
  [1, '1ms'],
  [1_500, '1500ms'],
  [5_000, '5s'],
  [90_000, '90s'],
  [900_000, '15m'],
  [DAY, '24h'],
])('%d ms is written as %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
  expect(parseDuration(text, DAY)).toBe(ms);
});
