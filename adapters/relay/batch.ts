/**
 * Frames that one read brings go out in one write, framed here (RFC 6455 section 5.2). Small ones are copied into memory that
 * is used again as soon as the system has taken it: nothing is allocated for a frame, and none that waits keeps the read that
 * it came with. Nobody waits for a batch: it ends with the read. No room and no limit may be in this file.
 */
import type { Duplex } from 'node:stream';

/** Frames above this are not worth a copy, bytes. */
export const COPY_LIMIT = 4 * 1024;
/** What a frame that waits costs beside its bytes, about: a piece of memory and its place in the queue of the stream. */
export const FRAME_OVERHEAD = 256;
const SLAB = 64 * 1024;
const BINARY = 0x82;
const HEADER = 4;
const SHORT = 126;
const LONG_HEADER = 10;
const LONG = 127;

/** A connection whose messages go out one after the other. */
export interface Outlet {
  /** Where they can be written now, past the library; undefined: the library has something waiting, or writes nothing here. */
  readonly outlet: Duplex | undefined;
  /** Bytes that its small frames that wait cost beside their own. */
  overhead: number;
}

export interface Batch<T extends Outlet> {
  /** False: it was not taken, the library must send it. */
  add(frame: Uint8Array, from: T | undefined, to: T): boolean;
  /** To be called before anything else is written to a connection. */
  flush(): void;
}

function headerOf(length: number): Buffer {
  const header = Buffer.allocUnsafe(length > 0xffff ? LONG_HEADER : HEADER);
  header[0] = BINARY;
  if (length > 0xffff) {
    header[1] = LONG;
    header.writeUIntBE(0, 2, 2);
    header.writeUIntBE(length, 4, 6);
  } else {
    header[1] = SHORT;
    header.writeUInt16BE(length, 2);
  }
  return header;
}

/** `written` is told after a batch went to `to`; `from` sent it. `left`: what had to wait has gone. */
export function createBatch<T extends Outlet>(
  written: (to: T, from: T | undefined) => void,
  left: (to: T) => void,
): Batch<T> {
  let slab = Buffer.allocUnsafeSlow(SLAB);
  let start = 0;
  let end = 0;
  let frames = 0;
  let target: T | undefined;
  let raw: Duplex | undefined;
  let sender: T | undefined;
  let ending = false;
  const corked: Duplex[] = [];

  /** Behind what waits already: in a piece of its own, so that no slab is kept for it, and charged until it has left. */
  function queue(to: T, out: Duplex): void {
    const bytes = Buffer.allocUnsafeSlow(end - start);
    slab.copy(bytes, 0, start, end);
    end = start;
    const cost = frames * FRAME_OVERHEAD;
    to.overhead += cost;
    out.write(bytes, () => {
      to.overhead -= cost;
      left(to);
    });
  }

  function flush(): void {
    if (target === undefined || raw === undefined) return;
    const [to, from, out] = [target, sender, raw];
    target = sender = raw = undefined;
    if (!out.writable) {
      end = start;
      return;
    }
    if (out.writableLength > 0) queue(to, out);
    else {
      out.write(slab.subarray(start, end));
      // Taken whole: the same memory again. Otherwise it belongs to the connection until that is read from.
      if (out.writableLength === 0) end = start;
      else start = end;
    }
    frames = 0;
    written(to, from);
  }

  function atEnd(): void {
    ending = false;
    flush();
    for (const out of corked) out.uncork();
    corked.length = 0;
  }

  function endWithRead(): void {
    if (ending) return;
    ending = true;
    process.nextTick(atEnd);
  }

  function cork(out: Duplex): void {
    if (out.writableCorked > 0) return;
    out.cork();
    corked.push(out);
    endWithRead();
  }

  /** Uncopied, with what else this read brings for `to`. */
  function pass(frame: Uint8Array, from: T | undefined, to: T): boolean {
    flush();
    const { outlet } = to;
    if (outlet === undefined) return false;
    if (outlet.writable) {
      cork(outlet);
      outlet.write(headerOf(frame.length));
      outlet.write(frame);
      written(to, from);
    }
    return true;
  }

  return {
    flush,
    add(frame, from, to) {
      const { length } = frame;
      if (length > COPY_LIMIT) return pass(frame, from, to);
      if (target !== to) {
        flush();
        const { outlet } = to;
        if (outlet === undefined) return false;
        raw = outlet;
      }
      if (end + HEADER + length > SLAB) {
        flush();
        raw = to.outlet;
        if (raw === undefined) return false;
        if (end + HEADER + length > SLAB) {
          slab = Buffer.allocUnsafeSlow(SLAB);
          start = end = 0;
        }
      }
      target = to;
      sender = from;
      frames += 1;
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
      endWithRead();
      return true;
    },
  };
}
