/**
 * The room machine with sockets that are numbers and a clock that is a variable. No expectation may be in this file.
 */
import { createFigures } from '../../core/relay/figures.js';
import type { RoomLimits } from '../../core/relay/limits.js';
import { TICKET_BITS } from '../../core/relay/admission.js';
import { createRooms } from '../../core/relay/rooms.js';
import type { Member } from '../../core/relay/seats.js';
import { joinMessage } from '../../core/wire/control.js';

export function id(n: number): string {
  return `${'A'.repeat(36)}${String(n).padStart(6, '0')}A`;
}

export const CHALLENGE = 'A'.repeat(43);
export const TICKET = 'A'.repeat(11);
export const WRONG_TICKET = 'B'.repeat(11);

/** A relay whose sockets are numbers and whose clock is a variable. */
export function relay(limits: Partial<RoomLimits> = {}) {
  const figures = createFigures();
  const rooms = createRooms<number>({
    limits,
    figures,
    hashSeat: (seat) => `hash of ${seat}`,
    endpoint: (socket) => (socket < 2 ? `192.0.2.1:${socket + 1}` : undefined),
    challenge: () => CHALLENGE,
    // A ticket that begins with A is good for every difficulty.
    digest: (parts) => new Uint8Array(64).fill(parts.at(-1)?.[0] === 0x41 ? 0 : 0xff),
  });
  const members: Member<number>[] = [];
  const state = { now: 0 };
  function member(n: number): Member<number> {
    const found = members[n];
    if (found === undefined) throw new Error('no such member');
    return found;
  }
  return {
    rooms,
    figures,
    state,
    member,
    connect(address = 'home') {
      const { member: made, effects } = rooms.connect(members.length, address, state.now);
      members.push(made);
      return effects;
    },
    join: (n: number, room = 1, seat = n, mode: 'join' | 'create' = 'join', ticket?: string) => {
      const join = { room: id(room), seat: id(seat), mode, ...(ticket === undefined ? {} : { ticket }) };
      return rooms.control(member(n), joinMessage(join), state.now);
    },
    frame: (n: number, size = 1) => rooms.frame(member(n), state.now, size),
    noise: (n: number) => rooms.noise(member(n), state.now),
    leave: (n: number) => rooms.disconnect(member(n), state.now),
    wake(at: number) {
      state.now = at;
      return rooms.wake(at);
    },
  };
}

/** `count` members joined to room 1, each with a seat of its own. */
export function joined(count: number, limits: Partial<RoomLimits> = {}) {
  const it = relay(limits);
  for (let n = 0; n < count; n++) {
    it.connect();
    it.join(n);
  }
  return it;
}

export const tell = (to: number, message: object) => ({ type: 'send', to, message });
export const error = (to: number, code: string, more: object = {}) => [
  tell(to, { type: 'error', code, ...more }),
  { type: 'close', to, why: code },
];

/** A ticket is asked for; the connection stays. */
export const asked = (to: number, code: string, retryAfterMs: number, difficulty = TICKET_BITS) =>
  tell(to, { type: 'error', code, retryAfterMs, ticket: { challenge: CHALLENGE, difficulty } });
