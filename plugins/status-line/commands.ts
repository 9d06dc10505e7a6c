/** The few words that the status line takes from its input, one a line. No text of a person is kept in this file. */
import { createLineReader, type LineReader } from 'securechat/plugin';

/** Bytes of a line; a longer one is unknown. */
export const COMMAND_LIMIT = 16;

/** seen: nothing is unread any more. yes, no: whether the safety words match. */
const WORDS = ['seen', 'yes', 'no', 'quit'] as const;

export type Command = (typeof WORDS)[number] | 'end-of-input' | 'unknown';

/** `take` is called for each line that is not blank, and once, last, for the end of the input. */
export function readCommands(input: NodeJS.ReadableStream, take: (command: Command) => void): LineReader {
  return createLineReader(input, COMMAND_LIMIT, {
    line(line) {
      const text = String.fromCharCode(...line).trim();
      if (text !== '') take(WORDS.find((word) => word === text) ?? 'unknown');
      return true;
    },
    tooLong: () => take('unknown'),
    end: () => take('end-of-input'),
  });
}
