/**
 * A stream as a UI writes to it: buffers are wiped once they are written, and a broken stream is told once instead of
 * thrown. Nothing about the content may be in this file.
 */
import type { ClockPort } from '../../core/ports.js';
import { ascii } from '../../core/protocol/bytes.js';

/** Milliseconds that `flush` waits for a reader that does not read. */
export const FLUSH_LIMIT = 2000;

/** To the first place, then the screen, then what can be scrolled back to. */
export const ERASE_TERMINAL = ascii('\x1b[H\x1b[2J\x1b[3J');

export interface Outlet {
  /**
   * Writes the bytes in order and takes them over: they are overwritten with zeros when they are out, or dropped. Then
   * `done` is called, but not for what is dropped at once.
   */
  write(bytes: Uint8Array, done?: () => void): void;
  /** Resolves when everything is written, the stream is broken, or nobody has read for FLUSH_LIMIT. */
  flush(): Promise<void>;
}

/** `broken` is called once, and never from within `write`. */
export function createOutlet(stream: NodeJS.WritableStream, clock: ClockPort, broken: () => void): Outlet {
  const pending = new Set<Uint8Array>();
  let gone = false;
  let settle = (): void => undefined;

  function written(bytes: Uint8Array): void {
    bytes.fill(0);
    pending.delete(bytes);
    if (pending.size === 0) settle();
  }

  function fail(): void {
    if (gone) return;
    gone = true;
    for (const bytes of [...pending]) written(bytes);
    queueMicrotask(broken);
  }

  // The listener stays after the end: a late EPIPE must not become an uncaught error.
  stream.on('error', fail);
  stream.on('close', fail);

  return {
    write(bytes, done) {
      if (gone) {
        bytes.fill(0);
        return;
      }
      pending.add(bytes);
      try {
        stream.write(bytes, (error) => {
          written(bytes);
          if (error) fail();
          done?.();
        });
      } catch {
        fail();
      }
    },

    async flush() {
      if (pending.size === 0) return;
      let cancel = (): void => undefined;
      await new Promise<void>((resolve) => {
        settle = resolve;
        cancel = clock.wakeAt(clock.now() + FLUSH_LIMIT, resolve);
      });
      cancel();
      // What nobody read in time is wiped although the stream still holds it: a reader that wakes up now reads zeros.
      for (const bytes of [...pending]) written(bytes);
    },
  };
}
