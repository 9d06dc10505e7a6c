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
const CRYPTOS: Readonly<Record<string, () => Promise<CryptoPort>>> = {
  sodium: async () => (await import('../crypto/sodium.js')).createSodiumCrypto(),
  tweetnacl: async () => (await import('../crypto/tweetnacl.js')).createTweetnaclCrypto(),
};
const TRANSPORTS = { ws: createBrowserTransport } as const;

/** As in Node. Rejects with SC-360 for a proxy, and for a link with the certificate of a relay: a page can do neither. */
export const connect = createConnect({
  sha256: () => sha256.create(),

  async crypto(name) {
    const make = find('crypto', CRYPTOS, name);
    try {
      return await make();
    } catch (error) {
      throw new SecurechatError('SC-201', { name, why: wordsOf(error) });
    }
  },

  transport(name, { relay, pin, proxy }) {
    if (proxy !== undefined) throw new ChatError('SC-360', { name: 'proxy', why: LIBRARY_WORDS.noProxy });
    if (pin !== undefined) throw new ChatError('SC-360', { name: 'code', why: LIBRARY_WORDS.noPin });
    return find('transport', TRANSPORTS, name)({ relay });
  },
});
