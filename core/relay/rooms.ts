/**
 * The rooms of a relay (protocol.md section 3): two seats each, limits, time-outs. Events and the time go in, effects
 * come out. No socket, no timer, no log, and no byte of a frame may be in this file.
 *
 * Order is part of the contract: a newcomer's `joined{peer:true}` and the other side's `peer-joined` are effects of the
 * same call, so a relay that performs effects at once has sent both before it can forward a frame between the two.
 */
import { createDeadlines, type Due, NOT_DUE } from './deadlines.js';
import { count, createFigures, type Figures, type JoinOutcome } from './figures.js';
import { allowance, BUSY_RETRY_MS, ROOM_LIMITS, type RoomLimits, TICKET_WAIT_MS } from './limits.js';
import { createLoad, newStanding, type Price, type Standing } from './load.js';
import { isTicket } from './ticket.js';
import { checkJoin, type Join, type RelayErrorCode, type RelayMessage } from './wire.js';

/** Why the relay ends a connection: an error that was sent before, or one of the quiet endings. */
export type CloseWhy = RelayErrorCode | 'join-timeout' | 'wait-timeout' | 'idle-timeout' | 'replaced';

/** To be performed at once and in order. `to` is what was given to `connect`. */
export type RoomEffect<S> =
  | { readonly type: 'send'; readonly to: S; readonly message: RelayMessage }
  /** After what was sent; then `disconnect` when the connection is gone. */
  | { readonly type: 'close'; readonly to: S; readonly why: CloseWhy }
  /** The sender was held for its frame rate: read from it again. */
  | { readonly type: 'resume'; readonly to: S };

interface Address extends Due {
  readonly key: string;
  connections: number;
  readonly standing: Standing;
}

interface Room<S> extends Due {
  readonly id: string;
  readonly seats: Seat<S>[];
  /** Since when somebody is alone in it. */
  alone: number;
  /** When the last frame was forwarded. */
  active: number;
}

interface Seat<S> extends Due {
  readonly socket: S;
  readonly address: Address;
  /** Only the hash of the seat is kept. */
  hash: string;
  room: Room<S> | undefined;
  peer: Seat<S> | undefined;
  /** What it has to bring a ticket for. */
  challenge: (Price & { readonly challenge: string }) | undefined;
  joined: boolean;
  /** A peer has been here. */
  met: boolean;
  held: boolean;
  /** When the allowance for frames is whole again. */
  full: number;
  gone: boolean;
}

/** One connection as the relay holds it. Changed by the room machine only. */
export type Member<S> = Readonly<Seat<S>>;

export interface Rooms<S> {
  /** A new connection. `address` is only a key in memory. The member is valid even when the effects refuse it. */
  connect(socket: S, address: string, now: number): { readonly member: Member<S>; readonly effects: RoomEffect<S>[] };
  /** A control message, unchecked; undefined for what is no control message at all. */
  control(member: Member<S>, message: unknown, now: number): RoomEffect<S>[];
  /**
   * The hot path: a frame of a joined member. Returns where it goes, undefined: dropped, nobody is there. When
   * `member.held` is set afterwards, read nothing more from it until the effect `resume`; the frame itself goes out.
   */
  frame(member: Member<S>, now: number): S | undefined;
  /** Ends a member with an error that the relay itself found, for example `too-large`. */
  refuse(member: Member<S>, code: RelayErrorCode, now: number): RoomEffect<S>[];
  /** The connection is gone, for whatever reason. Needed exactly once for each `connect`; more do nothing. */
  disconnect(member: Member<S>, now: number): RoomEffect<S>[];
  /** Performs what is due. To be called when `wakeAt` is reached; earlier does nothing. */
  wake(now: number): RoomEffect<S>[];
  /** Every member is told `shutting-down`, and so are newcomers; nobody is closed yet, frames still pass. */
  drain(): RoomEffect<S>[];
  /** Every member is closed, told `shutting-down` when it has not been; newcomers too. */
  shutdown(now: number): RoomEffect<S>[];
  /** When `wake` is needed next; undefined: not at all. May change with every call. */
  readonly wakeAt: number | undefined;
  /** How many of each are held in memory. */
  readonly counts: { readonly members: number; readonly rooms: number; readonly addresses: number };
}

export interface RoomsOptions {
  readonly limits?: Partial<RoomLimits>;
  /** A one-way hash of a seat (43 characters in). */
  readonly hashSeat: (seat: string) => string;
  /** base64url of 32 fresh random bytes. */
  readonly challenge: () => string;
  /** SHA-512 of all the parts. */
  readonly digest: (parts: readonly Uint8Array[]) => Uint8Array;
  /** Where it counts what it does. */
  readonly figures?: Figures;
}

export function createRooms<S>(options: RoomsOptions): Rooms<S> {
  const limits: RoomLimits = { ...ROOM_LIMITS, ...options.limits };
  const figures = options.figures ?? createFigures();
  const frames = allowance(1000 / limits.framesPerSecond, limits.frameBurst);
  const load = createLoad(limits);

  const rooms = new Map<string, Room<S>>();
  const addresses = new Map<string, Address>();
  const members = new Set<Seat<S>>();
  /** A seat's one deadline is its join's before it joined, and the end of its hold afterwards. */
  const seatDeadlines = createDeadlines<Seat<S>>();
  const roomDeadlines = createDeadlines<Room<S>>();
  const addressDeadlines = createDeadlines<Address>();
  let stopping = false;
  /** Who is still here has been told `shutting-down`. */
  let draining = false;

  function addressOf(key: string): Address {
    let address = addresses.get(key);
    if (address === undefined) {
      address = { key, connections: 0, standing: newStanding(), at: 0, order: 0, place: NOT_DUE };
      addresses.set(key, address);
    }
    addressDeadlines.delete(address);
    return address;
  }

  /** Takes `seat` out of its room; who stays behind is told and waits again. */
  function leave(seat: Seat<S>, now: number, out: RoomEffect<S>[]): void {
    const { room, peer } = seat;
    if (room === undefined) return;
    seat.room = undefined;
    room.seats.splice(room.seats.indexOf(seat), 1);
    if (room.seats.length === 0) {
      rooms.delete(room.id);
      roomDeadlines.delete(room);
      return;
    }
    room.alone = now;
    roomDeadlines.set(room, now + limits.waitTimeoutMs);
    if (peer === undefined) return;
    seat.peer = undefined;
    peer.peer = undefined;
    out.push({ type: 'send', to: peer.socket, message: { type: 'peer-left' } });
  }

  function end(seat: Seat<S>, now: number, out: RoomEffect<S>[]): void {
    seat.gone = true;
    seatDeadlines.delete(seat);
    if (seat.joined && !seat.met && !stopping) load.fail(seat.address.standing, now);
    leave(seat, now, out);
  }

  function expel(seat: Seat<S>, why: CloseWhy, now: number, out: RoomEffect<S>[]): void {
    if (seat.gone) return;
    count(figures.ends, why);
    end(seat, now, out);
    out.push({ type: 'close', to: seat.socket, why });
  }

  function expelWith(
    seat: Seat<S>,
    code: RelayErrorCode,
    now: number,
    out: RoomEffect<S>[],
    retryAfterMs?: number,
  ): RelayErrorCode {
    if (seat.gone) return code;
    const error = { type: 'error', code } as const;
    out.push({
      type: 'send',
      to: seat.socket,
      message: retryAfterMs === undefined ? error : { ...error, retryAfterMs: Math.ceil(retryAfterMs) },
    });
    expel(seat, code, now, out);
    return code;
  }

  /** Ends both seats at once: neither is told that the other left. */
  function part(seats: readonly Seat<S>[]): void {
    for (const seat of seats) seat.peer = undefined;
  }

  function join(seat: Seat<S>, wanted: Join, now: number, out: RoomEffect<S>[]): JoinOutcome {
    const hash = options.hashSeat(wanted.seat);
    let room = rooms.get(wanted.room);
    const ghost = room?.seats.find((held) => held.hash === hash);
    if (room !== undefined && ghost === undefined) {
      const taken = wanted.mode === 'create' ? 'room-taken' : room.seats.length >= 2 ? 'room-full' : undefined;
      if (taken !== undefined) {
        load.fail(seat.address.standing, now);
        return expelWith(seat, taken, now, out);
      }
    }
    if (room === undefined) {
      if (rooms.size >= limits.rooms) return expelWith(seat, 'busy', now, out, BUSY_RETRY_MS);
      room = { id: wanted.room, seats: [], alone: now, active: now, at: 0, order: 0, place: NOT_DUE };
      rooms.set(room.id, room);
    }
    seatDeadlines.delete(seat);
    seat.joined = true;
    seat.challenge = undefined;
    seat.hash = hash;
    seat.room = room;
    room.seats.push(seat);
    if (ghost !== undefined) {
      // It goes on in its new connection.
      seat.met = ghost.met;
      ghost.met = true;
      expel(ghost, 'replaced', now, out);
    }

    const peer = room.seats.find((other) => other !== seat);
    out.push({ type: 'send', to: seat.socket, message: { type: 'joined', peer: peer !== undefined } });
    if (peer === undefined) {
      room.alone = now;
      roomDeadlines.set(room, now + limits.waitTimeoutMs);
      return 'waiting';
    }
    figures.onPaired(now - room.alone);
    seat.peer = peer;
    peer.peer = seat;
    seat.met = peer.met = true;
    room.active = now;
    roomDeadlines.set(room, now + limits.idleTimeoutMs);
    out.push({ type: 'send', to: peer.socket, message: { type: 'peer-joined' } });
    return 'paired';
  }

  /** A message of a connection that has not joined, unchecked. */
  function first(seat: Seat<S>, message: unknown, now: number, out: RoomEffect<S>[]): JoinOutcome {
    const { challenge, address } = seat;
    const held = { members: members.size, rooms: rooms.size };
    const price = challenge ?? load.judge(address.standing, held, now);
    if (price !== undefined && price.bits === undefined) {
      return expelWith(seat, price.code, now, out, price.retryAfterMs);
    }
    const wanted = checkJoin(message);
    if (typeof wanted === 'string') return expelWith(seat, wanted, now, out);
    if (challenge !== undefined) {
      const { bits = 0, code, retryAfterMs } = challenge;
      const paid = wanted.ticket !== undefined && isTicket(challenge.challenge, bits, wanted.ticket, options.digest);
      if (!paid) return expelWith(seat, code, now, out, retryAfterMs);
      load.pay(address.standing, now);
    } else if (price?.bits !== undefined) return ask(seat, price, price.bits, now, out);
    return join(seat, wanted, now, out);
  }

  /** The connection stays, for one join with a ticket. */
  function ask(seat: Seat<S>, price: Price, difficulty: number, now: number, out: RoomEffect<S>[]): JoinOutcome {
    const challenge = options.challenge();
    const retryAfterMs = Math.ceil(price.retryAfterMs);
    seat.challenge = { ...price, challenge };
    seatDeadlines.set(seat, now + TICKET_WAIT_MS);
    const message = { type: 'error', code: price.code, retryAfterMs, ticket: { challenge, difficulty } } as const;
    out.push({ type: 'send', to: seat.socket, message });
    return 'ticket';
  }

  function wakeRoom(room: Room<S>, now: number, out: RoomEffect<S>[]): void {
    const [first, second] = room.seats;
    if (first === undefined) return;
    if (second === undefined) {
      expel(first, 'wait-timeout', now, out);
      return;
    }
    const due = room.active + limits.idleTimeoutMs;
    if (due > now) {
      roomDeadlines.set(room, due);
      return;
    }
    part([first, second]);
    expel(first, 'idle-timeout', now, out);
    expel(second, 'idle-timeout', now, out);
  }

  return {
    connect(socket, key, now) {
      figures.connections += 1;
      const address = addressOf(key);
      address.connections += 1;
      const member: Seat<S> = {
        socket,
        address,
        hash: '',
        room: undefined,
        peer: undefined,
        challenge: undefined,
        joined: false,
        met: false,
        held: false,
        full: 0,
        gone: false,
        at: 0,
        order: 0,
        place: NOT_DUE,
      };
      members.add(member);
      const effects: RoomEffect<S>[] = [];
      const wait = load.arrive(now);
      if (stopping) expelWith(member, 'shutting-down', now, effects);
      else if (wait > 0 || members.size > limits.connections) {
        expelWith(member, 'busy', now, effects, BUSY_RETRY_MS);
      } else if (address.connections > limits.connectionsPerAddress) {
        expelWith(member, 'rate-limited', now, effects, BUSY_RETRY_MS);
      } else seatDeadlines.set(member, now + limits.joinTimeoutMs);
      return { member, effects };
    },

    control(member: Seat<S>, message, now) {
      const out: RoomEffect<S>[] = [];
      if (member.gone) return out;
      if (draining) expel(member, 'shutting-down', now, out);
      else if (member.joined) expelWith(member, 'bad-request', now, out);
      else count(figures.joins, first(member, message, now, out));
      return out;
    },

    frame(member: Seat<S>, now) {
      const wait = frames.force(member, now);
      if (wait > 0 && !member.gone) {
        member.held = true;
        seatDeadlines.set(member, now + wait);
      }
      const { peer, room } = member;
      if (peer === undefined || room === undefined) return undefined;
      room.active = now;
      return peer.socket;
    },

    refuse(member: Seat<S>, code, now) {
      const out: RoomEffect<S>[] = [];
      expelWith(member, code, now, out);
      return out;
    },

    disconnect(member: Seat<S>, now) {
      const out: RoomEffect<S>[] = [];
      if (!members.delete(member)) return out;
      if (!member.gone) count(figures.ends, 'left');
      end(member, now, out);
      const { address } = member;
      address.connections -= 1;
      if (address.connections > 0) return out;
      const forgotten = load.forgottenAt(address.standing);
      if (forgotten > now) addressDeadlines.set(address, forgotten);
      else addresses.delete(address.key);
      return out;
    },

    wake(now) {
      const out: RoomEffect<S>[] = [];
      for (let seat = seatDeadlines.take(now); seat !== undefined; seat = seatDeadlines.take(now)) {
        if (!seat.joined) expel(seat, 'join-timeout', now, out);
        else {
          seat.held = false;
          out.push({ type: 'resume', to: seat.socket });
        }
      }
      for (let room = roomDeadlines.take(now); room !== undefined; room = roomDeadlines.take(now)) {
        wakeRoom(room, now, out);
      }
      for (let old = addressDeadlines.take(now); old !== undefined; old = addressDeadlines.take(now)) {
        addresses.delete(old.key);
      }
      return out;
    },

    drain() {
      stopping = draining = true;
      const message = { type: 'error', code: 'shutting-down' } as const;
      return [...members].flatMap(({ gone, socket }) => (gone ? [] : [{ type: 'send', to: socket, message }]));
    },

    shutdown(now) {
      stopping = true;
      const out: RoomEffect<S>[] = [];
      const all = [...members];
      part(all);
      for (const member of all) {
        if (draining) expel(member, 'shutting-down', now, out);
        else expelWith(member, 'shutting-down', now, out);
      }
      return out;
    },

    get wakeAt() {
      const next = Math.min(seatDeadlines.next, roomDeadlines.next, addressDeadlines.next);
      return next === Number.POSITIVE_INFINITY ? undefined : next;
    },
    get counts() {
      return { members: members.size, rooms: rooms.size, addresses: addresses.size };
    },
  };
}
