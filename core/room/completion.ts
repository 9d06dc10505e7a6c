/**
 * A code while it is typed: which listed words the last one may become, and the first that cannot be one. Only a hint: what
 * counts is room/code.ts when the code is whole. No typed word may become a string in this file.
 */
import { NAMEPLATE_DIGITS, type RoomCode, SECRET_WORDS } from './code.js';
import type { Wordlist } from './words.js';

export interface Suggestion {
  /** Listed words that begin like the word at the end, at most `CANDIDATES` and one; none when that is a whole word already. */
  readonly candidates: readonly string[];
  /** Bytes of the word at the end that are typed. */
  readonly typed: number;
  /** The word at the end is the last one of a code. */
  readonly last: boolean;
  /** The first word that is not listed, and does not begin like a listed one: 1 to 3, with the one probably meant. */
  readonly wrong: { readonly position: number; readonly nearest: string } | undefined;
}

/** Words that are offered at most; one more tells that there are others. */
export const CANDIDATES = 12;

const DASH = 0x2d;
const SPACE = 0x20;
const NONE: Suggestion = { candidates: [], typed: 0, last: false, wrong: undefined };

/** For bytes as typed, the cursor at their end. A code that cannot be a generated one gets no hint. */
export function suggest(typed: Uint8Array, words: Wordlist): Suggestion {
  const dash = typed.indexOf(DASH);
  const digits = typed.subarray(0, Math.max(dash, 0));
  if (digits.length !== NAMEPLATE_DIGITS || !digits.every((byte) => byte >= 0x30 && byte <= 0x39)) return NONE;
  const parts = split(typed.subarray(dash + 1), [DASH]);
  if (parts.length > SECRET_WORDS || !parts.every((part) => part.every(isLetter))) return NONE;
  const end = parts.at(-1) ?? new Uint8Array(0);
  const candidates = end.length > 0 ? words.complete(end, CANDIDATES + 1) : [];
  const whole = words.indexOf(end) >= 0;
  const wrongAt = parts.findIndex((part, i) =>
    i < parts.length - 1 ? words.indexOf(part) < 0 : part.length > 0 && candidates.length === 0,
  );
  const wrong = parts[wrongAt];
  return {
    candidates: whole ? [] : candidates,
    typed: end.length,
    last: parts.length === SECRET_WORDS,
    wrong: wrong === undefined ? undefined : { position: wrongAt + 1, nearest: words.word(words.nearest(wrong)) },
  };
}

/** Why a code with a secret of one's own is probably a generated one, mistyped. */
export type Doubt =
  | { readonly kind: 'digits' | 'count'; readonly count: number }
  | { readonly kind: 'word'; readonly position: number; readonly nearest: string }
  | { readonly kind: 'dashes' };

/** Digits of a room name that is probably a mistyped nameplate of a generated code. */
const LEAST_DIGITS = NAMEPLATE_DIGITS - 2;
const MOST_DIGITS = NAMEPLATE_DIGITS + 2;
/** A listed word has so many letters; a part that is longer than the longest, and a typo more, is none of them. */
const [SHORTEST_WORD, LONGEST_WORD] = [3, 8] as const;

/**
 * What makes `code` look like a generated one that was mistyped; undefined for one that is not like that. A room of six
 * digits with any secret of one's own is; one with a few digits more or less is when a part of its secret is a listed word.
 */
export function doubtOf({ nameplate, secret, form }: RoomCode, words: Wordlist): Doubt | undefined {
  const digits = nameplate.length;
  if (form !== 'chosen' || !/^[0-9]+$/.test(nameplate) || digits < LEAST_DIGITS || digits > MOST_DIGITS)
    return undefined;
  const parts = split(secret, [DASH, SPACE]).filter((part) => part.length > 0);
  if (digits !== NAMEPLATE_DIGITS)
    return parts.some((part) => words.indexOf(part) >= 0) ? { kind: 'digits', count: digits } : undefined;
  const [first] = parts;
  if (parts.length === 1 && first !== undefined && isJoined(first, SECRET_WORDS, words)) return { kind: 'dashes' };
  const at = parts.findIndex((part) => words.complete(part, 1).length === 0);
  const wrong = parts[at];
  if (parts.length <= SECRET_WORDS && wrong !== undefined && wrong.length <= LONGEST_WORD + 1)
    return { kind: 'word', position: at + 1, nearest: words.word(words.nearest(wrong)) };
  return parts.length === SECRET_WORDS ? { kind: 'dashes' } : { kind: 'count', count: parts.length };
}

/** Whether the letters are exactly `count` listed words, one after the other. */
function isJoined(letters: Uint8Array, count: number, words: Wordlist): boolean {
  if (count === 1) return words.indexOf(letters) >= 0;
  for (let end = SHORTEST_WORD; end <= LONGEST_WORD && end < letters.length; end++) {
    if (words.indexOf(letters.subarray(0, end)) >= 0 && isJoined(letters.subarray(end), count - 1, words)) return true;
  }
  return false;
}

/** Views of the parts between separators. */
function split(secret: Uint8Array, separators: readonly number[]): Uint8Array[] {
  const parts: Uint8Array[] = [];
  let from = 0;
  for (let at = 0; at <= secret.length; at++) {
    if (at < secret.length && !separators.includes(secret[at] ?? 0)) continue;
    parts.push(secret.subarray(from, at));
    from = at + 1;
  }
  return parts;
}

function isLetter(byte: number): boolean {
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}
