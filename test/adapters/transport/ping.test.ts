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
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const { server, relay } = await listen(false);
  const connected = once(server, 'connection') as Promise<[WebSocket]>;
  let lost = (_event: TransportEvent): void => undefined;
  const last = new Promise<TransportEvent>((resolve) => (lost = resolve));
  await new Promise<void>((resolve) => {
    createWsTransport({ relay }).open(JOIN, (event) => {
      if (event.type === 'open') resolve();
      else lost(event);
    });
  });
  const [socket] = await connected;
  const pings: Buffer[] = [];
  socket.on('ping', (bytes: Buffer) => pings.push(bytes));
  /** The other side has these, and all before. */
  const pong = async (...all: readonly Uint8Array[]): Promise<void> => {
    for (const bytes of all) socket.pong(bytes);
    socket.ping();
    await once(socket, 'pong');
  };
  const foreign = [Buffer.alloc(8), Buffer.alloc(0)];
  vi.advanceTimersByTime(PING_INTERVAL_MS - 1);
  await pong(...foreign);
  const pinged = once(socket, 'ping') as Promise<[Buffer]>;
  vi.advanceTimersByTime(1);
  const [first] = await pinged;
  await pong(...foreign, first.subarray(1), first);
  const again = once(socket, 'ping') as Promise<[Buffer]>;
  vi.advanceTimersByTime(PING_INTERVAL_MS);
  const [second] = await again;
  await pong(...foreign, second.subarray(1), first);
  vi.advanceTimersByTime(PING_TIMEOUT_MS);
  expect(await last).toEqual({ type: 'closed', reason: 'lost', detail: 'no answer to a ping' });
  expect(pings.map(({ length }) => length)).toEqual([8, 8]);
  expect(first).not.toEqual(second);
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
