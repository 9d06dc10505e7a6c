/**
 * The stream of a transfer of this side: entries, contents and sums, packed into pieces as they are asked for. A file that
 * is not what it was when it was offered ends it. No protocol state may be in this file.
 */
import { createHash, type Hash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { SecurechatError } from '../../core/errors.js';
import { plainBuffer } from '../../core/protocol/bytes.js';
import { CHUNK_DATA } from '../../core/protocol/chunk.js';
import { SUM, writeEntry } from '../../core/session/bulk/entries.js';
import { unfilled } from '../system/bytes.js';
import { type Listed, shown, whyOf } from './tree.js';

/** A named pipe or a link that has taken the place of the file is not waited for, and not followed. */
const FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

export interface Piece {
  readonly data: Uint8Array;
  readonly last: boolean;
  /** Bytes of it that are content of files. */
  readonly content: number;
}

export interface Reader {
  /** The next piece, full but for the last. Throws SecurechatError SC-346 and SC-350. */
  next(): Promise<Piece>;
  /** SHA-256 in hex: of the one file, or of all sums in their order. */
  sum(): string;
  close(): Promise<void>;
}

export function createReader(entries: readonly Listed[]): Reader {
  let at = 0;
  /** Bytes that are not content and wait for room. */
  let waiting = plainBuffer(0);
  let handle: FileHandle | undefined;
  let hash: Hash | undefined;
  let left = 0;
  const all = createHash('sha256');
  const files = entries.filter(({ kind }) => kind === 'file').length;
  let only = '';

  async function begin(entry: Listed): Promise<void> {
    waiting = writeEntry(entry);
    if (entry.kind === 'folder') {
      at += 1;
      return;
    }
    try {
      handle = await open(entry.at, FLAGS);
      const stats = await handle.stat({ bigint: true });
      const same = stats.ino === entry.number && stats.size === BigInt(entry.size);
      if (!stats.isFile() || !same) throw changed(entry);
    } catch (error) {
      throw asFailure(error, entry);
    }
    hash = createHash('sha256');
    left = entry.size;
  }

  /** Reads content straight into the piece. */
  async function content(entry: Listed, file: FileHandle, piece: Uint8Array, from: number): Promise<number> {
    const { bytesRead } = await file.read(piece, from, Math.min(left, piece.length - from), null);
    if (bytesRead === 0) throw changed(entry);
    hash?.update(piece.subarray(from, from + bytesRead));
    left -= bytesRead;
    return bytesRead;
  }

  /** All content is read: nothing may follow. */
  async function finish(entry: Listed, file: FileHandle): Promise<void> {
    const { bytesRead } = await file.read(plainBuffer(1), 0, 1, null);
    if (bytesRead > 0) throw changed(entry);
    await file.close();
    handle = undefined;
    const sum = hash?.digest() ?? Buffer.alloc(SUM);
    only = sum.toString('hex');
    all.update(sum);
    waiting = new Uint8Array(sum);
    at += 1;
  }

  return {
    async next() {
      const piece = unfilled(CHUNK_DATA);
      let filled = 0;
      let counted = 0;
      try {
        while (filled < piece.length) {
          if (waiting.length > 0) {
            const part = waiting.subarray(0, piece.length - filled);
            piece.set(part, filled);
            filled += part.length;
            waiting = waiting.slice(part.length);
            continue;
          }
          const entry = entries[at];
          if (entry === undefined) break;
          if (handle === undefined) {
            await begin(entry);
          } else if (left > 0) {
            const read = await content(entry, handle, piece, filled);
            filled += read;
            counted += read;
          } else {
            await finish(entry, handle);
          }
        }
      } catch (error) {
        piece.fill(0);
        const entry = entries[at];
        throw entry === undefined ? error : asFailure(error, entry);
      }
      const last = entries[at] === undefined && waiting.length === 0;
      return { data: piece.subarray(0, filled), last, content: counted };
    },

    sum: () => (files === 1 ? only : all.digest('hex')),

    async close() {
      await handle?.close().catch(() => undefined);
      handle = undefined;
    },
  };
}

function changed({ at }: Listed): SecurechatError {
  return new SecurechatError('SC-346', { name: shown(at) });
}

/** A file that is gone, or has become a link, has changed. */
function asFailure(error: unknown, entry: Listed): unknown {
  if (error instanceof SecurechatError) return error;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT' || code === 'ELOOP' || code === 'ENXIO' || code === 'ENOTDIR') return changed(entry);
  return new SecurechatError('SC-350', { name: shown(entry.at), why: whyOf(error) });
}
