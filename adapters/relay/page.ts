/**
 * The page for browsers, as a relay serves it where its operator wants that: one file, with headers that allow it nothing but
 * its own code and this relay. Who asks for it is forgotten with the answer. No rule of a room may be in this file.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { getAsset, isSea } from 'node:sea';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { RELAY_WORDS } from '../words/relay.js';

/** Answers that are under way at a time: more are asked to come again. A page costs more than a frame. */
export const PAGES_AT_ONCE = 64;
/** Those of one address: who reads slowly on purpose locks nobody else out. */
export const PAGES_OF_ONE = 16;
/** For one of them, milliseconds: who reads slower is let go of. */
export const PAGE_TIMEOUT_MS = 60_000;

/** Beside a program in dist/, or a chunk of it; in a checkout, from the sources. */
const PLACES = ['./page.html', '../page.html', '../../dist/page.html'];

/** The file; undefined: it is not there. In the executable it is inside. */
export function pageFile(): Buffer | undefined {
  if (isSea()) return Buffer.from(getAsset('page.html'));
  const found = PLACES.map((place) => fileURLToPath(new URL(place, import.meta.url))).find((file) => existsSync(file));
  return found === undefined ? undefined : readFileSync(found);
}

/** SHA-256 in hex: what sha256sum says of it. */
export function pageHash(page: Uint8Array): string {
  return createHash('sha256').update(page).digest('hex');
}

export interface Page {
  /** Whether it was a request for the page; if so, it is answered. `address`: the key of who asks. */
  answer(
    request: IncomingMessage,
    response: ServerResponse,
    more: Readonly<Record<string, string>>,
    address: string,
  ): boolean;
}

/** `html`: as the build makes it, with its policy in a meta element. Throws an Error for anything else. */
export function createPage(html: Buffer, timeoutMs = PAGE_TIMEOUT_MS): Page {
  const policy = /<meta http-equiv="Content-Security-Policy" content="([^"]+)">/.exec(html.toString())?.[1];
  if (policy === undefined) throw new Error(RELAY_WORDS.notAPage);
  const headers = {
    'content-type': 'text/html; charset=utf-8',
    // A page of this relay talks to this relay.
    'content-security-policy': `${policy.replace(/connect-src [^;]*/, "connect-src 'self'")}; frame-ancestors 'none'`,
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), microphone=(), geolocation=()',
    vary: 'accept-encoding',
    connection: 'close',
  } as const;
  const packed = gzipSync(html, { level: 9 });
  let open = 0;
  const openOf = new Map<string, number>();

  function count(address: string, change: 1 | -1): void {
    open += change;
    const of = (openOf.get(address) ?? 0) + change;
    if (of === 0) openOf.delete(address);
    else openOf.set(address, of);
  }

  return {
    answer({ method, url = '', headers: asked }, response, more, address) {
      // Who only asks what answers here (a client does) names no kind of answer, and is told without a page.
      const accepts = /text\/html|\*\/\*/.test(asked.accept ?? '');
      if ((method !== 'GET' && method !== 'HEAD') || !accepts || !/^\/(?:\?|$)/.test(url)) return false;
      if (open >= PAGES_AT_ONCE || (openOf.get(address) ?? 0) >= PAGES_OF_ONE) {
        response.writeHead(503, { ...more, 'retry-after': '5', connection: 'close' }).end();
        return true;
      }
      count(address, 1);
      const timer = setTimeout(() => response.destroy(), timeoutMs).unref();
      response.on('close', () => {
        clearTimeout(timer);
        count(address, -1);
      });
      const small = /\bgzip\b/.test(asked['accept-encoding']?.toString() ?? '');
      const body = small ? packed : html;
      const encoding = small ? { 'content-encoding': 'gzip' } : {};
      response.writeHead(200, { ...headers, ...encoding, ...more, 'content-length': String(body.length) });
      response.end(method === 'HEAD' ? undefined : body);
      return true;
    },
  };
}
