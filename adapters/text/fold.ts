/**
 * Where a long text is folded: the first characters of it are shown, the others when they are asked for. Positions only; how
 * that is told may not be in this file.
 */
import { SHOWN_LIMIT } from './sanitize.js';
import { pointAt } from './utf8.js';
import { characterEnd } from './width.js';

/** The index behind the characters from `from` on that are shown at once; the length of the text when these are all. */
export function foldAt(text: Uint8Array, from = 0): number {
  let at = from;
  let count = 0;
  while (at < text.length) {
    const end = characterEnd(text, at);
    count += pointsIn(text, at, end);
    if (count > SHOWN_LIMIT && at > from) return at;
    at = end;
  }
  return at;
}

/** Code points in [at, end). */
export function pointsIn(text: Uint8Array, at = 0, end = text.length): number {
  let count = 0;
  for (let i = at; i < end; i += pointAt(text, i) & 7) count += 1;
  return count;
}
