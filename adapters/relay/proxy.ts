/**
 * Who is behind a proxy: only a proxy that the operator has named is believed, and of what it says only the hop that it
 * added itself. Nothing may be written from this file.
 */
import { BlockList, isIP } from 'node:net';
import { RELAY_WORDS } from '../words/relay.js';
import { LOOPBACK } from './flags.js';

/** Addresses, networks (`10.1.0.0/16`) and the word for this machine. Throws an error that names the first wrong one. */
export function parseProxies(list: readonly string[]): BlockList {
  const proxies = new BlockList();
  for (const each of list) {
    if (each === LOOPBACK) {
      proxies.addSubnet('127.0.0.0', 8, 'ipv4');
      proxies.addAddress('::1', 'ipv6');
      continue;
    }
    const [address = '', digits] = each.split('/', 2);
    const kind = family(address);
    const bits = kind === 'ipv4' ? 32 : 128;
    const prefix = digits === undefined ? bits : /^[0-9]{1,3}$/.test(digits) ? Number(digits) : Number.NaN;
    if (kind === undefined || each.split('/').length > 2 || !(prefix <= bits)) {
      throw new Error(RELAY_WORDS.notProxy(each, LOOPBACK));
    }
    proxies.addSubnet(address, prefix, kind);
  }
  return proxies;
}

/** The address of the client: that of the connection, or the right-most one in the header of a trusted proxy. */
export function clientAddress(
  remote: string,
  forwarded: string | readonly string[] | undefined,
  proxies: BlockList,
): string {
  if (!isTrusted(remote, proxies)) return remote;
  const all = typeof forwarded === 'string' ? forwarded : (forwarded?.join(',') ?? '');
  const last = all.slice(all.lastIndexOf(',') + 1).trim();
  // Some proxies add the port.
  const bare = /^\[(.+)\](?::\d+)?$/.exec(last)?.[1] ?? /^([0-9.]+):\d+$/.exec(last)?.[1] ?? last;
  return isIP(bare) === 0 ? remote : bare;
}

export function isTrusted(remote: string, proxies: BlockList): boolean {
  const kind = family(remote);
  return kind !== undefined && proxies.check(remote, kind);
}

function family(address: string): 'ipv4' | 'ipv6' | undefined {
  switch (isIP(address)) {
    case 4:
      return 'ipv4';
    case 6:
      return 'ipv6';
    default:
      return undefined;
  }
}
