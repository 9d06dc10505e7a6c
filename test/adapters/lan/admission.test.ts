/** What reaches the library that decodes multicast DNS while somebody floods the network: counted in messages, not in time. */
import { EventEmitter } from 'node:events';
import makeMulticast from 'multicast-dns';
import { expect, test } from 'vitest';
import {
  admitOnly,
  createAdmission,
  MESSAGE_LIMIT,
  MESSAGES_A_SECOND,
  MESSAGES_OF_ONE,
} from '../../../adapters/lan/admission.js';
import { LAN_ADDRESSES, LAN_BODY_LIMIT } from '../../../core/protocol/lan-record.js';
import { answerOf, type Heard, question } from '../../../adapters/lan/message.js';

/** The library at a socket that a test speaks for; `decoded` counts what it understood and what it did not. */
function network() {
  let time = 0;
  const sent: Buffer[] = [];
  const socket = Object.assign(new EventEmitter(), {
    send: (message: Buffer) => void sent.push(Buffer.from(message)),
    close: () => undefined,
  });
  const made = makeMulticast({ socket: socket as never, bind: false });
  admitOnly(
    socket,
    createAdmission(() => time),
    (from) => from.startsWith('10.'),
  );
  let decoded = 0;
  const heard: string[] = [];
  made.on('packet', (_: Heard, { address }: { readonly address: string }) => {
    decoded += 1;
    heard.push(address);
  });
  made.on('warning', () => (decoded += 1));
  return {
    decoded: () => decoded,
    heard,
    receive: (bytes: Uint8Array, address = '10.0.0.2') =>
      void socket.emit('message', Buffer.from(bytes), { address, port: 5353 }),
    pass: (ms: number) => (time += ms),
    async bytesOf(packet: ReturnType<typeof question>): Promise<Buffer> {
      if ('answers' in packet) made.respond(packet);
      else made.query(packet);
      await new Promise(setImmediate);
      return sent.at(-1) ?? Buffer.alloc(0);
    },
  };
}

/** Another address for each n. */
const forged = (n: number): string => `10.${String(n >> 16)}.${String((n >> 8) & 255)}.${String(n & 255)}`;

test('of a flood with forged senders few messages a second are decoded, in every second', async () => {
  const net = network();
  const asks = await net.bytesOf(question());
  for (let n = 0; n < 110_000; n++) net.receive(n % 2 === 0 ? asks : Uint8Array.of(1, 2, 3), forged(n));
  expect(net.decoded()).toBe(MESSAGES_A_SECOND);
  net.pass(999);
  net.receive(asks);
  expect(net.decoded()).toBe(MESSAGES_A_SECOND);
  net.pass(1);
  for (let n = 0; n < 110_000; n++) net.receive(asks, forged(n));
  expect(net.decoded()).toBe(2 * MESSAGES_A_SECOND);
});

test('whoever floods from its own address leaves room for others', async () => {
  const net = network();
  const asks = await net.bytesOf(question());
  for (let n = 0; n < 10_000; n++) net.receive(asks, '10.0.0.66');
  expect(net.decoded()).toBe(MESSAGES_OF_ONE);
  net.receive(asks, '10.0.0.2');
  expect(net.heard.at(-1)).toBe('10.0.0.2');
  expect(MESSAGES_OF_ONE).toBeLessThan(MESSAGES_A_SECOND / 2);
});

test('a flood from another network, or of long messages, takes no place from the own one', async () => {
  const net = network();
  const asks = await net.bytesOf(question());
  const long = Buffer.concat([asks, Buffer.alloc(MESSAGE_LIMIT + 1 - asks.length)]);
  for (let n = 0; n < 10_000; n++) {
    net.receive(asks, '192.0.2.1');
    net.receive(long, forged(n));
  }
  expect(net.decoded()).toBe(0);
  net.receive(long.subarray(0, MESSAGE_LIMIT));
  expect(net.heard).toEqual(['10.0.0.2']);
});

test('the longest announcement is far below the limit', async () => {
  const longest = answerOf({ name: 'a'.repeat(63), body: new Uint8Array(LAN_BODY_LIMIT) }, false);
  expect(LAN_BODY_LIMIT).toBeGreaterThan(LAN_ADDRESSES * 16);
  expect((await network().bytesOf(longest)).length).toBeLessThan(MESSAGE_LIMIT / 2);
});
