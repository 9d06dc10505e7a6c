/** The transport contract on `socketio`, against a real relay-socketio, over WebSocket and over long polling. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net';
import { Server } from 'socket.io';
import { expect, test } from 'vitest';
import type { TransportEvent } from '../../../core/ports.js';
import { createSocketioTransport } from '../../../adapters/transport/socketio.js';
import { EVENTS, parser } from '../../../core/wire/socketio-packets.js';
import { FRAME_LIMIT } from '../../../core/wire/control.js';
import { transportContract } from '../../../plugins/testing/transport.js';
import { startRelay } from '../../../relay-socketio/server.js';
import { GENEROUS } from '../../support/relay.js';
import { randomJoin } from '../../support/relay-client.js';
import { wsFixture } from '../../support/ws-fixture.js';

for (const way of ['websocket', 'polling'] as const) {
  transportContract({
    name: `socketio, ${way}`,
    test,
    makeFixture: () =>
      wsFixture((relay) => createSocketioTransport({ relay, ways: [way] }), {
        startRelay: () => startRelay({ port: 0, limits: GENEROUS }),
      }),
  });
}

test('only what has the length of a frame is one', async () => {
  const web = createServer();
  const server = new Server(web, { parser, serveClient: false });
  server.on('connection', (socket) => {
    for (const length of [0, 1, FRAME_LIMIT + 1]) socket.emit(EVENTS.frame, Buffer.alloc(length, 7));
  });
  web.listen(0, '127.0.0.1');
  await once(web, 'listening');
  const { port } = web.address() as AddressInfo;
  const transport = createSocketioTransport({ relay: new URL(`ws://127.0.0.1:${String(port)}/`) });
  const events: TransportEvent[] = [];
  await new Promise<void>((resolve) => {
    transport.open(randomJoin(), (event) => {
      events.push(event);
      if (event.type === 'closed') resolve();
    });
  });
  expect(events).toEqual([
    { type: 'open' },
    { type: 'control', message: undefined },
    { type: 'frame', frame: Uint8Array.of(7) },
    { type: 'closed', reason: 'lost', detail: 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' },
  ]);
  await server.close();
});

test('where WebSocket does not get through, long polling does', async () => {
  const relay = await startRelay({ port: 0, limits: GENEROUS });
  let refused = 0;
  // A network that ends whatever asks for an upgrade.
  const proxy = createTcpServer((client) => {
    const upstream = connect(relay.port, '127.0.0.1');
    client.on('error', () => undefined);
    upstream.on('error', () => undefined);
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
    upstream.on('data', (bytes) => client.write(bytes));
    client.on('data', (bytes) => {
      if (/upgrade: websocket/i.test(bytes.toString('latin1'))) {
        refused += 1;
        client.destroy();
      } else upstream.write(bytes);
    });
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const { port } = proxy.address() as AddressInfo;
  const transport = createSocketioTransport({ relay: new URL(`ws://127.0.0.1:${String(port)}/`) });
  const joined = await new Promise((resolve) => {
    const connection = transport.open(randomJoin(), (event) => {
      if (event.type === 'closed') resolve(event);
      if (event.type !== 'control') return;
      resolve(event.message);
      connection.close();
    });
  });
  expect(joined).toEqual({ type: 'joined', peer: false });
  expect(refused).toBe(1);
  proxy.close();
  await relay.close();
});
