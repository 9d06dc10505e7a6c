/**
 * Who sits in which room, who is told of whom, and when a room is over (protocol.md section 3). Whether a connection may
 * sit down at all is rooms.ts and admission.ts; no limit of an address may be in this file.
 */
import { createDeadlines, NOT_DUE } from './deadlines.js';
import type { Figures } from './figures.js';
import type { RoomLimits } from './limits.js';
import type { CloseWhy, Room, RoomEffect, Seat } from './seats.js';
import type { Join } from '../wire/control.js';
import { quick } from '../quick.js';

export interface SeatingOptions<S> {
  readonly limits: Pick<RoomLimits, 'rooms' | 'waitTimeoutMs' | 'idleTimeoutMs'>;
  readonly figures: Pick<Figures, 'onPaired'>;
  /** Address and port of the connection itself; undefined where they are not known. */
  readonly endpoint: ((socket: S) => string | undefined) | undefined;
  /** Ends the connection, and calls `leave` for it. */
  readonly expel: (seat: Seat<S>, why: CloseWhy, now: number, out: RoomEffect<S>[]) => void;
}

export interface Seating<S> {
  /** How many rooms there are. */
  readonly size: number;
  readonly next: number;
  /** Why nobody with this hash can sit down there now; undefined: it can. */
  refusal(hash: string, wanted: Pick<Join, 'room' | 'mode'>): 'room-taken' | 'room-full' | 'busy' | undefined;
  /** `seat` sits down: both sides are told. Whoever had its hash is expelled. */
  take(seat: Seat<S>, id: string, now: number, out: RoomEffect<S>[]): 'waiting' | 'paired';
  /** Takes `seat` out of its room; who stays behind is told and waits again. */
  leave(seat: Seat<S>, now: number, out: RoomEffect<S>[]): void;
  /** Who holds the other seat of the room at another relay; undefined: nobody. */
  meet(id: string, far: string | undefined, now: number, out: RoomEffect<S>[]): void;
  /** Ends rooms in which nobody came, or nothing went on. */
  wake(now: number, out: RoomEffect<S>[]): void;
}

/** Before both are ended at once: neither is told that the other left. */
export function part<S>(seats: readonly Seat<S>[]): void {
  for (const seat of seats) seat.peer = undefined;
}

export function createSeating<S>({ limits, figures, endpoint, expel }: SeatingOptions<S>): Seating<S> {
  const rooms = new Map<string, Room<S>>();
  const deadlines = createDeadlines<Room<S>>();

  function held(room: Room<S> | undefined, hash: string): Seat<S> | undefined {
    return room?.seats.find((seat) => seat.hash === hash);
  }

  function opened(id: string, now: number): Room<S> {
    const room: Room<S> = { id, seats: [], far: undefined, alone: now, active: now, at: 0, order: 0, place: NOT_DUE };
    rooms.set(id, room);
    return room;
  }

  /** Somebody is alone in it from now on. */
  function waits(room: Room<S>, now: number): void {
    room.alone = now;
    deadlines.set(room, now + limits.waitTimeoutMs);
  }

  /** Both seats are taken from now on. */
  function met(room: Room<S>, now: number): void {
    figures.onPaired(now - room.alone);
    room.active = now;
    deadlines.set(room, now + limits.idleTimeoutMs);
  }

  function pair(seat: Seat<S>, peer: Seat<S>, out: RoomEffect<S>[]): void {
    seat.peer = peer;
    peer.peer = seat;
    // To meet oneself shows nothing: whoever tries rooms could do it in each.
    if (peer.address !== seat.address) seat.met = peer.met = true;
    out.push({ type: 'send', to: peer.socket, message: { type: 'peer-joined' } });
  }

  function wakeRoom(room: Room<S>, now: number, out: RoomEffect<S>[]): void {
    const [first, second] = room.seats;
    if (first === undefined) return;
    if (second === undefined && room.far === undefined) return expel(first, 'wait-timeout', now, out);
    const due = room.active + limits.idleTimeoutMs;
    if (due > now) return deadlines.set(room, due);
    const both = [...room.seats];
    part(both);
    for (const seat of both) expel(seat, 'idle-timeout', now, out);
  }

  return quick({
    get size() {
      return rooms.size;
    },
    get next() {
      return deadlines.next;
    },

    refusal(hash, wanted) {
      const room = rooms.get(wanted.room);
      if (room === undefined) return rooms.size >= limits.rooms ? 'busy' : undefined;
      if (held(room, hash) !== undefined) return undefined;
      if (wanted.mode === 'create') return 'room-taken';
      return room.seats.length >= 2 ? 'room-full' : undefined;
    },

    take(seat, id, now, out) {
      const room = rooms.get(id) ?? opened(id, now);
      const ghost = held(room, seat.hash);
      seat.room = room;
      room.seats.push(seat);
      if (ghost !== undefined) {
        // It goes on in its new connection.
        seat.met = ghost.met;
        ghost.met = true;
        expel(ghost, 'replaced', now, out);
      }
      const peer = room.seats.find((other) => other !== seat);
      const paired = peer !== undefined || room.far !== undefined;
      const address = seat.curious ? endpoint?.(seat.socket) : undefined;
      const told = { type: 'joined', peer: paired, ...(address === undefined ? {} : { address }) } as const;
      out.push({ type: 'send', to: seat.socket, message: told });
      if (paired) met(room, now);
      else waits(room, now);
      if (peer !== undefined) pair(seat, peer, out);
      return paired ? 'paired' : 'waiting';
    },

    leave(seat, now, out) {
      const { room, peer } = seat;
      if (room === undefined) return;
      seat.room = undefined;
      room.seats.splice(room.seats.indexOf(seat), 1);
      if (room.seats.length === 0) {
        rooms.delete(room.id);
        deadlines.delete(room);
        return;
      }
      waits(room, now);
      if (peer === undefined) return;
      seat.peer = undefined;
      peer.peer = undefined;
      out.push({ type: 'send', to: peer.socket, message: { type: 'peer-left' } });
    },

    meet(id, far, now, out) {
      const room = rooms.get(id);
      if (room === undefined || room.far === far) return;
      const [seat] = room.seats;
      const lost = room.far !== undefined;
      room.far = far;
      if (seat === undefined || room.seats.length > 1) return;
      if (lost) {
        waits(room, now);
        out.push({ type: 'send', to: seat.socket, message: { type: 'peer-left' } });
      }
      if (far === undefined) return;
      met(room, now);
      out.push({ type: 'send', to: seat.socket, message: { type: 'peer-joined' } });
    },

    wake(now, out) {
      for (let room = deadlines.take(now); room !== undefined; room = deadlines.take(now)) wakeRoom(room, now, out);
    },
  });
}
