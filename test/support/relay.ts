/**
 * Real relays for tests: one inside this process with limits out of the way, or the built program as a child process.
 * No expectation may be in this file.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RoomLimits } from '../../core/relay/limits.js';
import type { Relay } from '../../adapters/relay/listener.js';
import { startRelay } from '../../relay-ws/server.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** As the image and the unit start them. */
const NO_EVAL = '--disallow-code-generation-from-strings';

/** Limits that no test meets by accident. */
export const GENEROUS: Partial<RoomLimits> = {
  connections: 1_000_000,
  connectionsPerSecond: 1_000_000,
  connectionsPerAddress: 1_000_000,
  arrivalsPerAddress: 1_000_000,
  joinsPerMinute: 1_000_000,
  failedJoins: 1_000_000,
  framesPerSecond: 1_000_000,
  frameBurst: 1_000_000,
};

/** A relay in this process on a free port of 127.0.0.1, with generous limits but for those given. */
export function startTestRelay(limits: Partial<RoomLimits> = {}): Promise<Relay> {
  return startRelay({ port: 0, limits: { ...GENEROUS, ...limits } });
}

export interface RelayProcess {
  readonly url: URL;
  readonly child: ChildProcess;
  /** Everything it has written so far. */
  output(): string;
  /** Resolves when it has written this, rejects when it ends without. */
  says(text: string | RegExp): Promise<string>;
  /** Sends the signal (default SIGTERM) and resolves with the exit status. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Which of the two relay programs. */
export type RelayProgram = 'relay-ws' | 'relay-socketio';

const fileOf = (program: RelayProgram): string => path.join(ROOT, 'dist', `${program}.js`);

/** Runs a relay program to its end; for flags that it refuses and the like. */
export async function runRelayProgram(
  args: readonly string[],
  program: RelayProgram = 'relay-ws',
  env: NodeJS.ProcessEnv = {},
): Promise<{ status: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [NO_EVAL, fileOf(program), ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, stdout, stderr };
}

/** A relay as a child process; resolves when it listens. Default: relay-ws on a free port. */
export async function startRelayProcess(
  args: readonly string[] = ['--port', '0'],
  program: RelayProgram = 'relay-ws',
  { env = {} }: { readonly env?: NodeJS.ProcessEnv } = {},
): Promise<RelayProcess> {
  const child = spawn(process.execPath, [NO_EVAL, fileOf(program), ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = once(child, 'close') as Promise<[number | null]>;
  let written = '';
  let ended = false;
  const waiting = new Set<() => void>();
  const look = (chunk: Buffer) => {
    written += chunk.toString();
    for (const check of [...waiting]) check();
  };
  child.stdout.on('data', look);
  child.stderr.on('data', look);
  void closed.then(() => {
    ended = true;
    for (const check of [...waiting]) check();
  });

  function says(text: string | RegExp): Promise<string> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        const found = typeof text === 'string' ? (written.includes(text) ? text : undefined) : text.exec(written)?.[0];
        if (found === undefined && !ended) return;
        waiting.delete(check);
        if (found === undefined) reject(new Error(`the relay ended: ${written}`));
        else resolve(found);
      };
      waiting.add(check);
      check();
    });
  }

  const address = await says(/listening on wss?:\/\/\S+(?=\n)/);
  return {
    url: new URL(address.replace('listening on ', '')),
    child,
    output: () => written,
    says,
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      const [status] = await closed;
      return status;
    },
  };
}
