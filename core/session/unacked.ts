/**
 * The ciphertext that the peer has not acknowledged yet, and the two windows (protocol.md section 7). Byte-identical
 * retransmission needs the ciphertext and nothing else: no plaintext and no key may be in this file.
 */
import { LocalProtocolError, RemoteProtocolError } from '../errors.js';

/** Text-like frames stop here. */
export const TEXT_WINDOW_FRAMES = 256;
export const TEXT_WINDOW_BYTES = 4 * 1024 * 1024;
/** Control frames stop here, counting frames of any kind. */
export const CONTROL_WINDOW_FRAMES = 320;

/** Records whose frame may be un-acked once at a time. `ack` is a bare ack and is bound by the window alone. */
export type FrameKind = 'text' | 'ack' | 'offer' | 'answer' | 'rekey-wanted' | 'ping' | 'bye' | 'bye-ack';

interface Entry {
  readonly seq: number;
  readonly kind: FrameKind;
  readonly frame: Uint8Array;
}

export interface Outbox {
  /** The sequence number of the next frame. */
  readonly nextSeq: number;
  /** The lowest sequence number that is not acknowledged; `nextSeq` when all are. */
  readonly lowest: number;
  /** Un-acked frames that ask for an ack: all but bare acks. */
  readonly eliciting: number;
  /** Whether a frame of this kind may be sealed now. */
  allows(kind: FrameKind): boolean;
  /** Whether a frame of this kind is un-acked. */
  has(kind: FrameKind): boolean;
  add(kind: FrameKind, frame: Uint8Array): void;
  /**
   * The peer expects `ack` next: everything below is released. A lower one than before is nothing; one above what was
   * sent throws RemoteProtocolError.
   */
  acknowledge(ack: number): void;
  /** The frames that are not acknowledged, in order and as they were sealed. */
  frames(): readonly Uint8Array[];
  wipe(): void;
}

export function createOutbox(): Outbox {
  let nextSeq = 0;
  let entries: Entry[] = [];
  let textFrames = 0;
  let textBytes = 0;
  let eliciting = 0;

  function has(kind: FrameKind): boolean {
    return entries.some((entry) => entry.kind === kind);
  }

  return {
    get nextSeq() {
      return nextSeq;
    },
    get lowest() {
      return nextSeq - entries.length;
    },
    get eliciting() {
      return eliciting;
    },
    allows(kind) {
      if (kind === 'text') return textFrames < TEXT_WINDOW_FRAMES && textBytes < TEXT_WINDOW_BYTES;
      return entries.length < CONTROL_WINDOW_FRAMES && (kind === 'ack' || !has(kind));
    },
    has,
    add(kind, frame) {
      if (nextSeq >= 2 ** 48 - 1) throw new LocalProtocolError('sequence numbers are used up');
      entries.push({ seq: nextSeq, kind, frame });
      nextSeq += 1;
      if (kind !== 'ack') eliciting += 1;
      if (kind === 'text') {
        textFrames += 1;
        textBytes += frame.length;
      }
    },
    acknowledge(ack) {
      if (!(ack <= nextSeq)) throw new RemoteProtocolError('an ack is above what was sent');
      const kept = entries.findIndex((entry) => entry.seq >= ack);
      const released = entries.splice(0, kept === -1 ? entries.length : kept);
      for (const { kind, frame } of released) {
        if (kind !== 'ack') eliciting -= 1;
        if (kind !== 'text') continue;
        textFrames -= 1;
        textBytes -= frame.length;
      }
    },
    frames: () => entries.map(({ frame }) => frame),
    wipe() {
      entries = [];
      textFrames = textBytes = eliciting = 0;
    },
  };
}
