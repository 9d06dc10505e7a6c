/**
 * A direct path beside the relay, `ssh localhost cat` and plain TCP, in one run of the real programs: bytes a second through a
 * pipe on this machine; and how long a message of a chat takes there and back behind two routers, with the relay as far from
 * both as they are from each other (test/support/routers.ts; it needs to be root). Build first. No report may be in this file.
 */
import nodePath from 'node:path';
import { killAll, PROGRAM, type Program, ROOT, start } from '../test/support/program.js';
import { createRouters, RELAY_ADDRESS, type Routers } from '../test/support/routers.js';
import type { Series } from './figures.js';
import { measureWays } from './pipes.js';

const WAYS = ['securechat', 'securechat --direct', 'ssh localhost cat', 'plain TCP'];

/** Of each of the cables between two routers, one way, milliseconds. */
const DELAY = 10;
const PORT = 8765;

let rooms = 0;

/** Two programs that have met, over `path`. */
async function meet(routers: Routers, path: 'relay' | 'direct'): Promise<readonly [Program, Program]> {
  rooms += 1;
  const relay = ['--relay', `ws://${RELAY_ADDRESS}:${String(PORT)}`, '--insecure-relay'];
  const flags = ['--ui', 'json', ...relay, ...(path === 'direct' ? ['--direct'] : [])];
  const code = `${String(600_000 + rooms)}-tunnel-anchor-mango`;
  const at = (host: 'left' | 'right') => start([...flags, code], { before: [...routers.inside(host), PROGRAM] });
  const sides = [at('left'), at('right')] as const;
  for (const side of sides) {
    if (path === 'direct') await side.event('path', (event) => event['path'] === 'direct');
    else await side.event('state', ({ state }) => state === 'active');
  }
  return sides;
}

/** Milliseconds from a text to its answer, `count` times. */
async function roundTrips(routers: Routers, path: 'relay' | 'direct', count: number): Promise<number[]> {
  const [left, right] = await meet(routers, path);
  const took: number[] = [];
  for (let i = 0; i < count; i++) {
    const began = performance.now();
    left.command({ do: 'send', text: `ping ${String(i)}` });
    await right.event('message', ({ text }) => text === `ping ${String(i)}`);
    right.command({ do: 'send', text: `pong ${String(i)}` });
    await left.event('message', ({ text }) => text === `pong ${String(i)}`);
    took.push(performance.now() - began);
  }
  left.command({ do: 'quit' });
  await Promise.all([left.exit, right.exit]);
  return took;
}

async function measureTrips(quick: boolean): Promise<Series[]> {
  const routers = await createRouters({ delay: DELAY });
  // It has said why.
  if (routers === undefined) return [];
  const relay = start(['--host', RELAY_ADDRESS, '--port', String(PORT)], {
    before: [...routers.inside('relay'), process.execPath, nodePath.join(ROOT, 'dist', 'relay-ws.js')],
  });
  await relay.says('listening');
  const trips: Record<'relay' | 'direct', number[]> = { relay: [], direct: [] };
  for (let round = 0; round < (quick ? 1 : 3); round++) {
    for (const path of ['relay', 'direct'] as const)
      trips[path].push(...(await roundTrips(routers, path, quick ? 20 : 200)));
  }
  killAll();
  routers.close();
  return [
    {
      name: `a message and its answer behind two routers, ${String(DELAY)} ms of cable between any two`,
      unit: 'ms',
      ours: trips.direct,
      anchor: { name: 'by the relay', values: trips.relay },
      target: { of: 'ratio', sign: '≤', bound: 0.6 },
    },
  ];
}

export async function measureDirect(quick: boolean): Promise<Series[]> {
  const [rounds, bytes] = quick ? [1, 2 ** 21] : [3, 2 ** 28];
  const { moved, skipped } = await measureWays(bytes, rounds, WAYS);
  for (const why of skipped) console.warn(`SKIPPED: ${why}`);
  const rates = (name: string): number[] => (moved.get(name) ?? []).map(({ rate }) => rate / 1e6);
  const beside = [...moved.keys()].filter((name) => name !== 'securechat --direct');
  const pipes = beside.map(
    (name): Series => ({
      name: `pipe, ${String(bytes / 2 ** 20)} MiB, --direct, beside ${name === 'securechat' ? 'the relay' : name}`,
      unit: 'MB/s',
      ours: rates('securechat --direct'),
      anchor: { name: name === 'securechat' ? 'by the relay' : name, values: rates(name) },
    }),
  );
  return [...pipes, ...(await measureTrips(quick))];
}
