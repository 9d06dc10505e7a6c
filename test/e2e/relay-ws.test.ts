/** relay-ws over real sockets, in this process and as the program: pairing, limits, refusals, silence, shutdown. */
import { once } from 'node:events';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { READ_LIMIT } from '../../adapters/transport/web-socket.js';
import { CONTROL_LIMIT, FRAME_LIMIT, joinMessage } from '../../core/wire/control.js';
import { addressKey } from '../../core/relay/address.js';
import { FRAGMENT_LIMIT, SEND_BUFFER_LIMIT } from '../../adapters/relay/host.js';
import { HEADER_LIMIT } from '../../adapters/relay/listener.js';
import { runs } from '../support/chance.js';
import { runRelayProgram, startRelayProcess, startTestRelay } from '../support/relay.js';
import { type BareClient, bareClient, barePair, pairings, randomId, randomJoin } from '../support/relay-client.js';

/** A hundred rooms in each. */
const BATCHES = runs(3, 10, 10);
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function relayWith(limits: Parameters<typeof startTestRelay>[0] = {}) {
  const relay = await startTestRelay(limits);
  cleanups.push(() => relay.close());
  return relay;
}

function errors(client: BareClient): string[] {
  return client.told.flatMap((message) => (message.type === 'error' ? [message.code] : []));
}

/** Lets what has already been sent on this machine be read. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** A TCP connection that has upgraded by hand and sends what it likes. */
async function rawClient(port: number): Promise<{ socket: Socket; received: () => Buffer }> {
  const socket = connect(port, '127.0.0.1');
  cleanups.push(() => socket.destroy());
  socket.on('error', () => undefined);
  socket.write(
    `GET / HTTP/1.1\r\nHost: relay\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n` +
      `Sec-WebSocket-Key: ${Buffer.alloc(16, 1).toString('base64')}\r\n\r\n`,
  );
  const [head] = (await once(socket, 'data')) as [Buffer];
  expect(head.toString()).toMatch(/^HTTP\/1\.1 101 /);
  let received = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
  });
  return { socket, received: () => received };
}

/** The header of a masked frame, with the mask 0. */
function frameHeader(opcode: number, length: number, final = true): Buffer {
  const first = (final ? 0x80 : 0) | opcode;
  if (length < 126) return Buffer.from([first, 0x80 | length, 0, 0, 0, 0]);
  const header = Buffer.alloc(14);
  header[0] = first;
  header[1] = 0xff;
  header.writeBigUInt64BE(BigInt(length), 2);
  return header;
}

describe('pairing', () => {
  test(`${100 * BATCHES} times two clients join at the same moment: both learn of each other, once`, async () => {
    const relay = await relayWith();
    for (let batch = 0; batch < BATCHES; batch++) {
      const sockets = await Promise.all(Array.from({ length: 200 }, () => bareClient(relay.url)));
      for (let n = 0; n < 100; n++) {
        const room = randomId();
        for (const client of [sockets[2 * n], sockets[2 * n + 1]]) {
          client?.socket.send(JSON.stringify(joinMessage(randomJoin(room))));
        }
      }
      await Promise.all(sockets.map((client) => client.until((self) => pairings(self) > 0)));
      // A frame each way: whatever was told before it has come by then.
      for (const client of sockets) client.socket.send(Buffer.alloc(1));
      await Promise.all(sockets.map((client) => client.until((self) => self.frames.length > 0)));
      for (const client of sockets) {
        expect(pairings(client)).toBe(1);
        expect(client.frames).toHaveLength(1);
        client.socket.terminate();
      }
    }
  });

  test('a newcomer hears joined before any frame, the other peer-joined before any frame', async () => {
    const relay = await relayWith();
    const room = randomId();
    const [a, b] = [await bareClient(relay.url), await bareClient(relay.url)];
    for (const client of [a, b]) {
      client.socket.send(JSON.stringify(joinMessage(randomJoin(room))));
      client.socket.send(Buffer.from('at once'));
    }
    await a.until((self) => self.order.includes('frame'));
    expect(a.order.slice(0, 3)).toEqual(['joined', 'peer-joined', 'frame']);
    await b.until((self) => self.told.length > 0);
    a.socket.send(Buffer.from('later'));
    await b.until((self) => self.order.includes('frame'));
    // What the first sent at once came before anybody was there, and is dropped.
    expect(b.order).toEqual(['joined', 'frame']);
    expect(b.frames[0]?.toString()).toBe('later');
  });

  test('a ghost is replaced at once, and closed', async () => {
    const relay = await relayWith();
    const join = randomJoin();
    const ghost = await bareClient(relay.url, join);
    await ghost.until((self) => self.told.length > 0);
    const other = await bareClient(relay.url, randomJoin(join.room));
    await other.until((self) => pairings(self) === 1);
    const again = await bareClient(relay.url, join);
    await other.until((self) => pairings(self) === 2);
    expect(other.told).toEqual([{ type: 'joined', peer: true }, { type: 'peer-left' }, { type: 'peer-joined' }]);
    expect(await ghost.end()).toEqual({ code: 1000, reason: 'replaced' });
    other.socket.send(Buffer.from('hello'));
    await again.until((self) => self.frames.length > 0);
    expect(ghost.frames).toHaveLength(0);
  });

  test('a third gets room-full, create on a held room gets room-taken', async () => {
    const relay = await relayWith();
    const [a] = await barePair(relay.url);
    const room = randomId();
    const first = await bareClient(relay.url, randomJoin(room, 'create'));
    await first.until((self) => self.told.length > 0);
    const taken = await bareClient(relay.url, randomJoin(room, 'create'));
    expect(await taken.end()).toEqual({ code: 1008, reason: 'room-taken' });
    const second = await bareClient(relay.url, randomJoin(room));
    await second.until((self) => pairings(self) > 0);
    const third = await bareClient(relay.url, randomJoin(room));
    expect(await third.end()).toEqual({ code: 1008, reason: 'room-full' });
    expect([...errors(taken), ...errors(third)]).toEqual(['room-taken', 'room-full']);
    expect(a.told).toHaveLength(2);
  });
});

describe('refusals', () => {
  test.each([
    ['a frame', Buffer.from('frame'), 'bad-request'],
    ['no JSON', 'hello', 'bad-request'],
    ['another type', '{"v":1,"type":"list"}', 'bad-request'],
    ['another version', JSON.stringify({ ...joinMessage(randomJoin()), v: 2 }), 'unsupported-version'],
    ['a join with much around it', JSON.stringify(joinMessage(randomJoin())).padEnd(CONTROL_LIMIT + 1), 'too-large'],
  ])('the first message is %s', async (_name, message, code) => {
    const relay = await relayWith();
    const client = await bareClient(relay.url);
    client.socket.send(message);
    await client.end();
    expect(errors(client)).toEqual([code]);
    expect(relay.counts.rooms).toBe(0);
  });

  test('a control message of just the limit is read', async () => {
    const relay = await relayWith();
    const client = await bareClient(relay.url);
    client.socket.send(JSON.stringify(joinMessage(randomJoin())).padEnd(CONTROL_LIMIT));
    await client.until((self) => self.told.length > 0);
    expect(client.told).toEqual([{ type: 'joined', peer: false }]);
  });

  test.each([JSON.stringify(joinMessage(randomJoin())), ''])('a second control message: %j', async (message) => {
    const relay = await relayWith();
    const [a, b] = await barePair(relay.url);
    a.socket.send(message, { binary: message === '' });
    expect(await a.end()).toEqual({ code: 1008, reason: 'bad-request' });
    await b.until((self) => self.order.includes('peer-left'));
    expect(b.frames).toEqual([]);
  });

  test('a frame of 72 KiB passes, one byte more does not', async () => {
    const relay = await relayWith();
    const [a, b] = await barePair(relay.url);
    const frame = Buffer.alloc(FRAME_LIMIT, 7);
    a.socket.send(frame);
    await b.until((self) => self.frames.length > 0);
    expect(b.frames[0]?.equals(frame)).toBe(true);
    a.socket.send(Buffer.alloc(FRAME_LIMIT + 1));
    expect((await a.end()).code).toBe(1009);
    expect(errors(a)).toEqual(['too-large']);
    await b.until((self) => self.order.includes('peer-left'));
  });

  test.each([FRAME_LIMIT + 1, 100 * 1024 * 1024, 2 ** 40])(
    'a declared length of %d is refused before a byte of it',
    async (length) => {
      const relay = await relayWith();
      const { socket, received } = await rawClient(relay.port);
      socket.write(frameHeader(2, length));
      await once(socket, 'end');
      expect(received().toString('latin1')).toContain('"too-large"');
      expect(received().toString('latin1')).toContain('\x88\x02\x03\xf1'); // close, 1009
    },
  );

  test('a frame in too many pieces', async () => {
    const relay = await relayWith();
    const { socket, received } = await rawClient(relay.port);
    socket.write(frameHeader(2, 0, false));
    for (let n = 0; n < FRAGMENT_LIMIT; n++) socket.write(frameHeader(0, 0, false));
    await once(socket, 'end');
    expect(received().toString('latin1')).toContain('\x88\x02\x03\xf0'); // close, 1008
  });

  test('a frame that trickles in too many reads', async () => {
    const relay = await relayWith();
    const { socket, received } = await rawClient(relay.port);
    socket.setNoDelay(true);
    socket.write(frameHeader(2, FRAME_LIMIT));
    let sent = 0;
    while (!socket.readableEnded && sent < 20 * READ_LIMIT) {
      await new Promise((resolve) => socket.write(Buffer.alloc(1), resolve));
      await new Promise((resolve) => setImmediate(resolve));
      sent += 1;
    }
    expect(received().toString('latin1')).toContain('\x88\x02\x03\xf0');
  });

  test('compression that is offered is not taken', async () => {
    const relay = await relayWith();
    const socket = connect(relay.port, '127.0.0.1');
    cleanups.push(() => socket.destroy());
    socket.write(
      `GET / HTTP/1.1\r\nHost: relay\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n` +
        `Sec-WebSocket-Extensions: permessage-deflate\r\nSec-WebSocket-Key: ${Buffer.alloc(16, 1).toString('base64')}\r\n\r\n`,
    );
    const [head] = (await once(socket, 'data')) as [Buffer];
    expect(head.toString()).toMatch(/^HTTP\/1\.1 101 /);
    expect(head.toString().toLowerCase()).not.toContain('permessage-deflate');
  });

  test('plain HTTP gets a short 426, and a large header is refused', async () => {
    const relay = await relayWith();
    const get = (headers: Record<string, string>) =>
      new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
        const asked = request({ host: '127.0.0.1', port: relay.port, headers }, (response) => {
          let body = '';
          response.on('data', (chunk: Buffer) => {
            body += chunk.toString();
          });
          response.on('end', () => {
            resolve({ status: response.statusCode, body });
          });
        });
        asked.on('error', reject);
        asked.end();
      });
    expect(await get({})).toEqual({ status: 426, body: 'This is a securechat relay: connect with securechat.\n' });
    expect((await get({ 'x-much': 'a'.repeat(HEADER_LIMIT) })).status).toBe(431);
  });
});

describe('limits', () => {
  test('no join in time', async () => {
    const relay = await relayWith({ joinTimeoutMs: 50 });
    const client = await bareClient(relay.url);
    expect(await client.end()).toEqual({ code: 1008, reason: 'join-timeout' });
  });

  test('not even an HTTP request in time', async () => {
    const relay = await relayWith({ joinTimeoutMs: 50 });
    const socket = connect(relay.port, '127.0.0.1');
    socket.resume();
    await once(socket, 'close');
    expect(relay.counts.members).toBe(0);
  });

  test('nobody comes, and nobody speaks', async () => {
    const impatient = await relayWith({ waitTimeoutMs: 50 });
    const alone = await bareClient(impatient.url, randomJoin());
    expect(await alone.end()).toEqual({ code: 1000, reason: 'wait-timeout' });
    expect(impatient.counts.rooms).toBe(0);
    const relay = await relayWith({ idleTimeoutMs: 100 });
    const [a, b] = await barePair(relay.url);
    expect(await a.end()).toEqual({ code: 1000, reason: 'idle-timeout' });
    expect(await b.end()).toEqual({ code: 1000, reason: 'idle-timeout' });
    expect(relay.counts.rooms).toBe(0);
  });

  test('connections and joins of one address, rooms', async () => {
    const relay = await relayWith({ connectionsPerAddress: 1 });
    const first = await bareClient(relay.url, randomJoin());
    await first.until((self) => self.told.length > 0);
    const second = await bareClient(relay.url);
    expect(await second.end()).toEqual({ code: 1013, reason: 'rate-limited' });

    const slow = await relayWith({ joinsPerMinute: 1 });
    await (await bareClient(slow.url, randomJoin())).until((self) => self.told.length > 0);
    const third = await bareClient(slow.url, randomJoin());
    await third.until((self) => self.told.length > 0);
    expect(third.told[0]).toMatchObject({ type: 'error', code: 'rate-limited' });

    const small = await relayWith({ rooms: 1 });
    await (await bareClient(small.url, randomJoin())).until((self) => self.told.length > 0);
    const fourth = await bareClient(small.url, randomJoin());
    await fourth.until((self) => self.told.length > 0);
    expect(fourth.told[0]).toMatchObject({ type: 'error', code: 'busy' });
  });

  test('who sends faster than allowed is slowed down, and loses nothing', async () => {
    const relay = await relayWith({ framesPerSecond: 500, frameBurst: 10 });
    const [a, b] = await barePair(relay.url);
    for (let n = 0; n < 200; n++) a.socket.send(Buffer.from([n]));
    await b.until((self) => self.frames.length === 200);
    expect(b.frames.map((frame) => frame[0])).toEqual(Array.from({ length: 200 }, (_, n) => n));
  });

  test.each([
    ['frames', { framesPerSecond: 1, frameBurst: 5 }, 4_096],
    ['bytes', { bytesPerSecond: 100_000 }, 65_536],
  ])('a sender over its rate of %s is not read from', async (_what, limits, size) => {
    const relay = await relayWith(limits);
    const [a, b] = await barePair(relay.url);
    for (let n = 0; n < 200; n++) a.socket.send(Buffer.alloc(size));
    await b.until((self) => self.frames.length > 1);
    // Time for what must not come: others are served meanwhile.
    for (let round = 0; round < 20; round++) {
      for (const client of await barePair(relay.url)) client.socket.terminate();
    }
    // One read may bring sixteen of the small ones.
    expect(b.frames.length).toBeLessThan(60);
  });

  test('a receiver that does not read stops its sender; memory is bounded; nothing is lost', async () => {
    const relay = await relayWith();
    const [a, b] = await barePair(relay.url);
    b.socket.pause();
    const frame = Buffer.alloc(65_536, 1);
    // More than the buffers of the operating system on the way can swallow.
    const enough = 256 * 1024 * 1024;
    let taken = 0;
    let moving = true;
    while (moving && taken < enough) {
      moving = await Promise.race([
        new Promise<true>((resolve) => {
          a.socket.send(frame, () => {
            resolve(true);
          });
        }),
        new Promise<false>((resolve) => setTimeout(resolve, 300, false)),
      ]);
      if (moving) taken += frame.length;
    }
    expect(taken, 'the sender was not stopped').toBeLessThan(enough / 4);
    b.socket.resume();
    a.socket.send(Buffer.from('last'));
    await b.until((self) => self.frames.at(-1)?.toString() === 'last');
    expect(b.frames.slice(0, -1).every((received) => received.equals(frame))).toBe(true);
  });

  test('a sender that was stopped for a receiver goes on when the receiver is gone', async () => {
    const relay = await relayWith();
    const [a, b] = await barePair(relay.url);
    b.socket.pause();
    const frame = Buffer.alloc(65_536, 1);
    while (a.socket.bufferedAmount < 4 * SEND_BUFFER_LIMIT) {
      for (let n = 0; n < 32; n++) a.socket.send(frame);
      await new Promise((resolve) => setImmediate(resolve));
    }
    b.socket.terminate();
    await a.until((self) => self.order.includes('peer-left'));
    await new Promise((resolve) => a.socket.send(frame, resolve));
    a.socket.close();
    expect((await a.end()).code).toBe(1005);
  });

  test('one IPv6 site is one address', () => {
    expect(addressKey('127.0.0.1')).toBe('127.0.0.1');
    expect(addressKey('::ffff:192.0.2.7')).toBe('192.0.2.7');
    expect(addressKey('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2');
    expect(addressKey('2001:0db8:1:2::')).toBe('2001:db8:1:2');
    expect(addressKey('2001:db8::1')).toBe('2001:db8:0:0');
    expect(addressKey('fe80::1%eth0')).toBe('fe80:0:0:0');
    expect(addressKey('::1')).toBe('0:0:0:0');
  });

  test('everything is forgotten when everybody has gone', async () => {
    const relay = await relayWith();
    const [a, b] = await barePair(relay.url);
    expect(relay.counts).toMatchObject({ members: 2, rooms: 1 });
    for (const client of [a, b]) {
      client.socket.close();
      await client.end();
    }
    expect(relay.counts).toMatchObject({ members: 0, rooms: 0 });
  });
});

describe('shutdown', () => {
  test('frames that were sent arrive, then shutting-down, then the close', async () => {
    const relay = await startTestRelay();
    const [a, b] = await barePair(relay.url);
    a.socket.send(Buffer.from('goodbye'));
    await b.until((self) => self.frames.length > 0);
    b.socket.send(Buffer.from('and you'));
    await a.until((self) => self.frames.length > 0);
    await relay.close();
    expect(await b.end()).toEqual({ code: 1001, reason: 'shutting-down' });
    expect(b.order.slice(-2)).toEqual(['frame', 'error']);
    expect(errors(a)).toEqual(['shutting-down']);
    await expect(bareClient(relay.url)).rejects.toThrow('ECONNREFUSED');
  });

  test('a client that does not read cannot hold the relay up', async () => {
    const relay = await startTestRelay();
    const { socket } = await rawClient(relay.port);
    socket.pause();
    const idle = connect(relay.port, '127.0.0.1');
    await once(idle, 'connect');
    await relay.close();
    await relay.close();
    socket.destroy();
    idle.destroy();
  });

  test('neither can one that has hung up half and does not read', async () => {
    const relay = await startTestRelay();
    const { socket } = await rawClient(relay.port);
    const join = randomJoin();
    const message = Buffer.from(JSON.stringify(joinMessage(join)));
    const header = Buffer.from([0x81, 0x80 | 126, 0, message.length, 0, 0, 0, 0]);
    const answered = once(socket, 'data');
    socket.write(Buffer.concat([header, message]));
    await answered;
    socket.pause();
    const b = await bareClient(relay.url);
    b.socket.send(JSON.stringify(joinMessage(randomJoin(join.room))));
    for (let n = 0; n < 400; n++) b.socket.send(Buffer.alloc(65_536));
    await b.until((self) => pairings(self) > 0);
    let left = -1;
    while (left !== b.socket.bufferedAmount) {
      left = b.socket.bufferedAmount;
      await turns(200);
    }
    expect(left, 'the relay waits for a reader').toBeGreaterThan(0);
    socket.end();
    await once(socket, 'finish');
    await turns(50);
    await relay.close();
    socket.destroy();
  });

  test('one that is held answers the closing handshake like any other', async () => {
    const [held, stuck] = [await startTestRelay({ framesPerSecond: 1, frameBurst: 1 }), await startTestRelay()];
    const [a, b] = await barePair(held.url);
    for (let n = 0; n < 10; n++) a.socket.send(Buffer.alloc(1));
    await b.until((self) => self.frames.length > 1);
    const { socket } = await rawClient(stuck.port);
    const order: string[] = [];
    await Promise.all([
      stuck.close().then(() => order.push('cut after the wait')),
      held.close().then(() => order.push('answered')),
    ]);
    expect(order).toEqual(['answered', 'cut after the wait']);
    socket.destroy();
  });
});

describe('the program', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    '%s: clients are told, exit 0, and nothing identifying was written',
    async (signal) => {
      const relay = await startRelayProcess();
      cleanups.push(() => relay.child.kill('SIGKILL'));
      const room = randomId();
      const joins = [randomJoin(room), randomJoin(room), randomJoin(room), randomJoin()];
      const [a, b] = [await bareClient(relay.url, joins[0]), await bareClient(relay.url, joins[1])];
      await a.until((self) => pairings(self) > 0);
      const third = await bareClient(relay.url, joins[2]);
      await third.end();
      a.socket.send(Buffer.alloc(12_345));
      await b.until((self) => self.frames.length > 0);
      const wrong = await bareClient(relay.url);
      wrong.socket.send(Buffer.alloc(FRAME_LIMIT + 1));
      await wrong.end();
      b.socket.terminate();
      await a.until((self) => self.order.includes('peer-left'));
      expect(await relay.stop(signal)).toBe(0);
      expect(await a.end()).toEqual({ code: 1001, reason: 'shutting-down' });
      expect(errors(a)).toEqual(['shutting-down']);
      // The one line, with the relay's own address, and nothing else at all.
      expect(relay.output()).toBe(`securechat-relay-ws: listening on ${relay.url.href}\n`);
    },
  );

  test('flags reach the relay', async () => {
    const relay = await startRelayProcess(['--port', '0', '--connections-per-address', '1']);
    cleanups.push(() => relay.child.kill('SIGKILL'));
    const first = await bareClient(relay.url, randomJoin());
    await first.until((self) => self.told.length > 0);
    const second = await bareClient(relay.url);
    await second.end();
    expect(errors(second)).toEqual(['rate-limited']);
    await relay.stop();
  });

  test('a port that is taken is a sentence and exit 3', async () => {
    const relay = await relayWith();
    const { status, stderr } = await runRelayProgram(['--port', String(relay.port)]);
    expect(status).toBe(3);
    expect(stderr).toMatch(/^securechat-relay-ws: error: .*EADDRINUSE.* \(SC-111\)\nsecurechat-relay-ws: hint: .*\n$/);
  });
});
