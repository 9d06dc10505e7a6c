/**
 * When to draw: at once after a pause, and then at most every 33 ms, however much happens. Nothing about what is drawn may
 * be in this file.
 */
import type { ClockPort } from '../../../core/ports.js';

/** Milliseconds from one frame to the next, at least. */
export const FRAME_MS = 33;

export interface Schedule {
  /** Something changed. */
  request(): void;
  /** What could not be drawn may be drawn now. */
  again(): void;
  /** Something will have changed by itself at `at`, monotonic ms; only the earliest counts. */
  requestAt(at: number): void;
  /** Nothing is drawn after this. */
  close(): void;
}

/** `draw` returns false when it could not draw now: it is asked again at the next `request`, or by `again`. */
export function createSchedule(clock: ClockPort, draw: () => boolean): Schedule {
  let last = Number.NEGATIVE_INFINITY;
  let wanted = false;
  let cancel: (() => void) | undefined;
  let cancelLater = (): void => undefined;
  let closed = false;

  function now(): void {
    cancel?.();
    cancel = undefined;
    if (closed || !wanted) return;
    wanted = false;
    if (draw()) last = clock.now();
    else wanted = true;
  }

  function request(): void {
    if (closed) return;
    wanted = true;
    if (cancel !== undefined) return;
    const due = last + FRAME_MS;
    if (due <= clock.now()) now();
    else cancel = clock.wakeAt(due, now);
  }

  return {
    request,
    again() {
      if (wanted) request();
    },
    requestAt(at) {
      cancelLater();
      if (!closed) cancelLater = clock.wakeAt(at, request);
    },
    close() {
      closed = true;
      cancel?.();
      cancelLater();
    },
  };
}
