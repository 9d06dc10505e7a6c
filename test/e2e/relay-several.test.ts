/**
 * Three relays and real clients: behind HAProxy with the example of docs/relay, and through everything that happens to
 * relays that share their rooms. Nothing is lost, doubled or out of order. 600 messages,
 * at night 100,000.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import { afterEach, describe, expect, test } from 'vitest';
import { ROOM } from '../../adapters/relay/scripts.js';
import { repeats, runs } from '../support/chance.js';
import { freePort } from '../support/free-port.js';
import { jsonPair, killAll, type Program, ROOT } from '../support/program.js';
import { hasRedis, startRedis } from '../support/redis.js';
import { type RelayProcess, type RelayProgram, startRelayProcess } from '../support/relay.js';
import { barePair } from '../support/relay-client.js';
import { startTcpProxy } from '../support/tcp-proxy.js';

const MESSAGES = runs(200, 600, 100_000);
const LIMITS = ['--joins-per-minute', '100000', '--connections-per-address', '1000', '--drain', '1'];
/** All that a relay of a cluster ever says. */
const SAID =
  /^(securechat-relay-ws: (listening on \S+|rooms are shared over Redis|the connection to Redis is down: [a-z ]+|Redis cannot be used \([A-Z]+\); still trying)\n)+$/;
const haproxy = spawnSync('haproxy', ['-v']).status === 0;
if (!haproxy) console.warn('SKIPPED, no haproxy here: relays behind it');

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  killAll();
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function relayOn(port: number, program: RelayProgram, more: readonly string[]): Promise<RelayProcess> {
  const relay = await startRelayProcess(['--port', String(port), ...LIMITS, ...more], program);
  cleanups.push(() => relay.child.kill('SIGKILL'));
  return relay;
}

/** HAProxy with the example, its addresses replaced by these ports and its certificate left out. */
async function balance(ports: readonly number[]): Promise<URL> {
  const port = await freePort();
  let config = readFileSync(path.join(ROOT, 'docs/relay/haproxy-cluster.cfg'), 'utf8');
  const bind = 'bind :443 ssl crt /etc/haproxy/relay.pem alpn http/1.1';
  expect(config).toContain(bind);
  config = config.replace(bind, `bind 127.0.0.1:${String(port)}`);
  for (const [n, each] of ports.entries()) {
    const address = `10.0.0.${String(n + 2)}:8765 check`;
    expect(config).toContain(address);
    config = config.replace(address, `127.0.0.1:${String(each)} check`);
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'securechat-several-'));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(path.join(folder, 'haproxy.cfg'), config);
  const child = spawn('haproxy', ['-f', path.join(folder, 'haproxy.cfg')], { stdio: 'ignore' });
  cleanups.push(() => child.kill('SIGKILL'));
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const open = await new Promise((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    socket.destroy();
    if (open === true) break;
    if (child.exitCode !== null) throw new Error('haproxy does not take the example');
  }
  return new URL(`ws://127.0.0.1:${String(port)}/`);
}

interface Couple {
  readonly maker: Program;
  readonly guest: Program;
}

const texts = (program: Program): unknown[] =>
  program.events.filter(({ event }) => event === 'message').map((event) => event['text']);

/** Each side says `count` more, while something happens; resolves when the other has shown it all. */
async function exchange(couples: readonly Couple[], from: number, count: number, happens: () => Promise<void>) {
  const sides = couples.flatMap(({ maker, guest }) => [maker, guest]);
  const say = (start: number, end: number): void => {
    for (let n = start; n < end; n++) for (const side of sides) side.command({ do: 'send', text: String(n) });
  };
  const middle = from + Math.floor(count / 2);
  say(from, middle);
  const happening = happens();
  say(middle, from + count);
  await happening;
  await Promise.all(sides.map((side) => side.event('message', (event) => event['id'] === from + count - 1)));
}

async function finish(couples: readonly Couple[], count: number): Promise<void> {
  const all = Array.from({ length: count }, (_, n) => String(n));
  for (const { maker, guest } of couples) {
    for (const side of [maker, guest]) {
      await side.event('delivered', (event) => event['id'] === count - 1);
      expect(texts(side)).toEqual(all);
    }
    maker.command({ do: 'quit' });
    expect([await maker.exit, await guest.exit]).toEqual([0, 0]);
  }
}

describe.skipIf(!haproxy)('behind HAProxy', () => {
  test.each(
    repeats<[RelayProgram, string]>([
      ['relay-ws', 'ws'],
      ['relay-socketio', 'socketio'],
    ]),
  )('%s: the shard hint brings both seats to one relay, with nothing shared', async (program, transport) => {
    const ports = [await freePort(), await freePort(), await freePort()];
    const relays = [];
    for (const port of ports) relays.push(await relayOn(port, program, []));
    const url = await balance(ports);
    const couples: Couple[] = [];
    for (let n = 0; n < 3; n++) {
      const flags = ['--transport', transport];
      couples.push(await jsonPair(url, { maker: flags, guest: flags }));
    }
    await exchange(couples, 0, 5, () => Promise.resolve());
    await finish(couples, 5);
  });
});

describe.skipIf(!hasRedis('real clients through everything that happens to a cluster'))('a cluster', () => {
  test.each(repeats(haproxy ? ['chance', 'HAProxy'] : ['chance']))(
    'each seat brought to a relay by %s: rolling restart, kills, a partition; nothing is lost',
    async (by) => {
      const store = await startRedis();
      cleanups.push(() => store.kill());
      const line = await startTcpProxy(() => store.port);
      cleanups.push(() => line.close());
      const ports = [await freePort(), await freePort(), await freePort()] as const;
      const clusters = [`redis://127.0.0.1:${line.url.port}`, store.url, store.url];
      const startOne = (n: number) => relayOn(ports[n] ?? 0, 'relay-ws', ['--cluster', clusters[n] ?? '']);
      const relays = [await startOne(0), await startOne(1), await startOne(2)];
      let turn = 0;
      const scatter = await startTcpProxy(() => ports[turn++ % 3] ?? 0);
      cleanups.push(() => scatter.close());
      const url = by === 'HAProxy' ? await balance(ports) : scatter.url;
      // Until all of them have found Redis.
      for (const { url: own } of relays) await joinable(own);

      const couples = [await jsonPair(url), await jsonPair(url)];
      const restart = async (n: number, signal: NodeJS.Signals): Promise<void> => {
        await relays[n]?.stop(signal);
        relays[n] = await startOne(n);
      };
      const happenings: (() => Promise<void>)[] = [
        async () => {
          for (const n of [0, 1, 2]) await restart(n, 'SIGTERM');
        },
        () => restart(1, 'SIGKILL'),
        async () => {
          await store.kill();
          await store.start();
        },
        async () => {
          line.blackhole();
          await restart(2, 'SIGKILL');
          line.heal();
        },
      ];
      const each = Math.ceil(MESSAGES / (happenings.length * couples.length * 2));
      for (const [n, happens] of happenings.entries()) {
        await exchange(couples, n * each, each, happens);
        await noThirdSeat(store.url);
      }
      await finish(couples, happenings.length * each);
      for (const relay of relays) expect(relay.output()).toMatch(SAID);
    },
  );
});

async function joinable(url: URL): Promise<void> {
  for (;;) {
    const pair = await Promise.race([
      barePair(url),
      new Promise<undefined>((resolve) => setTimeout(resolve, 300, undefined)),
    ]);
    for (const { socket } of pair ?? []) socket.terminate();
    if (pair !== undefined) return;
  }
}

async function noThirdSeat(url: string): Promise<void> {
  const redis = new Redis(url);
  for (const key of await redis.keys(`${ROOM}*`)) expect(await redis.hlen(key)).toBeLessThanOrEqual(2);
  redis.disconnect();
  await once(redis, 'end');
}
