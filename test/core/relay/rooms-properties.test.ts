/** The room machine under any sequence of events: what clients are told is what happens to them. */
import { describe, expect, test } from 'vitest';
import type { RoomEffect } from '../../../core/relay/seats.js';
import { fc, runs } from '../../support/chance.js';
import { relay, TICKET, WRONG_TICKET } from '../../support/room-machine.js';

describe('any sequence of events', () => {
  const LIMITS = {
    connections: 6,
    connectionsPerSecond: 50,
    connectionsPerAddress: 4,
    joinsPerMinute: 20,
    failedJoins: 10,
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
      ticket: fc.constantFrom(undefined, TICKET, WRONG_TICKET),
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
        take(it.join(who, action.room, action.seat, action.mode, action.ticket));
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
    fc.assert(fc.property(fc.array(step, { maxLength: 120 }), play), { numRuns: runs(150, 1_500) });
  });
});
