/** `host:port` as a person types it: checked and taken apart. No name is looked up in this file. */
import { isIP, isIPv6 } from 'node:net';

/** Characters of a host: the longest name that DNS has. */
export const HOST_LIMIT = 253;

export interface Address {
  /** A name, an IPv4 address, or an IPv6 address without its brackets. */
  readonly host: string;
  /** 1 to 65535. */
  readonly port: number;
}

const NAME = /^[a-z0-9](?:[a-z0-9._-]*[a-z0-9.])?$/i;

/** The address, or why it is none (a short phrase). An IPv6 address stands in brackets: `[::1]:7000`. */
export function parseAddress(text: string): Address | string {
  const parts = /^(?:\[(?<six>[^[\]]*)\]|(?<name>[^:[\]]*)):(?<port>\d{1,5})$/.exec(text)?.groups;
  if (parts === undefined) {
    return isIPv6(text) || (text.match(/:/g)?.length ?? 0) > 1
      ? 'an IPv6 address stands in brackets, as in [::1]:7000'
      : 'it must be host:port, as in 192.168.1.20:7000';
  }
  const { six, name } = parts;
  const port = Number(parts['port']);
  if (port < 1 || port > 65_535) return 'a port is a number from 1 to 65535';
  if (six !== undefined) return isIPv6(six) ? { host: six, port } : 'what is in the brackets is no IPv6 address';
  const host = name ?? '';
  if (host === '' || host.length > HOST_LIMIT || !NAME.test(host)) return 'the host is neither a name nor an address';
  // 127.1 and 1.2.3.999 are names to the rules above, and nobody means them as such.
  if (/^[\d.]+$/.test(host) && isIP(host) !== 4) return 'the host is neither a name nor an address';
  return { host, port };
}
