/**
 * Text from outside made harmless, for programs that have it as a string. What is harmless is decided in
 * adapters/text/sanitize.ts and nowhere else.
 */
import { sanitize as neutralize } from '../text/sanitize.js';

/** For a terminal, a log or a page: one line, unless `lines`. What was taken away can be seen. */
export function sanitize(text: string, options: { readonly lines?: boolean } = {}): string {
  return new TextDecoder().decode(neutralize(new TextEncoder().encode(text), options));
}
