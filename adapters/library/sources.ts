/**
 * Files of a program on their way out: entries, contents and sums (protocol.md section 8), packed into pieces as they are
 * asked for. Content comes from memory or a stream, never from a path; no protocol state may be in this file.
 */
import { plainBuffer } from '../../core/protocol/bytes.js';
import { CHUNK_DATA } from '../../core/protocol/chunk.js';
import { type Entry, writeEntry } from '../../core/session/bulk/entries.js';
import { partFault } from '../../core/session/bulk/path.js';
import { LIBRARY_WORDS } from '../words/library.js';
import type { BlobSource, OutgoingFile, Readable } from './api.js';
import { ChatError } from './chat-error.js';

/** Files of one offer: as many as an offer can name. */
export const FILES_LIMIT = 2 ** 20;
const USUAL_MODE = 0o644;
const EMPTY = plainBuffer(0);

/** SHA-256 as it goes. */
export interface Hash {
  update(bytes: Uint8Array): unknown;
  digest(): Uint8Array;
}

/** A file whose name and size are known to be right. */
export interface Source {
  readonly entry: Entry;
  readonly name: string;
  readonly content: OutgoingFile['content'];
}

export interface Piece {
  readonly data: Uint8Array;
  readonly last: boolean;
  /** Bytes of it that are content of files. */
  readonly content: number;
}

export interface Packer {
  /** The next piece, full but for the last. Rejects with ChatError SC-346 and SC-350. */
  next(): Promise<Piece>;
  /** SHA-256 in hex: of the one file, or of all sums in their order. */
  sum(): string;
  /** Lets go of the content that is being read. */
  close(): Promise<void>;
}

/** Throws ChatError SC-360. */
export function readSources(given: OutgoingFile | readonly OutgoingFile[], now: number): Source[] {
  const files = Array.isArray(given) ? (given as readonly OutgoingFile[]) : [given as OutgoingFile];
  if (files.length === 0 || files.length > FILES_LIMIT) throw refuse('files', LIBRARY_WORDS.files(FILES_LIMIT));
  return files.map((file, index) => sourceOf(file, index, now));
}

function sourceOf(file: OutgoingFile, index: number, now: number): Source {
  if (typeof file !== 'object' || (file as unknown) === null) throw refuse('files', LIBRARY_WORDS.file);
  const { name, content, modified = now, mode = USUAL_MODE } = file;
  if (typeof name !== 'string') throw refuse('name', LIBRARY_WORDS.fileName);
  const path = new TextEncoder().encode(name);
  // Whoever takes an offer takes no hidden name beside the one that it saw.
  if (partFault(path) !== undefined || (index > 0 && name.startsWith('.')))
    throw refuse('name', LIBRARY_WORDS.fileName);
  const known = isBytes(content) ? content.length : isBlob(content) ? content.size : undefined;
  if (known === undefined && !isReadable(content) && !isIterable(content))
    throw refuse('content', LIBRARY_WORDS.content);
  const size = known ?? file.size;
  if (!isNatural(size)) throw refuse('size', LIBRARY_WORDS.size);
  const mtime = Math.floor(modified / 1000);
  if (!isNatural(mtime)) throw refuse('modified', LIBRARY_WORDS.natural);
  if (!isNatural(mode) || mode > 0o777) throw refuse('mode', LIBRARY_WORDS.mode);
  return { name, content, entry: { kind: 'file', mode, mtime, size, path } };
}

export function createPacker(sources: readonly Source[], sha256: () => Hash): Packer {
  let at = 0;
  /** Bytes before and behind content that wait for room. */
  let waiting: Uint8Array = EMPTY;
  /** Content that was read and waits for room. */
  let read: Uint8Array = EMPTY;
  let reading: AsyncIterator<Uint8Array, unknown> | undefined;
  let hash = sha256();
  let left = 0;
  const all = sha256();
  let only = '';
  let closed = false;

  function begin({ entry, content }: Source): void {
    waiting = writeEntry(entry);
    reading = iterate(content);
    hash = sha256();
    left = entry.size;
  }

  async function finish({ name }: Source, from: AsyncIterator<Uint8Array, unknown>): Promise<void> {
    // Nothing may follow.
    if (read.length > 0 || (await more(from, name))) throw new ChatError('SC-346', { name });
    reading = undefined;
    const sum = hash.digest();
    all.update(sum);
    only = hex(sum);
    waiting = sum;
    at += 1;
  }

  /** Reads until there is something; false: nothing is left. */
  async function more(from: AsyncIterator<Uint8Array, unknown>, name: string): Promise<boolean> {
    while (read.length === 0) {
      if (closed) return false;
      const { done, value }: IteratorResult<unknown, unknown> = await from.next();
      if (done === true) return false;
      if (!isBytes(value)) throw new ChatError('SC-350', { name, why: LIBRARY_WORDS.noBytes });
      read = value;
    }
    return true;
  }

  async function content(source: Source, from: AsyncIterator<Uint8Array, unknown>, piece: Uint8Array): Promise<number> {
    if (!(await more(from, source.name))) throw new ChatError('SC-346', { name: source.name });
    const part = read.subarray(0, Math.min(left, piece.length));
    piece.set(part);
    hash.update(part);
    read = read.subarray(part.length);
    left -= part.length;
    return part.length;
  }

  async function fill(piece: Uint8Array, counted: (bytes: number) => void): Promise<number> {
    let filled = 0;
    while (filled < piece.length && !closed) {
      const room = piece.subarray(filled);
      const source = sources[at];
      if (waiting.length > 0) {
        const part = waiting.subarray(0, room.length);
        room.set(part);
        filled += part.length;
        waiting = waiting.subarray(part.length);
      } else if (source === undefined) {
        break;
      } else if (reading === undefined) {
        begin(source);
      } else if (left > 0) {
        const bytes = await content(source, reading, room);
        filled += bytes;
        counted(bytes);
      } else {
        await finish(source, reading);
      }
    }
    return filled;
  }

  return {
    async next() {
      const piece = plainBuffer(CHUNK_DATA);
      let counted = 0;
      try {
        const filled = await fill(piece, (bytes) => {
          counted += bytes;
        });
        const last = sources[at] === undefined && waiting.length === 0;
        return { data: piece.subarray(0, filled), last, content: counted };
      } catch (error) {
        piece.fill(0);
        if (error instanceof ChatError) throw error;
        throw new ChatError('SC-350', { name: sources[at]?.name ?? '', why: LIBRARY_WORDS.broken });
      }
    },

    sum: () => (sources.length === 1 ? only : hex(all.digest())),

    async close() {
      closed = true;
      read = EMPTY;
      const begun = reading === undefined ? [] : [reading];
      reading = undefined;
      // A stream that was not begun may hold a connection or a file all the same.
      const others = sources.slice(at + begun.length).map(({ content }) => content);
      // One that hangs, or throws, keeps nobody from letting go of the others.
      const letGo = async (from: () => AsyncIterator<Uint8Array, unknown>): Promise<unknown> => from().return?.();
      await Promise.allSettled([
        ...begun.map((from) => letGo(() => from)),
        ...others.filter(isStream).map((content) => letGo(() => iterate(content))),
      ]);
    },
  };
}

/** Not `for await`: a stream of a browser need not be iterable. */
function iterate(content: OutgoingFile['content']): AsyncIterator<Uint8Array, unknown> {
  if (isBytes(content)) return once(content);
  const stream = isBlob(content) ? content.stream() : content;
  if (!isReadable(stream)) return stream[Symbol.asyncIterator]();
  const reader = stream.getReader();
  return {
    async next() {
      const { done, value } = await reader.read();
      return done || value === undefined ? { done: true, value: undefined } : { done: false, value };
    },
    async return() {
      await reader.cancel();
      return { done: true, value: undefined };
    },
  };
}

function once(bytes: Uint8Array): AsyncIterator<Uint8Array, unknown> {
  let given = false;
  return {
    next() {
      const first = !given && bytes.length > 0;
      given = true;
      return Promise.resolve(first ? { done: false, value: bytes } : { done: true, value: undefined });
    },
  };
}

const isStream = (content: OutgoingFile['content']): boolean => !isBytes(content) && !isBlob(content);
const isBytes = (value: unknown): value is Uint8Array => value instanceof Uint8Array;
const isNatural = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

function isBlob(value: unknown): value is BlobSource {
  return isObject(value) && 'stream' in value && typeof value.stream === 'function' && 'size' in value;
}

function isReadable(value: unknown): value is Readable {
  return isObject(value) && 'getReader' in value && typeof value.getReader === 'function';
}

function isIterable(value: unknown): value is AsyncIterable<Uint8Array> {
  return isObject(value) && Symbol.asyncIterator in value;
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function refuse(name: string, why: string): ChatError {
  return new ChatError('SC-360', { name, why });
}
