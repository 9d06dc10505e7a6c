/**
 * A stream as a UI writes to it: in bounded memory, buffers are wiped once they are written, and a stream that is broken
 * or that nobody reads is told once instead of thrown. Nothing about the content may be in this file.
 */
import type { ClockPort } from '../../core/ports.js';
import { ascii } from '../../core/protocol/bytes.js';

/** Milliseconds that `flush` waits for a reader that does not read. */
export const FLUSH_LIMIT = 2000;
/** Of what nobody has read yet: above this the stream counts as gone. Bytes. */
export const UNREAD_LIMIT = 64 * 1024 * 1024;
/** What one write costs beside its bytes: many small ones are as bad as a few large ones. Bytes. */
export const WRITE_COST = 512;

/** To the first place, then the screen, then what can be scrolled back to. */
export const ERASE_TERMINAL = ascii('\x1b[H\x1b[2J\x1b[3J');

export interface Outlet {
  /**
   * Writes the bytes in order and takes them over: they are overwritten with zeros when they are out, or dropped. `done`
   * is called when they are out: the operating system has taken them. Not for what is dropped.
   */
  write(bytes: Uint8Array, done?: () => void): void;
  /** Resolves when everything is written, the stream is gone, or nobody has read for FLUSH_LIMIT. */
  flush(): Promise<void>;
}

/** Why an outlet is gone; undefined: the stream is broken or closed. It belongs into the UI's `gone` event. */
export type Unread = 'unread' | undefined;

/** `gone` is called once, and never from within `write`. */
export function createOutlet(stream: NodeJS.WritableStream, clock: ClockPort, gone: (why: Unread) => void): Outlet {
  const pending = new Set<Uint8Array>();
  let unread = 0;
  let over = false;
  let settle = (): void => undefined;

  function release(bytes: Uint8Array): void {
    bytes.fill(0);
    if (pending.delete(bytes)) unread -= bytes.length + WRITE_COST;
  }

  function settled(): void {
    if (pending.size === 0) settle();
  }

  /** A stream still holds what it was given: whoever reads it after this reads zeros. */
  function releaseAll(): void {
    for (const bytes of [...pending]) release(bytes);
    settled();
  }

  function fail(why: Unread): void {
    if (over) return;
    over = true;
    releaseAll();
    queueMicrotask(() => gone(why));
  }

  const broken = (): void => fail(undefined);
  // The listener stays after the end: a late EPIPE must not become an uncaught error.
  stream.on('error', broken);
  stream.on('close', broken);

  return {
    write(bytes, done) {
      if (!over && unread + bytes.length + WRITE_COST > UNREAD_LIMIT) fail('unread');
      if (over) {
        bytes.fill(0);
        return;
      }
      pending.add(bytes);
      unread += bytes.length + WRITE_COST;
      try {
        stream.write(bytes, (error) => {
          const kept = pending.has(bytes);
          release(bytes);
          if (error) broken();
          else if (kept) done?.();
          settled();
        });
      } catch {
        broken();
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
      releaseAll();
    },
  };
}
