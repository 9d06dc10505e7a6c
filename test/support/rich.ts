/**
 * The rich UI on fake streams with a clock that the test moves, and a terminal emulator that draws what it wrote. No
 * expectation may be in this file.
 */

import type { CodeHelp } from '../../adapters/ui/code-help.js';
import type { CompletePath } from '../../adapters/ui/rich/path-completion.js';
import { createRichUi } from '../../adapters/ui/rich/rich.js';
import type { Host } from '../../adapters/ui/rich/terminal.js';
import { sanitize } from '../../adapters/text/sanitize.js';
import type { UiEvent, UiPort, UiView } from '../../core/ports.js';
import { createFakeClock, type FakeClock } from '../../plugins/testing/clock.js';
import { createFakeInput, createFakeOutput, type FakeInput, type FakeOutput } from '../../plugins/testing/streams.js';
import { createEmulator, type Emulator } from './emulator.js';

export interface FakeHost extends Host {
  /** Raises a signal or the end of the process. */
  raise(event: 'SIGTSTP' | 'SIGCONT' | 'exit'): void;
  readonly stops: number;
  listening(event: 'SIGTSTP' | 'SIGCONT' | 'exit'): number;
}

export function createFakeHost(): FakeHost {
  const listeners = new Map<string, Set<() => void>>();
  const of = (event: string): Set<() => void> => {
    const found = listeners.get(event) ?? new Set();
    listeners.set(event, found);
    return found;
  };
  let stops = 0;
  return {
    on(event, listener) {
      of(event).add(listener);
      return () => void of(event).delete(listener);
    },
    stop: () => {
      stops += 1;
    },
    raise(event) {
      for (const listener of [...of(event)]) listener();
    },
    get stops() {
      return stops;
    },
    listening: (event) => of(event).size,
  };
}

export interface RichRig {
  readonly ui: UiPort;
  readonly input: FakeInput;
  readonly output: FakeOutput;
  readonly errors: FakeOutput;
  readonly clock: FakeClock;
  readonly host: FakeHost;
  /** All but the activities and what was shown, … */
  readonly events: UiEvent[];
  /** … which are counted. */
  readonly activities: () => number;
  readonly emulator: Emulator;
  /** In the order in which they were set. */
  readonly rawModes: boolean[];
  show(...views: UiView[]): void;
  /** Types, lets a frame be drawn, and gives the emulator all of it. */
  type(text: string | Uint8Array): Promise<void>;
  /** Lets a frame be drawn. */
  drawn(): Promise<void>;
  resize(columns: number, rows: number): Promise<void>;
  /** The screen, a string for each row without the blanks at its end. */
  screen(): Promise<string[]>;
}

export interface RichOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly unicode?: boolean;
  readonly color?: boolean;
  readonly wipeScrollback?: boolean;
  readonly widths?: '6' | '11';
  readonly completePath?: CompletePath;
  readonly codeHelp?: CodeHelp;
}

export function openRich(options: RichOptions = {}): RichRig {
  const { columns = 80, rows = 24, unicode = true, color = false, wipeScrollback = false, widths = '11' } = options;
  const [input, output, errors] = [createFakeInput(true), createFakeOutput(true), createFakeOutput(true)];
  const clock = createFakeClock();
  const host = createFakeHost();
  const emulator = createEmulator(columns, rows, widths);
  const rawModes: boolean[] = [];
  Object.assign(input.stream, { setRawMode: (raw: boolean) => rawModes.push(raw) });
  Object.assign(output.stream, { columns, rows });
  const ui = createRichUi(
    {},
    { clock, input: input.stream, output: output.stream, errors: errors.stream, sanitize, color, wipeScrollback },
    { host, unicode, completePath: options.completePath, codeHelp: options.codeHelp },
  );
  const events: UiEvent[] = [];
  let activities = 0;
  ui.open((event) => {
    if (event.type === 'shown') return;
    if (event.type === 'activity') activities += 1;
    else events.push(event);
  });
  let given = 0;

  async function settle(): Promise<void> {
    for (let i = 0; i < 4; i++) await new Promise((resolve) => setImmediate(resolve));
  }

  async function drawn(): Promise<void> {
    for (let i = 0; i < 3; i++) {
      await settle();
      clock.advance(40);
    }
    await settle();
    const bytes = output.bytes();
    await emulator.write(bytes.subarray(given));
    given = bytes.length;
  }

  return {
    ...{ ui, input, output, errors, clock, host, events, emulator, rawModes, drawn },
    activities: () => activities,
    show(...views) {
      for (const view of views) ui.show(view);
    },
    async type(text) {
      input.type(text);
      await drawn();
    },
    async resize(toColumns, toRows) {
      emulator.resize(toColumns, toRows);
      Object.assign(output.stream, { columns: toColumns, rows: toRows });
      output.stream.emit('resize');
      await drawn();
    },
    async screen() {
      await drawn();
      return emulator.screen();
    },
  };
}
