/**
 * Transport `socketio` at a relay that does what it likes: every packet in every state ends as the port says, and none ends
 * the program.
 */
import { Agent, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { WebSocket } from 'ws';
import { DEAF } from '../../../adapters/transport/pipe.js';
import { PACKETS_LIMIT, PIECES_LIMIT, POLL_LIMIT, POLL_TIMEOUT_MS } from '../../../adapters/transport/polling.js';
import type { TransportEvent } from '../../../core/ports.js';
import { FRAME_LIMIT, WAITING_LIMIT } from '../../../core/wire/control.js';
import { sequence } from '../../../plugins/testing/network.js';
import { runs, SEED } from '../../support/chance.js';
import { CONNECTED, HANDSHAKE, listen, type Scripted, startScripted } from '../../support/socketio-relay.js';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function scripted(scripts: Parameters<typeof startScripted>[0]): Promise<Scripted> {
  const relay = await startScripted(scripts);
  cleanups.push(() => relay.close());
  return relay;
}

const CONTROL = '42["control",{"type":"peer-joined"}]';
const FRAME = Buffer.of(7);
const types = (events: readonly TransportEvent[]) => events.map(({ type }) => type);

describe.each(['websocket', 'polling'] as const)('over %s', (way) => {
  /** Says these at once, and nothing more. */
  async function saying(...packets: readonly (string | Buffer)[]) {
    return sayingFor({}, ...packets);
  }

  async function sayingFor(times: { connectTimeoutMs?: number }, ...packets: readonly (string | Buffer)[]) {
    const answers = [packets.map((each) => (typeof each === 'string' ? each : `b${each.toString('base64')}`))];
    const relay = await scripted(
      way === 'websocket'
        ? { onSocket: (socket) => packets.forEach((packet) => socket.send(packet)) }
        : {
            onRequest(request, _body, response) {
              const answer = request.method === 'GET' ? answers.shift() : undefined;
              if (answer !== undefined) response.end(answer.join('\u001e'));
              else if (request.method === 'POST') response.end('ok');
            },
          },
    );
    return listen(relay.url, { ways: [way], ...times });
  }

  test.each<[string, readonly (string | Buffer)[]]>([
    ['CONNECT_ERROR without data', ['44']],
    ['a second CONNECT', [CONNECTED]],
    ['a second handshake', [HANDSHAKE]],
    ['a disconnect', ['41']],
    ['a close', ['1']],
    ['an upgrade', ['5']],
    ['nothing of engine.io', ['x']],
  ])('%s after CONNECT: lost', async (_what, packets) => {
    const { closed, events, breaches } = await saying(HANDSHAKE, CONNECTED, CONTROL, ...packets, CONTROL);
    expect(await closed).toMatchObject({ reason: 'lost' });
    expect(types(events)).toEqual(['open', 'control', 'closed']);
    expect(breaches).toEqual([]);
  });

  test('what is no packet of socket.io is a control message that is none, as at the other transport', async () => {
    const { closed, events } = await saying(HANDSHAKE, CONNECTED, '40null', '43[]', '42["frame",1]', '4', '1');
    await closed;
    expect(events.slice(1, -1)).toEqual(Array(4).fill({ type: 'control', message: undefined }));
  });

  test.each<[string, readonly string[]]>([
    ['a handshake of null', ['0null']],
    ['a handshake that does not parse', ['0{']],
    ['a handshake without an id', ['0{}']],
    ['a handshake with an id of another kind', ['0{"sid":"a/../b"}']],
    ['a handshake without end', [`0{"sid":"abc","x":"${'x'.repeat(2_000)}"}`]],
    ['two handshakes', [HANDSHAKE, HANDSHAKE]],
    ['CONNECT without a handshake', [CONNECTED]],
    ['CONNECT_ERROR', [HANDSHAKE, '44{"message":"no"}']],
    ['CONNECT_ERROR without data', [HANDSHAKE, '44']],
    ['a disconnect', [HANDSHAKE, '41']],
  ])('%s before CONNECT: rejected', async (_what, packets) => {
    const { closed, events, breaches } = await saying(...packets);
    expect(await closed).toMatchObject({ reason: 'rejected' });
    expect([types(events), breaches]).toEqual([['closed'], []]);
  });

  test('what comes before CONNECT is dropped', async () => {
    const { closed, events, breaches } = await saying(HANDSHAKE, CONTROL, FRAME, '43[]', '2', CONNECTED, FRAME, '1');
    await closed;
    expect([types(events), breaches]).toEqual([['open', 'frame', 'closed'], []]);
  });

  test('no CONNECT in time: rejected, and nothing was kept', async () => {
    const { closed, events } = await sayingFor({ connectTimeoutMs: 300 }, HANDSHAKE, CONTROL, FRAME);
    expect(await closed).toMatchObject({ reason: 'rejected' });
    expect(types(events)).toEqual(['closed']);
  });
});

const say = (socket: WebSocket, ...packets: readonly (string | Buffer)[]) => {
  for (const packet of packets) socket.send(packet);
};

test('a relay that reads nothing and floods with pings is given up within the bound', async () => {
  let most = 0;
  const relay = await scripted({
    onSocket(socket) {
      say(socket, HANDSHAKE, CONNECTED);
      socket.pause();
      const pour = (): void => {
        most = Math.max(most, side.connection.waiting);
        if (socket.readyState !== socket.OPEN) return;
        for (let n = 0; n < 5_000; n++) socket.send('2');
        socket.send('2', () => setImmediate(pour));
      };
      pour();
    },
  });
  const side = listen(relay.url, { ways: ['websocket'] }, (event, connection) => {
    if (event.type !== 'open') return;
    // What the operating system takes, and most of what may wait.
    while (connection.waiting < WAITING_LIMIT - 2 * FRAME_LIMIT) connection.send(new Uint8Array(FRAME_LIMIT));
  });
  expect(await side.closed).toMatchObject({ reason: 'lost', detail: DEAF });
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThanOrEqual(WAITING_LIMIT);
});

describe('polling', () => {
  /** Answers polls in this order; what is posted is taken. */
  async function polled(
    ...answers: readonly ((response: ServerResponse, request: IncomingMessage) => unknown)[]
  ): Promise<Scripted> {
    const left = [...answers];
    return scripted({
      onRequest(request, _body, response) {
        if (request.method === 'POST') response.end('ok');
        else left.shift()?.(response, request);
      },
    });
  }
  const greeting = (response: ServerResponse) => response.end(`${HANDSHAKE}\u001e${CONNECTED}`);

  test('the id of the handshake goes with every request after it', async () => {
    const asked: string[] = [];
    const relay = await polled(greeting, (response, request) => {
      asked.push(new URL(request.url ?? '', relay.url).searchParams.get('sid') ?? '');
      response.end('1');
    });
    expect(await listen(relay.url, { ways: ['polling'] }).closed).toMatchObject({ reason: 'lost' });
    expect(asked).toEqual(['abc']);
  });

  test.each<[string, (response: ServerResponse) => unknown]>([
    ['that is too long', (response) => response.end(Buffer.alloc(POLL_LIMIT + 1, 0x36))],
    [
      'in too many pieces',
      (response) => {
        for (let piece = 0; piece <= PIECES_LIMIT; piece++) response.write('6');
      },
    ],
    ['of too many packets', (response) => response.end(`6${'\u001e6'.repeat(PACKETS_LIMIT)}`)],
    ['that is nothing', (response) => response.end()],
    ['of an error', (response) => response.writeHead(400).end()],
    [
      'that breaks off',
      (response) => response.writeHead(200, { 'content-length': 9 }).write('2', () => response.destroy()),
    ],
    ['in another protocol', (response) => response.writeHead(101, { connection: 'upgrade', upgrade: 'x' }).end()],
  ])('an answer %s: lost', async (_what, answer) => {
    const relay = await polled(greeting, answer);
    const { closed, breaches } = listen(relay.url, { ways: ['polling'] });
    expect(await closed).toMatchObject({ reason: 'lost' });
    expect(breaches).toEqual([]);
  });

  test('what a route keeps open goes with the attempt', async () => {
    const agent = new Agent({ keepAlive: true });
    const freed: Socket[] = [];
    agent.on('free', (socket: Socket) => freed.push(socket));
    const relay = await polled(greeting, (response) => setTimeout(() => response.end('1'), 50));
    const route = { agent, open: () => Promise.reject(new Error('not asked for')), blame: () => undefined };
    await listen(relay.url, { ways: ['polling'], way: { routeTo: () => route } }).closed;
    expect(freed.length).toBeGreaterThan(0);
    expect(freed.every(({ destroyed }) => destroyed)).toBe(true);
  });

  describe('that trickles', () => {
    beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
    afterEach(() => void vi.useRealTimers());

    /** A poll under way, and a way to answer it piece by piece, each when the one before was read. */
    async function trickling() {
      const agent = new Agent({ keepAlive: true });
      const made: Socket[] = [];
      const connect = agent.createConnection.bind(agent);
      agent.createConnection = (...given: Parameters<typeof connect>) => {
        const socket = connect(...given);
        made.push(socket as Socket);
        return socket;
      };
      const read = (): number => made.reduce((sum, { bytesRead }) => sum + bytesRead, 0);
      let begin = (_response: ServerResponse): void => undefined;
      const begun = new Promise<ServerResponse>((resolve) => {
        begin = resolve;
      });
      const relay = await polled(greeting, (response) => begin(response));
      const route = { agent, open: () => Promise.reject(new Error('not asked for')), blame: () => undefined };
      const listening = listen(relay.url, { ways: ['polling'], way: { routeTo: () => route } });
      const response = await begun;
      return {
        ...listening,
        async say(piece: string) {
          const before = read();
          response.write(piece);
          while (read() === before) await new Promise((resolve) => setImmediate(resolve));
        },
      };
    }

    test('a byte now and then is no sign of life', async () => {
      const { closed, events, say } = await trickling();
      await say('6');
      await vi.advanceTimersByTimeAsync(POLL_TIMEOUT_MS - 1);
      await say('6');
      expect(types(events)).not.toContain('closed');
      await vi.advanceTimersByTimeAsync(1);
      expect(await closed).toMatchObject({ reason: 'lost', detail: 'time-out' });
    });

    test('a whole packet is one, however long the answer takes', async () => {
      const { closed, events, say } = await trickling();
      for (let n = 0; n < 5; n++) {
        await say('6\u001e');
        await vi.advanceTimersByTimeAsync(POLL_TIMEOUT_MS - 1);
      }
      expect(types(events)).not.toContain('closed');
      await vi.advanceTimersByTimeAsync(1);
      expect(await closed).toMatchObject({ reason: 'lost', detail: 'time-out' });
    });
  });

  test('a frame of nothing, of bad base64 and over the limit is none', async () => {
    const long = `b${Buffer.alloc(FRAME_LIMIT + 1).toString('base64')}`;
    const relay = await polled(greeting, (response) => response.end(['b', 'b!', long, 'bBw==', '1'].join('\u001e')));
    const { closed, events } = listen(relay.url, { ways: ['polling'] });
    await closed;
    expect(events.filter(({ type }) => type === 'frame')).toEqual([{ type: 'frame', frame: Uint8Array.of(7) }]);
  });

  test('a relay that never takes what is posted is given up within the bound', async () => {
    const relay = await scripted({
      onRequest(request, _body, response) {
        if (request.method !== 'POST' && !(request.url ?? '').includes('sid=')) greeting(response);
      },
    });
    let most = 0;
    const { closed } = listen(relay.url, { ways: ['polling'] }, (event, connection) => {
      if (event.type !== 'open') return;
      while (connection.waiting >= most) {
        most = connection.waiting;
        connection.send(new Uint8Array(1_000));
      }
    });
    expect(await closed).toMatchObject({ reason: 'lost', detail: DEAF });
    expect(most).toBeGreaterThan(WAITING_LIMIT / 2);
    expect(most).toBeLessThanOrEqual(WAITING_LIMIT);
  });
});

test('whatever packets come, in whatever order: the port is kept, and nothing is thrown', async () => {
  const connections = runs(150, 1_500, 25_000);
  const draw = sequence(SEED);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(draw() * from.length)] as T;
  const known: readonly (string | Buffer)[] = [
    ...[HANDSHAKE, '0null', '0', '0{}', '0{"sid":7}', CONNECTED, '40', '40null', '40[]', '40{', '44', '44{}', '44null'],
    ...[
      '1',
      '2',
      '2probe',
      '3',
      '5',
      '6',
      '41',
      '43[]',
      '45',
      '46',
      '4',
      '42',
      '42[]',
      '42["control"]',
      '42["frame",1]',
    ],
    ...[CONTROL, '42["control",null]', '42["control",[]]', '42["control",{"type":7}]', '42/admin,["control",{}]', ''],
    ...['b', 'bBw==', 'x', '\u001e', '{', '7', '9', '42["__proto__",{}]', `42["control","${'x'.repeat(2_000)}"]`],
    ...[Buffer.alloc(0), FRAME, Buffer.alloc(FRAME_LIMIT), Buffer.from('40{"sid":"x"}')],
  ];
  const mutated = (packet: string | Buffer): string | Buffer => {
    const bytes = Buffer.from(packet.slice(0, 200));
    if (bytes.length > 0) bytes[Math.floor(draw() * bytes.length)] = Math.floor(draw() * 256);
    return draw() < 0.5 ? bytes.toString('latin1') : bytes;
  };
  const relay = await scripted({
    onSocket(socket) {
      // Mostly far enough for what follows to matter.
      if (draw() < 0.8) say(socket, HANDSHAKE);
      if (draw() < 0.7) say(socket, CONNECTED);
      for (let n = 0; n < 40; n++) {
        const packet = pick(known);
        say(socket, draw() < 0.3 ? mutated(packet) : packet);
      }
      if (draw() < 0.5) socket.terminate();
      else socket.close();
    },
  });
  const ends = new Map<string, number>();
  for (let done = 0; done < connections; done += 10) {
    const sides = Array.from({ length: 10 }, () => listen(relay.url, { ways: ['websocket'] }));
    for (const { closed, breaches, events, connection } of sides) {
      const { reason, detail } = await closed;
      expect(breaches).toEqual([]);
      expect(connection.send(FRAME)).toBe(false);
      expect(reason).toBe(events[0]?.type === 'open' ? 'lost' : 'rejected');
      ends.set(detail, (ends.get(detail) ?? 0) + 1);
    }
  }
  // Every way out was met.
  for (const why of ['not a handshake', 'a second handshake', 'refused', 'disconnect', 'not a packet for now'])
    expect(ends.get(why), why).toBeGreaterThan(0);
});
