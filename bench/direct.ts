/**
 * A direct path beside the relay, `ssh localhost cat` and plain TCP, in one run of the real programs: bytes a second through a
 * pipe on this machine; and how long a message of a chat takes there and back behind two routers, with the relay as far from
 * both as they are from each other (test/support/routers.ts; it needs to be root). Build first.
 * `node bench/run.mjs direct [MiB] [rounds] [messages]`.
 */
import nodePath from 'node:path';
import { killAll, PROGRAM, type Program, ROOT, start } from '../test/support/program.js';
import { createRouters, RELAY_ADDRESS, type Routers } from '../test/support/routers.js';
import { quantile } from './figures.js';
import { type Moved, measureWays } from './pipes.js';

const [mebibytes = '512', rounds = '3', count = '300'] = process.argv.slice(2);
/** Of the relay's, at most. */
const WANTED = 0.6;
const OTHERS = ['securechat', 'securechat --direct', 'ssh localhost cat', 'plain TCP'];

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

/** Milliseconds from a text to its answer, medians of many. */
async function roundTrip(routers: Routers, path: 'relay' | 'direct'): Promise<number> {
  const [left, right] = await meet(routers, path);
  const took: number[] = [];
  for (let i = 0; i < Number(count); i++) {
    const began = performance.now();
    left.command({ do: 'send', text: `ping ${String(i)}` });
    await right.event('message', ({ text }) => text === `ping ${String(i)}`);
    right.command({ do: 'send', text: `pong ${String(i)}` });
    await left.event('message', ({ text }) => text === `pong ${String(i)}`);
    took.push(performance.now() - began);
  }
  left.command({ do: 'quit' });
  await Promise.all([left.exit, right.exit]);
  return quantile(took, 0.5);
}

const { moved, skipped } = await measureWays(Number(mebibytes) * 2 ** 20, Number(rounds), OTHERS);
for (const why of skipped) process.stdout.write(`SKIPPED, loudly: ${why}\n`);
const rate = (name: string): number =>
  quantile(
    (moved.get(name) ?? []).map((each: Moved) => each.rate),
    0.5,
  );
for (const name of moved.keys()) {
  const ratio = (rate('securechat --direct') / rate(name)).toFixed(2);
  process.stdout.write(
    `${name.padEnd(20)} ${(rate(name) / 1e6).toFixed(0).padStart(5)} MB/s   direct is ${ratio} × of it\n`,
  );
}

const routers = await createRouters({ delay: DELAY });
if (routers !== undefined) {
  const relay = start(['--host', RELAY_ADDRESS, '--port', String(PORT)], {
    before: [...routers.inside('relay'), process.execPath, nodePath.join(ROOT, 'dist', 'relay-ws.js')],
  });
  await relay.says('listening');
  const trips: { readonly relay: number[]; readonly direct: number[] } = { relay: [], direct: [] };
  for (let round = 0; round < Number(rounds); round++) {
    for (const path of ['relay', 'direct'] as const) trips[path].push(await roundTrip(routers, path));
  }
  const [through, past] = [quantile(trips.relay, 0.5), quantile(trips.direct, 0.5)];
  process.stdout.write(
    `round trip           ${through.toFixed(1)} ms by the relay, ${past.toFixed(1)} ms directly: ${(past / through).toFixed(2)} × (wanted: ${String(WANTED)})\n`,
  );
  killAll();
  routers.close();
}
