/**
 * Frames leave with a mask of zero: the library then neither copies nor masks them (docs/protocol.md section 8).
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { test } from 'vitest';
import { createWsTransport } from '../../../adapters/transport/ws.js';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const FRAME = 'a frame of ciphertext';

test('what is sent is on the wire as it is', async () => {
  const sockets: Socket[] = [];
  let bytes = Buffer.alloc(0);
  const server = createServer();
  const found = new Promise<void>((resolve) => {
    server.on('connection', (client) => {
      sockets.push(client);
      client.on('error', () => undefined);
      client.once('data', (request: Buffer) => {
        const key = /sec-websocket-key: (.*)\r\n/i.exec(request.toString())?.[1] ?? '';
        const accept = createHash('sha1').update(`${key}${GUID}`).digest('base64');
        const head = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'];
        client.write(`${[...head, `Sec-WebSocket-Accept: ${accept}`].join('\r\n')}\r\n\r\n`);
        client.on('data', (chunk: Buffer) => {
          bytes = Buffer.concat([bytes, chunk]);
          if (bytes.includes(FRAME)) resolve();
        });
      });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const transport = createWsTransport({ relay: new URL(`ws://127.0.0.1:${String(port)}`) });
  const connection = transport.open({ room: 'r'.repeat(43), seat: 's'.repeat(43), mode: 'join' }, (event) => {
    if (event.type === 'open') connection.send(Uint8Array.from(Buffer.from(FRAME)));
  });
  await found;
  for (const socket of sockets) socket.destroy();
  server.close();
});
