/**
 * Plugins in the real program: told when they are loaded, and each way one can misbehave ends in one sentence with its
 * code, the documented exit status, and a terminal as it was.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ENV, killAll, PROGRAM, ROOT, run, start } from '../support/program.js';
import { type RelayProcess, startRelayProcess } from '../support/relay.js';

const CODE = '482913-tunnel-anchor-mango';
const HERE = './test/support/plugins';
const MISBEHAVING = ['--plugin', `${HERE}/misbehaving.mjs`];
const TRANSPORT = [...MISBEHAVING, '--transport', 'wrong', '--wrong-transport'];
const CONTROLS = /(?!\n)\p{Cc}/u;

// At once: most of their time is waiting.
afterAll(killAll);

/** One sentence with this code, beside the line that names the plugin; nothing that gives an order to a terminal. */
function expectTold(stderr: string, code: string, says: RegExp): void {
  const lines = stderr.split('\n').filter((line) => line !== '' && !line.includes('(SC-507)'));
  const told = lines.filter((line) => /^securechat: (?!hint: )/.test(line));
  expect(told).toHaveLength(1);
  expect(told[0]).toMatch(says);
  expect(told[0]?.endsWith(`(${code})`)).toBe(true);
  expect(stderr).not.toMatch(CONTROLS);
}

describe.concurrent('a plugin that is wrong before anything is opened: exit 2', () => {
  it.each<[string, string[], RegExp]>([
    ['is missing', ['-p', 'securechat-plugin-nowhere'], /not installed/],
    ['is a path to nothing', ['-p', './nowhere'], /no such file/],
    ['is no plugin', ['-p', `${HERE}/none.mjs`], /not made with definePlugin/],
    ['is for another version', ['-p', `${HERE}/newer.mjs`], /plugin API 2\.0, and this program has 1\.0/],
    ['brings a name that is taken', ['-p', `${HERE}/taken.mjs`], /already a transport "ws"/],
    ['brings a flag that is taken', ['-p', `${HERE}/clash.mjs`], /--relay is taken/],
    ['throws on load', ['-p', `${HERE}/throws.mjs`], /could not be imported: no luck/],
    ['is named twice', [...MISBEHAVING, ...MISBEHAVING], /named "misbehaving" is there already/],
    [
      'throws on create',
      [...TRANSPORT, 'create-throws'],
      /misbehaving.* its transport "wrong" could not be made: boom/,
    ],
    ['makes no transport', [...TRANSPORT, 'create-nothing'], /no function open/],
    ['throws on create of a UI', [...MISBEHAVING, '-u', 'wrong', '--wrong-ui', 'create-throws'], /ui "wrong".*boom/],
    [
      'throws on create of a crypto',
      [...MISBEHAVING, '-c', 'wrong', '--wrong-crypto', 'create-throws'],
      /crypto.*boom/,
    ],
    ['makes no crypto', [...MISBEHAVING, '-c', 'wrong', '--wrong-crypto', 'create-nothing'], /no function random/],
    ['never finishes to create', [...TRANSPORT, 'create-never'], /not ready after 10 seconds/],
  ])('%s', async (_what, args, says) => {
    const { status, stdout, stderr } = await run([
      ...args,
      CODE,
      '--ui',
      ...(args.includes('-u') ? ['wrong'] : ['line']),
    ]);
    expectTold(stderr, 'SC-504', says);
    expect([status, stdout]).toEqual([2, '']);
  });

  it('its flags are unknown without it, checked with it, and in the help with it', async () => {
    const without = await run(['--wrong-transport', 'oversize', CODE]);
    expectTold(without.stderr, 'SC-503', /--wrong-transport/);
    const wrong = await run([...TRANSPORT, 'sideways', CODE]);
    expectTold(wrong.stderr, 'SC-503', /Cannot use --wrong-transport: there is no way sideways/);
    const help = await run([...MISBEHAVING, '--help']);
    expect(help.stdout).toMatch(/Flags of the transport wrong:\s+--wrong-transport <way> +the way/);
    expect(help.stdout).not.toMatch(CONTROLS);
    expect((await run(['--help'])).stdout).not.toContain('--wrong');
    expect([without.status, wrong.status, help.status]).toEqual([2, 2, 0]);
  });
});

describe.concurrent('a transport that misbehaves in use: the session ends with its code', () => {
  it.each<[string, string, number, RegExp]>([
    ['open-throws', 'SC-506', 1, /The transport "wrong" failed: Error, boom .*at misbehaving\.mjs:\d+/],
    ['open-nothing', 'SC-506', 1, /no connection/],
    ['open-early', 'SC-506', 1, /before open had returned/],
    ['send-throws', 'SC-506', 1, /boom/],
    ['no-waiting', 'SC-506', 1, /does not tell how many bytes wait/],
    ['waiting-throws', 'SC-506', 1, /Error, boom .*at misbehaving\.mjs:\d+/],
    ['oversize', 'SC-506', 1, /frame of 73729 bytes/],
    ['no-bytes', 'SC-506', 1, /not made of bytes/],
    ['no-object', 'SC-107', 3, /not in the protocol/],
    ['after-closed', 'SC-108', 3, /gone/],
    // Nobody can catch what it throws in a timer of its own; the program still says whose it is.
    ['throws-later', 'SC-506', 1, /The plugin "misbehaving" failed: Error at misbehaving\.mjs:\d+/],
    ['rejects-later', 'SC-506', 1, /The plugin "misbehaving" failed: Error at misbehaving\.mjs:\d+/],
  ])('%s', async (way, code, status, says) => {
    // A line that was there and is lost is made anew, unless that is switched off.
    const program = start([...TRANSPORT, way, '--ui', 'line', '--resume-timeout', '0', CODE]);
    expect(await program.exit).toBe(status);
    expectTold(program.stderr(), code, says);
    expect(program.stdout()).toBe('');
  });

  it('open-never: it can be interrupted', async () => {
    const program = start([...TRANSPORT, 'open-never', '--ui', 'line', CODE]);
    await program.says('Looking for your peer');
    program.child.kill('SIGINT');
    expect(await program.exit).toBe(130);
    expectTold(program.stderr(), 'SC-311', /Interrupted/);
  });
});

describe.concurrent('a UI or a crypto that misbehaves in use', () => {
  let relay: RelayProcess;
  beforeAll(async () => {
    relay = await startRelayProcess();
  });
  afterAll(() => relay.stop());

  it.each<[string[], RegExp]>([
    [['-u', 'wrong', '--wrong-ui', 'open-throws'], /The ui "wrong" failed: Error, at misbehaving\.mjs/],
    [['-u', 'wrong', '--wrong-ui', 'show-throws'], /The ui "wrong" failed: Error, at misbehaving\.mjs/],
    [['-u', 'wrong', '--wrong-ui', 'close-rejects'], /The ui "wrong" failed/],
    [['-u', 'wrong', '--wrong-ui', 'throws-twice'], /The plugin "misbehaving" failed: Error at misbehaving\.mjs/],
    [
      ['-u', 'line', '-c', 'wrong', '--wrong-crypto', 'throws'],
      /The crypto "wrong" failed: Error, at misbehaving\.mjs/,
    ],
  ])('%j: told on stderr, exit 1', async (args, says) => {
    const { status, stderr } = await run([...MISBEHAVING, ...args, '--relay', relay.url.href, CODE]);
    expectTold(stderr, 'SC-506', says);
    expect(status).toBe(1);
  });

  it('the terminal is as it was', () => {
    const has = spawnSync('script', ['--version'], { encoding: 'utf8' });
    if (has.error !== undefined || !has.stdout.includes('util-linux')) {
      console.warn('SKIPPED: no script of util-linux here, the terminal after a failed UI is not looked at');
      return;
    }
    for (const way of ['show-throws', 'close-rejects']) {
      const program = [PROGRAM, ...MISBEHAVING, '-u', 'wrong', '--wrong-ui', way, '--relay', relay.url.href, CODE];
      const command = `stty -a | tail -4; echo =; ${program.map((word) => `'${word}'`).join(' ')}; echo =; stty -a | tail -4`;
      const { stdout } = spawnSync('script', ['-qec', command, '/dev/null'], {
        cwd: ROOT,
        encoding: 'utf8',
        input: '',
      });
      const [before, said, after] = stdout.split('=\r\n');
      expect(said).toContain('(SC-506)');
      expect(before).toContain('icanon');
      expect(after?.trim()).toBe(before?.trim());
    }
  });
});

describe('the line that says that a plugin was loaded', () => {
  it.each([[['--ui', 'json']], [['--ui', 'json', '--quiet']]])(
    'on stderr, with name, version and path: %j',
    async (flags) => {
      const program = start([...TRANSPORT, 'no-object', ...flags, CODE]);
      await program.exit;
      const file = path.join(ROOT, 'test/support/plugins/misbehaving.mjs');
      expect(program.stderr().split('\n')[0]).toBe(
        `securechat: Loaded the plugin misbehaving from ${file}; it can do anything this program can. (SC-507)`,
      );
      expect(program.stdout()).not.toContain('SC-507');
      for (const line of program.stdout().split('\n')) if (line !== '') JSON.parse(line);
    },
  );

  it('names the version of a package, found in node_modules, with a securechat of its own whose errors are known', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'securechat-stranger-'));
    try {
      const plugin = path.join(folder, 'node_modules/stranger');
      const copy = path.join(plugin, 'node_modules/securechat');
      mkdirSync(copy, { recursive: true });
      cpSync(path.join(ROOT, 'dist'), path.join(copy, 'dist'), { recursive: true });
      cpSync(path.join(ROOT, 'package.json'), path.join(copy, 'package.json'));
      writeFileSync(
        path.join(plugin, 'package.json'),
        '{"name":"stranger","version":"7.8.9","type":"module","exports":"./index.js"}',
      );
      writeFileSync(
        path.join(plugin, 'index.js'),
        `import { definePlugin, RemoteProtocolError } from 'securechat/plugin';
const open = () => {
  throw new RemoteProtocolError('a rule that the other side broke');
};
const transports = { strange: { description: 'x', needsRelay: false, create: () => ({ open }) } };
export default definePlugin({ name: 'stranger', api: { major: 1, minor: 0 }, transports });
`,
      );
      const args = ['-p', 'stranger', '-t', 'strange', '--ui', 'line', CODE];
      const { stderr, status } = spawnSync(PROGRAM, args, { cwd: folder, encoding: 'utf8', input: '', env: ENV });
      expect(stderr).toMatch(/Loaded the plugin stranger 7\.8\.9 from .*stranger.index\.js; .*\(SC-507\)/);
      expectTold(stderr, 'SC-404', /violates the protocol: a rule that the other side broke/);
      expect(status).toBe(6);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  // Node 20 then denies the shorter folder itself, and allows what is in it.
  it('of two folders, one called as the other begins', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'securechat-two-'));
    try {
      const two = ['one', 'one-more'].map((name) => path.join(folder, name));
      for (const each of two) {
        mkdirSync(each);
        writeFileSync(path.join(each, 'package.json'), '{"version":"0.0.1","type":"module"}');
        const name = path.basename(each);
        const definition = `name: '${name}', api: { major: 1, minor: 0 }, [Symbol.for('securechat.plugin')]: true`;
        const transports = `transports: { '${name}': { description: 'x', needsRelay: false, create: () => ({}) } }`;
        writeFileSync(path.join(each, 'index.js'), `export default { ${definition}, ${transports} };`);
      }
      const args = [...two.flatMap((each) => ['-p', each]), '--help'];
      const { stderr, status } = spawnSync(PROGRAM, args, { cwd: folder, encoding: 'utf8', env: ENV });
      for (const name of ['one', 'one-more']) expect(stderr).toContain(`Loaded the plugin ${name} 0.0.1 from`);
      expect(status).toBe(0);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
