/**
 * The word list of room codes and safety words: look-up, nearest word, completion. It works on bytes, because a typed word
 * is a part of a secret: no typed word may become a string in this file. The list itself comes from the outside.
 */

import { LocalProtocolError } from '../errors.js';
import { ascii, plainBuffer } from '../protocol/bytes.js';

/** Words in the list: 11 bits each (protocol.md section 2). */
export const WORDLIST_SIZE = 2048;
/** The first this many letters of a listed word are unique to it. */
export const UNIQUE_LETTERS = 4;

const LISTED = /^[a-z]{3,16}$/;

export interface Wordlist {
  readonly size: number;
  /** The word with this index (0 to 2047). Throws LocalProtocolError for any other. */
  word(index: number): string;
  /** The index of `typed`, ASCII letters of either case, or -1. */
  indexOf(typed: Uint8Array): number;
  /**
   * The index of the listed word that was most likely meant: the one that shares the first four letters, or else the one
   * with the smallest edit distance (insert, delete, replace, swap of neighbours); ties go to the longer common
   * beginning, then to the order of the list.
   */
  nearest(typed: Uint8Array): number;
  /** Up to `limit` words that begin with `prefix`, in the order of the list. */
  complete(prefix: Uint8Array, limit: number): readonly string[];
}

/** `words`: 2048 words a-z in ascending order, unique in their first four letters. Throws LocalProtocolError otherwise. */
export function createWordlist(words: readonly string[]): Wordlist {
  if (words.length !== WORDLIST_SIZE) throw new LocalProtocolError('the word list has another length');
  let before = '';
  for (const word of words) {
    if (!LISTED.test(word)) throw new LocalProtocolError('the word list holds something else than words');
    if (word <= before) throw new LocalProtocolError('the word list is not in order');
    if (word.length >= UNIQUE_LETTERS && word.slice(0, UNIQUE_LETTERS) === before.slice(0, UNIQUE_LETTERS)) {
      throw new LocalProtocolError('the word list is not unique in its first letters');
    }
    before = word;
  }
  const listed = words.map(ascii);

  /** The first index whose word is not before `typed`. */
  function lowerBound(typed: Uint8Array): number {
    let low = 0;
    let high = listed.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compare(listed[middle], typed) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  function word(index: number): string {
    const found = words[index];
    if (found === undefined) throw new LocalProtocolError('no word has this index');
    return found;
  }

  return {
    size: words.length,
    word,
    indexOf(typed) {
      const at = lowerBound(typed);
      const found = listed[at];
      return found !== undefined && found.length === typed.length && compare(found, typed) === 0 ? at : -1;
    },
    nearest(typed) {
      if (typed.length >= UNIQUE_LETTERS) {
        const at = lowerBound(typed.subarray(0, UNIQUE_LETTERS));
        const candidate = listed[at];
        if (candidate !== undefined && common(candidate, typed) >= UNIQUE_LETTERS) return at;
      }
      let best = 0;
      let bestDistance = Number.POSITIVE_INFINITY;
      let bestCommon = -1;
      for (const [index, candidate] of listed.entries()) {
        const distance = editDistance(candidate, typed);
        const shared = common(candidate, typed);
        if (distance > bestDistance || (distance === bestDistance && shared <= bestCommon)) continue;
        best = index;
        bestDistance = distance;
        bestCommon = shared;
      }
      return best;
    },
    complete(prefix, limit) {
      const found: string[] = [];
      for (let at = lowerBound(prefix); at < listed.length && found.length < limit; at++) {
        const candidate = listed[at];
        if (candidate === undefined || common(candidate, prefix) < prefix.length) break;
        found.push(word(at));
      }
      return found;
    },
  };
}

/** A-Z to a-z; every other byte as it is. */
export function lowerCase(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
}

function at(bytes: Uint8Array, index: number): number {
  return lowerCase(bytes[index] ?? 0);
}

/** Order of a listed word and typed bytes, case folded: negative, 0, positive. */
function compare(listed: Uint8Array | undefined, typed: Uint8Array): number {
  if (listed === undefined) return 1;
  for (let i = 0; i < listed.length && i < typed.length; i++) {
    const difference = at(listed, i) - at(typed, i);
    if (difference !== 0) return difference;
  }
  return listed.length - typed.length;
}

/** How many letters at the beginning are the same, case folded. */
function common(a: Uint8Array, b: Uint8Array): number {
  let i = 0;
  while (i < a.length && i < b.length && at(a, i) === at(b, i)) i++;
  return i;
}

/** Edit distance with swaps of neighbours (optimal string alignment), case folded. The rows are wiped. */
export function editDistance(a: Uint8Array, b: Uint8Array): number {
  const width = b.length + 1;
  const rows = new Uint16Array(plainBuffer(3 * width * 2).buffer);
  const cell = (row: number, column: number): number => rows[(row % 3) * width + column] ?? 0;
  for (let j = 0; j < width; j++) rows[j] = j;
  for (let i = 1; i <= a.length; i++) {
    rows[(i % 3) * width] = i;
    for (let j = 1; j < width; j++) {
      const replaced = cell(i - 1, j - 1) + (at(a, i - 1) === at(b, j - 1) ? 0 : 1);
      let least = Math.min(cell(i - 1, j) + 1, cell(i, j - 1) + 1, replaced);
      const swapped = i > 1 && j > 1 && at(a, i - 1) === at(b, j - 2) && at(a, i - 2) === at(b, j - 1);
      if (swapped) least = Math.min(least, cell(i - 2, j - 2) + 1);
      rows[(i % 3) * width + j] = least;
    }
  }
  const distance = cell(a.length, b.length);
  rows.fill(0);
  return distance;
}
