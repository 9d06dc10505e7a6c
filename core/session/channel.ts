/**
 * The encrypted channel (protocol.md sections 5 to 7): sequence numbers, acks, windows, when to rekey, heartbeat, and
 * what is sent again when the line is back. It outlives connections. Frames in, records out; what a record says to a
 * person is conversation.ts. No plaintext is kept here.
 */
import { RemoteProtocolError } from '../errors.js';
import { type Role, readFrameHeader } from '../protocol/frame.js';
import type { OpenedFrame, Ratchet } from '../protocol/ratchet.js';
import type { ProtocolRecord } from '../protocol/records.js';
import type { Position } from '../protocol/resume.js';
import { createOutbox, type FrameKind } from './unacked.js';
import { createRoundTrip } from './round-trip.js';

/** An eliciting frame is acked at the latest after this many milliseconds. */
export const ACK_DELAY = 50;
/** A side that has opened this many frames since it last sealed one seals one. */
export const ACK_FRAMES = 32;
/** An encrypted ping after this long without traffic. */
export const PING_AFTER = 15_000;
/** The connection is lost after this long without any answer. */
export const SILENCE_LIMIT = 10_000;
/** After this process has slept it is asked at once, and believed for this long. */
export const PROBE_LIMIT = 2_000;
/** A rekey at most this often, … */
export const REKEY_MIN = 5_000;
/** … at the latest after this long while anything flows, … */
export const REKEY_MAX = 120_000;
/** … and after this many frames. */
export const REKEY_FRAMES = 2 ** 16;

/** Records that stay inside the channel. */
type Internal = 'offer' | 'answer' | 'rekey-wanted' | 'ping';
export type ChannelRecord = Exclude<ProtocolRecord, { type: Internal }>;

export type Received =
  /** Not a frame, or one that was taken before: nothing happened. */
  | { readonly type: 'ignored' }
  /** The relay lost, reordered or forged something: this frame cannot be the next one. */
  | { readonly type: 'gap' }
  /** Records are views: use them, then call `wipe`. */
  | { readonly type: 'opened'; readonly records: readonly ChannelRecord[]; wipe(): void };

export interface Channel {
  /** The peer is known to hold the keys: A is provisional until it has opened a frame, or the proof of a resume. */
  readonly proven: boolean;
  /** The line is down: nothing is sealed, sent, opened or due. */
  readonly paused: boolean;
  pause(now?: number): void;
  /** What resume-2 says of this side. */
  readonly position: Position;
  /**
   * The line is back, and the peer stands at `peer`: what it has not opened is sent again, byte for byte. Throws
   * RemoteProtocolError when it cannot stand there: the session ends.
   */
  resume(peer: Position, now: number): void;
  /** Provisional A has found the peer's attempt again: its frames are sent from number 0, and nothing is proven. */
  repeat(now: number): void;
  /** Whether a frame of this kind may be sealed now. */
  allows(kind: FrameKind): boolean;
  /** The frame's sequence number, or undefined when the window for this kind is full (try again after an ack). */
  send(kind: FrameKind, records: readonly ProtocolRecord[], now: number): number | undefined;
  /** Throws RemoteProtocolError when the peer broke a rule: the session ends. */
  receive(frame: Uint8Array, now: number): Received;
  /** Sends what is due: acks, pings, answers, offers. */
  tick(now: number): void;
  /** When `tick` must be called again. */
  wakeAt(): number;
  /** This process slept: is the line still up? What came in meanwhile is still opened. */
  probe(now: number): void;
  /** Milliseconds of the line's last round trips, or undefined. */
  readonly roundTrip: number | undefined;
  /** True when the peer has not answered for SILENCE_LIMIT. */
  silent(now: number): boolean;
  /** Every frame below this number is acknowledged. */
  readonly acknowledged: number;
  /** From now on no text is acknowledged and no rekey is offered: own goodbye is sealed, or the peer's was opened. */
  conclude(): void;
  wipe(): void;
}

export function createChannel(
  ratchet: Ratchet,
  role: Role,
  transmit: (frame: Uint8Array) => void,
  start: number,
): Channel {
  const outbox = createOutbox();
  const roundTrip = createRoundTrip();
  let expected = 0;
  let concluded: { readonly ack: number } | undefined;
  /** Frames opened since one was sealed; when the oldest eliciting one of them must be acked. */
  let unanswered = 0;
  let ackDue = Number.POSITIVE_INFINITY;
  let lastTraffic = start;
  /** Since when something that needs an answer is out and nothing was heard. */
  let waitingSince = Number.POSITIVE_INFINITY;
  let offer: Uint8Array | undefined;
  let rekey = { at: start, sent: false, received: false, traffic: false, wanted: false, frames: 0 };
  /** Rekeys to be made at once: after a resume an outstanding offer is completed first, then another made. */
  let owed = 0;
  let paused = false;
  let lastWanted = Number.NEGATIVE_INFINITY;

  function seal(kind: FrameKind, records: readonly ProtocolRecord[], now: number): number {
    const seq = outbox.nextSeq;
    const frame = ratchet.seal(seq, concluded?.ack ?? expected, records);
    outbox.add(kind, frame);
    unanswered = 0;
    ackDue = Number.POSITIVE_INFINITY;
    lastTraffic = now;
    rekey.frames += 1;
    rekey.traffic = true;
    if (kind === 'text') rekey.sent ||= records.some((record) => record.type === 'text');
    if (records.length > 0) {
      waitingSince = Math.min(waitingSince, now);
      roundTrip.sent(seq, now);
    }
    transmit(frame);
    return seq;
  }

  function send(kind: FrameKind, records: readonly ProtocolRecord[], now: number): number | undefined {
    return allows(kind) ? seal(kind, records, now) : undefined;
  }

  function allows(kind: FrameKind): boolean {
    return !paused && outbox.allows(kind);
  }

  function rekeyed(now: number): void {
    owed = Math.max(0, owed - 1);
    rekey = { at: now, sent: false, received: false, traffic: false, wanted: false, frames: 0 };
  }

  /** When the next offer is due, as far as is known now (section 5, "When"). Only A offers. */
  function offerDue(): number {
    if (role !== 'A' || !channel.proven || concluded !== undefined) return Number.POSITIVE_INFINITY;
    if (ratchet.offerOut || !allows('offer')) return Number.POSITIVE_INFINITY;
    if (owed > 0) return rekey.at;
    if (rekey.frames >= REKEY_FRAMES) return rekey.at;
    if ((rekey.sent && rekey.received) || rekey.wanted) return rekey.at + REKEY_MIN;
    return rekey.traffic ? rekey.at + REKEY_MAX : Number.POSITIVE_INFINITY;
  }

  /** When a bare ack is due. After the goodbye nothing is acknowledged any more. */
  function bareAckDue(): number {
    if (unanswered === 0 || concluded !== undefined || !allows('ack')) return Number.POSITIVE_INFINITY;
    return unanswered >= ACK_FRAMES ? lastTraffic : ackDue;
  }

  function pingDue(): number {
    return allows('ping') ? lastTraffic + PING_AFTER : Number.POSITIVE_INFINITY;
  }

  /** The answer is the last frame of its epoch. */
  function answer(now: number): void {
    if (offer === undefined || !allows('answer')) return;
    seal('answer', [ratchet.answerOffer(offer)], now);
    ratchet.answerSealed();
    offer = undefined;
    rekeyed(now);
  }

  function take(record: ProtocolRecord, now: number): ChannelRecord | undefined {
    switch (record.type) {
      case 'offer':
        if (role !== 'B') throw new RemoteProtocolError('an offer came from B');
        // The answer's ack comes with the next offer at the latest.
        if (offer !== undefined || outbox.has('answer'))
          throw new RemoteProtocolError('a second offer before the answer');
        offer = record.value.slice();
        return undefined;
      case 'answer':
        ratchet.takeAnswer(record.value);
        rekeyed(now);
        // A sends at once in the new epoch.
        ackDue = now;
        return undefined;
      case 'rekey-wanted':
        if (role !== 'A') throw new RemoteProtocolError('a rekey was wanted from B');
        if (now - lastWanted >= REKEY_MIN) rekey.wanted = true;
        lastWanted = now;
        return undefined;
      case 'ping':
        return undefined;
      case 'text':
        rekey.received = true;
        return record;
      default:
        return record;
    }
  }

  function opened(frame: OpenedFrame, now: number): Received {
    try {
      outbox.acknowledge(frame.ack);
      roundTrip.acknowledged(frame.ack, now);
      expected += 1;
      channel.proven = true;
      unanswered += 1;
      rekey.frames += 1;
      rekey.traffic = true;
      lastTraffic = now;
      waitingSince = outbox.eliciting > 0 ? now : Number.POSITIVE_INFINITY;
      if (frame.records.length > 0) ackDue = Math.min(ackDue, now + ACK_DELAY);
      const records = frame.records.map((record) => take(record, now)).filter((record) => record !== undefined);
      return { type: 'opened', records, wipe: frame.wipe };
    } catch (error) {
      frame.wipe();
      throw error;
    }
  }

  const channel = {
    proven: role === 'B',
    allows,
    send,
    get paused() {
      return paused;
    },
    get position() {
      return { expected: concluded?.ack ?? expected, next: outbox.nextSeq };
    },
    get acknowledged() {
      return outbox.lowest;
    },
    get roundTrip() {
      return roundTrip.ms;
    },

    receive(bytes: Uint8Array, now: number): Received {
      const header = readFrameHeader(bytes);
      if (header === undefined || header.seq < expected) return { type: 'ignored' };
      if (header.seq > expected) return { type: 'gap' };
      const frame = ratchet.open(bytes);
      return frame === undefined ? { type: 'gap' } : opened(frame, now);
    },

    pause(): void {
      paused = true;
      roundTrip.interrupted();
      ackDue = waitingSince = Number.POSITIVE_INFINITY;
    },

    resume(peer: Position, now: number): void {
      if (!(peer.expected >= outbox.lowest)) throw new RemoteProtocolError('the peer expects what it has acknowledged');
      outbox.acknowledge(peer.expected);
      if (!(peer.next >= expected)) throw new RemoteProtocolError('the peer has sealed fewer frames than were opened');
      paused = false;
      channel.proven = true;
      // The proof was the ack of everything that was opened before.
      unanswered = 0;
      lastTraffic = now;
      waitingSince = outbox.eliciting > 0 ? now : Number.POSITIVE_INFINITY;
      owed = ratchet.offerOut ? 2 : 1;
      for (const frame of outbox.frames()) transmit(frame);
    },

    repeat(now: number): void {
      paused = false;
      lastTraffic = now;
      waitingSince = outbox.eliciting > 0 ? now : Number.POSITIVE_INFINITY;
      for (const frame of outbox.frames()) transmit(frame);
    },

    tick(now: number): void {
      answer(now);
      if (now >= offerDue()) seal('offer', [ratchet.makeOffer()], now);
      if (now >= pingDue()) seal('ping', [{ type: 'ping' }], now);
      if (now >= bareAckDue()) seal('ack', [], now);
    },

    wakeAt(): number {
      return Math.min(bareAckDue(), offerDue(), pingDue(), waitingSince + SILENCE_LIMIT);
    },

    probe(now: number): void {
      if (paused) return;
      if (allows('ping')) seal('ping', [{ type: 'ping' }], now);
      waitingSince = now - SILENCE_LIMIT + PROBE_LIMIT;
    },

    silent(now: number): boolean {
      return now >= waitingSince + SILENCE_LIMIT;
    },

    conclude(): void {
      concluded ??= { ack: expected };
    },

    wipe(): void {
      try {
        ratchet.wipe();
      } finally {
        outbox.wipe();
        offer = undefined;
      }
    },
  };
  return channel;
}
