/**
 * What the program may not do, whatever it tries (docs/zero-trace.md, proof 3), and that nobody can look into it: no
 * inspector port at any moment, no core, no report (proof 4). The attempts are planted into a build of the test; without
 * the launcher each of them succeeds.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CONTROLS, repeats, runs } from '../support/chance.js';
import { buildVariant, type Variant } from '../support/planted.js';
import { ENV, killAll, PROGRAM, ROOT, start } from '../support/program.js';
import { type RelayProcess, startRelayProcess } from '../support/relay.js';

let folder: string;
let variant: Variant;

/** Each tries one thing and says how it went; `place` is a folder that anybody may write to. */
const ATTEMPTS = `
const tried: Record<string, string> = {};
const attempt = (name: string, act: () => unknown): void => {
  try { act(); tried[name] = 'done'; } catch (error) { tried[name] = String((error as any).code ?? (error as any).name); }
};
const place = process.env['PLACE'] ?? '';
attempt('write a file', () => fs.writeFileSync(place + '/written', 'x'));
attempt('append to a file', () => fs.appendFileSync(place + '/there', 'x'));
attempt('open for writing', () => fs.closeSync(fs.openSync(place + '/opened', 'w')));
attempt('make a folder', () => fs.mkdirSync(place + '/folder'));
attempt('make a link', () => fs.symlinkSync('/', place + '/link'));
attempt('rename', () => fs.renameSync(place + '/there', place + '/moved'));
attempt('write beside itself', () => fs.writeFileSync(new URL('./beside', import.meta.url), 'x'));
attempt('read elsewhere', () => fs.readFileSync('/etc/hostname'));
attempt('start a program', () => { const { error } = child.spawnSync('/bin/true'); if (error) throw error; });
attempt('start a thread', () => void new threads.Worker('', { eval: true }).terminate());
attempt('open the inspector', () => { inspector.open(0, '127.0.0.1'); inspector.close(); });
attempt('take an inspector session', () => { const s = new inspector.Session(); s.connect(); s.disconnect(); });
attempt('dump the heap', () => fs.unlinkSync(v8.writeHeapSnapshot(place + '/heap')));
attempt('write a report', () => fs.unlinkSync(place + '/' + path.basename(process.report.writeReport(place + '/report'))));
attempt('load native code', () => process.dlopen({ exports: {} }, place + '/native.node'));
attempt('make code of a string', () => (0, eval)('1'));
process.stdout.write(JSON.stringify(tried));
process.exit(0);
`;
const DENIED: readonly (readonly [string, RegExp])[] = [
  ['write a file', /^ERR_ACCESS_DENIED$/],
  ['append to a file', /^ERR_ACCESS_DENIED$/],
  ['open for writing', /^ERR_ACCESS_DENIED$/],
  ['make a folder', /^ERR_ACCESS_DENIED$/],
  ['make a link', /^ERR_ACCESS_DENIED$/],
  ['rename', /^ERR_ACCESS_DENIED$/],
  ['write beside itself', /^ERR_ACCESS_DENIED$/],
  ['read elsewhere', /^ERR_ACCESS_DENIED$/],
  ['start a program', /^ERR_ACCESS_DENIED$/],
  ['start a thread', /^ERR_ACCESS_DENIED$/],
  ['open the inspector', /^ERR_/],
  ['take an inspector session', /^ERR_ACCESS_DENIED$/],
  ['dump the heap', /^ERR_ACCESS_DENIED$/],
  ['write a report', /^ERR_ACCESS_DENIED$/],
  ['load native code', /^ERR_DLOPEN_DISABLED$/],
  ['make code of a string', /^EvalError$/],
];

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'securechat denied-'));
  variant = await buildVariant([
    {
      file: 'adapters/cli/main.ts',
      from: "import { fileURLToPath } from 'node:url';",
      to: `import { fileURLToPath } from 'node:url';
import path from 'node:path'; import fs from 'node:fs'; import child from 'node:child_process'; import threads from 'node:worker_threads';
import inspector from 'node:inspector'; import v8 from 'node:v8';`,
    },
    {
      file: 'adapters/cli/main.ts',
      from: 'const argv = process.argv.slice(2);',
      to: `const argv = process.argv.slice(2);\n${ATTEMPTS}`,
    },
  ]);
});
afterAll(() => {
  killAll();
  variant.remove();
  rmSync(folder, { recursive: true, force: true });
});

let places = 0;
/** A fresh folder with one file in it. */
function freshPlace(): string {
  const place = path.join(folder, `place ${(places += 1)}`);
  mkdirSync(place);
  writeFileSync(path.join(place, 'there'), 'before');
  return place;
}

function attempts(
  command: readonly string[],
  env: NodeJS.ProcessEnv = {},
  place = freshPlace(),
): Record<string, string> {
  const [file = '', ...args] = command;
  const done = spawnSync(file, args, { encoding: 'utf8', cwd: place, env: { ...ENV, PLACE: place, ...env } });
  if (done.stdout === '') throw new Error(`nothing was told: ${done.stderr}`);
  return JSON.parse(done.stdout) as Record<string, string>;
}

describe('denied', () => {
  it('each attempt, and nothing is left of it', () => {
    const place = freshPlace();
    const tried = attempts([variant.launcher], {}, place);
    expect(Object.keys(tried)).toEqual(DENIED.map(([name]) => name));
    for (const [name, why] of DENIED)
      expect(`${name}: ${tried[name] ?? ''}`).toMatch(new RegExp(`^${name}: ${why.source.slice(1)}`));
    expect(readdirSync(place)).toEqual(['there']);
    expect(readFileSync(path.join(place, 'there'), 'utf8')).toBe('before');
  });

  it.runIf(CONTROLS)('without the launcher each of them succeeds: the attempts are real', () => {
    const tried = attempts([process.execPath, variant.program]);
    for (const [name] of DENIED) if (name !== 'load native code') expect([name, tried[name]]).toEqual([name, 'done']);
    // There is no such file: it was looked for.
    expect(tried['load native code']).toBe('ERR_DLOPEN_FAILED');
  });

  it('nothing in the environment turns it off', () => {
    const evil = path.join(folder, 'evil.cjs');
    const proof = path.join(folder, 'evil was here');
    writeFileSync(evil, `require('node:fs').writeFileSync(${JSON.stringify(proof)}, 'x')`);
    for (const options of [
      `--require "${evil}"`,
      `--import "${evil}"`,
      '--allow-fs-write=*',
      '--allow-child-process',
      '--allow-worker',
      '--allow-addons',
      '--inspect=0',
      '--heapsnapshot-signal=SIGUSR2',
      '--report-on-signal',
      '--no-permission --no-experimental-permission',
    ]) {
      const tried = attempts([variant.launcher], { NODE_OPTIONS: options, NODE_V8_COVERAGE: folder });
      for (const [name, why] of DENIED)
        expect([options, name, tried[name]]).toEqual([options, name, expect.stringMatching(why)]);
    }
    expect(existsSync(proof)).toBe(false);
    expect(readdirSync(folder).filter((name) => name.startsWith('coverage'))).toEqual([]);
  });

  it('the file in dist/ started by Node itself says that nothing is enforced', async () => {
    const side = start(['--ui', 'json', '--code-stdin', '--relay', 'ws://127.0.0.1:1'], {
      before: [process.execPath, path.join(ROOT, 'dist/securechat.cjs')],
    });
    side.write('quay1-tunnel-anchor\n');
    expect((await side.event('notice', ({ code }) => code === 'SC-508'))['text']).toContain('launcher');
  });
});

/** Whether somebody listens there. */
function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const end = (answer: boolean) => (): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.on('connect', end(true)).on('error', end(false));
  });
}

const INSPECTOR = 9229;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** SIGUSR1 after so many milliseconds; what was said until 60 ms later. */
async function asked(command: readonly string[], after: number): Promise<string> {
  const [file = '', ...args] = command;
  const child = spawn(file, [...args, '--ui', 'json', '--code-stdin'], { env: ENV });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  child.stdin.on('error', () => undefined);
  const closed = new Promise((resolve) => child.on('close', resolve));
  await pause(after);
  child.kill('SIGUSR1');
  await pause(60);
  if (await listens(INSPECTOR)) said += ' somebody listens';
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  await closed;
  return said;
}

describe.skipIf(process.platform === 'win32')('SIGUSR1', () => {
  const step = runs(100, 2, 1);
  it(`at each ${step} ms of the first 500 ms, and later, opens no port`, async () => {
    expect(await listens(INSPECTOR)).toBe(false);
    const times = [...Array.from({ length: 500 / step + 1 }, (_, i) => step * i), 700, 1000, 1500];
    const next = times.values();
    const worker = async (): Promise<void> => {
      for (const after of next)
        expect([after, await asked([PROGRAM], after)]).toEqual([after, expect.not.stringMatching(/Debugger|listens/)]);
    };
    await Promise.all([worker(), worker(), worker(), worker()]);
  });

  it.runIf(CONTROLS)('opens one without the launcher: the search is real', async () => {
    const said = await asked([process.execPath, path.join(ROOT, 'dist/securechat.cjs')], 1000);
    expect(said).toMatch(/Debugger listening[^]*somebody listens/);
  });
});

describe.skipIf(process.platform === 'win32')('ended from outside', { concurrent: true }, () => {
  let relay: RelayProcess;
  beforeAll(async () => {
    relay = await startRelayProcess(['--port', '0']);
  });
  afterAll(() => relay.stop());

  /** A program that waits for its peer, in a folder of its own. */
  async function waiting(signal: NodeJS.Signals, program: readonly string[] = [PROGRAM]) {
    const place = freshPlace();
    const side = start(['--ui', 'json', '--code-stdin', '--relay', relay.url.href], {
      before: ['sh', '-c', 'ulimit -c unlimited 2>/dev/null; cd "$0" && exec "$@"', place, ...program],
    });
    side.write('quay1-tunnel-anchor\n');
    await side.event('state', ({ state }) => state === 'searching');
    const limits = process.platform === 'linux' ? readFileSync(`/proc/${side.child.pid}/limits`, 'utf8') : '';
    side.child.kill(signal);
    return { status: await side.exit, left: readdirSync(place), limits };
  }

  const SIGNALS = [
    ['SIGINT', 130],
    ['SIGTERM', 130],
    ['SIGQUIT', 130],
    ['SIGABRT', 130],
    ['SIGUSR2', 130],
    ['SIGSYS', 130],
    ['SIGSEGV', null],
    ['SIGKILL', null],
    ['SIGHUP', 130],
    ['SIGALRM', 130],
    ['SIGVTALRM', 130],
    ['SIGPROF', 130],
    ['SIGXCPU', 130],
    ['SIGIO', 130],
    ['SIGPWR', 130],
    ['SIGSTKFLT', 130],
  ] as const;
  it.each(repeats(SIGNALS, 8))('by %s: no core, no report, status %s', async (signal, status) => {
    const found = await waiting(signal);
    expect([found.status, found.left]).toEqual([status, ['there']]);
    if (found.limits !== '') expect(found.limits).toMatch(/^Max core file size +0 +0 /m);
  });

  it('not by the profiler of the engine, which has a signal for itself', async () => {
    const profiled = [process.execPath, '--cpu-prof', path.join(ROOT, 'dist/securechat.cjs')];
    const found = await waiting('SIGTERM', profiled);
    expect([found.status, found.left]).toEqual([130, [expect.stringMatching(/\.cpuprofile$/), 'there']]);
  });

  it.runIf(CONTROLS)('by SIGSEGV without the launcher: a core, the search is real', async ({ skip }) => {
    const pattern = '/proc/sys/kernel/core_pattern';
    const elsewhere = existsSync(pattern) ? /^[|/]/.test(readFileSync(pattern, 'utf8')) : true;
    skip(elsewhere, 'SKIPPED: this system puts cores elsewhere than into the working folder');
    const found = await waiting('SIGSEGV', [process.execPath, path.join(ROOT, 'dist/securechat.cjs')]);
    skip(/^Max core file size +0 +0 /m.test(found.limits), 'SKIPPED: no core is allowed on this machine');
    expect(found.left).toEqual([expect.stringMatching(/^core/), 'there']);
  });
});
