/**
 * Both relays against bare forwarders of their library, everything in a process of its own, in one interleaved run: what
 * is a ratio here holds on another machine. `--quick` is short and says nothing reliable; `--plot <file>` draws how the
 * cost of a connection grows; `--before <file>` compares both relays with those of another state of the sources, whose
 * subject.mjs that is.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { overRedis } from './cluster.js';
import { quantile } from './figures.js';
import { flood, hangUp, type Line, openPair, roundTrips, type Subject, startNamed, startSubject } from './load.js';
import { plot } from './plot.js';
import type { Cost, Kind } from './subject.js';

const { values: given } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    plot: { type: 'string' },
    most: { type: 'string' },
    rounds: { type: 'string' },
    before: { type: 'string' },
  },
});
const quick = given.quick;
const ROUNDS = given.rounds === undefined ? (quick ? 2 : 7) : Number(given.rounds);
/** Frames a round, by bytes; socket.io's own parser gets a quarter. `paced`: a chunk of 64 KiB at a time, never saturated. */
const SMALL = [128, quick ? 20_000 : 200_000, false] as const;
const FLOODS = [
  SMALL,
  [1_280, quick ? 2_000 : 40_000, false],
  [16_384, quick ? 500 : 8_000, false],
  [16_384, quick ? 200 : 4_000, true],
  [65_536, quick ? 200 : 3_000, false],
  [65_536, quick ? 100 : 2_000, true],
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
type Figures = Map<string, number[]>;

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

/** What an earlier state of a subject is called. */
const earlier = (kind: Kind): string => `${kind}, before`;

function add(figures: Figures, name: string, ...more: number[]): void {
  figures.set(name, [...(figures.get(name) ?? []), ...more]);
}
const median = (figures: Figures, name: string, q = 0.5): number => quantile(figures.get(name) ?? [], q);

async function throughput(subjects: readonly Subject[]): Promise<void> {
  for (const [size, count, paced] of FLOODS) {
    const wall: Figures = new Map();
    const cpu: Figures = new Map();
    // The first round warms up.
    for (let round = 0; round <= ROUNDS; round++) {
      for (const subject of subjects) {
        const pair = await openPair(subject);
        const before = await subject.cost();
        const start = performance.now();
        const sent = await flood(subject, pair, size, subject.kind === 'bare-socketio' ? count / 4 : count, paced);
        const seconds = (performance.now() - start) / 1000;
        const used = (await subject.cost()).cpu - before.cpu;
        hangUp([pair]);
        if (round === 0) continue;
        add(wall, subject.name, size > 1024 ? (sent * size) / seconds / 1e6 : sent / seconds);
        add(cpu, subject.name, used / sent);
      }
    }
    for (const library of ['ws', 'socketio'] as const) {
      const [ours, bare] = [`relay-${library}`, `bare-${library}`] as const;
      const small = size === 128;
      const bound = small ? (library === 'ws' ? 3 : 1.7) : 0.95;
      const bytes = size < 16_384 ? `${String(size)} B` : `${String(size / 1024)} KiB`;
      const name = `${library}, ${bytes} frames${paced ? ', paced' : ''}`;
      const judged = (small || library === 'ws') && !paced;
      ratio(name, size > 1024 ? 'MB/s' : 'msg/s', median(wall, ours), median(wall, bare), judged ? '≥' : '', bound);
      ratio(`${name}, CPU`, 'µs/msg', median(cpu, ours), median(cpu, bare), library === 'ws' ? '≤' : '', 1);
      if (given.before === undefined) continue;
      ratio(`${name}, to before`, 'rate', median(wall, ours), median(wall, earlier(ours)), '≥', 0.97);
      ratio(`${name}, CPU to before`, 'µs/msg', median(cpu, ours), median(cpu, earlier(ours)), '≤', 1.03);
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
      if (round > 0) add(times, subject.name, ...trips.map((ms) => ms * 1000));
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
      if (given.before === undefined) continue;
      const was = median(times, earlier(ours), q);
      ratio(`${library}, round trip ${name}, to before`, 'µs', median(times, ours, q), was, '≤', 1.03);
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
if (given.before !== undefined) {
  for (const kind of ['relay-ws', 'relay-socketio'] as const) {
    subjects.push(await startNamed(earlier(kind), kind, given.before));
  }
}
await throughput(subjects);
await latency(subjects);
for (const subject of subjects) subject.stop();
const two = await overRedis(ROUNDS, SMALL[1]);
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
