/**
 * What helps a person who types the code again, as at the start: words that a beginning may become, and a doubt about a
 * whole code before it costs an attempt. The command line knows the words and the sentences; none may be in this file.
 */
import type { Suggestion } from '../../core/room/completion.js';

export interface CodeHelp {
  /** For bytes as typed, the cursor at their end. */
  suggest(typed: Uint8Array): Suggestion;
  /** What is told about a suggestion, ASCII; empty: nothing. */
  hint(suggestion: Suggestion): string;
  /** What is told when several words are possible. */
  choices(suggestion: Suggestion): string;
  /** Why this whole code is probably mistyped, ASCII; undefined: it is not. */
  doubt(typed: Uint8Array): string | undefined;
}
