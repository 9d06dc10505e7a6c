/** Durations: one way to write them, for the client and for the relays. */
import { expect, test } from 'vitest';
import { parseDuration, showDuration } from '../../../adapters/text/duration.js';

test.each([
  ['90', 90_000],
  ['90s', 90_000],
  ['15m', 900_000],
  ['2h', 7_200_000],
  ['250ms', 250],
  ['0', 0],
  ['0m', 0],
])('%s is %d ms', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each(['', '-1', '1.5m', '1 m', '15M', '1d', 'm', '٣', '1e3', '99999999999', '1h30m'])('%j is none', (text) => {
  expect(parseDuration(text)).toBeUndefined();
});

test.each([
  [0, '0ms'],
  [1, '1ms'],
  [1_500, '1500ms'],
  [5_000, '5s'],
  [90_000, '90s'],
  [900_000, '15m'],
  [3_600_000, '1h'],
])('%d ms is shown as %s', (ms, text) => {
  expect(showDuration(ms)).toBe(text);
  expect(parseDuration(text)).toBe(ms);
});
