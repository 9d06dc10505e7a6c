/**
 * What relays of a cluster write to each other: records of a link between two seats, a turn's worth in one message, and how
 * such a message is read. Which seat is linked with which, and what a record leads to, may not be in this file.
 *
 * A message is the sender's name and records: kind (1), number of the receiving seat (4), of the sending one (4), value (4),
 * length of the frame (4), frame.
 */
import { quick } from '../quick.js';

/** Bytes that a batch for another relay may have before it is sent, whatever else this turn brings. */
export const BATCH_LIMIT = 128 * 1024;
/** Characters of the name of a relay in a cluster: base64url of 16 bytes. */
export const NAME_LENGTH = 22;

/** Bytes before the frame. */
const RECORD = 17;

export const FRAME = 1;
/** The value is how many bytes of the other's sender have gone on. */
export const ARRIVED = 2;
/** The value says something of the member's address. */
export const NEIGHBOR = 3;

export interface Batches {
  /** `from`, `to`: the seats, by the numbers that their relays gave them. */
  put(instance: string, kind: number, from: number, to: number, value: number, frame?: Uint8Array): void;
  /** Sends all that waits: the end of a turn. */
  flush(): void;
  /** Drops what waits for these relays. */
  drop(isLost: (instance: string) => boolean): void;
}

export interface BatchesOptions {
  /** What this relay is called. */
  readonly name: () => string;
  /** The message is the callee's until it returns. */
  readonly publish: (instance: string, message: Uint8Array) => void;
  /** Has `flush` called at the end of this turn. */
  readonly defer: () => void;
}

interface Batch {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  end: number;
}

function emptyBatch(): Batch {
  // The largest frame on top of one that is not full yet.
  const bytes = new Uint8Array(2 * BATCH_LIMIT);
  return { bytes, view: new DataView(bytes.buffer), end: 0 };
}

export function createBatches({ name, publish, defer }: BatchesOptions): Batches {
  const batches = new Map<string, Batch>();
  let deferred = false;

  function batchFor(instance: string): Batch {
    const known = batches.get(instance);
    const batch = known ?? emptyBatch();
    if (known === undefined) batches.set(instance, batch);
    if (batch.end > 0) return batch;
    const own = name();
    for (let n = 0; n < NAME_LENGTH; n++) batch.bytes[n] = own.charCodeAt(n);
    batch.end = NAME_LENGTH;
    return batch;
  }

  function post(instance: string, batch: Batch): void {
    const { end } = batch;
    batch.end = 0;
    if (end > 0) publish(instance, batch.bytes.subarray(0, end));
  }

  return quick({
    put(instance, kind, from, to, value, frame) {
      const length = frame?.length ?? 0;
      const batch = batchFor(instance);
      const { view, bytes, end } = batch;
      view.setUint8(end, kind);
      view.setUint32(end + 1, to);
      view.setUint32(end + 5, from);
      view.setUint32(end + 9, value);
      view.setUint32(end + 13, length);
      if (frame !== undefined) bytes.set(frame, end + RECORD);
      batch.end = end + RECORD + length;
      if (batch.end > BATCH_LIMIT) return post(instance, batch);
      if (deferred) return;
      deferred = true;
      defer();
    },

    flush() {
      deferred = false;
      for (const [instance, batch] of batches) post(instance, batch);
    },

    drop(isLost) {
      for (const instance of [...batches.keys()]) if (isLost(instance)) batches.delete(instance);
    },
  });
}

/** Tells every whole record of a message, with the name of the relay that wrote it. `frame` is a view. */
export function readBatch(
  bytes: Uint8Array,
  take: (instance: string, kind: number, from: number, to: number, value: number, frame: Uint8Array) => void,
): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let instance = '';
  for (let n = 0; n < NAME_LENGTH && n < bytes.length; n++) instance += String.fromCharCode(bytes[n] ?? 0);
  for (let at = NAME_LENGTH; at + RECORD <= bytes.length; ) {
    const end = at + RECORD + view.getUint32(at + 13);
    if (end > bytes.length) return;
    const [to, from, value] = [view.getUint32(at + 1), view.getUint32(at + 5), view.getUint32(at + 9)];
    take(instance, view.getUint8(at), from, to, value, bytes.subarray(at + RECORD, end));
    at = end;
  }
}
