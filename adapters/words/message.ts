/**
 * What a table of sentences is made of, and the small pieces that several of them share. No whole sentence may be in this
 * file.
 */
import type { Detail } from '../../core/errors.js';

export interface Message {
  /** What happened: one sentence, or two, for this occurrence. */
  readonly sentence: (detail: Detail) => string;
  /** For the table: when this happens. */
  readonly cause: string;
  /** The hint: what the person can do. Empty only where nothing is to be done. */
  readonly remedy: string;
  /** The hint for this occurrence, where one is better than `remedy`. */
  readonly hint?: (detail: Detail) => string | undefined;
}

/** `before`, the value and `behind`; nothing when there is no such detail. */
export const given = (before: string, value: string | number | undefined, behind = ''): string =>
  value === undefined || value === '' ? '' : `${before}${String(value)}${behind}`;
/** Which attempt it was, and of how many, as far as that is told. */
export const ofAttempts = ({ attempt, attempts }: Detail): string =>
  attempt === undefined ? '' : ` (attempt ${String(attempt)}${given(' of ', attempts)})`;
export const messages = (count: string | number): string => (count === 1 ? '1 message' : `${String(count)} messages`);
export const always = (sentence: string) => (): string => sentence;
