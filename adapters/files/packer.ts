/**
 * The stream of files on its way out (protocol.md section 8): entries, contents and sums, packed into pieces as they are asked
 * for. A file that is not what it was when it was offered ends it. Where content comes from may not be in this file.
 */
import { SecurechatError } from '../../core/errors.js';
import { plainBuffer } from '../../core/protocol/bytes.js';
import { CHUNK_DATA } from '../../core/protocol/chunk.js';
import { type Entry, writeEntry } from '../../core/session/bulk/entries.js';
import { createSums, type Hash } from './sums.js';

/** The content of one file, while it is read. */
export interface Content {
  /** Fills `into` from its beginning: how many bytes. 0: nothing is left. */
  read(into: Uint8Array): Promise<number>;
  close(): Promise<void>;
}

export interface Packable {
  readonly entry: Entry;
  /** For a sentence. */
  readonly name: string;
  /** Never called for a folder. */
  open(): Promise<Content>;
  /** Lets go of what was not opened. */
  drop?(): Promise<void>;
}

export interface PackerOptions<Source extends Packable> {
  readonly sources: readonly Source[];
  readonly sha256: () => Hash;
  /** What was thrown while this one was read, as it is thrown on. */
  readonly failure: (error: unknown, source: Source) => unknown;
  /** Memory for a piece, which is written before anybody sees it. */
  readonly buffer?: (length: number) => Uint8Array;
}

export interface Piece {
  readonly data: Uint8Array;
  readonly last: boolean;
  /** Bytes of it that are content of files. */
  readonly content: number;
}

export interface Packer {
  /** The next piece, full but for the last. Throws SecurechatError SC-346 for a file that has another size now. */
  next(): Promise<Piece>;
  /** SHA-256 in hex: of the one file, or of all sums in their order. Asked for once, behind the last piece. */
  sum(): string;
  /** Lets go of what is being read, and of what never was. */
  close(): Promise<void>;
}

const NOTHING = plainBuffer(0);

export function createPacker<Source extends Packable>(options: PackerOptions<Source>): Packer {
  const { sources, sha256, failure, buffer = plainBuffer } = options;
  const sums = createSums(sha256);
  let at = 0;
  /** Bytes that are not content and wait for room. */
  let waiting: Uint8Array = NOTHING;
  let reading: Content | undefined;
  let left = 0;
  let closed = false;

  async function begin(source: Source): Promise<void> {
    const head = writeEntry(source.entry);
    if (source.entry.kind === 'folder') {
      at += 1;
    } else {
      const opened = await source.open();
      // Nobody else would let go of what was opened too late.
      if (closed) return opened.close();
      reading = opened;
      sums.begin();
      left = source.entry.size;
    }
    waiting = head;
  }

  async function finish({ name }: Source, content: Content): Promise<void> {
    // Nothing may follow.
    if ((await content.read(plainBuffer(1))) > 0) throw new SecurechatError('SC-346', { name });
    reading = undefined;
    await content.close();
    waiting = sums.end();
    at += 1;
  }

  /** Reads content straight into the piece. */
  async function take({ name }: Source, content: Content, room: Uint8Array): Promise<number> {
    const into = room.subarray(0, left);
    const length = await content.read(into);
    if (length === 0 && !closed) throw new SecurechatError('SC-346', { name });
    sums.update(into.subarray(0, length));
    left -= length;
    return length;
  }

  return {
    async next() {
      const piece = buffer(CHUNK_DATA);
      let filled = 0;
      let counted = 0;
      try {
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
            await begin(source);
          } else if (left > 0) {
            const bytes = await take(source, reading, room);
            filled += bytes;
            counted += bytes;
          } else {
            await finish(source, reading);
          }
        }
      } catch (error) {
        piece.fill(0);
        const source = sources[at];
        throw source === undefined ? error : failure(error, source);
      }
      const last = sources[at] === undefined && waiting.length === 0;
      return { data: piece.subarray(0, filled), last, content: counted };
    },

    sum: () => sums.whole(),

    async close() {
      closed = true;
      const open = reading;
      reading = undefined;
      const others = sources.slice(at + (open === undefined ? 0 : 1));
      // One that hangs, or throws, keeps nobody from letting go of the others.
      const settled = async (work: () => Promise<void> | undefined): Promise<void> => work();
      await Promise.allSettled([
        ...(open === undefined ? [] : [settled(() => open.close())]),
        ...others.map((each) => settled(() => each.drop?.())),
      ]);
    },
  };
}
