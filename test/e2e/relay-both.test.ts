/**
 * One relay for both wires, on one port and over one set of rooms: clients meet whichever transport each chose. Also what a
 * relay tells a client of its own address, over each wire.
 */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { startRelay } from '../../adapters/cli/relays.js';
import type { RelayOptions } from '../../adapters/relay/flags.js';
import { RELAY_HEADER } from '../../core/wire/kinds.js';
import type { Relay } from '../../adapters/relay/listener.js';
import { type RelayMessage, joinMessage } from '../../core/wire/control.js';
import { startRelay as startSocketio } from '../../relay-socketio/server.js';
import { startRelay as startWs } from '../../relay-ws/server.js';
import { ENV, killAll, PROGRAM, start } from '../support/program.js';
import { GENEROUS } from '../support/relay.js';
import { PATHS } from '../support/relay-attacker.js';
import { randomId, randomJoin } from '../support/relay-client.js';
import { enter, isPaired, type RelayKind } from '../support/visitor.js';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  killAll();
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function relay(open = startRelay, options: RelayOptions = {}): Promise<Relay> {
  const made = await open({ port: 0, limits: GENEROUS, ...options });
  cleanups.push(() => made.close());
  return made;
}

describe('two in one room', () => {
  test.each<[RelayKind, RelayKind]>([
    ['ws', 'socketio'],
    ['socketio', 'ws'],
    ['socketio', 'socketio'],
    ['ws', 'ws'],
  ])('%s and %s', async (one, two) => {
    const { url, counts } = await relay();
    expect(counts.members).toBe(0);
    const room = randomId();
    const a = await enter(one, url, randomJoin(room));
    const b = await enter(two, url, randomJoin(room));
    for (const each of [a, b]) await each.until('a peer', isPaired);
    const frames = [1, 128, 4_096, 4_097, 65_536, 73_728].map((length, n) => new Uint8Array(length).fill(n + 1));
    for (const frame of frames) for (const each of [a, b]) each.send(frame);
    for (const each of [a, b]) {
      await each.until('all frames', (self) => self.frames.length === frames.length);
      expect(each.frames.map((frame) => [frame.length, frame[0]])).toEqual(
        frames.map((frame) => [frame.length, frame[0]]),
      );
    }
    const third = await enter(two, url, randomJoin(room));
    expect(third.told[0]).toMatchObject({ type: 'error', code: 'room-full' });
    a.close();
    await b.until('that the peer left', ({ told }) => told.at(-1)?.type === 'peer-left');
    b.close();
  });

  test('the same seat comes back over the other wire, and its ghost goes', async () => {
    const { url } = await relay();
    const [own, other] = [randomJoin(), randomJoin()];
    const a = await enter('ws', url, own);
    const b = await enter('socketio', url, { ...other, room: own.room });
    await b.until('a peer', isPaired);
    const again = await enter('socketio', url, own);
    await again.until('a peer', isPaired);
    await a.until('its end', ({ closed }) => closed !== undefined);
    again.send(Uint8Array.of(7));
    await b.until('the frame', ({ frames }) => frames.length === 1);
    for (const each of [again, b]) each.close();
  });

  test('whoever waits for the load of the second wire is served, and the end of the relay is told to both', async () => {
    const made = await relay();
    const room = randomId();
    const [a, b, c] = await Promise.all([
      enter('socketio', made.url, randomJoin(room)),
      enter('socketio', made.url, randomJoin(room)),
      enter('ws', made.url, randomJoin()),
    ]);
    for (const each of [a, b]) await each.until('a peer', isPaired);
    await made.close();
    for (const each of [a, b, c]) {
      await each.until('the end', ({ closed }) => closed !== undefined);
      expect(each.told.at(-1)).toMatchObject({ type: 'error', code: 'shutting-down' });
    }
    // What an address has used up in the last millisecond is remembered.
    expect(made.counts).toMatchObject({ members: 0, rooms: 0 });
    expect(made.counts.addresses).toBeLessThanOrEqual(1);
  });
});

test('the real program: one relay, two people, two transports', async () => {
  const child = start(['relay', '--port', '0']);
  const url = (await child.says(/listening on ws:\/\/\S+(?=\n)/)).replace('listening on ', '');
  const maker = start(['--ui', 'json', '--relay', url]);
  const { code } = await maker.event('code');
  const guest = start(['--ui', 'json', '--relay', url, '--transport', 'socketio', '--code-stdin']);
  guest.write(`${String(code)}\n`);
  await Promise.all([maker, guest].map((each) => each.event('state', ({ state }) => state === 'active')));
  maker.command({ do: 'send', text: 'there' });
  await guest.event('message', ({ text }) => text === 'there');
  guest.command({ do: 'send', text: 'and back' });
  await maker.event('message', ({ text }) => text === 'and back');
  for (const each of [maker, guest]) each.command({ do: 'quit' });
  expect(await Promise.all([maker.exit, guest.exit])).toEqual([0, 0]);
  child.child.kill('SIGTERM');
  expect(await child.exit).toBe(0);
  const help = spawnSync(PROGRAM, ['relay', '--help'], { env: ENV, encoding: 'utf8' });
  expect(help.stdout).toMatch(/^securechat relay: /);
});

test.each([
  ['ws', startWs, ['relay-socketio'], 'ws'],
  ['socketio', startSocketio, ['relay-ws'], 'socketio'],
  ['both', startRelay, [], 'ws, socketio'],
] as const)('a relay for %s tells which it is', async (_kind, open, strangers, kinds) => {
  const { url } = await relay(open);
  const plain = await fetch(url.href.replace('ws:', 'http:'));
  expect([plain.status, plain.headers.get(RELAY_HEADER)]).toEqual([426, kinds]);
  expect(await plain.text()).toContain('securechat relay');
  for (const stranger of strangers) {
    const socket = new WebSocket(new URL(PATHS[stranger], url));
    socket.on('error', () => undefined);
    const [, response] = (await once(socket, 'unexpected-response')) as [
      unknown,
      { headers: object; statusCode: number },
    ];
    expect(response).toMatchObject({ statusCode: 404, headers: { [RELAY_HEADER]: kinds } });
    socket.terminate();
  }
  if (kinds !== 'ws') return;
  const polling = await fetch(`${url.href.replace('ws:', 'http:')}socket.io/?EIO=4&transport=polling`);
  expect([polling.status, polling.headers.get(RELAY_HEADER)]).toEqual([426, kinds]);
});

describe('the address of a client', () => {
  /** What is told over a bare WebSocket, and what the client's own port is. */
  async function asked(
    kind: RelayKind,
    { port }: Relay,
    headers: Record<string, string> = {},
    host = '127.0.0.1',
  ): Promise<readonly [told: RelayMessage | undefined, own: string]> {
    const socket = new WebSocket(`ws://${host}:${port}${PATHS[`relay-${kind}`]}`, { headers });
    cleanups.push(() => socket.terminate());
    const join = joinMessage({ ...randomJoin(), address: true });
    if (kind === 'ws') socket.on('open', () => socket.send(JSON.stringify(join)));
    let tcp: Socket | undefined;
    socket.on('upgrade', (response) => (tcp = response.socket));
    const told = await new Promise<RelayMessage>((resolve) => {
      socket.on('message', (data) => {
        const text = (data as Buffer).toString();
        if (text.startsWith('0{')) socket.send('40');
        else if (text.startsWith('40')) socket.send(`42${JSON.stringify(['control', join])}`);
        else
          resolve(
            (text.startsWith('42') ? (JSON.parse(text.slice(2)) as unknown[])[1] : JSON.parse(text)) as RelayMessage,
          );
      });
    });
    const { address, port: own } = tcp?.address() as AddressInfo;
    return [told, address.includes(':') ? `[${address}]:${own}` : `${address}:${own}`];
  }

  test.each<RelayKind>(['ws', 'socketio'])('is told over %s to who asks, as it is', async (kind) => {
    const has = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));
    if (!has) console.warn('skipped: the address of who asks over IPv6, this machine has no ::1');
    for (const host of ['127.0.0.1', ...(has ? ['::'] : [])]) {
      const made = await relay(startRelay, { host });
      const [told, own] = await asked(kind, made);
      // On a socket for both families, too, it is the plain one.
      expect(told).toEqual({ type: 'joined', peer: false, address: own });
      if (host !== '::') continue;
      const [six, ownSix] = await asked(kind, made, {}, '[::1]');
      expect(six).toEqual({ type: 'joined', peer: false, address: ownSix });
    }
  });

  test.each<RelayKind>(['ws', 'socketio'])('is left out over %s behind what does not tell both', async (kind) => {
    const open = await relay();
    for (const name of ['X-Forwarded-For', 'Forwarded', 'Via', 'X-Real-IP']) {
      expect((await asked(kind, open, { [name]: '203.0.113.7' }))[0]).toEqual({ type: 'joined', peer: false });
    }
    const trusting = await relay(startRelay, { trustProxy: ['loopback'] });
    for (const headers of [{}, { 'X-Forwarded-For': '203.0.113.7:51234' }]) {
      expect((await asked(kind, trusting, headers))[0]).toEqual({ type: 'joined', peer: false });
    }
    const others = await relay(startRelay, { trustProxy: ['203.0.113.1'] });
    const [told, own] = await asked(kind, others);
    expect(told).toEqual({ type: 'joined', peer: false, address: own });
  });

  test('is told to nobody who does not ask, and not to one who polls', async () => {
    const made = await relay();
    const visitor = await enter('ws', made.url, randomJoin());
    expect(visitor.told).toEqual([{ type: 'joined', peer: false }]);
    visitor.close();
    const base = `${made.url.href.replace('ws:', 'http:')}socket.io/?EIO=4&transport=polling`;
    const sid = /"sid":"([^"]+)"/.exec(await (await fetch(base)).text())?.[1] ?? '';
    const post = (body: string) => fetch(`${base}&sid=${sid}`, { method: 'POST', body });
    await post('40');
    await (await fetch(`${base}&sid=${sid}`)).text();
    await post(`42${JSON.stringify(['control', joinMessage({ ...randomJoin(), address: true })])}`);
    expect(await (await fetch(`${base}&sid=${sid}`)).text()).toBe('42["control",{"type":"joined","peer":false}]');
    await post('1');
  });
});
