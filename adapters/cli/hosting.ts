/**
 * A relay of one's own for one conversation: others can reach it, over the network or as an onion service, it takes the
 * rooms of this program's own session and no other, and it ends with the program. No rule of a relay and no sentence may be
 * in this file.
 */
import { isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { SecurechatError } from '../../core/errors.js';
import type { TransportPort } from '../../core/ports.js';
import type { Pem, RelayOptions } from '../relay/flags.js';
import type { Relay } from '../relay/listener.js';
import type { ControlPlace } from '../tor/control.js';
import type { LocalRelay } from './embedded.js';
import { isPrivate } from './relay-address.js';

/** Rooms of one session: the one to meet in, a new name or two for it, the one to come back to. More are forgotten. */
export const OWN_ROOMS = 4;
/** The port of an onion service that peers name; the usual one, so that no address holds a port. */
export const ONION_PORT = 80;
/** Two people, their connections of before, and strangers that are about to be turned away. */
const LIMITS = { connections: 32, connectionsPerAddress: 16, rooms: 2 } as const;
const ANY4 = '0.0.0.0';
/** It is there where IPv6 is turned off, and where nothing but IPv6 is used, too. */
const LOOPBACK = '127.0.0.1';
const EVERYWHERE: Readonly<Record<string, string>> = { [ANY4]: LOOPBACK, '::': '::1' };

export type Listen =
  /** Whoever finds it in the local network. */
  | { readonly type: 'lan' }
  | {
      readonly type: 'network';
      readonly host: string;
      readonly port: number;
      readonly tls: boolean;
      /** Where others reach it, behind a router that forwards a port; absent: at the addresses of this machine. */
      readonly announced?: { readonly host: string; readonly port: number } | undefined;
    }
  | {
      readonly type: 'onion';
      /** Absent: the usual places. */
      readonly control?: ControlPlace | undefined;
      /** Absent: where Tor says that it is. */
      readonly cookie?: string | undefined;
    };

/** Where it listens; 0 is a free port. */
type Place = Pick<Extract<Listen, { type: 'network' }>, 'host' | 'port' | 'tls'>;
const PLACES: Readonly<Record<'onion' | 'lan', Place>> = {
  onion: { host: LOOPBACK, port: 0, tls: false },
  lan: { host: '::', port: 0, tls: false },
};

export interface HostingOptions {
  readonly listen: Listen;
  readonly startRelay: (options: RelayOptions) => Promise<Relay>;
  /** Unix milliseconds, for the certificate. */
  readonly wallTime: number;
}

/** Throws SecurechatError SC-111 (it cannot listen there), SC-120 to SC-123 (Tor). */
export async function startHosting({ listen, startRelay, wallTime }: HostingOptions): Promise<LocalRelay> {
  const rooms: string[] = [];
  const admits = (room: string): boolean => rooms.includes(room);
  const place = listen.type === 'network' ? listen : PLACES[listen.type];
  const own = place.tls ? await certificate(wallTime) : undefined;
  const [relay, host] = await startedAt(place, own?.pem);
  const scheme = own === undefined ? 'ws' : 'wss';
  const port = relay.url.port === '' ? (own === undefined ? '80' : '443') : relay.url.port;
  const hosting = {
    url: new URL(`${scheme}://${inUrl(listen.type === 'lan' ? LOOPBACK : (EVERYWHERE[host] ?? host))}:${port}/`),
    started: true,
    guard: (transport: TransportPort): TransportPort => ({
      open(join, sink) {
        if (!rooms.includes(join.room)) rooms.push(join.room);
        if (rooms.length > OWN_ROOMS) rooms.shift();
        return transport.open(join, sink);
      },
    }),
  };
  if (listen.type === 'lan') return { ...hosting, close: () => relay.close() };
  if (listen.type === 'network') {
    const pin = own === undefined ? {} : { pin: own.pin };
    const { announced } = listen;
    const places = announced === undefined ? reachable(listen.host).map((each) => ({ host: each, port })) : [announced];
    const meetings = places.map((at) => ({ relay: `${scheme}://${inUrl(at.host)}:${String(at.port)}/`, ...pin }));
    return { ...hosting, ...pin, meetings, close: () => relay.close() };
  }
  try {
    const { openOnion } = await import('../tor/control.js');
    const { control, cookie } = listen;
    const onion = await openOnion({
      ...(control === undefined ? {} : { places: [control] }),
      ...(cookie === undefined ? {} : { cookie }),
      port: ONION_PORT,
      target: { host: '127.0.0.1', port: Number(port) },
    });
    await onion.published;
    return {
      ...hosting,
      meetings: [{ relay: `ws://${onion.host}/` }],
      unreachable: onion.gone,
      async close() {
        onion.close();
        await relay.close();
      },
    };
  } catch (error) {
    await relay.close();
    throw error;
  }

  /** Where a machine has no IPv6 at all it listens for IPv4. */
  async function startedAt({ host, port: wanted }: Place, tls: Pem | undefined): Promise<readonly [Relay, string]> {
    const secure = tls === undefined ? {} : { tls };
    const at = (where: string) => ({ host: where, port: wanted, limits: LIMITS, admits, ...secure });
    if (listen.type !== 'lan') return [await started({ host, port: wanted }, at(host)), host];
    try {
      return [await startRelay(at(host)), host];
    } catch {
      return [await started({ host: ANY4, port: wanted }, at(ANY4)), ANY4];
    }
  }

  async function started(
    { host, port: wanted }: { host: string; port: number },
    options: RelayOptions,
  ): Promise<Relay> {
    try {
      return await startRelay(options);
    } catch (error) {
      const why = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
      throw new SecurechatError('SC-111', { host, port: wanted, why });
    }
  }
}

async function certificate(wallTime: number): Promise<{ pem: Pem; pin: Uint8Array }> {
  const { makeSelfSigned } = await import('../system/self-signed.js');
  const { certificate: cert, key, pin } = await makeSelfSigned(wallTime);
  return { pem: { cert, key }, pin };
}

/** The addresses under which others may reach `host`: private ones first, because most peers are near. */
function reachable(host: string): readonly string[] {
  if (EVERYWHERE[host] === undefined) return [host];
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const usable = own.filter(
    ({ internal, family, address }) => !internal && (family === 'IPv4' || host === '::') && !address.startsWith('fe80'),
  );
  const hosts = usable.map(({ address }) => address);
  return [...hosts.filter((each) => isPrivate(inUrl(each))), ...hosts.filter((each) => !isPrivate(inUrl(each)))];
}

function inUrl(host: string): string {
  return isIPv6(host) ? `[${host}]` : host;
}
