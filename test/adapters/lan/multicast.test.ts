/** Multicast on many interfaces, where each socket hears what comes in at any of them, as on Linux. */
import { EventEmitter } from 'node:events';
import type { NetworkInterfaceInfo } from 'node:os';
import makeMulticast from 'multicast-dns';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { INTERFACES, LOOK_EVERY, openMulticast } from '../../../adapters/lan/multicast.js';
import { answerOf, type Packet } from '../../../adapters/lan/message.js';

interface World {
  interfaces: Record<string, readonly Partial<NetworkInterfaceInfo>[]>;
  readonly sockets: { readonly type: string; hear(bytes: Uint8Array, from: string): void }[];
}

const world = vi.hoisted<World>(() => ({ interfaces: {}, sockets: [] }));

vi.mock('node:os', async (original) => ({
  ...(await original<object>()),
  networkInterfaces: () => world.interfaces,
}));

vi.mock('node:dgram', async (original) => ({
  ...(await original<object>()),
  createSocket: ({ type }: { readonly type: string }) => createSocket(type),
}));

/** What it sends is heard by all of its family; from the address that it sends from. */
function createSocket(type: string) {
  let at = '';
  const ignored = (): void => undefined;
  const socket = Object.assign(new EventEmitter(), {
    bind(_port: number, _address: string, done: () => void) {
      queueMicrotask(() => {
        socket.emit('listening');
        done();
      });
    },
    addMembership: ignored,
    dropMembership: ignored,
    setMulticastTTL: ignored,
    setMulticastLoopback: ignored,
    setMulticastInterface: (address: string) => void (at = address),
    send(...[bytes, , , , , sent]: readonly [Buffer, number, number, number, string, () => void]) {
      queueMicrotask(() => {
        const from = type === 'udp4' ? at : at.replace('::', 'fe80::1');
        for (const each of world.sockets) if (each.type === type) each.hear(bytes, from);
        sent();
      });
    },
    close: ignored,
  });
  const hear = (bytes: Uint8Array, address: string) =>
    void socket.emit('message', Buffer.from(bytes), { address, port: 5353 });
  world.sockets.push({ type, hear });
  return socket;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  world.sockets.length = 0;
  world.interfaces = Object.fromEntries(
    Array.from({ length: INTERFACES }, (_, n) => [`e${String(n)}`, both(String(n))] as const),
  );
});
afterEach(() => void vi.useRealTimers());

function both(n: string): readonly Partial<NetworkInterfaceInfo>[] {
  return [
    { family: 'IPv4', address: `10.0.${n}.1`, cidr: `10.0.${n}.1/24`, internal: false },
    { family: 'IPv6', address: `fd00:${n}::1`, cidr: `fd00:${n}::1/64`, internal: false, scopeid: 0 },
  ];
}

function bytesOf(packet: Packet): Promise<Buffer> {
  return new Promise((send) => {
    const socket = Object.assign(new EventEmitter(), { send, close: () => undefined });
    const made = makeMulticast({ socket: socket as never, bind: false });
    if ('answers' in packet) made.respond(packet);
    else made.query(packet);
  });
}

const SAID = { name: 'ab'.repeat(28), body: Uint8Array.of(1) };

async function open() {
  const heard: string[] = [];
  const net = openMulticast({
    asked: () => void heard.push('asked'),
    said: (_said, from) => void heard.push(from),
    changed: () => undefined,
    failed: () => undefined,
  });
  await turn();
  return { net, heard };
}

test('what this side says on each of many interfaces is heard once for each, and leaves room for others', async () => {
  const { net, heard } = await open();
  net.ask();
  net.tell(() => SAID);
  await turn();
  expect(heard.filter((from) => from === 'asked')).toHaveLength(2 * INTERFACES);
  expect(heard).toHaveLength(4 * INTERFACES);
  const answer = await bytesOf(answerOf(SAID, false));
  for (const { type, hear } of world.sockets) if (type === 'udp4') hear(answer, '10.0.3.7');
  expect(heard.filter((from) => from === '10.0.3.7')).toHaveLength(1);
  net.close();
});

test('an address that an interface gets later counts from the next look on', async () => {
  const { net, heard } = await open();
  const answer = await bytesOf(answerOf(SAID, false));
  const hears = (from: string): boolean => {
    heard.length = 0;
    for (const { type, hear } of world.sockets) if (type === 'udp4') hear(answer, from);
    return heard.includes(from);
  };
  expect(hears('10.9.0.7')).toBe(false);
  const more = { family: 'IPv4', address: '10.9.0.1', cidr: '10.9.0.1/24', internal: false } as const;
  world.interfaces['e0'] = [...both('0'), more];
  vi.advanceTimersByTime(LOOK_EVERY);
  expect(hears('10.9.0.7')).toBe(true);
  const told: number[] = [];
  net.tell((addresses) => {
    told.push(addresses.length);
    return SAID;
  });
  expect(told.filter((count) => count === 3)).toHaveLength(2);
  net.close();
});
