/**
 * Standard input through one buffer of our own. Node reads every chunk into memory that it gives back as it is, where what
 * was typed stays; here it is overwritten as soon as it is handed on. Nothing about the content may be in this file.
 */
import { createReadStream } from 'node:fs';
import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net';
import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { isatty, ReadStream } from 'node:tty';
import { unfilled } from './bytes.js';
import { kindOf } from './descriptor.js';

/** Bytes of one read. */
export const READ_SIZE = 64 * 1024;
/** Memory of chunks that were given back and wait for the next read; more is left to the collector. */
export const SPARE_LIMIT = 8;

export type StandardInput = Readable & {
  readonly isTTY?: boolean;
  setRawMode?: (raw: boolean) => unknown;
  unref?: () => unknown;
  /** A chunk of a pipe that is used and overwritten: the next ones may be read into its memory. */
  reuse?: (chunk: Uint8Array) => void;
  /**
   * Overwrites what was read and not taken. On a terminal it also throws away what was typed and not read, half a line too,
   * which the shell would get. Call it at the end.
   */
  discard?: () => Promise<void>;
};

/** Call it once, and do not touch process.stdin. What is pushed belongs to the reader, which overwrites it. */
export function openInput(fd = 0): StandardInput {
  const source = isatty(fd) ? 'terminal' : kindOf(fd);
  // What is in a file is on disk already.
  if (source === 'usual') return process.stdin;
  if (source === 'strange') return createReadStream('', { fd, autoClose: false });
  /** What is read next. */
  let buffer = new Uint8Array(READ_SIZE);
  let unrefed = false;
  let socket: (Socket & { setRawMode?: (raw: boolean) => unknown }) | undefined;
  let reading = false;
  let discarding = false;
  const spare: Uint8Array<ArrayBuffer>[] = [];

  // In chunks, so that each is handed on as it is: joined by the stream, the parts would stay in memory.
  const stream: Readable = new Readable({
    objectMode: true,
    highWaterMark: 1,
    read() {
      if (reading || discarding) return;
      reading = true;
      if (socket === undefined) open();
      else socket.resume();
    },
    destroy(error, done) {
      socket?.destroy();
      buffer.fill(0);
      forget();
      done(error);
    },
  });

  /** What nobody took any more: typed while the program was closing, for example. */
  function forget(): void {
    let chunk: unknown;
    while ((chunk = stream.read()) !== null) if (chunk instanceof Uint8Array) chunk.fill(0);
  }

  function callback(length: number): boolean {
    if (discarding) {
      buffer.fill(0, 0, length);
      return true;
    }
    reading = stream.push(taken(length));
    return reading;
  }

  /** What flows is handed on where it was read, in memory that comes back; what is typed, in as much as it is. */
  function taken(length: number): Uint8Array {
    const read = buffer.subarray(0, length);
    if (length >= READ_SIZE / 4) {
      buffer = spare.pop() ?? unfilled(READ_SIZE);
      return read;
    }
    const chunk = unfilled(length);
    chunk.set(read);
    read.fill(0);
    return chunk;
  }

  function open(): void {
    // Known to the types only for connect(); the constructor takes it as well.
    const options: SocketConstructorOpts & { onread: OnReadOpts } = {
      fd,
      writable: false,
      onread: { buffer: () => buffer, callback },
    };
    socket =
      source === 'terminal'
        ? new ReadStream(fd, { onread: options.onread } as SocketConstructorOpts)
        : new Socket(options);
    socket.on('end', () => stream.push(null));
    socket.on('error', (error) => stream.destroy(error));
    socket.on('close', () => {
      if (!stream.readableEnded) stream.push(null);
    });
    if (unrefed) socket.unref();
    socket.resume();
  }

  return Object.assign(stream, {
    isTTY: source === 'terminal',
    ...(source === 'terminal'
      ? {
          setRawMode(raw: boolean) {
            if (socket === undefined) open();
            return socket?.setRawMode?.(raw);
          },
        }
      : {}),
    reuse({ buffer: memory }: Uint8Array) {
      if (memory.byteLength === READ_SIZE && spare.length < SPARE_LIMIT)
        spare.push(new Uint8Array(memory as ArrayBuffer));
    },
    async discard() {
      discarding = true;
      stream.on('error', () => undefined);
      forget();
      if (source !== 'terminal' || socket === undefined || socket.destroyed) return;
      // A line that is not ended is given out in this mode alone.
      socket.setRawMode?.(true);
      socket.resume();
      // What is there is read between two of these.
      for (let i = 0; i < 2; i++) await setImmediate();
      if (!socket.destroyed) socket.setRawMode?.(false);
    },
    unref() {
      unrefed = true;
      socket?.unref();
    },
  });
}
