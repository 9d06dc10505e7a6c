/**
 * securechat/testing itself: the clock, the network and the stand-ins do what they say, and the contract of transports
 * finds what is wrong.
 */
import { describe, expect, it } from 'vitest';
import type { Connection, TransportEvent, TransportPort } from 'securechat/plugin';
import {
  createFakeClock,
  createMemoryRelay,
  createNetwork,
  fakeSanitize,
  type NetworkOptions,
  transportContract,
} from 'securechat/testing';
import { FRAME_LIMIT } from '../../../core/wire/control.js';
import { GENEROUS } from '../../support/relay.js';

describe('FakeClock', () => {
  it('wakes in order, each at its moment, and only who still waits', () => {
    const clock = createFakeClock();
    const woken: string[] = [];
    const wake = (name: string) => () => void woken.push(`${name} ${String(clock.now())}`);
    clock.wakeAt(20, wake('c'));
    clock.wakeAt(10, wake('a'));
    clock.wakeAt(10, wake('b'));
    const cancel = clock.wakeAt(15, wake('never'));
    clock.wakeAt(12, () => clock.wakeAt(13, wake('asked later')));
    cancel();
    expect(clock.waiting).toBe(4);
    clock.advance(9);
    expect(woken).toEqual([]);
    clock.advance(11);
    expect(woken).toEqual(['a 10', 'b 10', 'asked later 13', 'c 20']);
    clock.wakeAt(5, wake('late'));
    clock.advance(0);
    expect(woken.at(-1)).toBe('late 20');
    expect([clock.now(), clock.wallTime(), clock.waiting]).toEqual([20, 20, 0]);
  });
});

/** What arrives, and when, of 400 numbered frames that are sent at once. */
function carried(options: NetworkOptions): string[] {
  const clock = createFakeClock();
  const relay = createMemoryRelay({ clock, limits: GENEROUS, ...createNetwork(options) });
  const arrived: string[] = [];
  const [first, second] = ['A', 'E'].map((seat) => ({
    room: 'A'.repeat(43),
    seat: seat.padEnd(43, 'A'),
    mode: 'join' as const,
  }));
  const from = relay.transport.open(first!, () => undefined);
  relay.transport.open(second!, (event) => {
    if (event.type === 'frame')
      arrived.push(`${String(new DataView(event.frame.buffer).getUint16(0))}@${String(clock.now())}`);
  });
  clock.advance(1000);
  for (let i = 0; i < 400; i++) from.send(Uint8Array.of(i >> 8, i & 0xff));
  clock.advance(1000);
  return arrived;
}

describe('the network', () => {
  const numbers = (arrived: readonly string[]) => arrived.map((each) => Number.parseInt(each, 10));
  const all = Array.from({ length: 400 }, (_, i) => i);

  it('is perfect unless it is told otherwise', () => {
    expect(carried({ seed: 1 })).toEqual(all.map((i) => `${String(i)}@1000`));
  });

  it('has latency on both legs', () => {
    expect(carried({ seed: 1, latencyMs: 30 })).toEqual(all.map((i) => `${String(i)}@1060`));
  });

  it('loses, on both legs', () => {
    const { length } = carried({ seed: 1, loss: 0.1 });
    expect(length).toBeGreaterThan(280);
    expect(length).toBeLessThan(370);
    expect(carried({ seed: 1, loss: 1 })).toEqual([]);
  });

  it('reorders and loses nothing', () => {
    const arrived = numbers(carried({ seed: 1, reorder: 0.1 }));
    expect(arrived).not.toEqual(all);
    expect(arrived.toSorted((a, b) => a - b)).toEqual(all);
  });

  it('duplicates and loses nothing', () => {
    const arrived = numbers(carried({ seed: 1, duplicates: 0.1 }));
    expect(arrived.length).toBeGreaterThan(440);
    expect(new Set(arrived).size).toBe(400);
  });

  it('is the same for the same seed, and another for another', () => {
    const options = { latencyMs: 5, loss: 0.1, reorder: 0.2, duplicates: 0.1 };
    expect(carried({ seed: 7, ...options })).toEqual(carried({ seed: 7, ...options }));
    expect(carried({ seed: 7, ...options })).not.toEqual(carried({ seed: 8, ...options }));
  });
});

it('the stand-in for the sanitiser leaves nothing that gives an order', () => {
  const text = (raw: string, lines?: boolean) =>
    new TextDecoder().decode(fakeSanitize(new TextEncoder().encode(raw), lines === undefined ? {} : { lines }));
  expect(text('grüße 👋')).toBe('grüße 👋');
  expect(text('\x1b[2J\x9b\u202e\u2028\n')).toBe('�[2J�����'.slice(0, 8));
  expect(text('a\nb\r', true)).toBe('a\nb�');
  expect(new TextDecoder().decode(fakeSanitize(Uint8Array.of(0x61, 0xff)))).toBe('a�');
});

/** The names of the tests of the contract that this transport, made wrong, fails. */
async function failures(wrong: (transport: TransportPort) => TransportPort): Promise<string[]> {
  const tests: [string, () => Promise<void>][] = [];
  transportContract({
    name: 'wrong',
    test: (name, run) => void tests.push([name, run]),
    makeFixture: () => {
      const [relay, gone] = [createMemoryRelay({ limits: GENEROUS }), createMemoryRelay()];
      gone.close();
      const transport = wrong(relay.transport);
      return Promise.resolve({
        pair: [transport, transport] as const,
        unreachable: wrong(gone.transport),
        dispose: () => Promise.resolve(relay.close()),
      });
    },
  });
  const failed: string[] = [];
  for (const [name, run] of tests) await run().catch(() => failed.push(name.replace('wrong: ', '')));
  return failed;
}

type Sink = (event: TransportEvent) => void;

const hearing = (change: (event: TransportEvent, sink: Sink) => void) => (transport: TransportPort) => ({
  open: (join: Parameters<TransportPort['open']>[0], sink: Sink) =>
    transport.open(join, (event) => change(event, sink)),
});
const speaking = (change: (connection: Connection) => Partial<Connection>) => (transport: TransportPort) => ({
  open(join: Parameters<TransportPort['open']>[0], sink: Sink) {
    const connection = transport.open(join, sink);
    return Object.assign(Object.create(connection) as Connection, change(connection));
  },
});

describe('the contract of transports finds', () => {
  it('nothing in one that is right', async () => {
    expect(await failures((transport) => transport)).toEqual([]);
  });

  it.each<[string, (transport: TransportPort) => TransportPort, RegExp]>([
    [
      'closed twice',
      hearing((event, sink) => [event, event].slice(event.type === 'closed' ? 0 : 1).forEach(sink)),
      /once/,
    ],
    [
      'another reason',
      hearing((event, sink) => sink(event.type === 'closed' ? { ...event, reason: 'lost' } : event)),
      /close/,
    ],
    [
      'a changed byte',
      hearing((event, sink) =>
        sink(event.type === 'frame' ? { ...event, frame: event.frame.map((byte) => byte ^ 1) } : event),
      ),
      /unchanged/,
    ],
    [
      'a frame of a shared buffer',
      hearing((event, sink) =>
        sink(event.type === 'frame' ? { ...event, frame: new Uint8Array([0, ...event.frame]).subarray(1) } : event),
      ),
      /unchanged/,
    ],
    [
      'an event too early',
      (transport) => ({ open: (join, sink) => (sink({ type: 'open' }), transport.open(join, sink)) }),
      /before open has returned/,
    ],
    [
      'frames over the limit',
      speaking(({ send }) => ({ send: (frame) => frame.length <= FRAME_LIMIT && send(frame) })),
      /too many/,
    ],
    ['frames of nothing', speaking(({ send }) => ({ send: (frame) => frame.length > 0 && send(frame) })), /no bytes/],
    [
      'a buffer that is changed',
      speaking(({ send }) => ({ send: (frame) => [send(frame), frame.fill(0)][0] as boolean })),
      /unchanged/,
    ],
    [
      'send that always says go',
      speaking(({ send }) => ({ send: (frame) => (send(frame), true) })),
      /stop|before open|close/,
    ],
  ])('%s', async (_what, wrong, where) => {
    const failed = await failures(wrong);
    expect(failed.some((name) => where.test(name))).toBe(true);
  });
});
