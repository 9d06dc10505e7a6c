/**
 * The real programs as somebody has them: how long they take to start, to send their first byte, to show the first text;
 * messages a second with the limits that a relay has by default; memory at the start and after many messages. Build
 * first. No report may be in this file.
 */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { performance } from 'node:perf_hooks';
import { jsonPair, killAll, PROGRAM, type Program, start } from '../test/support/program.js';
import { startRelayProcess } from '../test/support/relay.js';
import type { Series } from './figures.js';
import { shown } from './terminal.js';

const NODE = 'node -e 0';
const MiB = 1024;

function whole(program: string, args: readonly string[]): number {
  const began = performance.now();
  const { status } = spawnSync(program, args, { stdio: 'ignore' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${String(status)}`);
  return performance.now() - began;
}

let rooms = 100_000;
const newCode = (): string => `${String((rooms += 1))}-tunnel-anchor-mango`;

/** From the command to its first byte towards the relay. */
async function firstByte(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const come = new Promise<void>((resolve) => {
    server.on('connection', (socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => {
        resolve();
        socket.destroy();
      });
    });
  });
  const relay = `ws://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  const began = performance.now();
  const program = start(['--ui', 'json', '--code-stdin', '--relay', relay]);
  program.write(`${newCode()}\n`);
  await come;
  const took = performance.now() - began;
  program.child.kill('SIGKILL');
  await program.exit;
  server.close();
  return took;
}

/** From two commands at the same moment to the first text at the peer. */
async function firstText(relay: URL): Promise<number> {
  const code = newCode();
  const began = performance.now();
  const [one, two] = [0, 1].map(() => start(['--ui', 'json', '--code-stdin', '--relay', relay.href])) as [
    Program,
    Program,
  ];
  for (const each of [one, two]) each.write(`${code}\n`);
  await one.event('state', ({ state }) => state === 'active');
  one.command({ do: 'send', text: 'hello' });
  await two.event('message');
  const took = performance.now() - began;
  one.command({ do: 'quit' });
  await Promise.all([one.exit, two.exit]);
  return took;
}

/** Others of the field, as far as they are here: how long each takes to say its version. */
const OTHERS = [
  ['ssh', '-V'],
  ['wormhole', '--version'],
  ['croc', '--version'],
] as const;

export async function measureStart(quick: boolean): Promise<Series[]> {
  const rounds = quick ? 2 : 15;
  const others = OTHERS.filter(([program, flag]) => spawnSync(program, [flag]).status === 0).map((command) => ({
    command,
    took: [] as number[],
  }));
  const taken = { node: [], terminal: [], version: [], help: [], prompt: [], byte: [], text: [] } as Record<
    'node' | 'terminal' | 'version' | 'help' | 'prompt' | 'byte' | 'text',
    number[]
  >;
  const relay = await startRelayProcess([
    '--port',
    '0',
    '--connections-per-address',
    '1000',
    '--joins-per-minute',
    '6000',
  ]);
  for (let n = 0; n < rounds; n++) {
    taken.node.push(whole(process.execPath, ['-e', '0']));
    taken.version.push(whole(PROGRAM, ['--version']));
    taken.help.push(whole(PROGRAM, ['--help']));
    taken.terminal.push(await shown(`${process.execPath} -e 'console.log("ready")'`, 'ready'));
    taken.prompt.push(await shown(PROGRAM, 'Room code'));
    taken.byte.push(await firstByte());
    taken.text.push(await firstText(relay.url));
    for (const { command, took } of others) took.push(whole(command[0], [command[1]]));
  }
  await relay.stop();
  const node = { name: NODE, values: taken.node };
  const of = (bound: number) => ({ target: { of: 'ratio', sign: '≤', bound } as const });
  return [
    { name: '--version', unit: 'ms', ours: taken.version, anchor: node },
    { name: '--help', unit: 'ms', ours: taken.help, anchor: node },
    {
      name: 'prompt on a terminal',
      unit: 'ms',
      ours: taken.prompt,
      anchor: { name: `${NODE} there`, values: taken.terminal },
      ...of(1.5),
    },
    { name: 'first byte towards the relay', unit: 'ms', ours: taken.byte, anchor: node, ...of(1.8) },
    { name: 'first text at the peer, both started together', unit: 'ms', ours: taken.text, anchor: node, ...of(3.2) },
    ...others.map(({ command, took }) => ({ name: command.join(' '), unit: 'ms', ours: took, anchor: node })),
  ];
}

/** Resident memory, KiB. */
function resident({ child }: Program): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${String(child.pid)}/status`, 'utf8'))?.[1]);
}

/** A relay and two programs, all as they are by default. */
export async function measureMessages(quick: boolean): Promise<Series[]> {
  const [rounds, count] = quick ? [1, 300] : [3, 10_000];
  const [rate, before, after]: [number[], number[], number[]] = [[], [], []];
  for (let n = 0; n < rounds; n++) {
    const relay = await startRelayProcess();
    const { maker, guest } = await jsonPair(relay.url);
    before.push(resident(maker) / MiB, resident(guest) / MiB);
    const began = performance.now();
    for (let id = 0; id < count; id++) maker.command({ do: 'send', text: `message ${String(id)}` });
    await guest.event('message', ({ id }) => id === count - 1);
    rate.push((count / (performance.now() - began)) * 1000);
    after.push(resident(maker) / MiB, resident(guest) / MiB);
    maker.command({ do: 'quit' });
    await Promise.all([maker.exit, guest.exit]);
    await relay.stop();
  }
  killAll();
  return [
    {
      name: `messages a second, ${String(count)} through the programs`,
      unit: '1/s',
      ours: rate,
      target: { of: 'value', sign: '≥', bound: 5_000 },
    },
    { name: 'memory of a client in a chat', unit: 'MiB', ours: before },
    {
      name: `memory of a client after ${String(count)} messages`,
      unit: 'MiB',
      ours: after,
      target: { of: 'value', sign: '≤', bound: 80 },
    },
  ];
}
