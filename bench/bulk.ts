/**
 * A stream and a file between two people, through the real programs and a relay as it is by default; beside a pipe of bare
 * WebSockets, and ssh and scp where there is a server to start. Build first. No report may be in this file.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { killAll, PROGRAM, start } from '../test/support/program.js';
import { startRelayProcess } from '../test/support/relay.js';
import type { Series } from './figures.js';
import { startSshServer } from './sshd.js';

const PLAIN = path.join(path.dirname(fileURLToPath(import.meta.url)), 'plain-pipe.mjs');
const CHUNK = Buffer.alloc(65_536, 7);
const MB = 1e6;

type Piped = ChildProcess & { readonly stdin: NodeJS.WritableStream; readonly stdout: NodeJS.ReadableStream };

function begin(command: readonly string[]): Piped {
  const [program = '', ...args] = command;
  return spawn(program, args, { stdio: ['pipe', 'pipe', 'ignore'] });
}

/** MB a second, from the first byte that comes out to the last one. */
async function rate(from: Piped, to: Piped, bytes: number): Promise<number> {
  let received = 0;
  let began = 0;
  const done = new Promise<void>((resolve, reject) => {
    to.on('exit', () => {
      if (received < bytes) reject(new Error(`the pipe ended after ${String(received)} bytes`));
    });
    to.stdout.on('data', (chunk: Buffer) => {
      if (received === 0) began = performance.now();
      received += chunk.length;
      if (received >= bytes) resolve();
    });
  });
  for (let sent = 0; sent < bytes; sent += CHUNK.length)
    if (!from.stdin.write(CHUNK)) await Promise.race([once(from.stdin, 'drain'), done]);
  from.stdin.end();
  if (to !== from) to.stdin.end();
  await done;
  return bytes / MB / ((performance.now() - began) / 1000);
}

let rooms = 200_000;

/** Seconds from both commands to the end of both. */
async function files(folder: string, relay: URL): Promise<number> {
  const began = performance.now();
  const sender = start(['send', path.join(folder, 'file'), '--relay', relay.href]);
  const code = await sender.says(/\d{6}-[a-z]+-[a-z]+-[a-z]+/);
  const to = path.join(folder, 'received');
  mkdirSync(to);
  const receiver = start(['receive', code, '-o', to, '--yes', '--relay', relay.href]);
  const ends = await Promise.all([sender.exit, receiver.exit]);
  const took = (performance.now() - began) / 1000;
  rmSync(to, { recursive: true });
  if (ends.some((status) => status !== 0)) throw new Error(`send and receive ended with ${ends.join(' and ')}`);
  return took;
}

async function whole([program = '', ...args]: readonly string[]): Promise<number> {
  const began = performance.now();
  const [status] = (await once(spawn(program, args, { stdio: 'ignore' }), 'exit')) as [number | null];
  if (status !== 0) throw new Error(`${program} ended with ${String(status)}`);
  return (performance.now() - began) / 1000;
}

export async function measureBulk(quick: boolean): Promise<Series[]> {
  const [rounds, bytes] = quick ? [1, 2 ** 21] : [7, 2 ** 26];
  const pipes = { ours: [], bare: [], ssh: [] } as Record<'ours' | 'bare' | 'ssh', number[]>;
  const moved = { ours: [], scp: [] } as Record<'ours' | 'scp', number[]>;
  const folder = mkdtempSync(path.join(tmpdir(), 'securechat-bench-'));
  writeFileSync(path.join(folder, 'file'), Buffer.alloc(bytes, 7));
  const relay = await startRelayProcess(['--port', '0', '--joins-per-minute', '6000']);
  const forwarder = begin([process.execPath, PLAIN, 'forward']);
  const [port] = (await once(forwarder.stdout, 'data')) as [Buffer];
  const plain = (role: string): Piped => begin([process.execPath, PLAIN, role, port.toString().trim()]);
  const server = await startSshServer();
  if (server === undefined) console.warn('SKIPPED, no ssh server here: ssh and scp');
  for (let n = 0; n < rounds; n++) {
    const code = `${String((rooms += 1))}-tunnel-anchor-mango`;
    const pipe = (): Piped => begin([PROGRAM, 'pipe', code, '--relay', relay.url.href]);
    pipes.ours.push(await rate(pipe(), pipe(), bytes));
    pipes.bare.push(await rate(plain('send'), plain('receive'), bytes));
    moved.ours.push(await files(folder, relay.url));
    if (server === undefined) continue;
    const cat = begin([...server.ssh, 'cat']);
    pipes.ssh.push(await rate(cat, cat, bytes));
    moved.scp.push(
      await whole([...server.scp, path.join(folder, 'file'), `${server.host}:${path.join(folder, 'copy')}`]),
    );
  }
  server?.stop();
  forwarder.kill();
  await relay.stop();
  killAll();
  rmSync(folder, { recursive: true });
  const size = `${String(bytes / 2 ** 20)} MiB`;
  const scp = { name: 'scp to this machine', values: moved.scp };
  return [
    {
      name: `pipe, ${size}`,
      unit: 'MB/s',
      ours: pipes.ours,
      anchor: { name: 'a pipe of bare WebSockets', values: pipes.bare },
    },
    ...(server === undefined
      ? []
      : [
          {
            name: `pipe, ${size}, beside ssh`,
            unit: 'MB/s',
            ours: pipes.ours,
            anchor: { name: 'through `ssh … cat`, there and back', values: pipes.ssh },
          },
        ]),
    {
      name: `send and receive a file of ${size}, from the commands to their end`,
      unit: 's',
      ours: moved.ours,
      ...(server === undefined ? {} : { anchor: scp }),
    },
  ];
}
