/** The pings of the ws transport: a connection that died unnoticed is ended, a quiet one is not. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { PING_INTERVAL_MS, PING_TIMEOUT_MS } from '../../../adapters/transport/web-socket.js';
import { createWsTransport } from '../../../adapters/transport/ws.js';
import type { TransportEvent } from '../../../core/ports.js';

const JOIN = { room: 'A'.repeat(43), seat: 'B'.repeat(43), mode: 'join' } as const;
const servers: WebSocketServer[] = [];

afterEach(() => {
  vi.useRealTimers();
  for (const server of servers.splice(0)) {
    for (const client of server.clients) client.terminate();
    server.close();
  }
});

async function listen(autoPong: boolean): Promise<{ server: WebSocketServer; relay: URL }> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, autoPong });
  servers.push(server);
  await once(server, 'listening');
  return { server, relay: new URL(`ws://127.0.0.1:${String((server.address() as AddressInfo).port)}/`) };
}

test('a relay that does not answer a ping: the connection is lost', async () => {
  const { relay } = await listen(false);
  const transport = createWsTransport({ relay, pingIntervalMs: 10, pingTimeoutMs: 10 });
  const events: TransportEvent[] = [];
  await new Promise<void>((resolve) => {
    transport.open(JOIN, (event) => {
      events.push(event);
      if (event.type === 'closed') resolve();
    });
  });
  expect(events).toEqual([{ type: 'open' }, { type: 'closed', reason: 'lost', detail: 'no answer to a ping' }]);
});

test('one that answers is asked again and again and stays', async () => {
  const { server, relay } = await listen(true);
  const transport = createWsTransport({ relay, pingIntervalMs: 5, pingTimeoutMs: 30_000 });
  const events: TransportEvent[] = [];
  const closed = new Promise<void>((resolve) => {
    const connection = transport.open(JOIN, (event) => {
      events.push(event);
      if (event.type === 'closed') resolve();
    });
    server.on('connection', (socket) => {
      let pings = 0;
      socket.on('ping', () => {
        pings += 1;
        if (pings === 5) connection.close();
      });
    });
  });
  await closed;
  expect(events.at(-1)).toMatchObject({ type: 'closed', reason: 'closed' });
});

test('pongs that nobody asked for, or with other bytes than the ping, keep nothing alive', async () => {
  const { server, relay } = await listen(false);
  const transport = createWsTransport({ relay, pingIntervalMs: 10, pingTimeoutMs: 300 });
  const pings: Buffer[] = [];
  server.on('connection', (socket) => {
    const flood = setInterval(() => socket.pong(Buffer.alloc(8)), 5);
    socket.on('ping', (bytes: Buffer) => {
      pings.push(bytes);
      socket.pong(Buffer.alloc(0));
      socket.pong(bytes.subarray(1));
      // The first is answered as it should be, and once more as the answer to the second.
      if (pings.length <= 2) socket.pong(pings[0]);
    });
    socket.on('close', () => {
      clearInterval(flood);
    });
  });
  const last = await new Promise<TransportEvent>((resolve) => {
    transport.open(JOIN, (event) => {
      if (event.type === 'closed') resolve(event);
    });
  });
  expect(last).toEqual({ type: 'closed', reason: 'lost', detail: 'no answer to a ping' });
  expect(pings).toHaveLength(2);
  expect(pings.map(({ length }) => length)).toEqual([8, 8]);
  expect(pings[0]).not.toEqual(pings[1]);
});

test('data is a sign of life while the answer stands behind it, and there is one ping; a silence is none', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const { server, relay } = await listen(false);
  const transport = createWsTransport({ relay });
  const events: TransportEvent[] = [];
  let told = (): void => undefined;
  transport.open(JOIN, (event) => {
    events.push(event);
    told();
  });
  const next = (): Promise<void> => new Promise<void>((resolve) => (told = resolve));
  const [[socket]] = (await Promise.all([once(server, 'connection'), next()])) as unknown as [[WebSocket]];
  let pings = 0;
  const pinged = once(socket, 'ping');
  socket.on('ping', () => (pings += 1));
  vi.advanceTimersByTime(PING_INTERVAL_MS);
  await pinged;
  for (let round = 0; round < 4 && events.at(-1)?.type !== 'closed'; round += 1) {
    const heard = next();
    socket.send(Buffer.alloc(1));
    await heard;
    vi.advanceTimersByTime(PING_TIMEOUT_MS);
  }
  expect([pings, events.map(({ type }) => type)]).toEqual([1, ['open', ...Array<string>(4).fill('frame')]]);
  const closed = next();
  vi.advanceTimersByTime(PING_TIMEOUT_MS);
  await closed;
  expect(events.at(-1)).toEqual({ type: 'closed', reason: 'lost', detail: 'no answer to a ping' });
});
