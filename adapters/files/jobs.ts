/**
 * Transfers as an adapter of files does them: what the session asks of one is done one after the other, what it throws ends
 * it, and nothing is done for it once it is over. Where files come from and go to is the adapter's; no file system and no
 * rule of the protocol may be in this file.
 */
import { isSecurechatError, SecurechatError } from '../../core/errors.js';
import type { BulkCommand, BulkEvent, BulkFailure, BulkOffer, BulkPort } from '../../core/bulk-port.js';
import { plainCopy } from '../../core/protocol/bytes.js';
import type { Packer } from './packer.js';

export type FilesOffer = Extract<BulkOffer, { kind: 'files' }>;
type Collision = Extract<BulkCommand, { type: 'take' }>['collision'];

/** Puts what comes where it belongs; `writer.ts` and `web/unpacking.ts` say more. */
export interface Receiver {
  /** How many of these bytes were content of files. */
  write(bytes: Uint8Array, last: boolean): Promise<number>;
  /** After the last: SHA-256 in hex. */
  sum(): string;
  /** Removes what is half. */
  close(): Promise<void>;
}

/** One transfer. Work on it follows one another in `tail`. */
export interface Job<R extends Receiver> {
  readonly id: number;
  over: boolean;
  tail: Promise<void>;
  offer: FilesOffer | undefined;
  /** What is sent. */
  packer: Packer | undefined;
  /** What is taken. */
  receiver: R | undefined;
}

/** The adapter's own part. What these throw, a SecurechatError, ends the transfer. */
export interface JobWork<R extends Receiver> {
  /** Finds what the person wants to send: sets `packer` and answers `ready`. The paths are the callee's. */
  prepare(job: Job<R>, paths: readonly Uint8Array[]): Promise<void>;
  /** Looks at the offer, which is `job.offer`, and answers `examined`. */
  examine(job: Job<R>, offer: FilesOffer): Promise<void> | void;
  /** Makes room for it: sets `receiver` and answers `accept`. */
  take(job: Job<R>, offer: FilesOffer, collision: Collision): Promise<void> | void;
  /** All of it was written: what is told before that it is whole. */
  written?(job: Job<R>, receiver: R): void;
  /** It is over, and what was half is removed. */
  ended?(job: Job<R>, whole: boolean): void;
}

export interface Jobs extends BulkPort {
  /** Tells the session, until it is closed. */
  emit(event: BulkEvent): void;
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

/** `taken`: whether anything is taken at all. */
export function createJobs<R extends Receiver>(taken: boolean, work: JobWork<R>): Jobs {
  let sink: (event: BulkEvent) => void = () => undefined;
  const jobs = new Map<number, Job<R>>();
  /** What is being put away. */
  const ending = new Set<Promise<void>>();
  let closed = false;

  function job(id: number): Job<R> {
    const found = jobs.get(id);
    if (found !== undefined) return found;
    const tail = Promise.resolve();
    const made: Job<R> = { id, over: false, tail, offer: undefined, packer: undefined, receiver: undefined };
    jobs.set(id, made);
    return made;
  }

  function emit(event: BulkEvent): void {
    if (!closed) sink(event);
  }

  /** Does `step` when what was asked before is done. `skipped`: it is over before that. */
  function after(one: Job<R>, step: () => Promise<void> | void, skipped?: () => void): void {
    one.tail = one.tail.then(async () => {
      if (one.over) return skipped?.();
      try {
        await step();
      } catch (error) {
        if (!isSecurechatError(error)) throw error;
        const { code, detail } = error;
        if (!one.over) emit({ type: 'failed', id: one.id, reason: REASONS[code] ?? 'cancelled', code, detail });
      }
    });
  }

  function examine(one: Job<R>, offer: BulkOffer): Promise<void> | void {
    if (offer.kind === 'files' && taken) {
      one.offer = offer;
      return work.examine(one, offer);
    }
    forget(offer);
    emit({ type: 'failed', id: one.id, reason: 'refused', code: 'SC-341', detail: {} });
  }

  async function give(one: Job<R>, count: number): Promise<void> {
    for (let i = 0; i < count && !one.over && one.packer !== undefined; i++) {
      const { data, last, content } = await one.packer.next();
      if (one.over) return void data.fill(0);
      const sum = last ? { sum: one.packer.sum() } : {};
      // Whatever is wanted after it: there is no more.
      if (last) one.packer = undefined;
      emit({ type: 'data', id: one.id, data, last, content, ...sum });
    }
  }

  async function write(one: Job<R>, data: Uint8Array, last: boolean): Promise<void> {
    try {
      const content = (await one.receiver?.write(data, last)) ?? 0;
      emit({ type: 'used', id: one.id, count: 1, content });
      if (!last || one.receiver === undefined) return;
      work.written?.(one, one.receiver);
      emit({ type: 'whole', id: one.id, sum: one.receiver.sum() });
    } finally {
      data.fill(0);
    }
  }

  /** Nothing more is done for it; what is under way is waited for, then what is half is removed. */
  function end(one: Job<R>, whole: boolean): Promise<void> {
    one.over = true;
    jobs.delete(one.id);
    if (one.offer !== undefined) forget(one.offer);
    one.tail = one.tail.then(async () => {
      await one.packer?.close();
      await one.receiver?.close();
      work.ended?.(one, whole);
    });
    ending.add(one.tail);
    return one.tail.finally(() => void ending.delete(one.tail));
  }

  return {
    emit,

    open(to) {
      sink = to;
    },

    tell(command) {
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
          return after(one, () => work.prepare(one, paths));
        }
        case 'offered': {
          const { offer } = command;
          const kept = offer.kind === 'files' ? { ...offer, name: plainCopy(offer.name) } : offer;
          return after(
            one,
            () => examine(one, kept),
            () => forget(kept),
          );
        }
        case 'take':
          return after(one, () => {
            if (one.offer === undefined) throw new SecurechatError('SC-340');
            return work.take(one, one.offer, command.collision);
          });
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
      await Promise.all([...[...jobs.values()].map((one) => end(one, false)), ...ending]);
    },
  };
}

/** What the peer called it. */
function forget(offer: BulkOffer): void {
  if (offer.kind === 'files') offer.name.fill(0);
}
