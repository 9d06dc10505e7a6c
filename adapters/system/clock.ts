/**
 * The clock of the system. Nothing else in the program may read the time or set a timer for the core.
 */
import type { ClockPort } from '../../core/ports.js';

/** The longest delay that setTimeout takes; longer ones are waited for in pieces. */
export const TIMER_LIMIT_MS = 2 ** 31 - 1;

export function createClock(): ClockPort {
  const now = (): number => performance.now();
  return {
    now,
    wallTime: () => Date.now(),
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
          Math.min(rest, TIMER_LIMIT_MS),
        );
      };
      arm();
      return () => clearTimeout(timer);
    },
  };
}
