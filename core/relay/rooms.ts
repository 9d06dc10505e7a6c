/**
 * The rooms of a relay (protocol.md section 3): connections and what they may do. Who sits where is seating.ts, who comes
 * from where addresses.ts, what a join costs admission.ts. Events and the time go in, effects come out. No socket, no timer,
 * no log, and no byte of a frame may be in this file.
 *
 * Order is part of the contract: a newcomer's `joined{peer:true}` and the other side's `peer-joined` are effects of the
 * same call, so a relay that performs effects at once has sent both before it can forward a frame between the two.
 */
import { createLoad, type Price } from './admission.js';
import { createAddresses } from './addresses.js';
import { createDeadlines } from './deadlines.js';
import { count, createFigures, type JoinOutcome } from './figures.js';
import { allowance, BUSY_RETRY_MS, ROOM_LIMITS, type RoomLimits, SMALL_FRAME, TICKET_WAIT_MS } from './limits.js';
import { createSeating, part } from './seating.js';
import { type CloseWhy, newSeat, type RoomEffect, type Rooms, type RoomsOptions, type Seat } from './seats.js';
import { isTicket } from '../protocol/ticket.js';
import { NEVER } from '../timers.js';
import { checkJoin, FRAME_LIMIT, type Join, type RelayErrorCode } from '../wire/control.js';
import { quick } from '../quick.js';

export function createRooms<S>(options: RoomsOptions<S>): Rooms<S> {
  const limits: RoomLimits = { ...ROOM_LIMITS, ...options.limits };
  const figures = options.figures ?? createFigures();
  const frames = allowance(1000 / limits.framesPerSecond, limits.frameBurst);
  const bytes = allowance(1000 / limits.bytesPerSecond, Math.max(limits.bytesPerSecond, FRAME_LIMIT));
  const load = createLoad(limits);
  const { claims } = options;

  const members = new Set<Seat<S>>();
  const addresses = createAddresses(load.forgottenAt);
  const seating = createSeating<S>({ limits, figures, endpoint: options.endpoint, expel });
  /** A seat's one deadline is its join's before it joined, and the end of its hold afterwards. */
  const seatDeadlines = createDeadlines<Seat<S>>();
  let stopping = false;
  /** Who is still here has been told `shutting-down`. */
  let draining = false;

  function end(seat: Seat<S>, now: number, out: RoomEffect<S>[]): void {
    seat.gone = true;
    seatDeadlines.delete(seat);
    if (seat.joined && !seat.met && !stopping) load.fail(seat.address.standing, now);
    seating.leave(seat, now, out);
    if (seat.joined || seat.claimed !== undefined) claims?.leave(seat);
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

  /** Who goes while its claim is under way may have moved its seat by it: that join has met nobody. */
  function unclaim(seat: Seat<S>, now: number): void {
    if (!seat.gone && !seat.joined && seat.claimed !== undefined && !stopping) load.fail(seat.address.standing, now);
  }

  function join(
    seat: Seat<S>,
    hash: string,
    wanted: Pick<Join, 'room' | 'mode'>,
    now: number,
    out: RoomEffect<S>[],
  ): JoinOutcome {
    const refused = options.admits?.(wanted.room) === false ? 'room-full' : seating.refusal(hash, wanted);
    if (refused === 'busy') return expelWith(seat, refused, now, out, BUSY_RETRY_MS);
    if (refused !== undefined) {
      load.fail(seat.address.standing, now);
      return expelWith(seat, refused, now, out);
    }
    seatDeadlines.delete(seat);
    seat.joined = true;
    seat.challenge = seat.claimed = undefined;
    seat.hash = hash;
    return seating.take(seat, wanted.room, now, out);
  }

  /** Nothing more is read from it until then. */
  function hold(seat: Seat<S>, until: number): void {
    if (seat.gone) return;
    seat.held = true;
    seatDeadlines.set(seat, until);
  }

  /** A message of a connection that has not joined, unchecked. */
  function first(seat: Seat<S>, message: unknown, now: number, out: RoomEffect<S>[]): JoinOutcome | undefined {
    const { challenge, address } = seat;
    const held = { members: members.size, rooms: seating.size };
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
    seat.curious = wanted.address === true;
    const hash = options.hashSeat(wanted.seat);
    if (claims === undefined) return join(seat, hash, wanted, now, out);
    if (!claims.ready) return expelWith(seat, 'busy', now, out, BUSY_RETRY_MS);
    seat.challenge = undefined;
    seat.hash = hash;
    seat.claimed = wanted.room;
    seatDeadlines.set(seat, now + limits.joinTimeoutMs);
    claims.claim(seat, wanted.room, wanted.mode);
    return undefined;
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

  return quick({
    connect(socket, key, now) {
      figures.connections += 1;
      const address = addresses.enter(key);
      const member = newSeat(socket, address, limits.bytesPerSecond !== Number.POSITIVE_INFINITY);
      members.add(member);
      const effects: RoomEffect<S>[] = [];
      const refused = stopping
        ? 'shutting-down'
        : load.arrive(address.standing, address.connections, members.size, now);
      if (refused === undefined) seatDeadlines.set(member, now + limits.joinTimeoutMs);
      else expelWith(member, refused, now, effects, stopping ? undefined : BUSY_RETRY_MS);
      return { member, effects };
    },

    refusal(key, now) {
      if (stopping) return 'shutting-down';
      const address = addresses.find(key);
      return load.wouldRefuse(address?.standing, address?.connections ?? 0, members.size, now);
    },

    control(member: Seat<S>, message, now) {
      const out: RoomEffect<S>[] = [];
      if (member.gone) return out;
      if (draining) expel(member, 'shutting-down', now, out);
      else if (member.joined || member.claimed !== undefined) {
        unclaim(member, now);
        expelWith(member, 'bad-request', now, out);
      } else {
        const outcome = first(member, message, now, out);
        if (outcome !== undefined) count(figures.joins, outcome);
      }
      return out;
    },

    frame(member: Seat<S>, now, size) {
      const { peer, room, spent } = member;
      const dropped = room === undefined || (peer === undefined && room.far === undefined);
      // No receiver's pace limits what is dropped: all of it is counted.
      let wait = size <= SMALL_FRAME || dropped ? frames.force(member, now) : 0;
      if (spent !== undefined) wait = Math.max(wait, bytes.force(spent, now, size));
      if (wait > 0) hold(member, now + wait);
      if (dropped) return undefined;
      room.active = now;
      return peer?.socket;
    },

    noise(member: Seat<S>, now) {
      const out: RoomEffect<S>[] = [];
      const wait = frames.force(member, now);
      if (wait === 0) return out;
      if (member.joined) hold(member, now + wait);
      else {
        unclaim(member, now);
        expelWith(member, 'rate-limited', now, out, BUSY_RETRY_MS);
      }
      return out;
    },

    refuse(member: Seat<S>, code, now) {
      const out: RoomEffect<S>[] = [];
      unclaim(member, now);
      expelWith(member, code, now, out);
      return out;
    },

    disconnect(member: Seat<S>, now) {
      const out: RoomEffect<S>[] = [];
      if (!members.delete(member)) return out;
      unclaim(member, now);
      if (!member.gone) count(figures.ends, 'left');
      end(member, now, out);
      addresses.leave(member.address, now);
      return out;
    },

    wake(now) {
      const out: RoomEffect<S>[] = [];
      for (let seat = seatDeadlines.take(now); seat !== undefined; seat = seatDeadlines.take(now)) {
        if (seat.claimed !== undefined) expelWith(seat, 'busy', now, out, BUSY_RETRY_MS);
        else if (!seat.joined) expel(seat, 'join-timeout', now, out);
        else {
          seat.held = false;
          out.push({ type: 'resume', to: seat.socket });
        }
      }
      seating.wake(now, out);
      addresses.wake(now);
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

    admit(member: Seat<S>, now) {
      const out: RoomEffect<S>[] = [];
      const { claimed } = member;
      if (member.gone || claimed === undefined) return out;
      count(figures.joins, join(member, member.hash, { room: claimed, mode: 'join' }, now, out));
      return out;
    },

    deny(member: Seat<S>, why, now) {
      const out: RoomEffect<S>[] = [];
      if (!member.gone && !member.joined && isRefusal(why)) count(figures.joins, why);
      if (why === 'room-full' || why === 'room-taken') load.fail(member.address.standing, now);
      // It goes on in its new connection, and whether it meets somebody counts there.
      if (why === 'replaced') member.met = true;
      if (isRefusal(why)) expelWith(member, why, now, out, why === 'busy' ? BUSY_RETRY_MS : undefined);
      else expel(member, why, now, out);
      return out;
    },

    meet(id, far, now) {
      const out: RoomEffect<S>[] = [];
      seating.meet(id, far, now, out);
      return out;
    },

    acquaint: (member: Seat<S>) => void (member.met = true),

    arrive({ room, gone, socket }: Seat<S>, now) {
      if (gone || room === undefined) return undefined;
      room.active = now;
      return socket;
    },

    get wakeAt() {
      const next = Math.min(seatDeadlines.next, seating.next, addresses.next);
      return next === NEVER ? undefined : next;
    },
    get counts() {
      return { members: members.size, rooms: seating.size, addresses: addresses.size };
    },
  });
}

function isRefusal(why: RelayErrorCode | 'replaced' | 'broken-link'): why is RelayErrorCode {
  return why !== 'replaced' && why !== 'broken-link';
}
