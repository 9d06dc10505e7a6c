/**
 * Questions on a terminal. A choice is asked with `prompts`, loaded only when there is one; it keeps what is typed in
 * JavaScript strings, so that a code or its secret is asked in line-prompt.ts. Where nothing may be painted a choice is
 * asked there as well, by number.
 */
import { Readable } from 'node:stream';
import { SecurechatError } from '../../core/errors.js';
import { utf8 } from '../text/utf8.js';
import { askLine, type LinePromptOptions, type Question } from './line-prompt.js';
import { CLI_WORDS } from '../words/cli.js';
import { takeKeys } from '../terminal/raw-input.js';

export interface Choice<T> {
  readonly message: string;
  /** The first one is chosen by Enter. */
  readonly answers: readonly { readonly title: string; readonly value: T }[];
  /** Named in SC-310 when the input ends. */
  readonly what: 'code' | 'secret';
}

/** Both throw SecurechatError SC-311 (cancelled) and SC-310 (end of input), and what the question is called off with. */
export interface Prompter {
  /** Resolves when the answer was accepted. */
  ask(question: Question): Promise<void>;
  choose<T>(choice: Choice<T>): Promise<T>;
}

export interface PrompterOptions extends LinePromptOptions {
  readonly output: NodeJS.WritableStream & { readonly columns?: number };
  /** The terminal shows more than ASCII. */
  readonly unicode: boolean;
}

const CTRL_D = '\x04';
const DIGIT_ONE = 0x31;

export function createPrompter(options: PrompterOptions): Prompter {
  return {
    ask: (question) => askLine(question, options),
    // The library paints, and with more than ASCII.
    choose: (choice) => (options.plain || !options.unicode ? chooseByNumber : chooseByKeys)(choice, options),
  };
}

async function chooseByKeys<T>({ message, answers, what }: Choice<T>, options: PrompterOptions): Promise<T> {
  const { input, output, color, signal } = options;
  // The library colours with kleur, which looks for this when it is loaded.
  if (!color) process.env['NODE_DISABLE_COLORS'] = '1';
  const { default: prompts } = await import('prompts');
  signal.throwIfAborted();
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
  // It has shown the cursor again when this returns; a key in the stream would come later.
  signal.addEventListener('abort', () => keys.emit('keypress', '', { name: 'abort' }));
  try {
    const ended = await Promise.race([answered.then(() => false), taken.ended.then(() => true)]);
    const found = ended ? undefined : answers[(await answered)['answer'] as number];
    if (found !== undefined) return found.value;
    signal.throwIfAborted();
    throw ended || lastKey === CTRL_D ? new SecurechatError('SC-310', { what }) : new SecurechatError('SC-311');
  } finally {
    await taken.close();
    keys.destroy();
  }
}

/** The answers as numbered lines; at most nine. */
async function chooseByNumber<T>({ message, answers, what }: Choice<T>, options: PrompterOptions): Promise<T> {
  options.signal.throwIfAborted();
  const lines = [message, ...answers.map(({ title }, i) => `  ${String(i + 1)}  ${title}`)];
  options.output.write(utf8(lines.map((line) => `${line}\r\n`).join('')));
  let chosen: T | undefined;
  const accept = (answer: Uint8Array): string | undefined => {
    const at = answer.length === 0 ? 0 : answer.length === 1 ? (answer[0] ?? 0) - DIGIT_ONE : -1;
    const found = answers[at];
    if (found === undefined) return CLI_WORDS.ask.noNumber(answers.length);
    chosen = found.value;
    return undefined;
  };
  await askLine({ message: CLI_WORDS.ask.number(answers.length), hidden: false, what, accept }, options);
  return chosen as T;
}
