/**
 * Questions on a terminal. A choice is asked with `prompts`, loaded only when there is one; it keeps what is typed in
 * JavaScript strings, so that a code or a passphrase is asked in line-prompt.ts.
 */
import { Readable } from 'node:stream';
import { SecurechatError } from '../../core/errors.js';
import { askLine, type LinePromptOptions, type Question } from './line-prompt.js';
import { takeKeys } from './terminal-keys.js';

export interface Choice<T> {
  readonly message: string;
  /** The first one is chosen by Enter. */
  readonly answers: readonly { readonly title: string; readonly value: T }[];
  /** Named in SC-310 when the input ends. */
  readonly what: 'code' | 'passphrase';
}

/** Both throw SecurechatError SC-311 (cancelled) and SC-310 (end of input). */
export interface Prompter {
  /** Resolves when the answer was accepted. */
  ask(question: Question): Promise<void>;
  choose<T>(choice: Choice<T>): Promise<T>;
}

const CTRL_D = '\x04';

export function createPrompter(options: LinePromptOptions & { readonly output: NodeJS.WritableStream }): Prompter {
  const { input, output, color } = options;
  return {
    ask: (question) => askLine(question, options),

    async choose({ message, answers, what }) {
      // The library colours with kleur, which looks for this when it is loaded.
      if (!color) process.env['NODE_DISABLE_COLORS'] = '1';
      const { default: prompts } = await import('prompts');
      // A stream for this question alone: the library listens to it in ways that cannot be undone, and turns its errors
      // into uncaught ones. It sets the raw mode itself.
      const stream = new Readable({ read: () => undefined });
      const taken = takeKeys(input, (chunk) => void stream.push(Buffer.from(chunk)), false);
      const keys = Object.assign(stream, { isTTY: input.isTTY === true, setRawMode: taken.setRawMode });
      let lastKey: string | undefined;
      keys.on('keypress', (_text: unknown, key?: { readonly sequence?: string }) => {
        lastKey = key?.sequence;
      });
      const answered = prompts({
        type: 'select',
        name: 'answer',
        message,
        choices: answers.map(({ title }, value) => ({ title, value })),
        initial: 0,
        stdin: keys,
        stdout: output as NodeJS.WriteStream,
      });
      try {
        const ended = await Promise.race([answered.then(() => false), taken.ended.then(() => true)]);
        const found = ended ? undefined : answers[(await answered)['answer'] as number];
        if (found !== undefined) return found.value;
        throw ended || lastKey === CTRL_D ? new SecurechatError('SC-310', { what }) : new SecurechatError('SC-311');
      } finally {
        await taken.close();
        keys.destroy();
      }
    },
  };
}
