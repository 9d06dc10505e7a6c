/**
 * The transport contract on a browser's transport, with the socket of `ws` in the place of the platform's; and what a hostile
 * relay, or a browser that knows little, may do to it. The same in Chromium: test/e2e/page.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { createBrowserTransport, type PlatformSocket } from '../../../adapters/transport/browser.js';
import type { TransportEvent } from '../../../core/ports.js';
import { CONTROL_LIMIT, FRAME_LIMIT } from '../../../core/wire/control.js';
import { transportContract } from '../../../plugins/testing/transport.js';
import { wsFixture } from '../../support/ws-fixture.js';

const JOIN = { room: 'A'.repeat(43), seat: 'B'.repeat(43), mode: 'join' } as const;
const connect = (address: string) => new WebSocket(address, { perMessageDeflate: false }) as unknown as PlatformSocket;
const servers: WebSocketServer[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    for (const client of server.clients) client.terminate();
    server.close();
  }
});

transportContract({
  name: 'browser',
  test,
  makeFixture: () => wsFixture((relay) => createBrowserTransport({ relay, connect }), { telling: false }),
});

/** A relay that does as it is told by the test, and what the client tells of it until its end. */
async function against(relay: (socket: WebSocket) => void): Promise<TransportEvent[]> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  servers.push(server);
  await once(server, 'listening');
  server.on('connection', (socket) => socket.once('message', () => relay(socket)));
  const { port } = server.address() as AddressInfo;
  const events: TransportEvent[] = [];
  await new Promise<void>((resolve) => {
    createBrowserTransport({ relay: new URL(`http://127.0.0.1:${String(port)}/`), connect }).open(JOIN, (event) => {
      events.push(event);
      if (event.type === 'closed') resolve();
    });
  });
  return events;
}

test('a message longer than a frame ends the connection, and nothing of it is passed on', async () => {
  const events = await against((socket) => socket.send(new Uint8Array(FRAME_LIMIT + 1)));
  expect(events).toEqual([{ type: 'open' }, { type: 'closed', reason: 'lost', detail: 'a message is too long' }]);
});

test('the longest frame is taken, an empty one is nothing', async () => {
  const events = await against((socket) => {
    socket.send(new Uint8Array(0));
    socket.send(new Uint8Array(FRAME_LIMIT));
    socket.close(1001, 'over');
  });
  expect(events.map(({ type }) => type)).toEqual(['open', 'frame', 'closed']);
  expect(events.at(-1)).toEqual({ type: 'closed', reason: 'lost', detail: '1001 over' });
});

test('text that is long, or no JSON, is told as a message that is none', async () => {
  const events = await against((socket) => {
    socket.send(JSON.stringify('x'.repeat(CONTROL_LIMIT)));
    socket.send('{');
    socket.send('{"type":"peer-joined"}');
    socket.close();
  });
  expect(events.slice(1, -1)).toEqual([
    { type: 'control', message: undefined },
    { type: 'control', message: undefined },
    { type: 'control', message: { type: 'peer-joined' } },
  ]);
});

/** A socket that never does anything of its own. */
function silent(): PlatformSocket & { closed: number } {
  return {
    closed: 0,
    binaryType: '',
    readyState: 0,
    bufferedAmount: 0,
    onopen: null,
    onmessage: null,
    onclose: null,
    onerror: null,
    send: () => undefined,
    close() {
      this.closed += 1;
    },
  };
}

test('a relay that never answers is given up, and its socket closed', async () => {
  const socket = silent();
  const relay = new URL('ws://127.0.0.1:1/');
  const event = await new Promise<TransportEvent>((resolve) => {
    createBrowserTransport({ relay, connect: () => socket, connectTimeoutMs: 5 }).open(JOIN, resolve);
  });
  expect(event).toEqual({ type: 'closed', reason: 'unreachable', detail: 'time-out' });
  expect(socket.closed).toBe(1);
  expect(socket.onmessage).toBeNull();
});

test('a browser that refuses the address: told as unreachable, after open has returned', async () => {
  const refuse = (): never => {
    throw new Error('SecurityError');
  };
  let returned = false;
  const event = await new Promise<TransportEvent>((resolve) => {
    createBrowserTransport({ relay: new URL('ws://relay.example/'), connect: refuse }).open(JOIN, (told) => {
      expect(returned).toBe(true);
      resolve(told);
    });
    returned = true;
  });
  expect(event).toMatchObject({ type: 'closed', reason: 'unreachable' });
});

test('a close that the relay never answers ends all the same', async () => {
  const socket = silent();
  const event = await new Promise<TransportEvent>((resolve) => {
    const connection = createBrowserTransport({ relay: new URL('ws://127.0.0.1:1/'), connect: () => socket }).open(
      JOIN,
      resolve,
    );
    connection.close();
  });
  expect(event).toEqual({ type: 'closed', reason: 'closed', detail: 'time-out' });
});

test('the room is asked for with its shard hint', async () => {
  let asked = '';
  createBrowserTransport({
    relay: new URL('https://relay.example/place'),
    connect(address) {
      asked = address;
      return silent();
    },
  })
    .open(JOIN, () => undefined)
    .close();
  expect(asked).toBe('wss://relay.example/place?s=0');
});
