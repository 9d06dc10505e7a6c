/**
 * Questions on a terminal, with `prompts`, loaded only when there is something to ask. It settles in every case: answered,
 * Ctrl-C or Escape, Ctrl-D or end of input (where `prompts` alone would wait for ever). `prompts` keeps what is typed in
 * JavaScript strings, which cannot be wiped: --code-stdin and --code-fd avoid it.
 */
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
      const listening = input.listeners('data');
      let lastKey: string | undefined;
      let accepted = false;
      const onKey = (_text: unknown, key?: { readonly sequence?: string }): void => {
        lastKey = key?.sequence;
      };
      let onEnd = (): void => undefined;
      const ended = new Promise<void>((resolve) => {
        onEnd = resolve;
      });
      if (input.readableEnded === true || !input.readable) onEnd();
      for (const event of ['end', 'close', 'error']) input.on(event, onEnd);
      input.on('keypress', onKey);
      // Keys pasted behind Enter reach the answer after it was checked: only what was checked counts.
      const validate = (answer: string): true | string => {
        const why = accept(answer);
        accepted = why === undefined;
        return why ?? true;
      };
      const answer = prompts({
        type: hidden ? 'password' : 'text',
        name: 'answer',
        message,
        validate,
        stdin: input as NodeJS.ReadStream,
        stdout: output as NodeJS.WriteStream,
      });
      try {
        const end = await Promise.race([answer.then(() => false), ended.then(() => true)]);
        if (accepted) return;
        throw end || lastKey === CTRL_D ? new SecurechatError('SC-310', { what }) : new SecurechatError('SC-311');
      } finally {
        for (const event of ['end', 'close', 'error']) input.off(event, onEnd);
        input.off('keypress', onKey);
        await handOver(input, listening);
      }
    },
  };
}

/** Leaves the stream as it was before: nobody listening to its bytes, cooked, neither flowing nor paused. */
async function handOver(input: TerminalInput, listening: readonly unknown[]): Promise<void> {
  if (input.isTTY === true) input.setRawMode?.(false);
  for (const listener of input.listeners('data')) {
    if (!listening.includes(listener)) input.off('data', listener as (chunk: unknown) => void);
  }
  const noop = (): void => undefined;
  input.on('readable', noop);
  input.off('readable', noop);
  await new Promise((resolve) => setImmediate(resolve));
}
