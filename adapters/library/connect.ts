/**
 * What a session of the library is made of, and in which order: all parts before the first byte is sent, all of them ended
 * and wiped with it. What the platform brings is given; nothing of the process may be touched in this file.
 */
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { SecurechatError } from '../../core/errors.js';
import type { ClockPort, CryptoPort, TransportPort } from '../../core/ports.js';
import type { PathPort } from '../../core/path-port.js';
import { ascii } from '../../core/protocol/bytes.js';
import { formatCode, type RoomCode, withNewNameplate } from '../../core/room/code.js';
import { formatInvite, type Meeting } from '../../core/room/invite.js';
import { createWordlist } from '../../core/room/words.js';
import { type Chat, chat, type ChatOptions } from '../../core/session/driver.js';
import { checkMade } from '../../plugins/kit/made.js';
import { inTime, wordsOf } from '../../plugins/kit/make.js';
import { VERSION } from '../../core/version.js';
import type { Hash } from '../files/sums.js';
import { createClock } from '../system/clock.js';
import type { ConnectOptions, Session } from './api.js';
import { asChatError, ChatError, describeApart } from './chat-error.js';
import { type CheckedOptions, random, readOptions } from './options.js';
import { createSessionUi, type SessionUi } from './session.js';
import { createLibraryTransfers } from './transfers.js';

export interface TransportWanted {
  readonly relay: URL;
  readonly pin: Uint8Array | undefined;
  readonly proxy: string | undefined;
  readonly direct: boolean;
}

export interface Reached {
  readonly transport: TransportPort;
  /** Where a direct path is asked for. */
  readonly path?: PathPort;
}

/** What differs between Node and a browser. Each throws SecurechatError SC-502 for a name that it does not know. */
export interface Platform {
  /** Without a name: the usual one. */
  crypto(name: string | undefined): CryptoPort | Promise<CryptoPort>;
  transport(name: string, wanted: TransportWanted): Reached | Promise<Reached>;
  sha256(): Hash;
  readonly clock?: ClockPort;
}

export type Connect = (options?: ConnectOptions) => Promise<Session>;

export function createConnect(platform: Platform): Connect {
  const words = createWordlist(wordlist);

  return async function connect(options = {}) {
    const checked = readOptions(options, words);
    const { signal } = checked;
    const clock = platform.clock ?? createClock();
    let crypto: CryptoPort | undefined;
    try {
      signal?.throwIfAborted();
      crypto = await makeCrypto(platform, checked.crypto);
      signal?.throwIfAborted();
      const reached = await makeTransport(platform, checked, clock);
      signal?.throwIfAborted();
      return await begin({ platform, checked, clock, crypto, ...reached });
    } catch (error) {
      checked.code.secret.fill(0);
      crypto?.wipeAll();
      throw signal?.aborted === true ? signal.reason : asChatError(error);
    }
  };
}

async function makeCrypto(platform: Platform, crypto: CheckedOptions['crypto']): Promise<CryptoPort> {
  if (typeof crypto !== 'function') return platform.crypto(crypto);
  return make('crypto', () => crypto());
}

async function makeTransport(platform: Platform, checked: CheckedOptions, clock: ClockPort): Promise<Reached> {
  const { transport, relay, pin, proxy, direct } = checked;
  if (typeof transport === 'function') return { transport: await make('transport', () => transport({ relay, clock })) };
  if (relay === undefined) throw new ChatError('SC-501');
  return platform.transport(transport, { relay, pin, proxy, direct });
}

/** What is not ours may hang, throw, and give back anything. */
async function make<Port>(kind: 'crypto' | 'transport', create: () => Port | Promise<Port>): Promise<Port> {
  try {
    const made = await inTime(create);
    checkMade(kind, made);
    return made;
  } catch (error) {
    throw new SecurechatError('SC-506', { kind, name: 'own', why: wordsOf(error) });
  }
}

interface Parts extends Reached {
  readonly platform: Platform;
  readonly checked: CheckedOptions;
  readonly clock: ClockPort;
  readonly crypto: CryptoPort;
}

/** Resolves when the relay has the room; rejects when it ended before, and everything is wiped. */
async function begin({ platform, checked, clock, crypto, transport, path }: Parts): Promise<Session> {
  const running: { chat?: Chat } = {};
  const ui: SessionUi = createSessionUi({
    ...checked,
    transfers: (tell) => createLibraryTransfers({ tell, now: clock.wallTime, sha256: platform.sha256 }),
    fail: (error) => running.chat?.fail(error),
  });
  const own = chatOf(checked);
  const started = chat({
    ...own,
    clock,
    crypto,
    transport,
    path,
    ui: ui.port,
    bulk: ui.transfers.port,
    words: wordlist,
  });
  running.chat = started;
  const done = started.done.then(() => ui.over());
  await Promise.race([ui.met, done.then(() => Promise.reject(ui.reason as Error))]);
  return ui.session;
}

function chatOf(
  checked: CheckedOptions,
): Omit<ChatOptions, 'clock' | 'crypto' | 'ui' | 'bulk' | 'path' | 'transport' | 'words'> {
  const { code, created, linkOnly, relay, name, verify, cover, receipts, resumeTimeout, idleTimeout } = checked;
  const about = relay === undefined ? {} : { relay: relay.href };
  return {
    ...{ code, name, verify, cover, receipts, resumeTimeout, idleTimeout },
    ...(created ? { reroll: (taken: RoomCode) => withNewNameplate(taken, random) } : {}),
    present(made) {
      const typed = formatCode(made);
      const invite = formatInvite(typed, meetingOf(checked));
      if (!linkOnly) return { code: typed, invite };
      typed.fill(0);
      return { code: new Uint8Array(0), invite };
    },
    pace: false,
    version: ascii(VERSION),
    relay: relay?.href ?? '',
    describe: (why, detail) =>
      describeApart(why, { ...about, ...('kind' in detail ? { name: String(detail['kind']) } : {}), ...detail }),
  };
}

/** Nowhere that a link could name when it is of another making. */
function meetingOf({ relay, transport }: CheckedOptions): Meeting | undefined {
  if (relay === undefined || typeof transport === 'function') return undefined;
  return { relay: relay.href, ...(transport === 'ws' ? {} : { transport }) };
}
