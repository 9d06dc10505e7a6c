/**
 * The rich UI: a burst of messages against a repaint for each, the first picture against the line UI's first line, and the
 * cost of a key with a long scrollback against a short one. Build first: npm run build.
 */
import { performance } from 'node:perf_hooks';
import { Readable, Writable } from 'node:stream';
import { createEditor } from '../adapters/terminal/editor.js';
import { createGlyphs } from '../adapters/ui/rich/glyphs.js';
import { layout } from '../adapters/ui/rich/layout.js';
import { createModel } from '../adapters/ui/rich/model.js';
import { createPainter } from '../adapters/ui/rich/painter.js';
import { createRichUi } from '../adapters/ui/rich/rich.js';
import { sanitize } from '../adapters/text/sanitize.js';
import { createClock } from '../adapters/system/clock.js';
import type { ClockPort, UiPort, UiView } from '../core/ports.js';
import { createFakeClock } from '../plugins/testing/clock.js';
import { quantile, row } from './figures.js';
import { shown } from './terminal.js';

const SIZE = { columns: 120, rows: 40 };
const BURST = 1000;
/** Messages that a read of the socket brings at once. */
const AT_ONCE = 10;
const PROGRAM = 'dist/securechat';
const median = (values: readonly number[]): number => quantile(values, 0.5);
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function message(id: number): UiView {
  const text = Buffer.from(`message ${id}: the quick brown fox, 今日は, grüße 👋 ${'and more '.repeat(id % 12)}`);
  return { type: 'message', id, from: new Uint8Array(0), text: Uint8Array.from(text), at: 0 };
}

/** A terminal that swallows everything and counts. */
function terminal() {
  let bytes = 0;
  const output = Object.assign(
    new Writable({
      write(chunk: Uint8Array, _encoding, done) {
        bytes += chunk.length;
        done();
      },
    }),
    { isTTY: true, ...SIZE },
  );
  const input = Object.assign(new Readable({ read: () => undefined }), { isTTY: true, setRawMode: () => undefined });
  return { input, output, bytes: () => bytes };
}

function rich(clock: ClockPort): { ui: UiPort; type: (text: string) => void; bytes: () => number } {
  const { input, output, bytes } = terminal();
  const host = { on: () => () => undefined, stop: () => undefined };
  const ui = createRichUi(
    {},
    { clock, input, output, errors: output, sanitize, color: true, wipeScrollback: false },
    { host, unicode: true },
  );
  ui.open(() => undefined);
  ui.show({ type: 'state', state: 'active' });
  return { ui, type: (text) => void input.push(Buffer.from(text)), bytes };
}

/** The same screens, each painted whole as soon as there is something new. */
function naive() {
  const { output, bytes } = terminal();
  const [model, editor, glyphs] = [createModel(sanitize), createEditor(), createGlyphs(true)];
  const painter = createPainter({ color: true, unicode: true });
  const show = (view: UiView): void => {
    model.show(view, 0);
    painter.forget();
    const painted = painter.paint(
      layout({ model, editor, glyphs, sanitize, qr: undefined, codeHint: '', now: 0 }, SIZE),
    );
    if (painted !== undefined) output.write(painted);
  };
  show({ type: 'state', state: 'active' });
  return { show, bytes };
}

/** CPU milliseconds and the most memory beyond what there was, MB. */
async function burst(show: (view: UiView) => void): Promise<{ cpu: number; memory: number }> {
  globalThis.gc?.();
  const used = (): number => process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
  const [before, start] = [used(), process.cpuUsage()];
  let most = before;
  for (let id = 0; id < BURST; id++) {
    show(message(id));
    if (id % AT_ONCE !== 0) continue;
    await turn();
    most = Math.max(most, used());
  }
  await new Promise((resolve) => setTimeout(resolve, 50));
  const { user, system } = process.cpuUsage(start);
  return { cpu: (user + system) / 1000, memory: (most - before) / 1e6 };
}

async function bursts(): Promise<void> {
  const figures = {
    ours: [] as number[],
    naive: [] as number[],
    oursMemory: [] as number[],
    naiveMemory: [] as number[],
  };
  const written = { ours: 0, naive: 0 };
  for (let round = 0; round < 7; round++) {
    const one = rich(createClock());
    const ours = await burst((view) => one.ui.show(view));
    written.ours = one.bytes() / 1e3;
    await one.ui.close();
    const other = naive();
    const bare = await burst(other.show);
    written.naive = other.bytes() / 1e3;
    // The first round warms up.
    if (round === 0) continue;
    figures.ours.push(ours.cpu);
    figures.naive.push(bare.cpu);
    figures.oursMemory.push(ours.memory);
    figures.naiveMemory.push(bare.memory);
  }
  console.log(
    `\n${`${BURST} messages in a burst`.padEnd(34)}  ${'rich'.padStart(10)}  ${'repaint'.padStart(10)}  ${'ratio'.padStart(8)}`,
  );
  console.log(row('CPU', 'ms', median(figures.ours), median(figures.naive)));
  console.log(row('memory at most', 'MB', median(figures.oursMemory), median(figures.naiveMemory)));
  console.log(row('bytes to the terminal', 'kB', written.ours, written.naive));
}

/** Milliseconds for a key until its frame is written, with this many entries. */
function keystrokes(entries: number): { press: () => Promise<number>; close: () => Promise<void> } {
  const clock = createFakeClock();
  const { ui, type, bytes } = rich(clock);
  for (let id = 0; id < entries; id++) ui.show(message(id));
  let pressed = 0;
  return {
    async press() {
      clock.advance(100);
      await turn();
      const before = bytes();
      const start = performance.now();
      pressed += 1;
      type(pressed % 40 === 0 ? '\x15' : 'x');
      while (bytes() === before) {
        clock.advance(1);
        await turn();
      }
      return performance.now() - start;
    },
    close: () => ui.close(),
  };
}

async function keys(): Promise<void> {
  const sides = [10, 10_000].map((entries) => ({ ...keystrokes(entries), figures: [] as number[] }));
  for (let i = 0; i < 2200; i++) {
    for (const side of sides) {
      const took = await side.press();
      if (i >= 200) side.figures.push(took);
    }
  }
  const [short = [], long = []] = sides.map(({ figures }) => figures);
  console.log(
    `\n${'a key until it is written'.padEnd(34)}  ${'10,000'.padStart(10)}  ${'10 entries'.padStart(10)}  ${'ratio'.padStart(8)}`,
  );
  console.log(row('median', 'ms', median(long), median(short)));
  console.log(row('99 of 100', 'ms', quantile(long, 0.99), quantile(short, 0.99)));
  for (const side of sides) await side.close();
}

/** The program on a terminal of 80 by 24. No relay is needed for the first picture: nobody listens on this port. */
const started = (args: string): string =>
  `stty cols 80 rows 24; exec ${PROGRAM} ${args} --relay ws://127.0.0.1:9 quay-a-b-c`;

async function firsts(): Promise<void> {
  const [ours, line]: [number[], number[]] = [[], []];
  for (let i = 0; i < 25; i++) {
    line.push(await shown(started('--ui line'), '-- '));
    ours.push(await shown(started('--ui rich'), 'Nothing is written'));
  }
  console.log(
    `\n${'from the start of the program'.padEnd(34)}  ${'rich'.padStart(10)}  ${'line'.padStart(10)}  ${'ratio'.padStart(8)}`,
  );
  console.log(row('first picture, first line', 'ms', median(ours), median(line)));
}

console.log(`rich UI, ${SIZE.columns}x${SIZE.rows}, Node ${process.version}`);
await bursts();
await keys();
await firsts();
process.exit(0);
