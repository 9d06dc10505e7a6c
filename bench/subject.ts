/**
 * One thing to be measured, in a process of its own: a bare forwarder of a socket library (no rooms, limits or checks; the
 * first two sockets to connect are a pair, and so on) or a relay with its limits out of the way. It tells its port and
 * then, when asked, what it has cost. `node subject.mjs <kind> [port of Redis]`.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { type WebSocket, WebSocketServer } from 'ws';
import { collectLess } from '../adapters/relay/heap.js';
import { shareRooms } from '../adapters/relay/redis.js';
import { startRelay as startSocketio } from '../relay-socketio/server.js';
import { startRelay as startWs } from '../relay-ws/server.js';
import { GENEROUS } from '../test/support/relay.js';

export type Kind = 'bare-ws' | 'relay-ws' | 'bare-socketio' | 'relay-socketio';

/** What the process has used: CPU in µs, memory in bytes after a collection, open descriptors. */
export interface Cost {
  readonly cpu: number;
  readonly rss: number;
  readonly heap: number;
  readonly connections: number;
}

const limits = { ...GENEROUS, joinTimeoutMs: 86_400_000, idleTimeoutMs: 86_400_000 };

type Started = () => Promise<{ port: number; connections: () => number }>;

const KINDS: Readonly<Record<Kind, Started>> = {
  'bare-ws': bareWs,
  'bare-socketio': bareSocketio,
  'relay-ws': () => ours(startWs),
  'relay-socketio': () => ours(startSocketio),
};

async function ours(start: typeof startWs): ReturnType<Started> {
  // As the program does.
  collectLess();
  const redis = process.argv[3];
  const shared = redis === undefined ? {} : { cluster: shareRooms(`redis://127.0.0.1:${redis}`) };
  const relay = await start({ port: 0, limits, ...shared });
  return { port: relay.port, connections: () => relay.counts.members };
}

async function bareWs(): ReturnType<Started> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  let waiting: WebSocket | undefined;
  server.on('connection', (socket) => {
    const other = waiting;
    waiting = other === undefined ? socket : undefined;
    if (other === undefined) return;
    other.on('message', (frame, isBinary) => socket.send(frame as Buffer, { binary: isBinary }));
    socket.on('message', (frame, isBinary) => other.send(frame as Buffer, { binary: isBinary }));
  });
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, connections: () => server.clients.size };
}

async function bareSocketio(): ReturnType<Started> {
  const http = createServer();
  const server = new Server(http, { transports: ['websocket'], perMessageDeflate: false });
  interface Socket {
    on(event: 'frame', listener: (frame: unknown) => void): void;
    emit(event: 'frame', frame: unknown): void;
  }
  let waiting: Socket | undefined;
  server.on('connection', (socket: Socket) => {
    const other = waiting;
    waiting = other === undefined ? socket : undefined;
    if (other === undefined) return;
    other.on('frame', (frame) => socket.emit('frame', frame));
    socket.on('frame', (frame) => other.emit('frame', frame));
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  return { port: (http.address() as AddressInfo).port, connections: () => server.engine.clientsCount };
}

const { port, connections } = await KINDS[process.argv[2] as Kind]();
process.on('message', (collect: boolean) => {
  // More than once: what a collection lets go of may free more.
  if (collect) for (let n = 0; n < 3; n++) globalThis.gc?.();
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed, external } = process.memoryUsage();
  const cost: Cost = { cpu: user + system, rss, heap: heapUsed + external, connections: connections() };
  process.send?.(cost);
});
process.on('disconnect', () => process.exit());
process.send?.(port);
