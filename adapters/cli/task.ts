/**
 * What the program is started for: a chat, a pipe, sending or receiving files; and what of the command line belongs to that.
 * The launchers read the same words before Node starts (launcher.sh, launch.ts). No I/O may be in this file.
 */
import { SecurechatError } from '../../core/errors.js';
import { CLI_WORDS } from '../words/cli.js';
import { FLAG_WORDS } from '../words/flags.js';
import { FLAGS } from './flags.js';

export type Task =
  /** `files`: the folder of --files. */
  | { readonly kind: 'chat'; readonly files: string | undefined }
  | { readonly kind: 'pipe' }
  | { readonly kind: 'send'; readonly paths: readonly string[] }
  | { readonly kind: 'receive'; readonly folder: string; readonly yes: boolean };

/** The task, and the arguments that a chat would be started with. Throws SecurechatError SC-503. */
export function taskOf(argv: readonly string[]): { readonly task: Task; readonly rest: readonly string[] } {
  const [command, ...given] = argv;
  switch (command) {
    case 'pipe':
      return { task: { kind: 'pipe' }, rest: given };
    case 'send':
      return send(given);
    case 'receive':
      return receive(given);
    default:
      return chat(argv);
  }
}

function chat(argv: readonly string[]): ReturnType<typeof taskOf> {
  let files: string | undefined;
  const rest: string[] = [];
  walk(argv, ['files'], (flag, value, word) => {
    if (flag === 'files') files = value ?? '.';
    else rest.push(word);
  });
  return { task: { kind: 'chat', files }, rest };
}

function send(argv: readonly string[]): ReturnType<typeof taskOf> {
  const paths: string[] = [];
  const rest: string[] = [];
  walk(argv, ['room'], (flag, value, word) => {
    if (flag === 'room') rest.push('--room', must('--room', value));
    else if (flag === 'json') rest.push('--ui=json');
    else if (flag === '') paths.push(word);
    else rest.push(word);
  });
  if (paths.length === 0) throw new SecurechatError('SC-503', { why: CLI_WORDS.nothingToSend });
  return { task: { kind: 'send', paths }, rest };
}

function receive(argv: readonly string[]): ReturnType<typeof taskOf> {
  let folder = '.';
  let yes = false;
  const rest: string[] = [];
  walk(argv, ['output'], (flag, value, word) => {
    if (flag === 'output') folder = must('--output', value);
    else if (flag === 'yes') yes = true;
    else if (flag === 'json') rest.push('--ui=json');
    else rest.push(word);
  });
  return { task: { kind: 'receive', folder, yes }, rest };
}

function must(flag: string, value: string | undefined): string {
  if (value === undefined || value === '') throw new SecurechatError('SC-503', { flag, why: FLAG_WORDS.missingValue });
  return value;
}

/** Short forms of the flags that are read here. */
const SHORT: Readonly<Record<string, string>> = { '-o': 'output', '-y': 'yes' };

/** `-o DIR` and `-oDIR`; any other word without its dashes. */
function shortOf(word: string, valued: readonly string[]): readonly string[] {
  const name = SHORT[word.slice(0, 2)];
  if (name !== undefined && valued.includes(name) && word.length > 2) return [name, word.slice(2)];
  return [SHORT[word] ?? word.replace(/^--?/, '')];
}

/**
 * Calls `take` for each word. Those in `valued` come with their value, attached or the next word; every other word comes as
 * it is, the value of a known flag too, with the flag it is or belongs to; `''`: it is neither a flag nor a value.
 */
function walk(
  argv: readonly string[],
  valued: readonly string[],
  take: (flag: string, value: string | undefined, word: string) => void,
): void {
  const words = [...argv];
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === '--') {
      if (!valued.includes('room')) take('--', undefined, word);
      for (const each of words.splice(0)) take('', undefined, each);
      return;
    }
    if (!word.startsWith('-') || word === '-') {
      take('', undefined, word);
      continue;
    }
    const [name = '', attached] = /^--([^=]+)=(.*)$/s.exec(word)?.slice(1) ?? shortOf(word, valued);
    if (valued.includes(name)) {
      const next = words[0];
      const value = attached ?? (next === undefined || next.startsWith('-') ? undefined : words.shift());
      take(name, value, word);
      continue;
    }
    take(name, attached, word);
    const flag = FLAGS.find(({ long, short }) => word === `--${long}` || word === `-${short ?? ''}`);
    if (flag?.value === undefined || (flag.bare !== undefined && !flag.bare.looks.test(words[0] ?? ''))) continue;
    const value = words.shift();
    if (value !== undefined) take(name, undefined, value);
  }
}
