/**
 * A UI on fake streams for the tests of one UI: its events in order, its two outputs, and a wait for either.
 */

import { sanitize } from '../../adapters/text/sanitize.js';
import type { UiEvent, UiPort, UiView } from '../../core/ports.js';
import type { UiContext } from '../../plugins/kit/define.js';
import { createFakeClock, type FakeClock } from '../../plugins/testing/clock.js';
import { createFakeInput, createFakeOutput, type FakeInput, type FakeOutput } from '../../plugins/testing/streams.js';

export interface UiRig {
  readonly ui: UiPort;
  readonly clock: FakeClock;
  readonly input: FakeInput;
  readonly output: FakeOutput;
  readonly errors: FakeOutput;
  /** All events so far but the activities, …; text is copied as it was when it came. */
  readonly events: UiEvent[];
  /** … which are counted. */
  readonly activities: () => number;
  show(...views: UiView[]): void;
  /** Resolves when this many events have come. */
  come(count: number): Promise<readonly UiEvent[]>;
  /** Resolves when everything that was typed has been looked at. */
  settled(): Promise<void>;
  /** Types lines as a person does: one, and after a while the next one. */
  person(...lines: string[]): Promise<void>;
}

export interface RigOptions {
  readonly terminal?: boolean;
  readonly color?: boolean;
  readonly wipeScrollback?: boolean;
  /** Called with each event, as a session would be. */
  readonly on?: (event: UiEvent, rig: UiRig) => void;
}

export function openUi(create: (context: UiContext) => UiPort, options: RigOptions = {}): UiRig {
  const terminal = options.terminal === true;
  const [input, output, errors] = [createFakeInput(terminal), createFakeOutput(terminal), createFakeOutput(terminal)];
  const clock = createFakeClock();
  const ui = create({
    clock,
    input: input.stream,
    output: output.stream,
    errors: errors.stream,
    sanitize,
    color: options.color === true,
    wipeScrollback: options.wipeScrollback === true,
  });
  const events: UiEvent[] = [];
  let activities = 0;
  let look = (): void => undefined;
  const rig: UiRig = {
    ui,
    clock,
    input,
    output,
    errors,
    events,
    activities: () => activities,
    show: (...views) => {
      for (const view of views) ui.show(view);
    },
    come: (count) =>
      new Promise((resolve) => {
        look = () => {
          if (events.length >= count) resolve(events);
        };
        look();
      }),
    settled: async () => {
      for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
    },
    async person(...lines) {
      for (const line of lines) {
        input.type(`${line}\n`);
        await rig.settled();
        clock.advance(1_000);
      }
    },
  };
  ui.open((event) => {
    if (event.type === 'activity') {
      activities += 1;
      return;
    }
    events.push(event);
    options.on?.(event, rig);
    look();
  });
  return rig;
}

export function bytes(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'utf8'));
}

export function textOf(event: UiEvent | undefined): string {
  return event?.type === 'send' ? Buffer.from(event.text).toString('utf8') : `(${event?.type ?? 'nothing'})`;
}

export function message(text: string, from = '', id = 0): UiView {
  return { type: 'message', id, from: bytes(from), text: bytes(text), at: new Date(2030, 0, 1, 12, 1).getTime() };
}
