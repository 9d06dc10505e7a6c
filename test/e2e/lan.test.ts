/**
 * The program with --lan: machines on one switch meet without a relay and without an address, a pulled cable costs nothing,
 * and whoever has no part in it changes nothing. Where there are no namespaces it is skipped, loudly.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { DIALS_A_MINUTE } from '../../adapters/lan/candidates.js';
import { DEPTH, repeats } from '../support/chance.js';
import { createLanHosts, type LanHosts, type LanHostsOptions } from '../support/lan.js';
import { killPiped, startPiped } from '../support/pipes.js';
import { type JsonEvent, killAll, type Program, PROGRAM, ROOT, run, start } from '../support/program.js';
import { hasStrace } from '../support/strace.js';

const NOISE = path.join(ROOT, 'test', 'support', 'lan-noise.py');
const ROOM = '482913-tunnel-anchor-mango';
let hosts: LanHosts | undefined;
afterEach(() => {
  killAll();
  hosts?.close();
  hosts = undefined;
});

function made(count: number, options: LanHostsOptions = {}): LanHosts | undefined {
  hosts = createLanHosts(count, options);
  return hosts;
}

function client(where: LanHosts, host: number, room = ROOM, ...args: readonly string[]): Program {
  return start(['--ui', 'json', '--crypto', 'tweetnacl', '--lan', ...args, room], {
    before: [...where.inside(host), PROGRAM],
  });
}

const active = (event: JsonEvent): boolean => event['state'] === 'active';

async function chat(from: Program, to: Program, text: string): Promise<void> {
  from.command({ do: 'send', text });
  await to.event('message', (event) => event['text'] === text);
}

/** The trace holds a message to the group. */
async function sends(file: string): Promise<void> {
  while (!/sendm?msg\(.*5353/.test(readFileSync(file, 'latin1')))
    await new Promise((resolve) => setTimeout(resolve, 100));
}

async function leave(one: Program, two: Program): Promise<void> {
  one.command({ do: 'quit' });
  expect(await Promise.all([one.exit, two.exit])).toEqual([0, 0]);
}

describe('two machines', () => {
  test.for(repeats<LanHostsOptions>([{}, { family: 6 }, { family: 4 }], 2))(
    'meet and talk: %j',
    async (options, { skip }) => {
      const lan = made(2, options);
      if (lan === undefined) return skip();
      const [left, right] = [client(lan, 0), client(lan, 1)];
      await Promise.all([left.event('state', active), right.event('state', active)]);
      await chat(left, right, 'no relay');
      await chat(right, left, 'none here either');
      expect((await left.event('path'))['path']).toBe('local network');
      await leave(left, right);
      for (const { events } of [left, right]) {
        expect(events.filter(({ code }) => code === 'SC-373')).toHaveLength(1);
        expect(events.some(({ code }) => code === 'SC-320')).toBe(false);
      }
    },
  );
});

/** Two commands on two machines; the first one makes the code. */
function commands(lan: LanHosts, first: readonly string[], second: (code: string) => readonly string[], cwd: string) {
  const on = (host: number, args: readonly string[]) =>
    startPiped([...args, '--lan'], { before: [...lan.inside(host), PROGRAM], cwd });
  const one = on(0, first);
  return one.says(/\d{6}-[a-z]+-[a-z]+-[a-z]+/).then((code) => [one, on(1, second(code))] as const);
}

test.runIf(DEPTH !== 'quick')('files, and a pipe, in the local network', async ({ skip }) => {
  const lan = made(2);
  if (lan === undefined) return skip();
  const folder = mkdtempSync(path.join(tmpdir(), 'securechat-lan-'));
  try {
    const content = Buffer.alloc(1_000_000, 'in the same house');
    writeFileSync(path.join(folder, 'file'), content);
    mkdirSync(path.join(folder, 'in'));
    const receive = (code: string) => ['receive', code, '-o', 'in', '--yes'];
    const files = await commands(lan, ['send', 'file'], receive, folder);
    expect(await Promise.all(files.map(({ exit }) => exit))).toEqual([0, 0]);
    expect(readFileSync(path.join(folder, 'in/file')).equals(content)).toBe(true);

    const [up, down] = await commands(lan, ['pipe'], (code) => ['pipe', code], folder);
    await Promise.all([up.feed([content]), down.feed([Buffer.from('back')])]);
    expect(await Promise.all([up.exit, down.exit])).toEqual([0, 0]);
    expect([up.received(), down.received()]).toEqual([4, content.length]);
  } finally {
    killPiped();
    rmSync(folder, { recursive: true });
  }
});

test('the link says that it is for the local network, and leads nowhere else', async ({ skip }) => {
  const lan = made(2);
  if (lan === undefined) return skip();
  const one = start(['--ui', 'json', '--crypto', 'tweetnacl', '--lan'], { before: [...lan.inside(0), PROGRAM] });
  const { code, invite } = await one.event('code');
  expect(invite).toBe(`securechat:///?lan#${String(code)}`);
  const { status, stderr } = await run([String(invite)]);
  expect([status, stderr]).toEqual([2, expect.stringMatching(/--lan and paste it there\.\n$/)]);
  const two = client(lan, 1, String(invite));
  await two.event('state', active);
  await leave(two, one);
});

test.runIf(DEPTH !== 'quick')('a cable that is pulled and plugged in again costs no message', async ({ skip }) => {
  const lan = made(2);
  if (lan === undefined) return skip();
  const [left, right] = [client(lan, 0), client(lan, 1)];
  await Promise.all([left.event('state', active), right.event('state', active)]);
  const said = Array.from({ length: 20 }, (_, n) => `message ${String(n)}`);
  for (const text of said.slice(0, 10)) left.command({ do: 'send', text });
  await right.event('message', (event) => event['text'] === said[9]);
  lan.cable(1, false);
  for (const text of said.slice(10)) left.command({ do: 'send', text });
  // Both notice, and nothing of it has arrived.
  await Promise.all([left, right].map((each) => each.event('state', ({ state }) => state === 'reconnecting')));
  lan.cable(1, true);
  await right.event('message', (event) => event['text'] === said.at(-1));
  expect(right.events.filter(({ event }) => event === 'message').map(({ text }) => text)).toEqual(said);
  await chat(right, left, 'and back');
  await leave(left, right);
});

test.runIf(DEPTH !== 'quick')('who comes back from another place in the network is found anew', async ({ skip }) => {
  const lan = made(2, { family: 4 });
  if (lan === undefined) return skip();
  const [left, right] = [client(lan, 0), client(lan, 1)];
  await Promise.all([left.event('state', active), right.event('state', active)]);
  for (const host of [0, 1]) lan.move(host);
  left.command({ do: 'send', text: 'from elsewhere' });
  await right.event('message', ({ text }) => text === 'from elsewhere');
  await leave(left, right);
});

test('wrong digits never meet; two pairs in one network do; a third with a code is told', async ({ skip }) => {
  const lan = made(3);
  if (lan === undefined) return skip();
  const other = '135790-tunnel-anchor-mango';
  const [left, right] = [client(lan, 0), client(lan, 1)];
  await Promise.all([left.event('state', active), right.event('state', active)]);
  const wrong = client(lan, 2, '482914-tunnel-anchor-mango');
  const third = client(lan, 2);
  const pair = [client(lan, 0, other), client(lan, 2, other)] as const;
  await Promise.all(pair.map((each) => each.event('state', active)));
  await chat(pair[0], pair[1], 'of our own');
  expect((await third.event('ended'))['code']).toBe('SC-303');
  expect(await third.exit).toBe(3);
  await chat(left, right, 'still here');
  await leave(...pair);
  await leave(left, right);
  expect(wrong.events.some(({ state }) => state === 'handshaking')).toBe(false);
});

test.runIf(DEPTH !== 'quick')('strangers at the port, and in the network, change nothing', async ({ skip }) => {
  const lan = made(3);
  if (lan === undefined) return skip();
  // Broken messages of DNS, names that fit nothing, and requests to whoever listens.
  const nameplate = ROOM.split('-', 1)[0] ?? '';
  const noise = start([NOISE, nameplate, lan.address(2, 4), lan.address(0, 4)], {
    before: [...lan.inside(2), 'python3'],
  });
  await noise.says('begun');
  const [left, right] = [client(lan, 0), client(lan, 1)];
  await Promise.all([left.event('state', active), right.event('state', active)]);
  await chat(left, right, 'in the noise');
  await leave(left, right);
  // It was tried, in bounds.
  const came = noise.stdout().match(/^came/gm)?.length ?? 0;
  expect(came).toBeLessThanOrEqual(2 * DIALS_A_MINUTE);
});

test.runIf(DEPTH !== 'quick')('files and a pipe go this way, too', async ({ skip }) => {
  const lan = made(2);
  if (lan === undefined) return skip();
  const pipes = [0, 1].map((host) =>
    start(['pipe', '--lan', '--room', ROOM], { before: [...lan.inside(host), PROGRAM] }),
  ) as [Program, Program];
  const bytes = 'x'.repeat(1_000_000);
  pipes[0].write(bytes);
  for (const each of pipes) each.end();
  expect(await Promise.all(pipes.map((each) => each.exit))).toEqual([0, 0]);
  expect(pipes[1].stdout()).toBe(bytes);
});

test('doctor says whether multicast works, and asks only with --lan', async ({ skip }) => {
  const lan = made(1);
  if (lan === undefined) return skip();
  const asked = start(['doctor', '--lan'], { before: [...lan.inside(0), PROGRAM] });
  await asked.exit;
  expect(asked.stdout()).toMatch(/^multicast in the local network \(--lan\) +ok$/m);
  const unasked = start(['doctor'], { before: [...lan.inside(0), PROGRAM] });
  await unasked.exit;
  expect(unasked.stdout()).toMatch(
    /^multicast in the local network \(--lan\) +unknown +not tried: securechat doctor --lan$/m,
  );
});

test('without --lan nobody is told anything: no socket for it, and no packet', async ({ skip }) => {
  const lan = hasStrace ? made(1) : undefined;
  if (lan === undefined) return skip();
  const folder = mkdtempSync(path.join(tmpdir(), 'securechat-test-'));
  /** What such a program asks of the system until it looks for its peer. */
  async function asks(...args: readonly string[]): Promise<string> {
    const file = path.join(folder, `trace${args.join('').replaceAll(/\W/g, '')}`);
    const side = start(['--ui', 'json', ...args, ROOM], {
      before: [...(lan?.inside(0) ?? []), 'strace', '-f', '-e', 'trace=%network', '-o', file, PROGRAM],
    });
    await side.event('state', ({ state }) => state === 'searching');
    // Then its own relay has answered, and nobody else is there.
    if (args.includes('--lan')) await sends(file);
    side.command({ do: 'quit' });
    await side.exit;
    return readFileSync(file, 'latin1');
  }
  try {
    expect(await asks('--lan')).toMatch(/sendm?msg\(.*5353/);
    for (const args of [[], ['--direct'], ['--listen', '10.78.0.1:8765']]) {
      const asked = await asks(...args);
      expect(asked).toMatch(/AF_INET/);
      expect(asked).not.toMatch(/5353|SOCK_DGRAM|_MEMBERSHIP|ADD_MEMBER/);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.each([
  ['--relay', 'wss://relay.example'],
  ['--listen'],
  ['--onion'],
  ['--proxy', 'socks5h://127.0.0.1:9'],
  ['--tor'],
  ['--direct'],
  ['--web'],
  ['--transport', 'socketio'],
])('--lan does not go with %s %s', async (...flags) => {
  const { status, stderr } = await run(['--lan', ...flags]);
  expect(status).toBe(2);
  expect(stderr).toContain('--lan');
});

test.each(['HTTPS_PROXY', 'ALL_PROXY', 'SECURECHAT_PROXY'])(
  '--lan goes past no proxy of the environment: %s',
  async (name) => {
    const side = start(['--ui', 'json', '--lan', ROOM], { env: { [name]: 'socks5h://127.0.0.1:9' } });
    expect(await side.exit).toBe(2);
    expect(side.stderr()).toContain('--lan');
  },
);
