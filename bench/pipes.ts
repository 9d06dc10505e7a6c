/**
 * The ways in which bytes get from one process to another on this machine: `securechat pipe`, a bare WebSocket pipe through
 * a bare forwarder, `ssh localhost cat`, magic-wormhole, croc, as far as they are here. Each end and what is between them is
 * a process of its own. No figure is judged in this file.
 */
import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const DIRECT = 'securechat --direct';
const TCP = 'plain TCP';

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/** The bare ends and their forwarder. */
const PIPE = path.join(path.dirname(fileURLToPath(import.meta.url)), 'pipe.mjs');
const DIST = path.join(path.dirname(PIPE), '..', '..', 'dist');
const CHUNK = Buffer.alloc(65_536, 7);
/** Kernel ticks in a second. */
const TICKS = 100;

function start(command: string, args: readonly string[], cwd?: string): Child {
  const child = spawn(command, args, { stdio: 'pipe', ...(cwd === undefined ? {} : { cwd }) });
  child.stdin.on('error', () => undefined);
  return child;
}

/** Resolves with the first that matches on one of its streams. */
async function says(stream: Readable, pattern: RegExp): Promise<string> {
  let said = '';
  for await (const piece of stream.iterator({ destroyOnReturn: false })) {
    said += String(piece);
    const found = pattern.exec(said);
    if (found !== null) return found[1] ?? found[0];
  }
  throw new Error(`it never said ${String(pattern)}: ${said}`);
}

/** Seconds of CPU so far. */
function cpu({ pid }: { readonly pid?: number | undefined }): number {
  // Of what has ended nothing is known any more.
  if (!existsSync(`/proc/${String(pid)}/stat`)) return Number.NaN;
  const [, fields = ''] = readFileSync(`/proc/${String(pid)}/stat`, 'utf8').split(') ');
  const [user, system] = fields.split(' ').slice(11, 13).map(Number);
  return ((user ?? 0) + (system ?? 0)) / TICKS;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function has(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
}

// -- measuring

export interface Moved {
  /** Bytes of a second. */
  readonly rate: number;
  /** Microseconds of CPU for each 64 KiB. */
  readonly cpu: Readonly<Record<string, number>>;
}

/** From the first tenth of the bytes that comes out to the ninth: neither how they met nor how they end. */
async function move(from: Child, to: Child, bytes: number, watched: Readonly<Record<string, Child>>): Promise<Moved> {
  const marks: { readonly at: number; readonly received: number; readonly cpu: readonly number[] }[] = [];
  let received = 0;
  const done = new Promise<void>((resolve) => {
    to.stdout.on('data', (chunk: Buffer) => {
      received += chunk.length;
      const share = marks.length === 0 ? 0.1 : 0.9;
      if (marks.length < 2 && received >= bytes * share) {
        marks.push({ at: performance.now(), received, cpu: Object.values(watched).map(cpu) });
      }
      if (received >= bytes) resolve();
    });
  });
  for (let sent = 0; sent < bytes; sent += CHUNK.length) {
    if (!from.stdin.write(CHUNK)) await once(from.stdin, 'drain');
  }
  from.stdin.end();
  to.stdin.end();
  await done;
  const [start, end] = marks;
  if (start === undefined || end === undefined) throw new Error('nothing came');
  const moved = end.received - start.received;
  const each = Object.keys(watched).map((name, i) => {
    return [name, (((end.cpu[i] ?? 0) - (start.cpu[i] ?? 0)) * 1e6 * CHUNK.length) / moved] as const;
  });
  return { rate: moved / ((end.at - start.at) / 1000), cpu: Object.fromEntries(each) };
}

/** Milliseconds until both have ended: for programs that move files. */
async function endOf(from: Child, to: Child): Promise<number> {
  to.stdout.resume();
  from.stdout.resume();
  const began = performance.now();
  await Promise.all([once(from, 'exit'), once(to, 'exit')]);
  return performance.now() - began;
}

/** What a program that moves files takes for so many bytes more than for one: how the two met is not compared. */
async function rateOf(bytes: number, take: (bytes: number) => Promise<number>): Promise<Moved> {
  const least = await take(1);
  return { rate: bytes / (Math.max(1, (await take(bytes)) - least) / 1000), cpu: {} };
}

export interface Way {
  readonly name: string;
  /** Ours is to be at least so many times as quick. */
  readonly least?: number;
  run(bytes: number): Promise<Moved>;
}

interface Ways {
  readonly ways: readonly Way[];
  close(): void;
}

function bareWay(): Promise<Ways> {
  const relay = start(process.execPath, [PIPE, 'forward']);
  return says(relay.stdout, /(\d{4,5})\n/).then((port) => ({
    ways: [
      {
        name: 'bare ws',
        least: 0.6,
        async run(bytes) {
          const to = start(process.execPath, [PIPE, 'receive', port]);
          await says(to.stderr, /open/);
          const from = start(process.execPath, [PIPE, 'send', port]);
          return move(from, to, bytes, { sender: from, relay, receiver: to });
        },
      },
    ],
    close: () => void relay.kill(),
  }));
}

async function securechatWay(): Promise<Ways> {
  const relay = start(process.execPath, [path.join(DIST, 'relay-ws.js'), '--port', '0']);
  const url = await says(relay.stderr, /listening on (\S+)/).catch(() => '');
  let rooms = 0;
  const program = path.join(DIST, 'securechat');
  const way = (name: string, more: readonly string[]): Way => ({
    name,
    async run(bytes) {
      rooms += 1;
      const flags = ['pipe', `bench${String(process.pid)}x${String(rooms)}-tunnel-anchor`, '--relay', url, ...more];
      const [from, to] = [start(program, flags), start(program, flags)];
      return move(from, to, bytes, { sender: from, relay, receiver: to });
    },
  });
  return { ways: [way('securechat', []), way(DIRECT, ['--direct'])], close: () => void relay.kill() };
}

/** Only where it is named: nothing is sealed on it. */
function tcpWay(): Ways | string {
  if (!has('nc')) return 'no nc here';
  return {
    ways: [
      {
        name: TCP,
        async run(bytes) {
          const port = String(await freePort());
          const to = start('nc', ['-v', '-l', '127.0.0.1', port]);
          await says(to.stderr, /[Ll]istening/);
          const from = start('nc', ['-N', '127.0.0.1', port]);
          return move(from, to, bytes, { sender: from, receiver: to });
        },
      },
    ],
    close: () => undefined,
  };
}

async function sshWay(folder: string): Promise<Ways | string> {
  if (!has('/usr/sbin/sshd') || !has('ssh')) return 'no sshd or ssh here';
  for (const key of ['host', 'user']) {
    spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path.join(folder, key)]);
  }
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true });
  const port = String(await freePort());
  const sshd = start('/usr/sbin/sshd', [
    ...['-D', '-e', '-f', '/dev/null', '-p', port, '-h', path.join(folder, 'host'), '-o', 'UsePAM=no'],
    ...['-o', 'ListenAddress=127.0.0.1', '-o', `AuthorizedKeysFile=${path.join(folder, 'user.pub')}`],
    ...['-o', 'StrictModes=no', '-o', 'PidFile=none'],
  ]);
  await says(sshd.stderr, /listening/);
  return {
    ways: [
      {
        name: 'ssh localhost cat',
        least: 0.9,
        run(bytes) {
          const quiet = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'LogLevel=ERROR', 'BatchMode=yes'];
          const ssh = start('ssh', [
            ...['-F', '/dev/null', '-p', port, '-i', path.join(folder, 'user')],
            ...quiet.flatMap((option) => ['-o', option]),
            ...[`${userInfo().username}@127.0.0.1`, 'cat'],
          ]);
          return move(ssh, ssh, bytes, {});
        },
      },
    ],
    close: () => void sshd.kill(),
  };
}

async function wormholeWay(folder: string): Promise<Ways | string> {
  if (!has('wormhole') || !has('twist3')) return 'no wormhole, or no twist3 with its mailbox server, here';
  const port = String(await freePort());
  const mailbox = start('twist3', ['wormhole-mailbox', `--port=tcp:${port}:interface=127.0.0.1`], folder);
  await says(mailbox.stdout, /Starting reactor|Listening|starting on/i);
  const flags = ['--relay-url', `ws://127.0.0.1:${port}/v1`, '--transit-helper', 'tcp:127.0.0.1:1'];
  let codes = 0;
  return {
    ways: [
      {
        name: 'magic-wormhole',
        least: 1.5,
        run: (all) =>
          rateOf(all, async (bytes) => {
            codes += 1;
            const code = `${String(codes)}-bench-${String(process.pid)}`;
            const [file, out] = [path.join(folder, 'content'), path.join(folder, `out${String(codes)}`)];
            writeFileSync(file, Buffer.alloc(bytes, 7));
            const from = start('wormhole', [...flags, 'send', '--hide-progress', '--code', code, file]);
            const to = start('wormhole', [...flags, 'receive', '--hide-progress', '--accept-file', '-o', out, code]);
            const took = await endOf(from, to);
            rmSync(out, { force: true });
            return took;
          }),
      },
    ],
    close: () => void mailbox.kill(),
  };
}

async function crocWay(folder: string): Promise<Ways | string> {
  if (!has('croc')) return 'no croc here';
  const port = String(await freePort());
  const relay = start(
    'croc',
    ['relay', '--host', '127.0.0.1', '--ports', `${port},${String(Number(port) + 1)}`],
    folder,
  );
  let codes = 0;
  return {
    ways: [
      {
        name: 'croc',
        least: 1.5,
        run: (all) =>
          rateOf(all, async (bytes) => {
            codes += 1;
            const code = `bench-${String(process.pid)}-${String(codes)}`;
            const file = path.join(folder, 'content');
            writeFileSync(file, Buffer.alloc(bytes, 7));
            const flags = ['--relay', `127.0.0.1:${port}`, '--yes', '--no-compress'];
            const out = mkdtempSync(path.join(folder, 'out'));
            const from = start('croc', [...flags, 'send', '--code', code, file], folder);
            const took = await endOf(from, start('croc', [...flags, '--out', out, code], folder));
            rmSync(out, { recursive: true, force: true });
            return took;
          }),
      },
    ],
    close: () => void relay.kill(),
  };
}

export interface Measured {
  readonly ways: readonly Way[];
  /** By the name of the way, a round each. */
  readonly moved: ReadonlyMap<string, readonly Moved[]>;
  /** What is not here. */
  readonly skipped: readonly string[];
}

/** Interleaved rounds. `only`: which way besides ours, all but the direct ones by default; or the names of all of them. */
export async function measureWays(
  bytes: number,
  rounds: number,
  only: string | readonly string[] = '',
): Promise<Measured> {
  const folder = mkdtempSync(path.join(tmpdir(), 'securechat-bench-'));
  const given = [
    await securechatWay(),
    await bareWay(),
    await sshWay(folder),
    await wormholeWay(folder),
    await crocWay(folder),
    tcpWay(),
  ];
  const open = given.filter((each) => typeof each !== 'string');
  const wanted = (name: string): boolean =>
    typeof only === 'string'
      ? name !== DIRECT && name !== TCP && `securechat${only || name}`.includes(name)
      : only.includes(name);
  const ways = open.flatMap((each) => each.ways).filter(({ name }) => wanted(name));
  const moved = new Map<string, Moved[]>(ways.map(({ name }) => [name, []]));
  try {
    for (let round = 0; round < rounds; round++) {
      for (const way of ways) moved.get(way.name)?.push(await way.run(bytes));
    }
  } finally {
    for (const each of open) each.close();
    rmSync(folder, { recursive: true, force: true });
  }
  return { ways, moved, skipped: given.filter((each) => typeof each === 'string') };
}
