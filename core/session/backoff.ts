/**
 * How long to wait before the next try (protocol.md section 7): half as much more each time, up to a bound, with jitter.
 * Chance comes from the crypto port, time from the caller.
 */
import type { CryptoPort } from '../ports.js';

/** The first delay at most, milliseconds. */
export const BACKOFF_MIN = 250;
/** How much longer each is than the one before. Doubling would make a connection wait twice as long after short breaks. */
export const BACKOFF_FACTOR = 1.5;
/** Every delay at most, milliseconds. */
export const BACKOFF_MAX = 10_000;

export interface Backoff {
  /** Milliseconds until the next try: half to the whole of what is due now, which then grows. */
  next(): number;
  reset(): void;
}

/** `first`: the first delay at most, milliseconds. */
export function createBackoff(crypto: CryptoPort, first = BACKOFF_MIN): Backoff {
  let due = first;
  return {
    next() {
      const delay = due / 2 + (due / 2) * fraction(crypto);
      due = Math.min(due * BACKOFF_FACTOR, BACKOFF_MAX);
      return delay;
    },
    reset() {
      due = first;
    },
  };
}

/** A random number from 0 up to 1. */
export function fraction(crypto: CryptoPort): number {
  const [high, low] = crypto.random(2);
  return ((high ?? 0) * 256 + (low ?? 0)) / 65536;
}
