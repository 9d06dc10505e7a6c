/**
 * Rooms that several relays share. What is true about a room is its latest state, as one place has written it down for
 * all: this file makes the rooms of one relay follow, and carries frames to and from the relay that holds the other seat.
 * A relay has a name for as long as its line to that place lasts; afterwards it has another, and whatever was under way
 * under the old one is nobody's. No socket, no clock, no Redis and no log may be in this file.
 *
 * Frames are never dropped in silence: at most LINK_WINDOW bytes of one sender are under way, then it is not read from;
 * and a frame that is missing ends the receiver's connection, so that the session resumes.
 */
import type { Figures } from './figures.js';
import { ARRIVED, createBatches, FRAME, NEIGHBOR, readBatch } from './cluster-batches.js';
import type { Claim, ConnectCluster, Holding } from './cluster-port.js';
import type { Claims, Member, RoomEffect, Rooms } from './seats.js';
import type { Join, RelayErrorCode } from '../wire/control.js';

/** Bytes of one sender that are on their way through another relay, from which on it is not read from. */
export const LINK_WINDOW = 256 * 1024;
const NEWS = LINK_WINDOW / 4;

/** What the relay around it does for it. */
export interface ClusterHost<S> {
  perform(effects: readonly RoomEffect<S>[]): void;
  /** False: the receiver is behind; `drained` is called when it has caught up. */
  deliver(frame: Uint8Array, to: S): boolean;
  /** Do not read from it, until `release`. */
  restrain(from: S): void;
  release(from: S): void;
  now(): number;
  /** Some bits of the address of a member in its room: two of them that differ are two addresses. Too few to tell which. */
  trace(member: Member<S>, room: string): number;
  /** Not asked for before `createCluster` has returned. */
  rooms(): Rooms<S>;
}

export interface Cluster<S> {
  readonly claims: Claims<S>;
  /** A frame of a member whose peer is not here. */
  send(member: Member<S>, frame: Uint8Array): void;
  /** A receiver for which `deliver` was false has caught up. */
  drained(member: Member<S>): void;
  close(): Promise<void>;
}

/** asked: no answer yet. again: it had the seat under an earlier name, no answer yet. held: it is in the state. */
type Standing = 'asked' | 'again' | 'held';

interface Entry<S> {
  readonly member: Member<S>;
  readonly number: number;
  readonly claim: Claim;
  standing: Standing;
  far: Holding | undefined;
  /** Frames and bytes sent to the far seat, and bytes that it has said to have. */
  frames: number;
  sent: number;
  arrived: number;
  restrained: boolean;
  /** Frames and bytes from the far seat, and bytes that it was told of. */
  expected: number;
  received: number;
  told: number;
  behind: boolean;
}

interface Shared<S> {
  readonly entries: Set<Entry<S>>;
  /** The seat of another relay in the latest state. */
  far: Holding | undefined;
}

export function createCluster<S>(host: ClusterHost<S>, connect: ConnectCluster, figures: Figures): Cluster<S> {
  const counted = { up: false, relays: 0, losses: 0, frames: 0 };
  figures.cluster = counted;
  const entries = new Map<Member<S>, Entry<S>>();
  const numbers = new Map<number, Entry<S>>();
  const rooms = new Map<string, Shared<S>>();
  let instance: string | undefined;
  let last = 0;
  const batches = createBatches({
    name: () => instance ?? '',
    publish: (to, message) => port.publish(to, message),
    defer: () => port.defer(),
  });

  function add(member: Member<S>, room: string, mode: Join['mode']): Entry<S> {
    last = (last + 1) >>> 0;
    const { hash } = member;
    const entry: Entry<S> = {
      member,
      number: last,
      claim: { room, hash, number: last, mode },
      standing: 'asked',
      far: undefined,
      frames: 0,
      sent: 0,
      arrived: 0,
      restrained: false,
      expected: 0,
      received: 0,
      told: 0,
      behind: false,
    };
    entries.set(member, entry);
    numbers.set(entry.number, entry);
    const there = rooms.get(room);
    if (there === undefined) rooms.set(room, { entries: new Set([entry]), far: undefined });
    else there.entries.add(entry);
    return entry;
  }

  function remove(entry: Entry<S>): void {
    entries.delete(entry.member);
    numbers.delete(entry.number);
    const { room } = entry.claim;
    const there = rooms.get(room);
    there?.entries.delete(entry);
    if (there?.entries.size === 0) rooms.delete(room);
    link(entry, undefined);
  }

  /** The far seat of an entry: another one is another link, with nothing under way. */
  function link(entry: Entry<S>, far: Holding | undefined): void {
    if (isSame(entry.far, far)) return;
    entry.far = far;
    entry.frames = entry.sent = entry.arrived = entry.expected = entry.received = entry.told = 0;
    entry.behind = false;
    if (far !== undefined) put(NEIGHBOR, entry, far, host.trace(entry.member, entry.claim.room));
    if (!entry.restrained) return;
    entry.restrained = false;
    host.release(entry.member.socket);
  }

  /** Links the one seat of this relay in a room with the far one; between two seats of this relay there is no link. */
  function meet(room: string): void {
    const there = rooms.get(room);
    if (there === undefined) return;
    const seated = [...there.entries].filter(({ standing }) => standing !== 'asked');
    const [entry] = seated;
    const far = seated.length === 1 && entry?.standing === 'held' ? there.far : undefined;
    for (const each of seated) link(each, far);
    const name = far === undefined ? undefined : `${far.instance} ${String(far.number)}`;
    host.perform(host.rooms().meet(room, name, host.now()));
  }

  function part(room: string, there: Shared<S>): void {
    there.far = undefined;
    meet(room);
  }

  function deny(entry: Entry<S>, why: RelayErrorCode | 'replaced' | 'broken-link'): void {
    host.perform(host.rooms().deny(entry.member, why, host.now()));
  }

  function state(room: string, seats: readonly Holding[]): void {
    if (instance === undefined) return;
    const there = rooms.get(room);
    for (const { instance: holder, number, hash } of seats) {
      if (holder === instance && numbers.get(number)?.claim.room !== room) {
        port.release({ room, hash, number, mode: 'keep' });
      }
    }
    if (there === undefined) return;
    const mine = seats.filter((seat) => seat.instance === instance);
    const far = seats.find((seat) => seat.instance !== instance);
    // Who has gone has gone before anybody comes.
    if (!isSame(there.far, far)) part(room, there);
    for (const entry of [...there.entries]) {
      const holds = mine.some(({ number }) => number === entry.number);
      if (holds || entry.standing !== 'held') continue;
      deny(entry, seats.some(({ hash }) => hash === entry.claim.hash) ? 'replaced' : 'room-full');
    }
    for (const { number } of mine) {
      const entry = numbers.get(number);
      if (entry === undefined || entry.standing === 'held' || !there.entries.has(entry)) continue;
      const fresh = entry.standing === 'asked';
      entry.standing = 'held';
      if (fresh) host.perform(host.rooms().admit(entry.member, host.now()));
    }
    there.far = far;
    meet(room);
  }

  /** Parts from the seats of relays that are no more. */
  function partFrom(isLost: (instance: string) => boolean): void {
    for (const [room, there] of [...rooms]) {
      if (there.far !== undefined && isLost(there.far.instance)) part(room, there);
    }
    batches.drop(isLost);
  }

  function put(kind: number, entry: Entry<S>, far: Holding, value: number, frame?: Uint8Array): void {
    batches.put(far.instance, kind, entry.number, far.number, value, frame);
  }

  /** Tells the other relay how much of its sender's bytes has gone on to the receiver. */
  function acknowledge(entry: Entry<S>): void {
    if (entry.far === undefined || entry.told === entry.received) return;
    entry.told = entry.received;
    put(ARRIVED, entry, entry.far, entry.received);
  }

  function take(entry: Entry<S>, order: number, frame: Uint8Array): void {
    if (order !== entry.expected) {
      deny(entry, 'broken-link');
      return;
    }
    entry.expected = (order + 1) >>> 0;
    entry.received = (entry.received + frame.length) >>> 0;
    const to = host.rooms().arrive(entry.member, host.now());
    if (to === undefined) return;
    if (!host.deliver(frame, to)) entry.behind = true;
    else if (!entry.behind && (entry.received - entry.told) >>> 0 >= NEWS) acknowledge(entry);
  }

  /** What the far seat of an entry has to say. */
  function hear(kind: number, entry: Entry<S>, value: number, frame: Uint8Array): void {
    switch (kind) {
      case FRAME:
        return take(entry, value, frame);
      case NEIGHBOR:
        // Where the two do not differ, it may be one and the same who tries rooms.
        if (value !== host.trace(entry.member, entry.claim.room)) host.rooms().acquaint(entry.member);
        return;
      case ARRIVED:
        entry.arrived = value;
        if (!entry.restrained || (entry.sent - entry.arrived) >>> 0 > LINK_WINDOW / 2) return;
        entry.restrained = false;
        return host.release(entry.member.socket);
      default:
        return;
    }
  }

  const port = connect({
    flush: () => batches.flush(),

    up(name) {
      instance = name;
      counted.up = true;
      const all = [...entries.values()];
      for (const entry of all) entry.standing = 'again';
      if (all.length > 0) port.claim(all.map(({ claim }) => ({ ...claim, mode: 'keep' })));
    },

    down() {
      if (instance === undefined) return;
      instance = undefined;
      counted.up = false;
      counted.losses += 1;
      batches.drop(() => true);
      for (const [room, there] of [...rooms]) part(room, there);
      for (const entry of [...entries.values()]) {
        if (entry.standing === 'asked') deny(entry, 'busy');
        else entry.standing = 'again';
      }
    },

    state,

    refused({ room, number }, why) {
      const entry = numbers.get(number);
      if (entry !== undefined && entry.standing !== 'held') deny(entry, why);
      // It may have been in the way of the two that hold the room.
      meet(room);
    },

    live(instances) {
      const known = new Set(instances);
      counted.relays = known.size;
      if (instance !== undefined) partFrom((name) => !known.has(name));
    },

    unheard(name) {
      partFrom((lost) => lost === name);
    },

    message(bytes) {
      readBatch(bytes, (source, kind, from, to, value, frame) => {
        const entry = numbers.get(to);
        // What belongs to an earlier pairing is nobody's.
        if (entry?.far?.instance === source && entry.far.number === from) hear(kind, entry, value, frame);
      });
    },

    refresh() {
      const held = [...entries.values()].filter(({ standing }) => standing === 'held');
      if (held.length > 0) port.claim(held.map(({ claim }) => ({ ...claim, mode: 'keep' })));
    },
  });

  return {
    claims: {
      get ready() {
        return instance !== undefined;
      },
      claim(member, room, mode) {
        port.claim([add(member, room, mode).claim]);
      },
      leave(member) {
        const entry = entries.get(member);
        if (entry === undefined) return;
        remove(entry);
        if (instance !== undefined) port.release(entry.claim);
      },
    },

    send(member, frame) {
      const entry = entries.get(member);
      if (entry?.far === undefined) return;
      put(FRAME, entry, entry.far, entry.frames, frame);
      entry.frames = (entry.frames + 1) >>> 0;
      counted.frames += 1;
      entry.sent = (entry.sent + frame.length) >>> 0;
      if (entry.restrained || (entry.sent - entry.arrived) >>> 0 <= LINK_WINDOW) return;
      entry.restrained = true;
      host.restrain(member.socket);
    },

    drained(member) {
      const entry = entries.get(member);
      if (entry?.behind !== true) return;
      entry.behind = false;
      acknowledge(entry);
    },
    close: () => port.close(),
  };
}

function isSame(a: Holding | undefined, b: Holding | undefined): boolean {
  return a?.instance === b?.instance && a?.number === b?.number;
}
