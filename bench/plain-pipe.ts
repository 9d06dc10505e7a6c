/**
 * What `securechat pipe` is measured against: standard input to standard output through bare WebSockets, each end and the
 * forwarder between them a process of its own. `node plain-pipe.mjs forward`, `send <port>`, `receive <port>`. Nothing may
 * be measured in this file.
 */
import { once } from 'node:events';
import { WebSocket, WebSocketServer } from 'ws';

const FRAME = { binary: true, compress: false } as const;

/** Whatever one side says goes to the other; a side that is alone is not read from. */
async function forward(): Promise<void> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  await once(server, 'listening');
  let waiting: WebSocket | undefined;
  server.on('connection', (socket) => {
    const other = waiting;
    waiting = other === undefined ? socket : undefined;
    if (other === undefined) return socket.pause();
    for (const [from, to] of [
      [socket, other],
      [other, socket],
    ] as const) {
      from.on('message', (data: Buffer) => to.send(data, FRAME));
      from.on('close', () => to.close());
    }
    other.resume();
  });
  const address = server.address();
  process.stdout.write(`${String(typeof address === 'object' ? address?.port : 0)}\n`);
}

/** The end of the input is a frame of one byte, and so is the answer. */
async function send(port: string): Promise<void> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
  await once(socket, 'open');
  for await (const chunk of process.stdin) {
    await new Promise((resolve) => {
      socket.send(chunk as Buffer, FRAME, resolve);
    });
  }
  socket.send(Buffer.of(0), FRAME);
  await once(socket, 'message');
  socket.close();
}

async function receive(port: string): Promise<void> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
  socket.on('message', (data: Buffer) => {
    if (data.length > 1) return void process.stdout.write(data);
    socket.send(Buffer.of(0), FRAME);
    process.stdout.end(() => socket.close());
  });
  await once(socket, 'open');
}

const [role = '', port = ''] = process.argv.slice(2);
const roles: Readonly<Record<string, () => Promise<void>>> = {
  forward,
  send: () => send(port),
  receive: () => receive(port),
};
await roles[role]?.();
