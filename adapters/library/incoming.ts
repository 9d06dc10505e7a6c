/**
 * Files of the peer as a program reads them: one after the other, no faster than it reads, each checked against its sum.
 * Nothing is written anywhere, and no protocol state may be in this file.
 */
import { plainBuffer, plainCopy, sameBytes } from '../../core/protocol/bytes.js';
import type { BulkFailure } from '../../core/bulk-port.js';
import { type Announced, createEntryReader, type Entry, type EntryPart } from '../../core/session/bulk/entries.js';
import { storable } from '../files/names.js';
import { createSums, type Hash } from '../files/sums.js';
import { LIBRARY_WORDS } from '../words/library.js';
import type { IncomingFile } from './api.js';
import { ChatError } from './chat-error.js';

/** What `bytes` takes when it is not told otherwise. */
export const BYTES_LIMIT = 64 * 1024 * 1024;

export interface IncomingOptions {
  readonly announced: Announced;
  readonly sha256: () => Hash;
  /** A piece was used, and so many bytes of it were content. */
  readonly used: (content: number) => void;
  /** Everything is as it was offered. `sum`: SHA-256 in hex, of the one file, or of all sums in order. */
  readonly whole: (sum: string) => void;
  readonly failed: (reason: BulkFailure, error: ChatError) => void;
  /** Whoever read has stopped before the end. */
  readonly stopped: () => void;
}

export interface IncomingFiles {
  readonly files: AsyncGenerator<IncomingFile, void, undefined>;
  /** Takes the buffer over. */
  add(data: Uint8Array, last: boolean): void;
  /** Nothing more comes; whoever reads gets `error`. What waits is wiped. */
  end(error: unknown): void;
}

/** The file that is being read. */
interface Current {
  readonly entry: Entry;
  readonly path: string;
}

export function createIncomingFiles(options: IncomingOptions): IncomingFiles {
  const { announced, sha256, used, whole, failed, stopped } = options;
  const reader = createEntryReader(announced);
  let pieces: { readonly data: Uint8Array; readonly last: boolean }[] = [];
  let parts: Generator<EntryPart, void, undefined> | undefined;
  let content = 0;
  let current: Current | undefined;
  let over: { readonly error: unknown } | undefined;
  let complete = false;
  let busy = false;
  let wake = (): void => undefined;
  const sums = createSums(sha256);
  let seen = 0;

  function release(): void {
    pieces.shift()?.data.fill(0);
    parts = undefined;
    const bytes = content;
    content = 0;
    used(bytes);
  }

  /** The next part, as soon as it is there. */
  async function part(): Promise<EntryPart> {
    for (;;) {
      if (over !== undefined) throw over.error;
      const [piece] = pieces;
      if (piece === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      parts ??= reader.read(piece.data, piece.last);
      const { done, value } = parts.next();
      if (done !== true) return value;
      release();
    }
  }

  function fail(reason: BulkFailure, error: ChatError): never {
    over ??= { error };
    failed(reason, error);
    throw error;
  }

  /** Reads on by one part. Content is given back; undefined: there was something else. */
  async function step(): Promise<Uint8Array | undefined> {
    if (busy) throw new ChatError('SC-360', { name: 'content', why: LIBRARY_WORDS.oneByOne });
    busy = true;
    try {
      return take(await part());
    } finally {
      busy = false;
    }
  }

  function take(what: EntryPart): Uint8Array | undefined {
    switch (what.type) {
      case 'entry':
        return begin(what.entry);
      case 'data':
        content += what.data.length;
        sums.update(what.data);
        return what.data;
      case 'sum':
        return finish(what.sum);
      case 'end':
        complete = true;
        release();
        whole(sums.whole());
        return undefined;
      case 'fault': {
        const truncated = what.fault === 'truncated';
        const error = new ChatError(truncated ? 'SC-349' : 'SC-348', { why: what.why });
        return fail(truncated ? 'truncated' : 'disagrees', error);
      }
    }
  }

  function begin(entry: Entry): undefined {
    seen += 1;
    if (entry.kind === 'file') sums.begin();
    current = { entry, path: storable(entry.path) };
  }

  function finish(sum: Uint8Array): undefined {
    if (!sameBytes(sums.end(), sum)) fail('bad hash', new ChatError('SC-347', { name: current?.path ?? '' }));
    current = undefined;
  }

  async function* contentOf(file: Current): AsyncGenerator<Uint8Array, void, undefined> {
    while (current === file && file.entry.kind === 'file') {
      const data = await step();
      // The piece is wiped as soon as more is read.
      if (data !== undefined) yield plainCopy(data);
    }
    // Behind the last one only the end comes, and nobody need ask for it.
    if (current === undefined && seen === announced.count && !complete) await step();
  }

  async function bytesOf(file: Current, limit: number): Promise<Uint8Array> {
    const { size } = file.entry;
    if (size > limit) throw new ChatError('SC-351', { name: file.path, why: LIBRARY_WORDS.tooLarge(limit) });
    const whole = plainBuffer(size);
    let at = 0;
    for await (const data of contentOf(file)) {
      whole.set(data, at);
      at += data.length;
    }
    if (at !== size) throw new ChatError('SC-360', { name: 'content', why: LIBRARY_WORDS.oneByOne });
    return whole;
  }

  function fileOf(file: Current): IncomingFile {
    const { entry, path } = file;
    const iterator = contentOf(file);
    return {
      path,
      folder: entry.kind === 'folder',
      size: entry.size,
      modified: entry.mtime * 1000,
      mode: entry.mode,
      [Symbol.asyncIterator]: () => iterator,
      bytes: (limit = BYTES_LIMIT) => bytesOf(file, limit),
    };
  }

  async function* read(): AsyncGenerator<IncomingFile, void, undefined> {
    let given: Current | undefined;
    try {
      while (!complete) {
        if (current !== undefined && current !== given) {
          given = current;
          yield fileOf(current);
          // A folder has nothing to be read; what is left of a file is passed over.
          if (given.entry.kind === 'folder') current = undefined;
        } else {
          await step();
        }
      }
    } finally {
      if (!complete) stopped();
    }
  }

  return {
    files: read(),
    add(data, last) {
      if (over === undefined) pieces.push({ data, last });
      else data.fill(0);
      wake();
    },
    end(error) {
      over ??= { error };
      for (const { data } of pieces) data.fill(0);
      pieces = [];
      parts = undefined;
      wake();
    },
  };
}
