/**
 * Small frames that one read brings go out in one write, framed here (RFC 6455 section 5.2) into memory that is used again
 * as soon as the system has taken it: nothing is allocated for a frame. Nobody waits for it: a batch ends with the read.
 * No room and no limit may be in this file.
 */
import type { Duplex } from 'node:stream';

/** Frames above this are not worth a copy, bytes. */
export const COPY_LIMIT = 4 * 1024;
const SLAB = 64 * 1024;
const BINARY = 0x82;
const HEADER = 4;
const SHORT = 126;

/** A connection whose messages go over `raw`, one after the other. */
export interface Outlet {
  raw: Duplex | undefined;
}

export interface Batch<T extends Outlet> {
  /** False: it was not taken (too large, or `to` is behind and must be served by the library). */
  add(frame: Uint8Array, from: T | undefined, to: T): boolean;
  /** To be called before anything else is written to a connection. */
  flush(): void;
  /** What is written to `to` until the end of this turn of the event loop goes out at once, uncopied. */
  cork(to: T): void;
}

/** `written` is told after a batch went to `to`; `from` sent it. */
export function createBatch<T extends Outlet>(written: (to: T, from: T | undefined) => void): Batch<T> {
  let slab = Buffer.allocUnsafeSlow(SLAB);
  let start = 0;
  let end = 0;
  let target: T | undefined;
  let sender: T | undefined;
  let ending = false;
  const corked: Duplex[] = [];

  function uncork(): void {
    for (const raw of corked) raw.uncork();
    corked.length = 0;
  }

  function flush(): void {
    if (target === undefined) return;
    const [to, from] = [target, sender];
    target = sender = undefined;
    const { raw } = to;
    if (raw?.writable === true) {
      raw.write(slab.subarray(start, end));
      // Taken whole: the same memory again. Otherwise it belongs to the connection until that is read from.
      if (raw.writableLength === 0) end = start;
      else start = end;
      written(to, from);
    } else end = start;
  }

  function atEnd(): void {
    ending = false;
    flush();
  }

  return {
    flush,
    cork({ raw }) {
      if (raw === undefined || raw.writableCorked > 0) return;
      raw.cork();
      if (corked.push(raw) === 1) setImmediate(uncork);
    },
    add(frame, from, to) {
      const { length } = frame;
      if (length > COPY_LIMIT) return false;
      if (target !== to) {
        flush();
        // What waits for one reader must not keep a whole slab each.
        if (to.raw === undefined || to.raw.writableLength > 0) return false;
      }
      if (end + HEADER + length > SLAB) {
        flush();
        if (to.raw === undefined || to.raw.writableLength > 0) return false;
        if (end + HEADER + length > SLAB) {
          slab = Buffer.allocUnsafeSlow(SLAB);
          start = end = 0;
        }
      }
      target = to;
      sender = from;
      slab[end] = BINARY;
      if (length < SHORT) {
        slab[end + 1] = length;
        end += 2;
      } else {
        slab[end + 1] = SHORT;
        slab[end + 2] = length >> 8;
        slab[end + 3] = length & 0xff;
        end += HEADER;
      }
      slab.set(frame, end);
      end += length;
      if (!ending) {
        ending = true;
        queueMicrotask(atEnd);
      }
      return true;
    },
  };
}
