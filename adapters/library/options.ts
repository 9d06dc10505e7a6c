/**
 * The options of `connect`, whatever they are, into checked ones: before anything is made or sent. No I/O may be in this
 * file.
 */
import { NAME_LIMIT, RESUME_TIMEOUT } from '../../core/limits.js';
import { isSecurechatError, SecurechatError } from '../../core/errors.js';
import { generateCode, generateStrongCode, parseTyped, type RoomCode } from '../../core/room/code.js';
import { LAN, type Meeting } from '../../core/room/invite.js';
import type { Wordlist } from '../../core/room/words.js';
import { parseRelayAddress } from '../cli/relay-address.js';
import { normalize } from '../text/normalize.js';
import { LIBRARY_WORDS } from '../words/library.js';
import type { ConnectOptions } from './api.js';
import { asChatError, ChatError } from './chat-error.js';

/** Messages that nobody has read yet, bytes. */
export const UNREAD_LIMIT = 16 * 1024 * 1024;

export interface CheckedOptions {
  readonly code: RoomCode;
  readonly created: boolean;
  readonly linkOnly: boolean;
  /** Absent where the transport needs none. */
  readonly relay: URL | undefined;
  readonly pin: Uint8Array | undefined;
  readonly transport: NonNullable<ConnectOptions['transport']>;
  readonly crypto: ConnectOptions['crypto'];
  readonly proxy: string | undefined;
  readonly direct: boolean;
  readonly name: Uint8Array;
  readonly verify: boolean;
  readonly cover: boolean;
  readonly receipts: boolean;
  readonly resumeTimeout: number;
  readonly idleTimeout: number;
  readonly unreadLimit: number;
  readonly signal: AbortSignal | undefined;
}

const isString = (value: unknown): boolean => typeof value === 'string';
const isBoolean = (value: unknown): boolean => typeof value === 'boolean';
const isTime = (value: unknown): boolean => typeof value === 'number' && value > 0;

/** What each option may be, and how that is called. */
const CHECKS: Readonly<Record<keyof ConnectOptions, readonly [(value: unknown) => boolean, string]>> = {
  relay: [(value) => isString(value) || value instanceof URL, LIBRARY_WORDS.wanted.address],
  code: [isString, LIBRARY_WORDS.wanted.string],
  linkOnly: [isBoolean, LIBRARY_WORDS.wanted.boolean],
  transport: [(value) => isString(value) || typeof value === 'function', LIBRARY_WORDS.wanted.maker],
  crypto: [(value) => isString(value) || typeof value === 'function', LIBRARY_WORDS.wanted.maker],
  proxy: [isString, LIBRARY_WORDS.wanted.string],
  direct: [isBoolean, LIBRARY_WORDS.wanted.boolean],
  insecureRelay: [isBoolean, LIBRARY_WORDS.wanted.boolean],
  name: [isString, LIBRARY_WORDS.wanted.string],
  verify: [isBoolean, LIBRARY_WORDS.wanted.boolean],
  cover: [isBoolean, LIBRARY_WORDS.wanted.boolean],
  receipts: [isBoolean, LIBRARY_WORDS.wanted.boolean],
  resumeTimeout: [isTime, LIBRARY_WORDS.wanted.time],
  idleTimeout: [isTime, LIBRARY_WORDS.wanted.time],
  unreadLimit: [isTime, LIBRARY_WORDS.wanted.bytes],
  signal: [(value) => value instanceof AbortSignal, LIBRARY_WORDS.wanted.signal],
};

function check(options: unknown): asserts options is ConnectOptions {
  if (typeof options !== 'object' || options === null)
    throw new ChatError('SC-360', { name: 'options', why: LIBRARY_WORDS.option(LIBRARY_WORDS.wanted.object) });
  for (const [name, value] of Object.entries(options)) {
    const [fits, wanted] = Object.hasOwn(CHECKS, name) ? CHECKS[name as keyof ConnectOptions] : [];
    if (fits === undefined) throw new ChatError('SC-360', { name, why: LIBRARY_WORDS.unknown });
    if (value !== undefined && !fits(value))
      throw new ChatError('SC-360', { name, why: LIBRARY_WORDS.option(wanted ?? '') });
  }
}

/** Throws ChatError SC-109, SC-110, SC-301, SC-302, SC-360. The secret of the code belongs to the caller, who wipes it. */
export function readOptions(options: unknown, words: Wordlist): CheckedOptions {
  check(options);
  const { transport, crypto, insecureRelay = false, linkOnly = false } = options;
  const name = new TextEncoder().encode(options.name ?? '');
  if (name.length > NAME_LIMIT)
    throw new ChatError('SC-360', { name: 'name', why: LIBRARY_WORDS.tooLongName(NAME_LIMIT) });
  const { code, meeting } = readCode(options.code, linkOnly, words);
  try {
    // An address of one's own comes before that of a link, and then nothing else in the link is about it.
    const met = options.relay === undefined ? meeting : undefined;
    const address = options.relay === undefined ? met?.relay : String(options.relay);
    const relay = address === undefined ? undefined : parseRelayAddress(address, insecureRelay);
    if (relay === undefined && typeof transport !== 'function')
      throw new ChatError('SC-360', { name: 'relay', why: LIBRARY_WORDS.missingRelay });
    if (options.direct === true && (options.proxy !== undefined || typeof transport === 'function'))
      throw new ChatError('SC-360', { name: 'direct', why: LIBRARY_WORDS.noDirect });
    return {
      ...{ code, created: options.code === undefined, linkOnly, relay, pin: met?.pin, crypto, name },
      // The options know no other names; whoever makes the adapter refuses those of a link.
      transport: transport ?? ((met?.transport ?? 'ws') as 'ws'),
      proxy: options.proxy,
      direct: options.direct ?? false,
      verify: options.verify ?? false,
      cover: options.cover ?? false,
      receipts: options.receipts ?? true,
      resumeTimeout: options.resumeTimeout ?? RESUME_TIMEOUT,
      idleTimeout: options.idleTimeout ?? Number.POSITIVE_INFINITY,
      unreadLimit: options.unreadLimit ?? UNREAD_LIMIT,
      signal: options.signal,
    };
  } catch (error) {
    code.secret.fill(0);
    throw asChatError(error);
  }
}

function readCode(
  typed: string | undefined,
  linkOnly: boolean,
  words: Wordlist,
): { readonly code: RoomCode; readonly meeting: Meeting | undefined } {
  if (typed === undefined)
    return { code: linkOnly ? generateStrongCode(random) : generateCode(random, words), meeting: undefined };
  const bytes = new TextEncoder().encode(typed);
  try {
    const { code, meeting } = parseTyped(bytes, words, normalize);
    if (meeting !== LAN) return { code, meeting };
    code.secret.fill(0);
    throw new SecurechatError('SC-376');
  } catch (error) {
    throw isSecurechatError(error) ? asChatError(error) : error;
  } finally {
    bytes.fill(0);
  }
}

/** Of the platform, not of the chosen adapter: a code is made before there is one. */
export function random(n: number): Uint8Array {
  return globalThis.crypto.getRandomValues(new Uint8Array(new ArrayBuffer(n)));
}
