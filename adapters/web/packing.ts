/**
 * The stream of files that a browser sends: entries, contents and sums, packed into pieces as they are asked for. A file that
 * is not what it was when it was offered ends it. No protocol state may be in this file.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { SecurechatError } from '../../core/errors.js';
import { plainBuffer, plainCopy } from '../../core/protocol/bytes.js';
import { CHUNK_DATA } from '../../core/protocol/chunk.js';
import { writeEntry } from '../../core/session/bulk/entries.js';
import { sendable } from '../files/names.js';
import { neutral } from '../text/describe.js';
import { utf8 } from '../text/utf8.js';
import type { ChosenFile } from './shelf.js';

/** Read at once, bytes: a browser takes long for each read. */
export const READ_BYTES = 1024 * 1024;
/** What a browser does not tell: readable by everybody, written by its owner. */
const MODE = 0o644;

export interface Piece {
  readonly data: Uint8Array;
  readonly last: boolean;
  /** Bytes of it that are content. */
  readonly content: number;
}

export interface Packer {
  /** The next piece, full but for the last. Throws SecurechatError SC-346 and SC-350. */
  next(): Promise<Piece>;
  /** SHA-256 in hex: of the one file, or of all sums in their order. */
  sum(): string;
}

export interface Packed {
  readonly file: ChosenFile;
  readonly path: Uint8Array;
}

/** What each is called when it is sent: every one by another name, and only the first may begin with a dot. */
export function named(files: readonly ChosenFile[]): Packed[] {
  const taken = new Set<string>();
  return files.map((file, place) => {
    const plain = sendable(file.name);
    const base = place > 0 && plain.startsWith('.') ? `_${plain.slice(1)}` : plain;
    let name = base;
    for (let number = 2; taken.has(name); number++) name = `${String(number)}_${base}`;
    taken.add(name);
    return { file, path: utf8(name) };
  });
}

export function createPacker(files: readonly Packed[]): Packer {
  const all = sha256.create();
  let at = 0;
  let hash = sha256.create();
  let read = 0;
  /** Of the file that is being read. */
  let ahead: Uint8Array = plainBuffer(0);
  /** Bytes that are not content and wait for room. */
  let waiting: Uint8Array = plainBuffer(0);
  let begun = false;
  let only = '';

  async function content(file: ChosenFile): Promise<void> {
    try {
      ahead = new Uint8Array(await file.slice(read, Math.min(file.size, read + READ_BYTES)).arrayBuffer());
    } catch (error) {
      const name = neutral(file.name);
      // A file that has another size or time now can no longer be read.
      if (error instanceof Error && error.name === 'NotReadableError') throw new SecurechatError('SC-346', { name });
      throw new SecurechatError('SC-350', { name, why: error instanceof Error ? error.name : '' });
    }
    if (ahead.length === 0) throw new SecurechatError('SC-346', { name: neutral(file.name) });
    read += ahead.length;
    hash.update(ahead);
  }

  function begin({ file, path }: Packed): void {
    begun = true;
    read = 0;
    hash = sha256.create();
    waiting = writeEntry({
      ...{ kind: 'file', mode: MODE, size: file.size, path },
      mtime: Math.max(0, Math.floor(file.lastModified / 1000)),
    });
  }

  function finish(): void {
    const sum = hash.digest();
    only = hex(sum);
    all.update(sum);
    waiting = sum;
    begun = false;
    at += 1;
  }

  return {
    async next() {
      const piece = plainBuffer(CHUNK_DATA);
      let filled = 0;
      let counted = 0;
      const put = (bytes: Uint8Array): Uint8Array => {
        const part = bytes.subarray(0, piece.length - filled);
        piece.set(part, filled);
        filled += part.length;
        return bytes.subarray(part.length);
      };
      try {
        while (filled < piece.length) {
          const current = files[at];
          if (waiting.length > 0) {
            waiting = put(waiting);
          } else if (ahead.length > 0) {
            const before = filled;
            ahead = put(ahead);
            counted += filled - before;
          } else if (current === undefined) {
            break;
          } else if (!begun) {
            begin(current);
          } else if (read < current.file.size) {
            await content(current.file);
          } else {
            finish();
          }
        }
      } catch (error) {
        piece.fill(0);
        throw error;
      }
      const last = files[at] === undefined && waiting.length === 0;
      return { data: filled === piece.length ? piece : plainCopy(piece.subarray(0, filled)), last, content: counted };
    },
    sum: () => (files.length === 1 ? only : hex(all.clone().digest())),
  };
}

export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
