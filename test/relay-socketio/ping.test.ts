/** The pings of the library: whoever sends frames lives, though the answer stands behind them; who is silent does not. */
import { once } from 'node:events';
import timers from 'node:timers';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { joinMessage } from '../../core/wire/control.js';
import { CONNECT, CONTROL, PONG } from '../../core/wire/socketio-client.js';
import { EVENTS } from '../../core/wire/socketio-packets.js';
import { PING_INTERVAL_MS, PING_TIMEOUT_MS, startRelay } from '../../relay-socketio/server.js';
import { randomId, randomJoin } from '../support/relay-client.js';

const PING = '2';

let relay: Awaited<ReturnType<typeof startRelay>>;
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  // Those of the library.
  vi.spyOn(timers, 'setTimeout').mockImplementation(setTimeout);
  vi.spyOn(timers, 'clearTimeout').mockImplementation(clearTimeout);
  relay = await startRelay({ port: 0 });
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  await relay.close();
});

/** A joined client that hears everything, and answers pings or not. */
async function enter(room: string, answers: boolean) {
  const socket = new WebSocket(`${relay.url.href}socket.io/?EIO=4&transport=websocket`);
  const heard: string[] = [];
  socket.on('message', (message: Buffer, isBinary) => {
    const packet = isBinary ? 'frame' : message.toString();
    heard.push(packet);
    if (packet === PING && answers) socket.send(PONG);
  });
  const closed = once(socket, 'close');
  const until = async (wanted: string): Promise<void> => {
    while (!heard.some((packet) => packet.startsWith(wanted))) await Promise.race([once(socket, 'message'), closed]);
    heard.length = 0;
  };
  await until('0');
  socket.send(CONNECT);
  await until(CONNECT);
  socket.send(CONTROL + JSON.stringify([EVENTS.control, joinMessage(randomJoin(room))]));
  await until(CONTROL);
  return { socket, until, closed };
}

test('a client whose answer stands behind frames stays; one that is silent is gone in time', async () => {
  const room = randomId();
  const peer = await enter(room, true);
  const sender = await enter(room, false);
  vi.advanceTimersByTime(PING_INTERVAL_MS);
  await Promise.all([peer.until(PING), sender.until(PING)]);
  for (let round = 0; round < 4; round += 1) {
    sender.socket.send(Buffer.alloc(1));
    await peer.until('frame');
    // Behind the peer's answers, which the relay has with it.
    peer.socket.send(Buffer.alloc(1));
    await sender.until('frame');
    vi.advanceTimersByTime(PING_TIMEOUT_MS - 1);
    expect(relay.counts.members).toBe(2);
  }
  vi.advanceTimersByTime(1);
  await sender.closed;
  expect(relay.counts.members).toBe(1);
  peer.socket.terminate();
});
