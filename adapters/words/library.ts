/**
 * What is said to a program that uses the library: why an option or an argument cannot be used, why content cannot be read.
 * Sentences with a code are in the tables beside this file.
 */

import type { Code } from '../../core/errors.js';

export const LIBRARY_WORDS = {
  wanted: {
    object: 'an object',
    address: 'an address',
    string: 'a string',
    boolean: 'true or false',
    maker: 'a name or a function',
    time: 'milliseconds, more than 0',
    bytes: 'a number of bytes, more than 0',
    signal: 'an AbortSignal',
  },
  option: (wanted: string): string => `it must be ${wanted}`,
  unknown: 'there is no such option',
  missingRelay: 'name a relay, or use a link that names one',
  noProxy: 'a page cannot choose a proxy',
  noDirect: 'a direct path would go past the proxy, or needs a transport of this library',
  noSockets: 'a page opens no connection but to the relay',
  noPin: 'a page cannot check the certificate that this link names',
  text: 'it must be a well-formed string that is not empty',
  tooLongName: (limit: number): string => `it is longer than ${String(limit)} bytes of UTF-8`,
  files: (limit: number): string => `1 to ${String(limit)} files are taken`,
  file: 'each one must be an object',
  fileName: 'no receiver takes this name',
  content: 'it must be bytes, a Blob, a ReadableStream, or something to iterate over',
  size: 'the number of bytes is needed',
  natural: 'it must be a whole number that is not negative',
  mode: 'it must be permission bits',
  oneByOne: 'files are read one after the other, each once',
  tooLarge: (limit: number): string => `it has more than ${String(limit)} bytes; read it piece by piece`,
  noBytes: 'it gave something else than bytes',
  broken: 'reading it failed',
  event: (names: readonly string[]): string => `the events are ${names.join(', ')}`,
  listener: 'a listener must be a function',
  over: 'This session is over, or about to be: nothing more can be done with it.',
} as const;

/** Where the hint of the program is about its files and its person. Empty: there is nothing to be done. */
export const LIBRARY_HINTS: Readonly<Partial<Record<Code, string>>> = {
  'SC-350': 'See the cause of this error: it is what your content has thrown.',
};
