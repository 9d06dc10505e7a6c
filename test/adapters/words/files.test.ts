/**
 * Sizes and sentences about files.
 */
import { expect, test } from 'vitest';
import { FILE_WORDS, others, sizeOf } from '../../../adapters/words/files.js';

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.00 kB'],
  [9_994, '9.99 kB'],
  [9_995, '10.0 kB'],
  [99_949, '99.9 kB'],
  [99_950, '100 kB'],
  [999_499, '999 kB'],
  [999_500, '1.00 MB'],
  [2 * 2 ** 30, '2.15 GB'],
  [Number.MAX_SAFE_INTEGER, '9.01 PB'],
])('%d bytes are %s', (bytes, said) => {
  expect(sizeOf(bytes)).toBe(said);
});

test('an offer says how much, where it does not fit, and what to type', () => {
  const offer = { id: 3, bytes: 1500, free: 900, exists: true };
  expect(FILE_WORDS.offered(offer)).toBe(
    'Your peer offers 1.50 kB (900 B free), under a name that is taken here: /accept 3 or /reject 3  ',
  );
  expect(FILE_WORDS.offered({ ...offer, bytes: undefined, free: undefined, exists: false })).toBe(
    'Your peer offers files of unknown size: /accept 3 or /reject 3  ',
  );
  expect(FILE_WORDS.offering(offer)).toBe('Offering 1.50 kB (/cancel 3 takes it back)  ');
});

test('of several, the first one has its name', () => {
  expect([0, 1, 2, 5].map(others)).toEqual(['', '', ' and 1 more', ' and 4 more']);
});

test('progress of nothing is no share of it', () => {
  expect(FILE_WORDS.progress(1, 0, 0)).toBe('Transfer 1: 0 B');
  expect(FILE_WORDS.progress(1, 50, 200)).toBe('Transfer 1: 25% of 200 B');
  expect(FILE_WORDS.progress(1, 50, undefined)).toBe('Transfer 1: 50 B');
});
