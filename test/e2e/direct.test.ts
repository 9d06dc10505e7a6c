/** The program with --direct on one machine: the chat moves, a pipe moves, and nothing goes past a proxy. */
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { once } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import { type JsonEvent, killAll, type Program, start } from '../support/program.js';
import { startTestRelay } from '../support/relay.js';

const ROOM = '482913-tunnel-anchor-mango';
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  killAll();
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function relayUrl(): Promise<string> {
  const relay = await startTestRelay();
  cleanups.push(() => relay.close());
  return `ws://127.0.0.1:${String(relay.port)}`;
}

function client(...args: readonly string[]): Program {
  return start(['--ui', 'json', ...args, ROOM]);
}

function isOfThisMachine(address: string): boolean {
  const [, host] = /^\[?([^\]]+)\]?:\d+$/.exec(address) ?? [];
  return Object.values(networkInterfaces()).some((each) => each?.some((own) => own.address === host));
}

const direct = (event: JsonEvent): boolean => event['path'] === 'direct';

describe('--direct', () => {
  test.each(['ws', 'socketio'])('moves a chat away from the relay, which may then be gone (%s)', async (transport) => {
    const { startRelay } =
      transport === 'ws' ? await import('../../relay-ws/server.js') : await import('../../relay-socketio/server.js');
    const relay = await startRelay({ port: 0 });
    let open = true;
    cleanups.push(() => (open ? relay.close() : undefined));
    const args = ['--direct', '--transport', transport, '--relay', `ws://127.0.0.1:${String(relay.port)}`];
    const [left, right] = [client(...args), client(...args)];
    const moved = await Promise.all([left.event('path', direct), right.event('path', direct)]);
    // Which of its addresses is first to answer differs from machine to machine.
    for (const { address } of moved) expect(isOfThisMachine(String(address))).toBe(true);
    open = false;
    await relay.close();
    left.command({ do: 'send', text: 'without a relay' });
    await right.event('message', ({ text }) => text === 'without a relay');
    left.command({ do: 'quit' });
    expect(await Promise.all([left.exit, right.exit])).toEqual([0, 0]);
    for (const { events } of [left, right]) {
      expect(events.filter(({ code }) => code === 'SC-370')).toHaveLength(1);
      expect(events.some(({ state }) => state === 'reconnecting')).toBe(false);
    }
  });

  test('of one side alone changes nothing, and is told', async () => {
    const relay = await relayUrl();
    const [left, right] = [client('--direct', '--relay', relay), client('--relay', relay)];
    await left.event('path', ({ why }) => why === 'peer');
    left.command({ do: 'send', text: 'hello' });
    await right.event('message', ({ text }) => text === 'hello');
    left.command({ do: 'quit' });
    expect(await Promise.all([left.exit, right.exit])).toEqual([0, 0]);
    expect(left.events.some(direct)).toBe(false);
    expect(right.events.some(({ event }) => event === 'path')).toBe(false);
  });
});

test.each([
  [['--proxy', 'socks5h://127.0.0.1:PORT'], {}],
  [['--tor'], {}],
  [[], { HTTPS_PROXY: 'http://127.0.0.1:PORT' }],
  [[], { ALL_PROXY: 'socks5h://127.0.0.1:PORT' }],
  [[], { SECURECHAT_PROXY: 'socks5h://127.0.0.1:PORT' }],
])('--direct goes past no proxy: %j %j', async (args, env: Readonly<Record<string, string>>) => {
  let connections = 0;
  const proxy = createServer((socket) => {
    connections += 1;
    socket.destroy();
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  cleanups.push(() => proxy.close());
  const { port } = proxy.address() as { port: number };
  const named = (text: string): string => text.replace('PORT', String(port));
  const side = start(['--ui', 'json', '--direct', '--relay', 'wss://relay.example', ...args.map(named), ROOM], {
    env: Object.fromEntries(Object.entries(env).map(([name, value]) => [name, named(value)])),
  });
  expect(await side.exit).toBe(2);
  expect(side.stderr()).toContain('--direct');
  expect(connections).toBe(0);
});
