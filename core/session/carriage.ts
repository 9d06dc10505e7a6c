/**
 * The bulk part of a conversation: streams beside the channel, fed with its records and chunks, asked for what is to be sealed
 * and handed over. What a transfer is to a person is transfers.ts; no goodbye and no connection may be in this file.
 */
import type { CryptoPort } from '../ports.js';
import type { BulkRecord } from '../protocol/bulk-records.js';
import type { Established } from '../protocol/handshake-keys.js';
import type { Source } from './composer.js';
import { createStreams, type DueCredit, type OpenedKeys } from './bulk/streams.js';
import type { Transfers } from './transfers.js';
import { NEVER } from '../timers.js';
import { quick } from '../quick.js';

export interface CarriageOptions {
  readonly crypto: CryptoPort;
  readonly established: Pick<Established, 'role' | 'transcript'>;
  readonly transfers: Transfers;
  /** Hands a chunk to the connection. */
  readonly transmit: (chunk: Uint8Array) => void;
  /** At most one chunk waits in this process (section 8). */
  readonly room: () => boolean;
  /** With cover no stream is opened, and none is taken. */
  readonly cover: boolean;
  /** Streams may be spoken of, and the peer hears. */
  readonly open: () => boolean;
}

export interface Carriage {
  /** Opens and closes of streams. */
  readonly source: Source;
  readonly credits: { due(now: number): readonly DueCredit[]; at(): number };
  /** Throws RemoteProtocolError. */
  take(record: BulkRecord, seq: number, keys: OpenedKeys): void;
  /** `gap`: the connection is not to be trusted any more. Throws RemoteProtocolError. */
  chunk(bytes: Uint8Array): 'taken' | 'dropped' | 'gap';
  interrupted(): void;
  /** The connection is back; the peer's next frame is number `peerNext`. */
  resumed(peerNext: number): void;
  /** Asks for data and hands over chunks. */
  carry(): void;
  /** It is to be called as soon as what waits in the connection is known anew. */
  readonly more: boolean;
  /** A stream is open. */
  readonly busy: boolean;
  /** Opens or closes wait to be said. */
  readonly unsaid: boolean;
  wipe(): void;
}

export function createCarriage(options: CarriageOptions): Carriage {
  const { crypto, established, transfers, transmit, room, open } = options;
  const streams = createStreams(crypto, established.role, established.transcript, transfers.sink);
  transfers.attach(streams, options.cover);
  /** Chunks may go out once what waits is known, or the peer has said so. */
  let more = false;

  /** True when something was handed over, and no room is left. */
  function hand(): boolean {
    streams.ask();
    let handed = false;
    while (room()) {
      const chunk = streams.nextChunk();
      if (chunk === undefined) return false;
      handed = true;
      transmit(chunk);
    }
    streams.ask();
    return handed;
  }

  return quick({
    source: {
      wakeAt: (now) => (streams.waiting ? now : NEVER),
      next: (limit) => streams.next(limit),
      sealed: (_seq, keys) => streams.sealed(keys),
    },
    credits: { due: (now) => streams.credits(now), at: () => streams.creditAt() },
    take(record, seq, keys) {
      more = true;
      streams.record(record, seq, keys);
    },
    chunk: (bytes) => streams.chunk(bytes),
    interrupted: () => streams.interrupted(),
    resumed: (peerNext) => streams.resumed(peerNext),

    get busy() {
      return streams.count > 0;
    },
    get more() {
      return more;
    },

    carry() {
      more = false;
      if (!open()) return;
      transfers.allow();
      more = hand();
    },

    get unsaid() {
      return streams.waiting;
    },
    wipe: () => streams.wipe(),
  });
}
