/**
 * The encrypted channel (protocol.md sections 5 to 7): which frame is sealed when and with what in it, acks, windows,
 * heartbeat, cover, and what is sent again when the line is back. It outlives connections. Frames in, records out; what
 * a record says to a person is conversation.ts. No plaintext is kept here.
 */
import { RemoteProtocolError } from '../errors.js';
import type { CryptoPort } from '../ports.js';
import { classify } from '../protocol/frame.js';
import type { OpenedFrame, Ratchet } from '../protocol/ratchet.js';
import type { ProtocolRecord } from '../protocol/records.js';
import type { Position } from '../protocol/resume.js';
import type { Role } from '../protocol/role.js';
import type { StreamKeys } from '../protocol/stream-keys.js';
import type { DueCredit } from './bulk/streams.js';
import { createBeat } from './beat.js';
import { type Comparison, createCompare } from './compare.js';
import { type ControlSource, compose, type Source } from './composer.js';
import { type ChannelRecord, createControls } from './controls.js';
import { createLiveness } from './liveness.js';
import { createRekey } from './rekey.js';
import { createRoundTrip, type RoundTrip } from './round-trip.js';
import { controlOf, createUnacked } from './unacked.js';
import { NEVER } from '../timers.js';
import { quick } from '../quick.js';

export type Received =
  /** Not a frame, or one that was taken before: nothing happened. */
  | { readonly type: 'ignored' }
  /** A chunk of a stream (section 8), unopened. */
  | { readonly type: 'chunk' }
  /** The relay lost, doubled, reordered or forged something: this frame is not the next one. */
  | { readonly type: 'gap' }
  | Opened;

export interface Opened {
  readonly type: 'opened';
  /** The number of the frame. */
  readonly seq: number;
  /** Views: use them, then call `wipe`. */
  readonly records: readonly ChannelRecord[];
  /** The keys of streams that the frame opens. */
  readonly streams: StreamKeys;
  wipe(): void;
}

export interface ChannelOptions {
  readonly crypto: CryptoPort;
  readonly ratchet: Ratchet;
  readonly role: Role;
  /** Hands a frame to the connection. */
  readonly transmit: (frame: Uint8Array) => void;
  /** Whether the connection takes more now. */
  readonly ready: () => boolean;
  readonly brisk: () => boolean;
  /** Those that may say something now, in the order in which they are asked. */
  readonly sources: () => readonly Source[];
  /** Of the direct path (section 8a). */
  readonly path: ControlSource;
  /** Of streams (section 8): those that are due at `now`, and when the next one is. */
  readonly credits: { due(now: number): readonly DueCredit[]; at(): number };
  /** One frame on each beat, whatever there is to say. */
  readonly cover: boolean;
  /** Whether the peer may ask to compare again. */
  readonly askable: () => boolean;
  readonly compared: (what: Comparison) => void;
}

export interface Channel {
  /** The peer is known to hold the keys: A is provisional until it has opened a frame, or the proof of a resume. */
  readonly proven: boolean;
  /** The line is down: nothing is sealed, sent or due. */
  pause(now: number): void;
  /** What resume-2 says of this side. */
  readonly position: Position;
  /**
   * The line is back, and the peer stands at `peer`: what it has not opened is sent again, byte for byte. Throws
   * RemoteProtocolError when it cannot stand there: the session ends.
   */
  resume(peer: Position, now: number): void;
  /** Provisional A has found the peer's attempt again: its frames are sent from number 0, and nothing is proven. */
  restart(now: number): void;
  /** Seals these records at once, alone. The frame's number, or undefined when it may not be: try again after an ack. */
  send(records: readonly ProtocolRecord[], now: number): number | undefined;
  /** Whether data waits that a frame may take along now: a goodbye comes after it. */
  waits(now: number): boolean;
  /** Throws RemoteProtocolError when the peer broke a rule: the session ends. */
  receive(frame: Uint8Array, now: number): Received;
  /** A chunk has opened: that is an answer. */
  heard(now: number): void;
  /** Seals and sends what is due and what waits. */
  tick(now: number): void;
  /** When `tick` must be called again. */
  wakeAt(now: number): number;
  /** Whether the keys of the next frames are made. */
  readonly prepared: boolean;
  prepare(): void;
  /** This process slept: is the line still up? What came in meanwhile is still opened. */
  probe(now: number): void;
  /** The person asks for safety words of the present. */
  compare(now: number): void;
  /** Milliseconds of the line's last round trips, or undefined. */
  readonly roundTrip: Pick<RoundTrip, 'ms' | 'bound'>;
  /** True when the peer has not answered for SILENCE_LIMIT. */
  silent(now: number): boolean;
  /** Every frame below this number is acknowledged. */
  readonly acknowledged: number;
  /** From now on no text is acknowledged and no rekey is offered: own goodbye is sealed, or the peer's was opened. */
  conclude(): void;
  wipe(): void;
}

export function createChannel(options: ChannelOptions, start: number): Channel {
  const { crypto, ratchet, role, sources, cover } = options;
  const unacked = createUnacked();
  const rekey = createRekey(ratchet, role, start);
  const roundTrip = createRoundTrip();
  const compare = createCompare({
    crypto,
    role,
    keys: ratchet,
    fresh: () => rekey.fresh(),
    askable: options.askable,
    tell: options.compared,
  });
  const life = createLiveness(start);
  let expected = 0;
  /** Frames that the peer sends again although they were opened: the ack stood still for the goodbye. */
  let repeated = 0;
  let concluded: { readonly ack: number } | undefined;
  let paused = false;
  let proven = role === 'B';
  const beat = createBeat(start);

  const controls = createControls({
    ratchet,
    rekey,
    life,
    unacked,
    compare,
    path: options.path,
    credits: options.credits,
    renewing: () => proven && concluded === undefined,
    brisk: options.brisk,
  });

  // -- sealing

  function seal(records: readonly ProtocolRecord[], now: number): { seq: number; streams: StreamKeys } {
    const seq = unacked.nextSeq;
    const { frame, streams } = ratchet.seal(seq, concluded?.ack ?? expected, records);
    unacked.add(frame, records);
    rekey.sealed(records);
    life.sealed(records.length > 0, now);
    if (records.length > 0) roundTrip.sent(seq, now);
    if (!cover) hand();
    return { seq, streams };
  }

  /** To the connection, oldest first, while it takes them. */
  function hand(): void {
    while (unacked.waiting && options.ready()) handOne();
  }

  function handOne(): void {
    const frame = unacked.hand();
    if (frame !== undefined) options.transmit(frame);
  }

  /** Seals the next frame if there is something to say, or `anyway`. False: nothing is left for another one. */
  function sealNext(small: boolean, anyway: boolean, now: number): boolean {
    const next = compose(unacked, controls.all(now), sources(), small, now);
    if (next.records.length === 0 && !anyway) return false;
    const { seq, streams } = seal(next.records, now);
    next.sealed(seq, streams, now);
    streams.wipe();
    return next.more;
  }

  /** Whatever is due or waits, in as few frames as hold it. */
  function flush(now: number): void {
    hand();
    while (options.ready() && sealNext(false, false, now));
    if (now >= ackDue()) seal([], now);
  }

  /** One frame, exactly on the beat: what is sent again, then what is new, else an empty one. */
  function onBeat(now: number): void {
    if (now < beat.at) return;
    beat.take(now);
    if (!options.ready()) return;
    if (!unacked.waiting) sealNext(true, unacked.controlAllowed, now);
    handOne();
  }

  /** Whether exactly these records may be sealed now. */
  function allows(records: readonly ProtocolRecord[], now: number): boolean {
    if (paused || (cover && (now < beat.at || unacked.waiting))) return false;
    const kinds = records.map(controlOf).filter((control) => control !== undefined);
    if (kinds.length < records.length && !unacked.dataAllowed) return false;
    return kinds.length === 0 || (unacked.controlAllowed && !kinds.some(unacked.has));
  }

  // -- what is due when

  /** After the goodbye nothing is acknowledged any more. */
  function ackDue(): number {
    return concluded === undefined && unacked.controlAllowed ? life.ackDue : NEVER;
  }

  function dataDue(now: number): number {
    if (!unacked.dataAllowed) return NEVER;
    let earliest = NEVER;
    for (const source of sources()) earliest = Math.min(earliest, source.wakeAt(now));
    return earliest;
  }

  // -- opening

  function opened(frame: OpenedFrame, now: number): Opened {
    try {
      unacked.acknowledge(frame.ack);
      roundTrip.acknowledged(frame.ack, now);
      const seq = expected;
      expected += 1;
      proven = true;
      rekey.opened(frame.records);
      life.opened(frame.records.length > 0, unacked.eliciting > 0, now);
      const records: ChannelRecord[] = [];
      for (const record of frame.records) {
        const outward = controls.take(record, frame.epoch, now);
        if (outward !== undefined) records.push(outward);
      }
      return { type: 'opened', seq, records, streams: frame.streams, wipe: frame.wipe };
    } catch (error) {
      frame.wipe();
      throw error;
    }
  }

  function again(now: number): void {
    paused = false;
    compare.line(true, now);
    life.up(unacked.eliciting > 0, now);
    beat.restart(now);
    unacked.rewind();
    if (!cover) hand();
  }

  return quick({
    get proven() {
      return proven;
    },
    get position() {
      return { expected: concluded?.ack ?? expected, next: unacked.nextSeq };
    },
    get acknowledged() {
      return unacked.lowest;
    },
    roundTrip,

    send(records, now) {
      if (!allows(records, now)) return undefined;
      const { seq, streams } = seal(records, now);
      streams.wipe();
      if (cover) {
        handOne();
        beat.take(now);
      }
      return seq;
    },

    waits: (now) => dataDue(now) <= now,

    receive(bytes, now) {
      const kind = classify(bytes);
      if (kind === 'other') return { type: 'ignored' };
      if (kind === 'chunk') return { type: 'chunk' };
      if (kind === 'wrong size') return { type: 'gap' };
      if (repeated > 0) {
        repeated -= 1;
        return { type: 'ignored' };
      }
      const frame = ratchet.open(expected, bytes);
      return frame === undefined ? { type: 'gap' } : opened(frame, now);
    },

    heard: (now) => life.heard(unacked.eliciting > 0, now),
    pause(now) {
      if (paused) return;
      paused = true;
      life.down();
      roundTrip.interrupted();
      compare.line(false, now);
    },

    resume(peer, now) {
      if (!(peer.expected >= unacked.lowest))
        throw new RemoteProtocolError('the peer expects what it has acknowledged');
      unacked.acknowledge(peer.expected);
      if (!(peer.next >= expected)) throw new RemoteProtocolError('the peer has sealed fewer frames than were opened');
      repeated = expected - (concluded?.ack ?? expected);
      proven = true;
      rekey.resumed();
      again(now);
    },

    restart: again,

    tick(now) {
      compare.tick(now);
      if (paused) return;
      if (cover) onBeat(now);
      else flush(now);
    },

    wakeAt(now) {
      if (paused) return NEVER;
      const others = Math.min(life.lostAt(cover, options.brisk()), compare.wakeAt());
      if (cover) return Math.min(beat.at, others);
      const sealing = options.ready() ? Math.min(controls.wakeAt(now), dataDue(now)) : NEVER;
      return Math.min(sealing, ackDue(), others);
    },

    get prepared() {
      return ratchet.prepared;
    },
    prepare: ratchet.prepare,

    probe(now) {
      if (!paused) life.probe(now);
    },

    compare: (now) => compare.ask(now),

    silent: (now) => !paused && now >= life.lostAt(cover, options.brisk()),
    conclude: () => void (concluded ??= { ack: expected }),

    wipe() {
      try {
        ratchet.wipe();
      } finally {
        compare.wipe();
        unacked.wipe();
        rekey.wipe();
      }
    },
  });
}
