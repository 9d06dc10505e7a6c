/**
 * The module `securechat` in Node: a session as an object, for programs. Nothing is printed, no environment and no file is
 * read, and the process is left as it is. What a session is made of is connect.ts.
 */
import { createHash } from 'node:crypto';
import { SecurechatError } from '../../core/errors.js';
import type { CryptoPort, TransportPort } from '../../core/ports.js';
import { wordsOf } from '../../plugins/kit/make.js';
import { parseProxy, torProxy } from '../cli/proxy-address.js';
import type { Way } from '../transport/way.js';
import type { WsTransportOptions } from '../transport/ws.js';
import { CLI_WORDS } from '../words/cli.js';
import { ChatError } from './chat-error.js';
import { createConnect } from './connect.js';
import { find } from './find.js';
import { random } from './options.js';

export type { Code, ExitStatus } from '../../core/errors.js';
export type { ClockPort, CryptoPort, State, TransportPort } from '../../core/ports.js';
export type {
  BlobSource,
  ConnectOptions,
  End,
  Incoming,
  IncomingFile,
  Message,
  Notice,
  Offer,
  OutgoingFile,
  PathStatus,
  Readable,
  RelayStatus,
  SafetyWords,
  Session,
  SessionEvents,
  Transfer,
  Transferred,
  TransferOptions,
  TransportGiven,
} from './api.js';
export { ChatError };
export { sanitize } from './sanitize.js';

/** The adapters of the program, under the names that its command line has for them; each is loaded when it is chosen. */
const CRYPTOS: Readonly<Record<string, () => Promise<CryptoPort>>> = {
  sodium: async () => (await import('../crypto/sodium.js')).createSodiumCrypto(),
  tweetnacl: async () => (await import('../crypto/tweetnacl.js')).createTweetnaclCrypto(),
};
const TRANSPORTS: Readonly<Record<string, (at: WsTransportOptions) => Promise<TransportPort>>> = {
  ws: async (at) => (await import('../transport/ws.js')).createWsTransport(at),
  socketio: async (at) => (await import('../transport/socketio.js')).createSocketioTransport(at),
};

/**
 * Meets a peer: makes a room code, or takes one. Resolves when the relay has the room; the peer may come later. Rejects with
 * a ChatError, or with the reason of `signal`; then nothing is left behind.
 */
export const connect = createConnect({
  sha256: () => createHash('sha256'),

  async crypto(name = 'sodium') {
    const make = find('crypto', CRYPTOS, name);
    try {
      return await make();
    } catch (error) {
      throw new SecurechatError('SC-201', { name, why: wordsOf(error) });
    }
  },

  async transport(name, { relay, pin, proxy, direct }) {
    const make = find('transport', TRANSPORTS, name);
    const inner = await wayThrough(proxy, relay);
    const way = pin === undefined ? inner : (await import('../transport/pinned.js')).pinnedWay(pin, inner);
    if (!direct) return { transport: await make({ relay, way }) };
    const [{ createOrigin }, { createDirect }] = await Promise.all([
      import('../transport/origin.js'),
      import('../direct/direct.js'),
    ]);
    const origin = await createOrigin();
    return { transport: await make({ relay, way, origin }), path: createDirect({ origin }) };
  },
});

/** Throws SecurechatError SC-109 and SC-503. */
async function wayThrough(proxy: string | undefined, relay: URL): Promise<Way | undefined> {
  const chosen = proxy === undefined ? undefined : proxy === 'tor' ? torProxy(random) : parseProxy(proxy, 'proxy');
  if (relay.hostname.replace(/\.$/, '').endsWith('.onion') && chosen?.kind !== 'socks')
    throw new SecurechatError('SC-109', { address: relay.href, why: CLI_WORDS.proxy.onion });
  return chosen === undefined ? undefined : (await import('../transport/proxy.js')).createWay(() => chosen);
}
