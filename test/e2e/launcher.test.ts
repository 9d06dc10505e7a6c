/**
 * What starts the program: both launchers, what they hand on and what they take away; and `securechat doctor`, which tells
 * what they have reached. That it holds is zero-trace.test.ts.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DROPPED } from '../../adapters/cli/environment.js';
import { FLAGS } from '../../adapters/cli/flags.js';
import { flagsOf, passedOn } from '../../adapters/cli/launch.js';
import { repeats } from '../support/chance.js';
import { ENV, PROGRAM, ROOT } from '../support/program.js';
import { startRelayProcess } from '../support/relay.js';

/** A copy, installed under an awkward name, whose program only tells how it was started. */
let folder: string;
let app: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'securechat launcher-'));
  app = path.join(folder, "an app's place/node_modules/securechat");
  mkdirSync(path.join(app, 'dist'), { recursive: true });
  for (const file of ['package.json', 'dist/securechat', 'dist/securechat-node.js'])
    cpSync(path.join(ROOT, file), path.join(app, file));
  writeFileSync(
    path.join(app, 'dist/securechat.cjs'),
    `const { argv, execArgv, env, pid, ppid, permission } = process;
     process.stdout.write(JSON.stringify({ argv: argv.slice(2), execArgv, env, pid, ppid,
       writes: permission?.has('fs.write'), reads: permission?.has('fs.read', ${JSON.stringify(folder)}) }));
     process.exitCode = argv.includes('seven') ? 7 : 0;`,
  );
  symlinkSync(path.relative(folder, path.join(app, 'dist/securechat')), path.join(folder, 'securechat'));
  symlinkSync(path.relative(folder, path.join(app, 'dist/securechat-node.js')), path.join(folder, 'securechat-node'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Told {
  readonly argv: string[];
  readonly execArgv: string[];
  readonly env: Record<string, string>;
  readonly pid: number;
  readonly ppid: number;
  readonly writes?: boolean;
  readonly reads?: boolean;
}

function launch(name: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}) {
  const done = spawnSync(path.join(folder, name), args, { encoding: 'utf8', env: { ...ENV, ...env }, cwd: folder });
  if (done.stdout === '') throw new Error(`nothing was told: ${done.stderr}`);
  return { ...done, told: JSON.parse(done.stdout) as Told };
}

it('--help, which is made beforehand, is what the program would say', () => {
  const told = (...args: string[]): string => execFileSync(PROGRAM, args, { encoding: 'utf8', env: ENV });
  expect(told('--help')).toBe(told('--quiet', '--help'));
  expect(told('-h')).toBe(told('--help'));
  expect(told('--help')).toContain('Usage: securechat');
});

it('a signal of the terminal reaches the program once', () => {
  expect(passedOn('linux', true)).toEqual(['SIGTERM']);
  expect(passedOn('linux', false)).toEqual(['SIGINT', 'SIGTERM', 'SIGHUP']);
  expect(passedOn('win32', true)).toEqual([]);
});

it('both launchers take the same out of the environment', () => {
  const [, names = ''] = /^for name in ([^;]*);/m.exec(readFileSync(path.join(ROOT, 'dist/securechat'), 'utf8')) ?? [];
  expect(names.split(/[\s\\]+/)).toEqual([...DROPPED]);
});

/** Alpine's shell and tools, where they are: no other program is in the PATH then but Node. */
const BUSYBOX = spawnSync('busybox', ['true']).error === undefined;
if (!BUSYBOX) console.warn('SKIPPED: no busybox here, so the launcher is not tried with what Alpine has');

it.skipIf(!BUSYBOX)('does under busybox, as Alpine has it, what it does here', () => {
  const tools = path.join(folder, 'busybox');
  mkdirSync(tools);
  mkdirSync(path.join(folder, 'a folder'));
  const busybox = execFileSync('sh', ['-c', 'command -v busybox'], { encoding: 'utf8' }).trim();
  for (const applet of execFileSync(busybox, ['--list'], { encoding: 'utf8' }).trim().split('\n'))
    symlinkSync(busybox, path.join(tools, applet));
  rmSync(path.join(tools, 'node'), { force: true });
  symlinkSync(process.execPath, path.join(tools, 'node'));
  const kept = ({ argv, execArgv, writes, reads }: Told): object => ({ argv, execArgv, writes, reads });
  for (const args of [
    [],
    ['', ' two words', '*', '$HOME', "it's", '--', '-p', '\n', 'ünï', 'seven'],
    ['send', 'a folder', './a folder/../a folder', '--room', 'r:1'],
    ['receive', '-o', 'a folder'],
    ['--files', '--direct'],
    ['--files=a folder', '-p', './a plugin', '--plugin=strange'],
    ['--onion', '--tor-cookie', '/nowhere'],
    ['pipe', '--listen', '80'],
    ['relay', '--port', '0'],
  ]) {
    const env = { ...ENV, NODE_OPTIONS: '--no-warnings', SSLKEYLOGFILE: '/nowhere' };
    const options = { encoding: 'utf8', cwd: folder } as const;
    const here = spawnSync(path.join(folder, 'securechat'), args, { ...options, env });
    const there = spawnSync(path.join(tools, 'sh'), [path.join(folder, 'securechat'), ...args], {
      ...options,
      env: { ...env, PATH: tools },
    });
    expect([there.status, there.stderr]).toEqual([here.status, here.stderr]);
    expect(kept(JSON.parse(there.stdout) as Told)).toEqual(kept(JSON.parse(here.stdout) as Told));
  }
});

describe.each(['securechat', 'securechat-node'])('%s', (name) => {
  it('begins with a larger heap for what moves streams, and a small one for a chat', () => {
    const heap = (...args: string[]): string[] =>
      launch(name, args).told.execArgv.filter((flag) =>
        /^--(?:initial-old-space-size|interrupt-budget|optimize-for-size)/.test(flag),
      );
    const late = process.version.startsWith('v20.') ? ['--interrupt-budget=200000'] : [];
    const larger = [...late, '--initial-old-space-size=48'];
    expect(['pipe', 'receive'].map((command) => heap(command))).toEqual([larger, larger]);
    expect(heap('send', 'package.json')).toEqual(larger);
    expect([heap(), heap('--files'), heap('constructor')]).toEqual(Array(3).fill(['--optimize-for-size']));
  });

  it('hands every argument on as it is, and the exit status back', () => {
    const args = ['', ' two words', '*', '$HOME', "it's", '--', '-p', '\n', 'ünï', 'seven'];
    const { told, status, stderr } = launch(name, args);
    expect(told.argv).toEqual(args);
    expect([status, stderr]).toEqual([7, '']);
    expect(launch(name).told.argv).toEqual([]);
  });

  it('starts it without the right to write, and to read elsewhere', () => {
    const { told } = launch(name);
    expect([told.writes, told.reads]).toEqual([false, false]);
    expect(told.execArgv).toContain('--disallow-code-generation-from-strings');
  });

  it('drops what would let others in, says so, and keeps the rest', () => {
    const harmful = { NODE_OPTIONS: '--no-warnings', SSLKEYLOGFILE: '/nowhere', NODE_USE_SYSTEM_CA: '1' };
    const { told, stderr } = launch(name, [], { ...harmful, TERM: 'x' });
    for (const dropped of DROPPED) expect(told.env[dropped]).toBeUndefined();
    expect(told.env['TERM']).toBe('x');
    // In the shebang's own Node the option is read before anybody can drop it.
    expect(stderr).toBe('securechat: in the environment and not used: NODE_OPTIONS NODE_USE_SYSTEM_CA SSLKEYLOGFILE\n');
  });

  it('lets a plugin be read, and nothing but it', () => {
    mkdirSync(path.join(folder, 'a plugin'), { recursive: true });
    const at = (args: readonly string[]): string[] =>
      launch(name, args).told.execArgv.filter((flag) => flag.startsWith('--allow-fs-read='));
    const own = at([]);
    expect(own).toHaveLength(1);
    const read = (target: string): string => `--allow-fs-read=${target}/`;
    for (const spec of ['./a plugin', './a plugin/index.js', path.join(folder, 'a plugin')])
      for (const args of repeats([[`-p${spec}`], ['--plugin', spec], [`--plugin=${spec}`], ['-p', spec]], 2))
        expect(at([...args, 'ROOM'])).toContain(read(path.join(folder, 'a plugin')));
    const named = at(['-p', 'strange', '-p', 'strange']);
    expect(named).toContain(read(path.join(folder, 'node_modules')));
    expect(named).toContain(read(path.join(folder, "an app's place/node_modules")));
    expect(at(['--', '-p', './a plugin'])).toEqual(own);
    expect(at(['-p', './nowhere at all'])).toContain(read(folder));
  });

  it('allows a folder once, however it is written', () => {
    const kept = path.join(folder, 'kept');
    mkdirSync(kept, { recursive: true });
    const here = [
      ['--files'],
      ['receive'],
      ['send', '.'],
      ['--files', '.'],
      ['--files=./'],
      ['receive', '-o', '.'],
      ['receive', '-o.'],
    ];
    for (const args of repeats(here, 3))
      expect(launch(name, args).told.execArgv.join('\n')).toMatch(/^--allow-fs-read=.*securechat launcher-\w+\/?$/m);
    for (const each of repeats(['kept/.', './kept', `${kept}/`, 'kept', 'kept/', kept], 3))
      for (const args of [
        ['--files', each],
        ['receive', '-o', each],
        ['send', each],
      ]) {
        const read = launch(name, args).told.execArgv.filter((flag) => flag.startsWith(`--allow-fs-read=${kept}`));
        expect(read).toEqual([expect.stringMatching(/\/kept\/?$/)]);
      }
  });

  it('allows a file once, however it is written', () => {
    const file = path.join(folder, 'deep/a file');
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, '');
    for (const each of repeats(['deep/a file', './deep/a file', 'deep/../deep/./a file', 'deep//a file', file], 3)) {
      const read = launch(name, ['send', each, 'deep/a file']).told.execArgv.filter((flag) => flag.endsWith('a file'));
      expect(read).toEqual([`--allow-fs-read=${file}`]);
    }
  });

  it('takes two slashes at the beginning for one', () => {
    mkdirSync(path.join(folder, 'twice'), { recursive: true });
    const at = `/${path.join(folder, 'twice')}`;
    for (const args of [
      ['send', at, `/${at}`],
      ['receive', '-o', at],
      ['--files', at, '--plugin', at],
      ['--plugin', at, '-p', `/${at}`],
    ]) {
      const read = launch(name, args).told.execArgv.flatMap((flag) => /^--allow-fs-read=(.*)$/.exec(flag)?.[1] ?? []);
      expect(read.filter((each) => path.resolve(each) === path.resolve(at))).toHaveLength(1);
    }
  });

  it('follows no link that leads back to itself', () => {
    const tools = path.join(folder, 'tools');
    mkdirSync(tools, { recursive: true });
    // Of the GNU tools, -f makes ever longer names for minutes.
    const readlink = '#!/bin/sh\n[ "$1" != -f ] || exec echo asked >&2\nPATH=${PATH#*:} exec readlink "$@"\n';
    writeFileSync(path.join(tools, 'readlink'), readlink, { mode: 0o755 });
    rmSync(path.join(folder, 'round'), { force: true });
    symlinkSync('round/on', path.join(folder, 'round'));
    const { told } = launch(name, ['send', 'round'], { PATH: `${tools}:${String(ENV['PATH'])}` });
    expect(told.execArgv.filter((flag) => flag.includes('round'))).toEqual([`--allow-fs-read=${folder}/round`]);
  });

  it('allows nothing that lies in a folder which is allowed, in whatever order they are named', () => {
    const [outer, inner] = [path.join(folder, 'outer'), path.join(folder, 'outer/inner')];
    mkdirSync(inner, { recursive: true });
    for (const name of ['outer/file', 'outer/inner/file', 'outer file']) writeFileSync(path.join(folder, name), '');
    const all = ['outer/inner/file', 'outer', 'outer/file', 'outer/inner', '--', '--allow-fs-read=outer/file'];
    for (const args of [all, all.slice(0, 4).toReversed()]) {
      const { told } = launch(name, ['send', ...args]);
      expect(told.argv).toEqual(['send', ...args]);
      const read = told.execArgv.filter((flag) => flag.startsWith(`--allow-fs-read=${outer}`));
      expect(read).toEqual([expect.stringMatching(/\/outer\/?$/)]);
    }
    const beside = launch(name, ['send', 'outer', 'outer file']).told.execArgv;
    expect(beside).toContain(`--allow-fs-read=${outer} file`);
    expect(
      launch(name, ['send', inner, '/']).told.execArgv.filter((flag) => flag.startsWith('--allow-fs-read')),
    ).toEqual(['--allow-fs-read=/']);
  });

  it('takes no value of a flag for a file that is sent', () => {
    const valued = FLAGS.filter(({ value, long }) => value !== undefined && long !== 'files');
    const values = valued.flatMap(({ long, short }, i) => {
      const value = `v${String(i)}:${String(i + 1)}`;
      return [`--${long}`, value, ...(short === undefined ? [] : [`-${short}`, value])];
    });
    const read = launch(name, ['send', ...values, '--room', 'r:1', '--listen', 'named']).told.execArgv.filter((flag) =>
      /\/(?:v\d+:\d+|r:1|named)$/.test(flag),
    );
    for (const [word, isFile] of [
      ['80', false],
      [':80', false],
      ['[::1]:80', false],
      ['123456', true],
      ['x', true],
    ] as const)
      expect(launch(name, ['send', '--listen', word]).told.execArgv.some((flag) => flag.endsWith(`/${word}`))).toBe(
        isFile,
      );
    expect(valued.length).toBeGreaterThan(10);
    expect(read).toEqual([`--allow-fs-read=${path.join(folder, 'named')}`]);
  });

  it('a relay keeps its rights', () => {
    expect(launch(name, ['relay', 'ws']).told.writes).toBeUndefined();
  });
});

it('securechat leaves no process of its own behind', () => {
  expect(launch('securechat').told.ppid).toBe(process.pid);
});

it('the flags of each version of Node', () => {
  const of = (version: string): string[] => flagsOf([], '/app', '/', version).slice(2, -1);
  const SMALL = '--optimize-for-size';
  const ENDS = ['--no-concurrent-sparkplug', '--no-maglev'];
  expect(of('v20.19.0')).toEqual(['--experimental-permission', SMALL]);
  expect(of('v22.12.0')).toEqual(['--experimental-permission', SMALL]);
  expect(of('v22.13.0')).toEqual(['--permission', SMALL]);
  expect(of('v22.14.0')).toEqual(['--disable-sigusr1', '--permission', SMALL]);
  expect(of('v24.1.0')).toEqual(['--disable-sigusr1', '--permission', ...ENDS, SMALL]);
  expect(of('v26.0.0')).toEqual(['--disable-sigusr1', '--permission', '--allow-net', ...ENDS, SMALL]);
  expect(of('v27.0.0')).toEqual(['--disable-sigusr1', '--permission', '--allow-net']);
  const pipe = (version: string): string[] => flagsOf(['pipe'], '/app', '/', version);
  expect(pipe('v24.0.0')).toEqual(expect.arrayContaining(ENDS));
  expect(pipe('v20.20.2')).toContain('--interrupt-budget=200000');
  expect(pipe('v22.0.0').join()).not.toContain('interrupt-budget');
});

const hasSandbox = spawnSync('bwrap', ['--ro-bind', '/', '/', '--unshare-all', 'true']).status === 0;
if (!hasSandbox) console.warn('SKIPPED, bwrap is not here, or may not be used: the sandbox of doctor');

describe('securechat doctor', () => {
  const examine = (program: readonly string[], args: readonly string[] = []) => {
    const [file = '', ...rest] = program;
    return spawnSync(file, [...rest, 'doctor', ...args], { encoding: 'utf8', env: ENV });
  };
  const row = (table: string, what: string): string => table.split('\n').find((line) => line.startsWith(what)) ?? '';

  it('tells what is enforced', () => {
    const { stdout, status } = examine([path.join(ROOT, 'dist/securechat')]);
    expect(status).toBe(0);
    for (const what of ['no file', 'only its own', 'no program', 'no thread', 'no native', 'no debugger', 'no code'])
      expect(row(stdout, what)).toMatch(/ {2}enforced {6}/);
    if (process.platform === 'linux') expect(row(stdout, 'no core dump')).toMatch(/ {2}enforced {6}/);
  });

  it('tells of the folder of --files, which is all that is allowed besides', () => {
    const { stdout } = examine([path.join(ROOT, 'dist/securechat')], ['--files', folder]);
    expect(row(stdout, 'files of a chat')).toBe(
      `files of a chat are read and written in         ok            ${folder}`,
    );
    for (const what of ['no file', 'only its own']) expect(row(stdout, what)).toMatch(/ {2}enforced {6}/);
    expect(row(examine([path.join(ROOT, 'dist/securechat')], ['--files', '/nowhere']).stdout, 'files of')).toContain(
      'there is no such folder',
    );
  });

  it('tells what is not, and what would improve it', () => {
    const { stdout } = examine([process.execPath, path.join(ROOT, 'dist/securechat.cjs')]);
    for (const what of ['no file', 'only its own', 'no program', 'no thread', 'no native', 'no debugger', 'no code'])
      expect(row(stdout, what)).toContain('  NOT enforced  ');
    expect(stdout).toContain('  better: start it as securechat, not its file in dist/\n');
  });

  it.skipIf(!hasSandbox)('its sandbox works where it is installed, and then hides the files', () => {
    const home = path.join(folder, 'a home');
    cpSync(path.join(ROOT, 'dist'), path.join(home, 'app/dist'), { recursive: true });
    cpSync(path.join(ROOT, 'package.json'), path.join(home, 'app/package.json'));
    const env = { ...ENV, HOME: home };
    const { stdout } = spawnSync(path.join(home, 'app/dist/securechat'), ['doctor'], { encoding: 'utf8', env });
    const better = /^ {2}better: (bwrap .*)$/m.exec(stdout)?.[1] ?? '';
    const inside = spawnSync('sh', ['-c', `${better} doctor`], { encoding: 'utf8', env });
    expect(inside.stderr).toBe('');
    expect(row(inside.stdout, 'your files')).toMatch(/ {2}enforced {6}/);
    expect(row(inside.stdout, 'no file')).toMatch(/ {2}enforced {6}/);
  });

  it('tells whether the relay answers, and refuses what it does not know', async () => {
    const relay = await startRelayProcess();
    const program = [path.join(ROOT, 'dist/securechat')];
    expect(row(examine(program, ['--relay', relay.url.href]).stdout, 'a relay answers')).toMatch(
      / ok +ws \d+ ms, no TLS, version [\d.]+$/,
    );
    await relay.stop();
    expect(row(examine(program, ['-r', relay.url.href]).stdout, 'a relay answers')).toMatch(
      / no {12}check .*ECONNREFUSED/,
    );
    for (const [args, code] of [
      [['--relay', 'x'], 'SC-109'],
      [['--verbose'], 'SC-503'],
    ] as const) {
      const { stderr, status } = examine(program, args);
      expect(stderr).toContain(code);
      expect(status).toBe(2);
    }
  });
});
