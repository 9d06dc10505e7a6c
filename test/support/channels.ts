/**
 * Two channels, as a handshake would leave them, and the frames between them: in order, at once or when a test lets them
 * through. No expectation may be in this file.
 */
import type { CryptoPort } from '../../core/ports.js';
import { type ProtocolRecord, recordSize } from '../../core/protocol/records.js';
import type { Role } from '../../core/protocol/role.js';
import { type Channel, type ChannelOptions, createChannel } from '../../core/session/channel.js';
import type { Comparison } from '../../core/session/compare.js';
import type { Source } from '../../core/session/composer.js';
import type { ChannelRecord } from '../../core/session/controls.js';
import { type Ends, ratchets } from './ratchets.js';
import { createSodium } from './sodium.js';

export interface ChannelEnd {
  readonly channel: Channel;
  /** Frames on their way from here. */
  readonly out: Uint8Array[];
  /** Every frame that was handed over, with its time. */
  readonly handed: { readonly at: number; readonly length: number }[];
  /** Records that came out. */
  readonly got: ChannelRecord['type'][];
  readonly compared: Comparison[];
  /** Data that waits here. */
  readonly data: ProtocolRecord[];
  ready: boolean;
  askable: boolean;
}

export interface Channels {
  readonly crypto: CryptoPort;
  readonly a: ChannelEnd;
  readonly b: ChannelEnd;
  now: number;
  /** Lets both do what is due, and frames through, until nothing happens at this moment. */
  settle(): void;
  /** Steps from wake-up to wake-up. */
  advance(ms: number): void;
  /** The line breaks and comes back: what was on its way is lost. */
  cut(): void;
}

/** A channel on this side of `ends`. */
export function channelOf(
  { crypto, a, b }: Ends,
  role: Role,
  options: Partial<ChannelOptions> = {},
  now: () => number = () => 0,
): ChannelEnd {
  const self: Omit<ChannelEnd, 'channel'> = {
    out: [],
    handed: [],
    got: [],
    compared: [],
    data: [],
    ready: true,
    askable: true,
  };
  const source: Source = {
    wakeAt: (at) => (self.data.length > 0 ? at : Number.POSITIVE_INFINITY),
    next: (room) => (self.data[0] !== undefined && recordSize(self.data[0]) <= room ? self.data.shift() : undefined),
    sealed: () => undefined,
  };
  const channel = createChannel(
    {
      crypto,
      ratchet: role === 'A' ? a.ratchet : b.ratchet,
      role,
      transmit(frame) {
        self.out.push(frame);
        self.handed.push({ at: now(), length: frame.length });
      },
      ready: () => self.ready,
      brisk: () => false,
      sources: () => [source],
      path: { due: () => undefined, record: () => ({ type: 'ping' }), sealed: () => undefined },
      credits: { due: () => [], at: () => Number.POSITIVE_INFINITY },
      cover: false,
      askable: () => self.askable,
      compared: (what) => void self.compared.push(what),
      ...options,
    },
    now(),
  );
  return Object.assign(self, { channel });
}

export function channels(options: Partial<ChannelOptions> = {}, crypto: CryptoPort = createSodium()): Channels {
  const ends = ratchets(crypto);
  const clock = { now: 0 };
  const [a, b] = [channelOf(ends, 'A', options, () => clock.now), channelOf(ends, 'B', options, () => clock.now)];

  // A is provisional until it has opened a frame of B.
  b.channel.send([{ type: 'ping' }], clock.now);

  function pass(from: ChannelEnd, to: ChannelEnd): boolean {
    const frame = from.out.shift();
    if (frame === undefined) return false;
    const received = to.channel.receive(frame, clock.now);
    if (received.type === 'gap') throw new Error('a gap');
    if (received.type !== 'opened') return true;
    to.got.push(...received.records.map(({ type }) => type));
    received.wipe();
    return true;
  }

  const self: Channels = {
    crypto,
    a,
    b,
    get now() {
      return clock.now;
    },
    set now(at) {
      clock.now = at;
    },
    settle() {
      for (let steps = 0; ; steps++) {
        if (steps > 100_000) throw new Error('the channels do not come to rest');
        if (pass(a, b) || pass(b, a)) continue;
        const due = [a, b].filter(({ channel }) => channel.wakeAt(clock.now) <= clock.now);
        if (due.length === 0) return;
        for (const { channel } of due) channel.tick(clock.now);
      }
    },
    advance(ms) {
      const end = clock.now + ms;
      for (;;) {
        self.settle();
        const at = Math.min(a.channel.wakeAt(clock.now), b.channel.wakeAt(clock.now));
        if (at > end) break;
        clock.now = at;
      }
      clock.now = end;
      self.settle();
    },
    cut() {
      for (const { channel, out } of [a, b]) {
        channel.pause(clock.now);
        out.length = 0;
      }
      const positions = { a: a.channel.position, b: b.channel.position };
      a.channel.resume(positions.b, clock.now);
      b.channel.resume(positions.a, clock.now);
    },
  };
  return self;
}
