/** Both transports through real proxies on loopback, and what is told of each way in which a proxy can fail. */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { createWay } from '../../../adapters/transport/proxy.js';
import { createSocketioTransport } from '../../../adapters/transport/socketio.js';
import type { ProxyServer } from '../../../adapters/transport/way.js';
import { createWsTransport } from '../../../adapters/transport/ws.js';
import type { TransportEvent } from '../../../core/ports.js';
import { transportContract } from '../../../plugins/testing/transport.js';
import { startRelay as startSocketio } from '../../../relay-socketio/server.js';
import { freePort } from '../../support/free-port.js';
import { hasMicrosocks, hasTinyproxy, startMicrosocks, startTinyproxy, type TestProxy } from '../../support/proxies.js';
import { GENEROUS, startTestRelay } from '../../support/relay.js';
import { randomJoin } from '../../support/relay-client.js';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const HOST = '127.0.0.1';
const KINDS = ['ws', 'socketio, websocket', 'socketio, polling'] as const;
type Kind = (typeof KINDS)[number];

function transport(kind: Kind, relay: URL, proxy: ProxyServer) {
  const way = createWay(() => proxy);
  if (kind === 'ws') return createWsTransport({ relay, way });
  return createSocketioTransport({ relay, way, ways: [kind === 'socketio, polling' ? 'polling' : 'websocket'] });
}

async function used(proxy: Promise<TestProxy>): Promise<TestProxy> {
  const running = await proxy;
  cleanups.push(() => running.stop());
  return running;
}

const PROXIES: readonly (readonly [string, boolean, () => Promise<readonly [TestProxy, ProxyServer]>])[] = [
  [
    'microsocks',
    hasMicrosocks,
    async () => {
      const proxy = await startMicrosocks();
      return [proxy, { kind: 'socks', host: HOST, port: proxy.port }];
    },
  ],
  [
    'tinyproxy with a password',
    hasTinyproxy,
    async () => {
      const proxy = await startTinyproxy({ auth: 'ada:secret' });
      return [proxy, { kind: 'http', host: HOST, port: proxy.port, user: 'ada', password: 'secret' }];
    },
  ],
];

for (const [name, here, start] of PROXIES) {
  for (const kind of KINDS) {
    transportContract({
      name: `${kind} through ${name}`,
      test: here ? test : test.skip,
      async makeFixture() {
        const relay = kind === 'ws' ? await startTestRelay() : await startSocketio({ port: 0, limits: GENEROUS });
        const [proxy, server] = await start();
        const reached = transport(kind, relay.url, server);
        return {
          pair: [reached, reached],
          unreachable: transport(kind, new URL(`ws://${HOST}:${String(await freePort())}/`), server),
          async dispose() {
            await proxy.stop();
            await relay.close();
          },
        };
      },
    });
  }
}

/** How a connection ends that never opens. */
function endOf(kind: Kind, relay: string, proxy: ProxyServer): Promise<TransportEvent> {
  return new Promise((resolve) => {
    transport(kind, new URL(relay), proxy).open(randomJoin(), (event) => {
      if (event.type === 'closed') resolve(event);
    });
  });
}

async function saying(answer: (socket: Socket) => unknown): Promise<number> {
  const server: Server = createServer((socket) => {
    socket.on('error', () => undefined);
    cleanups.push(() => socket.destroy());
    socket.once('data', () => answer(socket));
  });
  server.listen(0, HOST);
  await once(server, 'listening');
  cleanups.unshift(() => server.close());
  return (server.address() as AddressInfo).port;
}

const RELAY = 'wss://relay.invalid/';

describe.each(KINDS)('%s', (kind) => {
  test.each<[string, string, string]>([
    ['407', 'HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n', 'SC-116'],
    ['403', 'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n', 'SC-117'],
    ['503', 'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n', 'SC-118'],
    ['405', 'HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n', 'SC-119'],
    ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n', 'SC-119'],
    ['a head without end', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}`, 'SC-119'],
    ['another switch', 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n', 'SC-119'],
  ])('an HTTP proxy that answers %s', async (_what, answer, code) => {
    const port = await saying((socket) => socket.write(answer));
    expect(await endOf(kind, RELAY, { kind: 'http', host: HOST, port })).toMatchObject({ reason: 'unreachable', code });
  });

  test.each<[string, readonly number[], string]>([
    ['no method that is known here', [5, 0xff], 'SC-116'],
    ['another version', [4, 0], 'SC-119'],
    ['HTTP', [...Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')], 'SC-119'],
  ])('a SOCKS proxy that answers %s', async (_what, answer, code) => {
    const port = await saying((socket) => socket.write(Uint8Array.from(answer)));
    expect(await endOf(kind, RELAY, { kind: 'socks', host: HOST, port })).toMatchObject({
      reason: 'unreachable',
      code,
    });
  });

  test.each([
    [2, 'SC-117'],
    [4, 'SC-118'],
    [5, 'SC-118'],
  ])('a SOCKS proxy that refuses with %s', async (reply, code) => {
    const port = await saying((socket) => {
      socket.write(Uint8Array.of(5, 0));
      socket.once('data', () => socket.write(Uint8Array.of(5, reply, 0, 1, 0, 0, 0, 0, 0, 0)));
    });
    expect(await endOf(kind, RELAY, { kind: 'socks', host: HOST, port })).toMatchObject({
      reason: 'unreachable',
      code,
    });
  });

  test.each(['socks', 'http', 'https'] as const)('nothing listens where the %s proxy should be', async (scheme) => {
    const proxy: ProxyServer = { kind: scheme, host: HOST, port: await freePort() };
    expect(await endOf(kind, RELAY, proxy)).toMatchObject({
      reason: 'unreachable',
      detail: 'ECONNREFUSED',
      code: 'SC-115',
    });
  });

  test('an https proxy that speaks no TLS', async () => {
    const port = await saying((socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'));
    expect(await endOf(kind, RELAY, { kind: 'https', host: HOST, port })).toMatchObject({ code: 'SC-119' });
  });

  test.skipIf(!hasTinyproxy)('tinyproxy: no password, a wrong one, a port that is not allowed', async () => {
    const proxy = await used(startTinyproxy({ auth: 'ada:secret', ports: [443] }));
    const server: ProxyServer = { kind: 'http', host: HOST, port: proxy.port };
    expect(await endOf(kind, RELAY, server)).toMatchObject({ code: 'SC-116' });
    expect(await endOf(kind, RELAY, { ...server, user: 'ada', password: 'wrong' })).toMatchObject({ code: 'SC-116' });
    const known = { ...server, user: 'ada', password: 'secret' };
    expect(await endOf(kind, 'wss://relay.invalid:8443/', known)).toMatchObject({ code: 'SC-117' });
  });

  test.skipIf(!hasMicrosocks)('microsocks: a wrong password', async () => {
    const proxy = await used(startMicrosocks('ada', 'secret'));
    const server: ProxyServer = { kind: 'socks', host: HOST, port: proxy.port };
    expect(await endOf(kind, RELAY, server)).toMatchObject({ code: 'SC-116' });
    expect(await endOf(kind, RELAY, { ...server, user: 'ada', password: 'wrong' })).toMatchObject({ code: 'SC-116' });
  });

  test('the name of the relay goes to the proxy as it is', async () => {
    let asked = '';
    const port = await saying((socket) => {
      socket.write(Uint8Array.of(5, 0));
      socket.once('data', (request: Buffer) => {
        asked = request.toString('latin1', 5, 5 + (request[4] ?? 0));
        socket.destroy();
      });
    });
    await endOf(kind, RELAY, { kind: 'socks', host: HOST, port });
    expect(asked).toBe('relay.invalid');
  });
});

test.each(KINDS)('%s: what a proxy opens when the attempt is over is closed', async (kind) => {
  const late: Socket[] = [];
  const port = await saying((socket) => late.push(socket));
  const way = createWay(() => ({ kind: 'http', host: HOST, port }));
  const relay = new URL('ws://relay.invalid/');
  const times = { relay, way, connectTimeoutMs: 1_000 };
  const closed = new Promise<TransportEvent>((resolve) => {
    const transport =
      kind === 'ws'
        ? createWsTransport(times)
        : createSocketioTransport({ ...times, ways: [kind === 'socketio, polling' ? 'polling' : 'websocket'] });
    transport.open(randomJoin(), (event) => {
      if (event.type === 'closed') resolve(event);
    });
  });
  expect(await closed).toMatchObject({ reason: 'unreachable' });
  const [socket] = late;
  if (socket === undefined) throw new Error('the proxy was not asked');
  const over = once(socket, 'close');
  socket.resume().write('HTTP/1.1 200 OK\r\n\r\n');
  await over;
});

test('a proxy that never answers is given up, and its connection closed', async () => {
  let over: Promise<unknown> = Promise.resolve();
  const port = await saying((socket) => {
    over = once(socket, 'close');
  });
  const relay = new URL('ws://relay.invalid/');
  const way = createWay(() => ({ kind: 'http', host: HOST, port }));
  const closed = new Promise<TransportEvent>((resolve) => {
    createWsTransport({ relay, way, connectTimeoutMs: 100 }).open(randomJoin(), (event) => {
      if (event.type === 'closed') resolve(event);
    });
  });
  expect(await closed).toMatchObject({ reason: 'unreachable', detail: 'time-out' });
  await over;
});
