/**
 * Meeting in a local network, on a network and relays in memory: who sits where, who is told what, what is asked and dialed.
 * The relays keep no time of their own here; that of the search is the test's.
 */
import { describe, expect, test } from 'vitest';
import { createLan, DIAL, FULL, LOOK, LOOK_LIMIT } from '../../../adapters/lan/lan.js';
import type { MulticastEvents } from '../../../adapters/lan/multicast.js';
import { createTweetnaclCrypto } from '../../../adapters/crypto/tweetnacl.js';
import type { Connection, TransportEvent, TransportPort } from '../../../core/ports.js';
import { base64url } from '../../../core/protocol/bytes.js';
import { announcement, LAN_NONCE } from '../../../core/protocol/lan-record.js';
import { createFakeClock } from '../../../plugins/testing/clock.js';
import { createMemoryRelay, type MemoryRelay } from '../../../plugins/testing/memory.js';
import { runs, seededBytes } from '../../support/chance.js';

const ROOM = base64url(new Uint8Array(32).fill(7));
const OTHER = base64url(new Uint8Array(32).fill(8));
const draw = seededBytes('lan');
const crypto = { ...createTweetnaclCrypto(), random: draw };

interface Side {
  readonly events: TransportEvent[];
  readonly connection: Connection;
  /** Types of what it was told, frames and drains left out. */
  readonly said: () => readonly string[];
  /** How often it asked and told. */
  readonly asked: () => number;
  readonly told: () => number;
  readonly listens: () => boolean;
}

function labelOf(event: TransportEvent): readonly string[] {
  if (event.type !== 'control') return event.type === 'drain' ? [] : [event.type];
  const message = event.message as { type: string; peer?: boolean; code?: string };
  if (message.type === 'joined') return [message.peer === true ? 'joined two' : 'joined'];
  return [message.code ?? message.type];
}

function network(options: { readonly deaf?: (from: number, to: number) => boolean } = {}) {
  const clock = createFakeClock();
  const homes: MemoryRelay[] = [];
  const ears = new Map<number, MulticastEvents>();
  const dials: string[] = [];
  const addressOf = (n: number): Uint8Array => Uint8Array.of(10, 0, 0, n + 1);
  const reachable = new Set<number>();

  async function pass(ms: number): Promise<void> {
    for (let gone = 0; gone < ms; gone += 50) {
      clock.advance(50);
      for (let i = 0; i < 3; i++) await new Promise(setImmediate);
    }
  }

  function say(from: number, act: (events: MulticastEvents) => void): void {
    for (const [to, events] of ears) if (options.deaf?.(from, to) !== true) queueMicrotask(() => act(events));
  }

  function reach(url: URL): TransportPort {
    dials.push(url.href);
    const n = Number(url.port) - 40_000;
    const dead: TransportPort = {
      open(_join, sink) {
        queueMicrotask(() => sink({ type: 'closed', reason: 'unreachable', detail: '' }));
        return { waiting: 0, send: () => false, close: () => undefined };
      },
    };
    return reachable.has(n) && homes[n] !== undefined ? homes[n].transport : dead;
  }

  /** A program at its own address. `outside`: others reach its relay. */
  function start({ room = ROOM, networks = true, outside = true } = {}): Side {
    const n = homes.length;
    const home = createMemoryRelay();
    homes.push(home);
    if (outside) reachable.add(n);
    let [asked, told] = [0, 0];
    const lan = createLan({
      ...{ clock, crypto, home: home.transport, port: 40_000 + n, reach },
      interfaces: () =>
        networks
          ? [{ name: 'e0', addresses: [{ address: addressOf(n), prefix: 24 }], udp4: '10', udp6: undefined }]
          : [],
      openMulticast(events) {
        ears.set(n, events);
        return {
          ask() {
            asked += 1;
            say(n, (each) => each.asked());
          },
          tell(said, over = false) {
            told += 1;
            const what = said([addressOf(n)]);
            say(n, (each) => each.said(what, addressOf(n).join('.'), over));
          },
          close: () => void ears.delete(n),
        };
      },
    });
    const events: TransportEvent[] = [];
    const seat = base64url(draw(32));
    const connection = lan.open({ room, seat, mode: 'create' }, (event) => events.push(event));
    return {
      events,
      connection,
      said: () => events.flatMap(labelOf).filter((label) => label !== 'frame'),
      asked: () => asked,
      told: () => told,
      listens: () => ears.has(n),
    };
  }

  /** What somebody at an address of its own announces. */
  function announce(room: string, port: number, address: readonly number[], nonce = draw(LAN_NONCE)): void {
    const what = announcement(crypto, room, nonce, { port, addresses: [Uint8Array.from(address)] });
    say(-1, (each) => each.said(what, address.join('.'), false));
  }

  return { clock, start, pass, dials, announce, homes };
}

const LOW = new Uint8Array(LAN_NONCE);

async function talk(one: Side, two: Side): Promise<void> {
  for (const [from, to] of [
    [one, two],
    [two, one],
  ] as const) {
    from.connection.send(Uint8Array.of(1, 2, 3));
    for (let i = 0; i < 5; i++) await new Promise(setImmediate);
    expect(to.events.filter(({ type }) => type === 'frame').length).toBeGreaterThan(0);
  }
}

describe('two in one network', () => {
  test('who comes second takes the seat at the first, which found the room empty', async () => {
    const { start, pass, dials } = network();
    const first = start();
    await pass(3 * LOOK);
    expect(first.said()).toEqual(['open', 'joined']);
    const second = start();
    await pass(3 * LOOK);
    expect(first.said()).toEqual(['open', 'joined', 'peer-joined']);
    expect(second.said()).toEqual(['open', 'joined two']);
    expect(dials).toEqual(['ws://10.0.0.1:40000/']);
    await talk(first, second);
    // Who has come is silent from now on; the other one answers, for a third.
    expect([first.listens(), second.listens()]).toEqual([true, false]);
  });

  test('both at once: one of them moves', async () => {
    const { start, pass, dials } = network();
    const sides = [start(), start()] as const;
    await pass(6 * LOOK);
    const said = sides.map((side) => side.said().join(' '));
    for (const each of said) expect(each).toMatch(/^open joined( two| peer-joined)$/);
    expect(dials.length).toBeGreaterThan(0);
    await talk(...sides);
  });

  test.each([0, 1])('only %i can be reached from outside: they meet all the same', async (open) => {
    const { start, pass } = network();
    const first = start({ outside: open === 0 });
    await pass(3 * LOOK);
    const second = start({ outside: open === 1 });
    await pass(12_000);
    expect(first.said().at(-1)).toMatch(/peer-joined|joined two/);
    expect(second.said().at(-1)).toMatch(/peer-joined|joined two/);
    await talk(first, second);
  });

  test('who leaves is looked for again, by either', async () => {
    const { start, pass } = network();
    const first = start();
    await pass(3 * LOOK);
    const second = start();
    await pass(3 * LOOK);
    second.connection.close();
    await pass(1_000);
    expect(first.said().at(-1)).toBe('peer-left');
    expect(second.said().at(-1)).toBe('closed');
    const again = start();
    await pass(3 * LOOK);
    expect(first.said().at(-1)).toBe('peer-joined');
    await talk(first, again);
    first.connection.close();
    await pass(3 * LOOK);
    expect(again.said().at(-1)).toBe('peer-left');
    const third = start();
    await pass(6 * LOOK);
    expect([again.said().at(-1), third.said().at(-1)]).toEqual(['peer-joined', 'joined two']);
  });
});

test('another room is nobody’s: nothing is dialed, and both wait', async () => {
  const { start, pass, dials } = network();
  const sides = [start(), start({ room: OTHER })];
  await pass(20_000);
  expect(dials).toEqual([]);
  for (const side of sides) expect(side.said()).toEqual(['open', 'joined']);
});

test('a third is told that the room is full, whether it comes late or at once', async () => {
  const { start, pass } = network();
  const first = start();
  const second = start();
  await pass(8 * LOOK);
  const third = start();
  await pass(4 * LOOK + FULL);
  expect(third.said()).toContain('room-full');
  await talk(first, second);
  const crowd = network();
  const all = [crowd.start(), crowd.start(), crowd.start()];
  await crowd.pass(15_000);
  expect(all.filter((side) => side.said().includes('room-full'))).toHaveLength(1);
});

test('alone it asks ever less often, and announces itself when asked: once a second at most', async () => {
  const { start, pass } = network();
  const alone = start();
  await pass(60_000);
  expect(alone.asked()).toBeGreaterThan(4);
  expect(alone.asked()).toBeLessThan(15);
  const before = alone.told();
  // Another room asks, and asks, and asks.
  for (let i = 0; i < 10; i++) start({ room: OTHER });
  await pass(10_000);
  expect(alone.told() - before).toBeLessThanOrEqual(11);
});

test('thousands who fit, and are not there: the dials of a minute, and the peer is met in the next', async () => {
  const { start, pass, announce, dials } = network();
  const first = start();
  await pass(3 * LOOK);
  for (let n = 0; n < runs(1_000, 10_000); n++)
    announce(ROOM, 50_000, [10, 0, 0, 100 + (n % 100)], n === 0 ? LOW : undefined);
  await pass(30_000);
  expect(dials.length).toBeLessThanOrEqual(20);
  start();
  await pass(120_000);
  expect(first.said().at(-1)).toMatch(/peer-joined|joined two/);
});

test('somebody who answers and is nobody costs a dial, and never the own seat', async () => {
  const { start, pass, announce, homes, dials } = network();
  const first = start();
  await pass(3 * LOOK);
  // A relay that takes the seat and has nobody.
  homes.push(createMemoryRelay());
  announce(ROOM, 40_001, [10, 0, 0, 77], LOW);
  await pass(DIAL + LOOK);
  expect(dials.length).toBeGreaterThan(0);
  expect(first.said()).toEqual(['open', 'joined']);
});

test('a look that never ends ends: the own seat is taken in time', async () => {
  const { start, pass, announce } = network();
  const first = start();
  for (let n = 0; n < 100; n++) {
    announce(ROOM, 50_000, [10, 0, 0, 100 + n]);
    await pass(50);
  }
  expect(LOOK_LIMIT).toBeLessThan(5_000);
  expect(first.said()).toEqual(['open', 'joined']);
});

test('where there is no network that is told', async () => {
  const { start, pass } = network();
  const alone = start({ networks: false });
  await pass(100);
  expect(alone.events).toEqual([{ type: 'closed', reason: 'unreachable', detail: '', code: 'SC-371' }]);
});

test('after the end nothing is said, asked or kept', async () => {
  const { start, pass, clock, announce } = network();
  for (const wait of [0, 3 * LOOK]) {
    const side = start();
    await pass(wait);
    side.connection.close();
    side.connection.close();
    await pass(1_000);
    const { length } = side.events;
    expect(side.said().at(-1)).toBe('closed');
    announce(ROOM, 50_000, [10, 0, 0, 9]);
    await pass(20_000);
    expect(side.events).toHaveLength(length);
    expect([side.listens(), clock.waiting]).toEqual([false, 0]);
  }
});
