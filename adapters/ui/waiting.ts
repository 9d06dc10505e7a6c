/**
 * Waiting that says something: after a while alone in a room, which room that is, because the other person may have typed
 * another one. How it is said may not be decided in this file.
 */
import type { ClockPort, UiView } from '../../core/ports.js';

/** Milliseconds alone in a room after which that is told. */
export const ALONE_MS = 20_000;

export interface Waiting {
  /** Each view, before or after it is shown. */
  see(view: UiView): void;
  close(): void;
}

/** `alone` is called once for each time that one waits. */
export function createWaiting(clock: ClockPort, alone: (room: string) => void): Waiting {
  let cancel: (() => void) | undefined;

  function stop(): void {
    cancel?.();
    cancel = undefined;
  }

  return {
    see(view) {
      if (view.type === 'relay' && view.joined) {
        const { room } = view;
        cancel ??= clock.wakeAt(clock.now() + ALONE_MS, () => alone(room));
      } else if (
        view.type === 'relay' ||
        view.type === 'ended' ||
        (view.type === 'state' && view.state !== 'searching')
      ) {
        stop();
      }
    },
    close: stop,
  };
}
