/**
 * The program with --lan: machines on one switch meet without a relay and without an address, a pulled cable costs nothing,
 * and whoever has no part in it changes nothing. Where there are no namespaces it is skipped, loudly.
 */
import { afterEach, describe, expect, test } from 'vitest';
import { createLanHosts, type LanHosts, type LanHostsOptions } from '../support/lan.js';
import { type JsonEvent, killAll, type Program, PROGRAM, run, start } from '../support/program.js';

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

async function leave(one: Program, two: Program): Promise<void> {
  one.command({ do: 'quit' });
  expect(await Promise.all([one.exit, two.exit])).toEqual([0, 0]);
}

describe('two machines', () => {
  test.for<LanHostsOptions>([{}, { family: 4 }, { family: 6 }])('meet and talk: %j', async (options, { skip }) => {
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
  });
});

test('a cable that is pulled and plugged in again costs no message', async ({ skip }) => {
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
