/**
 * From a code and its details to what a person reads. The choke point for details: each one is neutralised and cut here,
 * whatever its origin, so no sentence may be made from details anywhere else.
 */
import { type Code, CODES, type Detail, EXIT } from '../../core/errors.js';
import { neutral } from './neutral.js';
import { sentences } from '../words/errors.js';

/** Sentence and hint. */
function wordsOf(code: Code, detail: Detail): { readonly sentence: string; readonly hint: string } {
  const neutralised: Record<string, string | number> = {};
  for (const [key, value] of Object.entries(detail)) {
    neutralised[key] = typeof value === 'string' ? neutral(value) : value;
  }
  const { sentence, hint, remedy } = sentences()[code];
  return { sentence: sentence(neutralised), hint: hint?.(neutralised) ?? remedy };
}

/** What happened, without the hint. */
export function sentenceOf(code: Code, detail: Detail): string {
  return wordsOf(code, detail).sentence;
}

/** What can be done, without what happened; empty where there is nothing to be done. */
export function hintOf(code: Code, detail: Detail): string {
  return wordsOf(code, detail).hint;
}

/** Sentence and hint, without the code: for the UIs, which show the code themselves. */
export function explain(code: Code, detail: Detail = {}): string {
  const { sentence, hint } = wordsOf(code, detail);
  return hint === '' ? sentence : `${sentence} ${hint}`;
}

/** Sentence, hint and code: one line. */
export function describe(code: Code, detail: Detail = {}): string {
  return `${explain(code, detail)} (${code})`;
}

/** For stderr: an error with its code, and a hint in a line of its own; what is no error is one line. */
export function report(code: Code, detail: Detail = {}): string {
  const { sentence, hint } = wordsOf(code, detail);
  if (CODES[code] === EXIT.ok || hint === '') return `securechat: ${describe(code, detail)}\n`;
  return `securechat: error: ${sentence} (${code})\nsecurechat: hint: ${hint}\n`;
}
