/**
 * The HTTP server under a relay, whichever its library: limits of a request, TLS, listening, who is at the other end. No
 * rule of a room may be in this file, and nothing that identifies a client may be written from it.
 */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, type BlockList, isIP, isIPv6, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { addressKey, plainAddress } from '../../core/relay/address.js';
import type { Figures } from '../../core/relay/figures.js';
import { DEFAULT_HOST, DEFAULT_PORT, type Pem, type RelayOptions } from './flags.js';
import type { RoomLimits } from '../../core/relay/limits.js';
import { clientAddress, isTrusted, parseProxies } from './proxy.js';

/** Of an HTTP request's head, bytes. */
export const HEADER_LIMIT = 8 * 1024;
/** For a whole HTTP request, the slowest honest poll with a frame in it included, milliseconds. */
export const REQUEST_TIMEOUT_MS = 30_000;
/** Connections above the limit that may be open for the moment in which they are told so. */
export const SPARE_CONNECTIONS = 1_024;
/** The same for one address, and for those that have not yet asked for the upgrade. */
export const SPARE_PER_ADDRESS = 64;

/** A relay that listens. */
export interface Relay {
  readonly port: number;
  readonly url: URL;
  /** How many connections, rooms and addresses are held in memory. */
  readonly counts: { readonly members: number; readonly rooms: number; readonly addresses: number };
  readonly figures: Figures;
  /** From now on new connections get this certificate. Throws when it cannot be used; the old one stays then. */
  setTls(pem: Pem): void;
  /**
   * Stops accepting, tells every client `shutting-down`, waits up to `drainMs` (default 0) for them to leave, flushes and
   * closes the others.
   */
  close(drainMs?: number): Promise<void>;
}

/** Who comes: the key of the address for the limits, and whether nothing is seen to stand between the client and here. */
export interface Arrival {
  readonly address: string;
  readonly direct: boolean;
}

export interface Listener {
  readonly server: Server;
  arrivalOf(request: IncomingMessage): Arrival;
  /** `203.0.113.7:51234` or `[2001:db8::1]:51234`: the other end of a connection. */
  endpointOf(connection: Duplex | undefined): string | undefined;
  setTls(pem: Pem): void;
  /** Rejects with the error of the operating system (EADDRINUSE, EACCES, ENOTFOUND …). */
  listen(): Promise<{ readonly port: number; readonly url: URL }>;
}

/** What somebody who passes a request on says of whom he has it from. */
const PASSED_ON = ['x-forwarded-for', 'x-real-ip', 'forwarded', 'via'];

export function createListener(options: RelayOptions, limits: RoomLimits): Listener {
  const bounds = {
    maxHeaderSize: HEADER_LIMIT,
    headersTimeout: limits.joinTimeoutMs,
    requestTimeout: Math.max(REQUEST_TIMEOUT_MS, limits.joinTimeoutMs),
    connectionsCheckingInterval: Math.min(1_000, limits.joinTimeoutMs),
  };
  const { tls, trustProxy, host = DEFAULT_HOST, port: wanted = DEFAULT_PORT } = options;
  const secure =
    tls === undefined ? undefined : createTlsServer({ ...bounds, ...tls, handshakeTimeout: limits.joinTimeoutMs });
  const server = (secure as Server | undefined) ?? createServer(bounds);
  server.maxConnections = limits.connections + SPARE_CONNECTIONS;
  const proxies = trustProxy === undefined ? undefined : parseProxies(trustProxy);
  limitPerAddress(server, limits.connectionsPerAddress + SPARE_PER_ADDRESS, proxies);

  return {
    server,
    arrivalOf({ socket, headers }) {
      const remote = socket.remoteAddress ?? '';
      const behind = proxies !== undefined && isTrusted(remote, proxies);
      return {
        address: addressKey(
          proxies === undefined ? remote : clientAddress(remote, headers['x-forwarded-for'], proxies),
        ),
        direct: !behind && PASSED_ON.every((name) => headers[name] === undefined),
      };
    },
    endpointOf(connection) {
      const { remoteAddress = '', remotePort } = (connection ?? {}) as Partial<Socket>;
      const address = plainAddress(remoteAddress);
      if (isIP(address) === 0 || address.includes('%')) return undefined;
      return `${isIPv6(address) ? `[${address}]` : address}:${String(remotePort)}`;
    },
    setTls(pem) {
      secure?.setSecureContext({ cert: pem.cert, key: pem.key });
    },
    async listen() {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(wanted, host, () => {
          server.off('error', reject);
          resolve();
        });
      });
      // Failing to accept one connection (no descriptor left) must not end the relay for the others.
      server.on('error', () => undefined);
      const { port } = server.address() as AddressInfo;
      const scheme = secure === undefined ? 'ws' : 'wss';
      return { port, url: new URL(`${scheme}://${isIPv6(host) ? `[${host}]` : host}:${String(port)}/`) };
    },
  };
}

/** Connections of one address that the room machine does not know of yet: the rest of them is cut without a word. */
function limitPerAddress(server: Server, limit: number, proxies: BlockList | undefined): void {
  const open = new Map<string, number>();
  server.on('connection', (socket) => {
    const remote = socket.remoteAddress ?? '';
    if (proxies !== undefined && isTrusted(remote, proxies)) return;
    const key = addressKey(remote);
    const before = open.get(key) ?? 0;
    if (before >= limit) {
      socket.destroy();
      return;
    }
    open.set(key, before + 1);
    // Not `once`: relay-socketio/engine.ts takes such listeners away.
    socket.on('close', () => {
      const left = (open.get(key) ?? 1) - 1;
      if (left === 0) open.delete(key);
      else open.set(key, left);
    });
  });
}
