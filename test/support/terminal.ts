/**
 * The built program in a real pseudo-terminal (node-pty), drawn by the emulator, as a person would see it. node-pty has to
 * be compiled and is a package of its own in pty/; where it is not built, `hasPty` is false, and tests that need it skip
 * and say so. No expectation may be in this file.
 */
import { createRequire } from 'node:module';
import path from 'node:path';
import { createEmulator, type Emulator } from './emulator.js';
import { ENV, PROGRAM, ROOT } from './program.js';

interface Pty {
  readonly pid: number;
  onData(listener: (chunk: Uint8Array | string) => void): unknown;
  onExit(listener: (end: { exitCode: number; signal?: number }) => void): unknown;
  write(text: string): void;
  resize(columns: number, rows: number): void;
  kill(signal?: string): void;
}
interface NodePty {
  spawn(file: string, args: readonly string[], options: object): Pty;
}

/** A screen that has not come by then does not come. */
const PATIENCE_MS = 120_000;

const nodePty = load();
export const hasPty = nodePty !== undefined;
if (!hasPty) {
  console.warn(
    'SKIPPED, loudly: node-pty is not built (npm ci --prefix test/support/pty), no program ran in a real terminal',
  );
}

function load(): NodePty | undefined {
  try {
    return createRequire(path.join(ROOT, 'test/support/pty/package.json'))('node-pty') as NodePty;
  } catch {
    return undefined;
  }
}

export interface Terminal {
  readonly emulator: Emulator;
  readonly pid: number;
  /** Resolves with the screen, row by row, when it shows this; rejects when the program ends without it. */
  shows(wanted: string | RegExp): Promise<string[]>;
  /** The same when it no longer shows it. */
  hides(unwanted: string | RegExp): Promise<string[]>;
  type(text: string): void;
  resize(columns: number, rows: number): void;
  kill(signal: NodeJS.Signals): void;
  /** Everything that was written. */
  written(): Uint8Array;
  readonly exit: Promise<number>;
}

const running = new Set<Pty>();

/** Ends what a failed test left behind. */
export function killTerminals(): void {
  for (const pty of running) pty.kill('SIGKILL');
}

export interface TerminalOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly env?: NodeJS.ProcessEnv;
  /** Another program than securechat. */
  readonly file?: string;
  readonly cwd?: string;
}

export function startInTerminal(args: readonly string[], options: TerminalOptions = {}): Terminal {
  if (nodePty === undefined) throw new Error('node-pty is not built');
  const { columns = 80, rows = 24, file, cwd = ROOT } = options;
  const emulator = createEmulator(columns, rows);
  const pty = nodePty.spawn(file ?? PROGRAM, args, {
    name: 'xterm-256color',
    cols: columns,
    rows,
    cwd,
    encoding: null,
    env: { ...ENV, LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8', ...options.env },
  });
  running.add(pty);
  const waiting = new Set<() => void>();
  const chunks: Uint8Array[] = [];
  let drawing = Promise.resolve();
  let ended = false;
  const look = (): void => {
    for (const check of [...waiting]) check();
  };
  pty.onData((chunk) => {
    const bytes = Uint8Array.from(Buffer.from(chunk));
    chunks.push(bytes);
    drawing = drawing.then(() => emulator.write(bytes)).then(look);
  });
  const exit = new Promise<number>((resolve) => {
    pty.onExit(({ exitCode, signal = 0 }) => {
      running.delete(pty);
      // What it wrote last may still be on its way.
      setTimeout(() => {
        void drawing.then(() => {
          ended = true;
          look();
          resolve(signal > 0 ? 128 + signal : exitCode);
        });
      }, 50);
    });
  });

  function until(what: string, holds: (screen: string) => boolean): Promise<string[]> {
    return new Promise((resolve, reject) => {
      // Before the test runner gives up without a word about the screen.
      const late = setTimeout(() => {
        waiting.delete(check);
        reject(new Error(`the screen did not ${what}:\n${emulator.screen().join('\n')}`));
      }, PATIENCE_MS);
      late.unref();
      const check = (): void => {
        const screen = emulator.screen();
        const found = !emulator.drawing && holds(screen.join('\n'));
        if (!found && !ended) return;
        waiting.delete(check);
        clearTimeout(late);
        if (found) resolve(screen);
        else reject(new Error(`ended, and the screen did not ${what}:\n${screen.join('\n')}`));
      };
      waiting.add(check);
      check();
    });
  }

  const has = (wanted: string | RegExp) => (screen: string) =>
    typeof wanted === 'string' ? screen.includes(wanted) : wanted.test(screen);

  return {
    emulator,
    pid: pty.pid,
    shows: (wanted) => until(`show ${String(wanted)}`, has(wanted)),
    hides: (unwanted) => until(`hide ${String(unwanted)}`, (screen) => !has(unwanted)(screen)),
    type: (text) => pty.write(text),
    resize(toColumns, toRows) {
      emulator.resize(toColumns, toRows);
      pty.resize(toColumns, toRows);
    },
    kill: (signal) => process.kill(pty.pid, signal),
    written: () => Uint8Array.from(Buffer.concat(chunks)),
    exit,
  };
}
