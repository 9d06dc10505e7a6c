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
  /** Of all: asked after every event, and seldom another one. */
  let earliest = NEVER;

  function look(): void {
    earliest = NEVER;
    for (const at of due.values()) if (at < earliest) earliest = at;
  }

  function set(name: Name, at: number): void {
    due.set(name, at);
    look();
  }

  function stop(name: Name): void {
    if (due.delete(name)) look();
  }

  return {
    set,
    hurry: (name, at) => set(name, Math.min(due.get(name) ?? NEVER, at)),
    stop(...names) {
      for (const name of names) stop(name);
    },
    stopAll() {
      due.clear();
      earliest = NEVER;
    },
    isSet: (name) => due.has(name),
    left(name, now) {
      const at = due.get(name);
      return at === undefined ? undefined : Math.max(0, at - now);
    },
    rings(name, now) {
      if (now < earliest || now < (due.get(name) ?? NEVER)) return false;
      stop(name);
      return true;
    },
    next: () => earliest,
  };
}
