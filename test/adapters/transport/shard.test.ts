/** The shard hint: ten bits of the room id, in the address that both transports ask for. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { createSocketioTransport } from '../../../adapters/transport/socketio.js';
import { createWsTransport } from '../../../adapters/transport/ws.js';
import type { TransportPort } from '../../../core/ports.js';
import { base64url } from '../../../core/protocol/bytes.js';
import { shardHint } from '../../../core/wire/control.js';

test('is the first ten bits of the room id', () => {
  for (const [first, second] of [
    [0, 0],
    [0xff, 0xff],
    [0x12, 0x34],
    [0x00, 0x40],
    [0x80, 0x3f],
  ] as const) {
    const bytes = new Uint8Array(32).fill(0xa5);
    bytes.set([first, second]);
    expect(shardHint(base64url(bytes))).toBe((first << 2) | (second >> 6));
  }
});

test.each<[string, (relay: URL) => TransportPort, string]>([
  ['ws', (relay) => createWsTransport({ relay }), '/'],
  ['socketio over WebSocket', (relay) => createSocketioTransport({ relay, ways: ['websocket'] }), '/socket.io/'],
  ['socketio polling', (relay) => createSocketioTransport({ relay, ways: ['polling'] }), '/socket.io/'],
])('%s asks for it, beside what the address had', async (_name, create, path) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const asked = new Promise<URL>((resolve) => {
    const take = (request: { url?: string | undefined }): void => {
      resolve(new URL(request.url ?? '', 'http://relay'));
      server.closeAllConnections();
    };
    server.on('request', take);
    server.on('upgrade', (request, socket) => {
      take(request);
      socket.destroy();
    });
  });
  const { port } = server.address() as AddressInfo;
  const room = base64url(new Uint8Array(32).fill(0xff));
  const closed = new Promise((resolve) => {
    const join = { room, seat: base64url(new Uint8Array(32)), mode: 'join' } as const;
    create(new URL(`ws://127.0.0.1:${String(port)}/?also=this`)).open(join, (event) => {
      if (event.type === 'closed') resolve(event.reason);
    });
  });
  const { pathname, searchParams } = await asked;
  expect(pathname).toBe(path);
  expect(searchParams.get('s')).toBe('1023');
  expect(searchParams.get('also')).toBe('this');
  await closed;
  server.close();
});
