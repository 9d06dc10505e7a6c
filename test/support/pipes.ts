/**
 * `securechat pipe`, `send` and `receive` as child processes with bytes on their streams. No expectation may be in this file.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { ENV, PROGRAM } from './program.js';

export interface Piped {
  readonly child: ChildProcess & {
    stdin: NonNullable<ChildProcess['stdin']>;
    stdout: NonNullable<ChildProcess['stdout']>;
  };
  readonly stderr: () => string;
  /** Bytes that came on stdout so far. */
  readonly received: () => number;
  /** SHA-256 of stdout, once it has ended. */
  readonly sum: Promise<string>;
  readonly exit: Promise<number | null>;
  /** Writes as fast as it is taken. */
  feed(chunks: Iterable<Uint8Array>): Promise<void>;
  /** Resolves when stderr holds this; rejects when the program ends without it. */
  says(text: string | RegExp): Promise<string>;
  /** Resident memory, bytes. */
  memory(): number;
}

const running = new Set<ChildProcess>();

/** Ends what a failed test left behind. */
export function killPiped(): void {
  for (const child of running) child.kill('SIGKILL');
}

export interface PipedOptions {
  readonly before?: readonly string[];
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

export function startPiped(args: readonly string[], options: PipedOptions = {}): Piped {
  const [file = PROGRAM, ...before] = options.before ?? [PROGRAM];
  const child = spawn(file, [...before, ...args], {
    stdio: 'pipe',
    env: { ...ENV, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  running.add(child);
  let err = '';
  let received = 0;
  let over = false;
  const waiting = new Set<() => void>();
  const look = (): void => {
    for (const check of [...waiting]) check();
  };
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
    look();
  });
  child.stdin.on('error', () => undefined);
  const hash = createHash('sha256');
  child.stdout.on('data', (chunk: Buffer) => {
    received += chunk.length;
    hash.update(chunk);
  });
  const exit = new Promise<number | null>((resolve) => {
    child.on('close', (status) => {
      running.delete(child);
      over = true;
      look();
      resolve(status);
    });
  });
  const gone = new Promise<void>((resolve) => {
    child.stdin.once('close', resolve);
    void exit.then(() => resolve());
  });
  return {
    child,
    stderr: () => err,
    received: () => received,
    sum: once(child.stdout, 'end').then(() => hash.digest('hex')),
    exit,
    async feed(chunks) {
      const drained = (): Promise<unknown> => new Promise((resolve) => void child.stdin.once('drain', resolve));
      for (const chunk of chunks) {
        // Whoever reads may be gone.
        if (over || child.stdin.destroyed) break;
        if (!child.stdin.write(chunk)) await Promise.race([drained(), gone]);
      }
      child.stdin.end();
    },
    says: (text) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          const hit = typeof text === 'string' ? (err.includes(text) ? text : undefined) : text.exec(err)?.[0];
          if (hit === undefined && !over) return;
          waiting.delete(check);
          if (hit === undefined) reject(new Error(`ended without ${String(text)}\n${err}`));
          else resolve(hit);
        };
        waiting.add(check);
        check();
      }),
    memory() {
      const status = readFileSync(`/proc/${String(child.pid)}/status`, 'utf8');
      return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024;
    },
  };
}

/** `length` bytes that repeat nowhere near, in pieces; and their SHA-256. */
export function bytesOf(length: number, piece = 65_536): { chunks: Iterable<Uint8Array>; sum: string } {
  function* make(): Generator<Uint8Array> {
    for (let at = 0, number = 0; at < length; at += piece, number++) {
      const chunk = Buffer.alloc(Math.min(piece, length - at));
      for (let i = 0; i + 4 <= chunk.length; i += 1024) chunk.writeUInt32LE((number * 2_654_435_761 + i) >>> 0, i);
      yield chunk;
    }
  }
  const hash = createHash('sha256');
  for (const chunk of make()) hash.update(chunk);
  return { chunks: make(), sum: hash.digest('hex') };
}
