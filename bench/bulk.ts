/**
 * A stream and a file between two people, through the real programs and a relay; beside what else carries bytes here. Build
 * first. No report may be in this file.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { killAll, start } from '../test/support/program.js';
import { startRelayProcess } from '../test/support/relay.js';
import type { Series } from './figures.js';
import { measureWays } from './pipes.js';

const MB = 1e6;

/** Seconds from both commands to the end of both. */
async function files(folder: string, relay: URL): Promise<number> {
  const began = performance.now();
  const sender = start(['send', path.join(folder, 'file'), '--relay', relay.href]);
  const code = await sender.says(/\d{6}-[a-z]+-[a-z]+-[a-z]+/);
  const to = path.join(folder, 'received');
  mkdirSync(to);
  const receiver = start(['receive', code, '-o', to, '--yes', '--relay', relay.href]);
  const ends = await Promise.all([sender.exit, receiver.exit]);
  const took = (performance.now() - began) / 1000;
  rmSync(to, { recursive: true });
  if (ends.some((status) => status !== 0)) throw new Error(`send and receive ended with ${ends.join(' and ')}`);
  return took;
}

export async function measureBulk(quick: boolean): Promise<Series[]> {
  const [rounds, bytes] = quick ? [1, 2 ** 21] : [3, 2 ** 26];
  const size = `${String(bytes / 2 ** 20)} MiB`;
  // Programs that move files take longer to start than to move so little: `node bench/run.mjs pipe 1024` compares them.
  const { ways, moved, skipped } = await measureWays(bytes, rounds, ['securechat', 'bare ws', 'ssh localhost cat']);
  for (const why of skipped) console.warn(`SKIPPED: ${why}`);
  const rates = (name: string): number[] => (moved.get(name) ?? []).map(({ rate }) => rate / MB);
  const relay = (name: string): number[] => (moved.get(name) ?? []).map(({ cpu }) => cpu['relay'] ?? 0);
  const pipes = ways
    .filter(({ name }) => name !== 'securechat')
    .map(
      ({ name, least }): Series => ({
        name: `pipe, ${size}, beside ${name}`,
        unit: 'MB/s',
        ours: rates('securechat'),
        anchor: { name, values: rates(name) },
        ...(least === undefined ? {} : { target: { of: 'ratio', sign: '≥', bound: least } }),
      }),
    );

  const took: number[] = [];
  const folder = mkdtempSync(path.join(tmpdir(), 'securechat-bench-'));
  writeFileSync(path.join(folder, 'file'), Buffer.alloc(bytes, 7));
  const server = await startRelayProcess(['--port', '0', '--joins-per-minute', '6000']);
  for (let n = 0; n < rounds; n++) took.push(await files(folder, server.url));
  await server.stop();
  killAll();
  rmSync(folder, { recursive: true });
  return [
    ...pipes,
    {
      name: `pipe, ${size}: CPU of the relay for 64 KiB`,
      unit: 'µs',
      ours: relay('securechat'),
      anchor: { name: 'bare ws', values: relay('bare ws') },
      target: { of: 'ratio', sign: '≤', bound: 1 },
    },
    { name: `send and receive a file of ${size}, from the commands to their end`, unit: 's', ours: took },
  ];
}
