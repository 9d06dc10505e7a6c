/**
 * `securechat pipe` beside a bare WebSocket pipe through a bare forwarder, in one run: how much of its rate is left. Each end
 * and what is between them is a process of its own. `node bench/run.mjs pipe [MiB]`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { WebSocket, WebSocketServer } from 'ws';

const SELF = fileURLToPath(import.meta.url);
const DIST = path.join(path.dirname(SELF), '..', '..', 'dist');
const ROUNDS = 3;
const CHUNK = Buffer.alloc(65_536, 7);
const FRAME = { binary: true, compress: false } as const;

const [first = '128', second = ''] = process.argv.slice(2);
const roles: Readonly<Record<string, () => Promise<void>>> = {
  forward,
  send: () => send(second),
  receive: () => receive(second),
};
await (roles[first] ?? measure)();

/** Whatever one side says goes to the other. */
async function forward(): Promise<void> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  await once(server, 'listening');
  const sides: WebSocket[] = [];
  server.on('connection', (socket) => {
    sides.push(socket);
    socket.on('close', () => void sides.splice(sides.indexOf(socket), 1));
    socket.on('message', (data: Buffer) => sides.find((each) => each !== socket)?.send(data, FRAME));
  });
  const address = server.address();
  process.stdout.write(`${String(typeof address === 'object' ? address?.port : 0)}\n`);
}

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

function start(
  command: string,
  args: readonly string[],
): ChildProcess & { stdin: NodeJS.WritableStream; stdout: NodeJS.ReadableStream } {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'ignore'] });
  return child;
}

/** Milliseconds from the first byte that comes out to the last one. */
async function rate(from: ReturnType<typeof start>, to: ReturnType<typeof start>, bytes: number): Promise<number> {
  let received = 0;
  let began = 0;
  const done = new Promise<void>((resolve) => {
    to.stdout.on('data', (chunk: Buffer) => {
      if (received === 0) began = performance.now();
      received += chunk.length;
      if (received >= bytes) resolve();
    });
  });
  for (let sent = 0; sent < bytes; sent += CHUNK.length) {
    if (!from.stdin.write(CHUNK)) await once(from.stdin, 'drain');
  }
  from.stdin.end();
  to.stdin.end();
  await done;
  return performance.now() - began;
}

async function listening(child: ReturnType<typeof start>): Promise<string> {
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return /(\d{4,5})\D*$/.exec(line.toString().trim())?.[1] ?? '';
}

async function measure(): Promise<void> {
  const bytes = Number(first) * 2 ** 20;
  const bare = start(process.execPath, [SELF, 'forward']);
  const barePort = await listening(bare);
  const port = '18765';
  const relay = start(process.execPath, [path.join(DIST, 'relay-ws.js'), '--port', port]);
  const ratios: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const receiver = start(process.execPath, [SELF, 'receive', barePort]);
    await new Promise((resolve) => setTimeout(resolve, 500));
    const plain = await rate(start(process.execPath, [SELF, 'send', barePort]), receiver, bytes);
    const flags = [
      'pipe',
      `bench${String(process.pid)}x${String(round)}-tunnel-anchor`,
      '--relay',
      `ws://127.0.0.1:${port}`,
    ];
    const [left, right] = [start(path.join(DIST, 'securechat'), flags), start(path.join(DIST, 'securechat'), flags)];
    const sealed = await rate(left, right, bytes);
    ratios.push(plain / sealed);
    const mb = (ms: number): string => `${((bytes / ms) * 0.001).toFixed(0)} MB/s`;
    process.stdout.write(`bare ${mb(plain)}, securechat ${mb(sealed)}: ${(plain / sealed).toFixed(2)} x\n`);
  }
  const [, median = 0] = ratios.sort((a, b) => a - b);
  process.stdout.write(`median ${median.toFixed(2)} x of a bare ws pipe\n`);
  for (const child of [bare, relay]) child.kill();
}
