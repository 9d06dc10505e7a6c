/**
 * The recipes of docs/pipe.md, as they are written there, with a relay and a code filled in.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../support/free-port.js';
import { killPiped, startPiped } from '../support/pipes.js';
import { PROGRAM, ROOT } from '../support/program.js';
import { type RelayProcess, startRelayProcess } from '../support/relay.js';
import { startTcpProxy } from '../support/tcp-proxy.js';

let relay: RelayProcess;
let root: string;

beforeAll(async () => {
  relay = await startRelayProcess(['--port', '0', '--joins-per-minute', '100000']);
  root = mkdtempSync(path.join(tmpdir(), 'securechat-recipes-'));
  mkdirSync(path.join(root, 'bin'));
  // `securechat` as an installed program is found.
  writeFileSync(path.join(root, 'bin/securechat'), `#!/bin/sh\nexec '${PROGRAM}' "$@"\n`, { mode: 0o755 });
});
afterAll(async () => {
  killPiped();
  await relay.stop();
  rmSync(root, { recursive: true, force: true });
});

const BLOCKS = [...readFileSync(path.join(ROOT, 'docs/pipe.md'), 'utf8').matchAll(/```sh\n([\s\S]*?)```/g)].map(
  ([, block = '']) => block.split('\n').map((line) => line.replace(/\s+#.*$/, '')),
);
const block = (word: string): readonly string[] =>
  BLOCKS.find((lines) => lines.some((line) => line.includes(word))) ?? [];
const has = (program: string): boolean => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
let rooms = 0;

/** Runs the first line in one folder and the others in another, at the same time. `by`: the relay as the first one sees it. */
async function together(
  lines: readonly string[],
  here: string,
  there: string,
  by = relay.url.href,
): Promise<readonly (number | null)[]> {
  rooms += 1;
  const code = `recipe${String(process.pid)}x${String(rooms)}-tunnel-anchor`;
  const filled = lines.filter((line) => line !== '');
  for (const folder of [here, there]) writeFileSync(path.join(folder, 'code.txt'), `${code}\n`, { mode: 0o600 });
  const env = {
    PATH: `${path.join(root, 'bin')}:${process.env['PATH'] ?? ''}`,
    GIT_CONFIG_GLOBAL: '/dev/null',
  };
  const run = (script: string, cwd: string, at = relay.url.href) =>
    startPiped(['-c', `set -e\n${script}`], {
      before: ['bash', '-o', 'pipefail'],
      cwd,
      env: { ...env, SECURECHAT_RELAY: at },
    }).exit;
  const [first = '', ...rest] = filled;
  return Promise.all([run(first, here, by), run(rest.join('\n'), there)]);
}

function folders(name: string): [string, string] {
  const both: [string, string] = [path.join(root, name, 'here'), path.join(root, name, 'there')];
  for (const each of both) mkdirSync(each, { recursive: true });
  return both;
}

test('tar', async () => {
  const [here, there] = folders('tar');
  mkdirSync(path.join(here, 'folder'));
  writeFileSync(path.join(here, 'folder/a'), 'content');
  expect(await together(block('tar -c'), here, there)).toEqual([0, 0]);
  expect(readFileSync(path.join(there, 'folder/a'), 'utf8')).toBe('content');
});

test.skipIf(!has('git'))('git bundle', async () => {
  const [here, there] = folders('git');
  const git = (...args: string[]) =>
    spawnSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], { cwd: here });
  git('init', '-q');
  writeFileSync(path.join(here, 'file'), 'committed');
  git('add', 'file');
  git('commit', '-qm', 'one');
  expect(await together(block('git bundle'), here, there)).toEqual([0, 0]);
  expect(readFileSync(path.join(there, 'repository/file'), 'utf8')).toBe('committed');
});

/** An ssh server for this test alone, and the options of its client. */
async function sshServer(): Promise<{ port: number; flags: string; stop(): void }> {
  const folder = path.join(root, 'ssh');
  mkdirSync(folder, { recursive: true });
  for (const key of ['host', 'user']) {
    spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path.join(folder, key)]);
  }
  const port = await freePort();
  const sshd = spawn(
    '/usr/sbin/sshd',
    [
      ...['-D', '-e', '-f', '/dev/null', '-p', String(port), '-h', path.join(folder, 'host')],
      ...['-o', 'ListenAddress=127.0.0.1', '-o', `AuthorizedKeysFile=${path.join(folder, 'user.pub')}`],
      ...['-o', 'StrictModes=no', '-o', 'PidFile=none', '-o', 'UsePAM=no', '-o', 'Subsystem=sftp internal-sftp'],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  await once(sshd.stderr, 'data');
  const known = '-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o BatchMode=yes';
  // A quoted path would end the quotes of the recipe.
  symlinkSync(path.join(folder, 'user'), `/tmp/securechat-key-${String(process.pid)}`);
  const flags = `-i /tmp/securechat-key-${String(process.pid)} ${known} -F /dev/null`;
  return {
    port,
    flags,
    stop() {
      sshd.kill();
      rmSync(`/tmp/securechat-key-${String(process.pid)}`, { force: true });
    },
  };
}

const sshd = has('/usr/sbin/sshd') && has('ssh') && has('nc');

describe.skipIf(!sshd)('ssh', () => {
  let server: Awaited<ReturnType<typeof sshServer>>;
  beforeAll(async () => {
    mkdirSync('/run/sshd', { recursive: true });
    server = await sshServer();
  });
  afterAll(() => server.stop());

  const filled = (lines: readonly string[], command: string): string[] => {
    const user = userInfo().username;
    return lines
      .filter((line) => line !== '')
      .map((line) =>
        line
          .replace('localhost 22', `127.0.0.1 ${String(server.port)}`)
          .replace('ssh -o', `ssh ${server.flags} -o`)
          .replace('user@peer:', `${user}@peer:${command}`)
          .replace(/user@peer$/, `${user}@peer ${command}`),
      );
  };

  test('a session with a server that has no address', async () => {
    const [here, there] = folders('ssh-session');
    spawnSync('mkfifo', [path.join(there, 'answers')]);
    const [serving = '', asking = ''] = filled(block('user@peer'), `'seq 20000' > answer`);
    const [asked] = await together([asking, serving], here, there);
    expect(asked).toBe(0);
    expect(readFileSync(path.join(here, 'answer'), 'utf8').split('\n')).toHaveLength(20_001);
  });

  test('the network breaks in the middle of a session: it goes on, and nothing is missing', async () => {
    const [here, there] = folders('ssh-cut');
    spawnSync('mkfifo', [path.join(there, 'answers')]);
    const lines = 400_000;
    const [serving = '', asking = ''] = filled(block('user@peer'), `'seq ${String(lines)}' > answer`);
    const proxy = await startTcpProxy(() => Number(relay.url.port));
    try {
      const session = together([asking, serving], here, there, proxy.url.href);
      const answer = path.join(here, 'answer');
      for (const share of [0.1, 0.5]) {
        const wanted = share * lines * 6;
        while ((statSync(answer, { throwIfNoEntry: false })?.size ?? 0) < wanted) {
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        proxy.cut();
      }
      const [asked] = await session;
      expect(asked).toBe(0);
      expect(proxy.connections).toBeGreaterThan(2);
      const said = readFileSync(answer, 'utf8').trimEnd().split('\n');
      expect(said).toHaveLength(lines);
      expect(said.every((line, i) => line === String(i + 1))).toBe(true);
    } finally {
      await proxy.close();
    }
  });

  test.skipIf(!has('rsync'))('rsync', async () => {
    const [here, there] = folders('rsync');
    spawnSync('mkfifo', [path.join(there, 'answers')]);
    mkdirSync(path.join(here, 'folder'));
    writeFileSync(path.join(here, 'folder/a'), 'content');
    const [serving = '', asking = ''] = filled(block('rsync'), `${there}/`);
    const [asked] = await together([asking, serving], here, there);
    expect(asked).toBe(0);
    expect(readFileSync(path.join(there, 'folder/a'), 'utf8')).toBe('content');
  });
});
