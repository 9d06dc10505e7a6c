/**
 * What a line of input to the line UI is: text or a command. Bytes only: a line that is not one of the fixed words never
 * becomes a JavaScript string.
 */

const COMMANDS = [
  'quit',
  'wipe',
  'help',
  'verify',
  'verify yes',
  'verify no',
  'verify again',
  'more',
  'status',
  'name',
] as const;
/** Of the rich UI. */
const ABSENT = ['/clear', '/bell'] as const;

/** absent: of another UI. misused: /verify with something else behind it. */
export type LineCommand = (typeof COMMANDS)[number] | 'absent' | 'misused' | 'unknown';
export type LineKind = 'empty' | 'text' | 'slash' | LineCommand;

const SLASH = 0x2f;

/**
 * `slash`: text behind a second slash, which is sent without the first. Commands take nothing behind them. Where a person
 * types, blanks before a slash are a slip of the hand; in a pipe they are part of the text.
 */
export function lineKind(whole: Uint8Array, typed: boolean): LineKind {
  const line = typed ? whole.subarray(blanksBefore(whole)) : whole;
  if (whole.length === 0) return 'empty';
  if (line[0] !== SLASH) return 'text';
  if (line[1] === SLASH) return 'slash';
  if (isLine(line, '/q')) return 'quit';
  for (const command of COMMANDS) if (isLine(line, `/${command}`)) return command;
  const word = firstWord(line);
  if (isLine(word, '/verify')) return 'misused';
  return isLine(word, ...ABSENT) ? 'absent' : 'unknown';
}

/** Blanks at the beginning. */
export function blanksBefore(line: Uint8Array): number {
  const first = line.findIndex((byte) => !isBlank(byte));
  return first < 0 ? line.length : first;
}

/** Up to the first blank. */
export function firstWord(line: Uint8Array): Uint8Array {
  const blank = line.findIndex(isBlank);
  return blank < 0 ? line : line.subarray(0, blank);
}

/** Whether the line is one of the words, in any case, with blanks around it. The words are lower-case ASCII. */
export function isLine(line: Uint8Array, ...words: readonly string[]): boolean {
  let end = line.length;
  const start = blanksBefore(line);
  while (end > start && isBlank(line[end - 1])) end--;
  const word = line.subarray(start, end);
  return words.some((expected) => isWord(word, expected));
}

function isWord(bytes: Uint8Array, word: string): boolean {
  if (bytes.length !== word.length) return false;
  return bytes.every((byte, i) => (byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte) === word.charCodeAt(i));
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09;
}
