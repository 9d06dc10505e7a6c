/**
 * The allowed rate of sending for people: 5 messages a second with a burst of 20. What exceeds it waits; nothing is
 * dropped. A token bucket over time that is passed in.
 */

/** Messages that may go out at once. */
export const PACE_BURST = 20;
/** Milliseconds for one more. */
export const PACE_INTERVAL = 200;

export interface Pace {
  /** Takes one token if there is one at `now`. */
  take(now: number): boolean;
  /** When the next token is there. */
  next(now: number): number;
}

export function createPace(): Pace {
  let tokens = PACE_BURST;
  let since = 0;

  function refill(now: number): void {
    if (tokens >= PACE_BURST) since = now;
    const gained = Math.floor((now - since) / PACE_INTERVAL);
    tokens = Math.min(PACE_BURST, tokens + gained);
    since = tokens === PACE_BURST ? now : since + gained * PACE_INTERVAL;
  }

  return {
    take(now) {
      refill(now);
      if (tokens === 0) return false;
      tokens -= 1;
      return true;
    },
    next(now) {
      refill(now);
      return tokens > 0 ? now : since + PACE_INTERVAL;
    },
  };
}

/** No limit: for pipes and scripts. */
export function unpaced(): Pace {
  return { take: () => true, next: (now) => now };
}
