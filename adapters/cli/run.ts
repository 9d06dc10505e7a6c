/**
 * One run of the program: options, code, adapters, chat, end. The process itself (signals, exit, uncaught errors) is
 * main.ts; nothing of it may be in this file.
 */
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  type Code,
  CODES,
  type Detail,
  EXIT,
  type ExitStatus,
  isSecurechatError,
  SecurechatError,
} from '../../core/errors.js';
import { ascii } from '../../core/protocol/bytes.js';
import { parseCode, type RoomCode, withNewNameplate } from '../../core/room/code.js';
import type { Chat } from '../../core/session/driver.js';
import type { Places } from '../../plugins/kit/load.js';
import { inTime } from '../../plugins/kit/make.js';
import { createRegistry, type Registry } from '../../plugins/kit/registry.js';
import { hasUnicode } from '../text/locale.js';
import { sanitize } from '../text/sanitize.js';
import { whyNotRich } from '../ui/rich/capable.js';
import { builtins } from './builtins.js';
import type { CheckedMeeting, EnteredCode } from './code-entry.js';
import type { Composition } from './compose.js';
import type { LocalRelay } from './embedded.js';
import { explain, report } from '../text/describe.js';
import type { Input } from './input.js';
import type { Prompter } from './prompt.js';
import { DEFAULTS, OWN_FLAGS } from './flags.js';
import { type Options, parseOptions, pluginsOf } from './options.js';
import { print } from './print.js';
import { parseRelayAddress } from './relay-address.js';
import { CLI_WORDS } from '../words/cli.js';
import { SCREEN_WORDS } from '../words/screen.js';
import { asksWords, equip } from './equip.js';
import { type Task, taskOf } from './task.js';
import { presented, toldFirst } from './told.js';
import { VERSION } from '../../core/version.js';

/** A stalled reader of our own lines is not waited for longer than this, milliseconds. */
export const FLUSH_LIMIT_MS = 2_000;
/** The end after an error that nobody caught is not waited for longer than this: the limits of driver.ts together. */
export const FAIL_LIMIT_MS = 10_000;

/** The question is on the screen by then, milliseconds. */
const LOAD_AHEAD_MS = 100;

type Output = NodeJS.WritableStream & { readonly isTTY?: boolean };

export interface Io {
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where plugins are looked for. */
  readonly places: Places;
  /** The runtime denies this process what it does not need. */
  readonly enforced: boolean;
}

export interface Run {
  /** The exit status, when all output is flushed. Rejects only for a defect: then call `fail`. */
  readonly done: Promise<ExitStatus>;
  /** The plugin in whose file an uncaught error arose. */
  blamed(error: unknown): string | undefined;
  /** Ctrl-C or a signal. */
  interrupt(): void;
  /**
   * An error that nobody caught: a chat ends with it, as it ends with every other. Resolves when it is told, everything is
   * wiped and the terminal is restored, or cannot be.
   */
  fail(error: SecurechatError): Promise<void>;
}

export function run(argv: readonly string[], io: Io): Run {
  let composition: Composition | undefined;
  const loaded: { readonly name: string; readonly file: string }[] = [];
  let session: Chat | undefined;
  /** It has told its end, and tells nothing more. */
  let over = false;
  let failure: { readonly code: Code; readonly told: Promise<unknown> } | undefined;
  /** Calls off what comes before the chat; its reason is the error. */
  const before = new AbortController();
  const calledOff = new Promise<never>((_resolve, reject) => {
    before.signal.addEventListener('abort', () => reject(before.signal.reason as Error));
  });
  calledOff.catch(() => undefined);

  async function start(): Promise<ExitStatus> {
    const registry = createRegistry(OWN_FLAGS);
    registry.register(builtins);
    const { task, rest } = taskOf(argv);
    const named = pluginsOf(rest, registry);
    if (named.length > 0) await Promise.race([load(named, registry), calledOff]);
    const notRich = whyNotRich({ input: io.stdin, output: io.stdout, env: io.env });
    const usual = notRich === undefined && task.kind === 'chat' ? 'rich' : DEFAULTS.ui;
    const invocation = parseOptions(rest, registry, usual, io.env);
    if (invocation.run !== 'chat') {
      const help = async () => (await import('./help.js')).shortHelp(registry);
      await print(io.stdout, invocation.run === 'help' ? await help() : `${VERSION}\n`);
      return EXIT.ok;
    }
    const { options } = invocation;
    if (options.ui === 'rich' && notRich !== undefined) {
      throw new SecurechatError('SC-503', { flag: '--ui', why: SCREEN_WORDS.capable.refusal(notRich) });
    }
    if (task.kind !== 'chat' || task.files !== undefined) {
      const { checkPlaces } = await import('./places.js');
      await checkPlaces(task, io.places.cwd);
    }
    const color = colorOf(options, io);
    // While somebody types, what comes next is loaded.
    const ahead = setTimeout(() => void import('./compose.js').catch(() => undefined), LOAD_AHEAD_MS).unref();
    const entering = enter(task, options, io, color, before.signal).finally(() => clearTimeout(ahead));
    const entered = await Promise.race([entering, calledOff]);
    refuseUnasked(task, options, entered, io);
    // An address of one's own comes before that of a link, and then nothing else in the link is about it.
    const meeting = options.relay === undefined && options.listen === undefined ? entered.meeting : undefined;
    const relay = options.relay ?? meeting?.relay;
    const met = atMeeting(options, meeting, registry);
    if (options.listen?.type === 'onion') await write(io, `securechat: ${CLI_WORDS.onionStarts}\n`);
    const streams = {
      input: entered.input,
      output: io.stdout,
      errors: io.stderr,
      color,
      wipeScrollback: options.wipeScrollback,
    };
    const ours = registry.pluginOf('transport', met.transport) === builtins.name;
    const prompter = () => prompterOf(task, options, io, color, before.signal);
    const loading = Promise.all([import('./compose.js'), import('./proxy-way.js')]);
    const composing = loading.then(async ([{ compose }, { findWay, refuseInLan, refusePast }]) => {
      const way = await findWay({ options: met, relay, ours, env: io.env, random, prompter });
      if (met.listen?.type === 'lan') refuseInLan(io.env);
      if (met.direct !== undefined) refusePast(way, ours, met.transport);
      composition = await compose({
        registry,
        options: met,
        relay,
        pin: meeting?.pin,
        way,
        streams,
        files: task.kind === 'chat' && task.files !== undefined ? path.resolve(io.places.cwd, task.files) : undefined,
        told: (local) =>
          toldFirst({
            ...{ task, entered, options: met, relay: local, env: io.env, enforced: io.enforced },
            terminal: io.stdout.isTTY === true || io.stderr.isTTY === true,
          }),
        equip: (ui, clock) =>
          equip({
            task,
            hosted: met.listen !== undefined,
            ui,
            json: options.ui === 'json',
            context: { input: entered.input, output: io.stdout, errors: io.stderr, sanitize, clock },
            unicode: hasUnicode(io.env, process.platform),
            cwd: io.places.cwd,
          }),
        chat: (local) => chatOf(task, met, entered, local, io),
      });
      // Too late: nobody waits for it any more.
      if (before.signal.aborted) await composition.end();
      return composition;
    });
    try {
      const made = await Promise.race([composing, calledOff]);
      session = await Promise.race([made.start(), calledOff]);
      void made.relay?.unreachable?.then(() => {
        if (!over) made.ui.show({ type: 'notice', code: 'SC-124', text: explain('SC-124') });
      });
      return made.exit(
        await session.done.finally(() => {
          over = true;
        }),
      );
    } catch (error) {
      throw isSecurechatError(error) ? new SecurechatError(error.code, withName(error.detail, options)) : error;
    } finally {
      entered.code.secret.fill(0);
      await composition?.end();
    }
  }

  /** Without a chat there is no text and no key but the code; the terminal may be that of a prompt. */
  async function failed(error: SecurechatError): Promise<void> {
    const { code, detail } = error;
    before.abort(error);
    await composition?.end();
    await write(io, report(code, detail));
  }

  /** Each is told on stderr: it may do all that this program may, and a UI must not be able to hide it. */
  async function load(named: readonly string[], registry: Registry): Promise<void> {
    const { loadPlugin } = await import('../../plugins/kit/load.js');
    for (const spec of named) {
      const { name, version, file } = await loadPlugin(spec, registry, io.places);
      loaded.push({ name, file });
      await write(io, report('SC-507', { plugin: name, version, path: file }));
    }
  }

  return {
    done: start().catch(async (error: unknown) => {
      if (failure !== undefined) {
        await failure.told;
        return CODES[failure.code];
      }
      if (!isSecurechatError(error) || error.code === 'SC-501') throw error;
      await write(io, report(error.code, error.detail));
      return CODES[error.code];
    }),
    blamed(error) {
      const stack = error instanceof Error ? (error.stack ?? '') : '';
      return loaded.find(({ file }) => stack.includes(pathToFileURL(file).href) || stack.includes(`${file}:`))?.name;
    },
    interrupt() {
      if (session === undefined) before.abort(new SecurechatError('SC-311'));
      else session.interrupt();
    },
    async fail(error) {
      const chat = over ? undefined : session;
      chat?.fail(error);
      const told = inTime<unknown>(() => (chat === undefined ? failed(error) : chat.done), FAIL_LIMIT_MS);
      failure = { code: error.code, told: told.catch(() => undefined) };
      await told;
    },
  };
}

/** The code, and how it is read when it is typed once more. */
interface Entered extends EnteredCode {
  readonly retype: ((typed: Uint8Array) => RoomCode) | undefined;
}

/** Safety words that nobody can compare would end it, and only when the peer is there. Throws SecurechatError SC-377. */
function refuseUnasked(task: Task, options: Options, { code }: Entered, io: Io): void {
  // A pipe has a UI of its own, whatever is chosen.
  if ((options.ui === 'json' && task.kind !== 'pipe') || asksWords(task, io.stderr)) return;
  if (!options.verify && code.form !== 'none') return;
  code.secret.fill(0);
  throw new SecurechatError('SC-377', options.verify ? { flag: '--verify' } : {});
}

/** The transport that a link names is used where none was chosen here. */
function atMeeting(options: Options, meeting: CheckedMeeting | undefined, registry: Registry): Options {
  const named = meeting?.transport;
  if (named === undefined || options.transport !== DEFAULTS.transport) return options;
  registry.find('transport', named);
  return { ...options, transport: named, flags: { ...options.flags, transport: {} } };
}

/** The words and the prompt are loaded only here, behind the checks of the command line. */
async function enter(task: Task, options: Options, io: Io, color: boolean, signal: AbortSignal): Promise<Entered> {
  const [{ enterCode }, { normalize }, prompter, { createWordlist }, { wordlist }] = await Promise.all([
    import('./code-entry.js'),
    import('../text/normalize.js'),
    prompterOf(task, options, io, color, signal),
    import('../../core/room/words.js'),
    import('@scure/bip39/wordlists/english.js'),
  ]);
  const words = createWordlist(wordlist);
  const asked = task.kind === 'chat' && options.source.type !== 'stdin' && prompter !== undefined;
  const entered = await enterCode({
    source: sourceOf(task, options, io),
    words,
    random,
    input: io.stdin,
    prompter,
    lan: options.listen?.type === 'lan',
    checkRelay: (address) => parseRelayAddress(address, options.insecureRelay),
  });
  return { ...entered, retype: asked ? (typed) => parseCode(typed, words, normalize) : undefined };
}

/** Who receives has been given a code: where nobody types, it is on the input. The json UI makes one, and tells it. */
function sourceOf(task: Task, { source, ui }: Options, { stdin }: Io): Options['source'] {
  const piped = task.kind === 'receive' && ui !== 'json' && stdin.isTTY !== true;
  return piped && source.type === 'ask' ? { type: 'stdin' } : source;
}

/** Undefined where nothing may be asked. */
async function prompterOf(
  task: Task,
  options: Options,
  io: Io,
  color: boolean,
  signal: AbortSignal,
): Promise<Prompter | undefined> {
  const [{ createPrompter }, { createClock }] = await Promise.all([
    import('./prompt.js'),
    import('../system/clock.js'),
  ]);
  const output = voiceOf(options, io);
  // The json UI has stdout for itself.
  const mayAsk = io.stdin.isTTY === true && output.isTTY === true && options.ui !== 'json';
  if (!mayAsk || !mayPrompt(task, options)) return undefined;
  return createPrompter({
    input: io.stdin,
    output,
    clock: createClock(),
    color,
    plain: options.ui === 'line' || io.env['TERM'] === 'dumb',
    unicode: hasUnicode(io.env, process.platform),
    signal,
  });
}

/** A pipe's input is not for us, and who sends files without naming a room makes a code. */
function mayPrompt({ kind }: Task, { source }: Options): boolean {
  return kind !== 'pipe' && (kind !== 'send' || source.type !== 'ask');
}

/** The core does not know what the adapter that failed is called. */
function withName(detail: Detail, options: Options): Detail {
  const { kind } = detail;
  return kind === 'transport' || kind === 'crypto' || kind === 'ui' ? { name: options[kind], ...detail } : detail;
}

/** What the chat needs to know of the command line and the code. */
function chatOf(task: Task, options: Options, entered: Entered, relay: LocalRelay | undefined, io: Io) {
  const { verify, cover, name, receipts, resumeTimeout, idleTimeout } = options;
  const { code, created, retype } = entered;
  // That of --lan is in no place that could be told.
  const address = options.listen?.type === 'lan' ? undefined : relay?.url.href;
  return {
    ...{ verify, cover, name, receipts, resumeTimeout, idleTimeout, code, retype },
    ...(task.kind === 'chat' ? {} : { purpose: task.kind }),
    ...(created ? { reroll: (taken: RoomCode) => withNewNameplate(taken, random) } : {}),
    present: (made: RoomCode) => presented(made, options, relay),
    pace: options.ui !== 'json' && io.stdin.isTTY === true,
    version: ascii(VERSION),
    relay: address ?? '',
    describe: (about: Code, detail: Detail) =>
      explain(about, {
        ...(address === undefined ? {} : { relay: address }),
        ...(task.kind === 'receive' || (task.kind === 'chat' && task.files !== undefined) ? { files: 1 } : {}),
        ...withName(detail, options),
      }),
    untold: (about: Code, text: string) => write(io, `securechat: ${text} (${about})\n`),
  };
}

/** Of the platform, not of the chosen adapter: a code is made before there is one. */
function random(n: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(new ArrayBuffer(n)));
}

/** Where this program itself speaks: the line UI keeps stdout for what the peer says. */
function voiceOf({ ui }: Options, { stdout, stderr }: Io): Output {
  return ui === 'line' ? stderr : stdout;
}

/** --no-color, then FORCE_COLOR, then NO_COLOR, then what the terminal can. */
function colorOf(options: Options, io: Io): boolean {
  const { env } = io;
  if (!options.color) return false;
  if (env['FORCE_COLOR'] !== undefined) return env['FORCE_COLOR'] !== '0';
  const capable = !['', 'dumb'].includes(env['TERM'] ?? '');
  return (env['NO_COLOR'] ?? '') === '' && capable && voiceOf(options, io).isTTY === true;
}

/** On stderr. Resolves when the text is out, or its reader is gone or stalled. */
async function write({ stderr, env }: Io, text: string): Promise<void> {
  const shown = stderr.isTTY === true ? await onTerminal(text, env) : text;
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, FLUSH_LIMIT_MS);
    stderr.write(shown, () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

async function onTerminal(text: string, env: Io['env']): Promise<Uint8Array> {
  const { shownBy } = await import('../text/ascii.js');
  return shownBy({ isTTY: true }, hasUnicode(env, process.platform), Buffer.from(text));
}
