/**
 * A file on a direct path that breaks on the way: it goes on over the relay, and nothing is missing. At night it is 1 GiB, and
 * goes on over another direct path once there is one. Where there are no namespaces it is skipped, loudly.
 */
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { DEPTH } from '../support/chance.js';
import { createLanHosts, type LanHosts } from '../support/lan.js';
import { bytesOf } from '../support/pipes.js';
import { type JsonEvent, killAll, type Program, PROGRAM, ROOT, start } from '../support/program.js';

const NIGHT = DEPTH === 'nightly';
const LENGTH = NIGHT ? 2 ** 30 : 96 * 2 ** 20;
/** Of the relay, megabits a second: less than all that is left comes over it until the next path. */
const RATE = NIGHT ? 40 : 400;
const RELAY = 'ws://10.78.0.3:8765';

const cleanups: (() => unknown)[] = [];
afterEach(() => {
  killAll();
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

/** Writes the file, and gives its SHA-256. */
function write(file: string): string {
  const { chunks, sum } = bytesOf(LENGTH);
  const handle = openSync(file, 'w');
  for (const chunk of chunks) writeSync(handle, chunk);
  closeSync(handle);
  return sum;
}

async function two(lan: LanHosts, folder: string): Promise<[Program, Program]> {
  const relay = start(['--host', '10.78.0.3', '--port', '8765'], {
    before: [...lan.inside(2), process.execPath, path.join(ROOT, 'dist', 'relay-ws.js')],
  });
  await relay.says('listening');
  lan.slow(2, RATE);
  const flags = ['--ui', 'json', '--direct', '--insecure-relay', '--relay', RELAY, '482913-tunnel-anchor-mango'];
  return [0, 1].map((host) =>
    start([`--files=${path.join(folder, String(host))}`, ...flags], { before: [...lan.inside(host), PROGRAM] }),
  ) as [Program, Program];
}

/** The next of these events that fits, none of the past. */
async function next(side: Program, name: string, fits: (event: JsonEvent) => boolean): Promise<JsonEvent> {
  const past = new Set(side.events);
  return side.event(name, (event) => !past.has(event) && fits(event));
}

test.runIf(DEPTH !== 'quick')(`${String(LENGTH / 2 ** 20)} MiB, and the path breaks on the way`, async ({ skip }) => {
  const lan = createLanHosts(3, { family: 4 });
  if (lan === undefined) return skip();
  cleanups.push(() => lan.close());
  const folder = mkdtempSync(path.join(tmpdir(), 'securechat moves-'));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  for (const name of ['0', '1']) mkdirSync(path.join(folder, name));
  const sum = write(path.join(folder, '0', 'large'));

  const sides = await two(lan, folder);
  const [left, right] = sides;
  const direct = ({ path: way }: JsonEvent): boolean => way === 'direct';
  await Promise.all(sides.map((side) => side.event('path', direct)));
  left.command({ do: 'offer', paths: ['large'] });
  const { id } = await right.event('offer');
  right.command({ do: 'accept', id });
  await right.event('progress', ({ bytes }) => Number(bytes) > LENGTH * 0.3);

  const broken = sides.map((side) => next(side, 'path', ({ path: way }) => way === 'relay'));
  const again = NIGHT ? sides.map((side) => next(side, 'path', direct)) : [];
  lan.apart(0, 1, true);
  await Promise.all(broken);
  lan.apart(0, 1, false);
  await Promise.all(again);
  // Both ways were used: not all of it had come when the way was another one.
  expect(right.events.some(({ event }) => event === 'file-done')).toBe(false);

  for (const side of sides) expect((await side.event('file-done'))['sum']).toBe(sum);
  expect(statSync(path.join(folder, '1', 'large')).size).toBe(LENGTH);
  left.command({ do: 'quit' });
  expect(await Promise.all(sides.map(({ exit }) => exit))).toEqual([0, 0]);
});
