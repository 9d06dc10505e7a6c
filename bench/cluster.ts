/** Two relays over a Redis of their own, against one: what a second is worth to who lands apart. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { flood, hangUp, openPair, startSubject } from './load.js';

export interface OverRedis {
  /** Frames for each second of CPU: of both relays and Redis, and of one relay. */
  readonly two: number[];
  readonly one: number[];
}

/** CPU of another process in µs, as Linux counts it. */
function cpuOf({ pid }: ChildProcess): number {
  const fields = readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  return ticks * 10_000;
}

export async function overRedis(rounds: number, count: number): Promise<OverRedis | undefined> {
  if (spawnSync('redis-server', ['--version']).status !== 0) {
    console.warn('SKIPPED, no redis-server here: two relays over Redis');
    return undefined;
  }
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = String((server.address() as AddressInfo).port);
  server.close();
  const redis = spawn('redis-server', ['--port', port, '--save', '', '--appendonly', 'no'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  for await (const text of redis.stdout) if (String(text).includes('Ready to accept')) break;
  const alone = await startSubject('relay-ws');
  const [left, right] = [await startSubject('relay-ws', port), await startSubject('relay-ws', port)];
  // Until both have found it.
  await new Promise((resolve) => setTimeout(resolve, 500));
  const two: number[] = [];
  const one: number[] = [];
  const cpu = async () => (await left.cost()).cpu + (await right.cost()).cpu + cpuOf(redis);
  for (let round = 0; round <= rounds; round++) {
    const apart = await openPair(left, right);
    const before = await cpu();
    const sent = await flood(left, apart, 128, count);
    const used = (await cpu()) - before;
    hangUp([apart]);
    const together = await openPair(alone);
    const start = (await alone.cost()).cpu;
    const gone = await flood(alone, together, 128, count);
    const spent = (await alone.cost()).cpu - start;
    hangUp([together]);
    if (round === 0) continue;
    two.push((sent / used) * 1e6);
    one.push((gone / spent) * 1e6);
  }
  for (const subject of [alone, left, right]) subject.stop();
  redis.kill();
  return { two, one };
}
