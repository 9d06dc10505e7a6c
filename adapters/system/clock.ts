/**
 * The clock of the system. Nothing else in the program may read the time or set a timer for the core.
 */
import type { ClockPort } from '../../core/ports.js';

/** A jump of the wall clock ahead of the monotonic one by more than this is a sleep of the machine, milliseconds. */
export const SLEEP_JUMP_MS = 5_000;
/** Long waits are looked at this often, so that a sleep is noticed soon after it. */
export const LOOK_MS = 5_000;
/** Where time comes from. */
export interface TimeSource {
  /** Milliseconds that do not jump; on some platforms they stand still while the machine sleeps. */
  monotonic(): number;
  /** Unix time, milliseconds. */
  wall(): number;
}

const SYSTEM: TimeSource = { monotonic: () => performance.now(), wall: () => Date.now() };

/** `now()` counts the time that the machine slept, too. */
export function createClock(source: TimeSource = SYSTEM): ClockPort {
  let slept = 0;
  let last = { monotonic: source.monotonic(), wall: source.wall() };

  function now(): number {
    const at = { monotonic: source.monotonic(), wall: source.wall() };
    const ahead = at.wall - last.wall - (at.monotonic - last.monotonic);
    // Somebody who sets the clock forward makes the same jump: that costs one reconnect.
    if (ahead > SLEEP_JUMP_MS) slept += ahead;
    last = at;
    return at.monotonic + slept;
  }

  return {
    now,
    wallTime: source.wall,
    wakeAt(at, wake) {
      let timer: NodeJS.Timeout | undefined;
      const arm = (): void => {
        const rest = Math.max(0, Math.ceil(at - now()));
        timer = setTimeout(
          () => {
            // Timers may fire a little early, and long waits come in pieces.
            if (now() < at) arm();
            else wake();
          },
          Math.min(rest, LOOK_MS),
        );
      };
      arm();
      return () => clearTimeout(timer);
    },
  };
}
