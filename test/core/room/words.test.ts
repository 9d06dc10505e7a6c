/**
 * The word list: look-up, nearest word against a slow readable reference, completion.
 */
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { describe, expect, it } from 'vitest';
import { LocalProtocolError } from '../../../core/errors.js';
import { createWordlist, UNIQUE_LETTERS, WORDLIST_SIZE } from '../../../core/room/words.js';
import { fc, runs } from '../../support/chance.js';

const words = createWordlist(wordlist);
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const nearest = (text: string): string => words.word(words.nearest(bytes(text)));

const letter = fc.constantFrom(...'abcdefghijklmnopqrstuvwxyzABXYZ');
const typed = fc.string({ unit: letter, minLength: 1, maxLength: 10 });
const listed = fc.constantFrom(...wordlist);

/** Optimal string alignment distance, as it is defined. */
function reference(a: string, b: string): number {
  const row = (): number[] => new Array<number>(b.length + 1).fill(0);
  const d = Array.from({ length: a.length + 1 }, row);
  const at = (i: number, j: number): number => d[i]?.[j] ?? Number.NaN;
  for (let i = 0; i <= a.length; i++) {
    for (let j = 0; j <= b.length; j++) {
      const line = d[i] ?? [];
      if (i === 0 || j === 0) {
        line[j] = i + j;
        continue;
      }
      line[j] = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        line[j] = Math.min(at(i, j), at(i - 2, j - 2) + 1);
      }
    }
  }
  return at(a.length, b.length);
}

describe('the word list', () => {
  it('knows each of its words, in either case, and no other', () => {
    for (const [index, word] of wordlist.entries()) {
      expect(words.indexOf(bytes(word))).toBe(index);
      expect(words.indexOf(bytes(word.toUpperCase()))).toBe(index);
      expect(words.word(index)).toBe(word);
    }
    fc.assert(fc.property(typed, (text) => words.indexOf(bytes(text)) === wordlist.indexOf(text.toLowerCase())));
    expect(words.indexOf(new Uint8Array(0))).toBe(-1);
  });

  it('refuses an index that is not its own', () => {
    for (const index of [-1, WORDLIST_SIZE, 0.5, Number.NaN])
      expect(() => words.word(index)).toThrow(LocalProtocolError);
  });

  it('refuses a list of another length, order, form or without unique beginnings', () => {
    const changed = (index: number, word: string): string[] => wordlist.map((old, i) => (i === index ? word : old));
    for (const list of [
      wordlist.slice(1),
      [...wordlist, 'zzzz'],
      changed(0, 'zebra'),
      changed(1, 'abandon'),
      changed(1, 'abandons'),
      changed(3, 'Above'),
      changed(3, 'abo'.repeat(6)),
    ]) {
      expect(() => createWordlist(list)).toThrow(LocalProtocolError);
    }
  });
});

describe('the nearest word', () => {
  it('is the one with the same first four letters, whatever follows', () => {
    fc.assert(
      fc.property(listed, typed, (word, tail) => {
        fc.pre(word.length >= UNIQUE_LETTERS);
        return nearest(word.slice(0, UNIQUE_LETTERS) + tail) === word;
      }),
    );
  });

  it('is otherwise one of smallest distance, with the longest common beginning, first in the list', () => {
    fc.assert(
      fc.property(typed, (text) => {
        const folded = text.toLowerCase();
        const found = nearest(text);
        if (folded.length >= UNIQUE_LETTERS && found.startsWith(folded.slice(0, UNIQUE_LETTERS))) return;
        const common = (word: string): number => {
          let i = 0;
          while (i < word.length && i < folded.length && word[i] === folded[i]) i++;
          return i;
        };
        const ranked = wordlist.map((word) => ({ word, distance: reference(word, folded), common: common(word) }));
        ranked.sort((a, b) => a.distance - b.distance || b.common - a.common || (a.word < b.word ? -1 : 1));
        expect(found).toBe(ranked[0]?.word);
      }),
      { numRuns: runs(20, 40) },
    );
  });

  it.each([
    ['tunel', 'tunnel'],
    ['atnique', 'antique'],
    ['mnago', 'mango'],
    ['catt', 'cattle'],
    ['ZOOO', 'zoo'],
    ['ancor', 'anchor'],
  ])('of %s is %s', (text, word) => {
    expect(nearest(text)).toBe(word);
  });
});

describe('completion', () => {
  it('gives the words with that beginning, in order, up to the limit', () => {
    fc.assert(
      fc.property(fc.string({ unit: letter, maxLength: 4 }), fc.nat({ max: 9 }), (prefix, limit) => {
        const expected = wordlist.filter((word) => word.startsWith(prefix.toLowerCase())).slice(0, limit);
        expect(words.complete(bytes(prefix), limit)).toEqual(expected);
      }),
    );
  });
});
