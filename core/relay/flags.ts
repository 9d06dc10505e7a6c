/**
 * The command line of a relay, whichever its library: flags to options, or a sentence about what is wrong. The relay
 * hands in Node's own parser of arguments. No socket and no output may be in this file.
 */
import { EXIT } from '../errors.js';
import { ROOM_LIMITS, type RoomLimits } from './limits.js';

export interface RelayOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 8765; 0 takes a free one. */
  readonly port?: number;
  readonly limits?: Partial<RoomLimits>;
}

type Given = Readonly<Record<string, string | boolean | undefined>>;
interface FlagType {
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
  'connections-per-address': {
    limit: 'connectionsPerAddress',
    ...COUNT,
    description: 'open connections of one address',
  },
  'joins-per-minute': { limit: 'joinsPerMinute', ...COUNT, description: 'joins of one address a minute' },
  rooms: { limit: 'rooms', ...COUNT, description: 'rooms' },
  'join-timeout': { limit: 'joinTimeoutMs', ...SECONDS, description: 'seconds from connecting to the join' },
  'wait-timeout': { limit: 'waitTimeoutMs', ...SECONDS, description: 'seconds alone in a room' },
  'idle-timeout': { limit: 'idleTimeoutMs', ...SECONDS, description: 'seconds without a frame in a room of two' },
  'frames-per-second': { limit: 'framesPerSecond', ...COUNT, description: 'frames of one connection a second' },
  'frame-burst': { limit: 'frameBurst', ...COUNT, description: 'frames of one connection at once' },
};

export type Command =
  | { readonly run: 'relay'; readonly options: RelayOptions }
  | { readonly run: 'help' }
  | { readonly run: 'refuse'; readonly why: string; readonly exit: typeof EXIT.usage };

export function parseCommand(argv: readonly string[], parse: ParseFlags): Command {
  let given: Given;
  try {
    given = parse(argv, flagTypes());
  } catch (error) {
    return refuse(error instanceof Error ? (error.message.split(/[.\n]/, 1)[0] ?? '') : 'the flags cannot be read');
  }
  if (given['help'] === true) return { run: 'help' };

  const host = text(given['host']);
  if (host === '') return refuse('--host needs an address or a name');
  const port = given['port'] === undefined ? undefined : whole(text(given['port']), 0, 65_535);
  if (Number.isNaN(port)) return refuse('--port needs a whole number from 0 to 65535');

  const limits: { -readonly [K in keyof RoomLimits]?: number } = {};
  for (const [flag, { limit, unit, max }] of Object.entries(LIMIT_FLAGS)) {
    if (given[flag] === undefined) continue;
    const value = whole(text(given[flag]), 1, max);
    if (Number.isNaN(value)) return refuse(`--${flag} needs a whole number from 1 to ${String(max)}`);
    limits[limit] = value * unit;
  }
  return {
    run: 'relay',
    options: { limits, ...(host === undefined ? {} : { host }), ...(port === undefined ? {} : { port }) },
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
    line('--host <address>', 'where to listen (127.0.0.1)'),
    line('--port <n>', 'where to listen; 0 takes a free one (8765)'),
    ...limits,
    line('--help', 'this text'),
    '',
  ].join('\n');
}

function line(flag: string, description: string): string {
  return `  ${flag.padEnd(31)}${description}`;
}

function flagTypes(): Record<string, FlagType> {
  const value = { type: 'string' } as const;
  return {
    help: { type: 'boolean', short: 'h' } as const,
    host: value,
    port: value,
    ...Object.fromEntries(Object.keys(LIMIT_FLAGS).map((flag) => [flag, value])),
  };
}

function refuse(why: string): Command {
  return { run: 'refuse', why, exit: EXIT.usage };
}

function text(value: string | boolean | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** A whole number in plain digits within [min, max], else NaN. */
function whole(digits: string | undefined, min: number, max: number): number {
  const value = digits !== undefined && /^[0-9]{1,10}$/.test(digits) ? Number(digits) : Number.NaN;
  return value >= min && value <= max ? value : Number.NaN;
}
