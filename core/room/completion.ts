/**
 * A code while it is typed: which listed words the last one may become, and the first that cannot be one. Only a hint: what
 * counts is room/code.ts when the code is whole. No typed word may become a string in this file.
 */
import { NAMEPLATE_DIGITS, type RoomCode, SECRET_WORDS } from './code.js';
import type { Wordlist } from './words.js';

export interface Suggestion {
  /** Listed words that begin like the word at the end, at most `CANDIDATES`; none when that is a whole word already. */
  readonly candidates: readonly string[];
  /** Bytes of the word at the end that are typed. */
  readonly typed: number;
  /** The word at the end is the last one of a code. */
  readonly last: boolean;
  /** The first word that is not listed, and does not begin like a listed one: 1 to 3, with the one probably meant. */
  readonly wrong: { readonly position: number; readonly nearest: string } | undefined;
}

/** Words that are offered at most. */
export const CANDIDATES = 4;

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
  const candidates = end.length > 0 ? words.complete(end, CANDIDATES) : [];
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

/**
 * Whether a code with a secret of one's own is probably a generated one, not typed to its end or with blanks for dashes:
 * behind six digits are listed words or beginnings of them alone, and not more than three.
 */
export function resemblesGenerated({ nameplate, secret, form }: RoomCode, words: Wordlist): boolean {
  if (form !== 'chosen' || !/^[0-9]+$/.test(nameplate) || nameplate.length !== NAMEPLATE_DIGITS) return false;
  const parts = split(secret, [DASH, SPACE]).filter((part) => part.length > 0);
  return parts.length <= SECRET_WORDS && parts.every((part) => words.complete(part, 1).length > 0);
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
