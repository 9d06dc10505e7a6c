/**
 * Transfers as a person sees them: offered, accepted, on their way, done or failed; between the UI, the adapter that has the
 * files or the pipe, and the streams. No counter, no credit and no key may be in this file.
 */
import type { Code, Detail } from '../errors.js';
import type { BulkCommand, BulkEvent, BulkFailure, BulkOffer } from '../bulk-port.js';
import type { UiEvent } from '../ports.js';
import type { StreamCloseReason } from '../protocol/bulk-records.js';
import { plainCopy } from '../protocol/bytes.js';
import type { Host } from './events.js';
import { partFault, isText } from './bulk/file-path.js';
import { OPEN_LIMIT, type Streams, type StreamSink } from './bulk/streams.js';
import { quick } from '../quick.js';

/** Milliseconds between two reports about one transfer. */
export const PROGRESS_EVERY = 250;
/** Transfers of this side that are prepared or wait for a stream. */
export const PREPARED_LIMIT = OPEN_LIMIT;

type FileEvent = Extract<UiEvent, { type: 'offer' | 'accept' | 'reject' | 'cancel' }>;

interface Transfer {
  readonly id: number;
  readonly own: boolean;
  /**
   * preparing: the adapter looks at it · waiting: for a stream · offered: for the peer's answer, or for the person's ·
   * taken: the adapter makes room · running: data flows · sent: all of it is given
   */
  phase: 'preparing' | 'waiting' | 'offered' | 'taken' | 'running' | 'sent';
  offer: BulkOffer | undefined;
  stream: number | undefined;
  bytes: number;
  toldAt: number;
  sum: string;
}

export interface Transfers {
  /** For the streams of the conversation that comes next. */
  readonly sink: StreamSink;
  /** The streams of a conversation; those of one before are gone. `closed`: cover is on, none is opened and none is taken. */
  attach(streams: Streams, closed: boolean): void;
  /** The person may see offers, and streams may be opened. Once. */
  allow(): void;
  ui(event: FileEvent, now: number): void;
  bulk(event: BulkEvent, now: number): void;
  /** A transfer is prepared, offered, or on its way. */
  readonly busy: boolean;
  /** Ends every transfer: the person leaves. */
  cancelAll(): void;
  /** The session is over: what was not done has failed. */
  end(code: Code): void;
}

/** How the peer's end of a stream is told. */
const ENDS: Readonly<Record<StreamCloseReason, Code>> = {
  whole: 'SC-342',
  refused: 'SC-342',
  cancelled: 'SC-344',
  disk: 'SC-345',
  changed: 'SC-346',
  'bad hash': 'SC-347',
  disagrees: 'SC-348',
};

/** `available`: there is an adapter for this. */
export function createTransfers(host: Host, available: boolean): Transfers {
  const transfers = new Map<number, Transfer>();
  let nextId = 1;
  let streams: Streams | undefined;
  let allowed = false;
  let closed = false;
  /** Offers of the peer that came before they may be seen, by stream. */
  let unseen: { readonly stream: number; readonly offer: BulkOffer }[] = [];
  let time = 0;
  /** The peer has taken back what the person could accept: a yes without a number may mean that. */
  let takenBack = false;
  const told = new Set<Code>();

  const tell = (command: BulkCommand): void => host.emit({ type: 'bulk', command });

  function begin(own: boolean, phase: Transfer['phase'], offer?: BulkOffer, stream?: number): Transfer {
    const transfer = { id: nextId, own, phase, offer, stream, bytes: 0, toldAt: -PROGRESS_EVERY, sum: '' };
    nextId += 1;
    transfers.set(transfer.id, transfer);
    return transfer;
  }

  function byStream(own: boolean, stream: number): Transfer | undefined {
    for (const transfer of transfers.values()) {
      if (transfer.own === own && transfer.stream === stream) return transfer;
    }
    return undefined;
  }

  /** The last word about a transfer. */
  function over(transfer: Transfer, code: Code | undefined, detail: Detail = {}): void {
    const { id, bytes, sum } = transfer;
    transfers.delete(id);
    tell({ type: 'over', id, whole: code === undefined, code });
    if (transfer.offer?.kind === 'pipe') return;
    if (code === undefined) host.emit({ type: 'show', view: { type: 'file-done', id, bytes, sum } });
    else host.emit({ type: 'show', view: { type: 'file-failed', id, code, detail } });
    openWaiting();
  }

  /** Ends a stream, where there is one. */
  function close({ own, stream }: Transfer, reason: BulkFailure): void {
    if (stream === undefined) return;
    if (own) streams?.abort(stream, reason === 'changed' ? 'changed' : 'cancelled');
    else streams?.finish(stream, reason === 'changed' ? 'cancelled' : reason === 'truncated' ? 'disagrees' : reason);
  }

  /** Opens streams for what waits for one. */
  function openWaiting(): void {
    if (!allowed || streams === undefined) return;
    for (const transfer of transfers.values()) {
      if (transfer.phase !== 'waiting' || transfer.offer === undefined) continue;
      if (closed) return over(transfer, 'SC-333');
      const stream = streams.open(transfer.offer);
      if (stream === undefined) return;
      transfer.stream = stream;
      transfer.phase = 'offered';
    }
  }

  function showOffer({ id, own, offer }: Transfer, free: number | undefined, exists: boolean): void {
    if (offer?.kind !== 'files') return;
    const { count, bytes } = offer;
    host.emit({
      type: 'show',
      view: { type: 'offer', id, incoming: !own, name: plainCopy(offer.name), count, bytes, free, exists },
    });
  }

  function progress(transfer: Transfer, content: number, always: boolean): void {
    transfer.bytes += content;
    const { id, bytes, offer } = transfer;
    if (offer?.kind !== 'files' || (!always && time < transfer.toldAt + PROGRESS_EVERY)) return;
    transfer.toldAt = time;
    host.emit({ type: 'show', view: { type: 'progress', id, bytes, total: offer.bytes } });
  }

  /** An offer that the person may see: a name that no file can have is refused unseen. */
  function offered(stream: number, offer: BulkOffer): void {
    const sound =
      offer.kind === 'pipe' || (offer.count > 0 && isText(offer.name) && partFault(offer.name) === undefined);
    const taken = available && !closed;
    if (!taken || !sound) {
      streams?.finish(stream, taken ? 'disagrees' : 'refused');
      const code = closed ? 'SC-333' : available ? 'SC-355' : 'SC-341';
      // Once: a peer that offers again and again fills no screen.
      if (offer.kind === 'pipe' || told.has(code)) return;
      told.add(code);
      host.notice(code);
      return;
    }
    tell({ type: 'offered', id: begin(false, 'preparing', offer, stream).id, offer });
  }

  const sink: StreamSink = {
    offered(stream, offer) {
      const kept = offer.kind === 'pipe' ? offer : { ...offer, name: plainCopy(offer.name) };
      unseen.push({ stream, offer: kept });
    },
    accepted(stream) {
      const transfer = byStream(true, stream);
      if (transfer === undefined) return;
      transfer.phase = 'running';
      tell({ type: 'taken', id: transfer.id });
      progress(transfer, 0, true);
    },
    wanted(stream, count) {
      const transfer = byStream(true, stream);
      if (transfer !== undefined) tell({ type: 'want', id: transfer.id, count });
    },
    data(stream, data, last) {
      const transfer = byStream(false, stream);
      if (transfer === undefined) data.fill(0);
      else tell({ type: 'data', id: transfer.id, data, last });
    },
    ended(own, stream, reason) {
      unseen = unseen.filter((each) => own || each.stream !== stream);
      const transfer = byStream(own, stream);
      if (transfer === undefined) return;
      takenBack ||= isOffer(transfer);
      over(transfer, reason === 'whole' ? undefined : ENDS[reason]);
    },
  };

  function find(id: number | undefined, waits: (transfer: Transfer) => boolean): Transfer | undefined {
    if (id !== undefined) {
      const transfer = transfers.get(id);
      return transfer !== undefined && waits(transfer) ? transfer : undefined;
    }
    return [...transfers.values()].find(waits);
  }

  const isOffer = ({ own, phase, offer }: Transfer): boolean => !own && phase === 'offered' && offer?.kind === 'files';

  function prepare(paths: readonly Uint8Array[]): void {
    let prepared = 0;
    for (const { own, phase } of transfers.values()) if (own && phase !== 'running' && phase !== 'sent') prepared += 1;
    if (prepared >= PREPARED_LIMIT) host.notice('SC-354', { limit: PREPARED_LIMIT });
    else tell({ type: 'prepare', id: begin(true, 'preparing').id, paths });
  }

  function fail(transfer: Transfer, reason: BulkFailure, code: Code, detail: Detail = {}): void {
    close(transfer, reason);
    over(transfer, code, detail);
  }

  return quick({
    sink,

    attach(next, cover) {
      streams = next;
      closed = cover;
    },

    allow() {
      if (!allowed) {
        allowed = true;
        if (available) tell({ type: 'active' });
        if (available && closed) host.notice('SC-333');
        if (closed) told.add('SC-333');
      }
      const seen = unseen;
      unseen = [];
      for (const { stream, offer } of seen) offered(stream, offer);
      openWaiting();
    },

    ui(event, now) {
      time = now;
      if (!available) return host.notice('SC-340');
      if (closed && event.type === 'offer') return host.notice('SC-333');
      switch (event.type) {
        case 'offer':
          return prepare(event.paths);
        case 'accept': {
          const doubtful = takenBack && event.id === undefined;
          takenBack = false;
          const transfer = find(event.id, isOffer);
          if (transfer !== undefined && doubtful) return host.notice('SC-337');
          if (transfer === undefined) return host.notice('SC-356');
          transfer.phase = 'taken';
          return tell({ type: 'take', id: transfer.id, collision: event.collision ?? 'rename' });
        }
        case 'reject': {
          const transfer = find(event.id, isOffer);
          if (transfer === undefined) return host.notice('SC-356');
          return fail(transfer, 'refused', 'SC-353');
        }
        case 'cancel': {
          const transfer = find(event.id, () => true);
          if (transfer === undefined) return host.notice('SC-356');
          return fail(transfer, isOffer(transfer) ? 'refused' : 'cancelled', 'SC-343');
        }
      }
    },

    bulk(event, now) {
      time = now;
      if (event.type === 'notice') return host.notice(event.code, event.detail);
      if (event.type === 'ready' && event.id === undefined) {
        begin(true, 'waiting', event.offer);
        return openWaiting();
      }
      const transfer = event.id === undefined ? undefined : transfers.get(event.id);
      if (transfer === undefined) {
        if (event.type === 'data') event.data.fill(0);
        return;
      }
      switch (event.type) {
        case 'ready':
          transfer.offer = event.offer;
          transfer.phase = 'waiting';
          showOffer(transfer, undefined, false);
          return openWaiting();
        case 'examined':
          transfer.phase = 'offered';
          return showOffer(transfer, event.free, event.exists);
        case 'accept':
          transfer.phase = 'running';
          if (transfer.stream !== undefined) streams?.accept(transfer.stream);
          return progress(transfer, 0, true);
        case 'data':
          if (event.last) transfer.phase = 'sent';
          transfer.sum = event.sum ?? '';
          if (transfer.stream !== undefined) streams?.add(transfer.stream, event.data, event.last);
          return progress(transfer, event.content, event.last);
        case 'used':
          if (transfer.stream !== undefined) streams?.used(transfer.stream, event.count);
          return progress(transfer, event.content, false);
        case 'whole':
          transfer.sum = event.sum;
          progress(transfer, 0, true);
          if (transfer.stream !== undefined) streams?.finish(transfer.stream, 'whole');
          return over(transfer, undefined);
        case 'failed':
          return fail(transfer, event.reason, event.code, event.detail);
      }
    },

    get busy() {
      return transfers.size > 0;
    },

    cancelAll() {
      for (const transfer of [...transfers.values()]) fail(transfer, 'cancelled', 'SC-343');
    },

    end(code) {
      for (const { offer } of unseen) if (offer.kind === 'files') offer.name.fill(0);
      unseen = [];
      for (const transfer of [...transfers.values()]) over(transfer, code);
    },
  });
}
