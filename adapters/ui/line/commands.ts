/**
 * What a line of input to the line UI is: text or a command. Bytes only: a line that is not one of the fixed words never
 * becomes a JavaScript string.
 */

const COMMANDS = ['quit', 'wipe', 'help', 'verify', 'verify yes', 'verify no', 'status', 'name'] as const;
/** Of the rich UI. */
const ABSENT = ['/clear', '/bell', '/send', '/accept', '/reject'] as const;

export type LineCommand = (typeof COMMANDS)[number] | 'absent' | 'unknown';
export type LineKind = 'empty' | 'text' | 'slash' | LineCommand;

const SLASH = 0x2f;

/** `slash`: text behind a second slash, which is sent without the first. Commands take nothing behind them. */
export function lineKind(line: Uint8Array): LineKind {
  if (line.length === 0) return 'empty';
  if (line[0] !== SLASH) return 'text';
  if (line[1] === SLASH) return 'slash';
  if (isLine(line, '/q')) return 'quit';
  for (const command of COMMANDS) if (isLine(line, `/${command}`)) return command;
  return isLine(line, ...ABSENT) ? 'absent' : 'unknown';
}

/** Whether the line is one of the words, in any case, with blanks around it. The words are lower-case ASCII. */
export function isLine(line: Uint8Array, ...words: readonly string[]): boolean {
  let start = 0;
  let end = line.length;
  while (start < end && isBlank(line[start])) start++;
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
