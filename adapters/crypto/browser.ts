/**
 * Which crypto a browser gets: libsodium, and plain JavaScript where a page may not run WebAssembly. No primitive may be in
 * this file.
 */
import type { CryptoPort } from '../../core/ports.js';
import { createSodiumCrypto } from './sodium.js';
import { createTweetnaclCrypto } from './tweetnacl.js';

export interface BrowserCrypto {
  readonly name: 'sodium' | 'tweetnacl';
  readonly crypto: CryptoPort;
}

/** Asks the platform, not its name: a policy of the page may forbid what the browser can. */
export async function createBrowserCrypto(wanted?: BrowserCrypto['name']): Promise<BrowserCrypto> {
  if (wanted !== 'tweetnacl' && mayRunWebAssembly()) return { name: 'sodium', crypto: await createSodiumCrypto() };
  return { name: 'tweetnacl', crypto: createTweetnaclCrypto() };
}

/** The smallest module there is: its head. */
const EMPTY_MODULE = Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00);

interface Platform {
  readonly WebAssembly?: { readonly Module: new (bytes: Uint8Array) => unknown };
}

function mayRunWebAssembly(): boolean {
  try {
    const { WebAssembly } = globalThis as Platform;
    return WebAssembly !== undefined && new WebAssembly.Module(EMPTY_MODULE) !== undefined;
  } catch {
    return false;
  }
}
