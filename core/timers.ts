/**
 * Deadlines with names, and which of them comes first. Time is passed in; nothing happens here when a deadline passes. What is
 * never due is written here and nowhere else in the session.
 */

/** Later than every time: what is not due at all. */
export const NEVER = Number.POSITIVE_INFINITY;

export interface Timers<Name extends string> {
  /** Instead of what was set under this name before. */
  set(name: Name, at: number): void;
  /** The earlier of what was set before and `at`. */
  hurry(name: Name, at: number): void;
  stop(...names: readonly Name[]): void;
  stopAll(): void;
  isSet(name: Name): boolean;
  /** Milliseconds until it is due, or undefined when it is not set. */
  left(name: Name, now: number): number | undefined;
  /** Whether it is due. Then it is stopped: each setting rings once. */
  rings(name: Name, now: number): boolean;
  /** The earliest of all, or NEVER. */
  next(): number;
}

export function createTimers<Name extends string>(): Timers<Name> {
  const due = new Map<Name, number>();
  return {
    set: (name, at) => void due.set(name, at),
    hurry: (name, at) => void due.set(name, Math.min(due.get(name) ?? NEVER, at)),
    stop(...names) {
      for (const name of names) due.delete(name);
    },
    stopAll: () => due.clear(),
    isSet: (name) => due.has(name),
    left(name, now) {
      const at = due.get(name);
      return at === undefined ? undefined : Math.max(0, at - now);
    },
    rings(name, now) {
      const rings = now >= (due.get(name) ?? NEVER);
      if (rings) due.delete(name);
      return rings;
    },
    next: () => Math.min(NEVER, ...due.values()),
  };
}
