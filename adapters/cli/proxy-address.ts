/**
 * The address of a proxy as a person types it, checked before anything is sent. No connection may be made in this file, and
 * a password may be in no error.
 */
import { SecurechatError } from '../../core/errors.js';
import type { ProxyServer } from '../transport/way.js';
import { CLI_WORDS } from '../words/cli.js';

/** Where Tor listens. */
export const TOR = { kind: 'socks', host: '127.0.0.1', port: 9050 } as const;

/** Names are looked up by the proxy, whatever the scheme says. */
const KINDS: Readonly<Record<string, readonly [kind: ProxyServer['kind'], port: number]>> = {
  'socks5h:': ['socks', 1080],
  'socks5:': ['socks', 1080],
  'socks:': ['socks', 1080],
  'http:': ['http', 80],
  'https:': ['https', 443],
};

/** An address without its scheme. */
const BARE = /^(?:[\w.-]+|\[[0-9a-f:.]+\]):\d{1,5}$/i;

/** `flag`: what named it. Throws SecurechatError SC-503. A password is taken from the environment only. */
export function parseProxy(text: string, flag: string): ProxyServer {
  const refuse = (why: string) => new SecurechatError('SC-503', { flag, why });
  // In this scheme an address has all its parts; with its own some engines leave them out.
  const [, scheme = '', rest = ''] = /^([a-z0-9]+:)\/\/(.*)$/is.exec(text) ?? [];
  const [kind, port] = KINDS[scheme.toLowerCase()] ?? [];
  if (scheme === '' && BARE.test(text)) throw refuse(CLI_WORDS.proxy.noScheme(text));
  if (kind === undefined || !URL.canParse(`http://${rest}`)) throw refuse(CLI_WORDS.proxy.scheme);
  const url = new URL(`http://${rest}`);
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') throw refuse(CLI_WORDS.proxy.path);
  if (url.password !== '' && flag === '--proxy') throw refuse(CLI_WORDS.proxy.password);
  const named = /:(\d+)$/.exec(rest.replace(/\/$/, ''))?.[1];
  if (named === '0') throw refuse(CLI_WORDS.relay.port);
  return {
    kind,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: named === undefined ? (port ?? 0) : Number(named),
    ...(url.username === '' ? {} : { user: decoded(url.username) }),
    ...(url.password === '' ? {} : { password: decoded(url.password) }),
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Fresh for each session: Tor then gives it a circuit of its own. */
export function torProxy(random: (n: number) => Uint8Array): ProxyServer {
  const hex = (): string => Buffer.from(random(16)).toString('hex');
  return { ...TOR, user: hex(), password: hex() };
}
