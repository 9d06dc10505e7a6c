/**
 * Firefox without a window, driven over WebDriver BiDi, which it speaks itself: no driver is needed. Where there is none its
 * tests are skipped, and it is said. No expectation may be in this file.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { WebSocket } from 'ws';

const FIREFOX = ['firefox-esr', 'firefox'].find(
  (name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).error === undefined,
);

/** False: `what` is not tried here, and that is said. */
export function hasFirefox(what: string): boolean {
  if (FIREFOX === undefined)
    console.warn(`SKIPPED: there is no firefox (apt install firefox-esr); ${what} is not tried`);
  return FIREFOX !== undefined;
}

export interface Firefox {
  open(address: string): Promise<void>;
  /** The value of an expression in the page: a string, a number or a truth value. */
  evaluate(expression: string): Promise<unknown>;
  /** Resolves when the expression is true. */
  until(expression: string): Promise<void>;
  close(): Promise<void>;
}

interface Answer {
  readonly id?: number;
  readonly result?: Record<string, unknown>;
  readonly error?: string;
  readonly message?: string;
}

/** Of an expression that is waited for, milliseconds between two looks. */
const LOOK_MS = 100;

export async function startFirefox(): Promise<Firefox> {
  const profile = mkdtempSync(path.join(tmpdir(), 'securechat-firefox-'));
  const flags = ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port', '0'];
  const child = spawn(FIREFOX ?? 'firefox', flags, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, HOME: profile },
  });
  const ended = once(child, 'close');
  const address = await new Promise<string>((resolve, reject) => {
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const found = /WebDriver BiDi listening on (ws:\S+)\n/.exec(said)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.on('close', () => reject(new Error(`firefox ended: ${said}`)));
  });
  const socket = new WebSocket(`${address}/session`);
  await once(socket, 'open');
  let asked = 0;
  const waiting = new Map<number, (answer: Answer) => void>();
  socket.on('message', (message: Buffer) => {
    const answer = JSON.parse(message.toString()) as Answer;
    waiting.get(answer.id ?? 0)?.(answer);
    waiting.delete(answer.id ?? 0);
  });

  async function command(method: string, params: unknown = {}): Promise<Record<string, unknown>> {
    asked += 1;
    const id = asked;
    const answered = new Promise<Answer>((resolve) => waiting.set(id, resolve));
    socket.send(JSON.stringify({ id, method, params }));
    const { result, error, message } = await answered;
    if (result === undefined) throw new Error(`${method}: ${error ?? ''} ${message ?? ''}`);
    return result;
  }

  await command('session.new', { capabilities: {} });
  const tree = (await command('browsingContext.getTree')) as { contexts: { context: string }[] };
  const context = tree.contexts[0]?.context ?? '';

  async function evaluate(expression: string): Promise<unknown> {
    const answer = await command('script.evaluate', { expression, target: { context }, awaitPromise: true });
    const { type, result, exceptionDetails } = answer as {
      type: string;
      result?: { value?: unknown };
      exceptionDetails?: { text: string };
    };
    if (type !== 'success') throw new Error(exceptionDetails?.text ?? type);
    return result?.value;
  }

  return {
    async open(url) {
      await command('browsingContext.navigate', { context, url, wait: 'complete' });
    },
    evaluate,
    async until(expression) {
      await evaluate(`new Promise((resolve) => {
        const look = () => ((${expression}) ? resolve(true) : setTimeout(look, ${String(LOOK_MS)}));
        look();
      })`);
    },
    async close() {
      await command('browser.close').catch(() => undefined);
      socket.terminate();
      child.kill();
      await ended;
      rmSync(profile, { recursive: true, force: true });
    },
  };
}
