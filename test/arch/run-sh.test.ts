/**
 * run.sh with an npm and a build that only leave traces: when it installs, when it builds, when it only starts.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ROOT } from './sources.js';

let outside: string;
let checkout: string;

/** Writes an executable into the folder that comes first in PATH. */
function command(name: string, script: string): void {
  const file = path.join(outside, 'bin', name);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
}

const NPM = 'echo npm "$@" >>"$TRACES"; echo noise; mkdir -p node_modules; echo {} >node_modules/.package-lock.json';
const BUILD = `
import { appendFileSync, chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
appendFileSync(process.env.TRACES, 'build\\n');
console.log('noise');
mkdirSync('dist', { recursive: true });
writeFileSync('dist/securechat', '#!/usr/bin/env node\\nconsole.log(JSON.stringify([process.argv.slice(2), process.cwd(), process.pid])); process.stdin.pipe(process.stderr)');
chmodSync('dist/securechat', 0o755);
writeFileSync('.build/fingerprint', execFileSync('sh', ['.config/fingerprint.sh']));
`;

beforeEach(() => {
  outside = mkdtempSync(path.join(tmpdir(), 'securechat run-'));
  checkout = path.join(outside, "a checkout's folder");
  mkdirSync(path.join(outside, 'bin'));
  for (const folder of ['.config', 'core', 'adapters', 'plugins', 'relay-ws'])
    mkdirSync(path.join(checkout, folder), { recursive: true });
  for (const file of ['run.sh', '.config/fingerprint.sh']) cpSync(path.join(ROOT, file), path.join(checkout, file));
  for (const [file, text] of Object.entries({
    '.config/build.mjs': BUILD,
    'core/a.ts': 'a',
    'package.json': '{}',
    'package-lock.json': '{}',
  }))
    writeFileSync(path.join(checkout, file), text);
  command('npm', NPM);
});
afterEach(() => rmSync(outside, { recursive: true, force: true }));

function start(args: readonly string[] = [], { file = path.join(checkout, 'run.sh'), input = '' } = {}) {
  const traces = path.join(outside, 'traces');
  rmSync(traces, { force: true });
  const env = { ...process.env, PATH: `${path.join(outside, 'bin')}:${process.env['PATH']}`, TRACES: traces };
  const { status, stdout, stderr, pid } = spawnSync(file, args, { cwd: outside, env, input, encoding: 'utf8' });
  return {
    status,
    stdout,
    stderr,
    pid,
    did: existsSync(traces) ? readFileSync(traces, 'utf8').trim().split('\n') : [],
  };
}

const INSTALL = 'npm ci --ignore-scripts --no-audit --no-fund';

test('a fresh clone: installs, builds, starts, in one line', () => {
  const run = start(['--ui', 'a b', ''], { input: 'typed' });
  expect(run.did).toEqual([INSTALL, 'build']);
  // Only the program wrote to stdout, it got the arguments and the folder of the caller, and no parent stays.
  expect(JSON.parse(run.stdout)).toEqual([['--ui', 'a b', ''], outside, run.pid]);
  expect(run.stderr).toMatch(/^run\.sh: installing [^\n]*\ntyped$/);
});

test('the second start only starts', () => {
  start();
  expect(start()).toMatchObject({ did: [], stderr: '', status: 0 });
});

test('a changed, a new and a removed source is built, not installed', () => {
  start();
  writeFileSync(path.join(checkout, 'core/a.ts'), 'b');
  expect(start()).toMatchObject({
    did: ['build'],
    stderr: expect.stringMatching(/^run\.sh: [^\n]*building[^\n]*\n$/) as string,
  });
  writeFileSync(path.join(checkout, 'core/b.ts'), 'b');
  expect(start().did).toEqual(['build']);
  rmSync(path.join(checkout, 'core/b.ts'));
  expect(start().did).toEqual(['build']);
  expect(start().did).toEqual([]);
});

test('a changed lock file is installed', () => {
  start();
  writeFileSync(path.join(checkout, 'package-lock.json'), '{"changed":true}');
  expect(start().did).toEqual([INSTALL, 'build']);
});

test('an interrupted install is not taken for a finished one', () => {
  start();
  writeFileSync(path.join(checkout, 'package-lock.json'), '{"changed":true}');
  command('npm', 'kill -KILL $PPID');
  expect(start().status).not.toBe(0);
  command('npm', NPM);
  expect(start().did).toEqual([INSTALL, 'build']);
});

test('a killed start leaves no lock that counts', () => {
  const gone = spawnSync('true').pid;
  mkdirSync(path.join(checkout, '.build'));
  symlinkSync(String(gone), path.join(checkout, '.build/lock'));
  expect(start().did).toEqual([INSTALL, 'build']);
  expect(existsSync(path.join(checkout, '.build/lock'))).toBe(false);
});

test('a build that fails with what is installed is tried once more after an install', () => {
  start();
  writeFileSync(path.join(checkout, '.config/build.mjs'), `${BUILD}if (!process.env.TRACES_OK) process.exit(1);`);
  const run = start();
  expect(run).toMatchObject({ status: 1, stdout: '', did: ['build', INSTALL, 'build'] });
  expect(run.stderr).toMatch(/the build failed, see above/);
});

test('a failed install shows why and starts nothing', () => {
  command('npm', 'echo "npm error offline" >&2; exit 1');
  expect(start()).toMatchObject({
    status: 1,
    stdout: '',
    stderr: expect.stringMatching(/npm error offline\nrun\.sh: npm ci failed/) as string,
  });
});

test('through a chain of symbolic links', () => {
  symlinkSync(path.join(checkout, 'run.sh'), path.join(outside, 'bin', 'one'));
  symlinkSync('one', path.join(outside, 'bin', 'two'));
  expect(start([], { file: path.join(outside, 'bin', 'two') }).did).toEqual([INSTALL, 'build']);
});

test.each(['v18.20.4', 'v20.18.3', 'v9.0.0'])('node %s is refused in one sentence', (version) => {
  command('node', `echo ${version}`);
  expect(start()).toMatchObject({
    status: 1,
    stdout: '',
    did: [],
    stderr: `run.sh: Node.js 20.19 or later is needed, this is ${version}: see https://nodejs.org\n`,
  });
});
