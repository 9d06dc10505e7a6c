/**
 * What many connections do to a relay: idle ones up to the limit of open files, rooms with chat traffic, and joins and
 * leaves as many as in a day. Ends with 1 when memory grows, a descriptor is left or somebody is forgotten. `--quick`
 * takes a few hundred.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { quantile } from './figures.js';
import { hangUp, type Line, openPair, roundTrips, type Subject, startSubject } from './load.js';

type Pair = readonly [Line, Line];
const { quick } = parseArgs({ options: { quick: { type: 'boolean', default: false } } }).values;
const IDLE = quick ? [200] : [10_000, 19_000];
const ACTIVE = quick ? 50 : 5_000;
/** Rooms opened and left, in as many waves. */
const DAY = quick ? 600 : 50_000;
const WAVES = 10;
const ABREAST = 25;
/** Round trips of each room that chats. */
const TALK = 5;
/** Descriptors of this process and of the relay that are no connections. */
const SPARE = 100;
/** What memory may differ by between the first wave and the last: a tenth, and what the machine's own business takes. */
const GROWTH = 1.1;
const SLACK = 3 * 1024 * 1024;

let failures = 0;

function judge(holds: boolean, what: string): void {
  if (!holds) failures += 1;
  console.log(`${holds ? 'holds ' : 'FAILED'}  ${what}`);
}

const limit = Number(/^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? 0);
const descriptors = ({ child }: Subject): number => readdirSync(`/proc/${String(child.pid)}/fd`).length;
const MiB = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

async function open(subject: Subject, pairs: Pair[], count: number): Promise<void> {
  while (pairs.length < count) {
    const missing = Math.min(ABREAST, count - pairs.length);
    pairs.push(...(await Promise.all(Array.from({ length: missing }, () => openPair(subject)))));
  }
}

/** Until the relay has noticed. */
async function left(subject: Subject, count: number): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    if ((await subject.cost()).connections <= count) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function latency(subject: Subject, pair: Pair): Promise<string> {
  const times = await roundTrips(subject, pair, 128, quick ? 50 : 2_000);
  const at = (q: number) => `p${String(q * 100)} ${(quantile(times, q) * 1000).toFixed(0)} µs`;
  return [0.5, 0.9, 0.99, 0.999].map(at).join('  ');
}

async function measure(kind: 'relay-ws' | 'relay-socketio'): Promise<void> {
  const subject = await startSubject(kind);
  const pairs: Pair[] = [];
  await open(subject, pairs, ABREAST);
  const base = { ...(await subject.cost(true)), descriptors: descriptors(subject) };
  const probe = await openPair(subject);
  console.log(`\n${kind}\n        round trips with nobody else     ${await latency(subject, probe)}`);

  for (const count of IDLE) {
    if (count + SPARE > limit) {
      console.warn(`SKIPPED: ${String(count)} connections, because this machine allows ${String(limit)} open files`);
      continue;
    }
    await open(subject, pairs, count / 2);
    const { rss, heap, connections } = await subject.cost(true);
    const each = (rss - base.rss) / connections / 1024;
    judge(connections === count + 2, `${String(connections)} connections, ${each.toFixed(1)} KiB each, ${MiB(heap)}`);
    console.log(`        round trips beside them          ${await latency(subject, probe)}`);
  }

  const active = pairs.slice(0, ACTIVE);
  const before = (await subject.cost()).cpu;
  for (let n = 0; n < active.length; n += 100) {
    await Promise.all(active.slice(n, n + 100).map((pair) => roundTrips(subject, pair, 128, TALK)));
  }
  const used = ((await subject.cost()).cpu - before) / (active.length * 2 * TALK);
  console.log(`        ${String(active.length)} rooms chat, one frame at a time: ${used.toFixed(1)} µs of CPU a frame`);

  hangUp(pairs.splice(ABREAST));
  await left(subject, ABREAST * 2 + 2);
  const heaps: number[] = [];
  for (let wave = 0; wave < WAVES; wave++) {
    for (let n = 0; n < DAY / WAVES; n += ABREAST) {
      const visitors: Pair[] = [];
      await open(subject, visitors, ABREAST);
      hangUp(visitors);
    }
    await left(subject, ABREAST * 2 + 2);
    heaps.push((await subject.cost(true)).heap);
  }
  const [first = 0] = heaps;
  const last = heaps.at(-1) ?? 0;
  const flat = `memory after ${String(DAY)} rooms: ${MiB(first)} after the first tenth, ${MiB(last)} after all`;
  judge(last <= first * GROWTH + SLACK, flat);
  console.log(`        round trips afterwards           ${await latency(subject, probe)}`);
  hangUp([...pairs, probe]);
  await left(subject, 0);
  const end = await subject.cost(true);
  judge(end.connections === 0, 'nobody is left');
  const own = base.descriptors - ABREAST * 2;
  judge(descriptors(subject) <= own + 2, `${String(descriptors(subject))} descriptors are left, as before`);
  subject.stop();
}

await measure('relay-ws');
await measure('relay-socketio');
process.exit(failures > 0 ? 1 : 0);
