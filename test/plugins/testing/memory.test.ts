/** The transport contract on `memory`, in real time and in time that a test moves. */
import { describe, expect, test } from 'vitest';
import { createMemoryRelay, type MemoryRelayOptions } from '../../../plugins/testing/memory.js';
import type { TransportEvent } from '../../../core/ports.js';
import { transportContract } from '../../../plugins/testing/transport.js';
import { GENEROUS } from '../../support/relay.js';
import { randomId, randomJoin } from '../../support/relay-client.js';

function fixture(options: MemoryRelayOptions) {
  let opened = 0;
  const relay = createMemoryRelay({ limits: GENEROUS, ...options });
  const gone = createMemoryRelay();
  gone.close();
  const transport: typeof relay.transport = {
    open(join, sink) {
      opened += 1;
      return relay.transport.open(join, sink);
    },
  };
  return Promise.resolve({
    pair: [transport, transport] as const,
    unreachable: gone.transport,
    cut() {
      for (let client = 0; client < opened; client++) relay.cut(client);
    },
    dispose() {
      relay.close();
      return Promise.resolve();
    },
  });
}

transportContract({ name: 'memory', test, makeFixture: () => fixture({}) });
transportContract({
  name: 'memory with latency',
  test,
  makeFixture: () =>
    fixture({ onFrame: (frame, leg) => [{ frame, delayMs: leg.direction === 'up' ? 2 : 3 }], controlDelayMs: () => 1 }),
});

/** Time that only the test moves. */
function handTime() {
  let now = 0;
  let next: { at: number; wake: () => void } | undefined;
  return {
    clock: {
      now: () => now,
      wakeAt(at: number, wake: () => void) {
        const mine = { at, wake };
        next = mine;
        return () => {
          if (next === mine) next = undefined;
        };
      },
    },
    /** Goes from wake-up to wake-up, at most to `end`. */
    runTo(end: number) {
      while (next !== undefined && next.at <= end) {
        const { at, wake } = next;
        next = undefined;
        now = Math.max(now, at);
        wake();
      }
      now = end;
    },
  };
}

const ROOM = 'A'.repeat(43);
const SEATS = ['B'.repeat(42) + 'A', 'C'.repeat(42) + 'A'] as const;

function two(options: MemoryRelayOptions) {
  const time = handTime();
  const relay = createMemoryRelay({ limits: GENEROUS, clock: time.clock, ...options });
  const sides = SEATS.map((seat) => {
    const events: TransportEvent[] = [];
    const connection = relay.transport.open({ room: ROOM, seat, mode: 'join' }, (event) => events.push(event));
    return { events, connection };
  });
  const [a, b] = sides;
  if (a === undefined || b === undefined) throw new Error('two sides');
  const frames = (side: typeof a) => side.events.flatMap((event) => (event.type === 'frame' ? [...event.frame] : []));
  return { time, relay, a, b, frames };
}

describe('memory hooks', () => {
  test('a frame can be lost, doubled, changed, and overtaken, by its leg', () => {
    const { time, a, b, frames } = two({
      onFrame(frame, { client, direction }) {
        if (client === 1 || direction === 'down') return [{ frame, delayMs: 0 }];
        switch (frame[0]) {
          case 1:
            return [];
          case 2:
            return [
              { frame, delayMs: 0 },
              { frame, delayMs: 5 },
            ];
          case 3:
            return [{ frame: Uint8Array.of(33), delayMs: 0 }];
          default:
            return [{ frame, delayMs: 2 }];
        }
      },
    });
    time.runTo(0);
    for (const value of [4, 1, 2, 3]) a.connection.send(Uint8Array.of(value));
    b.connection.send(Uint8Array.of(1));
    time.runTo(10);
    expect(frames(b)).toEqual([2, 33, 4, 2]);
    expect(frames(a)).toEqual([1]);
  });

  test('time stands still until the test moves it', () => {
    const { time, a, b, frames } = two({ onFrame: (frame) => [{ frame, delayMs: 10 }], controlDelayMs: () => 1 });
    expect(a.events).toEqual([]);
    time.runTo(2);
    expect(a.events.map((event) => event.type)).toEqual(['open', 'control', 'control']);
    a.connection.send(Uint8Array.of(9));
    time.runTo(21);
    expect(frames(b)).toEqual([]);
    time.runTo(22);
    expect(frames(b)).toEqual([9]);
  });

  test('control messages stay in order with frames under way', () => {
    const { time, a, b } = two({ onFrame: (frame) => [{ frame, delayMs: 50 }] });
    time.runTo(0);
    a.connection.send(Uint8Array.of(1));
    a.connection.close();
    time.runTo(1000);
    expect(b.events.slice(-2)).toEqual([
      { type: 'frame', frame: Uint8Array.of(1) },
      { type: 'control', message: { type: 'peer-left' } },
    ]);
    expect(a.events.at(-1)).toEqual({ type: 'closed', reason: 'closed', detail: '' });
  });

  test('a frame does not overtake a control message', () => {
    const { time, a, b } = two({ controlDelayMs: ({ direction }) => (direction === 'down' ? 10 : 0) });
    time.runTo(0);
    a.connection.send(Uint8Array.of(1));
    time.runTo(9);
    expect(b.events.map(({ type }) => type)).toEqual(['open']);
    time.runTo(10);
    expect(b.events.map(({ type }) => type)).toEqual(['open', 'control', 'frame']);
  });

  test('a cut loses what is under way and both sides are told', () => {
    const { time, relay, a, b, frames } = two({ onFrame: (frame) => [{ frame, delayMs: 5 }] });
    time.runTo(0);
    a.connection.send(Uint8Array.of(1));
    relay.cut(0);
    time.runTo(100);
    expect(frames(b)).toEqual([]);
    expect(a.events.at(-1)).toEqual({ type: 'closed', reason: 'lost', detail: 'cut' });
    expect(b.events.at(-1)).toEqual({ type: 'control', message: { type: 'peer-left' } });
    expect(relay.counts.members).toBe(1);
  });

  test('a sender over its frame rate is read from more slowly; nothing is lost or reordered', () => {
    const { time, a, b, frames } = two({ limits: { ...GENEROUS, framesPerSecond: 10, frameBurst: 2 } });
    time.runTo(0);
    for (let i = 0; i < 6; i++) a.connection.send(Uint8Array.of(i));
    time.runTo(1);
    expect(frames(b)).toEqual([0, 1, 2]);
    time.runTo(1000);
    expect(frames(b)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test('what was sent goes out on close although the relay holds the sender', () => {
    const { time, a, b, frames } = two({ limits: { ...GENEROUS, framesPerSecond: 1, frameBurst: 1 } });
    time.runTo(0);
    for (let i = 0; i < 4; i++) a.connection.send(Uint8Array.of(i));
    a.connection.close();
    time.runTo(1);
    expect(frames(b)).toEqual([0, 1, 2, 3]);
  });
});

test('a join that is asked for a ticket is made again on the same connection', async () => {
  const { transport, close } = createMemoryRelay({ limits: { ...GENEROUS, joinsPerMinute: 1 } });
  const room = randomId();
  const told: unknown[] = [];
  await new Promise<void>((resolve) => {
    for (const join of [randomJoin(room), randomJoin(room)]) {
      const connection = transport.open(join, (event) => {
        if (event.type !== 'control') return;
        told.push((event.message as { type: string }).type);
        if (told.length === 2) connection.join?.({ ...join, ticket: 'A'.repeat(11) });
        if (told.length === 4) resolve();
      });
    }
  });
  expect(told).toEqual(['joined', 'error', 'joined', 'peer-joined']);
  close();
});
