/** The room machine: each rule of protocol.md section 3 and each limit, then any sequence of events. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createFigures } from '../../core/relay/figures.js';
import { BUSY_RETRY_MS, CONNECTION_BURST, ROOM_LIMITS, type RoomLimits } from '../../core/relay/limits.js';
import { createRooms, type Member, type RoomEffect } from '../../core/relay/rooms.js';
import { joinMessage } from '../../core/relay/wire.js';

function id(n: number): string {
  return `${'A'.repeat(36)}${String(n).padStart(6, '0')}A`;
}

/** A relay whose sockets are numbers and whose clock is a variable. */
function relay(limits: Partial<RoomLimits> = {}) {
  const figures = createFigures();
  const rooms = createRooms<number>({ limits, figures, hashSeat: (seat) => `hash of ${seat}` });
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
    join: (n: number, room = 1, seat = n, mode: 'join' | 'create' = 'join') =>
      rooms.control(member(n), joinMessage({ room: id(room), seat: id(seat), mode }), state.now),
    frame: (n: number) => rooms.frame(member(n), state.now),
    leave: (n: number) => rooms.disconnect(member(n), state.now),
    wake(at: number) {
      state.now = at;
      return rooms.wake(at);
    },
  };
}

/** `count` members joined to room 1, each with a seat of its own. */
function joined(count: number, limits: Partial<RoomLimits> = {}) {
  const it = relay(limits);
  for (let n = 0; n < count; n++) {
    it.connect();
    it.join(n);
  }
  return it;
}

const tell = (to: number, message: object) => ({ type: 'send', to, message });
const error = (to: number, code: string, more: object = {}) => [
  tell(to, { type: 'error', code, ...more }),
  { type: 'close', to, why: code },
];

describe('pairing', () => {
  test('the first waits, the second is told and then the first', () => {
    const it = relay();
    expect(it.connect()).toEqual([]);
    expect(it.join(0)).toEqual([tell(0, { type: 'joined', peer: false })]);
    it.connect();
    expect(it.join(1)).toEqual([tell(1, { type: 'joined', peer: true }), tell(0, { type: 'peer-joined' })]);
  });

  test('frames go to the other side only', () => {
    const it = joined(2);
    it.connect();
    it.join(2, 2);
    expect(it.frame(0)).toBe(1);
    expect(it.frame(1)).toBe(0);
    expect(it.frame(2)).toBeUndefined();
  });

  test('a frame before a peer is there is dropped', () => {
    const it = joined(1);
    expect(it.frame(0)).toBeUndefined();
  });

  test('who leaves is told to the other, whose room lives on', () => {
    const it = joined(2);
    expect(it.leave(0)).toEqual([tell(1, { type: 'peer-left' })]);
    expect(it.frame(1)).toBeUndefined();
    it.connect();
    expect(it.join(2)).toEqual([tell(2, { type: 'joined', peer: true }), tell(1, { type: 'peer-joined' })]);
  });

  test('an empty room is forgotten', () => {
    const it = joined(2);
    it.leave(0);
    it.leave(1);
    expect(it.rooms.counts.rooms).toBe(0);
    it.connect();
    expect(it.join(2)).toEqual([tell(2, { type: 'joined', peer: false })]);
  });

  test('a third seat gets room-full', () => {
    const it = joined(2);
    it.connect();
    expect(it.join(2)).toEqual(error(2, 'room-full'));
    expect(it.frame(0)).toBe(1);
  });

  test('create takes a free room, not one that another seat holds', () => {
    const it = relay();
    it.connect();
    expect(it.join(0, 1, 0, 'create')).toEqual([tell(0, { type: 'joined', peer: false })]);
    it.connect();
    expect(it.join(1, 1, 1, 'create')).toEqual(error(1, 'room-taken'));
    it.connect();
    it.join(2);
    it.connect();
    expect(it.join(3, 1, 3, 'create')).toEqual(error(3, 'room-taken'));
  });

  test('only the hash of a seat is kept', () => {
    const it = joined(1);
    expect(it.member(0).hash).toBe(`hash of ${id(0)}`);
    expect(Object.values(it.member(0))).not.toContain(id(0));
  });
});

describe('ghosts', () => {
  test('the same seat replaces its own connection at once, and the other side sees it go and come', () => {
    const it = joined(2);
    it.connect();
    expect(it.join(2, 1, 0)).toEqual([
      tell(1, { type: 'peer-left' }),
      { type: 'close', to: 0, why: 'replaced' },
      tell(2, { type: 'joined', peer: true }),
      tell(1, { type: 'peer-joined' }),
    ]);
    expect(it.frame(1)).toBe(2);
    expect(it.frame(2)).toBe(1);
    expect(it.frame(0)).toBeUndefined();
    expect(it.leave(0)).toEqual([]);
    expect(it.frame(1)).toBe(2);
  });

  test('alone in its room, too, and whatever the mode', () => {
    const it = joined(1);
    it.connect();
    expect(it.join(1, 1, 0, 'create')).toEqual([
      { type: 'close', to: 0, why: 'replaced' },
      tell(1, { type: 'joined', peer: false }),
    ]);
    expect(it.rooms.counts.rooms).toBe(1);
  });
});

describe('what is not a join', () => {
  test.each([
    ['nothing', undefined, 'bad-request'],
    ['another type', { v: 1, type: 'hello' }, 'bad-request'],
    ['a short room', { ...joinMessage({ room: 'A', seat: id(1), mode: 'join' }) }, 'bad-request'],
    ['a room that is no text', { v: 1, type: 'join', room: 1, seat: id(1), mode: 'join' }, 'bad-request'],
    ['another mode', { v: 1, type: 'join', room: id(1), seat: id(1), mode: 'list' }, 'bad-request'],
    ['another version', { ...joinMessage({ room: id(1), seat: id(1), mode: 'join' }), v: 2 }, 'unsupported-version'],
  ])('%s', (_name, message, code) => {
    const it = relay();
    it.connect();
    expect(it.rooms.control(it.member(0), message, 0)).toEqual(error(0, code));
    expect(it.rooms.counts.rooms).toBe(0);
  });

  test('a second control message', () => {
    const it = joined(2);
    expect(it.join(0)).toEqual([
      tell(0, { type: 'error', code: 'bad-request' }),
      tell(1, { type: 'peer-left' }),
      { type: 'close', to: 0, why: 'bad-request' },
    ]);
    expect(it.join(0)).toEqual([]);
  });
});

describe('limits', () => {
  test('the documented defaults', () => {
    expect(ROOM_LIMITS).toEqual({
      connections: 100_000,
      connectionsPerSecond: 1_000,
      connectionsPerAddress: 64,
      joinsPerMinute: 30,
      rooms: 100_000,
      joinTimeoutMs: 5_000,
      waitTimeoutMs: 3_600_000,
      idleTimeoutMs: 900_000,
      framesPerSecond: 200,
      frameBurst: 400,
    });
  });

  test('connections of all addresses together', () => {
    const it = relay({ connections: 2 });
    for (const address of ['one', 'two']) expect(it.connect(address)).toEqual([]);
    expect(it.connect('three')).toEqual(error(2, 'busy', { retryAfterMs: BUSY_RETRY_MS }));
    it.leave(0);
    it.leave(2);
    expect(it.connect('four')).toEqual([]);
  });

  test('new connections a second, with a burst of two seconds', () => {
    const it = relay({ connectionsPerSecond: 10 });
    for (let n = 0; n < CONNECTION_BURST * 10; n++) expect(it.connect()).toEqual([]);
    expect(it.connect()).toEqual(error(20, 'busy', { retryAfterMs: BUSY_RETRY_MS }));
    it.state.now = 100;
    expect(it.connect()).toEqual([]);
    expect(it.connect()).toEqual(error(22, 'busy', { retryAfterMs: BUSY_RETRY_MS }));
  });

  test('connections of one address', () => {
    const it = relay();
    for (let n = 0; n < ROOM_LIMITS.connectionsPerAddress; n++) expect(it.connect()).toEqual([]);
    expect(it.connect()).toEqual(error(64, 'rate-limited', { retryAfterMs: BUSY_RETRY_MS }));
    expect(it.connect('elsewhere')).toEqual([]);
    it.leave(0);
    it.leave(64);
    expect(it.connect()).toEqual([]);
  });

  test('joins of one address a minute, and how long to wait', () => {
    const it = relay();
    for (let n = 0; n < ROOM_LIMITS.joinsPerMinute; n++) {
      it.connect();
      expect(it.join(n, n).at(0)).toEqual(tell(n, { type: 'joined', peer: false }));
      it.leave(n);
    }
    it.connect();
    expect(it.join(30)).toEqual(error(30, 'rate-limited', { retryAfterMs: 1000 }));
    it.connect();
    expect(it.join(31)).toEqual(error(31, 'rate-limited', { retryAfterMs: 1000 }));
    it.connect('elsewhere');
    expect(it.join(32)).toEqual([tell(32, { type: 'joined', peer: false })]);
    it.state.now = 2000;
    it.connect();
    expect(it.join(33, 33)).toEqual([tell(33, { type: 'joined', peer: false })]);
  });

  test('malformed joins count as joins', () => {
    const it = relay({ joinsPerMinute: 1 });
    it.connect();
    it.rooms.control(it.member(0), undefined, 0);
    it.connect();
    expect(it.join(1)[0]).toMatchObject({ message: { code: 'rate-limited' } });
  });

  test('an address is forgotten when its allowance is whole again', () => {
    const it = joined(1);
    it.leave(0);
    expect(it.rooms.counts.addresses).toBe(1);
    expect(it.rooms.wakeAt).toBe(2000);
    it.wake(2000);
    expect(it.rooms.counts.addresses).toBe(0);
    expect(it.rooms.wakeAt).toBeUndefined();
  });

  test('an address that comes back in the meantime stays known', () => {
    const it = joined(1, { connectionsPerAddress: 1 });
    it.leave(0);
    it.connect();
    it.join(1);
    it.wake(2000);
    expect(it.rooms.counts.addresses).toBe(1);
    expect(it.connect()).toEqual(error(2, 'rate-limited', { retryAfterMs: BUSY_RETRY_MS }));
  });

  test('a hold ends with its member', () => {
    const it = joined(2, { frameBurst: 1, framesPerSecond: 1 });
    it.frame(0);
    it.frame(0);
    expect(it.member(0).held).toBe(true);
    it.leave(0);
    expect(it.wake(10_000)).toEqual([]);
    // Frames that were under way when it was closed hold nobody.
    it.rooms.refuse(it.member(1), 'too-large', 10_000);
    for (let n = 0; n < 5; n++) it.frame(1);
    expect(it.wake(20_000)).toEqual([]);
  });

  test('rooms', () => {
    const it = relay({ rooms: 2 });
    for (let n = 0; n < 3; n++) it.connect();
    it.join(0, 1);
    it.join(1, 2);
    expect(it.join(2, 3)).toEqual(error(2, 'busy', { retryAfterMs: BUSY_RETRY_MS }));
    it.connect();
    expect(it.join(3, 2).at(0)).toEqual(tell(3, { type: 'joined', peer: true }));
  });

  test('a join must come in time', () => {
    const it = relay();
    it.connect();
    expect(it.rooms.wakeAt).toBe(5000);
    expect(it.wake(4999)).toEqual([]);
    expect(it.wake(5000)).toEqual([{ type: 'close', to: 0, why: 'join-timeout' }]);
    expect(it.join(0)).toEqual([]);
  });

  test('a seat alone is given up after the wait', () => {
    const it = joined(1);
    expect(it.rooms.wakeAt).toBe(ROOM_LIMITS.waitTimeoutMs);
    expect(it.wake(ROOM_LIMITS.waitTimeoutMs)).toEqual([{ type: 'close', to: 0, why: 'wait-timeout' }]);
    expect(it.rooms.counts.rooms).toBe(0);
  });

  test('the wait starts anew when the other leaves', () => {
    const it = joined(2);
    it.state.now = 1000;
    it.leave(1);
    expect(it.wake(ROOM_LIMITS.waitTimeoutMs)).toEqual([]);
    expect(it.wake(ROOM_LIMITS.waitTimeoutMs + 1000)).toEqual([{ type: 'close', to: 0, why: 'wait-timeout' }]);
  });

  test('a room without frames is given up, both sides at once; a frame starts the time anew', () => {
    const idle = ROOM_LIMITS.idleTimeoutMs;
    const it = joined(2);
    it.state.now = 1000;
    it.frame(1);
    expect(it.wake(idle)).toEqual([]);
    expect(it.wake(idle + 999)).toEqual([]);
    expect(it.wake(idle + 1000)).toEqual([
      { type: 'close', to: 0, why: 'idle-timeout' },
      { type: 'close', to: 1, why: 'idle-timeout' },
    ]);
    expect(it.rooms.counts.rooms).toBe(0);
  });

  test('frames a second: who exceeds the burst is held, nothing is dropped', () => {
    const it = joined(2);
    for (let n = 0; n < ROOM_LIMITS.frameBurst; n++) it.frame(0);
    expect(it.member(0).held).toBe(false);
    expect(it.frame(0)).toBe(1);
    expect(it.member(0).held).toBe(true);
    expect(it.member(1).held).toBe(false);
    expect(it.frame(0)).toBe(1);
    const wakeAt = it.rooms.wakeAt ?? 0;
    expect(wakeAt).toBeLessThanOrEqual(10);
    expect(it.wake(wakeAt)).toEqual([{ type: 'resume', to: 0 }]);
    expect(it.member(0).held).toBe(false);
    // In the long run the rate itself holds.
    let sent = 0;
    for (let at = wakeAt; at < wakeAt + 10_000; at++) {
      it.wake(at);
      while (!it.member(0).held) {
        it.frame(0);
        sent += 1;
      }
    }
    expect(sent).toBeGreaterThan(1990);
    expect(sent).toBeLessThan(2010);
  });

  test('an error that the relay itself found ends the member', () => {
    const it = joined(2);
    expect(it.rooms.refuse(it.member(0), 'too-large', 0)).toEqual([
      tell(0, { type: 'error', code: 'too-large' }),
      tell(1, { type: 'peer-left' }),
      { type: 'close', to: 0, why: 'too-large' },
    ]);
    expect(it.rooms.refuse(it.member(0), 'too-large', 0)).toEqual([]);
  });
});

describe('shutdown', () => {
  test('everybody is told, nobody that the peer left, and newcomers too', () => {
    const it = joined(2);
    it.connect();
    expect(it.rooms.shutdown(0)).toEqual([0, 1, 2].flatMap((n) => error(n, 'shutting-down')));
    expect(it.connect()).toEqual(error(3, 'shutting-down'));
    for (let n = 0; n < 4; n++) it.leave(n);
    expect(it.rooms.counts.members).toBe(0);
  });
});

describe('drain', () => {
  test('everybody is told once, frames still pass, then everybody is closed', () => {
    const it = joined(2);
    it.connect();
    expect(it.rooms.drain()).toEqual([0, 1, 2].map((n) => tell(n, { type: 'error', code: 'shutting-down' })));
    expect(it.frame(0)).toBe(1);
    expect(it.connect()).toEqual(error(3, 'shutting-down'));
    expect(it.join(2, 2)).toEqual([{ type: 'close', to: 2, why: 'shutting-down' }]);
    expect(it.leave(0)).toEqual([tell(1, { type: 'peer-left' })]);
    expect(it.rooms.shutdown(0)).toEqual([{ type: 'close', to: 1, why: 'shutting-down' }]);
    for (let n = 1; n < 4; n++) it.leave(n);
    expect(it.rooms.counts).toMatchObject({ members: 0, rooms: 0 });
  });
});

describe('figures', () => {
  test('joins by outcome, ends by why, and how long who waited has waited', () => {
    const it = relay();
    const waits: number[] = [];
    it.figures.onPaired = (waited) => waits.push(waited);
    for (let n = 0; n < 3; n++) it.connect();
    it.join(0);
    it.state.now = 250;
    it.join(1);
    it.join(2);
    it.leave(1);
    it.leave(1);
    it.state.now = 1_000;
    it.connect();
    it.join(3);
    it.rooms.refuse(it.member(0), 'too-large', 1_000);
    it.leave(0);
    expect(waits).toEqual([250, 750]);
    expect(it.figures).toMatchObject({ connections: 4, frames: 0, bytes: 0 });
    expect(Object.fromEntries(it.figures.joins)).toEqual({ waiting: 1, paired: 2, 'room-full': 1 });
    expect(Object.fromEntries(it.figures.ends)).toEqual({ 'room-full': 1, left: 1, 'too-large': 1 });
  });
});

describe('any sequence of events', () => {
  const LIMITS = {
    connections: 6,
    connectionsPerSecond: 50,
    connectionsPerAddress: 4,
    joinsPerMinute: 20,
    rooms: 3,
    joinTimeoutMs: 50,
    waitTimeoutMs: 400,
    idleTimeoutMs: 200,
    framesPerSecond: 100,
    frameBurst: 5,
  };

  const step = fc.oneof(
    fc.record({ do: fc.constant('connect' as const), address: fc.constantFrom('one', 'two', 'three') }),
    fc.record({
      do: fc.constant('join' as const),
      who: fc.nat(7),
      room: fc.nat(3),
      seat: fc.nat(5),
      mode: fc.constantFrom('join' as const, 'create' as const),
    }),
    fc.record({ do: fc.constant('frame' as const), who: fc.nat(7), times: fc.integer({ min: 1, max: 12 }) }),
    fc.record({ do: fc.constant('rubbish' as const), who: fc.nat(7) }),
    fc.record({ do: fc.constant('too-large' as const), who: fc.nat(7) }),
    fc.record({ do: fc.constant('leave' as const), who: fc.nat(7) }),
    fc.record({ do: fc.constant('wait' as const), ms: fc.nat(300) }),
    fc.record({ do: fc.constant('shutdown' as const) }),
  );

  /** What a client believes from what it was told, and what really happened to it. */
  interface Belief {
    room: number | undefined;
    peer: boolean;
    joined: boolean;
    closed: boolean;
    held: boolean;
  }

  function play(steps: readonly (typeof step extends fc.Arbitrary<infer T> ? T : never)[]): void {
    const it = relay(LIMITS);
    const clients: Belief[] = [];
    let stopped = false;

    const client = (n: number): Belief => {
      const found = clients[n];
      if (found === undefined) throw new Error('an effect for nobody');
      return found;
    };

    function take(effects: readonly RoomEffect<number>[]): void {
      for (const effect of effects) {
        const to = client(effect.to);
        expect(to.closed, 'an effect for a closed connection').toBe(false);
        if (effect.type === 'close') {
          to.closed = true;
          to.peer = false;
        } else if (effect.type === 'resume') {
          expect(to.held).toBe(true);
          to.held = false;
        } else {
          const { message } = effect;
          switch (message.type) {
            case 'joined':
              expect(to.joined).toBe(false);
              to.joined = true;
              to.peer = message.peer;
              break;
            case 'peer-joined':
              expect(to.joined && !to.peer, 'a pairing event without a parting').toBe(true);
              to.peer = true;
              break;
            case 'peer-left':
              expect(to.peer, 'a parting event without a pairing').toBe(true);
              to.peer = false;
              break;
            case 'error':
              break;
          }
        }
      }
    }

    function check(): void {
      const inRoom = new Map<number, number[]>();
      for (const [n, { closed, joined: isIn, room }] of clients.entries()) {
        if (closed || !isIn || room === undefined) continue;
        inRoom.set(room, [...(inRoom.get(room) ?? []), n]);
      }
      for (const seats of inRoom.values()) {
        expect(seats.length, 'seats in a room').toBeLessThanOrEqual(2);
        // Both believe in each other or the one believes in nobody.
        for (const n of seats) expect(client(n).peer).toBe(seats.length === 2);
      }
      expect(it.rooms.counts.rooms).toBe(inRoom.size);
      expect(inRoom.size).toBeLessThanOrEqual(LIMITS.rooms);
    }

    /** Wakes as often as asked for up to `end`; each wake-up must move the next one on. */
    function runTo(end: number): void {
      for (let rounds = 0; (it.rooms.wakeAt ?? Number.POSITIVE_INFINITY) <= end; rounds++) {
        expect(rounds, 'wake-ups without progress').toBeLessThan(200);
        const at = Math.max(it.rooms.wakeAt ?? 0, it.state.now);
        take(it.wake(at));
        expect(it.rooms.wakeAt ?? Number.POSITIVE_INFINITY).toBeGreaterThan(at);
        check();
      }
      it.state.now = Math.max(it.state.now, end);
    }

    function frame(who: number): void {
      const to = it.frame(who);
      const self = client(who);
      if (it.member(who).held) self.held = true;
      expect(to !== undefined, 'a frame is forwarded exactly if a peer is there').toBe(self.peer);
      if (to === undefined) return;
      expect(client(to).room, 'a frame in another room').toBe(self.room);
      expect(to).not.toBe(who);
      expect(client(to).closed).toBe(false);
    }

    for (const action of steps) {
      const who = 'who' in action ? action.who : 0;
      if (action.do === 'connect') {
        clients.push({ room: undefined, peer: false, joined: false, closed: false, held: false });
        take(it.connect(action.address));
        if (stopped) expect(clients.at(-1)?.closed).toBe(true);
      } else if (action.do === 'wait') runTo(it.state.now + action.ms);
      else if (action.do === 'shutdown') {
        stopped = true;
        take(it.rooms.shutdown(it.state.now));
        for (const { closed } of clients) expect(closed).toBe(true);
      } else if (clients[who] === undefined) continue;
      else if (action.do === 'join') {
        const self = client(who);
        if (!self.joined) self.room = action.room;
        take(it.join(who, action.room, action.seat, action.mode));
      } else if (action.do === 'frame') {
        for (let n = 0; n < action.times; n++) frame(who);
      } else if (action.do === 'rubbish') take(it.rooms.control(it.member(who), { type: 'rubbish' }, it.state.now));
      else if (action.do === 'too-large') take(it.rooms.refuse(it.member(who), 'too-large', it.state.now));
      else {
        // The connection is gone before anything can be sent to it.
        client(who).closed = true;
        client(who).peer = false;
        take(it.leave(who));
      }
      check();
    }

    for (const n of clients.keys()) {
      client(n).closed = true;
      client(n).peer = false;
      take(it.leave(n));
    }
    runTo(it.state.now + 120_000);
    expect(it.rooms.counts, 'nothing is left behind').toEqual({ members: 0, rooms: 0, addresses: 0 });
    expect(it.rooms.wakeAt).toBeUndefined();
  }

  test('two seats at most, balanced pairings, the right room, progress, nothing left behind', () => {
    fc.assert(fc.property(fc.array(step, { maxLength: 120 }), play), { numRuns: 1500 });
  });
});
