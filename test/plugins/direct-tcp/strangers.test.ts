/** direct-tcp among strangers: what a listening port meets on a real network, and each limit. */
import { EventEmitter, once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { createFakeClock } from 'securechat/testing';
import { expect, test } from 'vitest';
import { FRAME_LIMIT, WAITING_LIMIT } from '../../../plugins/kit/define.js';
import { createLink } from '../../../plugins/direct-tcp/link.js';
import * as wire from '../../../plugins/direct-tcp/wire.js';
import * as direct from '../../support/direct-tcp.js';

const { activePair, bytes, newJoin, open, part, stillTalk, stranger, transport, waitingListener } = direct;

const NO_HELLO: readonly [string, (join: Parameters<typeof direct.hello>[0]) => Uint8Array][] = [
  ['HTTP', () => bytes('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
  ['TLS', () => Uint8Array.of(0x16, 3, 1, 2, 0, 1)],
  ['another room', () => direct.hello(newJoin())],
  ['one wrong byte of the magic', (join) => direct.hello(join).map((byte, i) => (i === 11 ? byte ^ 1 : byte))],
  ['one wrong byte of the room', (join) => direct.hello(join).map((byte, i) => (i === 40 ? byte ^ 1 : byte))],
];

test.each(NO_HELLO)('a stranger (%s) is closed without a word and disturbs nobody', async (_name, says) => {
  const { port, join, listener } = await waitingListener();
  expect(await (await stranger(port, says(join))).over).toBe('');
  const connector = open(transport('connect', port), newJoin(join.room));
  await connector.says('open', 'joined peer');
  await listener.says('peer-joined');
  expect(await (await stranger(port, says(join))).over).toBe('');
  await stillTalk(listener, connector);
  await part(listener, connector);
});

test('who ends or breaks before its hello is whole changes nothing', async () => {
  const { port, join, listener } = await waitingListener();
  const half = direct.hello(join).subarray(0, 50);
  for (const say of [new Uint8Array(0), half]) {
    (await stranger(port, say)).socket.destroy();
    const polite = await stranger(port, say);
    polite.socket.end();
    expect(await polite.over).toBe('');
  }
  expect(listener.said).toEqual(['open', 'joined nobody']);
  await part(listener);
});

test('who says too little within HELLO_TIMEOUT_MS is closed', async () => {
  const clock = createFakeClock();
  const { port, join, listener } = await waitingListener({ clock });
  const slow = await stranger(port, direct.hello(join).subarray(0, wire.HELLO_LENGTH - 1));
  // Its connection was taken when a later one was answered.
  expect(await (await stranger(port, 'x')).over).toBe('');
  clock.advance(wire.HELLO_TIMEOUT_MS - 1);
  slow.socket.write('');
  expect(slow.socket.closed).toBe(false);
  clock.advance(1);
  expect(await slow.over).toBe('');
  expect(listener.said).toEqual(['open', 'joined nobody']);
  await part(listener);
});

test('of more than WAITING_LIMIT silent connections the oldest ends, and the peer still comes in', async () => {
  const { port, join, listener } = await waitingListener();
  const silent = [];
  for (let i = 0; i <= wire.WAITING_LIMIT; i++) silent.push(await stranger(port));
  await silent[0]?.over;
  const connector = open(transport('connect', port), newJoin(join.room));
  await connector.says('open', 'joined peer');
  await silent[1]?.over;
  expect(silent.filter(({ socket }) => !socket.closed)).toHaveLength(wire.WAITING_LIMIT - 1);
  // The end of the listener is theirs too.
  await part(listener, connector);
  await Promise.all(silent.map(({ over }) => over));
});

test('a third one with the right room is told that the room is full, and the pair goes on', async () => {
  const { port, join, listener, connector } = await activePair();
  const third = open(transport('connect', port), newJoin(join.room));
  await third.says('open', 'error room-full', 'closed lost room-full');
  await stillTalk(listener, connector);
  await part(listener, connector);
});

test('a frame over FRAME_LIMIT ends the connection at its length, before a byte of it came', async () => {
  const { port, join, listener } = await waitingListener();
  const length = Buffer.alloc(4);
  length.writeUInt32BE(FRAME_LIMIT + 1);
  const rude = await stranger(port, Buffer.concat([direct.hello(newJoin(join.room)), length]));
  await listener.says('peer-joined', 'peer-left');
  expect(await rude.over).toBe(Buffer.from(direct.answer(wire.JOINED)).toString('latin1'));
  await part(listener);
});

test('a frame that does not become complete within FRAME_TIMEOUT_MS ends the connection', async () => {
  const clock = createFakeClock();
  const { port, join, listener } = await waitingListener({ clock });
  // A whole frame and the beginning of another: the length of the first is 1.
  const slow = await stranger(
    port,
    Buffer.concat([direct.hello(newJoin(join.room)), Uint8Array.of(0, 0, 0, 1, 0x61, 0)]),
  );
  await listener.says('peer-joined', 'frame a');
  clock.advance(wire.FRAME_TIMEOUT_MS - 1);
  slow.socket.write(Uint8Array.of(0, 0, 1, 0x62));
  await listener.says('frame b');
  // It became complete, and nothing is awaited now.
  clock.advance(wire.FRAME_TIMEOUT_MS);
  slow.socket.write(Uint8Array.of(0, 0, 0, 1, 0x63, 0));
  await listener.says('frame c');
  clock.advance(wire.FRAME_TIMEOUT_MS);
  await listener.says('peer-left');
  await slow.over;
  await part(listener);
});

test('bytes that trickle in do not put the end of a frame off', () => {
  const clock = createFakeClock();
  const socket = Object.assign(new EventEmitter(), {
    setNoDelay: () => undefined,
    destroy: () => socket.emit('close'),
  });
  const said: string[] = [];
  const link = createLink(clock, socket as unknown as Socket, {
    frame: () => undefined,
    drain: () => undefined,
    over: (how, why) => said.push(how, why),
  });
  link.begin(Uint8Array.of(0, 0, 1, 0));
  for (let i = 0; i < 9; i++) {
    clock.advance(wire.FRAME_TIMEOUT_MS / 10);
    socket.emit('data', Uint8Array.of(0));
  }
  expect(said).toEqual([]);
  clock.advance(wire.FRAME_TIMEOUT_MS / 10);
  expect(said).toEqual(['lost', 'a frame did not become complete']);
});

test('who says that it leaves is not waited for', async () => {
  const { port, join, listener } = await waitingListener({ clock: createFakeClock() });
  const gone = await stranger(port, Buffer.concat([direct.hello(newJoin(join.room)), wire.LEAVE]));
  await listener.says('peer-joined', 'peer-left');
  await gone.over;
  await part(listener);
});

test('close does not wait longer than CLOSE_WAIT_MS for a peer that does not read', async () => {
  const clock = createFakeClock();
  const { port, join, listener } = await waitingListener({ clock });
  const deaf = await stranger(port, direct.hello(newJoin(join.room)));
  deaf.socket.pause();
  await listener.says('peer-joined');
  while (listener.connection.send(new Uint8Array(FRAME_LIMIT)));
  listener.connection.close();
  clock.advance(wire.CLOSE_WAIT_MS - 1);
  expect(listener.said.at(-1)).toBe('peer-joined');
  clock.advance(1);
  await listener.says('closed closed');
  deaf.socket.destroy();
});

test('a listener that was told to wait may send again when that peer is gone', async () => {
  const { port, join, listener } = await waitingListener();
  const deaf = await stranger(port, direct.hello(newJoin(join.room)));
  deaf.socket.pause();
  await listener.says('peer-joined');
  while (listener.connection.send(new Uint8Array(FRAME_LIMIT)));
  deaf.socket.destroy();
  await listener.says('drain', 'peer-left');
  // To nobody, as at a relay.
  expect(listener.connection.send(bytes('x'))).toBe(true);
  await part(listener);
});

test('a peer that does not read is given up above WAITING_LIMIT, and may come again', async () => {
  const { port, join, listener } = await waitingListener();
  const deaf = await stranger(port, direct.hello(newJoin(join.room)));
  deaf.socket.pause();
  await listener.says('peer-joined');
  let most = 0;
  while (listener.connection.waiting >= most) {
    most = listener.connection.waiting;
    listener.connection.send(new Uint8Array(FRAME_LIMIT));
  }
  expect(most).toBeGreaterThan(WAITING_LIMIT - 2 * FRAME_LIMIT);
  expect(most).toBeLessThanOrEqual(WAITING_LIMIT);
  await listener.says('drain', 'peer-left');
  const connector = open(transport('connect', port), newJoin(join.room));
  await connector.says('open', 'joined peer');
  await listener.says('peer-joined');
  await stillTalk(listener, connector);
  await part(listener, connector);
});

test('so may the side that connects', async () => {
  const deaf = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.pause();
      socket.write(direct.answer(wire.JOINED));
    });
  });
  const port = await direct.listening(deaf);
  const connector = open(transport('connect', port), newJoin());
  const [connection] = (await once(deaf, 'connection')) as [Socket];
  await connector.says('open', 'joined peer');
  while (connector.connection.send(new Uint8Array(FRAME_LIMIT)));
  deaf.close();
  connection.write(wire.LEAVE);
  await connector.says('drain', 'peer-left');
  connection.destroy();
  await part(connector);
});
