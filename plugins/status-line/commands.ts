/** The few words that the status line takes from its input, one a line. No text of a person is kept in this file. */

/** Bytes of a line; a longer one is unknown. */
export const COMMAND_LIMIT = 16;

/** seen: nothing is unread any more. yes, no: whether the safety words match. */
const WORDS = ['seen', 'yes', 'no', 'quit'] as const;

export type Command = (typeof WORDS)[number] | 'end-of-input' | 'unknown';

type Input = NodeJS.ReadableStream & { readonly readableEnded?: boolean; readonly destroyed?: boolean; unref?(): void };

/** `take` is called for each line that is not empty, and once, last, for the end of the input. */
export function readCommands(input: Input, take: (command: Command) => void): { open(): void; close(): void } {
  let line: number[] = [];
  let ended = false;

  function endLine(): void {
    const text = String.fromCharCode(...line).trim();
    const long = line.length > COMMAND_LIMIT;
    line = [];
    if (text !== '') take(long ? 'unknown' : (WORDS.find((word) => word === text) ?? 'unknown'));
  }

  function onData(chunk: Uint8Array | string): void {
    for (const byte of Buffer.from(chunk as Uint8Array)) {
      if (byte === 0x0a) endLine();
      else if (line.length <= COMMAND_LIMIT) line.push(byte);
    }
  }

  function onEnd(): void {
    if (ended) return;
    ended = true;
    endLine();
    take('end-of-input');
  }

  return {
    open() {
      input.on('data', onData);
      for (const event of ['end', 'close', 'error']) input.on(event, onEnd);
      // An input that was read to its end before will not say so again.
      if (input.readableEnded === true || input.destroyed === true) queueMicrotask(onEnd);
    },
    close() {
      ended = true;
      input.removeListener('data', onData);
      input.pause();
      input.unref?.();
    },
  };
}
