/** The room machine: each rule of protocol.md section 3 and each limit. */
import { describe, expect, test } from 'vitest';
import {
  ADDRESS_BURST,
  BUSY_RETRY_MS,
  CONNECTION_BURST,
  ROOM_LIMITS,
  SMALL_FRAME,
  TICKET_WAIT_MS,
} from '../../../core/relay/limits.js';
import { FAILED_PERIOD_MS, PAID_FACTOR, TICKET_BITS, TICKET_BITS_MORE } from '../../../core/relay/admission.js';
import { joinMessage } from '../../../core/wire/control.js';
import { asked, CHALLENGE, error, id, joined, relay, tell, TICKET, WRONG_TICKET } from '../../support/room-machine.js';

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
      arrivalsPerAddress: 20,
      bytesPerSecond: Number.POSITIVE_INFINITY,
      connectionsPerAddress: 64,
      joinsPerMinute: 30,
      failedJoins: 30,
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

  test('joins of one address a minute without a ticket', () => {
    const it = relay({ failedJoins: 1000 });
    for (let n = 0; n < ROOM_LIMITS.joinsPerMinute; n++) {
      it.connect();
      expect(it.join(n, n).at(0)).toEqual(tell(n, { type: 'joined', peer: false }));
      it.leave(n);
    }
    it.connect();
    expect(it.join(30)).toEqual([asked(30, 'rate-limited', 1000)]);
    it.connect();
    expect(it.join(31)).toEqual([asked(31, 'rate-limited', 1000)]);
    it.connect('elsewhere');
    expect(it.join(32)).toEqual([tell(32, { type: 'joined', peer: false })]);
    it.state.now = 2000;
    it.connect();
    expect(it.join(33, 33)).toEqual([tell(33, { type: 'joined', peer: false })]);
  });

  test('with tickets ten times as many, each harder; then the address has to wait', () => {
    const it = relay({ joinsPerMinute: 2, failedJoins: 1000 });
    const bits: number[] = [];
    for (let n = 0; n < 2 + PAID_FACTOR * 2; n++) {
      it.connect();
      const [first] = it.join(n, n);
      if (n < 2) continue;
      expect(first).toMatchObject({ message: { code: 'rate-limited', ticket: { challenge: CHALLENGE } } });
      if (first?.type === 'send' && first.message.type === 'error') bits.push(first.message.ticket?.difficulty ?? 0);
      expect(it.join(n, n, n, 'join', TICKET)).toEqual([tell(n, { type: 'joined', peer: false })]);
    }
    expect(bits).toEqual([...bits].sort((a, b) => a - b));
    expect([bits[0], bits.at(-1)]).toEqual([TICKET_BITS, TICKET_BITS + TICKET_BITS_MORE]);
    it.connect();
    expect(it.join(22, 22)).toEqual(error(22, 'rate-limited', { retryAfterMs: 1500 }));
    expect(Object.fromEntries(it.figures.joins)).toEqual({ waiting: 22, ticket: 20, 'rate-limited': 1 });
  });

  test('joins that meet nobody', () => {
    const limits = { joinsPerMinute: 1000, failedJoins: 3, waitTimeoutMs: 100 };
    const it = relay(limits);
    for (let n = 0; n < 2; n++) it.connect();
    // One leaves, one is given up, one finds the room full; two that met have not failed.
    it.join(0, 1);
    it.leave(0);
    it.join(1, 2);
    it.wake(100);
    for (let n = 2; n < 5; n++) it.connect(n === 2 ? 'away' : 'home');
    for (let n = 2; n < 5; n++) it.join(n, 3);
    for (let n = 2; n < 4; n++) it.leave(n);
    it.connect();
    expect(it.join(5, 4)).toEqual([asked(5, 'rate-limited', 99_900)]);
    it.connect('elsewhere');
    expect(it.join(6, 5)).toEqual([tell(6, { type: 'joined', peer: false })]);
    // A ghost that is replaced has not failed.
    const other = relay(limits);
    for (let n = 0; n < 5; n++) {
      other.connect();
      expect(other.join(n, 1, 1).at(-1)).toEqual(tell(n, { type: 'joined', peer: false }));
    }
  });

  test.each([
    ['rooms', { rooms: 4 }, TICKET_BITS],
    ['connections', { connections: 5 }, TICKET_BITS + 1],
    ['new connections', { connectionsPerSecond: 2 }, TICKET_BITS + TICKET_BITS_MORE],
  ])('%s near their limit: joins need tickets, from every address', (_what, limits, bits) => {
    const it = relay(limits);
    for (let n = 0; n < 3; n++) {
      it.connect(`address ${n}`);
      it.join(n, n);
    }
    it.connect('elsewhere');
    expect(it.join(3, 3)).toEqual([asked(3, 'busy', BUSY_RETRY_MS, bits)]);
    expect(it.join(3, 3, 3, 'join', TICKET)).toEqual([tell(3, { type: 'joined', peer: false })]);
  });

  test('a ticket that is none, a join without one, and one that comes too late', () => {
    const it = relay({ rooms: 1 });
    it.connect();
    it.join(0, 0);
    const busy = { retryAfterMs: BUSY_RETRY_MS };
    for (let n = 1; n < 5; n++) {
      it.connect();
      expect(it.join(n, 0)).toMatchObject([{ message: { ticket: { difficulty: TICKET_BITS + TICKET_BITS_MORE } } }]);
    }
    expect(it.join(1, 0, 1, 'join', WRONG_TICKET)).toEqual(error(1, 'busy', busy));
    expect(it.join(2, 0)).toEqual(error(2, 'busy', busy));
    expect(it.rooms.control(it.member(3), undefined, 0)).toEqual(error(3, 'bad-request'));
    expect(it.wake(TICKET_WAIT_MS - 1)).toEqual([]);
    expect(it.wake(TICKET_WAIT_MS)).toEqual([{ type: 'close', to: 4, why: 'join-timeout' }]);
    // A ticket for nothing is not looked at.
    const free = relay();
    free.connect();
    expect(free.join(0, 0, 0, 'join', WRONG_TICKET)).toEqual([tell(0, { type: 'joined', peer: false })]);
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
    const whole = FAILED_PERIOD_MS / ROOM_LIMITS.failedJoins;
    expect(it.rooms.wakeAt).toBe(whole);
    it.wake(whole);
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
    // Asked for the same work in both cases: nobody learns for nothing whether a room exists.
    const hardest = asked(2, 'busy', BUSY_RETRY_MS, TICKET_BITS + TICKET_BITS_MORE);
    expect(it.join(2, 3)).toEqual([hardest]);
    expect(it.join(2, 3, 2, 'join', TICKET)).toEqual(error(2, 'busy', { retryAfterMs: BUSY_RETRY_MS }));
    it.connect();
    expect(it.join(3, 2)).toEqual([{ ...hardest, to: 3 }]);
    expect(it.join(3, 2, 3, 'join', TICKET).at(0)).toEqual(tell(3, { type: 'joined', peer: true }));
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

  test('large frames are not counted, but those that nobody gets are', () => {
    const it = joined(2, { frameBurst: 3 });
    for (let n = 0; n < 100; n++) it.frame(0, SMALL_FRAME + 1);
    expect(it.member(0).held).toBe(false);
    for (let n = 0; n < 4; n++) it.frame(0, SMALL_FRAME);
    expect(it.member(0).held).toBe(true);
    it.leave(0);
    for (let n = 0; n < 4; n++) it.frame(1, SMALL_FRAME + 1);
    expect(it.member(1).held).toBe(true);
  });

  test('bytes a second, where they are limited: whatever the size of the frames', () => {
    const it = joined(2, { bytesPerSecond: 100_000, frameBurst: 1_000_000 });
    it.frame(0, 60_000);
    it.frame(0, 40_000);
    expect(it.member(0).held).toBe(false);
    expect(it.frame(0, 10_000)).toBe(1);
    expect(it.member(0).held).toBe(true);
    expect(it.rooms.wakeAt).toBeCloseTo(100, 0);
    expect(it.wake(100)).toEqual([{ type: 'resume', to: 0 }]);
    for (let n = 0; n < 100_000; n++) it.frame(1, 1);
    expect(it.member(1).held).toBe(false);
    it.frame(1, 100);
    expect(it.member(1).held).toBe(true);
  });

  test('what carries nothing counts like small frames, and ends who has not joined', () => {
    const it = joined(2, { frameBurst: 3 });
    for (let n = 0; n < 3; n++) expect(it.noise(0)).toEqual([]);
    expect(it.member(0).held).toBe(false);
    expect(it.noise(0)).toEqual([]);
    expect(it.member(0).held).toBe(true);
    it.connect();
    for (let n = 0; n < 3; n++) expect(it.noise(2)).toEqual([]);
    expect(it.noise(2)).toEqual(error(2, 'rate-limited', { retryAfterMs: BUSY_RETRY_MS }));
    expect(it.noise(2)).toEqual([]);
  });

  test('new connections of one address: its own rate comes first, and only what it admits is charged to all', () => {
    const it = relay({ connectionsPerSecond: 100, arrivalsPerAddress: 2, connectionsPerAddress: 10_000 });
    const burst = 2 * ADDRESS_BURST;
    for (let n = 0; n < burst; n++) expect(it.connect('one')).toEqual([]);
    expect(it.rooms.refusal('one', 0)).toBe('rate-limited');
    for (let n = 0; n < 1_000; n++) {
      expect(it.connect('one')).toEqual(error(burst + n, 'rate-limited', { retryAfterMs: BUSY_RETRY_MS }));
    }
    // All others find what they would have found without.
    for (let n = 0; n < CONNECTION_BURST * 100 - burst; n++) {
      expect(it.rooms.refusal(`other ${n}`, 0)).toBeUndefined();
      expect(it.connect(`other ${n}`)).toEqual([]);
    }
    expect(it.rooms.refusal('last', 0)).toBe('busy');
    expect(it.connect('last')[0]).toMatchObject({ message: { code: 'busy' } });
    it.state.now = 500;
    expect(it.rooms.refusal('one', 500)).toBeUndefined();
    expect(it.connect('one')).toEqual([]);
  });

  test('a refusal is known before a connection is made: open ones of an address and of all, and the end', () => {
    const it = relay({ connectionsPerAddress: 2, connections: 3 });
    it.connect('one');
    expect(it.rooms.refusal('one', 0)).toBeUndefined();
    it.connect('one');
    expect(it.rooms.refusal('one', 0)).toBe('rate-limited');
    expect(it.rooms.refusal('two', 0)).toBeUndefined();
    it.connect('two');
    expect(it.rooms.refusal('three', 0)).toBe('busy');
    it.rooms.shutdown(0);
    expect(it.rooms.refusal('three', 0)).toBe('shutting-down');
  });

  test('who meets nobody but his own address has met nobody', () => {
    const it = relay({ joinsPerMinute: 1_000, failedJoins: 4, arrivalsPerAddress: 100 });
    for (let n = 0; n < 4; n++) it.connect('scanner');
    for (let n = 0; n < 4; n++) it.join(n, n >> 1);
    for (let n = 0; n < 4; n++) it.leave(n);
    it.connect('scanner');
    expect(it.join(4, 9)).toEqual([asked(4, 'rate-limited', FAILED_PERIOD_MS / 8)]);
    for (let n = 5; n < 15; n++) it.connect(n % 2 === 0 ? 'one' : 'two');
    for (let n = 5; n < 15; n++) it.join(n, 20 + ((n - 5) >> 1));
    for (let n = 5; n < 15; n++) it.leave(n);
    it.connect('one');
    expect(it.join(15, 30)).toEqual([tell(15, { type: 'joined', peer: false })]);
  });

  test('an address is told to who asks for it, and nobody else', () => {
    const it = relay();
    for (const [n, address] of [
      [0, true],
      [1, undefined],
      [2, true],
    ] as const) {
      it.connect();
      const join = { room: id(n === 2 ? 2 : 1), seat: id(n), mode: 'join', ...(address ? { address } : {}) } as const;
      const [first] = it.rooms.control(it.member(n), joinMessage(join), 0);
      const told = { type: 'joined', peer: n === 1, ...(n === 0 ? { address: '192.0.2.1:1' } : {}) };
      // Of the last one it is not known.
      expect(first).toEqual(tell(n, told));
    }
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
