/**
 * The recipes of docs/pipe.md, as they are written there, with a relay and a code filled in.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { killPiped, startPiped } from '../support/pipes.js';
import { PROGRAM, ROOT } from '../support/program.js';
import { type RelayProcess, startRelayProcess } from '../support/relay.js';

let relay: RelayProcess;
let root: string;

beforeAll(async () => {
  relay = await startRelayProcess(['--port', '0', '--joins-per-minute', '100000']);
  root = mkdtempSync(path.join(tmpdir(), 'securechat recipes-'));
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

/** Runs the first line in one folder and the others in another, at the same time. */
async function together(lines: readonly string[], here: string, there: string): Promise<readonly (number | null)[]> {
  rooms += 1;
  const code = `recipe${String(process.pid)}x${String(rooms)}-tunnel-anchor`;
  const filled = lines.filter((line) => line !== '').map((line) => line.replaceAll('CODE', code));
  const env = {
    PATH: `${path.join(root, 'bin')}:${process.env['PATH'] ?? ''}`,
    SECURECHAT_RELAY: relay.url.href,
    GIT_CONFIG_GLOBAL: '/dev/null',
  };
  const run = (script: string, cwd: string) =>
    startPiped(['-c', `set -e\n${script}`], { before: ['bash', '-o', 'pipefail'], cwd, env }).exit;
  const [first = '', ...rest] = filled;
  return Promise.all([run(first, here), run(rest.join('\n'), there)]);
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
