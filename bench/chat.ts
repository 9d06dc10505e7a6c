/**
 * What two people feel: from join to both active, the round trip of a message, messages a second one way. Our clients
 * over our relay against bare sockets over a bare forwarder that do the same exchanges without any cryptography.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { WebSocket } from 'ws';
import { active, type Client, client } from './client.js';
import { quantile, row } from './figures.js';

const ROUNDS = 5;
const JOINS = 40;
const TRIPS = 400;
const MESSAGES = 10_000;
const TEXT = 128;
const FRAME = 256;

async function startServer(name: string): Promise<{ port: number; stop: () => void }> {
  const child = spawn(process.execPath, [new URL(`${name}.mjs`, import.meta.url).pathname], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { port: Number(line.toString()), stop: () => void child.kill() };
}

let room = 0;

async function activePair(port: number): Promise<[Client, Client]> {
  const nameplate = `bench_${++room}`;
  const pair: [Client, Client] = [client(port, nameplate), client(port, nameplate)];
  await Promise.all(pair.map(active));
  return pair;
}

async function leave(pair: readonly Client[]): Promise<void> {
  pair[0]?.say({ type: 'quit' });
  await Promise.all(pair.map((each) => each.chat.done));
}

async function barePair(port: number): Promise<[WebSocket, WebSocket]> {
  const open = async (): Promise<WebSocket> => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
    await once(socket, 'open');
    return socket;
  };
  return Promise.all([open(), open()]);
}

function message(): Uint8Array {
  return new Uint8Array(TEXT).fill(120);
}

/** Milliseconds from nothing to active on both sides, and the same five crossings of bare frames. */
async function joins(port: number, barePort: number): Promise<{ ours: number[]; bare: number[] }> {
  const ours: number[] = [];
  const bare: number[] = [];
  for (let i = 0; i < JOINS; i++) {
    let start = performance.now();
    const pair = await activePair(port);
    ours.push(performance.now() - start);
    await leave(pair);
    start = performance.now();
    const [a, b] = await barePair(barePort);
    for (const [from, to, size] of [
      [a, b, 66],
      [b, a, 66],
      [a, b, 1234],
      [b, a, 1442],
      [a, b, 322],
      [b, a, FRAME],
    ] as const) {
      const arrived = once(to, 'message');
      from.send(new Uint8Array(size));
      await arrived;
    }
    bare.push(performance.now() - start);
    a.terminate();
    b.terminate();
  }
  return { ours, bare };
}

async function trips(port: number, barePort: number): Promise<{ ours: number[]; bare: number[] }> {
  const ours: number[] = [];
  const bare: number[] = [];
  const pair = await activePair(port);
  const [a, b] = pair;
  const [x, y] = await barePair(barePort);
  b.onView = (view) => {
    if (view.type === 'message') b.say({ type: 'send', text: message() });
  };
  y.on('message', (data) => y.send(data as Buffer));
  for (let i = 0; i < TRIPS; i++) {
    let start = performance.now();
    await new Promise<void>((resolve) => {
      a.onView = (view) => {
        if (view.type === 'message') resolve();
      };
      a.say({ type: 'send', text: message() });
    });
    ours.push(performance.now() - start);
    start = performance.now();
    const back = once(x, 'message');
    x.send(new Uint8Array(FRAME));
    await back;
    bare.push(performance.now() - start);
  }
  await leave(pair);
  x.terminate();
  y.terminate();
  return { ours, bare };
}

/** Messages a second. */
async function throughput(port: number, barePort: number): Promise<{ ours: number; bare: number }> {
  const pair = await activePair(port);
  const [a, b] = pair;
  let start = performance.now();
  await new Promise<void>((resolve) => {
    let shown = 0;
    b.onView = (view) => {
      if (view.type === 'message' && ++shown === MESSAGES) resolve();
    };
    for (let i = 0; i < MESSAGES; i++) a.say({ type: 'send', text: message() });
  });
  const ours = (MESSAGES / (performance.now() - start)) * 1000;
  await leave(pair);
  const [x, y] = await barePair(barePort);
  start = performance.now();
  await new Promise<void>((resolve) => {
    let arrived = 0;
    y.on('message', () => {
      if (++arrived === MESSAGES) resolve();
    });
    const frame = new Uint8Array(FRAME);
    for (let i = 0; i < MESSAGES; i++) x.send(frame);
  });
  const bare = (MESSAGES / (performance.now() - start)) * 1000;
  x.terminate();
  y.terminate();
  return { ours, bare };
}

const relay = await startServer('relay');
const forwarder = await startServer('forwarder');
console.log(`securechat, tweetnacl adapter, ws relay; bare ws forwarder beside it. ${ROUNDS} rounds, interleaved.`);
console.log(`${''.padEnd(34)}  ${'securechat'.padStart(10)}  ${'bare'.padStart(10)}  ${'ratio'.padStart(8)}`);
const all = {
  join: { ours: [] as number[], bare: [] as number[] },
  trip: { ours: [] as number[], bare: [] as number[] },
  rate: { ours: [] as number[], bare: [] as number[] },
};
for (let round = 0; round < ROUNDS; round++) {
  const join = await joins(relay.port, forwarder.port);
  const trip = await trips(relay.port, forwarder.port);
  const rate = await throughput(relay.port, forwarder.port);
  all.join.ours.push(...join.ours);
  all.join.bare.push(...join.bare);
  all.trip.ours.push(...trip.ours);
  all.trip.bare.push(...trip.bare);
  all.rate.ours.push(rate.ours);
  all.rate.bare.push(rate.bare);
}
for (const q of [0.5, 0.99])
  console.log(row(`join to both active, p${q * 100}`, 'ms', quantile(all.join.ours, q), quantile(all.join.bare, q)));
for (const q of [0.5, 0.99])
  console.log(row(`message round trip, p${q * 100}`, 'ms', quantile(all.trip.ours, q), quantile(all.trip.bare, q)));
console.log(
  row('messages a second, one way, median', '1/s', quantile(all.rate.ours, 0.5), quantile(all.rate.bare, 0.5)),
);
relay.stop();
forwarder.stop();
process.exit(0);
