/** direct-tcp in time: either side first, away and back, ghosts, ends that come at the wrong moment. */
import { lookup } from 'node:dns/promises';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { createFakeClock } from 'securechat/testing';
import { expect, test } from 'vitest';
import { isItself } from '../../../plugins/direct-tcp/connect.js';
import * as wire from '../../../plugins/direct-tcp/wire.js';
import * as direct from '../../support/direct-tcp.js';
import { freePort } from '../../support/free-port.js';

const { activePair, bytes, newJoin, open, part, stillTalk, stranger, transport, waitingListener } = direct;

test('the same seat again replaces its ghost at once', async () => {
  const { port, guest, listener, connector } = await activePair();
  const again = open(transport('connect', port), guest);
  await listener.says('peer-left', 'peer-joined');
  await again.says('open', 'joined peer');
  await connector.says('closed lost the other side closed the connection');
  await stillTalk(listener, again);
  await part(listener, again);
});

test('no timer outlives the end, whenever it comes', async () => {
  const clock = createFakeClock();
  const wakes: number[] = [];
  const watched = {
    ...clock,
    wakeAt(at: number, wake: () => void) {
      wakes.push(at);
      return clock.wakeAt(at, wake);
    },
  };
  const lonely = open(transport('connect', await freePort(), { clock: watched }), newJoin());
  // From the look at a silent socket to the wait for the next try.
  await expect.poll(() => wakes).toEqual([wire.HELLO_TIMEOUT_MS, 20]);
  expect(clock.waiting).toBe(1);
  lonely.connection.close();
  await lonely.says('closed closed');
  expect(clock.waiting).toBe(0);

  const { port, join, listener } = await waitingListener({ clock });
  const connector = open(transport('connect', port, { clock }), newJoin(join.room));
  await connector.says('open', 'joined peer');
  await listener.says('peer-joined');
  await part(listener, connector);
  expect(clock.waiting).toBe(0);
});

test('the side that connects finds the other one again when it comes back to the same port', async () => {
  const { port, join, listener, connector } = await activePair();
  for (let round = 0; round < 3; round++) {
    const before = round === 0 ? listener : undefined;
    before?.connection.close();
    await before?.says('closed closed');
    if (before !== undefined) await connector.says('peer-left');
    expect(connector.connection.send(bytes('to nobody'))).toBe(true);
    const back = open(transport('listen', port), join);
    await back.says('open', 'joined nobody', 'peer-joined');
    await connector.says('peer-joined');
    await stillTalk(back, connector);
    back.connection.close();
    await back.says('closed closed');
    await connector.says('peer-left');
  }
  await part(connector);
});

test('the side that listens stays when the other one leaves or breaks, and takes it again', async () => {
  const { port, join, guest, listener, connector } = await activePair();
  connector.connection.close();
  await connector.says('closed closed');
  await listener.says('peer-left');
  // The port itself stays: no stranger can take it in between.
  const rival = open(transport('listen', port), join);
  await rival.says('closed unreachable cannot listen there: EADDRINUSE');
  const broken = await stranger(port, direct.hello(guest));
  await listener.says('peer-joined');
  broken.socket.resetAndDestroy();
  await listener.says('peer-left');
  const again = open(transport('connect', port), newJoin(join.room));
  await again.says('open', 'joined peer');
  await listener.says('peer-joined');
  await stillTalk(listener, again);
  await part(listener, again);
});

test('who does not come back in time is lost', async () => {
  const { port, join, listener } = await waitingListener();
  const brief = { search: { ms: 60, intervalMs: 20 } };
  const connector = open(transport('connect', port, brief), newJoin(join.room));
  await connector.says('open', 'joined peer');
  listener.connection.close();
  await connector.says('peer-left', 'closed lost ECONNREFUSED');
});

test('the order of starting does not matter', async () => {
  const port = await freePort();
  const join = newJoin();
  const connector = open(transport('connect', port), newJoin(join.room));
  const listener = open(transport('listen', port), join);
  await listener.says('open', 'joined nobody', 'peer-joined');
  await connector.says('open', 'joined peer');
  await part(listener, connector);
});

test('a side that connects with a new code is in its room at once, and waits', async () => {
  const port = await freePort();
  const join = newJoin(undefined, 'create');
  const connector = open(transport('connect', port, { search: { ms: 0, intervalMs: 0 } }), join);
  await connector.says('open', 'joined nobody');
  const listener = open(transport('listen', port), newJoin(join.room));
  await connector.says('peer-joined');
  await part(listener, connector);
});

test('a listener in another room is looked at again, and told in the end', async () => {
  const { port, listener } = await waitingListener();
  const connector = open(transport('connect', port, { search: { ms: 100, intervalMs: 20 } }), newJoin());
  await connector.says('closed rejected no answer, or not for this code');
  expect(listener.said).toEqual(['open', 'joined nobody']);
  await part(listener);
});

test('somebody who takes the connection and says nothing is no listener', async () => {
  const clock = createFakeClock();
  const mute = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('close', () => mute.close());
    // The hello is there, so the socket that sent it is open.
    socket.once('data', () => clock.advance(wire.HELLO_TIMEOUT_MS));
  });
  const port = await direct.listening(mute);
  const connector = open(transport('connect', port, { clock, search: { ms: 0, intervalMs: 20 } }), newJoin());
  await connector.says('closed rejected no answer, or not for this code');
});

test('a host that does not exist is told at once', async () => {
  const host = 'no-such-host.invalid';
  const clock = createFakeClock();
  // Without a name server that answers the look-up fails in another way, which may pass: only then it is tried again.
  const passes = await lookup(host).catch((error: unknown) => (error as NodeJS.ErrnoException).code !== 'ENOTFOUND');
  const connector = open(transport('connect', 7000, { host, clock }), newJoin());
  await expect.poll(() => [passes && clock.advance(1_000), connector.said][1]).toHaveLength(1);
  expect(connector.said[0]).toMatch(
    passes ? /^closed unreachable (EAI_AGAIN|time-out)$/ : /^closed unreachable ENOTFOUND$/,
  );
});

test('a connection to itself is known as one', () => {
  const ends = { localAddress: '127.0.0.1', localPort: 40_000, remoteAddress: '127.0.0.1', remotePort: 40_000 };
  expect(isItself(ends)).toBe(true);
  expect(isItself({ ...ends, remotePort: 40_001 })).toBe(false);
  expect(isItself({ ...ends, remoteAddress: '127.0.0.2' })).toBe(false);
});

test('IPv6', async () => {
  const has = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));
  if (!has) {
    console.warn('skipped: direct-tcp over IPv6, this machine has no ::1');
    return;
  }
  const port = await freePort('::1');
  const join = newJoin();
  const listener = open(transport('listen', port, { host: '::1' }), join);
  const connector = open(transport('connect', port, { host: '::1' }), newJoin(join.room));
  await connector.says('open', 'joined peer');
  await listener.says('open', 'joined nobody', 'peer-joined');
  await stillTalk(listener, connector);
  await part(listener, connector);
});

test.each(['peer-joined', 'open', 'joined nobody'])('close from within %j ends once', async (word) => {
  const port = await freePort();
  const join = newJoin();
  const listener = open(transport('listen', port), join, (said, side) => {
    if (said === word) side.connection.close();
  });
  const connector = open(transport('connect', port, { search: { ms: 60, intervalMs: 20 } }), newJoin(join.room));
  await expect
    .poll(() => [listener.said.at(-1), connector.said.at(-1)?.split(' ')[0]])
    .toEqual(['closed closed', 'closed']);
  expect(listener.said.indexOf(word)).toBe(listener.said.length - 2);
});
