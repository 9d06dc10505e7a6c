/**
 * Both relays against bare forwarders of their library, everything in a process of its own: rate and CPU of a frame, round
 * trip, what an idle connection keeps and what it costs to make one. With `before` both are compared with those of
 * another state of the sources, too, whose subject.mjs that is. No report may be in this file.
 */
import { overRedis } from './cluster.js';
import { quantile, type Series, type Target } from './figures.js';
import { flood, hangUp, type Line, openPair, roundTrips, type Subject, startNamed, startSubject } from './load.js';
import { plot } from './plot.js';
import type { Cost, Kind } from './subject.js';

export interface RelayOptions {
  readonly quick: boolean;
  readonly before?: string | undefined;
}

export interface RelayFigures {
  readonly series: readonly Series[];
  /** How the cost of a connection grows, as a picture. */
  readonly picture: string;
}

/** Bytes of a frame, and how many are sent in a round; socket.io's own parser gets a quarter of the small ones. */
const FRAMES = [
  [128, 60_000],
  [1_280, 15_000],
  [16_384, 3_000],
  [65_536, 1_000],
] as const;
/** What is large enough for the copying to be all that counts. */
const LARGE = 16_384;
const ROUNDS = 6;
/** Rounds of the same processes: now and then one stays three times as slow, whatever it runs. */
const LIFE = 3;
const TRIPS = 500;
const COUNTS = [100, 300, 1_000, 3_000, 10_000];
const AT = 10_000;
/** Of a quick run: rounds, the part of the frames, idle connections. */
const QUICK = { rounds: 1, part: 40, counts: [100, 200], at: 200 };
/** Pairs that are opened at the same moment. */
const ABREAST = 25;

const KINDS = ['bare-ws', 'relay-ws', 'bare-socketio', 'relay-socketio'] as const;
const LIBRARIES = ['ws', 'socketio'] as const;
const COLORS: Readonly<Record<Kind, string>> = {
  'bare-ws': '#9ab8d8',
  'relay-ws': '#1f5fa8',
  'bare-socketio': '#e3b58a',
  'relay-socketio': '#b5541c',
};
type Pair = readonly [Line, Line];
type Figures = Map<string, number[]>;

/** What an earlier state of a subject is called. */
const earlier = (kind: Kind): string => `${kind}, before`;
const atMost = (bound: number, of: Target['of'] = 'ratio'): Target => ({ of, sign: '≤', bound });
const atLeast = (bound: number, of: Target['of'] = 'ratio'): Target => ({ of, sign: '≥', bound });

function add(figures: Figures, name: string, ...more: number[]): void {
  figures.set(name, [...(figures.get(name) ?? []), ...more]);
}

/** One figure of a library's relay, to the bare forwarder and, where there is one, to the relay before. */
function compared(
  figures: Figures,
  library: (typeof LIBRARIES)[number],
  name: string,
  unit: string,
  target: Target | undefined,
): Series[] {
  const [ours, bare] = [`relay-${library}`, `bare-${library}`] as const;
  const values = figures.get(ours) ?? [];
  const series = (anchor: string, called: string, wanted: Target | undefined): Series => ({
    name: anchor === bare ? name : `${name}, to before`,
    unit,
    ours: values,
    anchor: { name: called, values: figures.get(anchor) ?? [] },
    ...(wanted === undefined ? {} : { target: wanted }),
  });
  const before = earlier(ours);
  const less = unit.startsWith('µs');
  return [
    series(bare, `${bare} forwarder`, target),
    ...(figures.has(before) ? [series(before, 'before', less ? atMost(1.03) : atLeast(0.97))] : []),
  ];
}

async function startAll({ before }: RelayOptions): Promise<readonly Subject[]> {
  const subjects: Subject[] = [];
  for (const kind of KINDS) subjects.push(await startSubject(kind));
  if (before === undefined) return subjects;
  for (const kind of ['relay-ws', 'relay-socketio'] as const)
    subjects.push(await startNamed(earlier(kind), kind, before));
  return subjects;
}

async function throughput(options: RelayOptions): Promise<Series[]> {
  const { quick } = options;
  const found: Series[] = [];
  for (const [size, all] of FRAMES) {
    for (const paced of [false, true]) {
      const rate: Figures = new Map();
      const cpu: Figures = new Map();
      const count = quick ? all / QUICK.part : all;
      for (let left = quick ? QUICK.rounds : ROUNDS; left > 0; left -= LIFE) {
        const subjects = await startAll(options);
        // The first round warms up.
        for (let round = 0; round <= Math.min(left, LIFE); round++) {
          for (const subject of subjects) {
            const pair = await openPair(subject);
            const before = await subject.cost();
            const start = performance.now();
            const few = subject.kind === 'bare-socketio' && size < LARGE;
            const sent = await flood(subject, pair, size, few ? count / 4 : count, paced);
            const seconds = (performance.now() - start) / 1000;
            const used = (await subject.cost()).cpu - before.cpu;
            hangUp([pair]);
            if (round === 0) continue;
            add(rate, subject.name, sent / seconds);
            add(cpu, subject.name, used / sent);
          }
        }
        for (const subject of subjects) subject.stop();
      }
      for (const library of LIBRARIES) {
        const bytes = size < LARGE ? `${size.toLocaleString('en')} B` : `${String(size / 1024)} KiB`;
        const name = `${library}, ${bytes}, ${paced ? 'paced' : 'saturated'}`;
        const least = size === 128 ? atLeast(library === 'ws' ? 3 : 1.7) : atLeast(0.95);
        found.push(...compared(rate, library, `${name}: frames a second`, '1/s', paced ? undefined : least));
        found.push(...compared(cpu, library, `${name}: CPU a frame`, 'µs', atMost(1)));
      }
    }
  }
  return found;
}

async function latency(options: RelayOptions): Promise<Series[]> {
  const { quick } = options;
  const subjects = await startAll(options);
  const p50: Figures = new Map();
  const p99: Figures = new Map();
  const pairs = new Map<Subject, Pair>();
  for (const subject of subjects) pairs.set(subject, await openPair(subject));
  for (let round = 0; round <= (quick ? QUICK.rounds : ROUNDS * 3); round++) {
    for (const [subject, pair] of pairs) {
      const trips = (await roundTrips(subject, pair, 128, quick ? 100 : TRIPS)).map((ms) => ms * 1000);
      if (round === 0) continue;
      add(p50, subject.name, quantile(trips, 0.5));
      add(p99, subject.name, quantile(trips, 0.99));
    }
  }
  hangUp([...pairs.values()]);
  for (const subject of subjects) subject.stop();
  return LIBRARIES.flatMap((library) => [
    ...compared(p50, library, `${library}, round trip p50`, 'µs', atMost(1.05)),
    ...compared(p99, library, `${library}, round trip p99`, 'µs', atMost(1.1)),
  ]);
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
async function growth(kind: Kind, counts: readonly number[]): Promise<Growth[]> {
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
    for (const count of counts) {
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

async function memory({ quick }: RelayOptions): Promise<RelayFigures> {
  const [counts, at] = quick ? [QUICK.counts, QUICK.at] : [COUNTS, AT];
  const grown = new Map<Kind, Growth[]>();
  for (const kind of KINDS) grown.set(kind, await growth(kind, counts));
  const series = LIBRARIES.flatMap((library): Series[] => {
    const ours = grown.get(`relay-${library}`)?.find(({ count }) => count === at);
    const bare = grown.get(`bare-${library}`)?.find(({ count }) => count === at);
    if (ours === undefined || bare === undefined) return [];
    const anchor = (value: number) => ({ name: `bare-${library} forwarder`, values: [value] });
    const name = `${library}, idle connection, ${at.toLocaleString('en')} of them`;
    return [
      {
        name,
        unit: 'KiB',
        ours: [ours.rss],
        anchor: anchor(bare.rss),
        target: atMost(library === 'ws' ? 7 : 11.5, 'value'),
      },
      { name: `${name}: JavaScript alone`, unit: 'KiB', ours: [ours.heap], anchor: anchor(bare.heap) },
      {
        name: `${library}, connects for a second of CPU`,
        unit: '1/s',
        ours: [1e6 / ours.connect],
        anchor: anchor(1e6 / bare.connect),
      },
    ];
  });
  return { series, picture: draw(grown) };
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

export async function measureRelays(options: RelayOptions): Promise<RelayFigures> {
  const speed = [...(await throughput(options)), ...(await latency(options))];
  const two = await overRedis(options.quick ? QUICK.rounds : ROUNDS, FRAMES[0][1]);
  const { series, picture } = await memory(options);
  const shared: Series[] =
    two === undefined
      ? []
      : [
          {
            name: 'two relays over Redis, 128 B: frames for a second of all their CPU',
            unit: '1/s',
            ours: two.two,
            anchor: { name: 'one relay', values: two.one },
            target: atLeast(0.4),
          },
        ];
  return { series: [...speed, ...shared, ...series], picture };
}
