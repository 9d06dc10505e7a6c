/**
 * What two people feel in a chat: from join to both active, the round trip of a message, messages a second one way. Each
 * client and each relay is a process of its own; bare sockets over a bare forwarder do the same exchanges, without any
 * cryptography, in the same rounds. No program and no report may be in this file.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { quantile, type Series } from './figures.js';
import { startSubject, type Subject } from './load.js';
import type { Order, PeerKind } from './peer.js';

/** A pair of ours, and the bare one beside it. */
const MATCHES = [
  ['ws sodium', 'bare-ws'],
  ['ws tweetnacl', 'bare-ws'],
  ['socketio sodium', 'bare-socketio'],
] as const;

interface Person {
  do(order: Order): Promise<number[]>;
  readonly child: ChildProcess;
}

async function person(kind: PeerKind): Promise<Person> {
  const program = path.join(path.dirname(fileURLToPath(import.meta.url)), 'peer.mjs');
  const child = fork(program, [kind], { execArgv: [] });
  await once(child, 'message');
  return {
    child,
    async do(order) {
      child.send(order);
      const [figures] = (await once(child, 'message')) as [number[]];
      return figures;
    },
  };
}

interface Measured {
  readonly join: number[];
  readonly trip50: number[];
  readonly trip99: number[];
  readonly rate: number[];
}
const nothing = (): Measured => ({ join: [], trip50: [], trip99: [], rate: [] });

let rooms = 0;

async function round(kind: PeerKind, { port }: Subject, sizes: Sizes, into: Measured): Promise<void> {
  const [one, two] = await Promise.all([person(kind), person(kind)]);
  for (let n = 0; n < sizes.joins; n++) {
    const room = `bench_${String((rooms += 1))}`;
    const start = performance.now();
    await Promise.all([
      one.do({ do: 'join', port, room, first: true }),
      two.do({ do: 'join', port, room, first: false }),
    ]);
    // The first one is that of a process that has not run any of its code.
    if (n > 0) into.join.push(performance.now() - start);
    if (n < sizes.joins - 1) await Promise.all([one.do({ do: 'leave' }), two.do({ do: 'leave' })]);
  }
  await two.do({ do: 'echo' });
  await one.do({ do: 'trips', count: Math.ceil(sizes.trips / 10) });
  const times = await one.do({ do: 'trips', count: sizes.trips });
  into.trip50.push(quantile(times, 0.5));
  into.trip99.push(quantile(times, 0.99));
  const come = two.do({ do: 'await', count: sizes.messages });
  const start = performance.now();
  await one.do({ do: 'send', count: sizes.messages });
  await come;
  into.rate.push((sizes.messages / (performance.now() - start)) * 1000);
  await Promise.all([one.do({ do: 'leave' }), two.do({ do: 'leave' })]);
  for (const { child } of [one, two]) child.kill();
}

interface Sizes {
  readonly rounds: number;
  readonly joins: number;
  readonly trips: number;
  readonly messages: number;
}

export async function measureChat(quick: boolean): Promise<Series[]> {
  const sizes: Sizes = quick
    ? { rounds: 1, joins: 3, trips: 100, messages: 500 }
    : { rounds: 5, joins: 8, trips: 1_000, messages: 5_000 };
  const subjects = new Map<PeerKind, Subject>();
  const [ws, socketio, bareWs, bareSocketio] = await Promise.all(
    (['relay-ws', 'relay-socketio', 'bare-ws', 'bare-socketio'] as const).map((kind) => startSubject(kind)),
  );
  if (ws === undefined || socketio === undefined || bareWs === undefined || bareSocketio === undefined) return [];
  for (const [kind, subject] of [
    ['ws sodium', ws],
    ['ws tweetnacl', ws],
    ['socketio sodium', socketio],
    ['bare-ws', bareWs],
    ['bare-socketio', bareSocketio],
  ] as const)
    subjects.set(kind, subject);
  const measured = new Map([...subjects.keys()].map((kind) => [kind, nothing()]));
  for (let n = 0; n < sizes.rounds; n++)
    for (const [kind, subject] of subjects) await round(kind, subject, sizes, measured.get(kind) ?? nothing());
  for (const subject of [ws, socketio, bareWs, bareSocketio]) subject.stop();

  return MATCHES.flatMap(([kind, anchor]): Series[] => {
    const [ours, bare] = [measured.get(kind) ?? nothing(), measured.get(anchor) ?? nothing()];
    const against = (values: number[]) => ({ name: `${anchor} forwarder`, values });
    const usual = kind === 'ws sodium';
    return [
      { name: `join to both active, ${kind}`, unit: 'ms', ours: ours.join, anchor: against(bare.join) },
      {
        name: `round trip p50, ${kind}`,
        unit: 'ms',
        ours: ours.trip50,
        anchor: against(bare.trip50),
        ...(usual ? { target: { of: 'ratio', sign: '≤', bound: 1.8 } as const } : {}),
      },
      { name: `round trip p99, ${kind}`, unit: 'ms', ours: ours.trip99, anchor: against(bare.trip99) },
      {
        name: `messages a second, one way, ${kind}`,
        unit: '1/s',
        ours: ours.rate,
        anchor: against(bare.rate),
        ...(usual ? { target: { of: 'value', sign: '≥', bound: 60_000 } as const } : {}),
      },
    ];
  });
}
