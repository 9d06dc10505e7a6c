/**
 * One stream of this side (protocol.md section 8): what is sealed once and kept as ciphertext until the peer has it, and how
 * far the peer lets it go. No record and no other stream may be in this file.
 */
import { LocalProtocolError, RemoteProtocolError } from '../../errors.js';
import type { CryptoPort } from '../../ports.js';
import { CHUNK_DATA, sealChunk } from '../../protocol/chunk.js';
import { CHUNK_SIZES } from '../../protocol/frame.js';
import type { Bytes, Key } from '../../protocol/keys.js';
import type { Role } from '../../protocol/role.js';
import { createStreamKeys } from './keys.js';
import { quick } from '../../quick.js';

/** Most chunks of one stream that are kept un-acked, whatever was granted. */
export const HELD_CHUNKS = 256;
/** Most bytes of chunks that all streams of a side keep, whatever was granted. */
export const HELD_BYTES = 32 * 1024 * 1024;
/** Pieces of data that are asked for ahead, and wait unsealed. */
export const READ_AHEAD = 4;

export interface Outgoing {
  readonly accepted: boolean;
  /** The last piece is sealed. */
  readonly complete: boolean;
  /** Bytes of ciphertext that are kept. */
  readonly held: number;
  /** How many more pieces of data are wanted; they count as asked for from now on. */
  wish(): number;
  /** The next piece, 1 to CHUNK_DATA bytes, or the last one. It is wiped once it is sealed. */
  add(data: Uint8Array, last: boolean): void;
  /**
   * The peer's word. `fresh`: it was sealed after the resume that this stream waits for. Throws RemoteProtocolError for a
   * counter above what was sealed, or lower than one before.
   */
  credit(counter: number, window: number, fresh: boolean): void;
  /** The connection is down: after it nothing is sent before a fresh credit, and then from its counter on. */
  interrupted(): void;
  /** The next chunk to hand over, if there is one; a new one is sealed only while `room` bytes may be kept besides. */
  next(room: number): Uint8Array | undefined;
  wipe(): void;
}

/** Takes over `first`, S_0. */
export function createOutgoing(
  crypto: CryptoPort,
  th: Bytes<'transcript'>,
  opener: Role,
  id: number,
  first: Key<'stream'>,
): Outgoing {
  const keys = createStreamKeys(crypto, first);
  /** Sealed chunks, from counter `acked` on. */
  let kept: Uint8Array[] = [];
  let held = 0;
  let acked = 0;
  let sealed = 0;
  /** The counter that is handed over next. */
  let cursor = 0;
  let allowed = 0;
  let accepted = false;
  let waiting = false;
  let waitingData: { readonly data: Uint8Array; readonly last: boolean }[] = [];
  let asked = 0;
  let given = false;
  let complete = false;

  function seal(): Uint8Array | undefined {
    const piece = waitingData.shift();
    if (piece === undefined) return undefined;
    const { data, last } = piece;
    try {
      const chunk = sealChunk(crypto, keys.of(sealed), th, { opener, id, counter: sealed }, data, last);
      keys.used(sealed, last);
      kept.push(chunk);
      held += chunk.length;
      sealed += 1;
      complete = last;
      return chunk;
    } finally {
      data.fill(0);
    }
  }

  return quick({
    get accepted() {
      return accepted;
    },
    get complete() {
      return complete;
    },
    get held() {
      return held;
    },

    wish() {
      if (!accepted || given) return 0;
      // Data waits here for a chunk that may be sealed; what is asked for is never more than what may be sealed soon.
      const room = Math.min(allowed - sealed, HELD_CHUNKS - kept.length, READ_AHEAD) - waitingData.length - asked;
      if (room <= 0) return 0;
      asked += room;
      return room;
    },

    add(data, last) {
      if (asked === 0 || given) throw new LocalProtocolError('data of a stream that nobody asked for');
      if (data.length > CHUNK_DATA) throw new LocalProtocolError('more data than a chunk holds');
      if (data.length === 0 && !last) throw new LocalProtocolError('a piece of nothing that is not the last');
      asked -= 1;
      given = last;
      waitingData.push({ data, last });
    },

    credit(counter, window, fresh) {
      if (counter > sealed) throw new RemoteProtocolError('a credit is above what was sealed');
      if (counter < acked) throw new RemoteProtocolError('a credit goes back');
      for (const chunk of kept.splice(0, counter - acked)) held -= chunk.length;
      acked = counter;
      accepted = true;
      allowed = counter + window;
      if (waiting && fresh) {
        waiting = false;
        cursor = counter;
      }
      // What the peer has is not sent again, although it waits for nothing.
      cursor = Math.max(cursor, counter);
    },

    interrupted() {
      waiting = true;
    },

    next(room) {
      if (!accepted || waiting || cursor >= allowed) return undefined;
      const again = kept[cursor - acked];
      const mayKeep = kept.length < HELD_CHUNKS && room >= CHUNK_SIZES[1];
      const chunk = again ?? (mayKeep ? seal() : undefined);
      if (chunk !== undefined) cursor += 1;
      return chunk;
    },

    wipe() {
      keys.wipe();
      for (const { data } of waitingData) data.fill(0);
      waitingData = [];
      kept = [];
      held = 0;
    },
  });
}
