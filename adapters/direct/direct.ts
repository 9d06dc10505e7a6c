/**
 * The sockets of a direct path (protocol.md section 8a): where this machine can be reached, a listener for as long as one is
 * looked for, and dials. Which address is dialled and who is let in is core/session/path.ts; nothing of it may be decided
 * here.
 */
import { lookup } from 'node:dns/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { SecurechatError } from '../../core/errors.js';
import type { Endpoint, OwnAddress, PathCommand, PathEvent, PathPort } from '../../core/path-port.js';

import { plainAddress } from '../../core/relay/address.js';
import { addressText, parseAddress } from '../../core/session/path-candidates.js';
import type { Origin } from '../transport/origin.js';
import { createLink, type Link } from './link.js';

/** Connections that came in and are still open, at most: the session closes those that prove nothing long before. */
export const ACCEPTED_LIMIT = 32;
/** Addresses that a name stands for, at most. */
const NAMED_LIMIT = 4;

/** A forwarded port: others reach this machine there, and it listens on the same port itself. */
export interface Named {
  readonly host: string;
  readonly port: number;
}

export interface DirectOptions {
  /** Of the connection to the relay. */
  readonly origin: Pick<Origin, 'localPort' | 'relay'>;
  readonly named?: Named | undefined;
}

export function createDirect({ origin, named }: DirectOptions): PathPort {
  const links = new Map<number, Link>();
  /** Dials that have not come up yet. */
  const dials = new Map<number, Socket>();
  let sink: (event: PathEvent) => void = () => undefined;
  let server: Server | undefined;
  let accepted = 0;
  /** Which try it is: what an earlier one still brings is for nobody. */
  let turn = 0;

  function connected(id: number, socket: Socket): void {
    const link = createLink(socket, {
      message: (bytes) => sink({ type: 'message', id, bytes }),
      ended() {
        links.delete(id);
        sink({ type: 'down', id });
      },
    });
    links.set(id, link);
    const { remoteAddress = '', remotePort = 0 } = socket;
    const address = textOf(plainAddress(remoteAddress.split('%', 1)[0] ?? ''), remotePort);
    sink({ type: 'up', id, address });
  }

  async function gather(attempt: number): Promise<void> {
    stop();
    const own = ownAddresses();
    const mine = turn;
    const [port, known] = await Promise.all([listen(mine), namedEnds(named)]);
    if (mine !== turn) return;
    const relay = endOf(origin.relay);
    sink({ type: 'gathered', attempt, own, port, named: port === 0 ? [] : known, relay });
  }

  /** The port; 0 where it cannot listen. */
  async function listen(mine: number): Promise<number> {
    for (const host of ['::', '0.0.0.0']) {
      const made = createServer((socket) => {
        accepted += 1;
        connected(-accepted, socket);
      });
      made.maxConnections = ACCEPTED_LIMIT;
      const port = await listening(made, host, named?.port ?? 0);
      if (port === 0) continue;
      if (mine !== turn) made.close();
      else server = made;
      return port;
    }
    return 0;
  }

  function dial({ id, address, port, punch }: Extract<PathCommand, { type: 'dial' }>): void {
    const host = addressText(address);
    const { localPort } = origin;
    const socket = connect({ host, port, ...(punch && localPort !== undefined ? { localPort } : {}) });
    dials.set(id, socket);
    socket.once('error', () => socket.destroy());
    socket.once('close', () => {
      if (dials.delete(id)) sink({ type: 'down', id });
    });
    socket.once('connect', () => {
      if (dials.delete(id)) connected(id, socket);
    });
  }

  function drop(id: number): void {
    const socket = dials.get(id);
    dials.delete(id);
    socket?.destroy();
    links.get(id)?.drop();
    links.delete(id);
  }

  function stop(): void {
    turn += 1;
    server?.close();
    server = undefined;
    for (const id of [...dials.keys(), ...links.keys()]) drop(id);
  }

  return {
    open(to) {
      sink = to;
    },
    tell(command) {
      switch (command.type) {
        case 'gather':
          void gather(command.attempt);
          return;
        case 'dial':
          return dial(command);
        case 'send':
          return links.get(command.id)?.send(command.bytes);
        case 'drop':
          return drop(command.id);
        case 'stop':
          return stop();
      }
    },
    take(id, to) {
      const link = links.get(id);
      links.delete(id);
      if (link !== undefined) return link.take(to);
      queueMicrotask(() => to({ type: 'closed', reason: 'lost', detail: '' }));
      return { waiting: 0, send: () => false, close: () => undefined };
    },
    close() {
      stop();
      return Promise.resolve();
    },
  };
}

/** Told at the start, where something can be done about it. Throws SecurechatError SC-374. */
export async function checkNamed({ port }: Named): Promise<void> {
  let why = '';
  for (const host of ['::', '0.0.0.0']) {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      why = error.code ?? error.name;
    });
    if ((await listening(server, host, port)) !== 0) {
      server.close();
      return;
    }
    if (why === 'EADDRINUSE') break;
  }
  throw new SecurechatError('SC-374', { port, why });
}

async function listening(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve) => {
    server.on('error', () => resolve(0));
    server.listen({ host, port }, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}

/** Those of the interfaces that are up, without the zones of IPv6. */
function ownAddresses(): readonly OwnAddress[] {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.flatMap(({ address, cidr }) => {
    const bytes = parseAddress(address.split('%', 1)[0] ?? '');
    const prefix = Number(cidr?.split('/')[1] ?? Number.NaN);
    return bytes === undefined || Number.isNaN(prefix) ? [] : [{ address: bytes, prefix }];
  });
}

async function namedEnds(named: Named | undefined): Promise<readonly Endpoint[]> {
  if (named === undefined) return [];
  try {
    const found = await lookup(named.host, { all: true });
    return found.slice(0, NAMED_LIMIT).flatMap(({ address }) => endOf({ address, port: named.port }) ?? []);
  } catch {
    return [];
  }
}

function endOf(end: Origin['relay']): Endpoint | undefined {
  const address = end === undefined ? undefined : parseAddress(plainAddress(end.address.split('%', 1)[0] ?? ''));
  return end === undefined || address === undefined ? undefined : { address, port: end.port };
}

function textOf(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${String(port)}` : `${address}:${String(port)}`;
}
