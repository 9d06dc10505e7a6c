/**
 * The adapter of files: what the session asks of it, done one after the other for each transfer. What a folder or a stream
 * looks like is in the files beside this one; no rule of the protocol may be in this one.
 */
import { lstat } from 'node:fs/promises';
import path from 'node:path';
import { isSecurechatError, SecurechatError } from '../../core/errors.js';
import type { BulkCommand, BulkEvent, BulkFailure, BulkOffer, BulkPort } from '../../core/bulk-port.js';
import { plainCopy } from '../../core/protocol/bytes.js';
import { storable } from './names.js';
import type { Packer } from './packer.js';
import { createReader } from './reader.js';
import { listTree, whyOf } from './tree.js';
import { createWriter, freeIn, isOwn, type Writer } from './writer.js';

export interface FilesOptions {
  /** Where paths of a person begin; undefined: nothing is sent. */
  readonly source: string | undefined;
  /** Where what comes is written; undefined: nothing is taken. */
  readonly destination: string | undefined;
}

/** One transfer. Work on it follows one another in `tail`. */
interface Job {
  readonly id: number;
  over: boolean;
  tail: Promise<void>;
  offer: Extract<BulkOffer, { kind: 'files' }> | undefined;
  reader: Packer | undefined;
  writer: Writer | undefined;
}

const REASONS: Readonly<Partial<Record<string, BulkFailure>>> = {
  'SC-346': 'changed',
  'SC-347': 'bad hash',
  'SC-348': 'disagrees',
  'SC-349': 'truncated',
  'SC-350': 'changed',
  'SC-351': 'disk',
};

export function createFiles({ source, destination }: FilesOptions): BulkPort {
  let sink: (event: BulkEvent) => void = () => undefined;
  const jobs = new Map<number, Job>();
  /** What is being put away. */
  const ending = new Set<Promise<void>>();
  let closed = false;

  function job(id: number): Job {
    const found = jobs.get(id);
    if (found !== undefined) return found;
    const made = { id, over: false, tail: Promise.resolve(), offer: undefined, reader: undefined, writer: undefined };
    jobs.set(id, made);
    return made;
  }

  function emit(event: BulkEvent): void {
    if (!closed) sink(event);
  }

  /** Does `work` when what was asked before is done; what it throws ends the transfer. */
  function after(one: Job, work: () => Promise<void>, skipped?: () => void): void {
    one.tail = one.tail.then(async () => {
      if (one.over) return skipped?.();
      try {
        await work();
      } catch (error) {
        if (!one.over) emit({ type: 'failed', id: one.id, ...failureOf(error) });
      }
    });
  }

  async function prepare(one: Job, paths: readonly Uint8Array[]): Promise<void> {
    if (source === undefined) throw new SecurechatError('SC-340');
    const named = paths.map((each) => path.resolve(source, Buffer.from(each).toString('utf8')));
    const { entries, bytes, left, renamed } = await listTree(named, () => !one.over);
    const [first] = entries;
    if (one.over || first === undefined) return;
    if (left.count > 0) emit({ type: 'notice', code: 'SC-352', detail: left });
    if (renamed.count > 0) emit({ type: 'notice', code: 'SC-359', detail: renamed });
    one.reader = createReader(entries);
    emit({ type: 'ready', id: one.id, offer: { kind: 'files', count: entries.length, bytes, name: first.path } });
  }

  async function examine(one: Job, offer: BulkOffer): Promise<void> {
    if (offer.kind !== 'files' || destination === undefined) {
      return emit({ type: 'failed', id: one.id, reason: 'refused', code: 'SC-341', detail: {} });
    }
    one.offer = offer;
    const exists = await isThere(path.join(destination, storable(offer.name)));
    emit({ type: 'examined', id: one.id, free: await freeIn(destination), exists });
  }

  async function take(one: Job, collision: 'rename' | 'skip'): Promise<void> {
    const { offer } = one;
    if (destination === undefined || offer === undefined) throw new SecurechatError('SC-340');
    const name = storable(offer.name);
    const free = await freeIn(destination);
    if (free !== undefined && offer.bytes !== undefined && offer.bytes > free) {
      throw new SecurechatError('SC-351', { name, why: whyOf(Object.assign(new Error(), { code: 'ENOSPC' })) });
    }
    if (collision === 'skip' && offer.count === 1 && (await isThere(path.join(destination, name)))) {
      const detail = { name, why: whyOf(Object.assign(new Error(), { code: 'EEXIST' })) };
      return emit({ type: 'failed', id: one.id, reason: 'refused', code: 'SC-351', detail });
    }
    const alone = await isOwn(destination).catch((error: unknown) => {
      throw new SecurechatError('SC-351', { name, why: whyOf(error) });
    });
    one.writer = createWriter(destination, offer, collision, alone);
    emit({ type: 'accept', id: one.id });
  }

  async function give(one: Job, count: number): Promise<void> {
    for (let i = 0; i < count && !one.over && one.reader !== undefined; i++) {
      const { data, last, content } = await one.reader.next();
      if (one.over) return void data.fill(0);
      const sum = last ? { sum: one.reader.sum() } : {};
      // Whatever is wanted after it: there is no more.
      if (last) one.reader = undefined;
      emit({ type: 'data', id: one.id, data, last, content, ...sum });
    }
  }

  async function write(one: Job, data: Uint8Array, last: boolean): Promise<void> {
    try {
      const content = (await one.writer?.write(data, last)) ?? 0;
      emit({ type: 'used', id: one.id, count: 1, content });
      if (!last || one.writer === undefined) return;
      const { left, renamed } = one.writer;
      if (left.count > 0) emit({ type: 'notice', code: 'SC-335', detail: { ...left } });
      if (renamed.count > 0) emit({ type: 'notice', code: 'SC-336', detail: { ...renamed } });
      emit({ type: 'whole', id: one.id, sum: one.writer.sum() });
    } finally {
      data.fill(0);
    }
  }

  /** Nothing more is done for it; what is under way is waited for, then what is half is removed. */
  function end(one: Job): Promise<void> {
    one.over = true;
    jobs.delete(one.id);
    one.offer?.name.fill(0);
    one.tail = one.tail.then(async () => {
      await one.reader?.close();
      await one.writer?.close();
    });
    ending.add(one.tail);
    return one.tail.finally(() => void ending.delete(one.tail));
  }

  return {
    open(to) {
      sink = to;
    },

    tell(command: BulkCommand) {
      if (command.type === 'active') return;
      if (command.type === 'over') {
        const one = jobs.get(command.id);
        if (one !== undefined) void end(one);
        return;
      }
      const one = job(command.id);
      switch (command.type) {
        case 'prepare':
          return after(one, () => prepare(one, command.paths));
        case 'offered': {
          const { offer } = command;
          const kept = offer.kind === 'files' ? { ...offer, name: plainCopy(offer.name) } : offer;
          return after(one, () => examine(one, kept));
        }
        case 'take':
          return after(one, () => take(one, command.collision));
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
      await Promise.all([...[...jobs.values()].map(end), ...ending]);
    },
  };
}

async function isThere(at: string): Promise<boolean> {
  try {
    await lstat(at);
    return true;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ENOENT');
  }
}

function failureOf(error: unknown): Pick<Extract<BulkEvent, { type: 'failed' }>, 'reason' | 'code' | 'detail'> {
  if (!isSecurechatError(error)) throw error;
  return { reason: REASONS[error.code] ?? 'cancelled', code: error.code, detail: error.detail };
}
