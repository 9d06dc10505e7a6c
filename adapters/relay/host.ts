/**
 * A relay between its rooms and its wires: what the room machine decides is performed over seven verbs, whichever library a
 * peer came by, and who is behind stops who sends. Nothing that identifies anybody (room, seat, address, size) may be
 * written anywhere from this file, and no library may be named in it.
 */
import type { Duplex } from 'node:stream';
import { createCluster } from '../../core/relay/cluster.js';
import { createFigures, type Figures } from '../../core/relay/figures.js';
import { ROOM_LIMITS, type RoomLimits } from '../../core/relay/limits.js';
import { createRooms } from '../../core/relay/rooms.js';
import type { CloseWhy, Member, RoomEffect, Rooms } from '../../core/relay/seats.js';
import type { RelayErrorCode, RelayMessage } from '../../core/wire/control.js';
import { createBatch, type Outlet } from './batch.js';
import type { RelayOptions } from './flags.js';
import { HASHES } from './hashes.js';

/** Bytes waiting for a slow receiver from which on its sender is not read from. The bound is this and one read. */
export const SEND_BUFFER_LIMIT = 256 * 1024;
/** With more than this a receiver is cut: whoever takes the other seat anew may bring one read before it is held. Bytes. */
export const SEND_BUFFER_BOUND = 8 * SEND_BUFFER_LIMIT;
/** A closing handshake that takes longer is cut, milliseconds. */
export const CLOSE_WAIT_MS = 2_000;
/** A frame in more pieces than this ends the connection: pieces cost memory that their bytes do not show. */
export const FRAGMENT_LIMIT = 64;
/** The same for a frame that trickles in through the network in this many reads. */
export const READ_LIMIT = 1_024;

const TIMER_LIMIT = 0x7fffffff;

/** Why a sender is not read from. */
const HELD_FOR_RATE = 1;
const HELD_FOR_PEER = 2;

/** What the relay does to a peer. */
export interface Wire {
  tell(peer: Peer, message: RelayMessage): void;
  /** One that has no outlet now: by the library, in order with what waits there. */
  frame(peer: Peer, frame: Uint8Array): void;
  pause(peer: Peer): void;
  resume(peer: Peer): void;
  /** Bytes that have not left, with what each that waits costs beside its own. Costs next to nothing to ask. */
  pending(peer: Peer): number;
  /** Flushes, then closes. */
  close(peer: Peer, why: CloseWhy): void;
  /** Without waiting for anybody. */
  cut(peer: Peer): void;
}

/** A connection with what the relay keeps beside it: fields instead of maps and closures, because there are many. */
export interface Peer extends Outlet {
  readonly wire: Wire;
  member: Member<Peer> | undefined;
  /** The connection of the network, where there is one for all the time. */
  readonly tcp: Duplex | undefined;
  /** Its other end is the client's own, as far as can be seen: nothing stands in between. */
  direct: boolean;
  /** HELD_FOR_RATE, HELD_FOR_PEER, both, or 0: it is read from. */
  holds: number;
  /** The sender that waits until this receiver has drained. */
  sender: Peer | undefined;
  /** A drain of its connection is waited for. */
  draining: boolean;
}

export type Host = ReturnType<typeof createHost>;

export function createHost(options: RelayOptions, endpoint: (peer: Peer) => string | undefined) {
  const limits: RoomLimits = { ...ROOM_LIMITS, ...options.limits };
  const figures: Figures = createFigures();
  const now = () => performance.now();
  const around = { now, trace, perform, deliver, restrain: holdForPeer, release: letGo, rooms: () => rooms };
  const cluster = options.cluster === undefined ? undefined : createCluster<Peer>(around, options.cluster, figures);
  const rooms: Rooms<Peer> = createRooms<Peer>({
    limits,
    claims: cluster?.claims,
    figures,
    endpoint,
    admits: options.admits,
    ...HASHES,
  });
  const batch = createBatch<Peer>(restrain, drained);

  let timer: NodeJS.Timeout | undefined;
  let armed: number | undefined;
  /** To be called when nobody is left. */
  let left: (() => void) | undefined;

  /** One character of a hash: enough to see a difference, and no way back to an address. */
  function trace({ address }: Member<Peer>, room: string): number {
    return HASHES.hashSeat(`${room} ${address.key}`).charCodeAt(0);
  }

  /** Follows `wakeAt`: to be called after everything that may have changed it. */
  function arm(): void {
    const { wakeAt } = rooms;
    if (wakeAt === armed) return;
    clearTimeout(timer);
    armed = wakeAt;
    if (wakeAt === undefined) return;
    timer = setTimeout(wake, Math.min(Math.max(wakeAt - now(), 0), TIMER_LIMIT));
  }

  function wake(): void {
    armed = undefined;
    perform(rooms.wake(now()));
  }

  function perform(effects: readonly RoomEffect<Peer>[]): void {
    if (effects.length > 0) batch.flush();
    for (const effect of effects) {
      const { to } = effect;
      if (effect.type === 'send') to.wire.tell(to, effect.message);
      else if (effect.type === 'resume') unhold(to, HELD_FOR_RATE);
      else shut(to, effect.why);
    }
    arm();
  }

  function hold(peer: Peer, why: number): void {
    const before = peer.holds;
    peer.holds |= why;
    if (before === 0) peer.wire.pause(peer);
  }

  function unhold(peer: Peer, why: number): void {
    if (peer.holds === 0) return;
    peer.holds &= ~why;
    if (peer.holds === 0) peer.wire.resume(peer);
  }

  function holdForPeer(peer: Peer): void {
    hold(peer, HELD_FOR_PEER);
  }

  function letGo(peer: Peer): void {
    unhold(peer, HELD_FOR_PEER);
  }

  /** Lets the sender go that was held because of `receiver`. */
  function release(receiver: Peer): void {
    const { sender } = receiver;
    receiver.sender = undefined;
    if (sender !== undefined) letGo(sender);
  }

  function shut(peer: Peer, why: CloseWhy): void {
    release(peer);
    // Read again: the answer to the closing is behind what was held.
    unhold(peer, HELD_FOR_RATE | HELD_FOR_PEER);
    peer.wire.close(peer, why);
  }

  /** `peer` may have caught up: who waits for that is let go. */
  function drained(peer: Peer): void {
    const { member } = peer;
    if (peer.wire.pending(peer) > SEND_BUFFER_LIMIT) return awaitDrain(peer);
    release(peer);
    if (member !== undefined) cluster?.drained(member);
  }

  /** A connection that is full says when it is empty; what is small tells it by itself (see batch.ts). */
  function awaitDrain(to: Peer): void {
    const { tcp } = to;
    if (tcp === undefined || to.draining || !tcp.writableNeedDrain) return;
    to.draining = true;
    tcp.once('drain', () => {
      to.draining = false;
      drained(to);
    });
  }

  /** A receiver that is behind stops its sender; one that was stopped before has left its seat to another. */
  function restrain(to: Peer, from: Peer | undefined): void {
    const waits = to.wire.pending(to);
    if (waits > SEND_BUFFER_BOUND) return to.wire.cut(to);
    if (from === undefined || to.sender === from || waits <= SEND_BUFFER_LIMIT) return;
    to.sender = from;
    hold(from, HELD_FOR_PEER);
    awaitDrain(to);
  }

  function forward(frame: Uint8Array, from: Peer | undefined, to: Peer): void {
    figures.frames += 1;
    figures.bytes += frame.length;
    if (batch.add(frame, from, to)) return;
    batch.flush();
    to.wire.frame(to, frame);
    restrain(to, from);
  }

  /** A frame from another relay. */
  function deliver(frame: Uint8Array, to: Peer): boolean {
    forward(frame, undefined, to);
    if (to.wire.pending(to) <= SEND_BUFFER_LIMIT) return true;
    awaitDrain(to);
    return false;
  }

  /** After what may have been too much of `peer`. */
  function slowDown(peer: Peer, member: Member<Peer>): void {
    if (!member.held || (peer.holds & HELD_FOR_RATE) !== 0) return;
    hold(peer, HELD_FOR_RATE);
    arm();
  }

  /** Resolves when everybody has left, or in time. */
  async function emptied(ms: number): Promise<void> {
    if (rooms.counts.members === 0) return;
    let late: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      left = resolve;
      late = setTimeout(resolve, ms);
    });
    clearTimeout(late);
  }

  return {
    limits,
    figures,
    rooms,
    perform,
    emptied,
    drained,

    /** Everybody is told `shutting-down`; resolves when all have left, or in time. */
    drain(ms: number): Promise<void> {
      perform(rooms.drain());
      return emptied(ms);
    },

    /** Why one more connection of this address would be refused. */
    refusal: (address: string): RelayErrorCode | undefined => rooms.refusal(address, now()),

    /** What comes back refuses it, and is to be performed when it can be told. */
    arrive(peer: Peer, address: string): readonly RoomEffect<Peer>[] {
      const { member, effects } = rooms.connect(peer, address, now());
      peer.member = member;
      arm();
      return effects;
    },

    /** A message that is no frame; undefined for what is none at all. */
    control(peer: Peer, message: unknown): void {
      if (peer.member !== undefined) perform(rooms.control(peer.member, message, now()));
    },

    refuse(peer: Peer, code: RelayErrorCode): void {
      if (peer.member !== undefined) perform(rooms.refuse(peer.member, code, now()));
    },

    frame(peer: Peer, frame: Uint8Array): void {
      const { member } = peer;
      // Of one that is told to go nothing more is looked at.
      if (member === undefined || member.gone) return;
      if (!member.joined || frame.length === 0) return perform(rooms.refuse(member, 'bad-request', now()));
      const to = rooms.frame(member, now(), frame.length);
      if (to !== undefined) forward(frame, peer, to);
      else cluster?.send(member, frame);
      slowDown(peer, member);
    },

    /** A ping, a pong, anything that carries nothing. */
    noise(peer: Peer): void {
      const { member } = peer;
      if (member === undefined || member.gone) return;
      const effects = rooms.noise(member, now());
      if (effects.length > 0) perform(effects);
      slowDown(peer, member);
    },

    /** Its connection is gone; once more does nothing. */
    gone(peer: Peer): void {
      release(peer);
      if (peer.member !== undefined) perform(rooms.disconnect(peer.member, now()));
      if (rooms.counts.members === 0) left?.();
    },

    /** Everybody is told `shutting-down` and closed. */
    shutdown(): void {
      perform(rooms.shutdown(now()));
    },

    async close(): Promise<void> {
      await cluster?.close();
      clearTimeout(timer);
    },
  };
}
