/**
 * From a code and its details to what a person reads. The choke point for details: each one is neutralised and cut here,
 * whatever its origin, so no sentence may be made from details anywhere else.
 */
import { type Code, CODES, type Detail, EXIT } from '../../core/errors.js';
import { sanitize } from '../text/sanitize.js';
import { MESSAGES } from './errors.js';

/** Characters of one detail in a sentence. */
export const DETAIL_LIMIT = 200;

/** What happened, without the hint. */
export function sentenceOf(code: Code, detail: Detail): string {
  const neutralised: Record<string, string | number> = {};
  for (const [key, value] of Object.entries(detail)) {
    neutralised[key] = typeof value === 'string' ? neutral(value) : value;
  }
  return MESSAGES[code].sentence(neutralised);
}

/** Sentence and hint, without the code: for the UIs, which show the code themselves. */
export function explain(code: Code, detail: Detail = {}): string {
  const { remedy } = MESSAGES[code];
  return remedy === '' ? sentenceOf(code, detail) : `${sentenceOf(code, detail)} ${remedy}`;
}

/** Sentence, hint and code: one line. */
export function describe(code: Code, detail: Detail = {}): string {
  return `${explain(code, detail)} (${code})`;
}

/** For stderr: an error with its code, and a hint in a line of its own; what is no error is one line. */
export function report(code: Code, detail: Detail = {}): string {
  const { remedy } = MESSAGES[code];
  if (CODES[code] === EXIT.ok || remedy === '') return `securechat: ${describe(code, detail)}\n`;
  return `securechat: error: ${sentenceOf(code, detail)} (${code})\nsecurechat: hint: ${remedy}\n`;
}

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
