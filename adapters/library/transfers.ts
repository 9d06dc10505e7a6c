/**
 * Files between a program and the session: the BulkPort on one side, transfers and offers as objects on the other. What a
 * stream looks like is in the files beside this one; no rule of the protocol may be in this one.
 */
import { isSecurechatError } from '../../core/errors.js';
import type { BulkCommand, BulkEvent, BulkFailure, BulkOffer, BulkPort } from '../../core/bulk-port.js';
import type { UiEvent, UiView } from '../../core/ports.js';
import { ascii, plainCopy } from '../../core/protocol/bytes.js';
import { PREPARED_LIMIT } from '../../core/session/transfers.js';
import type { Incoming, Offer, OutgoingFile, Transfer, Transferred, TransferOptions } from './api.js';
import { ChatError, toldOf } from './chat-error.js';
import { safely } from './events.js';
import { createIncomingFiles, type IncomingFiles } from './incoming.js';
import { createMailbox } from './mailbox.js';
import { createSettled, type Settled } from './settled.js';
import { storable } from '../files/names.js';
import type { Packer } from '../files/packer.js';
import type { Hash } from '../files/sums.js';
import { packSources, readSources, type Source } from './sources.js';

export type FileView = Extract<UiView, { type: 'offer' | 'progress' | 'file-done' | 'file-failed' }>;
type FilesOffer = Extract<BulkOffer, { kind: 'files' }>;

export interface LibraryTransfers {
  readonly port: BulkPort;
  readonly offers: AsyncIterable<Offer>;
  /** Throws ChatError SC-354 and SC-360. */
  sendFiles(files: OutgoingFile | readonly OutgoingFile[], options?: TransferOptions): Transfer;
  show(view: FileView): void;
  /** No transfer and no offer comes any more; `error`: for whoever reads offers. */
  end(error: unknown): void;
}

/** A transfer of either direction, from the moment at which the session knows it. */
interface Job {
  readonly done: Settled<Transferred>;
  readonly progress: TransferOptions['progress'];
  tail: Promise<void>;
  /** All of it was handed over. */
  given: boolean;
  /** What the content has thrown. */
  cause?: unknown;
  readonly packer?: Packer;
  readonly incoming?: IncomingFiles;
}

/** A transfer of this side that the session has not asked for yet, and has no number for. */
interface Prepared {
  readonly sources: readonly Source[];
  readonly job: Job;
  canceled: boolean;
  id: number | undefined;
}

export interface LibraryTransfersOptions {
  /** As a person tells the session. */
  readonly tell: (event: UiEvent) => void;
  /** Unix time in milliseconds. */
  readonly now: () => number;
  readonly sha256: () => Hash;
}

export function createLibraryTransfers({ tell, now, sha256 }: LibraryTransfersOptions): LibraryTransfers {
  let sink: (event: BulkEvent) => void = () => undefined;
  let over = false;
  let tokens = 0;
  const prepared = new Map<string, Prepared>();
  /** Offered to the peer, and not taken yet. */
  const unanswered = new Set<number>();
  /** Offers of the peer, by their number. */
  const offered = new Map<number, FilesOffer>();
  const jobs = new Map<number, Job>();

  const inbox = createMailbox<{ readonly offer: Offer; readonly refuse: () => void }, Offer>({
    open: ({ offer }) => offer,
    drop: ({ refuse }) => refuse(),
    // Nobody waits for offers any more: whoever made one is not left waiting either.
    left: () => inbox.clear(),
  });

  function fail(id: number, reason: BulkFailure, error: unknown): void {
    const { code, detail } = isSecurechatError(error) ? error : new ChatError('SC-343');
    sink({ type: 'failed', id, reason, code, detail });
  }

  function sendFiles(files: OutgoingFile | readonly OutgoingFile[], { progress }: TransferOptions = {}): Transfer {
    const sources = readSources(files, now());
    if (prepared.size + unanswered.size >= PREPARED_LIMIT) throw new ChatError('SC-354', { limit: PREPARED_LIMIT });
    const done = createSettled<Transferred>();
    const job: Job = { done, progress, tail: Promise.resolve(), given: false, packer: packSources(sources, sha256) };
    const own: Prepared = { sources, job, canceled: false, id: undefined };
    const token = String(tokens++);
    prepared.set(token, own);
    tell({ type: 'offer', paths: [ascii(token)] });
    return {
      done: done.promise,
      cancel() {
        own.canceled = true;
        if (own.id !== undefined && jobs.has(own.id)) tell({ type: 'cancel', id: own.id });
      },
    };
  }

  function prepare(id: number, [path = ascii('')]: readonly Uint8Array[]): void {
    const token = String.fromCharCode(...path);
    const own = prepared.get(token);
    if (own === undefined) return fail(id, 'cancelled', undefined);
    prepared.delete(token);
    own.id = id;
    jobs.set(id, own.job);
    if (own.canceled) return fail(id, 'cancelled', undefined);
    unanswered.add(id);
    const bytes = own.sources.reduce((sum, { entry }) => sum + entry.size, 0);
    const [first] = own.sources;
    const name = first?.entry.path ?? path;
    sink({ type: 'ready', id, offer: { kind: 'files', count: own.sources.length, bytes, name } });
  }

  async function give(id: number, job: Job, count: number): Promise<void> {
    const { packer } = job;
    for (let i = 0; i < count && !job.given && jobs.has(id) && packer !== undefined; i++) {
      const { data, last, content } = await packer.next();
      if (!jobs.has(id)) return void data.fill(0);
      // Whatever is wanted after it: there is no more.
      job.given = last;
      sink({ type: 'data', id, data, last, content, ...(last ? { sum: packer.sum() } : {}) });
    }
  }

  function examine(id: number, offer: BulkOffer): void {
    if (offer.kind !== 'files' || inbox.readers === 0) return fail(id, 'refused', new ChatError('SC-341'));
    offered.set(id, { ...offer, name: plainCopy(offer.name) });
    sink({ type: 'examined', id, free: undefined, exists: false });
  }

  function showOffer({ id, count, bytes }: Extract<FileView, { type: 'offer' }>): void {
    const offer = offered.get(id);
    if (offer === undefined) return;
    let answered = false;
    const once = (): void => {
      if (answered || !offered.has(id)) throw new ChatError('SC-356');
      answered = true;
    };
    const refuse = (): void => {
      if (offered.has(id)) tell({ type: 'reject', id });
    };
    inbox.put({
      refuse,
      offer: {
        name: storable(offer.name),
        count,
        bytes,
        accept({ progress }: TransferOptions = {}) {
          once();
          return take(id, offer, progress);
        },
        reject() {
          once();
          refuse();
        },
      },
    });
  }

  function take(id: number, offer: FilesOffer, progress: TransferOptions['progress']): Incoming {
    const done = createSettled<Transferred>();
    const cancel = (): void => {
      if (jobs.has(id)) tell({ type: 'cancel', id });
    };
    const incoming = createIncomingFiles({
      announced: offer,
      sha256,
      used: (content) => sink({ type: 'used', id, count: 1, content }),
      whole: (sum) => sink({ type: 'whole', id, sum }),
      failed: (reason, error) => fail(id, reason, error),
      stopped: cancel,
    });
    jobs.set(id, { done, progress, tail: Promise.resolve(), given: false, incoming });
    tell({ type: 'accept', id });
    return { done: done.promise, cancel, [Symbol.asyncIterator]: () => incoming.files };
  }

  /** The session has forgotten it: nothing is read or given any more. */
  function forget(id: number): void {
    unanswered.delete(id);
    offered.get(id)?.name.fill(0);
    offered.delete(id);
    // A source that hangs is not waited for.
    void jobs.get(id)?.packer?.close();
  }

  function settle(id: number, how: Transferred | ChatError): void {
    const job = jobs.get(id);
    jobs.delete(id);
    if (job === undefined) return;
    if (how instanceof ChatError) job.done.reject(how);
    else job.done.resolve(how);
    job.incoming?.end(how instanceof ChatError ? how : undefined);
  }

  function perform(command: BulkCommand): void {
    switch (command.type) {
      case 'active':
        return;
      case 'prepare':
        return prepare(command.id, command.paths);
      case 'offered':
        return examine(command.id, command.offer);
      case 'take':
        return sink({ type: 'accept', id: command.id });
      case 'taken':
        unanswered.delete(command.id);
        return;
      case 'want': {
        const job = jobs.get(command.id);
        if (job === undefined) return;
        job.tail = job.tail
          .then(() => give(command.id, job, command.count))
          .catch((error: unknown) => {
            job.cause = error instanceof ChatError ? error.cause : undefined;
            fail(command.id, 'changed', error);
          });
        return;
      }
      case 'data': {
        const incoming = jobs.get(command.id)?.incoming;
        if (incoming === undefined) command.data.fill(0);
        else incoming.add(command.data, command.last);
        return;
      }
      case 'over':
        return forget(command.id);
    }
  }

  return {
    offers: inbox,
    sendFiles,
    show(view) {
      switch (view.type) {
        case 'offer':
          if (view.incoming) showOffer(view);
          return;
        case 'progress': {
          const progress = jobs.get(view.id)?.progress;
          if (progress !== undefined) safely(() => progress(view.bytes, view.total));
          return;
        }
        case 'file-done':
          return settle(view.id, { bytes: view.bytes, sum: view.sum });
        case 'file-failed':
          return settle(view.id, new ChatError(view.code, {}, toldOf(view.text), jobs.get(view.id)?.cause));
      }
    },
    end(error) {
      over = true;
      for (const { job } of prepared.values()) {
        job.done.reject(error ?? new ChatError('SC-357'));
        void job.packer?.close();
      }
      prepared.clear();
      // The session has told the end of all that it knows.
      for (const id of [...jobs.keys()]) settle(id, new ChatError('SC-357'));
      inbox.end(error);
    },
    port: {
      open(to) {
        sink = (event) => {
          if (!over) to(event);
          else if (event.type === 'data') event.data.fill(0);
        };
      },
      tell: perform,
      close() {
        over = true;
        for (const id of [...jobs.keys()]) forget(id);
        return Promise.resolve();
      },
    },
  };
}
