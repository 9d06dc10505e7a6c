/**
 * Both relays against bare forwarders of their library, 128 bytes a message, one pair flooding through each: messages a
 * second, as ratios in one interleaved run. For socket.io also with the library's parsers: its own, msgpack, and ours.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { performance } from 'node:perf_hooks';
import { Server } from 'socket.io';
import { io } from 'socket.io-client';
import msgpack from 'socket.io-msgpack-parser';
import { type WebSocket, WebSocketServer } from 'ws';
import { createSocketioTransport } from '../adapters/transport/socketio.js';
import { createWsTransport } from '../adapters/transport/ws.js';
import type { TransportPort } from '../core/ports.js';
import { base64url } from '../core/protocol/bytes.js';
import { parser } from '../core/wire/socketio-packets.js';
import { startRelay as startSocketio } from '../relay-socketio/server.js';
import { startRelay as startWs } from '../relay-ws/server.js';
import { GENEROUS } from '../test/support/relay.js';
import { quantile } from './figures.js';

const ROUNDS = 5;
const MESSAGES = 20_000;
const SIZE = 128;
type Flood = () => Promise<number>;

/** Messages a second from the first sent to the last arrived. */
async function timed(send: (frame: Buffer) => void, arrived: (each: () => void) => void): Promise<number> {
  const frame = Buffer.alloc(SIZE, 1);
  const start = performance.now();
  await new Promise<void>((resolve) => {
    let count = 0;
    arrived(() => {
      count += 1;
      if (count === MESSAGES) resolve();
    });
    for (let i = 0; i < MESSAGES; i++) send(frame);
  });
  return (MESSAGES / (performance.now() - start)) * 1000;
}

function id(): string {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

function throughRelay(transport: TransportPort): Flood {
  return async () => {
    const room = id();
    let each = (): void => undefined;
    let met: (() => void) | undefined;
    const together = new Promise<void>((resolve) => {
      met = resolve;
    });
    let told = 0;
    const [a, b] = [0, 1].map(() =>
      transport.open({ room, seat: id(), mode: 'join' }, (event) => {
        if (event.type === 'frame') each();
        if (event.type === 'control' && ++told === 3) met?.();
      }),
    );
    await together;
    const rate = await timed(
      (frame) => a?.send(frame),
      (arrived) => {
        each = arrived;
      },
    );
    a?.close();
    b?.close();
    return rate;
  };
}

async function bareWs(): Promise<Flood> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  let waiting: WebSocket | undefined;
  server.on('connection', (socket) => {
    const other = waiting;
    waiting = other === undefined ? socket : undefined;
    other?.on('message', (data) => socket.send(data as Buffer));
  });
  return async () => {
    const { WebSocket: Client } = await import('ws');
    const open = async (): Promise<WebSocket> => {
      const socket = new Client(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
      await once(socket, 'open');
      return socket;
    };
    const [a, b] = [await open(), await open()];
    const rate = await timed(
      (frame) => a.send(frame),
      (each) => void b.on('message', each),
    );
    a.terminate();
    b.terminate();
    return rate;
  };
}

async function bareSocketio(given?: object): Promise<Flood> {
  const http = createServer();
  const options = given === undefined ? {} : { parser: given };
  const server = new Server(http, { ...options, transports: ['websocket'], perMessageDeflate: false });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const { port } = http.address() as AddressInfo;
  let waiting: { on(event: 'frame', listener: (frame: unknown) => void): void } | undefined;
  server.on('connection', (socket) => {
    const other = waiting;
    waiting = other === undefined ? socket : undefined;
    other?.on('frame', (frame) => socket.emit('frame', frame));
  });
  return async () => {
    const open = async () => {
      const socket = io(`http://127.0.0.1:${port}`, { ...options, transports: ['websocket'], forceNew: true });
      await new Promise<void>((resolve) => {
        socket.on('connect', resolve);
      });
      return socket;
    };
    const [a, b] = [await open(), await open()];
    const rate = await timed(
      (frame) => a.emit('frame', frame),
      (each) => void b.on('frame', each),
    );
    a.disconnect();
    b.disconnect();
    return rate;
  };
}

const [ws, socketio] = [
  await startWs({ port: 0, limits: GENEROUS }),
  await startSocketio({ port: 0, limits: GENEROUS }),
];
const floods: readonly (readonly [string, Flood])[] = [
  ['bare ws', await bareWs()],
  ['relay-ws', throughRelay(createWsTransport({ relay: ws.url }))],
  ['bare socket.io', await bareSocketio()],
  ['bare socket.io, msgpack', await bareSocketio(msgpack)],
  ['bare socket.io, our parser', await bareSocketio(parser)],
  ['relay-socketio', throughRelay(createSocketioTransport({ relay: socketio.url }))],
];
const figures = new Map<string, number[]>();
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, flood] of floods) figures.set(name, [...(figures.get(name) ?? []), await flood()]);
}
const median = (name: string): number => quantile(figures.get(name) ?? [], 0.5);
console.log(`${SIZE} bytes a message, both ends and relay in one process, medians of ${ROUNDS} interleaved rounds`);
for (const [name] of floods) {
  const base = median(name.includes('socket') ? 'bare socket.io' : 'bare ws');
  console.log(
    `${name.padEnd(28)} ${median(name).toFixed(0).padStart(8)} msg/s   × ${(median(name) / base).toFixed(2)}`,
  );
}
process.exit(0);
