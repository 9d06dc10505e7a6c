/** A relay known by its certificate that answers with nothing: what was opened for an attempt goes with it. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { pinnedWay } from '../../../adapters/transport/pinned.js';
import { createWsTransport } from '../../../adapters/transport/ws.js';
import type { TransportEvent } from '../../../core/ports.js';

const JOIN = { room: 'A'.repeat(43), seat: 'B'.repeat(43), mode: 'join' } as const;

test('one that accepts and never speaks TLS keeps no connection after the attempt is given up', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const transport = createWsTransport({
    relay: new URL(`wss://127.0.0.1:${String(port)}/`),
    way: pinnedWay(new Uint8Array(32), undefined, 100),
    connectTimeoutMs: 50,
  });
  const closed = new Promise<TransportEvent>((resolve) => {
    transport.open(JOIN, (event) => {
      if (event.type === 'closed') resolve(event);
    });
  });
  const [socket] = await accepted;
  socket.on('error', () => undefined).resume();
  const gone = once(socket, 'close');
  expect(await closed).toMatchObject({ reason: 'unreachable' });
  await gone;
  server.close();
});
