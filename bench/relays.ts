/**
 * Both relays against bare forwarders of their library, everything in a process of its own, in one interleaved run: what
 * is a ratio here holds on another machine. `--quick` is short and says nothing reliable; `--plot <file>` draws how the
 * cost of a connection grows; `--cluster` adds two relays over the Redis on this machine.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { overRedis } from './cluster.js';
import { quantile } from './figures.js';
import { flood, hangUp, type Line, openPair, roundTrips, type Subject, startSubject } from './load.js';
import { plot } from './plot.js';
import type { Cost, Kind } from './subject.js';

const { values: given } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, plot: { type: 'string' }, most: { type: 'string' } },
});
const quick = given.quick;
const ROUNDS = quick ? 2 : 7;
/** Frames a round, by bytes; socket.io's own parser gets a quarter. */
const FLOODS = [
  [128, quick ? 20_000 : 200_000],
  [16_384, quick ? 500 : 8_000],
] as const;
const TRIPS = quick ? 100 : 500;
const COUNTS = (quick ? [100, 200] : [100, 300, 1_000, 3_000, 10_000, 19_000]).filter(
  (count) => count <= Number(given.most ?? 19_000),
);
const AT = quick ? 200 : 10_000;
/** Pairs that are opened at the same moment. */
const ABREAST = 25;

const KINDS = ['bare-ws', 'relay-ws', 'bare-socketio', 'relay-socketio'] as const;
const COLORS: Readonly<Record<Kind, string>> = {
  'bare-ws': '#9ab8d8',
  'relay-ws': '#1f5fa8',
  'bare-socketio': '#e3b58a',
  'relay-socketio': '#b5541c',
};
type Pair = readonly [Line, Line];
type Figures = Map<Kind, number[]>;

interface Row {
  readonly name: string;
  readonly unit: string;
  readonly ours: number;
  readonly bare: number | undefined;
  /** What must hold of ours or of the ratio. */
  readonly target: string;
  readonly met: boolean | undefined;
}
const rows: Row[] = [];

function ratio(name: string, unit: string, ours: number, bare: number, sign: '≥' | '≤' | '', bound = 0): void {
  const value = ours / bare;
  const met = sign === '' ? undefined : sign === '≥' ? value >= bound : value <= bound;
  rows.push({ name, unit, ours, bare, target: sign === '' ? '' : `${sign} ${String(bound)}×`, met });
}

function add(figures: Figures, kind: Kind, ...more: number[]): void {
  figures.set(kind, [...(figures.get(kind) ?? []), ...more]);
}
const median = (figures: Figures, kind: Kind, q = 0.5): number => quantile(figures.get(kind) ?? [], q);

async function throughput(subjects: readonly Subject[]): Promise<void> {
  for (const [size, count] of FLOODS) {
    const wall: Figures = new Map();
    const cpu: Figures = new Map();
    // The first round warms up.
    for (let round = 0; round <= ROUNDS; round++) {
      for (const subject of subjects) {
        const pair = await openPair(subject);
        const before = await subject.cost();
        const start = performance.now();
        const sent = await flood(subject, pair, size, subject.kind === 'bare-socketio' ? count / 4 : count);
        const seconds = (performance.now() - start) / 1000;
        const used = (await subject.cost()).cpu - before.cpu;
        hangUp([pair]);
        if (round === 0) continue;
        add(wall, subject.kind, size > 1024 ? (sent * size) / seconds / 1e6 : sent / seconds);
        add(cpu, subject.kind, used / sent);
      }
    }
    for (const library of ['ws', 'socketio'] as const) {
      const [ours, bare] = [`relay-${library}`, `bare-${library}`] as const;
      const small = size === 128;
      const bound = small ? (library === 'ws' ? 3 : 1.7) : 0.95;
      const name = `${library}, ${small ? '128 B' : '16 KiB'} frames`;
      const judged = small || library === 'ws';
      ratio(name, small ? 'msg/s' : 'MB/s', median(wall, ours), median(wall, bare), judged ? '≥' : '', bound);
      ratio(`${name}, CPU`, 'µs/msg', median(cpu, ours), median(cpu, bare), '');
    }
  }
}

async function latency(subjects: readonly Subject[]): Promise<void> {
  const times: Figures = new Map();
  const pairs = new Map<Subject, Pair>();
  for (const subject of subjects) pairs.set(subject, await openPair(subject));
  for (let round = 0; round <= ROUNDS * 3; round++) {
    for (const [subject, pair] of pairs) {
      const trips = await roundTrips(subject, pair, 128, TRIPS);
      if (round > 0) add(times, subject.kind, ...trips.map((ms) => ms * 1000));
    }
  }
  hangUp([...pairs.values()]);
  for (const library of ['ws', 'socketio'] as const) {
    const [ours, bare] = [`relay-${library}`, `bare-${library}`] as const;
    for (const [name, q, bound] of [
      ['p50', 0.5, 1.05],
      ['p99', 0.99, 1.1],
    ] as const) {
      ratio(`${library}, round trip ${name}`, 'µs', median(times, ours, q), median(times, bare, q), '≤', bound);
    }
  }
}

interface Growth {
  readonly count: number;
  /** KiB for each connection: of the process, and of that what JavaScript holds. */
  readonly rss: number;
  readonly heap: number;
  /** CPU µs for each connection made since the step before. */
  readonly connect: number;
}

/** Idle connections, in pairs that know of each other. */
async function growth(kind: Kind): Promise<Growth[]> {
  const subject = await startSubject(kind);
  const pairs: Pair[] = [];
  async function upTo(count: number): Promise<Cost> {
    while (pairs.length * 2 < count) {
      const missing = Math.min(ABREAST, count / 2 - pairs.length);
      pairs.push(...(await Promise.all(Array.from({ length: missing }, () => openPair(subject)))));
    }
    return subject.cost(true);
  }
  const warm = 100;
  const base = await upTo(warm);
  let before = { ...base, count: warm };
  const found: Growth[] = [];
  try {
    for (const count of COUNTS) {
      const cost = await upTo(count + warm);
      const kib = (bytes: number) => bytes / count / 1024;
      const made = count + warm - before.count;
      const { cpu } = cost;
      found.push({
        count,
        rss: kib(cost.rss - base.rss),
        heap: kib(cost.heap - base.heap),
        connect: (cpu - before.cpu) / made,
      });
      before = { ...cost, count: count + warm };
    }
  } catch (error) {
    console.warn(`${kind}: no more than ${String(pairs.length * 2)} connections here (${String(error)})`);
  }
  hangUp(pairs);
  subject.stop();
  return found;
}

async function memory(): Promise<Map<Kind, Growth[]>> {
  const grown = new Map<Kind, Growth[]>();
  for (const kind of KINDS) grown.set(kind, await growth(kind));
  for (const [library, bound] of [
    ['ws', 7],
    ['socketio', 11.5],
  ] as const) {
    const ours = grown.get(`relay-${library}`)?.find(({ count }) => count === AT);
    const bare = grown.get(`bare-${library}`)?.find(({ count }) => count === AT);
    if (ours === undefined || bare === undefined) {
      console.warn(`SKIPPED: memory at ${String(AT)} connections of ${library}`);
      continue;
    }
    const name = `${library}, idle connection at ${String(AT)}`;
    rows.push({
      name,
      unit: 'KiB',
      ours: ours.rss,
      bare: bare.rss,
      target: `≤ ${String(bound)}`,
      met: ours.rss <= bound,
    });
    ratio(`${name}, JavaScript`, 'KiB', ours.heap, bare.heap, '');
    ratio(`${library}, connect`, 'CPU µs', ours.connect, bare.connect, '');
  }
  return grown;
}

function draw(grown: ReadonlyMap<Kind, readonly Growth[]>): string {
  const curves = (value: (at: Growth) => number) =>
    KINDS.map((name) => ({
      name,
      color: COLORS[name],
      points: (grown.get(name) ?? []).map((at) => [at.count, value(at)] as const),
    }));
  return plot([
    { title: 'Memory of an idle connection, KiB', curves: curves(({ rss }) => rss) },
    { title: 'CPU to make a connection, µs', curves: curves(({ connect }) => connect) },
  ]);
}

function show({ name, unit, ours, bare, target, met }: Row): string {
  const verdict = met === undefined ? '' : met ? 'met' : 'MISSED';
  const figure = (value: number) => value.toFixed(value >= 1000 ? 0 : 2).padStart(10);
  const quotient = bare === undefined ? '' : (ours / bare).toFixed(2);
  return [
    name.padEnd(38),
    figure(ours),
    bare === undefined ? ''.padStart(10) : figure(bare),
    quotient.padStart(6),
    unit.padEnd(7),
    target.padEnd(8),
    verdict,
  ].join('  ');
}

const subjects: Subject[] = [];
for (const kind of KINDS) subjects.push(await startSubject(kind));
await throughput(subjects);
await latency(subjects);
for (const subject of subjects) subject.stop();
const two = await overRedis(ROUNDS, FLOODS[0][1]);
if (two !== undefined) ratio('two over Redis, 128 B, all their CPU', 'msg/s', two.two, two.one, '≥', 0.4);
const grown = await memory();

console.log(`${'medians of an interleaved run'.padEnd(38)}  ${'relay'.padStart(10)}  ${'bare'.padStart(10)}   ratio`);
for (const row of rows) console.log(show(row));
for (const [kind, steps] of grown) {
  const cells = steps.map(
    ({ count, rss, connect }) => `${String(count)}: ${rss.toFixed(1)} KiB ${connect.toFixed(0)} µs`,
  );
  console.log(`${kind.padEnd(16)}${cells.join('   ')}`);
}
if (given.plot !== undefined) writeFileSync(given.plot, draw(grown));
process.exit(0);
