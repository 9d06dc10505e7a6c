/** Transport `ws` at a relay that does what it likes: what it tells then, and that it tells nothing more. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { DETAIL_LIMIT } from '../../../adapters/transport/pipe.js';
import { FRAGMENT_LIMIT, READ_LIMIT } from '../../../adapters/transport/web-socket.js';
import { createWsTransport } from '../../../adapters/transport/ws.js';
import type { Connection, TransportEvent } from '../../../core/ports.js';
import { CONTROL_LIMIT, FRAME_LIMIT, type Join, WAITING_LIMIT } from '../../../core/wire/control.js';
import { type HostileScript, startHostileRelay } from '../../support/hostile-relay.js';
import { randomId, randomJoin } from '../../support/relay-client.js';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Client {
  readonly connection: Connection;
  readonly events: TransportEvent[];
  until(type: TransportEvent['type'], count?: number): Promise<TransportEvent>;
}

function client(
  relay: URL,
  join: Join = randomJoin(),
  options: { connectTimeoutMs?: number } = {},
  hear?: (event: TransportEvent) => void,
): Client {
  const events: TransportEvent[] = [];
  const waiting = new Set<() => void>();
  const connection = createWsTransport({ relay, ...options }).open(join, (event) => {
    events.push(event);
    hear?.(event);
    for (const look of waiting) look();
  });
  return {
    connection,
    events,
    until: (type, count = 1) =>
      new Promise((resolve) => {
        const look = () => {
          const event = events.filter((seen) => seen.type === type)[count - 1];
          if (event === undefined) return;
          waiting.delete(look);
          resolve(event);
        };
        waiting.add(look);
        look();
      }),
  };
}

async function hostile(script: HostileScript) {
  const relay = await startHostileRelay(script);
  cleanups.push(() => relay.close());
  return relay;
}

async function pair(relay: URL): Promise<readonly [Client, Client]> {
  const room = randomId();
  const a = client(relay, randomJoin(room));
  await a.until('control');
  const b = client(relay, randomJoin(room));
  await a.until('control', 2);
  await b.until('control');
  return [a, b];
}

/** As a relay writes it. */
function textMessage(text: string): Uint8Array {
  return Buffer.concat([Uint8Array.of(0x81, text.length), Buffer.from(text)]);
}

const frames = ({ events }: Client) => events.flatMap((event) => (event.type === 'frame' ? [[...event.frame]] : []));

describe('control messages', () => {
  test('are passed on as they parse; what is no JSON or over the limit is undefined and never parsed', async () => {
    const relay = await hostile({
      onJoin(side, room) {
        room.text(side, '{"type":"joined"');
        room.text(side, JSON.stringify({ type: 'joined', peer: false }).padEnd(CONTROL_LIMIT + 1));
        room.text(side, 'x'.repeat(60_000));
        // Over the limit in bytes, not in characters.
        room.control(side, { type: 'joined', more: 'é'.repeat(600) });
        room.control(side, { type: 'surprise', nested: [1] });
        room.text(side, JSON.stringify({ type: 'joined', peer: false }).padEnd(CONTROL_LIMIT));
      },
    });
    const a = client(relay.url);
    await a.until('control', 6);
    expect(a.events.map((event) => (event.type === 'control' ? event.message : event.type))).toEqual([
      'open',
      undefined,
      undefined,
      undefined,
      undefined,
      { type: 'surprise', nested: [1] },
      { type: 'joined', peer: false },
    ]);
  });

  test('text over the frame limit ends the connection', async () => {
    const relay = await hostile({
      onJoin(side, room) {
        room.text(side, 'x'.repeat(FRAME_LIMIT + 1));
      },
    });
    const a = client(relay.url);
    expect(await a.until('closed')).toMatchObject({ reason: 'lost', detail: 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' });
    expect(a.events.map(({ type }) => type)).toEqual(['open', 'closed']);
  });
});

describe('frames', () => {
  test('over the limit end the connection, not the program', async () => {
    const relay = await hostile({
      onJoin(side, room) {
        room.send(side, new Uint8Array(FRAME_LIMIT + 1));
        room.send(side, new Uint8Array(1));
      },
    });
    const a = client(relay.url);
    expect(await a.until('closed')).toMatchObject({ reason: 'lost', detail: 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' });
    expect(frames(a)).toEqual([]);
  });

  test('nothing at all is no frame', async () => {
    const relay = await hostile({
      onJoin(side, room) {
        room.send(side, new Uint8Array(0));
        room.send(side, Uint8Array.of(1));
      },
    });
    const a = client(relay.url);
    await a.until('frame');
    expect(frames(a)).toEqual([[1]]);
  });

  test('nothing follows closed', async () => {
    const relay = await hostile({});
    const [a, b] = await pair(relay.url);
    relay.rooms[0]?.cut(0);
    expect(await a.until('closed')).toMatchObject({ reason: 'lost' });
    const told = a.events.length;
    b.connection.send(Uint8Array.of(1));
    await relay.until((room) => room.seen[1]?.length === 1);
    relay.rooms[0]?.send(0, Uint8Array.of(1));
    b.connection.close();
    await b.until('closed');
    expect(a.events).toHaveLength(told);
  });

  test('nothing but closed follows close()', async () => {
    const relay = await hostile({
      onFrame(_frame, from, room) {
        for (let n = 0; n < 50; n++) room.send(from, Uint8Array.of(n));
      },
    });
    const a = client(relay.url);
    await a.until('control');
    a.connection.send(Uint8Array.of(1));
    a.connection.close();
    await a.until('closed');
    expect(a.events.map(({ type }) => type)).toEqual(['open', 'control', 'closed']);
  });
});

describe('what the hostile relay can do', () => {
  test('drop, modify, replay, reorder, inject', async () => {
    const relay = await hostile({
      onFrame(frame, from, room) {
        const to = room.other(from);
        switch (frame[0]) {
          case 1:
            return;
          case 2:
            room.send(to, Uint8Array.of(20));
            return;
          case 3:
            room.send(to, frame);
            room.send(to, frame);
            return;
          case 4:
            return;
          default:
            room.send(to, frame);
            for (const held of room.seen[from] ?? []) if (held[0] === 4) room.send(to, held);
            room.send(from, Uint8Array.of(99));
        }
      },
    });
    const [a, b] = await pair(relay.url);
    for (const value of [1, 2, 3, 4, 5]) a.connection.send(Uint8Array.of(value));
    await b.until('frame', 5);
    await a.until('frame');
    expect(frames(b)).toEqual([[20], [3], [3], [5], [4]]);
    expect(frames(a)).toEqual([[99]]);
    expect(relay.rooms[0]?.seen[0]?.length).toBe(5);
  });

  test('reflect a client to itself', async () => {
    const relay = await hostile({
      onJoin(side, room) {
        room.control(side, { type: 'joined', peer: true });
      },
      onFrame(frame, from, room) {
        room.send(from, frame);
      },
    });
    const a = client(relay.url);
    await a.until('control');
    a.connection.send(Uint8Array.of(7));
    await a.until('frame');
    expect(frames(a)).toEqual([[7]]);
  });

  test('swap rooms', async () => {
    const relay = await hostile({
      onFrame(frame, from, room) {
        relay.rooms[1 - room.index]?.send(room.other(from), frame);
      },
    });
    const [, b] = await pair(relay.url);
    const [c] = await pair(relay.url);
    c.connection.send(Uint8Array.of(8));
    await b.until('frame');
    expect(frames(b)).toEqual([[8]]);
  });

  test('keep a side for the seat that comes again, and cut', async () => {
    const relay = await hostile({});
    const room = randomId();
    const [first, second] = [randomJoin(room), randomJoin(room)];
    const a = client(relay.url, first);
    await a.until('control');
    const b = client(relay.url, second);
    await b.until('control');
    relay.rooms[0]?.cut(0);
    await a.until('closed');
    const again = client(relay.url, first);
    await again.until('control');
    await b.until('control', 3);
    expect(relay.rooms[0]?.joined).toEqual([2, 1]);
    expect(b.events.flatMap((event) => (event.type === 'control' ? [event.message] : []))).toEqual([
      { type: 'joined', peer: true },
      { type: 'peer-left' },
      { type: 'peer-joined' },
    ]);
  });
});

describe('what is no relay', () => {
  async function tcp(onConnection: (socket: Socket) => void): Promise<URL> {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => undefined);
      cleanups.push(() => socket.destroy());
      onConnection(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanups.unshift(() => server.close());
    return new URL(`ws://127.0.0.1:${String((server.address() as AddressInfo).port)}/`);
  }

  test('silence is unreachable after the time-out', async () => {
    const a = client(await tcp(() => undefined), randomJoin(), { connectTimeoutMs: 50 });
    expect(await a.until('closed')).toEqual({ type: 'closed', reason: 'unreachable', detail: 'time-out' });
    expect(a.events).toHaveLength(1);
  });

  test('hanging up is unreachable', async () => {
    const a = client(await tcp((socket) => socket.destroy()));
    expect(await a.until('closed')).toMatchObject({ reason: 'unreachable' });
  });

  test.each([
    ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['an HTTP error', 'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n'],
    ['a redirect', 'HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n'],
    [
      'a wrong upgrade',
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n',
    ],
  ])('%s is rejected', async (_name, answer) => {
    const a = client(await tcp((socket) => socket.write(answer)));
    const closed = await a.until('closed');
    expect(closed).toMatchObject({ reason: 'rejected' });
    expect(closed.type === 'closed' && closed.detail.length).toBeLessThanOrEqual(DETAIL_LIMIT);
    expect(a.events).toHaveLength(1);
  });

  test('an address that cannot be one is unreachable, told after open has returned', async () => {
    const a = client(new URL('ws://127.0.0.1:1/#fragment'));
    expect(a.events).toEqual([]);
    expect(await a.until('closed')).toMatchObject({ reason: 'unreachable' });
    expect(a.connection.send(Uint8Array.of(1))).toBe(false);
    a.connection.close();
    expect(a.events).toHaveLength(1);
  });

  /** Accepts the upgrade by hand and leaves the rest to the test. */
  function upgrading(then: (socket: Socket) => void): Promise<URL> {
    return tcp((socket) => {
      socket.once('data', (request: Buffer) => {
        const key = /sec-websocket-key: (.+)\r\n/i.exec(request.toString())?.[1] ?? '';
        const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
        socket.write(
          `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
            `Sec-WebSocket-Accept: ${accept}\r\n\r\n`,
        );
        then(socket);
      });
    });
  }

  test('a relay that never answers the closing handshake cannot hold close() up', async () => {
    const a = client(await upgrading(() => undefined));
    await a.until('open');
    a.connection.close();
    expect(await a.until('closed')).toMatchObject({ reason: 'closed' });
  });

  test('nor one that has hung up half and does not read', async () => {
    const halves: Socket[] = [];
    const a = client(
      await upgrading((socket) => {
        socket.pause();
        halves.push(socket);
      }),
    );
    await a.until('open');
    while (a.connection.waiting < WAITING_LIMIT / 2) a.connection.send(new Uint8Array(65_536));
    // Readable end first: the client's own end then waits for what it cannot send.
    halves[0]?.end();
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    a.connection.close();
    expect(await a.until('closed')).toMatchObject({ reason: 'closed' });
  });

  test.each<[string, Uint8Array, number]>([
    ['pings', Buffer.concat([Uint8Array.of(0x89, 125), new Uint8Array(125)]), 400],
    ['peers that join', textMessage('{"type":"peer-joined"}'), 0],
  ])(
    'one that reads nothing and floods with %s is given up, and no more than the limit waits',
    async (_n, each, least) => {
      const flood = Buffer.concat(Array.from({ length: 500 }, () => each));
      let most = 0;
      const relay = await upgrading((socket) => {
        socket.pause();
        const pour = (): void => {
          most = Math.max(most, a.connection.waiting);
          if (socket.destroyed || a.events.at(-1)?.type === 'closed') return;
          socket.write(flood, () => {
            setImmediate(pour);
          });
        };
        pour();
      });
      // As a session without any measure would answer.
      const a = client(relay, randomJoin(), {}, (event) => {
        if (event.type === 'control') a.connection.send(new Uint8Array(1_280));
      });
      expect(await a.until('closed')).toMatchObject({ reason: 'lost', detail: 'the relay does not read' });
      expect(most).toBeGreaterThan(least);
      expect(most).toBeLessThanOrEqual(WAITING_LIMIT);
    },
  );

  test('one that asks for tickets for ever and reads no join is given up', async () => {
    const a = client(
      await upgrading((socket) => {
        socket.pause();
      }),
    );
    await a.until('open');
    while (a.connection.waiting <= WAITING_LIMIT / 2) a.connection.send(new Uint8Array(65_536));
    let [before, joins] = [0, 0];
    while (a.connection.waiting >= before) {
      before = a.connection.waiting;
      joins += 1;
      a.connection.join?.(randomJoin());
    }
    expect(joins).toBeLessThan(WAITING_LIMIT / 100);
    expect(await a.until('closed')).toMatchObject({ reason: 'lost', detail: 'the relay does not read' });
  });

  test('one that says goodbye and stays is told as lost, with a bounded detail', async () => {
    const reason = Buffer.from('because '.repeat(15));
    const a = client(
      await upgrading((socket) => {
        socket.write(Buffer.concat([Buffer.from([0x88, reason.length + 2, 0x03, 0xe8]), reason]));
      }),
    );
    expect(await a.until('closed')).toEqual({
      type: 'closed',
      reason: 'lost',
      detail: `1000 ${reason.toString()}`.slice(0, DETAIL_LIMIT),
    });
  });

  test('a frame that trickles in too many reads ends the connection', async () => {
    const a = client(
      await upgrading((socket) => {
        socket.setNoDelay(true);
        socket.write(Buffer.from([0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0]));
        let sent = 0;
        const trickle = () => {
          sent += 1;
          if (sent < 20 * READ_LIMIT && !socket.destroyed) {
            socket.write(Buffer.alloc(1), () => {
              setImmediate(trickle);
            });
          }
        };
        trickle();
      }),
    );
    expect(await a.until('closed')).toMatchObject({ reason: 'lost', detail: 'WS_ERR_TOO_MANY_BUFFERED_PARTS' });
  });

  test('a frame in too many pieces ends the connection', async () => {
    const relay = await hostile({
      onJoin(side, room) {
        room.pieces(side, FRAGMENT_LIMIT + 1);
      },
    });
    const a = client(relay.url);
    expect(await a.until('closed')).toMatchObject({ reason: 'lost', detail: 'WS_ERR_TOO_MANY_BUFFERED_PARTS' });
    expect(frames(a)).toEqual([]);
  });
});
