/**
 * Whether a chat stays quick while a file moves: round trips of messages of the real program, from the command to `delivered`,
 * in an idle chat and during a transfer, in rounds of one run. `node bench/run.mjs busy [MiB] [rounds]`.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { quantile } from './figures.js';

type Child = ChildProcessByStdio<Writable, Readable, Readable>;
type Event = Readonly<Record<string, unknown>> & { readonly event: string };

const DIST = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', '..', 'dist');
/** Messages of a round, and the pause between two: nobody types without one. */
const MESSAGES = 300;
const PAUSE_MS = 5;
const LIMIT = 5;

const [mib = '1024', rounds = '3'] = process.argv.slice(2);
await measure();

interface Chat {
  command(what: object): void;
  /** The next event of this kind that nobody has taken. */
  next(event: string, fits?: (event: Event) => boolean): Promise<Event>;
  readonly child: Child;
}

function open(folder: string, relay: string, code: string): Chat {
  const flags = [`--files=${folder}`, '--ui', 'json', '--code-stdin', '--relay', relay];
  const child: Child = spawn(path.join(DIST, 'securechat'), flags, { stdio: 'pipe' });
  const events: Event[] = [];
  const waiting: { readonly wanted: (event: Event) => boolean; readonly found: (event: Event) => void }[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (!line.startsWith('{')) return;
    const event = JSON.parse(line) as Event;
    const at = waiting.findIndex(({ wanted }) => wanted(event));
    if (at >= 0) waiting.splice(at, 1)[0]?.found(event);
    // What nobody waits for and comes often is not kept.
    else if (event.event !== 'progress') events.push(event);
  });
  child.stdin.write(`${code}\n`);
  return {
    child,
    command: (what) => void child.stdin.write(`${JSON.stringify(what)}\n`),
    next(kind, fits = () => true) {
      const wanted = (event: Event): boolean => event.event === kind && fits(event);
      const at = events.findIndex(wanted);
      const [event] = at < 0 ? [] : events.splice(at, 1);
      return event === undefined ? new Promise((found) => waiting.push({ wanted, found })) : Promise.resolve(event);
    },
  };
}

async function trips(one: Chat, while_: () => boolean): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < MESSAGES && while_(); i++) {
    const began = performance.now();
    one.command({ do: 'send', text: 'how far is it?' });
    await one.next('delivered');
    times.push(performance.now() - began);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  return times;
}

async function measure(): Promise<void> {
  const root = mkdtempSync(path.join(tmpdir(), 'securechat-busy-'));
  const [from, to] = [mkdtempSync(path.join(root, 'from')), mkdtempSync(path.join(root, 'to'))];
  writeFileSync(path.join(from, 'file'), '');
  truncateSync(path.join(from, 'file'), Number(mib) * 2 ** 20);
  const relay = spawn(process.execPath, [path.join(DIST, 'relay-ws.js'), '--port', '0'], { stdio: 'pipe' });
  const url = await new Promise<string>((resolve) => {
    createInterface({ input: relay.stdout }).on('line', (line) => resolve(/ws:\S+/.exec(line)?.[0] ?? ''));
    createInterface({ input: relay.stderr }).on('line', (line) => resolve(/ws:\S+/.exec(line)?.[0] ?? ''));
  });
  const code = `busy${String(process.pid)}-tunnel-anchor`;
  const [left, right] = [open(from, url, code), open(to, url, code)];
  const idle: number[] = [];
  const busy: Record<string, number[]> = { sender: [], receiver: [] };
  try {
    await Promise.all([left, right].map((each) => each.next('state', ({ state }) => state === 'active')));
    // The first ones are of a program that has not run any of its code.
    await trips(left, () => true);
    for (let round = 0; round < Number(rounds); round++) {
      idle.push(...(await trips(left, () => true)));
      for (const [name, side] of [
        ['sender', left],
        ['receiver', right],
      ] as const) {
        left.command({ do: 'offer', paths: ['file'] });
        const { id } = await right.next('offer', ({ incoming }) => incoming === true);
        let moving = true;
        right.command({ do: 'accept', id });
        const done = right.next('file-done').then(() => {
          moving = false;
        });
        busy[name]?.push(...(await trips(side, () => moving)));
        if (moving) right.command({ do: 'cancel', id });
        await Promise.race([done, right.next('file-failed')]);
        rmSync(path.join(to, 'file'), { force: true });
      }
    }
  } finally {
    for (const child of [left.child, right.child, relay]) child.kill();
    rmSync(root, { recursive: true, force: true });
  }
  const of = (times: readonly number[]): string =>
    [0.5, 0.99].map((q) => `p${String(q * 100)} ${quantile(times, q).toFixed(2)} ms`).join(', ');
  process.stdout.write(`idle: ${of(idle)} (${String(idle.length)} messages)\n`);
  for (const [name, times] of Object.entries(busy)) {
    const ratio = quantile(times, 0.99) / quantile(idle, 0.99);
    process.stdout.write(
      `during a transfer, of its ${name}: ${of(times)} (${String(times.length)} messages): ` +
        `p99 ${ratio.toFixed(2)} × idle (wanted: below ${String(LIMIT)})\n`,
    );
  }
}
