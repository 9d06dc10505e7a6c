/**
 * Clients of a relay, either kind, that break the rules: by an address of this machine that is not the honest pair's, over
 * WebSocket or bare TCP. No expectation may be in this file.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { WebSocket } from 'ws';
import { type Join, joinMessage } from '../../core/wire/control.js';
import type { RelayProgram } from './relay.js';

/** Where each kind of relay takes WebSockets. */
export const PATHS: Readonly<Record<RelayProgram, string>> = {
  'relay-ws': '/',
  'relay-socketio': '/socket.io/?EIO=4&transport=websocket',
};

/** Addresses of one machine, each with limits of its own: Linux has all of 127.0.0.0/8. */
export const hasManyAddresses = process.platform === 'linux';

export function address(n: number): string {
  return `127.${String(1 + Math.floor(n / 40_000))}.${String(Math.floor(n / 200) % 200)}.${String((n % 200) + 1)}`;
}

export interface Attacker {
  readonly socket: WebSocket;
  /** Control messages as text, in order. */
  readonly told: string[];
  readonly frames: Buffer[];
  join(join: Join): void;
  /** Any control message. */
  control(message: unknown): void;
  until(reached: (attacker: Attacker) => boolean): Promise<void>;
  /** Resolves when the connection has ended. */
  readonly closed: Promise<void>;
}

/** Upgraded and, where the library has such a thing, in the namespace; not joined. */
export async function attacker(program: RelayProgram, relay: URL, localAddress: string): Promise<Attacker> {
  const socket = new WebSocket(new URL(PATHS[program], relay), { localAddress, perMessageDeflate: false });
  const told: string[] = [];
  const frames: Buffer[] = [];
  let over = false;
  const waiting = new Set<() => void>();
  const look = (): void => {
    for (const check of [...waiting]) check();
  };
  socket.on('error', () => undefined);
  socket.on('message', (message, isBinary) => {
    if (isBinary) frames.push(message as Buffer);
    else told.push((message as Buffer).toString());
    look();
  });
  const closed = new Promise<void>((resolve) => {
    socket.on('close', () => {
      over = true;
      look();
      resolve();
    });
  });
  const socketio = program === 'relay-socketio';
  const self: Attacker = {
    socket,
    told,
    frames,
    join: (join) => self.control(joinMessage(join)),
    control(message) {
      socket.send(socketio ? `42${JSON.stringify(['control', message])}` : JSON.stringify(message));
    },
    until: (reached) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          if (!over && !reached(self)) return;
          waiting.delete(check);
          if (reached(self)) resolve();
          else reject(new Error(`the connection ended; told: ${told.join(' ')}`));
        };
        waiting.add(check);
        check();
      }),
    closed,
  };
  await once(socket, 'open');
  if (socketio) {
    socket.send('40');
    await self.until(() => told.some((text) => text.startsWith('40')));
  }
  return self;
}

/** A bare TCP connection, without errors; `closed` resolves when it has ended. */
export function tcp(relay: URL, localAddress: string): { socket: Socket; closed: Promise<void>; said: () => string } {
  const socket = connect({ port: Number(relay.port), host: relay.hostname, localAddress, noDelay: true });
  socket.on('error', () => undefined);
  let said = '';
  socket.on('data', (chunk) => {
    said += chunk.toString('latin1');
  });
  const closed = new Promise<void>((resolve) => {
    socket.on('close', () => resolve());
  });
  return { socket, closed, said: () => said };
}

/** The request for the upgrade; `more` are header lines. */
export function upgradeRequest(program: RelayProgram, more = ''): string {
  return (
    `GET ${PATHS[program]} HTTP/1.1\r\nHost: relay\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
    `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${Buffer.alloc(16, 1).toString('base64')}\r\n${more}\r\n`
  );
}

/** A bare TCP connection that has upgraded by hand. */
export async function upgraded(
  program: RelayProgram,
  relay: URL,
  localAddress: string,
): Promise<ReturnType<typeof tcp>> {
  const connection = tcp(relay, localAddress);
  connection.socket.write(upgradeRequest(program));
  await Promise.race([once(connection.socket, 'data'), connection.closed]);
  return connection;
}
