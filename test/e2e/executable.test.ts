/**
 * What is particular to the executable: it holds everything, and each start has the rights of its task and no others. The
 * proofs of docs/zero-trace.md run on it, too. Only where SECURECHAT_PROGRAM names one, as in .ci/run.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildVariant, type Variant } from '../support/planted.js';
import { ENV, IS_EXECUTABLE, killAll, PROGRAM, start } from '../support/program.js';
import { killPiped, startPiped } from '../support/pipes.js';
import { type RelayProcess, startRelayProcess } from '../support/relay.js';

/** What a start may touch, told after its rights are given up; `place` is the folder of this test. */
const TELL = `
const may = (scope: string, at?: string) => (process as any).permission.has(scope, at);
const place = process.env['PLACE'] ?? '';
process.stdout.write(JSON.stringify({
  writes: ['', '/in', '/out', '/elsewhere'].filter((each) => may('fs.write', place + each)),
  reads: ['', '/in', '/in/a', '/out', '/elsewhere'].filter((each) => may('fs.read', place + each)),
  root: may('fs.read', '/'), child: may('child'), worker: may('worker'), from: startFolder(),
  left: Object.keys(process.env).filter((name) => name === 'SECURECHAT_FROM' || name === 'SECURECHAT_AT'),
  cookie: may('fs.read', '/run/tor/control.authcookie'),
}));
process.exit(0);
`;

describe.skipIf(!IS_EXECUTABLE)('the executable', () => {
  let place: string;
  let relay: RelayProcess;
  let variant: Variant;
  beforeAll(async () => {
    relay = await startRelayProcess(['--port', '0', '--joins-per-minute', '100000']);
    variant = await buildVariant([
      {
        file: 'adapters/cli/main.ts',
        from: 'const argv = process.argv.slice(2);',
        to: `const argv = process.argv.slice(2);\n${TELL}`,
      },
    ]);
  });
  beforeEach(async () => {
    place = await mkdtemp(path.join(tmpdir(), 'securechat executable-'));
    await Promise.all(['in', 'out', 'elsewhere'].map((name) => mkdir(path.join(place, name))));
    await writeFile(path.join(place, 'in/a'), 'content');
  });
  afterEach(async () => {
    killAll();
    killPiped();
    await rm(place, { recursive: true, force: true });
  });
  afterAll(async () => {
    variant.remove();
    await relay.stop();
  });

  const run = (file: string, args: readonly string[], env: NodeJS.ProcessEnv = {}, cwd = place) =>
    spawnSync(file, args, { encoding: 'utf8', cwd, env: { ...ENV, PLACE: place, ...env } });

  it('needs nothing beside it', async () => {
    const alone = path.join(place, 'elsewhere/securechat');
    copyFileSync(PROGRAM, alone);
    chmodSync(alone, 0o755);
    const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };
    expect(run(alone, ['--version'], { PATH: '/nowhere' }).stdout).toBe(`${version}\n`);
    expect(run(alone, ['--help'], { PATH: '/nowhere' }).stdout).toContain('Usage: securechat');
    expect(run(alone, ['page'], { PATH: '/nowhere' }).stdout).toBe(await readFile('dist/page.html', 'utf8'));
  });

  it.each([
    ['a chat', [], [], []],
    ['a pipe', ['pipe', 'CODE'], [], []],
    ['--files', ['--files=in'], ['/in'], ['/in', '/in/a']],
    ['receive', ['receive', '-o', 'out', 'CODE'], ['/out'], ['/out']],
    ['receive where it is', ['receive'], ['', '/in', '/out', '/elsewhere'], ['', '/in', '/in/a', '/out', '/elsewhere']],
    ['receive into nothing', ['receive', '-o', 'no/such/folder'], [], []],
    ['send a folder', ['send', 'in'], [], ['/in', '/in/a']],
    ['send a file: its folder', ['send', 'in/a'], [], ['/in', '/in/a']],
    ['onion', ['--onion'], [], []],
  ] as const)('%s: its rights and no others', (name, args, writes, reads) => {
    const told = JSON.parse(run(variant.launcher, args).stdout) as Record<string, unknown>;
    expect(told).toMatchObject({ writes, reads, root: false, child: false, worker: false });
    expect(told).toMatchObject({ from: place, left: [], cookie: name === 'onion' });
  });

  it('what the two starts tell each other gives nobody a right', () => {
    const told = (env: NodeJS.ProcessEnv, ...args: string[]): unknown =>
      JSON.parse(run(variant.launcher, args, env).stdout);
    const state = { SECURECHAT_FROM: '/', SECURECHAT_AT: '/' };
    expect(told(state)).toMatchObject({ writes: [], reads: [], root: false, child: false });
    expect(told({ SECURECHAT_FROM: '/' }, 'receive', '-o', 'out')).toMatchObject({
      writes: [],
      reads: [],
      root: false,
    });
    expect(told(state, 'send', '/etc')).toMatchObject({ writes: [], root: false, child: false });
  });

  it('takes no plugin: SC-520', () => {
    const { status, stderr } = run(PROGRAM, ['-p', './in']);
    expect([status, stderr]).toEqual([2, expect.stringContaining('(SC-520)')]);
  });

  it('a folder with a * is refused', async () => {
    await mkdir(path.join(place, 's*r'));
    const { status, stderr } = run(PROGRAM, ['receive', '-o', 's*r']);
    expect([status, stderr]).toEqual([2, expect.stringContaining('*')]);
  });

  it('names what it drops from the environment, and cores are off', () => {
    const { stdout, stderr } = run('sh', ['-c', 'ulimit -c unlimited 2>/dev/null; exec "$0" doctor', PROGRAM], {
      NODE_OPTIONS: '--inspect',
      SSLKEYLOGFILE: '/nowhere',
    });
    expect(stderr).toContain('in the environment and not used: NODE_OPTIONS SSLKEYLOGFILE');
    for (const what of [
      'no file',
      'only its own',
      'no program',
      'no thread',
      'no native',
      'no debugger',
      'no code',
      'no core',
    ])
      expect(stdout.split('\n').find((line) => line.startsWith(what))).toMatch(/ {2}enforced {6}/);
  });

  it('a relay in it reads its certificate from where the person is', async () => {
    const made = run('openssl', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'],
      ...['-subj', '/CN=localhost', '-keyout', 'in/key.pem', '-out', 'in/cert.pem'],
    ]);
    expect(made.status).toBe(0);
    const side = startPiped(['relay', 'ws', '--port', '0', '--tls-cert', 'in/cert.pem', '--tls-key', 'in/key.pem'], {
      cwd: place,
    });
    expect(await side.says(/wss:\/\/\S+/)).toContain('wss://');
    side.child.kill('SIGTERM');
    await side.exit;
    expect(existsSync(path.join(place, 'in/cert.pem'))).toBe(true);
  });

  it('chats', async () => {
    const flags = ['--ui', 'json', '--code-stdin', '--relay', relay.url.href];
    const sides = [start(flags), start([...flags, '--crypto', 'tweetnacl'])];
    for (const side of sides) side.write(`alone${String(process.pid)}-tunnel-anchor\n`);
    const [left, right] = sides as [(typeof sides)[0], (typeof sides)[0]];
    await Promise.all(sides.map((side) => side.event('state', ({ state }) => state === 'active')));
    left.command({ do: 'send', text: 'hello' });
    await right.event('message', ({ text }) => text === 'hello');
    left.command({ do: 'quit' });
    expect(await Promise.all(sides.map(({ exit }) => exit))).toEqual([0, 0]);
  });
});
