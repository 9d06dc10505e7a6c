/**
 * The command line into checked options. Everything that can be wrong with it is found here, before anything is opened or
 * sent. No I/O, no sentence (adapters/words) and no adapter may be in this file.
 */
import { LOWEST_PORT, NAME_LIMIT, RESUME_TIMEOUT } from '../../core/limits.js';
import { parseDuration } from '../../core/duration.js';
import { isSecurechatError, SecurechatError } from '../../core/errors.js';
import type { FlagValues } from '../../plugins/kit/define.js';
import { wordsOf } from '../../plugins/kit/make.js';
import type { AdapterKind, Registry } from '../../plugins/kit/registry.js';
import { CLI_WORDS } from '../words/cli.js';
import { FLAG_WORDS } from '../words/flags.js';
import { type CommandLine, readCommandLine } from '../system/command-line.js';
import { sentenceOf } from '../text/describe.js';
import { DEFAULTS, FLAGS, RESERVED } from './flags.js';
import type { Listen } from './hosting.js';
import { bad, checkListen, placeOf, text, type Values } from './listen-options.js';
import type { Named } from '../direct/direct.js';
import type { ProxyServer } from '../transport/way.js';
import { nearCommand } from './near-command.js';
import { parseProxy } from './proxy-address.js';
import { parseRelayAddress } from './relay-address.js';

/** The longest duration, milliseconds: 24 days. */
export const DURATION_LIMIT = 24 * 86_400_000;
/** Highest descriptor that --code-fd takes. */
export const DESCRIPTOR_LIMIT = 65_535;

/** Where the room code comes from. `argument`: UTF-8; `meant`: by a flag, whatever it looks like. */
export type CodeSource =
  | { readonly type: 'ask' }
  /** A new one, unasked; `strong`: for a link only. */
  | { readonly type: 'new'; readonly strong: boolean }
  | { readonly type: 'argument'; readonly bytes: Uint8Array; readonly meant: boolean }
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
  /** The relay is this program, and others reach it. */
  readonly listen: Listen | undefined;
  /** Absent: that of the environment, if there is one. */
  readonly proxy: ProxyServer | 'tor' | undefined;
  /** Of what holds the user name and the password for it. */
  readonly proxyAuth: number | undefined;
  /** UTF-8, at most 64 bytes, empty when none is given. */
  readonly name: Uint8Array;
  readonly verify: boolean;
  /** The link opens in a browser. */
  readonly web: boolean;
  /** One frame on each beat, whatever there is to say. */
  readonly cover: boolean;
  /** A direct path is looked for, and where this side can be reached besides. */
  readonly direct: { readonly named: Named | undefined } | undefined;
  readonly receipts: boolean;
  /** Milliseconds; 0: not at all. */
  readonly resumeTimeout: number;
  /** Milliseconds; infinity: never. */
  readonly idleTimeout: number;
  readonly color: boolean;
  readonly wipeScrollback: boolean;
  readonly quiet: boolean;
}

export type Invocation = { readonly run: 'chat'; readonly options: Options } | { readonly run: 'help' | 'version' };

/**
 * The plugins that `argv` names, in order. It is asked first: the flags that they bring along are not known yet, and are
 * passed over. Throws SecurechatError SC-503, SC-511.
 */
export function pluginsOf(argv: readonly string[], registry: Registry): readonly string[] {
  refuseCommand(argv[0]);
  const line = read(argv, registry);
  refuseFaults({ ...line, faults: line.faults.filter(({ type }) => type !== 'unknown') }, argv[0]);
  return line.flags.flatMap(({ long, value }) => (long === 'plugin' && typeof value === 'string' ? [value] : []));
}

/**
 * `argv` without node and program. `ui` is used when none is named; `env` stands in for what no flag says. Throws
 * SecurechatError SC-109, SC-110, SC-502, SC-503, SC-511.
 */
export function parseOptions(
  argv: readonly string[],
  registry: Registry,
  ui: string = DEFAULTS.ui,
  env: Readonly<Record<string, string | undefined>> = {},
): Invocation {
  refuseCommand(argv[0]);
  const line = read(argv, registry);
  refuseFaults(line, argv[0]);
  if (line.words.length > 1)
    throw nearby(argv[0]) ?? new SecurechatError('SC-503', { why: CLI_WORDS.tooManyArguments });
  const given = valuesOf(line);
  if (given['help'] === true) return { run: 'help' };
  if (given['version'] === true) return { run: 'version' };
  const set: Record<string, string> = {};
  for (const { long, setting } of FLAGS) {
    const key = keyOf(long);
    const value = setting === undefined ? '' : (env[setting] ?? '');
    // Who is the relay needs none.
    const hosts =
      long === 'relay' && (given['listen'] !== undefined || given['onion'] === true || given['lan'] === true);
    if (value !== '' && given[key] === undefined && !hosts) set[key] = value;
  }
  try {
    return { run: 'chat', options: check(line.words[0], { ui, ...given, ...set }, registry) };
  } catch (error) {
    throw named(error, set);
  }
}

/** An error about a value that came from the environment names the variable. */
function named(error: unknown, set: Readonly<Record<string, string>>): unknown {
  if (!isSecurechatError(error)) return error;
  const { code, detail } = error;
  const flag = code === 'SC-109' || code === 'SC-110' ? 'relay' : code === 'SC-502' ? detail['kind'] : detail['flag'];
  const from = FLAGS.find(({ long }) => flag === long || flag === `--${long}`);
  if (from?.setting === undefined || set[keyOf(from.long)] === undefined) return error;
  return code === 'SC-503'
    ? new SecurechatError('SC-503', { ...detail, flag: from.setting })
    : new SecurechatError('SC-512', { setting: from.setting, why: sentenceOf(code, detail).replace(/\.$/, '') });
}

/** Flags that may stand alone get what they mean then: the word behind one is a room, unless it looks like a value. */
function whole(argv: readonly string[]): string[] {
  const end = argv.indexOf('--');
  return argv.map((each, i) => {
    const bare = FLAGS.find(({ long }) => each === `--${long}`)?.bare;
    if (bare === undefined || (end >= 0 && i > end) || bare.looks.test(argv[i + 1] ?? '')) return each;
    return `${each}=${bare.means}`;
  });
}

/** The name under which the value of a flag of ours is kept: `--no-x` has that of `--x`. */
function keyOf(long: string): string {
  return long.replace(/^no-/, '').replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function read(argv: readonly string[], registry: Registry): CommandLine {
  const ours = FLAGS.map(({ long, short, value }) => ({ long, short, takesValue: value !== undefined }));
  const others = registry.flags().map(({ flag, spec }) => ({ long: flag, takesValue: spec.value !== undefined }));
  return readCommandLine(whole(argv), [...ours, ...others]);
}

/** The last one counts. What belongs to an adapter is kept under its flag as it is typed. */
function valuesOf({ flags }: CommandLine): Values {
  const values = new Map<string, string | boolean>();
  for (const { long, value } of flags) {
    if (FLAGS.some((own) => own.long === long)) values.set(keyOf(long), long.startsWith('no-') ? false : value);
    else values.set(`--${long}`, value);
  }
  return Object.fromEntries(values);
}

/** Throws for the first thing that is wrong. */
function refuseFaults({ faults: [fault] }: CommandLine, first: string | undefined): void {
  if (fault === undefined) return;
  const { type, flag } = fault;
  const near = nearby(first);
  if (near !== undefined) throw near;
  if (type === 'no value') throw bad(flag, FLAG_WORDS.missingValue);
  const why = type === 'unknown' ? FLAG_WORDS.unknown(flag, fault.near) : FLAG_WORDS.noValue(flag);
  throw new SecurechatError('SC-503', { why });
}

/** What goes with a command is wrong here: the first word was perhaps to be one. */
function nearby(first: string | undefined): SecurechatError | undefined {
  const near = nearCommand(first);
  return first === undefined || near === undefined ? undefined : new SecurechatError('SC-514', { name: first, near });
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
  // What a chat is started with, task.ts has taken out.
  if (values['files'] !== undefined) throw bad('--files', CLI_WORDS.needsChat);
  const given = room ?? values['room'] ?? values['codeFd'] ?? values['codeStdin'];
  const alone = (['strong', 'tlsSelf', 'onion', 'web'] as const).find((key) => values[key] === true);
  if (alone !== undefined && given !== undefined) throw bad(FLAG_OF[alone], CLI_WORDS.strongMakes);
  return {
    ...chosen,
    source: checkSource(room, values),
    flags,
    relay: relay === undefined ? undefined : parseRelayAddress(relay, insecureRelay),
    insecureRelay,
    listen: checkListen(values),
    ...checkProxy(values, registry.find('transport', chosen.transport).needsRelay === false),
    name: checkName(text(values['name'])),
    verify: values['verify'] === true,
    web: checkWeb(values, registry.find('transport', chosen.transport).needsRelay === false),
    cover: values['cover'] === true,
    direct: checkDirect(values),
    receipts: values['receipts'] !== false,
    resumeTimeout: checkDuration('--resume-timeout', text(values['resumeTimeout'])) ?? RESUME_TIMEOUT,
    // A terminal that is unattended from the start is none: 0 is no limit.
    idleTimeout: checkDuration('--idle-timeout', text(values['idleTimeout'])) || Number.POSITIVE_INFINITY,
    color: values['color'] !== false,
    wipeScrollback: values['wipeScrollback'] === true,
    quiet: values['quiet'] === true,
  };
}

/** A browser can neither check a certificate of one's own nor do without a relay. */
function checkWeb(values: Values, noRelay: boolean): boolean {
  const web = values['web'] === true;
  if (web && noRelay) throw bad('--web', CLI_WORDS.webNeedsRelay);
  if (web && values['tlsSelf'] === true) throw bad('--web', CLI_WORDS.webNeedsKnown);
  return web;
}

function checkDirect(values: Values): Options['direct'] {
  const at = text(values['directAddress']);
  if (values['direct'] !== true) {
    if (at !== undefined) throw bad('--direct-address', CLI_WORDS.direct.needs);
    return undefined;
  }
  if (values['tor'] === true || text(values['proxy']) !== undefined) throw bad('--direct', CLI_WORDS.direct.proxy);
  if (values['onion'] === true) throw bad('--direct', CLI_WORDS.direct.onion);
  if (at === undefined) return { named: undefined };
  const { host, port = 0 } = placeOf(at) ?? {};
  if (host === undefined || port < LOWEST_PORT) throw bad('--direct-address', CLI_WORDS.direct.port);
  return { named: { host, port } };
}

/** Flags whose link is the only way to what they make. */
const FLAG_OF = { strong: '--strong', tlsSelf: '--tls-self', onion: '--onion', web: '--web' } as const;

function checkProxy(values: Values, noRelay: boolean): Pick<Options, 'proxy' | 'proxyAuth'> {
  const named = text(values['proxy']);
  const tor = values['tor'] === true;
  const auth = text(values['proxyAuthFd']);
  if (named !== undefined && tor) throw bad('--proxy', CLI_WORDS.proxy.twice);
  if (auth !== undefined && named === undefined) throw bad('--proxy-auth-fd', CLI_WORDS.proxy.unused);
  if ((named !== undefined || tor) && noRelay)
    throw bad(tor ? '--tor' : '--proxy', CLI_WORDS.proxy.transport(text(values['transport']) ?? DEFAULTS.transport));
  return {
    proxy: named === undefined ? (tor ? 'tor' : undefined) : parseProxy(named, '--proxy'),
    proxyAuth: auth === undefined ? undefined : checkDescriptor('--proxy-auth-fd', auth),
  };
}

function checkDescriptor(flag: string, descriptor: string): number {
  const fd = /^\d{1,5}$/.test(descriptor) ? Number(descriptor) : -1;
  if (fd < 0 || fd === 1 || fd === 2 || fd > DESCRIPTOR_LIMIT) throw bad(flag, CLI_WORDS.descriptor);
  return fd;
}

function checkSource(room: string | undefined, values: Values): CodeSource {
  const descriptor = text(values['codeFd']);
  const stdin = values['codeStdin'] === true;
  const named = text(values['room']);
  const places = [room, named, descriptor].filter((each) => each !== undefined).length + Number(stdin);
  if (places > 1) {
    throw new SecurechatError('SC-503', { why: CLI_WORDS.codeTwice });
  }
  refuseCommand(room);
  const argument = room ?? named;
  if (argument !== undefined)
    return { type: 'argument', bytes: Uint8Array.from(Buffer.from(argument)), meant: named !== undefined };
  const hosts = values['listen'] !== undefined || values['onion'] === true;
  const strong = values['strong'] === true;
  const web = values['web'] === true;
  if (descriptor === undefined && !stdin) return hosts || strong || web ? { type: 'new', strong } : { type: 'ask' };
  if (descriptor === undefined) return { type: 'stdin' };
  const fd = checkDescriptor('--code-fd', descriptor);
  return fd === 0 ? { type: 'stdin' } : { type: 'fd', fd };
}

/** A command is told before its own flags are found unknown, and never taken for a room. */
function refuseCommand(word: string | undefined): void {
  if (word !== undefined && RESERVED.has(word)) throw new SecurechatError('SC-511', { name: word });
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
    const value = values[`--${flag}`];
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
