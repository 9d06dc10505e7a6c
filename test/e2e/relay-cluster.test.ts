/** Relays that share their rooms over a real Redis: seats that land apart, third seats, ghosts, and everything that dies. */
import { afterEach, describe, expect, test } from 'vitest';
import { SEND_BUFFER_LIMIT } from '../../adapters/relay/host.js';
import { shareRooms } from '../../adapters/relay/redis.js';
import { LINK_WINDOW } from '../../core/relay/cluster.js';
import { startRelay as startBoth } from '../../adapters/cli/relays.js';
import { startRelay as startSocketio } from '../../relay-socketio/server.js';
import { startRelay as startWs } from '../../relay-ws/server.js';
import { freePort } from '../support/free-port.js';
import { hasRedis, startRedis, type TestRedis } from '../support/redis.js';
import { GENEROUS, runRelayProgram, startRelayProcess } from '../support/relay.js';
import { randomId, randomJoin } from '../support/relay-client.js';
import { startTcpProxy } from '../support/tcp-proxy.js';
import { enter, isPaired, type RelayKind, type Visitor, visit } from '../support/visitor.js';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function redis(): Promise<TestRedis> {
  const started = await startRedis();
  cleanups.push(() => started.kill());
  return started;
}

async function relay(kind: RelayKind | 'both', address: string): Promise<URL> {
  const start = { ws: startWs, socketio: startSocketio, both: startBoth }[kind];
  const started = await start({ port: 0, limits: GENEROUS, cluster: shareRooms(address) });
  cleanups.push(() => started.close());
  return started.url;
}

async function come(kind: RelayKind, url: URL, join = randomJoin()): Promise<Visitor> {
  const visitor = await enter(kind, url, join);
  cleanups.push(() => visitor.close());
  return visitor;
}

async function pairApart(one: URL, two: URL, kinds: readonly [RelayKind, RelayKind] = ['ws', 'ws']) {
  const room = randomId();
  const joins = [randomJoin(room), randomJoin(room)] as const;
  const a = await come(kinds[0], one, joins[0]);
  const b = await come(kinds[1], two, joins[1]);
  for (const each of [a, b]) await each.until('a peer', isPaired);
  return { a, b, joins, room };
}

const bytes = (text: string) => new TextEncoder().encode(text);
const texts = ({ frames }: Visitor) => frames.map((frame) => new TextDecoder().decode(frame));
const types = ({ told }: Visitor) => told.map(({ type }) => type);

/** Frames each way, of every size. */
async function chat(a: Visitor, b: Visitor): Promise<void> {
  const before = [a.frames.length, b.frames.length] as const;
  const frames = [1, 128, 4_096, 4_097, 65_536, 73_728].map((length, n) => new Uint8Array(length).fill(n + 1));
  for (const frame of frames) {
    a.send(frame);
    b.send(frame);
  }
  await a.until('all frames', (self) => self.frames.length === before[0] + frames.length);
  await b.until('all frames', (self) => self.frames.length === before[1] + frames.length);
  for (const [n, frame] of frames.entries()) {
    expect(Buffer.compare(a.frames[before[0] + n]!, frame)).toBe(0);
    expect(Buffer.compare(b.frames[before[1] + n]!, frame)).toBe(0);
  }
}

describe('--cluster', () => {
  test('--check-config names the place, and no password', async () => {
    const args = ['--check-config', '--cluster', 'redis://somebody:secret@10.0.0.9:6380'];
    const { stdout } = await runRelayProgram(args);
    expect(stdout).toMatch(/^cluster {8}10\.0\.0\.9:6380$/m);
    expect(stdout).not.toContain('secret');
  });

  test('without Redis the operator is told why, once, and a relay stops all the same', async () => {
    const port = String(await freePort());
    const relay = await startRelayProcess(['--port', '0', '--cluster', `redis://127.0.0.1:${port}`]);
    cleanups.push(() => relay.child.kill('SIGKILL'));
    await relay.says('Redis cannot be used (ECONNREFUSED); still trying\n');
    const visitor = visit('ws', relay.url, randomJoin());
    await visitor.until('an answer', ({ told }) => told.length > 0);
    expect(visitor.told[0]).toMatchObject({ type: 'error', code: 'busy' });
    expect(await relay.stop()).toBe(0);
    expect(relay.output().match(/Redis/g)).toHaveLength(1);
  });
});

describe.skipIf(!hasRedis('relays that share their rooms'))('relays that share their rooms', () => {
  test.each<[RelayKind, RelayKind]>([
    ['ws', 'ws'],
    ['ws', 'socketio'],
    ['socketio', 'socketio'],
  ])('seats that land apart are a pair: %s and %s', async (...kinds) => {
    const { url } = await redis();
    const [one, two, three] = [await relay(kinds[0], url), await relay(kinds[1], url), await relay('ws', url)];
    const { a, b, room } = await pairApart(one, two, kinds);
    await chat(a, b);
    for (const [kind, at] of [
      [kinds[0], one],
      [kinds[1], two],
      ['ws', three],
    ] as const) {
      const third = await come(kind, at, randomJoin(room));
      expect(third.told[0]).toMatchObject({ type: 'error', code: 'room-full' });
      const maker = await come(kind, at, randomJoin(room, 'create'));
      expect(maker.told[0]).toMatchObject({ type: 'error', code: 'room-taken' });
    }
    await chat(a, b);
    b.close();
    await a.until('that it left', (self) => types(self).includes('peer-left'));
    const again = await come('ws', three, randomJoin(room));
    await again.until('a peer', isPaired);
    await a.until('a peer', isPaired);
    await chat(a, again);
  });

  test('relays that take both wires: seats of one room over different ones, on one relay and on two', async () => {
    const { url } = await redis();
    const [one, two] = [await relay('both', url), await relay('both', url)];
    for (const there of [one, two]) {
      for (const kinds of [
        ['ws', 'socketio'],
        ['socketio', 'ws'],
      ] as const) {
        const { a, b } = await pairApart(one, there, kinds);
        await chat(a, b);
        for (const each of [a, b]) each.close();
      }
    }
  });

  test('two on one relay are a pair there, and their frames do not travel', async () => {
    const { url, kill } = await redis();
    const one = await relay('ws', url);
    const { a, b } = await pairApart(one, one);
    await chat(a, b);
    await kill();
    await chat(a, b);
  });

  test('a seat taken over elsewhere ends its old connection, and the peer sees it go and come', async () => {
    const { url } = await redis();
    const [one, two, three] = [await relay('ws', url), await relay('ws', url), await relay('socketio', url)];
    const { a, b, joins } = await pairApart(one, two);
    const moved = await come('socketio', three, joins[1]);
    await b.until('the end', ({ closed }) => closed !== undefined);
    await moved.until('a peer', isPaired);
    await a.until('both', (self) => types(self).slice(-2).join() === 'peer-left,peer-joined');
    await chat(a, moved);
    // And back, to where the peer is.
    const back = await come('ws', one, joins[1]);
    await moved.until('the end', ({ closed }) => closed !== undefined);
    await back.until('a peer', isPaired);
    await a.until('both', (self) => types(self).slice(-4).join() === 'peer-left,peer-joined,peer-left,peer-joined');
    await chat(a, back);
    // On the same relay.
    const same = await come('ws', one, joins[1]);
    await same.until('a peer', isPaired);
    await a.until('all', (self) => types(self).length === 8);
    await chat(a, same);
  });

  test('a relay that is killed: its seats lapse, the peer is told, and who comes back elsewhere is paired', async () => {
    const { url } = await redis();
    const one = await relay('ws', url);
    const doomed = await startRelayProcess(['--port', '0', '--cluster', url]);
    await doomed.says('rooms are shared over Redis\n');
    const { a, b, joins } = await pairApart(one, doomed.url);
    const { a: quiet } = await pairApart(one, doomed.url);
    await doomed.stop('SIGKILL');
    await b.until('the end', ({ closed }) => closed !== undefined);
    const back = await come('ws', one, joins[1]);
    await back.until('a peer', isPaired);
    await a.until('a peer', (self) => types(self).length === 4 && isPaired(self));
    await chat(a, back);
    // Nobody came back, nothing was sent: the lease says it.
    await quiet.until('that it left', (self) => types(self).includes('peer-left'));
  });

  test('Redis killed: who is together goes on, who is apart is told, newcomers wait, and it heals by itself', async () => {
    const store = await redis();
    const [one, two] = [await relay('ws', store.url), await relay('socketio', store.url)];
    const together = await pairApart(one, one);
    const apart = await pairApart(one, two, ['ws', 'socketio']);
    await store.kill();
    for (const each of [apart.a, apart.b])
      await each.until('that it left', (self) => types(self).includes('peer-left'));
    await chat(together.a, together.b);
    const refused = visit('ws', one, randomJoin());
    await refused.until('an answer', ({ told }) => told.length > 0);
    expect(refused.told[0]).toMatchObject({ type: 'error', code: 'busy', retryAfterMs: 5000 });
    await store.start();
    for (const each of [apart.a, apart.b]) await each.until('a peer', isPaired);
    await chat(apart.a, apart.b);
    await chat(together.a, together.b);
    expect(types(together.a)).toEqual(['joined', 'peer-joined']);
    const third = await come('socketio', two, randomJoin(together.room));
    expect(third.told[0]).toMatchObject({ type: 'error', code: 'room-full' });
  });

  test('the monitor tells whether newcomers are taken, how many relays there are and what travels', async () => {
    const store = await redis();
    const args = ['--port', '0', '--monitor-port', '0', '--cluster', store.url];
    const [one, two] = [await startRelayProcess(args), await startRelayProcess(args, 'relay-socketio')];
    for (const each of [one, two]) cleanups.push(() => each.child.kill('SIGKILL'));
    const monitor = await one.says(/(?<=monitor on )http:\/\/\S+(?=\n)/);
    const ask = async (what: string): Promise<string> => (await fetch(monitor + what)).text();
    const figure = async (name: string): Promise<number> =>
      Number(new RegExp(`^securechat_relay_cluster_${name} (\\S+)$`, 'm').exec(await ask('metrics'))?.[1]);
    for (const each of [one, two]) await each.says('rooms are shared over Redis\n');
    expect(await ask('readyz')).toBe('ready\n');
    expect([await figure('up'), await figure('losses_total'), await figure('frames_total')]).toEqual([1, 0, 0]);
    const { a, b } = await pairApart(one.url, two.url, ['ws', 'socketio']);
    a.send(bytes('hello'));
    await b.until('the frame', ({ frames }) => frames.length === 1);
    expect(await figure('frames_total')).toBe(1);
    while ((await figure('relays')) !== 2);
    await store.kill();
    await one.says('the connection to Redis is down');
    expect([await ask('readyz'), await figure('up')]).toEqual(['the connection to Redis is down\n', 0]);
    expect(await figure('losses_total')).toBe(1);
    await store.start();
    await one.says(/shared over Redis[^]*shared over Redis/);
    expect([await ask('readyz'), await figure('up')]).toEqual(['ready\n', 1]);
  });

  test('a partition: the one side is told at once or by the lease, and both meet again when it heals', async () => {
    const store = await redis();
    const proxy = await startTcpProxy(() => store.port);
    cleanups.push(() => proxy.close());
    const [cut, whole] = [await relay('ws', `redis://127.0.0.1:${proxy.url.port}`), await relay('ws', store.url)];
    const { a, b } = await pairApart(cut, whole);
    proxy.refuse();
    proxy.cut();
    await a.until('that it left', (self) => types(self).includes('peer-left'));
    // The other side finds out when it has something to say.
    b.send(bytes('to nobody'));
    await b.until('that it left', (self) => types(self).includes('peer-left'));
    proxy.heal();
    for (const each of [a, b]) await each.until('a peer', isPaired);
    await chat(a, b);
    expect(texts(a)).not.toContain('to nobody');
    // Nothing passes, and nobody is told.
    proxy.blackhole();
    for (const each of [a, b]) await each.until('that it left', (self) => types(self).length >= 5);
    for (const each of [a, b]) await each.until('a peer', isPaired);
    await chat(a, b);
  });

  test('a receiver that does not read stops its sender on the other relay; memory is bounded; nothing is lost', async () => {
    const { url } = await redis();
    const [one, two] = [await relay('ws', url), await relay('ws', url)];
    const room = randomId();
    const a = await come('ws', one, randomJoin(room));
    const { bareClient } = await import('../support/relay-client.js');
    await come('ws', two);
    const b = await bareClient(two, randomJoin(room));
    await a.until('a peer', isPaired);
    b.socket.pause();
    const frame = new Uint8Array(65_536).fill(1);
    const before = process.memoryUsage().arrayBuffers;
    // Until nothing goes any more: the transport's own buffer stays full.
    let sent = 0;
    for (let idle = 0; idle < 20; ) {
      idle = a.send(frame) ? 0 : idle + 1;
      sent += 1;
      await new Promise((resolve) => setTimeout(resolve, idle > 0 ? 25 : 0));
    }
    expect(sent * frame.length).toBeGreaterThan(LINK_WINDOW + SEND_BUFFER_LIMIT);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024);
    b.socket.resume();
    await b.until((self) => self.frames.length === sent);
    expect(b.frames.every((each) => each.equals(frame))).toBe(true);
    b.socket.terminate();
  });
});
