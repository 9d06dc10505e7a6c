/**
 * The module `securechat` in a browser: the same session, over the platform's own WebSocket. Nothing is kept: no storage, no
 * cookie, no history. No Node API and no DOM may be in this file; what a session is made of is connect.ts.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { SecurechatError } from '../../core/errors.js';
import type { CryptoPort } from '../../core/ports.js';
import { wordsOf } from '../../plugins/kit/make.js';
import { createBrowserTransport } from '../transport/browser.js';
import { LIBRARY_WORDS } from '../words/library.js';
import { ChatError } from './chat-error.js';
import { createConnect } from './connect.js';
import { find } from './find.js';

export { ChatError };
export { sanitize } from './sanitize.js';

/** Each is loaded when it is chosen. */
const CRYPTOS = {
  sodium: async (): Promise<CryptoPort> => (await import('../crypto/sodium.js')).createSodiumCrypto(),
  tweetnacl: async (): Promise<CryptoPort> => (await import('../crypto/tweetnacl.js')).createTweetnaclCrypto(),
} as const;
const TRANSPORTS = { ws: createBrowserTransport } as const;

/**
 * As in Node. Rejects with SC-360 for a proxy, a direct path, and a link with the certificate of a relay: a page can do none
 * of it.
 */
export const connect = createConnect({
  sha256: () => sha256.create(),

  async crypto(name) {
    // Where a page may not run WebAssembly, and nobody asked for it by name, plain JavaScript does.
    if (name === undefined) return CRYPTOS.sodium().catch(CRYPTOS.tweetnacl);
    const make = find<() => Promise<CryptoPort>>('crypto', CRYPTOS, name);
    try {
      return await make();
    } catch (error) {
      throw new SecurechatError('SC-201', { name, why: wordsOf(error) });
    }
  },

  transport(name, { relay, pin, proxy, direct }) {
    if (proxy !== undefined) throw new ChatError('SC-360', { name: 'proxy', why: LIBRARY_WORDS.noProxy });
    if (direct) throw new ChatError('SC-360', { name: 'direct', why: LIBRARY_WORDS.noSockets });
    if (pin !== undefined) throw new ChatError('SC-360', { name: 'code', why: LIBRARY_WORDS.noPin });
    return { transport: find('transport', TRANSPORTS, name)({ relay }) };
  },
});
