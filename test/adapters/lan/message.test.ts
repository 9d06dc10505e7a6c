/** Messages of multicast DNS: what is ours in one, and that nothing else does anything, whatever its bytes are. */
import { EventEmitter } from 'node:events';
import makeMulticast from 'multicast-dns';
import { expect, test } from 'vitest';
import {
  answerOf,
  type Heard,
  heardIn,
  type Packet,
  question,
  RECORDS,
  SERVICE,
} from '../../../adapters/lan/message.js';
import { LAN_BODY_LIMIT } from '../../../core/protocol/lan-record.js';
import { fc, runs } from '../../support/chance.js';

const NAME = 'ab'.repeat(28);
const body = Uint8Array.of(0x9c, 0x40, 4, 10, 0, 0, 1);

/** The library without a network: what it sends, and what it makes of bytes. */
function library() {
  const sent: Buffer[] = [];
  const socket = Object.assign(new EventEmitter(), {
    send: (message: Buffer) => void sent.push(Buffer.from(message)),
    close: () => undefined,
  });
  const made = makeMulticast({ socket: socket as never, bind: false });
  const heard: Heard[] = [];
  const faults: unknown[] = [];
  made.on('packet', (message: Heard) => heard.push(message));
  made.on('warning', (fault: unknown) => faults.push(fault));
  made.on('error', (fault: unknown) => faults.push(fault));
  return {
    heard,
    faults,
    receive: (bytes: Uint8Array) =>
      void socket.emit('message', Buffer.from(bytes), { address: '10.0.0.2', port: 5353 }),
    async bytesOf(packet: Packet): Promise<Buffer> {
      if ('answers' in packet) made.respond(packet);
      else made.query(packet);
      // It is sent once the socket is bound, which it is.
      await new Promise(setImmediate);
      return sent.at(-1) ?? Buffer.alloc(0);
    },
  };
}

test('a question and an answer, as they travel', async () => {
  const net = library();
  for (const packet of [question(), answerOf({ name: NAME, body }, false), answerOf({ name: NAME, body }, true)]) {
    net.receive(await net.bytesOf(packet));
  }
  const [asked, answer, over] = net.heard.map(heardIn);
  expect(asked).toEqual({ asked: true, said: [] });
  expect(answer).toEqual({ asked: false, said: [{ name: NAME, body, over: false }] });
  expect(over?.said).toEqual([{ name: NAME, body, over: true }]);
  // No word of the code is in it, nor the name of the machine.
  expect((await net.bytesOf(question())).toString('latin1')).toBe(
    '\0\0\0\0\0\x01\0\0\0\0\0\0\x0b_securechat\x04_tcp\x05local\0\0\x0c\0\x01',
  );
});

test('what others ask and say is not ours', async () => {
  const net = library();
  net.receive(
    await net.bytesOf({
      questions: [
        { name: '_ipp._tcp.local', type: 'PTR' },
        { name: SERVICE, type: 'A' },
      ],
    }),
  );
  net.receive(
    await net.bytesOf({
      answers: [
        { name: `${NAME}._ipp._tcp.local`, type: 'TXT', data: [Buffer.from(body)] },
        { name: `x.${NAME}.${SERVICE}`, type: 'TXT', data: [Buffer.from(body)] },
        { name: `${NAME}.${SERVICE}`, type: 'A', data: '10.0.0.1' },
        { name: `${NAME}.${SERVICE}`, type: 'TXT', data: [Buffer.alloc(LAN_BODY_LIMIT + 1)] },
      ],
    }),
  );
  for (const message of net.heard) expect(heardIn(message)).toEqual({ asked: false, said: [] });
});

test('of many announcements in one message a few are looked at', async () => {
  const net = library();
  const answers = Array.from({ length: 100 }, () => answerOf({ name: NAME, body }, false)).flatMap((packet) =>
    'answers' in packet ? packet.answers : [],
  );
  net.receive(await net.bytesOf({ answers }));
  expect(net.heard.map((message) => heardIn(message).said.length)).toEqual([RECORDS]);
});

test('broken bytes are nothing, and end nothing', async () => {
  const net = library();
  const good = await net.bytesOf(answerOf({ name: NAME, body }, false));
  // A name that leads to itself, a record that is longer than the message, counts of what is not there.
  net.receive(Buffer.from('000084000000ffff00000000c00c0010000100000000ffff', 'hex'));
  net.receive(Buffer.from('0000840000010000000000003fc00cc00c', 'hex'));
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array({ maxLength: 600 }),
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 8 }).map((changes) => {
          const bytes = Uint8Array.from(good);
          for (const [at, byte] of changes) bytes[at] = byte;
          return bytes;
        }),
        fc.nat(good.length).map((length) => good.subarray(0, length)),
      ),
      (bytes) => {
        net.heard.length = 0;
        net.receive(bytes);
        for (const message of net.heard) {
          for (const said of heardIn(message).said) expect(said.body.length).toBeLessThanOrEqual(LAN_BODY_LIMIT);
        }
      },
    ),
    { numRuns: runs(500, 5_000) },
  );
  net.receive(good);
  expect(heardIn(net.heard.at(-1) as Heard).said).toHaveLength(1);
  expect(net.faults.length).toBeGreaterThan(2);
});
