/**
 * Real proxies on loopback, from the system's packages: microsocks, tinyproxy. What is not installed is skipped by the
 * tests, and said. No expectation may be here.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from './free-port.js';

function isHere(program: string): boolean {
  const here = spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
  if (!here) console.warn(`SKIPPED, loudly: ${program} is not installed, so nothing is tested through it`);
  return here;
}

export const hasMicrosocks = isHere('microsocks');
export const hasTinyproxy = isHere('tinyproxy');

export interface TestProxy {
  readonly port: number;
  /** Ends it, and resolves when it is gone. */
  stop(): Promise<void>;
  /** Starts it again on the same port. */
  start(): Promise<void>;
}

/** SOCKS 5; `user` and `password` are asked for where they are given. */
export async function startMicrosocks(user?: string, password?: string): Promise<TestProxy> {
  const port = await freePort();
  const known = user === undefined ? [] : ['-u', user, '-P', password ?? ''];
  return running(port, () =>
    spawn('microsocks', ['-i', '127.0.0.1', '-p', String(port), ...known], { stdio: 'ignore' }),
  );
}

/** CONNECT of HTTP; `ports`: the only ones that it connects to. */
export async function startTinyproxy(
  options: { readonly auth?: string; readonly ports?: readonly number[] } = {},
): Promise<TestProxy> {
  const port = await freePort();
  const folder = mkdtempSync(path.join(tmpdir(), 'securechat-tinyproxy-'));
  const file = path.join(folder, 'tinyproxy.conf');
  const lines = [`Port ${String(port)}`, 'Listen 127.0.0.1', 'Timeout 600', 'LogLevel Critical', 'Allow 127.0.0.1'];
  if (options.auth !== undefined) lines.push(`BasicAuth ${options.auth.replace(':', ' ')}`);
  for (const allowed of options.ports ?? []) lines.push(`ConnectPort ${String(allowed)}`);
  writeFileSync(file, `${lines.join('\n')}\n`);
  const proxy = await running(port, () => spawn('tinyproxy', ['-d', '-c', file], { stdio: 'ignore' }));
  return {
    ...proxy,
    async stop() {
      await proxy.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function running(port: number, launch: () => ChildProcess): Promise<TestProxy> {
  let child: ChildProcess | undefined;
  async function start(): Promise<void> {
    child = launch();
    while (!(await answers(port))) {
      if (child.exitCode !== null) throw new Error('the proxy did not start');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  await start();
  return {
    port,
    start,
    async stop() {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
