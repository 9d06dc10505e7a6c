/**
 * What docs/relay offers an operator, tried: the proxies are started with their examples and chatted through, the unit is
 * judged, and what the image holds is run as it would be, without root and without a place to write to.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { validate } from 'dockerfile-utils';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { flagNames, helpText } from '../../adapters/relay/flags.js';
import { repeats } from '../support/chance.js';
import { hasOpenssl, makeCertificate, type TestCertificate } from '../support/certificate.js';
import { freePort } from '../support/free-port.js';
import { honestPair } from '../support/honest-pair.js';
import { killAll, ROOT, start } from '../support/program.js';
import { type RelayProcess, type RelayProgram, startRelayProcess } from '../support/relay.js';
import { PATHS } from '../support/relay-attacker.js';

const DOCS = path.join(ROOT, 'docs', 'relay');
const has = (program: string, ...args: string[]): boolean => spawnSync(program, args).status === 0;
const HAVE = {
  haproxy: has('haproxy', '-v') && hasOpenssl,
  caddy: has('caddy', 'version') && hasOpenssl,
  systemd: has('systemd-analyze', 'security', '--help') && has('systemd-analyze', '--version'),
  strace: has('strace', '-f', '-o', '/dev/null', 'true'),
  docker: has('docker', 'info'),
};
for (const [program, there] of Object.entries(HAVE)) {
  if (!there) console.warn(`SKIPPED: no ${program} here, so what docs/relay says of it is not tried`);
}

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  killAll();
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function text(name: string): string {
  return readFileSync(path.join(DOCS, name), 'utf8');
}

/** Everything of it must be there, or the example is another one than the test knows. */
function replaced(whole: string, ...pairs: readonly (readonly [string, string])[]): string {
  return pairs.reduce((so, [from, to]) => {
    if (!so.includes(from)) throw new Error(`the example has no ${from}`);
    return so.replaceAll(from, to);
  }, whole);
}

function folder(): string {
  const made = mkdtempSync(path.join(tmpdir(), 'securechat-deploy-'));
  cleanups.push(() => {
    spawnSync('chmod', ['-R', 'u+w', made]);
    rmSync(made, { recursive: true, force: true });
  });
  return made;
}

function certificate(): TestCertificate {
  const made = makeCertificate();
  cleanups.push(() => made.remove());
  return made;
}

/** Runs until the test is over; its output is told when it ends before. */
function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const ended = once(child, 'close');
  let wanted = false;
  void ended.then(() => {
    if (!wanted) console.error(`${program} ended:\n${said}`);
  });
  cleanups.push(async () => {
    wanted = true;
    child.kill('SIGTERM');
    await ended;
  });
  return child;
}

/** Until the proxy answers with the relay's own answer: it and its view of the relay are up. */
async function answers(port: number, ca: string): Promise<void> {
  for (;;) {
    const status = await new Promise<number | undefined>((resolve) => {
      const asked = get({ host: 'localhost', port, path: '/', ca, agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      asked.on('error', () => resolve(undefined));
    });
    if (status === 426) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function relayBehind(
  program: RelayProgram,
  ...more: string[]
): Promise<{ relay: RelayProcess; monitor: string }> {
  const flags = ['--port', '0', '--monitor-port', '0', '--trust-proxy', 'loopback', ...more];
  const relay = await startRelayProcess(flags, program);
  cleanups.push(() => relay.child.kill('SIGKILL'));
  const monitor = /:(\d+)\/$/.exec(await relay.says(/monitor on \S+(?=\n)/))?.[1] ?? '';
  return { relay, monitor };
}

/** Starts the proxy by its example; the port at which it takes wss://. */
type StartProxy = (relay: RelayProcess, monitor: string, cert: TestCertificate) => Promise<number>;

const haproxy: StartProxy = async (relay, monitor, { cert, key }) => {
  const port = await freePort();
  const place = folder();
  const pem = path.join(place, 'relay.pem');
  writeFileSync(pem, readFileSync(cert, 'utf8') + readFileSync(key, 'utf8'));
  const config = path.join(place, 'haproxy.cfg');
  writeFileSync(
    config,
    replaced(
      text('haproxy.cfg'),
      ['bind :443', `bind 127.0.0.1:${port}`],
      ['/etc/haproxy/relay.pem', pem],
      ['server relay 127.0.0.1:8765 check port 8766', `server relay 127.0.0.1:${relay.url.port} check port ${monitor}`],
    ),
  );
  run('haproxy', ['-db', '-f', config]);
  return port;
};

const caddy: StartProxy = async (relay, monitor, { cert, key }) => {
  const port = await freePort();
  const place = folder();
  const config = path.join(place, 'Caddyfile');
  // In place of what it would fetch for a real name.
  const local = '{\n\tadmin off\n\tauto_https disable_redirects\n\tskip_install_trust\n}\n';
  writeFileSync(
    config,
    local +
      replaced(
        text('Caddyfile'),
        ['relay.example {', `https://localhost:${port} {\n\ttls ${cert} ${key}`],
        ['127.0.0.1:8765', `127.0.0.1:${relay.url.port}`],
        ['health_port 8766', `health_port ${monitor}`],
      ),
  );
  const env = { HOME: place, XDG_DATA_HOME: place, XDG_CONFIG_HOME: place };
  run('caddy', ['run', '--config', config, '--adapter', 'caddyfile'], env);
  return port;
};

describe.each([
  ['haproxy', haproxy],
  ['caddy', caddy],
] as const)('%s, by its example', (name, startProxy) => {
  const relays = [
    ['relay-ws', 'ws'],
    ['relay-socketio', 'socketio'],
  ] as const;
  describe.runIf(HAVE[name]).each(repeats(relays))('in front of %s', (program, kind) => {
    test('two clients chat through it, over wss://', async () => {
      const made = certificate();
      const { relay, monitor } = await relayBehind(program);
      const port = await startProxy(relay, monitor, made);
      await answers(port, readFileSync(made.cert, 'utf8'));
      const flags = ['--ui', 'json', '--transport', kind, '--relay', `wss://localhost:${port}`];
      const env = { NODE_EXTRA_CA_CERTS: made.cert };
      const maker = start(flags, { env });
      const { code } = await maker.event('code');
      const guest = start([...flags, '--code-stdin'], { env });
      guest.write(`${String(code)}\n`);
      await Promise.all([maker, guest].map((each) => each.event('state', ({ state }) => state === 'active')));
      for (let n = 0; n < 20; n++) maker.command({ do: 'send', text: `through ${name} ${n}` });
      await guest.event('message', (event) => event['text'] === `through ${name} 19`);
      const texts = guest.events.flatMap((event) => (event.event === 'message' ? [event['text']] : []));
      expect(texts).toEqual(Array.from({ length: 20 }, (_, n) => `through ${name} ${n}`));
      for (const each of [maker, guest]) each.command({ do: 'quit' });
      await Promise.all([maker.exit, guest.exit]);
      expect(await relay.stop()).toBe(0);
    });
  });

  test.runIf(HAVE[name])('what a client says about its address is not believed', async () => {
    const made = certificate();
    const ca = readFileSync(made.cert, 'utf8');
    const { relay, monitor } = await relayBehind('relay-ws', '--connections-per-address', '2');
    const port = await startProxy(relay, monitor, made);
    await answers(port, ca);
    const told: string[] = [];
    for (let n = 0; n < 3; n++) {
      const headers = { 'x-forwarded-for': `192.0.2.${n}`, forwarded: `for=192.0.2.${n}` };
      const socket = new WebSocket(`wss://localhost:${port}${PATHS['relay-ws']}`, { ca, headers });
      cleanups.push(() => socket.terminate());
      socket.on('message', (message) => told.push((message as Buffer).toString()));
      await once(socket, n < 2 ? 'open' : 'close');
    }
    expect(told).toHaveLength(1);
    expect(told[0]).toContain('rate-limited');
  });
});

describe('securechat-relay.service', () => {
  const unit = text('securechat-relay.service');

  test.runIf(HAVE.systemd)('its exposure is below 2, and systemd finds nothing wrong', () => {
    const file = path.join(DOCS, 'securechat-relay.service');
    const { stdout } = spawnSync('systemd-analyze', ['security', '--offline=true', '--no-pager', file], {
      encoding: 'utf8',
    });
    const [, exposure = 'nothing'] =
      /Overall exposure level for securechat-relay\.service: ([\d.]+)/.exec(stdout) ?? [];
    console.log(`systemd-analyze security: ${exposure}`);
    expect(Number(exposure)).toBeLessThan(2);
    const { stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', file], { encoding: 'utf8' });
    // Node may be elsewhere on this machine.
    const wrong = stderr
      .split('\n')
      .filter((line) => line.includes('securechat-relay') && !/not executable/.test(line));
    expect(wrong).toEqual([]);
  });

  test.runIf(HAVE.systemd && HAVE.strace)('what the relay asks of the system is what the unit allows', async () => {
    const called = path.join(folder(), 'calls');
    const { relay, monitor } = await relayBehind('relay-ws');
    const { port } = relay.url;
    await relay.stop();
    const args = ['-f', '-qq', '-o', called, process.execPath, path.join(ROOT, 'dist', 'relay-ws.js'), '--port', port];
    const traced = spawn('strace', [...args, '--monitor-port', monitor], { stdio: ['ignore', 'ignore', 'pipe'] });
    while (!((await once(traced.stderr, 'data')) as [Buffer])[0].toString().includes('listening'));
    await (await fetch(`http://127.0.0.1:${monitor}/metrics`)).text();
    const pair = await honestPair('relay-ws', new URL(`ws://127.0.0.1:${port}`));
    await pair.chat(3);
    pair.close();
    // strace passes nothing on: the relay is its child.
    const pid = String(traced.pid);
    for (const child of readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' '))
      process.kill(Number(child));
    await once(traced, 'close');
    const calls = new Set(
      [...readFileSync(called, 'utf8').matchAll(/^\d+ +([a-z_0-9]+)\(/gm)].map(([, name = '']) => name),
    );
    expect(calls.size).toBeGreaterThan(30);
    const refused = new Set(['@privileged', '@resources'].flatMap(systemCalls));
    const allowed = new Set(systemCalls('@system-service').filter((call) => !refused.has(call)));
    // V8 asks whether there are protection keys, and does without.
    expect([...calls].filter((call) => !allowed.has(call) && call !== 'pkey_alloc')).toEqual([]);
  });

  /** What is in a group of systemd's. */
  function systemCalls(group: string): string[] {
    const { stdout } = spawnSync('systemd-analyze', ['syscall-filter', '--no-pager', group], { encoding: 'utf8' });
    const names = stdout
      .split('\n')
      .map((each) => each.trim())
      .filter((each) => /^@?[a-z_0-9-]+$/.test(each) && each !== group);
    return names.flatMap((each) => (each.startsWith('@') ? systemCalls(each) : [each]));
  }

  test('its command lines are ones that the relay takes', () => {
    const place = /^Environment="RELAY_PLACE=(.*)"$/m.exec(unit)?.[1] ?? '';
    const flags = /^Environment="NODE_FLAGS=(.*)"$/m.exec(unit)?.[1] ?? '';
    const lines = [...unit.matchAll(/^ExecStart(?:Pre)?=\/usr\/bin\/node (.*)$/gm)].map(([, line = '']) => line);
    expect(lines).toHaveLength(2);
    for (const line of lines) {
      const words = replaced(
        line,
        ...(line.includes('$NODE_FLAGS') ? [['$NODE_FLAGS', flags] as const] : []),
        ['$RELAY_PLACE', place],
        ['$RELAY_FLAGS', ''],
        ['/opt/securechat-relay', path.join(ROOT, 'dist')],
      );
      const args = [...words.split(/ +/).filter((word) => word !== ''), '--check-config'];
      const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
      expect({ status, stdout }).toMatchObject({ status: 0, stdout: expect.stringContaining('loopback') as string });
    }
    // That of the comment for a relay without a proxy, too.
    const alone = /RELAY_PLACE=(--host.*)"$/m.exec(unit)?.[1] ?? '';
    for (const [flag] of alone.matchAll(/--[a-z-]+/g)) expect(flagNames()).toContain(flag.slice(2));
  });
});

const HAVE_DISABLE_SIGUSR1 = spawnSync(process.execPath, ['--disable-sigusr1', '--version']).status === 0;

describe('Dockerfile', () => {
  const dockerfile = text('Dockerfile').replaceAll(/\\\n/g, ' ');
  const line = (word: string): string => new RegExp(`^${word} (.*)$`, 'm').exec(dockerfile)?.[1] ?? '';
  const list = (word: string): string[] => JSON.parse(line(word)) as string[];

  test('a linter has nothing to say of it', () => {
    const found = (of: string): string[] =>
      validate(of).map(({ message }) => (typeof message === 'string' ? message : message.value));
    expect(found(text('Dockerfile'))).toEqual([]);
    expect(found(text('Dockerfile').replace('WORKDIR /', 'WORKDIR '))).toEqual(['WORKDIR paths should be absolute']);
  });

  test('two stages, and the last one is not root', () => {
    expect(dockerfile.match(/^FROM /gm)).toHaveLength(2);
    const last = dockerfile.slice(dockerfile.lastIndexOf('FROM '));
    expect(last).toMatch(/^USER 65532:65532$/m);
    expect(last).not.toMatch(/^(ADD|VOLUME) |npm ci|COPY \. /m);
  });

  test('what it packs runs as another user, from a place that nobody can write to, and is healthy', async () => {
    const place = folder();
    const relay = path.join(place, 'relay');
    const packing = [...dockerfile.matchAll(/^RUN (mkdir .*)$/gm)].map(([, command = '']) => command);
    expect(packing).toHaveLength(1);
    const packed = spawnSync('sh', ['-ec', packing[0]?.replaceAll(' /relay', ` ${relay}`) ?? 'false'], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    expect(packed).toMatchObject({ status: 0, stderr: '' });
    const before = readdirSync(place, { recursive: true });
    expect(before).toContain(path.join('relay', 'node_modules', 'bufferutil', 'index.js'));
    spawnSync('chmod', ['-R', 'a-w,a+rX', place]);
    chmodSync(place, 0o555);

    const monitor = await freePort();
    const command = [...list('ENTRYPOINT'), ...list('CMD')];
    // This Node may be older than the one of the image.
    const known = (word: string): boolean => word !== '--disable-sigusr1' || HAVE_DISABLE_SIGUSR1;
    const [, ...args] = [
      ...command.filter(known),
      '--port',
      '0',
      '--host',
      '127.0.0.1',
      '--monitor-port',
      String(monitor),
    ];
    const other = { uid: 65_532, gid: 65_532 };
    // Only root may, and only where the other user can reach this Node.
    const reached = process.getuid?.() === 0 && spawnSync(process.execPath, ['--version'], other).status === 0;
    if (!reached) console.warn('SKIPPED: the packed relay is not run as another user here, but as this one');
    const nobody = reached ? other : {};
    const options = line('ENV')
      .split(' ')
      .find((each) => each.startsWith('NODE_OPTIONS='))
      ?.slice(13);
    const child = spawn(process.execPath, args, { cwd: relay, env: { NODE_OPTIONS: options }, ...nobody });
    cleanups.push(() => child.kill('SIGKILL'));
    let said = '';
    while (!said.includes('listening')) {
      const [chunk] = (await once(child.stderr, 'data')) as [Buffer];
      said += chunk.toString();
    }
    const [, , ...health] = (JSON.parse(line('HEALTHCHECK').replace(/^.*CMD /, '')) as string[]).map((word) =>
      word.replace('8766', String(monitor)),
    );
    expect(spawnSync(process.execPath, ['-e', ...health]).status).toBe(0);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(spawnSync(process.execPath, ['-e', ...health]).status).toBe(1);
    expect(readdirSync(place, { recursive: true })).toEqual(before);
  });

  test.runIf(HAVE.docker)('the image is built and runs as its first lines say', { timeout: 600_000 }, async () => {
    const image = `securechat-relay-test-${process.pid}`;
    const built = spawnSync('docker', ['build', '-q', '-f', 'docs/relay/Dockerfile', '-t', image, '.'], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    expect(built).toMatchObject({ status: 0 });
    cleanups.push(() => spawnSync('docker', ['rmi', '-f', image]));
    const flags = ['--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges', '-p', '127.0.0.1::8765'];
    const { stdout } = spawnSync('docker', ['run', '-d', '--rm', ...flags, image], { encoding: 'utf8' });
    const container = stdout.trim();
    cleanups.push(() => spawnSync('docker', ['rm', '-f', container]));
    const port = spawnSync('docker', ['port', container, '8765'], { encoding: 'utf8' }).stdout.trim().split(':').at(-1);
    for (let status: number | undefined; status !== 426; ) {
      status = await fetch(`http://127.0.0.1:${port ?? ''}/`).then(
        (answer) => answer.status,
        () => undefined,
      );
    }
    expect(spawnSync('docker', ['stop', container]).status).toBe(0);
  });
});

describe('README.md', () => {
  const readme = text('README.md');

  test('names every flag with its default, and no other', () => {
    const rows = [...readme.matchAll(/^\| `--([a-z-]+)(?: [^`]*)?` \|([^|]*)\|/gm)];
    const table = new Map(rows.map(([, flag = '', byDefault = '']) => [flag, byDefault.trim()]));
    expect([...table.keys()].sort()).toEqual(flagNames().toSorted());
    for (const row of helpText('x').split('\n')) {
      const [, flag = '', byDefault] = /^ {2}--([a-z-]+).*?(?: \(([^()]*)\))?$/.exec(row) ?? [];
      if (byDefault !== undefined) expect([flag, table.get(flag)]).toEqual([flag, byDefault]);
    }
  });

  test('names every metric of ours', async () => {
    const { relay, monitor } = await relayBehind('relay-ws');
    const metrics = await (await fetch(`http://127.0.0.1:${monitor}/metrics`)).text();
    const names = [...metrics.matchAll(/^# TYPE (securechat_relay_\w+) /gm)].map(([, name = '']) => name);
    expect(names.length).toBeGreaterThan(7);
    for (const name of names) expect(readme).toContain(name.replace('securechat_relay_', ''));
    expect(await relay.stop()).toBe(0);
  });
});
