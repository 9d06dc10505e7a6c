/**
 * `securechat pipe` beside what else carries bytes between two processes on this machine, in one run: a bare WebSocket pipe
 * through a bare forwarder, `ssh localhost cat`, magic-wormhole, croc. Each end and what is between them is a process of its
 * own. Rates are ratios of medians of interleaved rounds; CPU is that of the whole process, for each 64 KiB.
 * `node bench/run.mjs pipe [MiB] [rounds] [which besides ours, all by default]`.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { quantile } from './figures.js';
import { type Moved, measureWays } from './pipes.js';

const FRAME = { binary: true, compress: false } as const;

const [first = '1024', second = '5', only = ''] = process.argv.slice(2);
const roles: Readonly<Record<string, () => Promise<void>>> = {
  forward,
  send: () => send(second),
  receive: () => receive(second),
};
await (roles[first] ?? measure)();

// -- the bare pipe

/** The first two to connect are a pair, and so on: those of the round before may not be gone yet. */
async function forward(): Promise<void> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  await once(server, 'listening');
  let waiting: WebSocket | undefined;
  server.on('connection', (socket) => {
    const other = waiting;
    waiting = other === undefined ? socket : undefined;
    if (other === undefined) return;
    other.on('message', (data: Buffer) => socket.send(data, FRAME));
    socket.on('message', (data: Buffer) => other.send(data, FRAME));
  });
  process.stdout.write(`${String((server.address() as AddressInfo).port)}\n`);
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
    if (data.length > 1) {
      // A pipe holds up who writes.
      if (process.stdout.write(data)) return;
      socket.pause();
      process.stdout.once('drain', () => socket.resume());
      return;
    }
    socket.send(Buffer.of(0), FRAME);
    process.stdout.end(() => socket.close());
  });
  await once(socket, 'open');
  process.stderr.write('open\n');
}

async function measure(): Promise<void> {
  const bytes = Number(first) * 2 ** 20;
  const { ways, moved, skipped } = await measureWays(bytes, Number(second), only);
  for (const why of skipped) process.stdout.write(`SKIPPED, loudly: ${why}\n`);
  const median = (name: string, of: (each: Moved) => number): number => quantile((moved.get(name) ?? []).map(of), 0.5);
  const ours = median('securechat', ({ rate }) => rate);
  for (const { name, least } of ways) {
    const rate = median(name, (each) => each.rate);
    const cells = [`${(rate / 1e6).toFixed(0)} MB/s`.padStart(10)];
    if (least !== undefined) cells.push(`ours is ${(ours / rate).toFixed(2)} × of it (wanted: ${String(least)})`);
    const parts = Object.keys(moved.get(name)?.[0]?.cpu ?? {});
    if (parts.length > 0) {
      const spent = parts.map((part) => `${part} ${median(name, (each) => each.cpu[part] ?? 0).toFixed(0)}`);
      cells.push(`µs of CPU for 64 KiB: ${spent.join(', ')}`);
    }
    process.stdout.write(`${name.padEnd(18)} ${cells.join('   ')}\n`);
  }
  const relays = ['securechat', 'bare ws'].map((name) => median(name, (each) => each.cpu['relay'] ?? 0));
  process.stdout.write(
    `relay CPU: ${((relays[0] ?? 0) / (relays[1] ?? 1)).toFixed(2)} × of the forwarder's (wanted: 1.0)\n`,
  );
}
