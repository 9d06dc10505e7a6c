/**
 * All bulk streams of a session (protocol.md section 8): which are open, what their records say, what is due to be said. What a
 * stream carries, and what a person wants of it, may not be in this file.
 */
import type { BulkOffer } from '../../bulk-port.js';
import { LocalProtocolError, RemoteProtocolError } from '../../errors.js';
import type { CryptoPort } from '../../ports.js';
import type {
  BulkCloseRecord,
  BulkCreditRecord,
  BulkOpenRecord,
  BulkRecord,
  StreamCloseReason,
} from '../../protocol/bulk-records.js';
import { type ProtocolRecord, recordSize } from '../../protocol/records.js';
import { type ChunkHead, readChunkHead } from '../../protocol/chunk.js';
import type { Bytes, Key } from '../../protocol/keys.js';
import { other, type Role } from '../../protocol/role.js';
import { NEVER } from '../../timers.js';
import { createIncoming, GRANTED_CHUNKS, type Incoming } from './incoming.js';
import { createOutgoing, HELD_BYTES, type Outgoing } from './outgoing.js';
import { quick } from '../../quick.js';

/** Streams of one opener that are open at once. */
export const OPEN_LIMIT = 8;

/** Records that wait for their window; beyond it no stream is opened. */
const QUEUE_LIMIT = 4 * OPEN_LIMIT;

/** How the opener, and how the receiver of a stream may end it. */
const OPENER_ENDS: ReadonlySet<StreamCloseReason> = new Set(['cancelled', 'changed']);
const RECEIVER_ENDS: ReadonlySet<StreamCloseReason> = new Set([
  ...(['whole', 'refused', 'cancelled', 'disk', 'bad hash', 'disagrees'] as const),
]);

/** What happens to streams. Called in the middle of a step: nothing of `Streams` but `open` may be called back from here. */
export interface StreamSink {
  /** The peer offers a stream: answer with `accept` or `finish`. */
  offered(id: number, offer: BulkOffer): void;
  /** The peer takes a stream of this side. */
  accepted(id: number): void;
  /** Pieces of data that are wanted for a stream of this side, each answered with one `add`. */
  wanted(id: number, count: number): void;
  /** Data of a stream of the peer. The buffer belongs to the sink, which wipes it and then says `used`. */
  data(id: number, data: Uint8Array, last: boolean): void;
  /** The peer has ended a stream: its own, or one of this side. */
  ended(own: boolean, id: number, reason: StreamCloseReason): void;
}

/** A credit that is due. `always`: after a resume, when no window stops it but the one for all frames. */
export interface DueCredit {
  readonly record: BulkCreditRecord;
  readonly always: boolean;
  /** It is sealed. */
  sealed(now: number): void;
}

/** S_0 of the streams that a frame opens. */
export interface OpenedKeys {
  take(id: number): Key<'stream'> | undefined;
}

export interface Streams {
  // What concerns a stream that has ended meanwhile does nothing.

  /** The id of a new stream of this side, or undefined while OPEN_LIMIT are open. */
  open(offer: BulkOffer): number | undefined;
  /** Data for a stream of this side, as it was wanted; dropped when the stream has ended. */
  add(id: number, data: Uint8Array, last: boolean): void;
  /** Ends a stream of this side. */
  abort(id: number, reason: 'cancelled' | 'changed'): void;
  /** Takes a stream of the peer. */
  accept(id: number): void;
  /** So many pieces of data of a stream of the peer were used. */
  used(id: number, count: number): void;
  /** Ends a stream of the peer. `whole` only after its last piece. */
  finish(id: number, reason: 'whole' | 'refused' | 'cancelled' | 'disk' | 'bad hash' | 'disagrees'): void;

  /** A record of the peer, in frame number `seq`; `keys`: of the streams that this frame opens. Throws RemoteProtocolError. */
  record(record: BulkRecord, seq: number, keys: OpenedKeys): void;
  /** A chunk. `gap`: the connection is not to be trusted any more. Throws RemoteProtocolError. */
  chunk(bytes: Uint8Array): 'taken' | 'dropped' | 'gap';

  /** The next open or close, of at most `room` bytes: it is going to be sealed. */
  next(room: number): ProtocolRecord | undefined;
  /** What `next` gave is sealed. */
  sealed(keys: OpenedKeys): void;
  /** Whether `next` has one. */
  readonly waiting: boolean;
  /** Each is sealed now, or asked for again after the next ack. */
  credits(now: number): readonly DueCredit[];
  /** When a credit is due, if nothing else happens before. */
  creditAt(): number;
  /** Asks for the data that may be sent soon. */
  ask(): void;
  /** The next chunk to hand to the transport, streams in turn. */
  nextChunk(): Uint8Array | undefined;
  interrupted(): void;
  /** The connection is back; the peer's next frame is number `peerNext`. */
  resumed(peerNext: number): void;
  /** Bytes of ciphertext that are kept for the peer. */
  readonly held: number;
  /** Chunks that a stream of the peer may still bring, or has brought and are not used. */
  granted(id: number): number;
  /** Streams that are open, offered ones too. */
  readonly count: number;
  wipe(): void;
}

export function createStreams(crypto: CryptoPort, role: Role, th: Bytes<'transcript'>, sink: StreamSink): Streams {
  /** Own streams; undefined while the bulk-open is not sealed. */
  const own = new Map<number, Outgoing | undefined>();
  const theirs = new Map<number, Incoming>();
  let nextOwn = 0;
  /** Own ids below this were sealed. */
  let said = 0;
  let nextTheirs = 0;
  /** Opens and closes, in their order. */
  const queue: (BulkOpenRecord | BulkCloseRecord)[] = [];
  /** Frames of the peer from this number on were sealed after the last resume. */
  let freshFrom = 0;
  /** The stream whose turn it is. */
  let turn = 0;
  /** Own streams whose bulk-open was taken for a frame that is not sealed yet. */
  let taken: number[] = [];

  function close(opener: Role, id: number, reason: StreamCloseReason): void {
    queue.push({ type: 'bulk-close', opener, id, reason });
  }

  function drop(streams: Map<number, { wipe(): void } | undefined>, id: number): void {
    streams.get(id)?.wipe();
    streams.delete(id);
  }

  function opened({ id, offer }: BulkOpenRecord, key: Key<'stream'> | undefined): void {
    if (key === undefined) throw new LocalProtocolError('a stream without its key');
    const stream = createIncoming(crypto, th, key);
    if (id !== nextTheirs || openTheirs() >= OPEN_LIMIT) {
      stream.wipe();
      throw new RemoteProtocolError(
        id === nextTheirs ? 'too many streams at once' : 'the id of a stream is out of order',
      );
    }
    nextTheirs += 1;
    theirs.set(id, stream);
    sink.offered(id, offer);
  }

  function credited({ id, counter, window }: BulkCreditRecord, seq: number): void {
    if (id >= said) throw new RemoteProtocolError('a credit for a stream that was not opened');
    const stream = own.get(id);
    if (stream === undefined) return;
    const before = stream.accepted;
    stream.credit(counter, window, seq >= freshFrom);
    if (!before) sink.accepted(id);
  }

  function closed({ opener, id, reason }: BulkCloseRecord): void {
    const ours = opener === role;
    if (id >= (ours ? said : nextTheirs)) throw new RemoteProtocolError('the end of a stream that was not opened');
    if (!(ours ? RECEIVER_ENDS : OPENER_ENDS).has(reason)) throw new RemoteProtocolError('a stream ends the wrong way');
    const stream = ours ? own.get(id) : theirs.get(id);
    if (stream === undefined) return unsay(opener, id);
    if (ours) {
      const { accepted, complete } = stream as Outgoing;
      if (reason === 'whole' && !complete) throw new RemoteProtocolError('a stream is whole before its end');
      if (reason === 'refused' && accepted) throw new RemoteProtocolError('a stream is refused after it was accepted');
    }
    drop(ours ? own : theirs, id);
    sink.ended(ours, id, reason);
  }

  /** Both have ended it at once: the peer counts it no more, and need not hear of our end. */
  function unsay(opener: Role, id: number): void {
    const at = queue.findIndex((each) => each.type === 'bulk-close' && each.opener === opener && each.id === id);
    if (at >= 0) queue.splice(at, 1);
  }

  function held(): number {
    let sum = 0;
    for (const stream of own.values()) sum += stream?.held ?? 0;
    return sum;
  }

  function pool(): number {
    let outstanding = 0;
    for (const stream of theirs.values()) outstanding += stream.outstanding;
    return GRANTED_CHUNKS - outstanding;
  }

  /** Streams of the peer as the peer counts them: one whose end it has not heard of is open. */
  function openTheirs(): number {
    return theirs.size + queue.filter((record) => record.type === 'bulk-close' && record.opener !== role).length;
  }

  /** Where a chunk with this head belongs: undefined where it cannot be one. */
  function take(head: ChunkHead, bytes: Uint8Array): 'taken' | 'dropped' | 'gap' {
    const stream = theirs.get(head.id);
    if (stream === undefined) return head.id < nextTheirs ? 'dropped' : 'gap';
    const opened = stream.receive(head, bytes);
    if (opened === 'gap') return 'gap';
    if (opened === 'late') return 'dropped';
    sink.data(head.id, opened.data, opened.last);
    return 'taken';
  }

  return quick({
    open(offer) {
      if (own.size >= OPEN_LIMIT || queue.length >= QUEUE_LIMIT) return undefined;
      const id = nextOwn;
      nextOwn += 1;
      own.set(id, undefined);
      queue.push({ type: 'bulk-open', id, offer });
      return id;
    },

    add(id, data, last) {
      const stream = own.get(id);
      if (stream === undefined) data.fill(0);
      else stream.add(data, last);
    },

    abort(id, reason) {
      if (!own.has(id)) return;
      drop(own, id);
      close(role, id, reason);
    },

    accept: (id) => theirs.get(id)?.accept(),
    used: (id, count) => theirs.get(id)?.used(count),

    finish(id, reason) {
      const stream = theirs.get(id);
      if (stream === undefined) return;
      if (reason === 'whole' && !stream.complete) throw new LocalProtocolError('a stream is whole before its end');
      drop(theirs, id);
      close(other(role), id, reason === 'refused' && stream.accepted ? 'cancelled' : reason);
    },

    record(record, seq, keys) {
      switch (record.type) {
        case 'bulk-open':
          return opened(record, keys.take(record.id));
        case 'bulk-credit':
          return credited(record, seq);
        case 'bulk-close':
          return closed(record);
      }
    },

    chunk(bytes) {
      const head = readChunkHead(bytes);
      // Only the opener sends chunks: one of an own stream is a reflection.
      return head === undefined || head.opener === role ? 'gap' : take(head, bytes);
    },

    next(room) {
      const [record] = queue;
      if (record === undefined || recordSize(record) > room) return undefined;
      queue.shift();
      if (record.type === 'bulk-open') taken.push(record.id);
      return record;
    },

    sealed(keys) {
      for (const id of taken) {
        said = id + 1;
        const key = keys.take(id);
        if (key === undefined) throw new LocalProtocolError('a stream without its key');
        // Ended before it was said: the end follows it.
        if (own.has(id)) own.set(id, createOutgoing(crypto, th, role, id, key));
        else key.wipe();
      }
      taken = [];
    },

    get waiting() {
      return queue.length > 0;
    },

    credits(now) {
      const due: DueCredit[] = [];
      let free = pool();
      for (const [id, stream] of theirs) {
        const before = stream.outstanding;
        const credit = stream.due(now, free);
        if (credit === undefined) continue;
        free -= Math.max(0, stream.wouldHave(credit) - before);
        due.push({
          record: { type: 'bulk-credit', id, ...credit },
          always: stream.mustCredit,
          sealed: (at) => stream.sealed(at),
        });
      }
      return due;
    },

    creditAt() {
      let earliest = NEVER;
      for (const stream of theirs.values()) earliest = Math.min(earliest, stream.wakeAt());
      return earliest;
    },

    ask() {
      for (const [id, stream] of own) {
        const count = stream?.wish() ?? 0;
        if (count > 0) sink.wanted(id, count);
      }
    },

    nextChunk() {
      const ids = [...own.keys()];
      for (let i = 0; i < ids.length; i++) {
        const at = (turn + i) % ids.length;
        const chunk = own.get(ids[at] ?? -1)?.next(HELD_BYTES - held());
        if (chunk === undefined) continue;
        turn = at + 1;
        return chunk;
      }
      return undefined;
    },

    interrupted() {
      for (const stream of own.values()) stream?.interrupted();
    },

    resumed(peerNext) {
      freshFrom = peerNext;
      for (const stream of theirs.values()) stream.resumed();
    },

    get held() {
      return held();
    },
    granted: (id) => theirs.get(id)?.outstanding ?? 0,
    get count() {
      return own.size + theirs.size;
    },

    wipe() {
      for (const streams of [own, theirs]) for (const id of [...streams.keys()]) drop(streams, id);
      queue.length = 0;
    },
  });
}
