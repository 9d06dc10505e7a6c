/**
 * The dangers of socket.io itself, against the real relay: each is refused within the limits, and an honest pair beside it
 * goes on.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { request } from 'node:http';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { createSocketioTransport } from '../../adapters/transport/socketio.js';
import type { Connection, TransportEvent } from '../../core/ports.js';
import { decodePacket, EVENTS, encodePacket, PACKET_LIMIT } from '../../core/wire/socketio-packets.js';
import { FRAME_LIMIT, joinMessage } from '../../core/wire/control.js';
import { MESSAGE_LIMIT, startRelay } from '../../relay-socketio/server.js';
import { fc } from '../support/chance.js';
import { GENEROUS, runRelayProgram } from '../support/relay.js';
import { randomId, randomJoin } from '../support/relay-client.js';

type Relay = Awaited<ReturnType<typeof startRelay>>;

/** Two clients in one room, and what the second one has got. */
async function honestPair(relay: Relay): Promise<{ check: () => Promise<void>; close: () => void }> {
  const room = randomId();
  const waiting: (() => void)[] = [];
  let frames = 0;
  let told = 0;
  const sink = (event: TransportEvent): void => {
    if (event.type === 'frame') frames += 1;
    if (event.type === 'control') told += 1;
    for (const look of waiting.splice(0)) look();
  };
  const until = async (reached: () => boolean): Promise<void> => {
    while (!reached()) await new Promise<void>((resolve) => waiting.push(resolve));
  };
  const transport = createSocketioTransport({ relay: relay.url });
  const pair: Connection[] = [randomJoin(room), randomJoin(room)].map((join) => transport.open(join, sink));
  await until(() => told === 3);
  return {
    async check() {
      const before = frames;
      pair[0]?.send(new Uint8Array(256).fill(7));
      await until(() => frames === before + 1);
    },
    close() {
      for (const each of pair) each.close();
    },
  };
}

/** A raw engine.io connection over WebSocket. */
async function raw(relay: Relay): Promise<{ socket: WebSocket; told: string[]; closed: Promise<unknown> }> {
  const socket = new WebSocket(`${relay.url.href}socket.io/?EIO=4&transport=websocket`);
  socket.on('error', () => undefined);
  const told: string[] = [];
  const closed = once(socket, 'close');
  await new Promise<void>((resolve) => {
    socket.on('message', (data, binary) => {
      if (!binary) told.push((data as Buffer).toString());
      resolve();
    });
  });
  return { socket, told, closed };
}

/** The same, with the namespace joined. */
async function joinedRaw(relay: Relay): ReturnType<typeof raw> {
  const connection = await raw(relay);
  connection.socket.send('40');
  while (!connection.told.some((text) => text.startsWith('40'))) await once(connection.socket, 'message');
  return connection;
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('relay-socketio', () => {
  let relay: Relay;
  let pair: Awaited<ReturnType<typeof honestPair>>;
  beforeEach(async () => {
    relay = await startRelay({ port: 0, limits: GENEROUS });
    pair = await honestPair(relay);
  });
  afterEach(async () => {
    await pair.check();
    pair.close();
    await relay.close();
    // What an address has used up in the last millisecond is remembered.
    expect(relay.counts).toMatchObject({ members: 0, rooms: 0 });
    expect(relay.counts.addresses).toBeLessThanOrEqual(1);
  });

  it.each([
    ['another namespace', '40/admin,'],
    ['an event with an acknowledgement', '420["control",{}]'],
    ['an acknowledgement of nothing', '430[]'],
    ['an event with attachments', '451-["frame",{"_placeholder":true,"num":0}]'],
    ['an event with a million attachments', '451000000-["frame"]'],
    ['another event name', '42["message","x"]'],
    ['no JSON', '42["control"'],
    ['a deep nest', `42["control",${'['.repeat(600)}${']'.repeat(600)}]`],
    ['a control message that is too long', `42["control",{"pad":"${'x'.repeat(PACKET_LIMIT)}"}]`],
  ])('%s is refused as bad-request, and the connection ends', async (_name, packet) => {
    const { socket, told, closed } = await joinedRaw(relay);
    socket.send(packet);
    await closed;
    expect(told.some((text) => text.includes('bad-request'))).toBe(true);
  });

  it('frames behind a control message that cannot leave count as waiting: their sender is held, and nothing is lost', async () => {
    const accepted: Socket[] = [];
    const see = (message: unknown): void => void accepted.push((message as { socket: Socket }).socket);
    subscribe('net.server.socket', see);
    const room = randomId();
    const enter = async () => {
      const connection = await joinedRaw(relay);
      const here = accepted.at(-1);
      connection.socket.send(`42${JSON.stringify([EVENTS.control, joinMessage(randomJoin(room))])}`);
      while (!connection.told.some((text) => text.includes('"joined"'))) await once(connection.socket, 'message');
      return { ...connection, here };
    };
    const receiver = await enter();
    let received = 0;
    receiver.socket.on('message', (_data, binary) => void (received += Number(binary)));
    const first = await enter();
    // From now on nothing leaves for the receiver: that the first one goes, and another one comes.
    receiver.here?.cork();
    const { members } = relay.counts;
    first.socket.close();
    while (relay.counts.members === members) await turn();
    const sender = await enter();
    const before = relay.figures.frames;
    for (let n = 0; n < 200; n++) sender.socket.send(new Uint8Array(60_000));
    while (sender.here?.isPaused() === false && relay.figures.frames < before + 200) await turn();
    expect(sender.here?.isPaused()).toBe(true);
    receiver.here?.uncork();
    while (received < 200) await once(receiver.socket, 'message');
    unsubscribe('net.server.socket', see);
    for (const { socket, closed } of [receiver, sender]) {
      socket.close();
      await closed;
    }
  });

  it('the same before the namespace is joined ends the connection at once', async () => {
    for (const packet of ['42["control",{}]', '40/admin,', '430[]']) {
      const { socket, closed } = await raw(relay);
      socket.send(packet);
      await closed;
    }
  });

  it('a client that never joins is closed', async () => {
    const silent = await raw(relay);
    const joinedNothing = await raw(relay);
    joinedNothing.socket.send('40');
    await Promise.all([silent.closed, joinedNothing.closed]);
  });

  it('a message over the limit, declared or sent, ends the connection', async () => {
    const { socket, closed } = await raw(relay);
    socket.send('40');
    socket.send(new Uint8Array(MESSAGE_LIMIT + 1));
    await closed;
    const declared = await raw(relay);
    // A header that declares 100 MB, and nothing behind it.
    const { _socket: tcp } = declared.socket as unknown as { _socket: { write(bytes: Uint8Array): void } };
    tcp.write(Uint8Array.of(0x82, 0xff, 0, 0, 0, 0, 0x06, 0, 0, 0, 1, 2, 3, 4));
    await declared.closed;
    const post = await fetch(`${relay.url.href.replace('ws', 'http')}socket.io/?EIO=4&transport=polling`);
    const sid = /"sid":"([^"]+)"/.exec(await post.text())?.[1] ?? '';
    const answer = await fetch(`${relay.url.href.replace('ws', 'http')}socket.io/?EIO=4&transport=polling&sid=${sid}`, {
      method: 'POST',
      body: 'x'.repeat(2 * MESSAGE_LIMIT),
    });
    expect(answer.status).toBe(413);
  });

  it('a flood of wrong packets ends with the first one', async () => {
    const { socket, told, closed } = await joinedRaw(relay);
    for (let i = 0; i < 1000; i++) socket.send('430[]');
    await closed;
    expect(told.filter((text) => text.includes('bad-request'))).toHaveLength(1);
  });

  it('a polling client that is cut between two polls is noticed, its peer is told', async () => {
    const room = randomId();
    const events: TransportEvent[] = [];
    let look = (): void => undefined;
    const transport = createSocketioTransport({ relay: relay.url });
    const other = transport.open(randomJoin(room), (event) => {
      events.push(event);
      look();
    });
    const address = `${relay.url.href.replace('ws', 'http')}socket.io/?EIO=4&transport=polling`;
    const sid = /"sid":"([^"]+)"/.exec(await (await fetch(address)).text())?.[1] ?? '';
    const post = (body: string): Promise<Response> => fetch(`${address}&sid=${sid}`, { method: 'POST', body });
    await post('40');
    await (await fetch(`${address}&sid=${sid}`)).text();
    await post(`42${JSON.stringify(['control', joinMessage(randomJoin(room))])}`);
    const told = (type: string): boolean =>
      events.some((event) => event.type === 'control' && (event.message as { type?: string }).type === type);
    const until = async (type: string): Promise<void> => {
      while (!told(type)) await new Promise<void>((resolve) => (look = resolve));
    };
    await until('peer-joined');
    // Its own answer is fetched, so that the next poll has to wait; then the network breaks.
    await (await fetch(`${address}&sid=${sid}`)).text();
    const poll = request(`${address}&sid=${sid}`);
    poll.on('error', () => undefined);
    poll.end();
    await once(poll, 'finish');
    poll.destroy();
    await until('peer-left');
    other.close();
  });
});

describe('packets', () => {
  it('any message gives a packet, and a frame or control message comes back as it was', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.uint8Array(), fc.anything()), (message) => {
        expect([0, 1, 2, 4]).toContain(decodePacket(message).type);
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), (frame) => {
        const packet = { type: 2, nsp: '/', data: [EVENTS.frame, frame] };
        expect(decodePacket(encodePacket(packet))).toEqual(packet);
      }),
    );
    const control = { type: 2, nsp: '/', data: [EVENTS.control, joinMessage(randomJoin())] };
    expect(decodePacket(encodePacket(control))).toEqual(control);
  });

  it('a frame of nothing or over the limit is invalid', () => {
    for (const length of [0, FRAME_LIMIT + 1]) {
      expect(decodePacket(new Uint8Array(length)).data).toEqual([EVENTS.invalid]);
    }
  });
});

describe('securechat-relay-socketio', () => {
  it('refuses bad flags with 2 and shows its help', async () => {
    expect((await runRelayProgram(['--port', 'x'], 'relay-socketio')).status).toBe(2);
    const help = await runRelayProgram(['--help'], 'relay-socketio');
    expect(help.status).toBe(0);
    expect(help.stdout).toContain('securechat-relay-socketio');
  });
});
