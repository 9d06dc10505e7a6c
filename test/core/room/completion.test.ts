/** Hints while a code is typed (core/room/completion.ts). */
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { expect, it } from 'vitest';
import { parseCode } from '../../../core/room/code.js';
import { CANDIDATES, resemblesGenerated, suggest } from '../../../core/room/completion.js';
import { createWordlist } from '../../../core/room/words.js';

const words = createWordlist(wordlist);
const of = (typed: string) => suggest(new TextEncoder().encode(typed), words);

it('offers the listed words that begin like the last one', () => {
  expect(of('482913-tunn')).toEqual({ candidates: ['tunnel'], typed: 4, last: false, wrong: undefined });
  expect(of('482913-TUNN').candidates).toEqual(['tunnel']);
  expect(of('482913-tunnel-anchor-mang')).toMatchObject({ candidates: ['mango'], last: true });
  expect(of('482913-a').candidates).toHaveLength(CANDIDATES);
  // A whole word is not offered again, also where a longer one begins like it.
  expect(of('482913-tunnel').candidates).toEqual([]);
  expect(of('482913-').candidates).toEqual([]);
});

it('names the first word that cannot be one', () => {
  expect(of('482913-tunel').wrong).toEqual({ position: 1, nearest: 'tunnel' });
  expect(of('482913-tunel-anch').wrong).toEqual({ position: 1, nearest: 'tunnel' });
  expect(of('482913-tunnel-anchor-mangoo').wrong).toEqual({ position: 3, nearest: 'mango' });
  // Half a word may become one, but not when another follows it.
  expect(of('482913-tunn').wrong).toBeUndefined();
  expect(of('482913-tunn-a').wrong).toEqual({ position: 1, nearest: 'tunnel' });
});

it.each([
  '',
  '4829',
  '48291-tunn',
  '4829134-tunn',
  'kitchen-tunn',
  '482913 tunn',
  '482913-tunn3',
  '482913-a-b-c-d',
  '482913-tünn',
])('says nothing of %j', (typed) => {
  expect(of(typed)).toMatchObject({ candidates: [], wrong: undefined });
});

const resembles = (typed: string): boolean => {
  const code = parseCode(new TextEncoder().encode(typed), words, (bytes) => bytes);
  return resemblesGenerated(code, words);
};

it.each([
  '482913-tunnel',
  '482913-tunn',
  '482913-tunnel-',
  '482913-TUNNEL-anchor',
  '482913-tunnel-anchor-',
  '482913-tunnel anchor mango',
  '482913-tunnel anchor-mango',
  '482913--tunnel-anchor-mango',
])('%j is probably a generated code, mistyped', (typed) => {
  expect(resembles(typed)).toBe(true);
});

it.each([
  '482913-tunnel-anchor-mango',
  '482913',
  '482913-blue7',
  '482913-tunel',
  '482913-tunnel anchor mango zebra',
  '4829130-tunnel-anchor',
  'kitchen-tunnel-anchor',
  'tunnel-anchor-mango',
])('%j is what it is', (typed) => {
  expect(resembles(typed)).toBe(false);
});
