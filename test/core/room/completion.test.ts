/** Hints while a code is typed (core/room/completion.ts). */
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { expect, it } from 'vitest';
import { parseCode } from '../../../core/room/code.js';
import { CANDIDATES, doubtOf, suggest } from '../../../core/room/completion.js';
import { createWordlist } from '../../../core/room/words.js';

const words = createWordlist(wordlist);
const of = (typed: string) => suggest(new TextEncoder().encode(typed), words);

it('offers the listed words that begin like the last one', () => {
  expect(of('482913-tunn')).toEqual({ candidates: ['tunnel'], typed: 4, last: false, wrong: undefined });
  expect(of('482913-TUNN').candidates).toEqual(['tunnel']);
  expect(of('482913-tunnel-anchor-mang')).toMatchObject({ candidates: ['mango'], last: true });
  expect(of('482913-a').candidates).toHaveLength(CANDIDATES + 1);
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

const doubted = (typed: string) => {
  const code = parseCode(new TextEncoder().encode(typed), words, (bytes) => bytes);
  return doubtOf(code, words);
};

it.each([
  ['482913-tunnel', { kind: 'count', count: 1 }],
  ['482913-tunn', { kind: 'count', count: 1 }],
  ['482913-tunnel-', { kind: 'count', count: 1 }],
  ['482913-TUNNEL-anchor', { kind: 'count', count: 2 }],
  ['482913-tunnel-anchor-', { kind: 'count', count: 2 }],
  ['482913-tunnel anchor mango', { kind: 'dashes' }],
  ['482913-tunnel anchor-mango', { kind: 'dashes' }],
  ['482913--tunnel-anchor-mango', { kind: 'dashes' }],
  ['482913-tunnelanchormango', { kind: 'dashes' }],
  ['482913-tunnelanchor', { kind: 'count', count: 1 }],
  ['482913-zz', { kind: 'word', position: 1, nearest: 'zoo' }],
  ['482913-tunel', { kind: 'word', position: 1, nearest: 'tunnel' }],
  ['482913-blue7', { kind: 'word', position: 1, nearest: 'blue' }],
  ['482913-tunnel-anchor-mang0', { kind: 'word', position: 3, nearest: 'mango' }],
  ['482913-tunnel anchor mango zebra', { kind: 'count', count: 4 }],
  ['482913-tunnel-anchor-mango-zebra-zoo', { kind: 'count', count: 5 }],
  ['48291-tunnel-anchor-mango', { kind: 'digits', count: 5 }],
  ['4829130-tunnel-anchor-mango', { kind: 'digits', count: 7 }],
  [`482913-${'x'.repeat(900)}`, { kind: 'count', count: 1 }],
] as const)('%j is probably a generated code, mistyped', (typed, doubt) => {
  expect(doubted(typed)).toEqual(doubt);
});

it.each([
  '482913-tunnel-anchor-mango',
  '482913',
  '48291-horse7',
  '482-tunnel-anchor-mango',
  '482913000-tunnel-anchor-mango',
  'kitchen-tunnel-anchor',
  'tunnel-anchor-mango',
])('%j is what it is', (typed) => {
  expect(doubted(typed)).toBeUndefined();
});
