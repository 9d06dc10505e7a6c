/**
 * The command line of a relay, whichever its library: flags to options, or a sentence about what is wrong. No socket, no
 * file and no output may be in this file.
 */
import { isIP } from 'node:net';
import { formatDuration, parseDuration } from '../../core/duration.js';
import { EXIT } from '../../core/errors.js';
import type { ConnectCluster } from '../../core/relay/cluster-port.js';
import { ROOM_LIMITS, type RoomLimits } from '../../core/relay/limits.js';
import { type Fault, type KnownFlag, nearestOf, readCommandLine } from '../system/command-line.js';
import { neutral } from '../text/neutral.js';
import { RELAY_WORDS } from '../words/relay.js';
import type { Page } from './page.js';

export const DEFAULT_HOST = '127.0.0.1';
export const DEFAULT_PORT = 8765;
/** How long clients that were told `shutting-down` are waited for, milliseconds. */
export const DEFAULT_DRAIN_MS = 2_000;
const DRAIN_LIMIT_MS = 3_600_000;
/** The word for the addresses of this machine in --trust-proxy. */
export const LOOPBACK = 'loopback';

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
  /** Whether it takes this room at all; absent: every room. Who joins another one is told `room-full`. */
  readonly admits?: (room: string) => boolean;
  /** Served to browsers at GET /; absent: they are told what this is. */
  readonly page?: Page;
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
  /** The page for browsers is served. */
  readonly page: boolean;
}

/** The last one counts. */
type Given = Readonly<Record<string, string | true | undefined>>;

interface LimitFlag {
  readonly limit: keyof RoomLimits;
  /** A number, or a duration in milliseconds. */
  readonly kind: 'count' | 'duration';
  readonly max: number;
}

const COUNT = { kind: 'count', max: 1_000_000_000 } as const;
/** A day at most. */
const DURATION = { kind: 'duration', max: 86_400_000 } as const;

const LIMIT_FLAGS: Readonly<Record<string, LimitFlag>> = {
  'max-connections': { limit: 'connections', ...COUNT },
  'connections-per-second': { limit: 'connectionsPerSecond', ...COUNT },
  'connections-per-address': { limit: 'connectionsPerAddress', ...COUNT },
  'arrivals-per-address': { limit: 'arrivalsPerAddress', ...COUNT },
  'joins-per-minute': { limit: 'joinsPerMinute', ...COUNT },
  'failed-joins': { limit: 'failedJoins', ...COUNT },
  rooms: { limit: 'rooms', ...COUNT },
  'join-timeout': { limit: 'joinTimeoutMs', ...DURATION },
  'wait-timeout': { limit: 'waitTimeoutMs', ...DURATION },
  'idle-timeout': { limit: 'idleTimeoutMs', ...DURATION },
  'frames-per-second': { limit: 'framesPerSecond', ...COUNT },
  'frame-burst': { limit: 'frameBurst', ...COUNT },
  'bytes-per-second': { limit: 'bytesPerSecond', ...COUNT },
};

const SWITCHES = ['page', 'check-config', 'help'];
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

/** `kinds`: words that could stand before them. */
export function parseCommand(argv: readonly string[], kinds: readonly string[] = []): Command {
  // What was typed is in it.
  const refuse = (why: string): Command => ({ run: 'refuse', why: neutral(why), exit: EXIT.usage });
  const { faults, words, flags } = readCommandLine(argv, knownFlags());
  const [fault] = faults;
  if (fault !== undefined) return refuse(sentenceOf(fault));
  const [word] = words;
  if (word !== undefined) {
    const meant = word === argv[0] ? nearestOf(word, kinds) : undefined;
    return refuse(RELAY_WORDS.surplus(word, meant));
  }
  const given: Given = Object.fromEntries(flags.map(({ long, value }) => [long, value]));
  if (given['help'] === true) return { run: 'help' };
  try {
    return { run: given['check-config'] === true ? 'check' : 'relay', options: optionsOf(given) };
  } catch (error) {
    return refuse(error instanceof Error ? error.message : RELAY_WORDS.flagsUnreadable);
  }
}

function sentenceOf(fault: Fault): string {
  switch (fault.type) {
    case 'unknown':
      return RELAY_WORDS.unknownFlag(fault.flag, fault.near);
    case 'no value':
      return RELAY_WORDS.missingValue(fault.flag);
    case 'needs none':
      return RELAY_WORDS.noValue(fault.flag);
  }
}

/** Throws an error whose message says what is wrong. */
function optionsOf(given: Given): ProgramOptions {
  const host = hostOf(given, 'host');
  const port = whole(given, 'port', 0, 65_535);
  const limits: { -readonly [K in keyof RoomLimits]?: number } = {};
  for (const [flag, { limit, kind, max }] of Object.entries(LIMIT_FLAGS)) {
    const value = kind === 'count' ? whole(given, flag, 1, max) : duration(given, flag, 1, max);
    if (value !== undefined) limits[limit] = value;
  }
  const cert = text(given, 'tls-cert', RELAY_WORDS.anyFile);
  const key = text(given, 'tls-key', RELAY_WORDS.anyFile);
  if ((cert === undefined) !== (key === undefined)) throw new Error(RELAY_WORDS.together('tls-cert', 'tls-key'));
  const proxies = text(given, 'trust-proxy', RELAY_WORDS.anyProxy(LOOPBACK));
  const monitorHost = hostOf(given, 'monitor-host');
  const monitorPort = whole(given, 'monitor-port', 0, 65_535);
  if (monitorHost !== undefined && monitorPort === undefined) {
    throw new Error(RELAY_WORDS.without('monitor-host', 'monitor-port'));
  }
  const cluster = redis(text(given, 'cluster', RELAY_WORDS.anyCluster));
  return {
    relay: {
      limits,
      ...(host === undefined ? {} : { host }),
      ...(port === undefined ? {} : { port }),
      ...(proxies === undefined ? {} : { trustProxy: proxies.split(',').map((each) => each.trim()) }),
    },
    ...(cert === undefined || key === undefined ? {} : { tlsFiles: { cert, key } }),
    ...(monitorPort === undefined ? {} : { monitor: { host: monitorHost ?? DEFAULT_HOST, port: monitorPort } }),
    drainMs: duration(given, 'drain', 0, DRAIN_LIMIT_MS) ?? DEFAULT_DRAIN_MS,
    ...(cluster === undefined ? {} : { cluster }),
    page: given['page'] === true,
  };
}

/** `name` of the program. */
export function helpText(name: string): string {
  const { flags } = RELAY_WORDS;
  const limits = Object.entries(LIMIT_FLAGS).map(([flag, { limit, kind }]) =>
    line(
      `--${flag} <${kind === 'count' ? 'n' : 'time'}>`,
      `${RELAY_WORDS.limit[limit]} (${showLimit(kind, ROOM_LIMITS[limit])})`,
    ),
  );
  return [
    RELAY_WORDS.summary(name),
    '',
    line('--host <address>', flags.host(DEFAULT_HOST)),
    line('--port <n>', flags.port(DEFAULT_PORT)),
    line('--tls-cert <file>', flags.tlsCert),
    line('--tls-key <file>', flags.tlsKey),
    line('--trust-proxy <addresses>', flags.trustProxy(LOOPBACK)),
    line('--monitor-port <n>', flags.monitorPort),
    line('--monitor-host <address>', flags.monitorHost(DEFAULT_HOST)),
    line('--drain <time>', flags.drain(formatDuration(DEFAULT_DRAIN_MS))),
    line('--cluster <address>', flags.cluster),
    line('--page', flags.page),
    line('--check-config', flags.check),
    '',
    RELAY_WORDS.limits,
    ...limits,
    '',
    line('--help', flags.help),
    '',
  ].join('\n');
}

/** The limits as the flags that set them, each with its value as the flag takes it. */
export function limitFlags(limits: RoomLimits): readonly (readonly [flag: string, value: string])[] {
  return Object.entries(LIMIT_FLAGS).map(([flag, { limit, kind }]) => [`--${flag}`, showLimit(kind, limits[limit])]);
}

function showLimit(kind: LimitFlag['kind'], value: number): string {
  if (value === Number.POSITIVE_INFINITY) return RELAY_WORDS.none;
  return kind === 'count' ? String(value) : formatDuration(value);
}

function redis(address: string | undefined): string | undefined {
  if (address === undefined || /^rediss?:\/\/[^\s/?#]/.test(address)) return address;
  throw new Error(RELAY_WORDS.needs('cluster', RELAY_WORDS.anyCluster));
}

/** The names of all flags. */
export function flagNames(): readonly string[] {
  return knownFlags().map(({ long }) => long);
}

function line(flag: string, description: string): string {
  return `  ${flag.padEnd(31)}${description}`;
}

function knownFlags(): readonly KnownFlag[] {
  const values = [...VALUES, ...Object.keys(LIMIT_FLAGS)].map((long) => ({ long, takesValue: true }));
  const switches = SWITCHES.map((long) => ({ long, short: long === 'help' ? 'h' : undefined, takesValue: false }));
  return [...values, ...switches];
}

function text(given: Given, flag: string, what: string): string | undefined {
  const value = given[flag];
  if (typeof value !== 'string') return undefined;
  if (value === '') throw new Error(RELAY_WORDS.needs(flag, what));
  return value;
}

const HOST_LIMIT = 253;
const NAME = /^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*\.?$/i;

/** What looks like an address must be one: a name does not end in a number. */
function hostOf(given: Given, flag: string): string | undefined {
  const host = text(given, flag, RELAY_WORDS.anyHost);
  if (host === undefined || isIP(host) !== 0) return host;
  const name = host.length <= HOST_LIMIT && NAME.test(host) && !/(?:^|\.)[0-9]+\.?$/.test(host);
  if (!name) throw new Error(RELAY_WORDS.notHost(flag, host));
  return host;
}

/** A whole number in plain digits within [min, max]; undefined when the flag is not given. */
function whole(given: Given, flag: string, min: number, max: number): number | undefined {
  const digits = given[flag];
  if (typeof digits !== 'string') return undefined;
  const value = /^[0-9]{1,10}$/.test(digits) ? Number(digits) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new Error(RELAY_WORDS.needsWhole(flag, min, max));
}

/** The same for milliseconds. */
function duration(given: Given, flag: string, min: number, max: number): number | undefined {
  const written = given[flag];
  if (typeof written !== 'string') return undefined;
  const ms = parseDuration(written, max);
  if (ms !== undefined && ms >= min) return ms;
  throw new Error(RELAY_WORDS.needsDuration(flag, formatDuration(max)));
}
