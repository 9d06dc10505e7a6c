/**
 * Standard output, whatever it is. No content may be looked at in this file.
 */
import { createWriteStream } from 'node:fs';
import type { Writable } from 'node:stream';
import { kindOf } from './descriptor.js';

/** A disk is written to as well. */
export function openOutput(fd = 1): Writable & { readonly isTTY?: boolean } {
  if (kindOf(fd) !== 'strange') return process.stdout;
  // Whoever writes learns it on its own.
  return createWriteStream('', { fd, autoClose: false }).on('error', () => undefined);
}
