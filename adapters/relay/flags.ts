/**
 * The command line of a relay, whichever its library: flags to options, or a sentence about what is wrong. The program
 * hands in Node's own parser of arguments. No socket, no file and no output may be in this file.
 */
import { EXIT } from '../../core/errors.js';
import type { ConnectCluster } from '../../core/relay/cluster-port.js';
import { ROOM_LIMITS, type RoomLimits } from '../../core/relay/limits.js';

export const DEFAULT_HOST = '127.0.0.1';
export const DEFAULT_PORT = 8765;
/** How long clients that were told `shutting-down` are waited for, seconds. */
export const DEFAULT_DRAIN = 2;
/** The word for the addresses of this machine in --trust-proxy. */
export const LOOPBACK = 'loopback';

const CLUSTER_WORDS = 'an address like redis://127.0.0.1:6379';

/** Certificate chain and key, both PEM. */
export interface Pem {
  readonly cert: string;
  readonly key: string;
}

export interface RelayOptions {
  /** Default DEFAULT_HOST. */
  readonly host?: string;
  /** Default DEFAULT_PORT; 0 takes a free one. */
  readonly port?: number;
  readonly limits?: Partial<RoomLimits>;
  readonly tls?: Pem;
  /** Addresses and networks whose X-Forwarded-For is believed; none by default. */
  readonly trustProxy?: readonly string[];
  /** Rooms are shared with the other relays of the cluster. */
  readonly cluster?: ConnectCluster;
}

/** What the program needs beside the relay itself. */
export interface ProgramOptions {
  /** Without `tls`: that is in files. */
  readonly relay: RelayOptions;
  readonly tlsFiles?: Pem;
  readonly monitor?: { readonly host: string; readonly port: number };
  readonly drainMs: number;
  /** Where rooms are shared with other relays: redis:// or rediss://. */
  readonly cluster?: string;
}

export type Given = Readonly<Record<string, string | boolean | undefined>>;
export interface FlagType {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
}
/** node:util's parseArgs, strict and without positionals. Throws an error whose message says what is wrong. */
export type ParseFlags = (argv: readonly string[], flags: Readonly<Record<string, FlagType>>) => Given;

interface LimitFlag {
  readonly limit: keyof RoomLimits;
  /** One unit of the flag in units of the limit. */
  readonly unit: number;
  readonly max: number;
  readonly description: string;
}

const COUNT = { unit: 1, max: 1_000_000_000 };
/** Given in seconds, kept in milliseconds; a day at most. */
const SECONDS = { unit: 1000, max: 86_400 };

const LIMIT_FLAGS: Readonly<Record<string, LimitFlag>> = {
  'max-connections': { limit: 'connections', ...COUNT, description: 'open connections' },
  'connections-per-second': { limit: 'connectionsPerSecond', ...COUNT, description: 'new connections a second' },
  'connections-per-address': {
    limit: 'connectionsPerAddress',
    ...COUNT,
    description: 'open connections of one address',
  },
  'joins-per-minute': { limit: 'joinsPerMinute', ...COUNT, description: 'joins of one address a minute' },
  'failed-joins': {
    limit: 'failedJoins',
    ...COUNT,
    description: 'joins of one address in 10 minutes that meet nobody',
  },
  rooms: { limit: 'rooms', ...COUNT, description: 'rooms' },
  'join-timeout': { limit: 'joinTimeoutMs', ...SECONDS, description: 'seconds from connecting to the join' },
  'wait-timeout': { limit: 'waitTimeoutMs', ...SECONDS, description: 'seconds alone in a room' },
  'idle-timeout': { limit: 'idleTimeoutMs', ...SECONDS, description: 'seconds without a frame in a room of two' },
  'frames-per-second': { limit: 'framesPerSecond', ...COUNT, description: 'frames of one connection a second' },
  'frame-burst': { limit: 'frameBurst', ...COUNT, description: 'frames of one connection at once' },
};

const SWITCHES = ['check-config', 'help'];
const VALUES = [
  'host',
  'port',
  'tls-cert',
  'tls-key',
  'trust-proxy',
  'monitor-host',
  'monitor-port',
  'drain',
  'cluster',
];

export type Command =
  | { readonly run: 'relay' | 'check'; readonly options: ProgramOptions }
  | { readonly run: 'help' }
  | { readonly run: 'refuse'; readonly why: string; readonly exit: typeof EXIT.usage };

export function parseCommand(argv: readonly string[], parse: ParseFlags): Command {
  try {
    const given = parse(argv, flagTypes());
    if (given['help'] === true) return { run: 'help' };
    return { run: given['check-config'] === true ? 'check' : 'relay', options: optionsOf(given) };
  } catch (error) {
    const why = error instanceof Error ? (error.message.split(/[.\n]/, 1)[0] ?? '') : 'the flags cannot be read';
    return { run: 'refuse', why, exit: EXIT.usage };
  }
}

/** Throws an error whose message says what is wrong. */
function optionsOf(given: Given): ProgramOptions {
  const host = text(given, 'host', 'an address or a name');
  const port = whole(given, 'port', 0, 65_535);
  const limits: { -readonly [K in keyof RoomLimits]?: number } = {};
  for (const [flag, { limit, unit, max }] of Object.entries(LIMIT_FLAGS)) {
    const value = whole(given, flag, 1, max);
    if (value !== undefined) limits[limit] = value * unit;
  }
  const cert = text(given, 'tls-cert', 'a file');
  const key = text(given, 'tls-key', 'a file');
  if ((cert === undefined) !== (key === undefined)) throw new Error('--tls-cert and --tls-key need each other');
  const proxies = text(given, 'trust-proxy', `addresses, networks or the word ${LOOPBACK}`);
  const monitorHost = text(given, 'monitor-host', 'an address or a name');
  const monitorPort = whole(given, 'monitor-port', 0, 65_535);
  if (monitorHost !== undefined && monitorPort === undefined) throw new Error('--monitor-host needs --monitor-port');
  const drain = whole(given, 'drain', 0, 3_600) ?? DEFAULT_DRAIN;
  const cluster = redis(text(given, 'cluster', CLUSTER_WORDS));
  return {
    relay: {
      limits,
      ...(host === undefined ? {} : { host }),
      ...(port === undefined ? {} : { port }),
      ...(proxies === undefined ? {} : { trustProxy: proxies.split(',').map((each) => each.trim()) }),
    },
    ...(cert === undefined || key === undefined ? {} : { tlsFiles: { cert, key } }),
    ...(monitorPort === undefined ? {} : { monitor: { host: monitorHost ?? DEFAULT_HOST, port: monitorPort } }),
    drainMs: drain * 1000,
    ...(cluster === undefined ? {} : { cluster }),
  };
}

/** `name` of the program. */
export function helpText(name: string): string {
  const limits = Object.entries(LIMIT_FLAGS).map(([flag, { limit, unit, description }]) =>
    line(`--${flag} <n>`, `${description} (${String(ROOM_LIMITS[limit] / unit)})`),
  );
  return [
    `${name}: a relay for securechat. It sees room ids, sizes, times and addresses, and writes none down.`,
    '',
    line('--host <address>', `where to listen (${DEFAULT_HOST})`),
    line('--port <n>', `where to listen; 0 takes a free one (${String(DEFAULT_PORT)})`),
    line('--tls-cert <file>', 'PEM chain; with --tls-key it listens for wss://, and SIGHUP reads both again'),
    line('--tls-key <file>', 'PEM key'),
    line('--trust-proxy <addresses>', `proxies whose X-Forwarded-For is believed: ${LOOPBACK}, 10.0.0.2, 10.1.0.0/16`),
    line('--monitor-port <n>', '/healthz, /readyz and /metrics; 0 takes a free one (none)'),
    line('--monitor-host <address>', `where to listen for these (${DEFAULT_HOST})`),
    line('--drain <n>', `seconds that clients have to leave after SIGTERM (${String(DEFAULT_DRAIN)})`),
    line('--cluster <address>', 'Redis 7 or Valkey, redis:// or rediss://, where relays share their rooms (none)'),
    line('--check-config', 'say what is wrong with the flags and files, and stop'),
    '',
    'Limits:',
    ...limits,
    '',
    line('--help', 'this text'),
    '',
  ].join('\n');
}

/** The limits as the flags that set them, each with its value in the unit of the flag. */
export function limitFlags(limits: RoomLimits): readonly (readonly [flag: string, value: number])[] {
  return Object.entries(LIMIT_FLAGS).map(([flag, { limit, unit }]) => [`--${flag}`, limits[limit] / unit]);
}

function redis(address: string | undefined): string | undefined {
  if (address === undefined || /^rediss?:\/\/[^\s/?#]/.test(address)) return address;
  throw new Error(`--cluster needs ${CLUSTER_WORDS}`);
}

/** The names of all flags. */
export function flagNames(): readonly string[] {
  return Object.keys(flagTypes());
}

function line(flag: string, description: string): string {
  return `  ${flag.padEnd(31)}${description}`;
}

function flagTypes(): Record<string, FlagType> {
  const types: Record<string, FlagType> = {};
  for (const flag of [...VALUES, ...Object.keys(LIMIT_FLAGS)]) types[flag] = { type: 'string' };
  for (const flag of SWITCHES) types[flag] = { type: 'boolean', ...(flag === 'help' ? { short: 'h' } : {}) };
  return types;
}

function text(given: Given, flag: string, what: string): string | undefined {
  const value = given[flag];
  if (typeof value !== 'string') return undefined;
  if (value === '') throw new Error(`--${flag} needs ${what}`);
  return value;
}

/** A whole number in plain digits within [min, max]; undefined when the flag is not given. */
function whole(given: Given, flag: string, min: number, max: number): number | undefined {
  const digits = given[flag];
  if (typeof digits !== 'string') return undefined;
  const value = /^[0-9]{1,10}$/.test(digits) ? Number(digits) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new Error(`--${flag} needs a whole number from ${String(min)} to ${String(max)}`);
}
