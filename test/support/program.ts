/**
 * The built program as a child process, as a script or a person's pipe would run it. `npm test` builds it first. Events
 * are awaited, never slept for. No expectation may be in this file.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** As it is installed: the launcher, which enforces what it can. SECURECHAT_PROGRAM: another one than that of this build. */
export const PROGRAM = process.env['SECURECHAT_PROGRAM'] ?? path.join(ROOT, 'dist', 'securechat');
/** PROGRAM is the executable: Node and the program in one file. The Node that runs the tests must be the one in it. */
export const IS_EXECUTABLE = process.env['SECURECHAT_PROGRAM'] !== undefined && startsWith(PROGRAM, '\x7fELF');
const NOT_GIVEN = new Set(['NODE_OPTIONS', 'NODE_EXTRA_CA_CERTS']);
/** The Node that the launcher finds is the one that runs the tests. */
export const ENV: NodeJS.ProcessEnv = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !NOT_GIVEN.has(name))),
  NO_COLOR: '1',
  PATH: `${path.dirname(process.execPath)}${path.delimiter}${process.env['PATH'] ?? ''}`,
};

function startsWith(file: string, text: string): boolean {
  const start = Buffer.alloc(text.length);
  const handle = openSync(file, 'r');
  try {
    readSync(handle, start);
  } finally {
    closeSync(handle);
  }
  return start.toString('latin1') === text;
}

export interface JsonEvent {
  readonly v: number;
  readonly event: string;
  readonly [field: string]: unknown;
}

export interface Program {
  readonly child: ChildProcessWithoutNullStreams;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** With --ui json: every event so far. */
  readonly events: JsonEvent[];
  write(text: string | Uint8Array): void;
  /** With --ui json: one command. */
  command(value: unknown): void;
  /** End of input. */
  end(): void;
  /** Resolves with the first event that fits, past or to come; rejects when the program ends without it. */
  event(name: string, fits?: (event: JsonEvent) => boolean): Promise<JsonEvent>;
  /** Resolves when the text has been written to stdout or stderr; rejects when the program ends without it. */
  says(text: string | RegExp): Promise<string>;
  /** The exit status. */
  readonly exit: Promise<number | null>;
}

const running = new Set<ChildProcessWithoutNullStreams>();

/** Ends what a failed test left behind. */
export function killAll(): void {
  for (const child of running) child.kill('SIGKILL');
}

export interface StartOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly extraFds?: number;
  /** The command in place of PROGRAM: another program, or one around it. */
  readonly before?: readonly string[];
}

export function start(args: readonly string[], options: StartOptions = {}): Program {
  if (!existsSync(PROGRAM)) throw new Error('dist/securechat is missing: run `npm run build` (npm test does)');
  const stdio = ['pipe', 'pipe', 'pipe', ...Array.from({ length: options.extraFds ?? 0 }, () => 'pipe' as const)];
  const [file = PROGRAM, ...before] = options.before ?? [PROGRAM];
  const child = spawn(file, [...before, ...args], {
    stdio: stdio as 'pipe'[],
    env: { ...ENV, ...options.env },
  });
  running.add(child);
  let out = '';
  let err = '';
  let ended = false;
  const events: JsonEvent[] = [];
  const waiting = new Set<() => void>();
  const look = (): void => {
    for (const check of [...waiting]) check();
  };
  let line = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    const lines = (line + text).split('\n');
    line = lines.pop() ?? '';
    for (const each of lines) if (each.startsWith('{')) events.push(JSON.parse(each) as JsonEvent);
    look();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
    look();
  });
  child.stdin.on('error', () => undefined);
  const exit = new Promise<number | null>((resolve) => {
    child.on('close', (status) => {
      running.delete(child);
      ended = true;
      look();
      resolve(status);
    });
  });

  function until<T>(what: string, found: () => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        const result = found();
        if (result === undefined && !ended) return;
        waiting.delete(check);
        if (result !== undefined) resolve(result);
        else reject(new Error(`ended without ${what}\nstdout: ${out}\nstderr: ${err}`));
      };
      waiting.add(check);
      check();
    });
  }

  return {
    child,
    stdout: () => out,
    stderr: () => err,
    events,
    write: (text) => void child.stdin.write(text),
    command: (value) => void child.stdin.write(`${JSON.stringify(value)}\n`),
    end: () => void child.stdin.end(),
    event: (name, fits = () => true) =>
      until(`event ${name}`, () => events.find((event) => event.event === name && fits(event))),
    says: (text) =>
      until(`output ${String(text)}`, () => {
        const all = out + err;
        const hit = typeof text === 'string' ? (all.includes(text) ? text : undefined) : text.exec(all)?.[0];
        return hit;
      }),
    exit,
  };
}

/** Runs to the end with the given input. */
export async function run(
  args: readonly string[],
  input: string | Uint8Array = '',
): Promise<{ status: number | null; stdout: string; stderr: string }> {
  const program = start(args);
  program.write(input);
  program.end();
  const status = await program.exit;
  return { status, stdout: program.stdout(), stderr: program.stderr() };
}

/** Two programs with the json UI: the first makes a code, the second types it. Both are active when this resolves. */
export async function jsonPair(
  relay: URL,
  flags: { maker?: readonly string[]; guest?: readonly string[] } = {},
): Promise<{ maker: Program; guest: Program; code: string }> {
  const common = ['--ui', 'json', '--relay', relay.href];
  const maker = start([...common, ...(flags.maker ?? [])]);
  const { code } = (await maker.event('code')) as JsonEvent & { code: string };
  const guest = start([...common, '--code-stdin', ...(flags.guest ?? [])]);
  guest.write(`${code}\n`);
  const active = (event: JsonEvent): boolean => event['state'] === 'active';
  await Promise.all([maker.event('state', active), guest.event('state', active)]);
  return { maker, guest, code };
}
