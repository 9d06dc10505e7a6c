/**
 * The files of a page: what a person chose is read as it is asked for; what comes is written to a place that the person
 * chose, where the browser has such, and otherwise kept in memory up to a bound until it is saved. No rule of the protocol and
 * no element of a page may be in this file.
 */
import { SecurechatError } from '../../core/errors.js';
import type { BulkPort } from '../../core/bulk-port.js';
import { ascii, plainCopy } from '../../core/protocol/bytes.js';
import { createJobs, type FilesOffer, type Jobs } from '../files/jobs.js';
import { listed, packChosen } from './packing.js';
import type { AskPlace, Chosen, FileShelf, KeptFile, Place, PlaceWriter } from './shelf.js';
import { createUnpacker, type Unpacker } from './unpacking.js';

/** Bytes of all files together that are kept in memory until they are saved. */
export const MEMORY_LIMIT = 256 * 1024 * 1024;

export interface BrowserFilesOptions {
  /** Absent where the browser cannot write to a place of the person's. */
  readonly askPlace?: AskPlace | undefined;
  /** Makes an address of a file that is kept, and takes it back. */
  readonly addresses: { make(parts: readonly Uint8Array<ArrayBuffer>[]): string; revoke(address: string): void };
  /** Default MEMORY_LIMIT. */
  readonly memoryLimit?: number;
}

export function createBrowserFiles(options: BrowserFilesOptions): BulkPort & FileShelf {
  const { askPlace, addresses, memoryLimit = MEMORY_LIMIT } = options;
  /** What was chosen and is not offered yet, by the name it is offered by. */
  const given = new Map<string, readonly Chosen[] | Promise<readonly Chosen[]>>();
  let names = 0;
  const places = new Map<number, Place>();
  const kept = new Map<number, KeptFile[]>();
  /** Bytes in memory: of files that come, and of those that wait to be saved. */
  let held = 0;

  /** Only one file has one place. */
  function streams(offer: FilesOffer): boolean {
    return askPlace !== undefined && offer.count === 1;
  }

  const jobs: Jobs = createJobs<Unpacker>(true, {
    async prepare(job, [path = ascii('')]) {
      const name = new TextDecoder().decode(path);
      const chosen = given.get(name);
      given.delete(name);
      const sources = listed((await chosen) ?? []);
      const [first] = sources;
      if (first === undefined) throw new SecurechatError('SC-340');
      if (job.over) return;
      job.packer = packChosen(sources);
      const bytes = sources.reduce((sum, { entry }) => sum + entry.size, 0);
      const offer = { kind: 'files', count: sources.length, bytes, name: plainCopy(first.entry.path) } as const;
      jobs.emit({ type: 'ready', id: job.id, offer });
    },

    examine({ id }, offer) {
      jobs.emit({ type: 'examined', id, free: streams(offer) ? undefined : memoryLimit - held, exists: false });
    },

    take(job, offer) {
      const place = places.get(job.id);
      places.delete(job.id);
      if (place === undefined && (offer.bytes ?? 0) > memoryLimit - held) throw tooLarge();
      job.receiver = createUnpacker(offer, {
        begin: (name, size) => (place === undefined ? inMemory(job.id, name, size) : place.createWritable()),
      });
      jobs.emit({ type: 'accept', id: job.id });
    },

    // Of a transfer that is not whole nothing is offered to be saved.
    ended({ id }, whole) {
      places.delete(id);
      if (!whole) drop(id);
    },
  });

  function tooLarge(): SecurechatError {
    return new SecurechatError('SC-367', { limit: memoryLimit });
  }

  function inMemory(id: number, name: string, size: number): Promise<PlaceWriter> {
    if (size > memoryLimit - held) throw tooLarge();
    let parts: Uint8Array<ArrayBuffer>[] = [];
    let length = 0;
    const forget = (): void => {
      for (const part of parts) part.fill(0);
      parts = [];
    };
    return Promise.resolve({
      write(data) {
        if (held + data.length > memoryLimit) throw tooLarge();
        parts.push(data);
        length += data.length;
        held += data.length;
        return Promise.resolve();
      },
      close() {
        const address = addresses.make(parts);
        forget();
        kept.set(id, [...(kept.get(id) ?? []), { name, size: length, address }]);
        return Promise.resolve();
      },
      abort() {
        held -= length;
        forget();
        return Promise.resolve();
      },
    });
  }

  function drop(id: number): void {
    for (const { address, size } of kept.get(id) ?? []) {
      addresses.revoke(address);
      held -= size;
    }
    kept.delete(id);
  }

  return {
    open: jobs.open,
    tell: jobs.tell,

    close() {
      given.clear();
      return jobs.close();
    },

    give(chosen) {
      const name = String(names);
      names += 1;
      // Whoever prepares it hears of it.
      if (chosen instanceof Promise) chosen.catch(() => undefined);
      given.set(name, chosen);
      return [ascii(name)];
    },

    async choosePlace(id, name, count) {
      if (askPlace === undefined || count !== 1) return true;
      const place = await askPlace(name);
      if (place === undefined) return false;
      places.set(id, place);
      return true;
    },

    get bound() {
      return askPlace === undefined ? memoryLimit : undefined;
    },

    kept: (id) => kept.get(id) ?? [],

    forget() {
      for (const id of [...kept.keys()]) drop(id);
    },
  };
}
