/** A Redis of its own for tests, persistence off, on a free port of 127.0.0.1. No expectation may be in this file. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { freePort } from './free-port.js';

export interface TestRedis {
  readonly port: number;
  readonly url: string;
  /** As a machine that loses its power. */
  kill(): Promise<void>;
  /** Again on the same port, empty. */
  start(): Promise<void>;
}

/** Whether there is a redis-server; says what is skipped when there is none. */
export function hasRedis(skipped: string): boolean {
  const found = spawnSync('redis-server', ['--version']).status === 0;
  if (!found) console.warn(`SKIPPED, no redis-server here: ${skipped}`);
  return found;
}

export async function startRedis(): Promise<TestRedis> {
  const port = await freePort();
  let child: ChildProcess | undefined;
  async function start(): Promise<void> {
    const flags = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    const started = spawn('redis-server', flags, { stdio: ['ignore', 'pipe', 'ignore'] });
    child = started;
    let said = '';
    await new Promise<void>((resolve, reject) => {
      started.stdout.on('data', (text: Buffer) => {
        said += text.toString();
        if (said.includes('Ready to accept connections')) resolve();
      });
      started.once('exit', () => reject(new Error(`redis-server ended: ${said}`)));
    });
  }
  await start();
  return {
    port,
    url: `redis://127.0.0.1:${String(port)}`,
    start,
    async kill() {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
}
