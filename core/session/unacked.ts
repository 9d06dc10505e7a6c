/**
 * The ciphertext that the peer has not acknowledged yet, what of it is still to be handed to the connection, and the two
 * windows (protocol.md section 7). Byte-identical retransmission needs the ciphertext and nothing else: no plaintext and
 * no key may be in this file.
 */
import { LocalProtocolError, RemoteProtocolError } from '../errors.js';
import type { ProtocolRecord } from '../protocol/records.js';
import { quick } from '../quick.js';

/** Frames with data stop here. */
export const DATA_WINDOW_FRAMES = 256;
export const DATA_WINDOW_BYTES = 4 * 1024 * 1024;
/** Control frames stop here, counting frames of any kind. */
export const CONTROL_WINDOW_FRAMES = 320;

/**
 * What a control record counts as: at most one frame of each is un-acked, of bulk-credit one for each stream. Undefined
 * for data.
 */
export function controlOf(record: ProtocolRecord): string | undefined {
  switch (record.type) {
    case 'text':
    case 'name':
    case 'delivered':
    case 'confirmed':
    case 'bulk-open':
    case 'bulk-close':
      return undefined;
    case 'bulk-credit':
      return `bulk-credit ${String(record.id)}`;
    default:
      return record.type;
  }
}

interface Entry {
  readonly frame: Uint8Array;
  readonly data: boolean;
  readonly controls: readonly string[];
  readonly eliciting: boolean;
}

export interface Unacked {
  /** The sequence number of the next frame. */
  readonly nextSeq: number;
  /** The lowest sequence number that is not acknowledged; `nextSeq` when all are. */
  readonly lowest: number;
  /** Un-acked frames that ask for an ack: all but bare acks. */
  readonly eliciting: number;
  /** Whether a frame with data may be sealed now. */
  readonly dataAllowed: boolean;
  /** Whether a frame without data may be sealed now. */
  readonly controlAllowed: boolean;
  /** Whether a frame with this control record is un-acked. */
  has(control: string): boolean;
  /** A frame was sealed with these records. */
  add(frame: Uint8Array, records: readonly ProtocolRecord[]): void;
  /**
   * The peer expects `ack` next: everything below is released. A lower one than before is nothing; one above what was
   * sent throws RemoteProtocolError.
   */
  acknowledge(ack: number): void;
  /** Whether something is still to be handed to the connection. */
  readonly waiting: boolean;
  /** The next frame for the connection, as it was sealed; it counts as handed over. */
  hand(): Uint8Array | undefined;
  /** Another connection: what is not acknowledged is handed over again, oldest first. */
  rewind(): void;
  wipe(): void;
}

export function createUnacked(): Unacked {
  let nextSeq = 0;
  let entries: Entry[] = [];
  /** Of `entries`, from the oldest on. */
  let handed = 0;
  let dataFrames = 0;
  let dataBytes = 0;
  let eliciting = 0;
  /** How many frames with each control record are out: after a resume there may be two of one. */
  const out = new Map<string, number>();

  function release({ frame, data, controls, eliciting: asked }: Entry): void {
    if (asked) eliciting -= 1;
    for (const control of controls) {
      const left = (out.get(control) ?? 1) - 1;
      if (left > 0) out.set(control, left);
      else out.delete(control);
    }
    if (!data) return;
    dataFrames -= 1;
    dataBytes -= frame.length;
  }

  return quick({
    get nextSeq() {
      return nextSeq;
    },
    get lowest() {
      return nextSeq - entries.length;
    },
    get eliciting() {
      return eliciting;
    },
    get dataAllowed() {
      return dataFrames < DATA_WINDOW_FRAMES && dataBytes < DATA_WINDOW_BYTES;
    },
    get controlAllowed() {
      return entries.length < CONTROL_WINDOW_FRAMES;
    },
    has: (control) => out.has(control),

    add(frame, records) {
      if (nextSeq >= 2 ** 48 - 1) throw new LocalProtocolError('sequence numbers are used up');
      const controls: string[] = [];
      let data = false;
      for (const record of records) {
        const control = controlOf(record);
        if (control === undefined) data = true;
        else controls.push(control);
      }
      for (const control of controls) out.set(control, (out.get(control) ?? 0) + 1);
      entries.push({ frame, data, controls, eliciting: records.length > 0 });
      nextSeq += 1;
      if (records.length > 0) eliciting += 1;
      if (!data) return;
      dataFrames += 1;
      dataBytes += frame.length;
    },

    acknowledge(ack) {
      if (!(ack <= nextSeq)) throw new RemoteProtocolError('an ack is above what was sent');
      const count = Math.max(0, ack - (nextSeq - entries.length));
      if (count === 0) return;
      for (const entry of entries.splice(0, count)) release(entry);
      handed = Math.max(0, handed - count);
    },

    get waiting() {
      return handed < entries.length;
    },
    hand() {
      const entry = entries[handed];
      if (entry !== undefined) handed += 1;
      return entry?.frame;
    },
    rewind() {
      handed = 0;
    },

    wipe() {
      entries = [];
      out.clear();
      handed = dataFrames = dataBytes = eliciting = 0;
    },
  });
}
