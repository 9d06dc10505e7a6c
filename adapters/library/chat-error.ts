/**
 * The error of the library: a code of docs/errors.md with its sentence as the message, and what to do. No sentence may be in
 * this file.
 */
import { type Code, type Detail, isSecurechatError, SecurechatError } from '../../core/errors.js';
import { hintOf, sentenceOf } from '../text/describe.js';
import { LIBRARY_HINTS } from '../words/library.js';

/** What is said to a person. */
export interface Told {
  readonly sentence: string;
  readonly remedy: string;
}

export class ChatError extends SecurechatError {
  override readonly name = 'ChatError';
  override readonly message: string;
  /** What to do; empty when there is nothing to be done. */
  readonly remedy: string;

  /** `cause`: what code of the caller has thrown. */
  constructor(code: Code, detail: Detail = {}, told?: Told, cause?: unknown) {
    super(code, detail);
    this.message = told?.sentence ?? sentenceOf(code, detail);
    this.remedy = told?.remedy ?? remedyOf(code, detail);
    if (cause !== undefined) this.cause = cause;
  }
}

function remedyOf(code: Code, detail: Detail): string {
  return LIBRARY_HINTS[code] ?? hintOf(code, detail);
}

/** One of ours as the library throws it; everything else as it is. */
export function asChatError(error: unknown): unknown {
  return isSecurechatError(error) && !(error instanceof ChatError) ? new ChatError(error.code, error.detail) : error;
}

/** `text` is what `describeApart` has made. */
export function toldOf(text: string): Told {
  const [sentence = '', remedy = ''] = text.split('\n');
  return { sentence, remedy };
}

/** Sentence and hint on a line each: what is said holds no line feed itself. */
export function describeApart(code: Code, detail: Detail): string {
  return `${sentenceOf(code, detail)}\n${remedyOf(code, detail)}`;
}
