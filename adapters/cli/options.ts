/**
 * The command line into checked options. Everything that can be wrong with it is found here, before anything is opened or
 * sent. No I/O, no sentence (messages.ts) and no adapter may be in this file.
 */
import { Command, CommanderError, Option } from 'commander';
import { parseDuration } from '../../core/duration.js';
import { SecurechatError } from '../../core/errors.js';
import { NAME_LIMIT } from '../../core/protocol/records.js';
import type { FlagValues } from '../../plugins/kit/define.js';
import { wordsOf } from '../../plugins/kit/make.js';
import type { AdapterKind, Registry } from '../../plugins/kit/registry.js';
import { neutral } from '../words/describe.js';
import { CLI_WORDS } from '../words/cli.js';
import { parseRelayAddress } from './relay-address.js';

/** What is chosen when nothing is named; on a capable terminal the UI is rich instead. */
export const DEFAULTS = { transport: 'ws', crypto: 'sodium', ui: 'line' } as const;
/** Without a line to the peer for this many milliseconds the session is given up (protocol.md section 7). */
export const RESUME_TIMEOUT = 600_000;
/** The longest duration, milliseconds: 24 days. */
export const DURATION_LIMIT = 24 * 86_400_000;
/** Highest descriptor that --code-fd takes. */
export const DESCRIPTOR_LIMIT = 65_535;

/** The program's own long flags: no adapter may bring one of the same name. Later commands' flags are kept free too. */
export const OWN_FLAGS = [
  ...['transport', 'crypto', 'ui', 'relay', 'insecure-relay', 'name', 'verify', 'code-stdin', 'code-fd', 'receipts'],
  ...['no-receipts', 'color', 'no-color', 'quiet', 'help', 'version', 'plugin', 'listen', 'proxy', 'tor', 'cover'],
  'wipe-scrollback',
  ...['idle-timeout', 'resume-timeout', 'typing', 'bell', 'host', 'port', 'check-config'],
] as const;

/** Names of commands, now or later: a room of that name cannot be given as the first argument. */
export const COMMANDS = ['relay', 'pipe', 'send', 'receive', 'doctor', 'completion'] as const;

/** Where the room code comes from. `argument`: UTF-8. */
export type CodeSource =
  | { readonly type: 'ask' }
  | { readonly type: 'argument'; readonly bytes: Uint8Array }
  | { readonly type: 'stdin' }
  | { readonly type: 'fd'; readonly fd: number };

export interface Options {
  readonly source: CodeSource;
  /** Names of registered adapters. */
  readonly transport: string;
  readonly crypto: string;
  readonly ui: string;
  /** Values of the chosen adapters' own flags. */
  readonly flags: Readonly<Record<AdapterKind, FlagValues>>;
  readonly relay: URL | undefined;
  readonly insecureRelay: boolean;
  /** UTF-8, at most 64 bytes, empty when none is given. */
  readonly name: Uint8Array;
  readonly verify: boolean;
  readonly receipts: boolean;
  /** Milliseconds; 0: not at all. */
  readonly resumeTimeout: number;
  /** Milliseconds; infinity: never. */
  readonly idleTimeout: number;
  readonly color: boolean;
  readonly wipeScrollback: boolean;
  readonly quiet: boolean;
}

export type Invocation =
  | { readonly run: 'chat'; readonly options: Options }
  | { readonly run: 'help'; readonly text: string }
  | { readonly run: 'version' };

/**
 * The plugins that `argv` names, in order. It is asked first: the flags that they bring along are not known yet, and are
 * passed over. Throws SecurechatError SC-503.
 */
export function pluginsOf(argv: readonly string[], registry: Registry): readonly string[] {
  refuseCommand(argv[0]);
  const program = define(registry, () => undefined);
  program.helpOption(false).allowUnknownOption().allowExcessArguments();
  try {
    program.parse(argv, { from: 'user' });
  } catch (error) {
    throw error instanceof CommanderError ? refusal(error) : error;
  }
  const named = program.opts<Values>()['plugin'];
  return Array.isArray(named) ? named : [];
}

/**
 * `argv` without node and program; `ui` is used when none is named. Throws SecurechatError SC-109, SC-110, SC-502, SC-503.
 */
export function parseOptions(argv: readonly string[], registry: Registry, ui: string = DEFAULTS.ui): Invocation {
  refuseCommand(argv[0]);
  let help = '';
  const program = define(registry, (text) => {
    help += text;
  });
  try {
    program.parse(argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === 'commander.helpDisplayed') return { run: 'help', text: help };
    throw refusal(error);
  }
  const values = program.opts<Values>();
  if (values['version'] === true) return { run: 'version' };
  return { run: 'chat', options: check(program.args[0], { ui, ...values }, registry) };
}

function define(registry: Registry, write: (text: string) => void): Command {
  const { options, known } = CLI_WORDS;
  const program = new Command('securechat')
    .description(CLI_WORDS.summary)
    .argument('[ROOM]', CLI_WORDS.room)
    .exitOverride()
    .configureOutput({ writeOut: write, writeErr: () => undefined })
    .configureHelp({ helpWidth: 100 })
    .allowExcessArguments(false)
    .helpOption('-h, --help', options.help)
    .addHelpText('after', `\n${CLI_WORDS.footer.join('\n')}`);
  const adapter = (kind: AdapterKind): string => `${options[kind]}: ${known(registry.names(kind), DEFAULTS[kind])}`;
  program
    .option('-t, --transport <name>', adapter('transport'))
    .option('-c, --crypto <name>', adapter('crypto'))
    .option('-u, --ui <name>', `${options.ui}: ${registry.names('ui').join(', ')}`)
    .option('-r, --relay <url>', options.relay)
    .option('--insecure-relay', options.insecureRelay)
    .option('--name <text>', options.name)
    .option('--verify', options.verify)
    .option('--code-stdin', options.codeStdin)
    .option('--code-fd <n>', options.codeFd)
    .option('--receipts', options.receipts)
    .option('--no-receipts', options.noReceipts)
    .option('-p, --plugin <spec>', options.plugin, (spec: string, before?: string[]) => [...(before ?? []), spec])
    .option('--resume-timeout <d>', options.resumeTimeout)
    .option('--idle-timeout <d>', options.idleTimeout)
    .option('--no-color', options.color)
    .option('--wipe-scrollback', options.wipeScrollback)
    .option('--quiet', options.quiet)
    .option('-V, --version', options.version);
  for (const { flag, spec, kind, adapter: name } of registry.flags()) {
    const option = new Option(`--${flag}${spec.value === undefined ? '' : ` <${neutral(spec.value)}>`}`);
    option.description = neutral(spec.description);
    program.addOption(option.helpGroup(CLI_WORDS.adapterFlags(kind, name)));
  }
  return program;
}

function check(room: string | undefined, values: Values, registry: Registry): Options {
  const chosen = {
    transport: text(values['transport']) ?? DEFAULTS.transport,
    crypto: text(values['crypto']) ?? DEFAULTS.crypto,
    ui: text(values['ui']) ?? DEFAULTS.ui,
  };
  for (const kind of ['transport', 'crypto', 'ui'] as const) registry.find(kind, chosen[kind]);
  const flags = checkFlags(values, chosen, registry);
  const insecureRelay = values['insecureRelay'] === true;
  const relay = text(values['relay']);
  if (relay !== undefined && registry.find('transport', chosen.transport).needsRelay === false) {
    throw bad('--relay', CLI_WORDS.noRelay(chosen.transport));
  }
  return {
    ...chosen,
    source: checkSource(room, values),
    flags,
    relay: relay === undefined ? undefined : parseRelayAddress(relay, insecureRelay),
    insecureRelay,
    name: checkName(text(values['name'])),
    verify: values['verify'] === true,
    receipts: values['receipts'] !== false,
    resumeTimeout: checkDuration('--resume-timeout', text(values['resumeTimeout'])) ?? RESUME_TIMEOUT,
    // A terminal that is unattended from the start is none: 0 is no limit.
    idleTimeout: checkDuration('--idle-timeout', text(values['idleTimeout'])) || Number.POSITIVE_INFINITY,
    color: values['color'] !== false,
    wipeScrollback: values['wipeScrollback'] === true,
    quiet: values['quiet'] === true,
  };
}

type Values = Readonly<Record<string, string | boolean | string[] | undefined>>;

function checkSource(room: string | undefined, values: Values): CodeSource {
  const descriptor = text(values['codeFd']);
  const stdin = values['codeStdin'] === true;
  if (Number(room !== undefined) + Number(stdin) + Number(descriptor !== undefined) > 1) {
    throw new SecurechatError('SC-503', { why: CLI_WORDS.codeTwice });
  }
  refuseCommand(room);
  if (room !== undefined) return { type: 'argument', bytes: Uint8Array.from(Buffer.from(room)) };
  if (descriptor === undefined) return stdin ? { type: 'stdin' } : { type: 'ask' };
  const fd = /^\d{1,5}$/.test(descriptor) ? Number(descriptor) : -1;
  if (fd < 0 || fd === 1 || fd === 2 || fd > DESCRIPTOR_LIMIT) throw bad('--code-fd', CLI_WORDS.descriptor);
  return fd === 0 ? { type: 'stdin' } : { type: 'fd', fd };
}

/** A command is told before its own flags are found unknown. */
function refuseCommand(word: string | undefined): void {
  const command = COMMANDS.find((name) => name === word);
  if (command === undefined) return;
  const why = command === 'relay' ? CLI_WORDS.reservedRelay : CLI_WORDS.reserved(command);
  throw new SecurechatError('SC-503', { why });
}

function checkName(name: string | undefined): Uint8Array {
  if (name === undefined) return new Uint8Array(0);
  if (name.startsWith('-')) throw bad('--name', CLI_WORDS.nameDash);
  const bytes = Uint8Array.from(Buffer.from(name.trim()));
  if (bytes.length === 0) throw bad('--name', CLI_WORDS.nameEmpty);
  if (bytes.length > NAME_LIMIT) throw bad('--name', CLI_WORDS.nameLong(NAME_LIMIT));
  if (bytes.some((byte) => byte < 0x20 || byte === 0x7f)) throw bad('--name', CLI_WORDS.nameControl);
  return bytes;
}

/** Milliseconds, at most what a timer of the platform can wait. */
function checkDuration(flag: string, duration: string | undefined): number | undefined {
  if (duration === undefined) return undefined;
  const ms = parseDuration(duration, DURATION_LIMIT);
  if (ms === undefined) throw bad(flag, CLI_WORDS.duration);
  return ms;
}

function checkFlags(values: Values, chosen: Record<AdapterKind, string>, registry: Registry): Options['flags'] {
  const found: Record<AdapterKind, Record<string, string | true>> = { transport: {}, crypto: {}, ui: {} };
  for (const { flag, spec, kind, adapter } of registry.flags()) {
    const key = new Option(`--${flag}`).attributeName();
    // A flag may be called like what every object has.
    const value = Object.hasOwn(values, key) ? values[key] : undefined;
    if (typeof value !== 'string' && value !== true) continue;
    if (chosen[kind] !== adapter) throw bad(`--${flag}`, CLI_WORDS.notChosen(kind, adapter));
    const why = typeof value === 'string' ? asked(kind, adapter, () => spec.check?.(value)) : undefined;
    if (why !== undefined) throw bad(`--${flag}`, why);
    found[kind][flag] = value;
  }
  for (const kind of ['transport', 'crypto', 'ui'] as const) {
    const why = asked(kind, chosen[kind], () => registry.find(kind, chosen[kind]).check?.(found[kind]));
    if (why !== undefined)
      throw new SecurechatError('SC-503', { why: CLI_WORDS.flagsTogether(kind, chosen[kind], why) });
  }
  return found;
}

/** An adapter's own check, which may throw, and may give back anything. */
function asked(kind: AdapterKind, adapter: string, check: () => unknown): string | undefined {
  let why: unknown;
  try {
    why = check();
  } catch (error) {
    return CLI_WORDS.checkFailed(kind, adapter, wordsOf(error));
  }
  if (why === undefined || typeof why === 'string') return why;
  return CLI_WORDS.checkFailed(kind, adapter, typeof why);
}

/** What commander found wrong, in our words where it would repeat arguments: one of them may be a code. */
function refusal(error: CommanderError): SecurechatError {
  if (error.code === 'commander.excessArguments') {
    return new SecurechatError('SC-503', { why: CLI_WORDS.tooManyArguments });
  }
  const flag = /option '(?:-\w, )?(--[\w-]+)/.exec(error.message)?.[1];
  if (error.code === 'commander.optionMissingArgument' && flag !== undefined) return bad(flag, CLI_WORDS.missingValue);
  return new SecurechatError('SC-503', { why: error.message.replace(/^error: /, '').replaceAll(/\s+/g, ' ') });
}

function bad(flag: string, why: string): SecurechatError {
  return new SecurechatError('SC-503', { flag, why });
}

function text(value: Values[string]): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
