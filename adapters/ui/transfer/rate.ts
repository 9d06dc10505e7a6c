/**
 * How fast something moves, from what has moved so far: an average that follows. Numbers only.
 */

/** Milliseconds over which the average follows. */
export const RATE_WINDOW = 3000;

export interface Rate {
  /** So much has moved in all, at `now`. */
  at(total: number, now: number): void;
  /** Per second. */
  readonly value: number;
}

export function createRate(): Rate {
  let last: { readonly total: number; readonly now: number } | undefined;
  let value = 0;
  return {
    at(total, now) {
      if (last !== undefined && now <= last.now) return;
      if (last !== undefined) {
        const passed = now - last.now;
        const current = ((total - last.total) * 1000) / passed;
        const share = value === 0 ? 1 : 1 - Math.exp(-passed / RATE_WINDOW);
        value += (current - value) * share;
      }
      last = { total, now };
    },
    get value() {
      return value;
    },
  };
}
