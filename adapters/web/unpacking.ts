/**
 * The stream of files that a browser receives: checked, and handed to whoever keeps each file. Nothing of a file that is not
 * whole is kept. No protocol state may be in this file.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { SecurechatError } from '../../core/errors.js';
import { plainCopy, sameBytes } from '../../core/protocol/bytes.js';
import { type Announced, createEntryReader, type EntryPart } from '../../core/session/bulk/entries.js';
import { partsOf } from '../../core/session/bulk/file-path.js';
import { storable } from '../files/names.js';
import { createSums } from '../files/sums.js';
import type { PlaceWriter } from './shelf.js';

/** Where files go. */
export interface Keeper {
  /** A file begins; `size` is what was said of it. Throws SecurechatError SC-351 and SC-367. */
  begin(name: string, size: number): Promise<PlaceWriter>;
}

export interface Unpacker {
  /** Returns how many bytes of content it was. Throws SecurechatError SC-347, SC-348, SC-349, SC-351, SC-367. */
  write(bytes: Uint8Array, last: boolean): Promise<number>;
  sum(): string;
  /** Drops what is half. */
  close(): Promise<void>;
}

export function createUnpacker(announced: Announced, keeper: Keeper): Unpacker {
  const reader = createEntryReader({ ...announced, name: plainCopy(announced.name) });
  const sums = createSums(() => sha256.create());
  let open: { readonly name: string; readonly writer: PlaceWriter } | undefined;

  async function guarded(name: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (error instanceof SecurechatError) throw error;
      throw new SecurechatError('SC-351', { name, why: error instanceof Error ? error.name : '' });
    }
  }

  async function take(part: EntryPart): Promise<number> {
    switch (part.type) {
      case 'entry': {
        // Folders are no more than part of the names of what is in them.
        if (part.entry.kind === 'folder') return 0;
        sums.begin();
        const name = partsOf(part.entry.path).map(storable).join(' - ');
        await guarded(name, async () => {
          open = { name, writer: await keeper.begin(name, part.entry.size) };
        });
        return 0;
      }
      case 'data': {
        sums.update(part.data);
        const file = open;
        if (file !== undefined) await guarded(file.name, () => file.writer.write(plainCopy(part.data)));
        return part.data.length;
      }
      case 'sum': {
        if (!sameBytes(sums.end(), part.sum)) throw new SecurechatError('SC-347', { name: open?.name ?? '' });
        const file = open;
        open = undefined;
        if (file !== undefined) await guarded(file.name, () => file.writer.close());
        return 0;
      }
      case 'end':
        return 0;
      case 'fault':
        throw new SecurechatError(part.fault === 'truncated' ? 'SC-349' : 'SC-348', { why: part.why });
    }
  }

  return {
    async write(bytes, last) {
      let content = 0;
      for (const part of reader.read(bytes, last)) content += await take(part);
      return content;
    },
    sum: () => sums.whole(),
    async close() {
      const half = open;
      open = undefined;
      await half?.writer.abort().catch(() => undefined);
    },
  };
}
