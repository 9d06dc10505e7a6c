/**
 * A word from outside for a sentence of this program. No sentence may be in this file.
 */
import { sanitize } from './sanitize.js';

/** Characters of one such word. */
export const DETAIL_LIMIT = 200;

/**
 * Public text from outside (an argument, words of a relay) made harmless, on one line, at most 200 characters long. Blanks
 * are no way to choose where a row of the terminal begins.
 */
export function neutral(text: string): string {
  const cut = Array.from(text.slice(0, 2 * DETAIL_LIMIT)).slice(0, DETAIL_LIMIT);
  const whole = cut.join('').length === text.length;
  const bytes = sanitize(new TextEncoder().encode(cut.join('').replace(/[\s\u2800]{2,}/g, ' ')));
  return new TextDecoder().decode(bytes) + (whole ? '' : '…');
}
