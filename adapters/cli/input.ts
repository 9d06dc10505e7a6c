/**
 * The first line of an input, as bytes, with the rest left for whoever reads on. It holds a room code: the line never
 * becomes a string here, and what was read of it is overwritten at its origin.
 */
import { createReadStream, fstatSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { isatty, ReadStream } from 'node:tty';
import { SecurechatError } from '../../core/errors.js';
import { plainBuffer, plainCopy } from '../../core/protocol/bytes.js';
import { INVITE_LIMIT } from '../../core/room/invite.js';
import { CLI_WORDS } from '../words/cli.js';

/** Bytes of the first line, without its end; white space around a code needs some room. */
export const FIRST_LINE_LIMIT = INVITE_LIMIT + 64;
const LF = 0x0a;
const CR = 0x0d;
/** Bytes read at once from a file. */
const FILE_CHUNK = 4096;
/** Behind the standard streams; the descriptors that the runtime opens for itself at the start are below the second. */
const FIRST_EXTRA = 3;
export const OWN_DESCRIPTORS = 64;

export type Input = NodeJS.ReadableStream & { readonly isTTY?: boolean; readonly readableEnded?: boolean };

export interface FirstLine {
  /** Without LF or CR LF. The caller wipes it. */
  readonly line: Uint8Array;
  /** A stream that goes on behind the line: `input` itself, or one at its end. */
  readonly rest: Input;
}

/**
 * Reads the first line; an input that ends without LF ends the line. Throws SecurechatError SC-310 at the end of an input
 * that held nothing, SC-301 for a line that is too long, SC-505 when reading fails.
 */
export function takeFirstLine(input: Input): Promise<FirstLine> {
  return new Promise((resolve, reject) => {
    const line = createLineBuffer();
    const finish = (settle: () => void): void => {
      input.off('readable', onReadable);
      input.off('end', onEnd);
      input.off('close', onEnd);
      input.off('error', onError);
      // Without its 'readable' listener the stream forgets, one turn later, that it was read by hand.
      setImmediate(settle);
    };
    const fail = (error: SecurechatError): void => {
      line.wipe();
      finish(() => reject(error));
    };
    const onReadable = (): void => {
      for (let chunk = input.read(); chunk !== null; chunk = input.read()) {
        const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
        const used = line.add(bytes);
        if (used === undefined) return fail(tooLong());
        if (!line.complete) continue;
        if (used < bytes.length) input.unshift(bytes.subarray(used));
        return finish(() => resolve({ line: line.take(), rest: unended(input) }));
      }
    };
    const onEnd = (): void => {
      if (line.length === 0) return fail(new SecurechatError('SC-310', { what: 'code' }));
      finish(() => resolve({ line: line.take(), rest: unended(input) }));
    };
    const onError = (error: NodeJS.ErrnoException): void => {
      fail(new SecurechatError('SC-505', { why: error.code ?? error.name }));
    };
    input.on('end', onEnd);
    input.on('close', onEnd);
    input.on('error', onError);
    if (input.readableEnded === true || !input.readable) onEnd();
    else input.on('readable', onReadable);
  });
}

/** `input`, or in place of one whose end was told already an empty one that is still to tell it. */
function unended(input: Input): Input {
  return input.readableEnded === true || !input.readable ? Readable.from([]) : input;
}

/**
 * The first line of a descriptor, which is closed afterwards. Throws as `takeFirstLine`, and SC-503 for a descriptor that
 * was not handed over to this program or cannot be read.
 */
export async function readFirstLine(fd: number, name = '--code-fd'): Promise<Uint8Array> {
  const flag = `${name} ${String(fd)}`;
  let stream: Readable;
  try {
    if (isOwn(fd)) throw new SecurechatError('SC-503', { flag, why: CLI_WORDS.notHandedOver });
    stream = openDescriptor(fd);
  } catch (error) {
    if (error instanceof SecurechatError) throw error;
    const why = CLI_WORDS.notOpen(error instanceof Error && 'code' in error ? String(error.code) : undefined);
    throw new SecurechatError('SC-503', { flag, why });
  }
  try {
    const { line } = await takeFirstLine(stream);
    return line;
  } finally {
    stream.on('error', () => undefined);
    stream.destroy();
  }
}

/** Not fs.read for a pipe: a read that waits in a thread would keep the program from ending. */
function openDescriptor(fd: number): Readable {
  const kind = fstatSync(fd);
  if (kind.isFIFO() || kind.isSocket()) return new Socket({ fd, readable: true, writable: false });
  if (isatty(fd)) return new ReadStream(fd);
  if (kind.isFile() || kind.isCharacterDevice()) return createReadStream('', { fd, highWaterMark: FILE_CHUNK });
  throw new TypeError('a folder or another descriptor without content');
}

/**
 * Node has pipes of its own, with both ends in this process; one that was handed over has its other end elsewhere. A shell
 * may hand over the same end twice.
 */
function isOwn(fd: number): boolean {
  const { ino } = fstatSync(fd);
  for (let other = FIRST_EXTRA; other < OWN_DESCRIPTORS; other++) {
    try {
      const found = fstatSync(other);
      if (other !== fd && found.isFIFO() && found.ino === ino && isWritable(other) !== isWritable(fd)) return true;
    } catch {
      // Not open.
    }
  }
  return false;
}

/** Nothing is written, and only an end that can be written to takes it. */
function isWritable(fd: number): boolean {
  try {
    writeSync(fd, new Uint8Array(0));
    return true;
  } catch {
    return false;
  }
}

function createLineBuffer() {
  const buffer = plainBuffer(FIRST_LINE_LIMIT + 1);
  let length = 0;
  let complete = false;
  return {
    get length() {
      return length;
    },
    get complete() {
      return complete;
    },
    /** Takes bytes up to the end of the line and overwrites them. Returns how many; undefined when it is too long. */
    add(bytes: Uint8Array): number | undefined {
      const end = bytes.indexOf(LF);
      const part = bytes.subarray(0, end < 0 ? bytes.length : end);
      if (length + part.length > FIRST_LINE_LIMIT) return undefined;
      buffer.set(part, length);
      length += part.length;
      complete = end >= 0;
      const used = complete ? end + 1 : part.length;
      bytes.fill(0, 0, used);
      return used;
    },
    /** The line; the buffer is wiped. */
    take(): Uint8Array {
      const end = length > 0 && buffer[length - 1] === CR ? length - 1 : length;
      const line = plainCopy(buffer.subarray(0, end));
      buffer.fill(0);
      return line;
    },
    wipe(): void {
      buffer.fill(0);
    },
  };
}

function tooLong(): SecurechatError {
  return new SecurechatError('SC-301', { rule: 'too-long', limit: FIRST_LINE_LIMIT });
}
