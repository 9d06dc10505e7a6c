/**
 * Files of a program on their way out: what it gives is checked, and read as it is asked for. Content comes from memory or a
 * stream, never from a path; what a stream of files looks like may not be in this file.
 */
import { isSecurechatError, SecurechatError } from '../../core/errors.js';
import { plainBuffer } from '../../core/protocol/bytes.js';
import { partFault } from '../../core/session/bulk/file-path.js';
import { type Content, createPacker, type Packable, type Packer } from '../files/packer.js';
import type { Hash } from '../files/sums.js';
import { LIBRARY_WORDS } from '../words/library.js';
import type { BlobSource, OutgoingFile, Readable } from './api.js';
import { asChatError, ChatError } from './chat-error.js';

/** Files of one offer: as many as an offer can name. */
export const FILES_LIMIT = 2 ** 20;
const USUAL_MODE = 0o644;
const EMPTY = plainBuffer(0);

/** A file whose name and size are known to be right. */
export interface Source extends Packable {
  readonly content: OutgoingFile['content'];
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
  return {
    ...{ name, content, entry: { kind: 'file', mode, mtime, size, path } },
    open: () => Promise.resolve(contentOf(name, content)),
    // A stream that was not begun may hold a connection or a file all the same.
    drop: async () => {
      if (!isBytes(content) && !isBlob(content)) await iterate(content).return?.();
    },
  };
}

/** Rejects with ChatError SC-346 and SC-350. */
export function packSources(sources: readonly Source[], sha256: () => Hash): Packer {
  return createPacker({
    sources,
    sha256,
    failure: (error, { name }) =>
      isSecurechatError(error)
        ? asChatError(error)
        : new ChatError('SC-350', { name, why: LIBRARY_WORDS.broken }, undefined, error),
  });
}

function contentOf(name: string, content: OutgoingFile['content']): Content {
  const from = iterate(content);
  /** What came and waits for room. */
  let read: Uint8Array = EMPTY;
  let closed = false;
  return {
    async read(into) {
      while (read.length === 0 && !closed) {
        const { done, value }: IteratorResult<unknown, unknown> = await from.next();
        if (done === true) return 0;
        if (!isBytes(value)) throw new SecurechatError('SC-350', { name, why: LIBRARY_WORDS.noBytes });
        read = value;
      }
      const part = read.subarray(0, into.length);
      into.set(part);
      read = read.subarray(part.length);
      return part.length;
    },
    async close() {
      closed = true;
      read = EMPTY;
      await from.return?.();
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

function refuse(name: string, why: string): ChatError {
  return new ChatError('SC-360', { name, why });
}
