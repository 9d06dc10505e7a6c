/** Both relays as an operator runs them: --check-config, TLS and its reload, a proxy in front, the monitor, the drain. */
import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { nativeMasking } from '../../adapters/relay/addon.js';
import { SPARE_PER_ADDRESS } from '../../adapters/relay/listener.js';
import { clientAddress, parseProxies } from '../../adapters/relay/proxy.js';
import { flagNames } from '../../adapters/relay/flags.js';
import { repeats } from '../support/chance.js';
import { hasOpenssl, makeCertificate, type TestCertificate } from '../support/certificate.js';
import { honestPair } from '../support/honest-pair.js';
import { killAll, ROOT, start } from '../support/program.js';
import { type RelayProcess, type RelayProgram, runRelayProgram, startRelayProcess } from '../support/relay.js';
import { tcp, upgraded, upgradeRequest } from '../support/relay-attacker.js';
import { bareClient, randomJoin } from '../support/relay-client.js';

const PROGRAMS = repeats(['relay-ws', 'relay-socketio'] as const);
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  killAll();
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

if (!hasOpenssl) console.warn('SKIPPED: no openssl here, so TLS of the relays is not tested');

async function relayWith(program: RelayProgram, ...args: string[]): Promise<RelayProcess> {
  const relay = await startRelayProcess(['--port', '0', ...args], program);
  cleanups.push(() => relay.child.kill('SIGKILL'));
  return relay;
}

test.each(PROGRAMS)('%s lets its heap grow before V8 looks through it', async (program) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'securechat-heap-'));
  cleanups.push(() => rmSync(folder, { recursive: true }));
  const spy = path.join(folder, 'spy.mjs');
  writeFileSync(
    spy,
    `import v8 from 'node:v8'; import { syncBuiltinESMExports } from 'node:module';
    v8.setFlagsFromString = (flag) => process.stderr.write('V8 is told ' + flag + '\\n'); syncBuiltinESMExports();`,
  );
  const relay = await startRelayProcess(['--port', '0'], program, { env: { NODE_OPTIONS: `--import=${spy}` } });
  cleanups.push(() => relay.child.kill('SIGKILL'));
  expect(relay.output()).toMatch(/V8 is told --heap-growing-percent=\d{3,4}\n/);
});

function certificate(...args: Parameters<typeof makeCertificate>): TestCertificate {
  const made = makeCertificate(...args);
  cleanups.push(() => made.remove());
  return made;
}

/** The monitor's answer. */
async function ask(relay: RelayProcess, what: string): Promise<{ status: number; text: string }> {
  const base = (await relay.says(/monitor on http:\/\/\S+(?=\n)/)).replace('monitor on ', '');
  const answer = await fetch(base + what);
  return { status: answer.status, text: await answer.text() };
}

describe.each(PROGRAMS)('%s --check-config', (program) => {
  test('says what it understood and ends with 0', async () => {
    const flags = [
      '--port',
      '9000',
      '--trust-proxy',
      'loopback,10.1.0.0/16',
      '--rooms',
      '77',
      '--monitor-port',
      '9001',
    ];
    const { status, stdout, stderr } = await runRelayProgram(['--check-config', ...flags], program);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('ws://127.0.0.1:9000/');
    expect(stdout).toContain('loopback, 10.1.0.0/16');
    expect(stdout).toContain('http://127.0.0.1:9001/');
    expect(stdout).toMatch(/^--rooms +77$/m);
    expect(stdout).toMatch(/^--connections-per-second +1000$/m);
    expect(stdout).toMatch(/The configuration can be used\.\n$/);
  });

  test('durations with and without a unit', async () => {
    const flags = ['--idle-timeout', '15m', '--wait-timeout', '90', '--join-timeout', '7s', '--drain', '1500ms'];
    const { status, stdout } = await runRelayProgram(['--check-config', ...flags], program);
    expect(status).toBe(0);
    for (const row of [
      /^--idle-timeout +15m$/m,
      /^--wait-timeout +90s$/m,
      /^--join-timeout +7s$/m,
      /^drain +1500ms$/m,
    ]) {
      expect(stdout).toMatch(row);
    }
    expect(stdout).toMatch(/^--bytes-per-second +none$/m);
  });

  test('without TLS and proxy on an address for others it warns', async () => {
    const { status, stdout } = await runRelayProgram(['--check-config', '--host', '0.0.0.0'], program);
    expect(status).toBe(0);
    expect(stdout).toContain('clients refuse plain ws://');
  });

  // A flag, a file, the environment; everything else that is refused: test/adapters/relay/program.test.ts.
  test.each<[string[], NodeJS.ProcessEnv, string]>([
    [['--join-timeout', '5 s'], {}, '--join-timeout needs a duration'],
    [['--tls-cert', 'no-such-file', '--tls-key', 'x'], {}, '--tls-cert cannot be read (ENOENT)'],
    [[], { NODE_DEBUG: 'net,http' }, 'NODE_DEBUG is set, and makes Node write down addresses'],
  ])('%j with %j is refused with 2', async (args, env, why) => {
    for (const flags of [['--check-config', ...args], args]) {
      const { status, stdout, stderr } = await runRelayProgram(flags, program, env);
      expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
      expect(stderr.startsWith(`securechat-${program}: error: ${why}`)).toBe(true);
    }
  });

  test('--help has a line for every flag', async () => {
    const { stdout } = await runRelayProgram(['--help'], program);
    expect(flagNames().length).toBeGreaterThan(18);
    for (const flag of flagNames()) expect(stdout).toMatch(new RegExp(`^  --${flag}[ \\n]`, 'm'));
  });
});

describe.runIf(hasOpenssl).each(PROGRAMS)('%s over TLS', (program) => {
  /** The name in the certificate that a new connection gets. */
  async function nameAt(relay: RelayProcess): Promise<unknown> {
    const socket = connectTls({ port: Number(relay.url.port), host: '127.0.0.1', rejectUnauthorized: false });
    await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
    const { subject } = socket.getPeerCertificate();
    socket.destroy();
    return subject.CN;
  }

  test('two clients chat over wss://, and over nothing less', async () => {
    const { cert, key } = certificate();
    const relay = await relayWith(program, '--tls-cert', cert, '--tls-key', key);
    expect(relay.url.protocol).toBe('wss:');
    const kind = program === 'relay-ws' ? 'ws' : 'socketio';
    const flags = ['--ui', 'json', '--transport', kind, '--relay', relay.url.href.replace('127.0.0.1', 'localhost')];
    const env = { NODE_EXTRA_CA_CERTS: cert };
    const maker = start(flags, { env });
    const { code } = await maker.event('code');
    const guest = start([...flags, '--code-stdin'], { env });
    guest.write(`${String(code)}\n`);
    await Promise.all([maker, guest].map((each) => each.event('state', ({ state }) => state === 'active')));
    maker.command({ do: 'send', text: 'over TLS' });
    expect(await guest.event('message')).toMatchObject({ text: 'over TLS' });
    for (const each of [maker, guest]) each.command({ do: 'quit' });
    await Promise.all([maker.exit, guest.exit]);

    const stranger = start([...flags.slice(0, -1), relay.url.href], {});
    // Signed by nobody that it knows.
    expect(await stranger.exit).toBe(3);
    const plain = new WebSocket(relay.url.href.replace('wss', 'ws'));
    await expect(new Promise((resolve, reject) => plain.on('open', resolve).on('error', reject))).rejects.toThrow();
  });

  test('SIGHUP takes new files for new connections; bad ones change nothing and are told', async () => {
    const [first, second, other] = [certificate('first.example'), certificate('second.example'), certificate('other')];
    const relay = await relayWith(program, '--tls-cert', first.cert, '--tls-key', first.key);
    expect(await nameAt(relay)).toBe('first.example');

    writeFileSync(first.cert, 'not a certificate');
    relay.child.kill('SIGHUP');
    await relay.says(/are not a certificate and its key in PEM \(\S+\)\. The old certificate stays\. \(SC-503\)\n/);
    expect(await nameAt(relay)).toBe('first.example');

    // A certificate and the key of another one.
    copyFileSync(other.cert, first.cert);
    relay.child.kill('SIGHUP');
    await relay.says(/KEY_VALUES_MISMATCH\)\. The old certificate stays\. \(SC-503\)\n/);
    expect(await nameAt(relay)).toBe('first.example');

    rmSync(first.key);
    relay.child.kill('SIGHUP');
    await relay.says('--tls-key cannot be read (ENOENT). The old certificate stays.');

    copyFileSync(second.cert, first.cert);
    copyFileSync(second.key, first.key);
    relay.child.kill('SIGHUP');
    await relay.says('new certificate: DNS:second.example');
    expect(await nameAt(relay)).toBe('second.example');
    expect(await relay.stop()).toBe(0);
  });

  test('an expired certificate is told', async () => {
    const expired = certificate('localhost', -1);
    const flags = ['--tls-cert', expired.cert, '--tls-key', expired.key];
    const { status, stdout } = await runRelayProgram(['--check-config', ...flags], program);
    expect(status).toBe(2);
    expect(stdout).toContain('The certificate has expired');
    const relay = await relayWith(program, ...flags);
    expect(relay.output()).toContain('The certificate has expired');
    relay.child.kill('SIGHUP');
    await relay.says('the new certificate has expired. The old certificate stays.');
  });
});

test.each(PROGRAMS)('%s: a terminal that goes away, or a reload without TLS, ends no chat', async (program) => {
  const relay = await relayWith(program);
  const pair = await honestPair(program, relay.url);
  relay.child.kill('SIGHUP');
  await relay.says('SIGHUP: there is no certificate to read again (no --tls-cert)\n');
  await pair.chat(3);
  pair.close();
  expect(await relay.stop()).toBe(0);
});

test.each(PROGRAMS)('%s: SIGUSR1 opens no debugger', async (program) => {
  const relay = await relayWith(program);
  for (let n = 0; n < 3; n++) relay.child.kill('SIGUSR1');
  // Served after the signals: what they would have said is said.
  const pair = await honestPair(program, relay.url);
  await pair.chat(20);
  pair.close();
  expect(relay.output()).not.toContain('ebugger');
  expect(await relay.stop()).toBe(0);

  // As it is without: the search finds it.
  const bare = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000); console.error("up")'], {
    env: { ...process.env, NODE_OPTIONS: '--inspect-port=0' },
  });
  await once(bare.stderr, 'data');
  bare.kill('SIGUSR1');
  expect(String(await once(bare.stderr, 'data'))).toContain('ebugger');
  bare.kill('SIGKILL');
});

describe('behind a proxy', () => {
  const proxies = parseProxies(['loopback', '10.0.0.2', '10.1.0.0/16', '2001:db8::/32']);

  test.each([
    // remote, header, who it is
    ['127.0.0.1', '192.0.2.1', '192.0.2.1'],
    ['::1', '192.0.2.1', '192.0.2.1'],
    ['::ffff:127.0.0.1', '192.0.2.1', '192.0.2.1'],
    ['10.0.0.2', '192.0.2.1', '192.0.2.1'],
    ['10.1.99.7', '192.0.2.1', '192.0.2.1'],
    ['2001:db8::7', '2001:db9::1', '2001:db9::1'],
    // What the client wrote itself stands to the left.
    ['127.0.0.1', '203.0.113.9, 198.51.100.2,192.0.2.1', '192.0.2.1'],
    ['127.0.0.1', '192.0.2.1:5123', '192.0.2.1'],
    ['127.0.0.1', '[2001:db9::1]:5123', '2001:db9::1'],
    ['127.0.0.1', '[2001:db9::1]', '2001:db9::1'],
    // Nothing that can be used.
    ['127.0.0.1', undefined, '127.0.0.1'],
    ['127.0.0.1', '', '127.0.0.1'],
    ['127.0.0.1', '192.0.2.1, unknown', '127.0.0.1'],
    ['127.0.0.1', '192.0.2.1,', '127.0.0.1'],
    // Not one of ours.
    ['10.0.0.3', '192.0.2.1', '10.0.0.3'],
    ['10.2.0.1', '192.0.2.1', '10.2.0.1'],
    ['192.0.2.7', '127.0.0.1', '192.0.2.7'],
  ])('%s with %j is %s', (remote, header, who) => {
    expect(clientAddress(remote, header, proxies)).toBe(who);
  });

  /** Takes the only place of an address, then tries again: whether the second was refused. */
  async function sameAddress(relay: RelayProcess, first: string, second: string): Promise<boolean> {
    const open = (forwarded: string): WebSocket => {
      const path = relay.output().includes('socketio') ? 'socket.io/?EIO=4&transport=websocket' : '';
      const socket = new WebSocket(relay.url.href + path, { headers: { 'x-forwarded-for': forwarded } });
      socket.on('error', () => undefined);
      cleanups.push(() => socket.terminate());
      return socket;
    };
    const joined = new Promise((resolve) => {
      const socket = open(first);
      socket.on('open', resolve);
    });
    await joined;
    const again = open(second);
    return new Promise((resolve) => {
      again.on('message', (message) => {
        const said = (message as Buffer).toString();
        if (said.startsWith('0{')) again.send('40');
        if (said.startsWith('40')) again.send(`42${JSON.stringify(['control', wireJoin()])}`);
        if (said.includes('rate-limited')) resolve(true);
        if (said.includes('"joined"')) resolve(false);
      });
      again.on('open', () => {
        if (program(relay) === 'relay-ws') again.send(JSON.stringify(wireJoin()));
      });
    });
  }
  const program = (relay: RelayProcess): RelayProgram =>
    relay.output().includes('socketio') ? 'relay-socketio' : 'relay-ws';
  const wireJoin = () => ({ v: 1, type: 'join', ...randomJoin() });

  test.each(PROGRAMS)('%s counts by what a trusted proxy says, and by nothing else', async (name) => {
    const trusting = await relayWith(name, '--trust-proxy', 'loopback', '--connections-per-address', '1');
    expect(await sameAddress(trusting, '192.0.2.1', '192.0.2.2')).toBe(false);
    expect(await sameAddress(trusting, '192.0.2.3', '198.51.100.1, 192.0.2.3')).toBe(true);
    const others = await relayWith(name, '--trust-proxy', '192.0.2.200', '--connections-per-address', '1');
    expect(await sameAddress(others, '192.0.2.1', '192.0.2.2')).toBe(true);
    const without = await relayWith(name, '--connections-per-address', '1');
    expect(await sameAddress(without, '192.0.2.1', '192.0.2.2')).toBe(true);
  });
});

describe.each(PROGRAMS)('the monitor of %s', (program) => {
  test('health, readiness and figures, on a port of its own', async () => {
    const relay = await relayWith(program, '--monitor-port', '0');
    expect(await ask(relay, 'healthz')).toEqual({ status: 200, text: 'ok\n' });
    expect(await ask(relay, 'readyz')).toEqual({ status: 200, text: 'ready\n' });
    expect((await ask(relay, 'rooms')).status).toBe(404);
    const base = (await relay.says(/monitor on http:\/\/127\.0\.0\.1:\S+(?=\n)/)).replace('monitor on ', '');
    expect((await fetch(`${base}healthz`, { method: 'POST' })).status).toBe(405);

    const pair = await honestPair(program, relay.url);
    await pair.chat(3);
    const { text } = await ask(relay, 'metrics');
    expect(text).toMatch(/^securechat_relay_connections 2$/m);
    expect(text).toMatch(/^securechat_relay_rooms 1$/m);
    expect(text).toMatch(/^securechat_relay_connections_total 2$/m);
    expect(text).toMatch(/^securechat_relay_joins_total\{outcome="waiting"\} 1$/m);
    expect(text).toMatch(/^securechat_relay_joins_total\{outcome="paired"\} 1$/m);
    expect(text).toMatch(/^securechat_relay_frames_total 6$/m);
    // Six frames are less than one step.
    expect(text).toMatch(/^securechat_relay_bytes_total 0$/m);
    expect(text).toMatch(/^securechat_relay_wait_seconds_count 1$/m);
    expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds /m);
    expect(text).toMatch(/^process_open_fds /m);
    pair.close();
    expect(await relay.stop()).toBe(0);
  });

  test('a port that is taken is a sentence and exit 3', async () => {
    const relay = await relayWith(program, '--monitor-port', '0');
    const taken = /monitor on http:\/\/127\.0\.0\.1:(\d+)/.exec(relay.output())?.[1] ?? '';
    const { status, stderr } = await runRelayProgram(['--port', '0', '--monitor-port', taken], program);
    expect(status).toBe(3);
    expect(stderr).toContain('EADDRINUSE');
  });
});

test('connections of one address that ask for nothing are as few as those that do', async () => {
  const relay = await relayWith('relay-ws', '--connections-per-address', '6', '--join-timeout', '3600');
  const open = 6 + SPARE_PER_ADDRESS;
  const socket = () => {
    const made = tcp(relay.url, '127.0.0.1');
    cleanups.push(() => made.socket.destroy());
    return made;
  };
  const sockets = Array.from({ length: open }, socket);
  await Promise.all(sockets.map((each) => once(each.socket, 'connect')));
  for (let n = 0; n < 10; n++) await socket().closed;
  expect(sockets.filter((each) => each.socket.destroyed || each.socket.readableEnded)).toEqual([]);
  // One goes, one may come.
  sockets[0]?.socket.destroy();
  for (let said = ''; said === ''; ) {
    const next = socket();
    next.socket.write('GET / HTTP/1.1\r\nHost: relay\r\n\r\n');
    await next.closed;
    said = next.said();
  }
});

test.each(PROGRAMS)('%s forgets the connections of an address when they are gone', async (program) => {
  const relay = await relayWith(program, '--connections-per-address', '4');
  for (let n = 0; n < 4 + SPARE_PER_ADDRESS + 4; n++) {
    const { socket, closed, said } = await upgraded(program, relay.url, '127.0.0.1');
    expect(said()).toMatch(/^HTTP\/1\.1 101 /);
    socket.destroy();
    await closed;
  }
});

test.each(PROGRAMS)(
  'a client of the other kind of relay that does not hang up is hung up on by %s',
  async (program) => {
    const relay = await relayWith(program);
    const other = program === 'relay-ws' ? 'relay-socketio' : 'relay-ws';
    const socket = connect({ port: Number(relay.url.port), host: '127.0.0.1', allowHalfOpen: true });
    cleanups.push(() => socket.destroy());
    socket.write(upgradeRequest(other));
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 404 /);
    await new Promise<void>((resolve) => {
      socket.on('error', () => resolve());
      const speak = setInterval(() => socket.write('x'), 100);
      cleanups.push(() => clearInterval(speak));
    });
  },
);

describe('SIGTERM', () => {
  test('not ready, no newcomers, everybody told; who stays is closed at the end of the drain', async () => {
    const relay = await relayWith('relay-ws', '--monitor-port', '0', '--drain', '3600');
    const stays = await bareClient(relay.url, randomJoin());
    const leaves = await bareClient(relay.url, randomJoin());
    for (const each of [stays, leaves]) await each.until(({ told }) => told.length === 1);
    const ended = relay.stop();
    for (const each of [stays, leaves]) await each.until(({ told }) => told.length === 2);
    expect(stays.told[1]).toEqual({ type: 'error', code: 'shutting-down' });
    expect(await ask(relay, 'readyz')).toEqual({ status: 503, text: 'stopping\n' });
    expect(await ask(relay, 'healthz')).toMatchObject({ status: 200 });
    await expect(bareClient(relay.url)).rejects.toThrow('ECONNREFUSED');
    leaves.socket.close();
    await leaves.end();
    expect(stays.closed).toBeUndefined();
    stays.socket.close();
    expect(await ended).toBe(0);
  });

  test.each(PROGRAMS)('%s closes who does not leave', async (program) => {
    const relay = await relayWith(program, '--drain', '1');
    const path = program === 'relay-ws' ? '' : 'socket.io/?EIO=4&transport=websocket';
    const socket = new WebSocket(relay.url.href + path);
    await new Promise((resolve) => socket.on('open', resolve));
    const closed = new Promise((resolve) => socket.on('close', resolve));
    expect(await relay.stop()).toBe(0);
    await closed;
  });

  test.each(PROGRAMS)('clients of %s leave by themselves, and the relay does not wait longer', async (program) => {
    const relay = await relayWith(program, '--drain', '3600');
    const kind = program === 'relay-ws' ? 'ws' : 'socketio';
    const client = start(['--ui', 'json', '--transport', kind, '--relay', relay.url.href]);
    await client.event('code');
    expect(await relay.stop()).toBe(0);
    expect(await client.event('notice', ({ code }) => code === 'SC-325')).toMatchObject({ event: 'notice' });
  });
});

describe.each(PROGRAMS)('the built %s', (program) => {
  const built = path.join(ROOT, 'dist', `${program}.js`);
  const masking = (file: string, env: NodeJS.ProcessEnv = {}): { status: number | null; stdout: string } =>
    spawnSync(process.execPath, ['--disallow-code-generation-from-strings', file, '--check-config'], {
      encoding: 'utf8',
      env: { ...process.env, ...env },
    });

  test('is one file, takes bufferutil when it is there, and runs without', () => {
    expect(masking(built).stdout).toMatch(/^masking +native, by (bufferutil|Node)$/m);
    const folder = mkdtempSync(path.join(tmpdir(), 'securechat-relay-'));
    cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
    const alone = path.join(folder, 'relay.mjs');
    // Nobody's node_modules is above it.
    copyFileSync(built, alone);
    const { status, stdout } = masking(alone);
    expect(status).toBe(0);
    if (nativeMasking() === 'Node') return;
    expect(stdout).toMatch(/^masking +JavaScript$/m);
    expect(stdout).toContain('bufferutil is not installed');
    expect(masking(built, { WS_NO_BUFFER_UTIL: '1' }).stdout).toMatch(/^masking +JavaScript$/m);
  });

  test.runIf(process.platform === 'linux')('has it in memory when it runs, and the client has not', async () => {
    const native = (pid: number | undefined): boolean =>
      readFileSync(`/proc/${String(pid)}/maps`, 'utf8').includes('bufferutil');
    const relay = await startRelayProcess(['--port', '0', '--monitor-port', '0'], program);
    cleanups.push(() => relay.child.kill('SIGKILL'));
    expect(native(relay.child.pid)).toBe(nativeMasking() === 'bufferutil');
    expect((await ask(relay, 'metrics')).text).toContain('securechat_relay_connections 0');
    const client = start([
      '--ui',
      'json',
      '--transport',
      program === 'relay-ws' ? 'ws' : 'socketio',
      '--relay',
      relay.url.href,
    ]);
    await client.event('code');
    expect(native(client.child.pid)).toBe(false);
    expect(await relay.stop()).toBe(0);
  });
});
