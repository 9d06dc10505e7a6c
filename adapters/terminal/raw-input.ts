/**
 * The keys of a terminal for one question: raw while it is asked, and the input as it was afterwards. What a key does may
 * not be in this file.
 */

export type TerminalInput = NodeJS.ReadableStream & {
  readonly isTTY?: boolean;
  readonly readableEnded?: boolean;
  setRawMode?: (raw: boolean) => unknown;
};

export interface TakenKeys {
  /** Resolves when the input has ended, or is gone. */
  readonly ended: Promise<void>;
  setRawMode(raw: boolean): void;
  /** Leaves the input as it was before: cooked, nobody listening, neither flowing nor paused. */
  close(): Promise<void>;
}

/** Takes what is typed until it is closed. The chunks are those of the stream: `sink` overwrites them. */
export function takeKeys(input: TerminalInput, sink: (chunk: Uint8Array) => void, raw = true): TakenKeys {
  const setRawMode = (on: boolean): void => {
    if (input.isTTY === true) input.setRawMode?.(on);
  };
  const onData = (chunk: Uint8Array | string): void => sink(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
  let onEnd = (): void => undefined;
  const ended = new Promise<void>((resolve) => {
    onEnd = resolve;
  });
  if (input.readableEnded === true || !input.readable) onEnd();
  for (const event of ['end', 'close', 'error']) input.on(event, onEnd);
  if (raw) setRawMode(true);
  input.on('data', onData);
  input.resume();

  return {
    ended,
    setRawMode,
    async close() {
      setRawMode(false);
      input.off('data', onData);
      for (const event of ['end', 'close', 'error']) input.off(event, onEnd);
      const noop = (): void => undefined;
      input.on('readable', noop);
      input.off('readable', noop);
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}
