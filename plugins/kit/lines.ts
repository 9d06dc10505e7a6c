/**
 * Input bytes into lines, in bounded memory, wiped as they are used: the one place where a UI of lines touches its input
 * stream. What a line means may not be in this file.
 */
import { plainBuffer } from '../../core/protocol/bytes.js';

const LF = 0x0a;
const CR = 0x0d;
/** The line buffer begins with this and doubles. */
const FIRST_BUFFER = 4096;

export interface LineTaker {
  /**
   * A line without its LF or CR LF: a view that is overwritten after the call. False: it cannot be taken now; the input
   * rests and the same line is offered again after `again()`.
   */
  line(line: Uint8Array): boolean;
  /** A line of more than `limit` bytes began; all of it is skipped. */
  tooLong(): void;
  /** The end of the input, once; the last line needs no LF. `broken`: it could not be read to its end. */
  end(broken: boolean): void;
}

export interface LineReader {
  open(): void;
  /** Offers the line that was not taken again. */
  again(): void;
  /** Stops reading, wipes the buffer, lets the process exit. Idempotent. */
  close(): void;
}

type Input = NodeJS.ReadableStream & {
  readonly readableEnded?: boolean;
  readonly destroyed?: boolean;
  unref?: () => void;
};

export function createLineReader(input: Input, limit: number, taker: LineTaker): LineReader {
  let buffer = plainBuffer(0);
  let length = 0;
  /** The buffer holds a whole line that is still to be taken. */
  let whole = false;
  let skipping = false;
  const chunks: Uint8Array[] = [];
  let offset = 0;
  let ended = false;
  let broken = false;
  let endTold = false;
  let pumping = false;
  let closed = false;

  function clear(): void {
    buffer.fill(0, 0, length);
    length = 0;
    whole = false;
  }

  function skip(): void {
    clear();
    skipping = true;
    taker.tooLong();
  }

  function append(part: Uint8Array): void {
    if (skipping) return;
    // One byte more than the limit: it may be the CR of a line that ends.
    if (length + part.length > limit + 1) {
      skip();
      return;
    }
    if (length + part.length > buffer.length) {
      const size = Math.min(Math.max(buffer.length * 2, length + part.length, FIRST_BUFFER), limit + 1);
      const larger = plainBuffer(size);
      larger.set(buffer.subarray(0, length));
      buffer.fill(0);
      buffer = larger;
    }
    buffer.set(part, length);
    length += part.length;
  }

  /** Takes bytes up to the end of a line from the first chunk. */
  function read(chunk: Uint8Array): void {
    const end = chunk.indexOf(LF, offset);
    append(chunk.subarray(offset, end < 0 ? chunk.length : end));
    if (end >= 0) {
      whole = !skipping;
      skipping = false;
    }
    offset = end < 0 ? chunk.length : end + 1;
    if (offset < chunk.length) return;
    chunk.fill(0);
    chunks.shift();
    offset = 0;
  }

  /** True when the line is done with. */
  function offer(): boolean {
    const end = length > 0 && buffer[length - 1] === CR ? length - 1 : length;
    if (end > limit) taker.tooLong();
    else if (!taker.line(buffer.subarray(0, end))) return false;
    clear();
    return true;
  }

  /** One step; false when there is nothing to do now. */
  function step(): boolean {
    if (closed) return false;
    if (whole) return offer();
    const chunk = chunks[0];
    if (chunk !== undefined) {
      read(chunk);
      return true;
    }
    if (!ended || endTold) return false;
    if (length > 0) {
      whole = true;
      return true;
    }
    endTold = true;
    taker.end(broken);
    return false;
  }

  function pump(): void {
    if (pumping) return;
    pumping = true;
    while (step());
    pumping = false;
    if (closed) return;
    if (whole) input.pause();
    else input.resume();
  }

  function onData(chunk: Uint8Array | string): void {
    chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
    pump();
  }

  function onEnd(): void {
    ended = true;
    pump();
  }

  function onError(): void {
    broken ||= !ended;
    onEnd();
  }

  return {
    open() {
      input.on('data', onData);
      for (const event of ['end', 'close']) input.on(event, onEnd);
      // It stays after the end: a late error must not become an uncaught one.
      input.on('error', onError);
      // An input that was read to its end before will not say so again.
      if (input.readableEnded === true || input.destroyed === true) queueMicrotask(onEnd);
    },
    again() {
      if (whole) pump();
    },
    close() {
      if (closed) return;
      closed = true;
      input.removeListener('data', onData);
      for (const event of ['end', 'close']) input.removeListener(event, onEnd);
      input.pause();
      input.unref?.();
      buffer.fill(0);
      for (const chunk of chunks) chunk.fill(0);
      chunks.length = 0;
    },
  };
}
