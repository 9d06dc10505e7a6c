/** The program through proxies: a whole chat, a proxy that dies in it, who is asked for names, and what is told. */
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createServer as createSecureServer } from 'node:https';
import { afterEach, describe, expect, test } from 'vitest';
import { repeats } from '../support/chance.js';
import { hasOpenssl, makeSigned, type TestCertificate } from '../support/certificate.js';
import { type JsonEvent, killAll, type Program, PROGRAM, start, type StartOptions } from '../support/program.js';
import { hasMicrosocks, hasTinyproxy, startMicrosocks, startTinyproxy } from '../support/proxies.js';
import { startRelayProcess, startTestRelay } from '../support/relay.js';
import { hasStrace } from '../support/strace.js';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  killAll();
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function relayPort(): Promise<number> {
  const relay = await startTestRelay();
  cleanups.push(() => relay.close());
  return relay.port;
}

/** SOCKS 5 for the one name `relay.test`, which is this machine. Tells with which user each connection came. */
async function startNaming(
  port = 0,
): Promise<{ readonly server: Server; readonly port: number; readonly users: string[] }> {
  const users: string[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    cleanups.push(() => socket.destroy());
    void serve(socket);
  });
  async function serve(socket: Socket): Promise<void> {
    const [greeting] = (await once(socket, 'data')) as [Buffer];
    if (greeting.includes(2, 2)) {
      socket.write(Uint8Array.of(5, 2));
      const [login] = (await once(socket, 'data')) as [Buffer];
      users.push(login.toString('latin1', 2, 2 + (login[1] ?? 0)));
      socket.write(Uint8Array.of(1, 0));
    } else socket.write(Uint8Array.of(5, 0));
    const [request] = (await once(socket, 'data')) as [Buffer];
    const length = request[4] ?? 0;
    const known = request[3] === 3 && request.toString('latin1', 5, 5 + length) === 'relay.test';
    socket.write(Uint8Array.of(5, known ? 0 : 4, 0, 1, 0, 0, 0, 0, 0, 0));
    if (!known) return;
    const upstream = connect(request.readUInt16BE(5 + length), '127.0.0.1');
    upstream.on('error', () => socket.destroy());
    socket.on('close', () => upstream.destroy());
    socket.pipe(upstream).pipe(socket);
  }
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => server.close());
  return { server, port: (server.address() as AddressInfo).port, users };
}

const ROOM = '482913-tunnel-anchor-mango';

function client(args: readonly string[], options: StartOptions = {}): Program {
  return start(['--ui', 'json', '--insecure-relay', ...args, ROOM], options);
}

async function chat(left: Program, right: Program, text: string): Promise<void> {
  const active = (event: JsonEvent) => event['state'] === 'active';
  await Promise.all([left.event('state', active), right.event('state', active)]);
  left.command({ do: 'send', text });
  await right.event('message', (event) => event['text'] === text);
}

async function leave(left: Program, right: Program): Promise<void> {
  left.command({ do: 'quit' });
  expect(await Promise.all([left.exit, right.exit])).toEqual([0, 0]);
}

test.skipIf(!hasMicrosocks)('a proxy that dies in a chat and comes back is used again', async () => {
  const port = await relayPort();
  const proxy = await startMicrosocks();
  cleanups.push(() => proxy.stop());
  const args = ['--relay', `ws://127.0.0.1:${String(port)}`, '--proxy', `socks5h://127.0.0.1:${String(proxy.port)}`];
  const [left, right] = [client(args), client(args)];
  await chat(left, right, 'one');
  await proxy.stop();
  await left.event('state', ({ state }) => state === 'reconnecting');
  left.command({ do: 'send', text: 'two' });
  await proxy.start();
  await right.event('message', ({ text }) => text === 'two');
  await leave(left, right);
});

test.skipIf(!hasTinyproxy)('user and password for a proxy come from a descriptor', async () => {
  const port = await relayPort();
  const proxy = await startTinyproxy({ auth: 'ada:secret' });
  cleanups.push(() => proxy.stop());
  const args = ['--relay', `ws://127.0.0.1:${String(port)}`, '--proxy', `http://127.0.0.1:${String(proxy.port)}`];
  const sides = [0, 1].map(() => {
    const side = client([...args, '--proxy-auth-fd', '3'], { extraFds: 1 });
    (side.child.stdio as unknown as NodeJS.WritableStream[])[3]?.end('ada:secret\n');
    return side;
  }) as [Program, Program];
  await chat(...sides, 'through tinyproxy');
  await leave(...sides);
  const without = client(args);
  expect(await without.exit).toBe(3);
  expect(without.events.at(-1)).toMatchObject({ event: 'ended', code: 'SC-116' });
});

describe('names', () => {
  test.each(repeats(['ws', 'socketio']))(
    'only the proxy knows the relay: it is found (%s), with names of its own for --tor',
    async (kind) => {
      const { startRelay } =
        kind === 'ws' ? await import('../../relay-ws/server.js') : await import('../../relay-socketio/server.js');
      const relay = await startRelay({ port: 0 });
      cleanups.push(() => relay.close());
      const { port } = await startNaming();
      const args = ['--transport', kind, '--relay', `ws://relay.test:${String(relay.port)}`];
      const sides = [0, 1].map(() => client([...args, '--proxy', `socks5h://127.0.0.1:${String(port)}`])) as [
        Program,
        Program,
      ];
      await chat(...sides, 'found');
      await leave(...sides);
    },
  );

  test('the environment names a proxy, and whom it is not for', async () => {
    const port = await relayPort();
    const proxy = await startNaming();
    const relay = ['--relay', `ws://relay.test:${String(port)}`];
    const env = { ALL_PROXY: `socks5://127.0.0.1:${String(proxy.port)}` };
    const sides = [0, 1].map(() => client(relay, { env })) as [Program, Program];
    await chat(...sides, 'by the environment');
    await leave(...sides);
    const direct = client(relay, { env: { ...env, NO_PROXY: 'relay.test' } });
    expect(await direct.exit).toBe(3);
    expect(direct.events.at(-1)).toMatchObject({ event: 'ended', code: 'SC-101' });
  });

  // Tor's own port: where Tor runs already, this cannot be tested so.
  async function startTor() {
    return startNaming(9050).catch(() => undefined);
  }

  test.skipIf(!hasStrace)('are asked of nobody but the proxy: --proxy socks5h and --tor', async ({ skip }) => {
    const port = await relayPort();
    const tor = await startTor();
    if (tor === undefined) {
      console.warn('SKIPPED, loudly: something listens on 9050 already');
      return skip();
    }
    const folder = mkdtempSync(path.join(tmpdir(), 'securechat-names-'));
    cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
    const files = ['proxy', 'tor', 'direct'].map((name) => path.join(folder, name)) as [string, string, string];
    const traced = (file: string): StartOptions => ({
      before: ['strace', '-D', '-f', '-qq', '-e', 'trace=connect,sendto,sendmsg,sendmmsg,openat', '-o', file, PROGRAM],
    });
    const relay = ['--relay', `ws://relay.test:${String(port)}`];
    const left = client([...relay, '--proxy', `socks5h://127.0.0.1:${String(tor.port)}`], traced(files[0]));
    const right = client([...relay, '--tor'], traced(files[1]));
    await chat(left, right, 'asked of nobody');
    await leave(left, right);
    const direct = client(relay, traced(files[2]));
    expect(await direct.exit).toBe(3);
    const resolves = (file: string) =>
      /htons\(53\)|resolv\.conf|\/etc\/hosts|nscd|systemd\/resolve/.test(readFileSync(file, 'utf8'));
    // The last one is the control: without a proxy the system is asked.
    expect(files.map(resolves)).toEqual([false, false, true]);
    // Each session has a name of its own at Tor.
    const again = client([...relay, '--tor']);
    await again.event('state');
    await expect.poll(() => new Set(tor.users).size).toBe(2);
    expect(tor.users[0]).toMatch(/^[0-9a-f]{32}$/);
  });
});

test('doctor asks for the relay through the proxy that the environment names, and says which that is', async () => {
  const port = await relayPort();
  const proxy = await startNaming();
  const url = `ws://relay.test:${String(port)}`;
  const told = async (env: NodeJS.ProcessEnv): Promise<string> => {
    const doctor = start(['doctor', '--relay', url], { env });
    await doctor.exit;
    return doctor.stdout();
  };
  const through = await told({ ALL_PROXY: `socks5h://127.0.0.1:${String(proxy.port)}` });
  expect(through).toMatch(/a relay answers at ws:\/\/relay\.test.* ok /);
  expect(through).toContain(`ok            SOCKS, 127.0.0.1:${String(proxy.port)}`);
  const dead = await told({ SECURECHAT_PROXY: 'socks5h://127.0.0.1:1' });
  expect(dead).toMatch(/a relay answers at ws:\/\/relay\.test.* no /);
  expect(dead).toMatch(/no +SOCKS, 127\.0\.0\.1:1 does not answer/);
  expect(await told({})).toMatch(/the proxy that the environment names +ok +none/);
});

test.each<[string, readonly string[], number, RegExp]>([
  [
    'a password',
    ['--relay', 'wss://x.example', '--proxy', 'http://a:b@127.0.0.1:1'],
    2,
    /seen by others.*--proxy-auth-fd.*SC-503/s,
  ],
  ['another scheme', ['--relay', 'wss://x.example', '--proxy', 'ftp://127.0.0.1:1'], 2, /SC-503/],
  ['a path', ['--relay', 'wss://x.example', '--proxy', 'http://127.0.0.1:1/x'], 2, /SC-503/],
  ['two proxies', ['--relay', 'wss://x.example', '--proxy', 'http://127.0.0.1:1', '--tor'], 2, /SC-503/],
  ['a password for no proxy', ['--relay', 'wss://x.example', '--proxy-auth-fd', '3'], 2, /SC-503/],
  ['no terminal to ask', ['--relay', 'wss://x.example', '--proxy', 'http://a@127.0.0.1:1'], 2, /no terminal.*SC-503/s],
  ['no relay named', ['--tor'], 2, /SC-503/],
  ['an onion service without Tor', ['--relay', 'ws://abc.onion'], 2, /through Tor only: add --tor.*SC-109/s],
  ['nothing listens', ['--relay', 'wss://x.example', '--proxy', 'socks5h://127.0.0.1:1'], 3, /SC-115/],
])('%s', async (_what, args, status, told) => {
  const program = start(['--ui', 'line', ...args, ROOM]);
  expect(await program.exit).toBe(status);
  expect(program.stderr().replace(/^(.*)\n(.*hint: .*)$/m, '$1 $2')).toMatch(told);
  expect(program.stderr()).not.toContain('a:b@');
});

/** CONNECT of HTTP over TLS; tells whom it was asked for. */
async function startSecure(certificate: TestCertificate): Promise<{ readonly port: number; readonly asked: string[] }> {
  const asked: string[] = [];
  const server = createSecureServer({ cert: readFileSync(certificate.cert), key: readFileSync(certificate.key) });
  server.on('connect', (request, socket: Socket) => {
    asked.push(request.url ?? '');
    const upstream = connect(Number(/\d+$/.exec(request.url ?? '')?.[0]), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      socket.pipe(upstream).pipe(socket);
    });
    for (const each of [socket, upstream]) each.on('error', () => undefined);
    socket.on('close', () => upstream.destroy());
    cleanups.push(() => socket.destroy());
  });
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => server.close());
  return { port: (server.address() as AddressInfo).port, asked };
}

test.skipIf(!hasOpenssl).each(repeats(['ws', 'socketio']))(
  'a proxy over TLS: one that an authority vouches for is used (%s), another is not',
  async (transport) => {
    const relay = await startRelayProcess(['--port', '0'], `relay-${transport as 'ws' | 'socketio'}`);
    const certificate = makeSigned();
    cleanups.push(certificate.remove, () => relay.child.kill('SIGKILL'));
    const proxy = await startSecure(certificate);
    const args = ['--transport', transport, '--relay', relay.url.href];
    const through = [...args, '--proxy', `https://localhost:${String(proxy.port)}`];
    const env = { NODE_EXTRA_CA_CERTS: certificate.ca };
    const sides = [client(through, { env }), client(through, { env })] as const;
    await chat(...sides, 'over TLS, over TLS');
    await leave(...sides);
    expect(new Set(proxy.asked)).toEqual(new Set([`127.0.0.1:${relay.url.port}`]));
    const before = proxy.asked.length;
    const unknown = client(through);
    expect(await unknown.exit).toBe(3);
    expect(unknown.events.at(-1)).toMatchObject({ event: 'ended', code: 'SC-119' });
    const other = client([...args, '--proxy', `https://127.0.0.2:${String(proxy.port)}`], { env });
    expect(await other.exit).toBe(3);
    expect(proxy.asked).toHaveLength(before);
  },
);
