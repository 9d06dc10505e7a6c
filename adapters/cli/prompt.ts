/**
 * Questions on a terminal, with `prompts`, loaded only when there is something to ask. It settles in every case: answered,
 * Ctrl-C or Escape, Ctrl-D or end of input (where `prompts` alone would wait for ever). `prompts` keeps what is typed in
 * JavaScript strings, which cannot be wiped: --code-stdin and --code-fd avoid it.
 */
import { Readable } from 'node:stream';
import { SecurechatError } from '../../core/errors.js';

export interface Question {
  readonly message: string;
  /** Nothing of the answer is shown but its length. */
  readonly hidden: boolean;
  /** Named in SC-310 when the input ends. */
  readonly what: 'code' | 'passphrase';
  /** Takes the answer; returns a sentence when it is not acceptable: it is shown and the answer can be corrected. */
  accept(answer: string): string | undefined;
}

export interface Prompter {
  /** Resolves when the answer was accepted. Throws SecurechatError SC-311 (cancelled) and SC-310 (end of input). */
  ask(question: Question): Promise<void>;
}

type TerminalInput = NodeJS.ReadableStream & {
  readonly isTTY?: boolean;
  readonly readableEnded?: boolean;
  setRawMode?: (raw: boolean) => unknown;
};

const CTRL_D = '\x04';

export function createPrompter(input: TerminalInput, output: NodeJS.WritableStream, color: boolean): Prompter {
  return {
    async ask({ message, hidden, what, accept }) {
      // The library colours with kleur, which looks for this when it is loaded.
      if (!color) process.env['NODE_DISABLE_COLORS'] = '1';
      const { default: prompts } = await import('prompts');
      const keys = keysOf(input);
      let lastKey: string | undefined;
      keys.stream.on('keypress', (_text: unknown, key?: { readonly sequence?: string }) => {
        lastKey = key?.sequence;
      });
      let accepted = false;
      // Keys pasted behind Enter reach the answer after it was checked: only what was checked counts.
      const validate = (answer: string): true | string => {
        const why = accept(answer);
        accepted = why === undefined;
        return why ?? true;
      };
      const answered = prompts({
        type: hidden ? 'password' : 'text',
        name: 'answer',
        message,
        validate,
        stdin: keys.stream,
        stdout: output as NodeJS.WriteStream,
      });
      try {
        const ended = await Promise.race([answered.then(() => false), keys.ended.then(() => true)]);
        if (accepted) return;
        throw ended || lastKey === CTRL_D ? new SecurechatError('SC-310', { what }) : new SecurechatError('SC-311');
      } finally {
        await keys.close();
      }
    },
  };
}

/**
 * What is typed, in a stream for one question. The library listens to it in ways that cannot be undone, and turns an error
 * of its stream into an uncaught one: neither may happen to the stream that the UI reads afterwards.
 */
function keysOf(input: TerminalInput) {
  const setRawMode = (raw: boolean): void => {
    if (input.isTTY === true) input.setRawMode?.(raw);
  };
  const stream = Object.assign(new Readable({ read: () => undefined }), { isTTY: input.isTTY === true, setRawMode });
  const onData = (chunk: Uint8Array): void => {
    stream.push(chunk);
  };
  let onEnd = (): void => undefined;
  const ended = new Promise<void>((resolve) => {
    onEnd = resolve;
  });
  if (input.readableEnded === true || !input.readable) onEnd();
  for (const event of ['end', 'close', 'error']) input.on(event, onEnd);
  input.on('data', onData);
  input.resume();

  return {
    stream,
    /** The input has ended, or is gone. */
    ended,
    /** Leaves the input as it was before: cooked, nobody listening, neither flowing nor paused. */
    async close(): Promise<void> {
      setRawMode(false);
      stream.destroy();
      input.off('data', onData);
      for (const event of ['end', 'close', 'error']) input.off(event, onEnd);
      const noop = (): void => undefined;
      input.on('readable', noop);
      input.off('readable', noop);
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}
