/**
 * The address of a relay, from --relay or an invitation link, checked before anything is sent. No connection may be made
 * in this file.
 */
import { SecurechatError } from '../../core/errors.js';
import { CLI_WORDS } from '../words/cli.js';

/** Where a relay is looked for when none is named. */
export const LOCAL_RELAY = { host: '127.0.0.1', port: 8765 } as const;
/** Characters of an address. */
export const ADDRESS_LIMIT = 1024;

const SCHEMES: Readonly<Record<string, 'ws:' | 'wss:'>> = {
  'ws:': 'ws:',
  'http:': 'ws:',
  'wss:': 'wss:',
  'https:': 'wss:',
};

/**
 * The address as a ws:// or wss:// URL; http means ws and https wss. Throws SecurechatError SC-109 for what is no address
 * of a relay, SC-110 for plain ws:// to a machine that is not near, unless `insecure`.
 */
export function parseRelayAddress(address: string, insecure: boolean): URL {
  const refuse = (why: string) => new SecurechatError('SC-109', { address: address.slice(0, 100), why });
  if (address.length > ADDRESS_LIMIT) throw refuse(CLI_WORDS.relay.tooLong(ADDRESS_LIMIT));
  const typed = URL.canParse(address) ? new URL(address) : undefined;
  const scheme = typed === undefined ? undefined : SCHEMES[typed.protocol];
  if (typed === undefined || scheme === undefined) throw refuse(CLI_WORDS.relay.scheme);
  // An address ends up in notices and links: it must hold no password, and say so without repeating it.
  if (typed.username !== '' || typed.password !== '') {
    throw new SecurechatError('SC-109', { why: CLI_WORDS.relay.credentials });
  }
  if (typed.hash !== '') throw refuse(CLI_WORDS.relay.fragment);
  if (typed.search !== '') throw refuse(CLI_WORDS.relay.query);
  if (typed.port === '0') throw refuse(CLI_WORDS.relay.port);
  const url = new URL(typed.href.replace(typed.protocol, scheme));
  if (scheme === 'ws:' && !insecure && !isPrivate(url.hostname)) {
    throw new SecurechatError('SC-110', { host: url.hostname });
  }
  return url;
}

/** Networks that are one's own: private, shared by a provider, link-local. */
const NEAR = /^(10|192\.168|169\.254|172\.(1[6-9]|2\d|3[01])|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7]))\./;

const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/;

/**
 * This machine, a private network, or an onion service: no stranger on the way. URL has brought addresses into their one
 * form.
 */
export function isPrivate(hostname: string): boolean {
  const host = hostname.replace(/\.$/, '');
  if (isLoopback(host) || host.endsWith('.onion')) return true;
  return host.startsWith('[') ? /^\[f[cd]/.test(host) : NEAR.test(host) && IPV4.test(host);
}

/** This machine. */
export function isLoopback(hostname: string): boolean {
  const host = hostname.replace(/\.$/, '');
  return host === 'localhost' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** The page that a relay serves. What is behind the last slash of its address would be the name of the page to a browser. */
export function pageOf(relay: string): string {
  const page = new URL(relay.replace(/^ws/, 'http'));
  if (!page.pathname.endsWith('/')) page.pathname += '/';
  return page.href;
}
