/**
 * A clock that only the test moves: FakeClock for adapters and for whoever tests one. No real time may be in this file.
 */
import type { ClockPort } from '../../core/ports.js';

export interface FakeClock extends ClockPort {
  /** Moves the time on by `ms`, waking in order whoever waits for a moment that is reached, each at its moment. */
  advance(ms: number): void;
  /** How many wait. */
  readonly waiting: number;
}

/** `now` and `wallTime` start at 0. Who asks to be woken in the past is woken by the next `advance`, be it of 0 ms. */
export function createFakeClock(): FakeClock {
  const waiting = new Set<{ readonly at: number; readonly wake: () => void }>();
  let now = 0;

  /** The one to be woken first; of two with the same moment the one that asked first. */
  function due(end: number): { readonly at: number; readonly wake: () => void } | undefined {
    let first: { readonly at: number; readonly wake: () => void } | undefined;
    for (const each of waiting) if (each.at <= end && (first === undefined || each.at < first.at)) first = each;
    return first;
  }

  return {
    now: () => now,
    wallTime: () => now,
    wakeAt(at, wake) {
      const entry = { at, wake };
      waiting.add(entry);
      return () => void waiting.delete(entry);
    },
    advance(ms) {
      const end = now + ms;
      for (let next = due(end); next !== undefined; next = due(end)) {
        waiting.delete(next);
        now = Math.max(now, next.at);
        next.wake();
      }
      now = end;
    },
    get waiting() {
      return waiting.size;
    },
  };
}
