/**
 * The files of a page: what a person chose is read as it is asked for; what comes is written to a place that the person
 * chose, where the browser has such, and otherwise kept in memory up to a bound until it is saved. No rule of the protocol and
 * no element of a page may be in this file.
 */
import { isSecurechatError, SecurechatError } from '../../core/errors.js';
import type { BulkCommand, BulkEvent, BulkFailure, BulkOffer, BulkPort } from '../../core/bulk-port.js';
import { ascii, plainCopy } from '../../core/protocol/bytes.js';
import type { Packer } from '../files/packer.js';
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

interface Job {
  readonly id: number;
  over: boolean;
  tail: Promise<void>;
  offer: Extract<BulkOffer, { kind: 'files' }> | undefined;
  packer: Packer | undefined;
  unpacker: Unpacker | undefined;
}

const REASONS: Readonly<Partial<Record<string, BulkFailure>>> = {
  'SC-346': 'changed',
  'SC-347': 'bad hash',
  'SC-348': 'disagrees',
  'SC-349': 'truncated',
  'SC-350': 'changed',
  'SC-351': 'disk',
  'SC-367': 'disk',
};

export function createBrowserFiles(options: BrowserFilesOptions): BulkPort & FileShelf {
  const { askPlace, addresses, memoryLimit = MEMORY_LIMIT } = options;
  let sink: (event: BulkEvent) => void = () => undefined;
  let closed = false;
  const jobs = new Map<number, Job>();
  const ending = new Set<Promise<void>>();
  /** What was chosen and is not offered yet, by the name it is offered by. */
  const given = new Map<string, readonly Chosen[] | Promise<readonly Chosen[]>>();
  let names = 0;
  const places = new Map<number, Place>();
  const kept = new Map<number, KeptFile[]>();
  /** Bytes in memory: of files that come, and of those that wait to be saved. */
  let held = 0;

  function job(id: number): Job {
    const found = jobs.get(id);
    if (found !== undefined) return found;
    const tail = Promise.resolve();
    const made: Job = { id, over: false, tail, offer: undefined, packer: undefined, unpacker: undefined };
    jobs.set(id, made);
    return made;
  }

  function emit(event: BulkEvent): void {
    if (!closed) sink(event);
  }

  /** Does `work` when what was asked before is done; what it throws ends the transfer. */
  function after(one: Job, work: () => Promise<void> | void, skipped?: () => void): void {
    one.tail = one.tail.then(async () => {
      if (one.over) return skipped?.();
      try {
        await work();
      } catch (error) {
        if (!isSecurechatError(error)) throw error;
        const { code, detail } = error;
        if (!one.over) emit({ type: 'failed', id: one.id, reason: REASONS[code] ?? 'cancelled', code, detail });
      }
    });
  }

  async function prepare(one: Job, [path = ascii('')]: readonly Uint8Array[]): Promise<void> {
    const name = new TextDecoder().decode(path);
    const chosen = given.get(name);
    given.delete(name);
    const sources = listed((await chosen) ?? []);
    const [first] = sources;
    if (first === undefined) throw new SecurechatError('SC-340');
    if (one.over) return;
    one.packer = packChosen(sources);
    const bytes = sources.reduce((sum, { entry }) => sum + entry.size, 0);
    emit({
      type: 'ready',
      id: one.id,
      offer: { kind: 'files', count: sources.length, bytes, name: plainCopy(first.entry.path) },
    });
  }

  function examine(one: Job, offer: BulkOffer): void {
    if (offer.kind !== 'files') {
      return emit({ type: 'failed', id: one.id, reason: 'refused', code: 'SC-341', detail: {} });
    }
    one.offer = offer;
    const free = streams(offer) ? {} : { free: memoryLimit - held };
    emit({ type: 'examined', id: one.id, free: undefined, exists: false, ...free });
  }

  /** Only one file has one place. */
  function streams(offer: Extract<BulkOffer, { kind: 'files' }>): boolean {
    return askPlace !== undefined && offer.count === 1;
  }

  function take(one: Job): void {
    const { offer } = one;
    if (offer === undefined) throw new SecurechatError('SC-340');
    const place = places.get(one.id);
    places.delete(one.id);
    if (place === undefined && (offer.bytes ?? 0) > memoryLimit - held) throw tooLarge();
    one.unpacker = createUnpacker(offer, {
      begin: (name, size) => (place === undefined ? inMemory(one.id, name, size) : place.createWritable()),
    });
    emit({ type: 'accept', id: one.id });
  }

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

  async function give(one: Job, count: number): Promise<void> {
    for (let i = 0; i < count && !one.over && one.packer !== undefined; i++) {
      const { data, last, content } = await one.packer.next();
      if (one.over) return void data.fill(0);
      const sum = last ? { sum: one.packer.sum() } : {};
      // Whatever is wanted after it: there is no more.
      if (last) one.packer = undefined;
      emit({ type: 'data', id: one.id, data, last, content, ...sum });
    }
  }

  async function write(one: Job, data: Uint8Array, last: boolean): Promise<void> {
    try {
      const content = (await one.unpacker?.write(data, last)) ?? 0;
      emit({ type: 'used', id: one.id, count: 1, content });
      if (last && one.unpacker !== undefined) emit({ type: 'whole', id: one.id, sum: one.unpacker.sum() });
    } finally {
      data.fill(0);
    }
  }

  function end(one: Job, whole: boolean): Promise<void> {
    one.over = true;
    jobs.delete(one.id);
    places.delete(one.id);
    one.offer?.name.fill(0);
    void one.packer?.close();
    one.tail = one.tail.then(async () => {
      await one.unpacker?.close();
      // Of a transfer that is not whole nothing is offered to be saved.
      if (!whole) drop(one.id);
    });
    ending.add(one.tail);
    return one.tail.finally(() => void ending.delete(one.tail));
  }

  function drop(id: number): void {
    for (const { address, size } of kept.get(id) ?? []) {
      addresses.revoke(address);
      held -= size;
    }
    kept.delete(id);
  }

  return {
    open(to) {
      sink = to;
    },

    tell(command: BulkCommand) {
      if (command.type === 'active') return;
      if (command.type === 'over') {
        const one = jobs.get(command.id);
        if (one !== undefined) void end(one, command.whole);
        return;
      }
      const one = job(command.id);
      switch (command.type) {
        case 'prepare': {
          const paths = command.paths.map(plainCopy);
          return after(one, () => prepare(one, paths));
        }
        case 'offered': {
          const { offer } = command;
          const copy = offer.kind === 'files' ? { ...offer, name: plainCopy(offer.name) } : offer;
          return after(one, () => examine(one, copy));
        }
        case 'take':
          return after(one, () => take(one));
        case 'taken':
          return;
        case 'want':
          return after(one, () => give(one, command.count));
        case 'data':
          after(
            one,
            () => write(one, command.data, command.last),
            () => void command.data.fill(0),
          );
      }
    },

    async close() {
      closed = true;
      given.clear();
      await Promise.all([...[...jobs.values()].map((one) => end(one, false)), ...ending]);
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
