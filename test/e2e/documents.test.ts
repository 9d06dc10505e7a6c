/**
 * The commands of the documents, each typed into a shell as it stands there, on a host of its own where relay.example is a
 * relay with the page, 127.0.0.1:1080 a SOCKS proxy, and the folder has what the documents name. Which, and what they come
 * to, is test/support/document-commands.ts. Stood in for: the certificate's authority, and the password store.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { makeSigned, type TestCertificate } from '../support/certificate.js';
import { DEPTH } from '../support/chance.js';
import { COMMANDS, isHow, type Run } from '../support/document-commands.js';
import { ENV, PROGRAM, ROOT } from '../support/program.js';
import { hasMicrosocks } from '../support/proxies.js';

const SPACE = `sc-docs-${String(process.pid)}`;
const HOSTS = `/etc/netns/${SPACE}`;
const CODE = '482913-tunnel-anchor-mango\n';
/** For what is installed and built, on a machine that is busy. */
const LONG = 600_000;

const ip = (...args: string[]): boolean => spawnSync('ip', args, { stdio: 'ignore' }).status === 0;
const able = DEPTH !== 'quick' && ip('netns', 'add', SPACE);
if (DEPTH !== 'quick' && !able)
  console.warn('SKIPPED, no network namespaces here (iproute2, root): commands of documents');

const folder = mkdtempSync(path.join(tmpdir(), 'securechat-documents-'));
const PLACES = {
  folder,
  clone: ROOT,
  fresh: path.join(folder, 'securechat'),
  beside: path.join(folder, 'empty'),
  dist: path.join(ROOT, 'dist'),
} as const;
/** What needs npm and the network of this machine; one after the other, in what the one before has made. */
const INSTALLS: ReadonlySet<Run['at']> = new Set(['fresh', 'beside']);
let certificate: (TestCertificate & { readonly ca: string }) | undefined;

/** Of whoever runs the tests; the home of these commands is another. */
const cache = able ? execFileSync('npm', ['config', 'get', 'cache'], { encoding: 'utf8' }).trim() : '';

/** What a group of processes has written; `over` when its first process and all that it left behind have ended. */
interface Typed {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly over: Promise<number | null>;
  says(text: RegExp): Promise<void>;
  stop(): Promise<unknown>;
}
const running = new Set<Typed>();

/** Who installs a package has the network of this machine instead. */
function type(command: string, cwd: string, input = '', inside = true): Typed {
  const bin = path.join(folder, 'bin');
  const env = {
    ...ENV,
    PATH: `${bin}:${ENV['PATH'] ?? ''}`,
    HOME: folder,
    npm_config_prefix: path.join(folder, 'global'),
    // What was fetched once for the lock need not be asked for again.
    ...{ npm_config_cache: cache, npm_config_prefer_offline: 'true' },
    ...{ npm_config_audit: 'false', npm_config_fund: 'false' },
    ...(certificate === undefined ? {} : { NODE_EXTRA_CA_CERTS: certificate.ca, CURL_CA_BUNDLE: certificate.ca }),
  };
  const [file, ...args] = [...(inside ? ['ip', 'netns', 'exec', SPACE] : []), 'bash', '-c', command];
  const child = spawn(file, args, { cwd, env, stdio: 'pipe', detached: true });
  let output = '';
  let ended = false;
  let look = (): void => undefined;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      look();
    });
  }
  child.stdin.on('error', () => undefined);
  child.stdin.write(input);
  const over = new Promise<number | null>((resolve) => {
    child.on('close', (status) => {
      ended = true;
      running.delete(typed);
      look();
      resolve(status);
    });
  });
  const typed: Typed = {
    child,
    output: () => output,
    over,
    says: (text) =>
      new Promise((resolve, reject) => {
        look = () => {
          if (text.test(output)) resolve();
          else if (ended) reject(new Error(`"${command}" ended without ${String(text)}:\n${output}`));
        };
        look();
      }),
    stop() {
      try {
        if (child.pid !== undefined && !ended) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It has just ended.
      }
      return over;
    },
  };
  running.add(typed);
  return typed;
}

const inFolder = (name: string): string => path.join(folder, name);

beforeAll(async () => {
  if (!able) return;
  ip('-n', SPACE, 'link', 'set', 'lo', 'up');
  // --listen names the address of a network.
  ip('-n', SPACE, 'link', 'add', 'house', 'type', 'veth', 'peer', 'name', 'street');
  ip('-n', SPACE, 'addr', 'add', '192.168.77.1/24', 'dev', 'house');
  for (const end of ['house', 'street']) ip('-n', SPACE, 'link', 'set', end, 'up');
  mkdirSync(HOSTS, { recursive: true });
  writeFileSync(path.join(HOSTS, 'hosts'), '127.0.0.1 localhost relay.example\n');
  for (const each of ['bin', 'photos', 'folder', 'downloads']) mkdirSync(inFolder(each));
  symlinkSync(PROGRAM, inFolder('bin/securechat'));
  writeFileSync(inFolder('bin/pass'), `#!/bin/sh\necho ${CODE}`, { mode: 0o755 });
  for (const each of ['report.pdf', 'photos/a', 'folder/a']) writeFileSync(inFolder(each), 'content');
  writeFileSync(inFolder('code.txt'), CODE);
  certificate = makeSigned('relay.example');
  cpSync(certificate.cert, inFolder('chain.pem'));
  cpSync(certificate.key, inFolder('key.pem'));
  await type('securechat page > chat.html', folder).over;
  const relay = 'securechat relay --port 443 --tls-cert chain.pem --tls-key key.pem --page --joins-per-minute 1000';
  await type(relay, folder).says(/listening on/);
  if (hasMicrosocks) type('microsocks -i 127.0.0.1 -p 1080', folder);
  surroundings = new Set(running);
}, LONG);

/** What stays from one command to the next. */
let surroundings: ReadonlySet<Typed> = new Set();
afterEach(() => Promise.all([...running].filter((each) => !surroundings.has(each)).map((each) => each.stop())));
afterAll(async () => {
  await Promise.all([...running].map((each) => each.stop()));
  certificate?.remove();
  if (able) ip('netns', 'del', SPACE);
  rmSync(HOSTS, { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
}, LONG);

const RUNS = Object.entries(COMMANDS).flatMap(([page, all]) =>
  isHow(all)
    ? []
    : Object.entries(all).flatMap(([command, how]) => ('run' in how ? [[page, command, how.run] as const] : [])),
);

async function comesTo(command: string, { says, exit, types = '', at = 'folder' }: Run): Promise<void> {
  if (at === 'fresh') spawnSync('git', ['clone', '-q', ROOT, PLACES.fresh]);
  if (at === 'beside') mkdirSync(PLACES.beside);
  const typed = type(command, PLACES[at], types, !INSTALLS.has(at));
  await typed.says(says);
  if (exit === undefined) return;
  expect([await typed.over, typed.output()]).toEqual([exit, typed.output()]);
}

/** The other one of a command that waits for somebody. */
const BESIDE = new Map([
  [
    'echo hi | securechat --ui line --code-fd 3 3<code.txt',
    { command: 'securechat --ui line --code-fd 3 3<code.txt </dev/null >log', says: /Waiting for your peer/ },
  ],
]);

describe.runIf(able)('typed as it stands in', () => {
  const [installs, others] = [
    RUNS.filter(([, , { at }]) => INSTALLS.has(at)),
    RUNS.filter(([, , { at }]) => !INSTALLS.has(at)),
  ];

  test.for(installs)('%s: %s', { timeout: LONG }, ([, command, run]) => comesTo(command, run));

  test.for(others)('%s: %s', async ([, command, run], context) => {
    if (command.includes('socks5h') && !hasMicrosocks) return context.skip('no microsocks here');
    const beside = BESIDE.get(command);
    if (beside !== undefined) await type(beside.command, folder).says(beside.says);
    await comesTo(command, run);
  });

  test('docs/web.md: three ways to the same hash', async () => {
    const hashes = [];
    for (const command of [
      'securechat page --hash',
      'sha256sum chat.html',
      'curl -s https://relay.example/ | sha256sum',
    ]) {
      const typed = type(command, folder);
      expect(await typed.over).toBe(0);
      hashes.push(/[0-9a-f]{64}/.exec(typed.output())?.[0]);
    }
    expect(hashes[0]).toBeDefined();
    expect(new Set(hashes).size).toBe(1);
  });
});
