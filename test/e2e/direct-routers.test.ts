/**
 * The program behind two routers that translate addresses, and the relay elsewhere: the chat begins on the relay and moves.
 * Where that cannot be, it stays there and says so; and the way is shorter.
 */
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { DEPTH } from '../support/chance.js';
import { type JsonEvent, killAll, type Program, PROGRAM, ROOT, start } from '../support/program.js';
import { createRouters, PUBLIC, RELAY_ADDRESS, type Routers, type RoutersOptions } from '../support/routers.js';

const ROOM = '482913-tunnel-anchor-mango';
const DELAY = 10;
let routers: Routers | undefined;
afterEach(() => {
  killAll();
  routers?.close();
  routers = undefined;
});

type Case = readonly [how: string, options: Omit<RoutersOptions, 'delay'>];

const direct = (event: JsonEvent): boolean => event['path'] === 'direct';

/** Two programs behind their routers, or undefined where there can be none. */
async function behind(
  options: Omit<RoutersOptions, 'delay'>,
  /** Of the left one. */
  ui: readonly string[] = ['--ui', 'json'],
): Promise<readonly [Program, Program] | undefined> {
  const made = await createRouters({ delay: DELAY, ...options });
  if (made === undefined) return undefined;
  routers = made;
  const relay = start(['--host', RELAY_ADDRESS, '--port', '8765'], {
    before: [...made.inside('relay'), process.execPath, path.join(ROOT, 'dist', 'relay-ws.js')],
  });
  await relay.says('listening');
  const flags = ['--direct', '--insecure-relay', '--relay', `ws://${RELAY_ADDRESS}:8765`];
  const [left, right] = (['left', 'right'] as const).map((host) =>
    start([...(host === 'left' ? ui : ['--ui', 'json']), ...flags, ROOM], { before: [...made.inside(host), PROGRAM] }),
  ) as [Program, Program];
  return [left, right];
}

async function chat(left: Program, right: Program, text: string): Promise<void> {
  left.command({ do: 'send', text });
  await right.event('message', (event) => event['text'] === text);
}

test.for<Case>([
  ['refuse', {}],
  ['say nothing to', { silent: true }],
])('two routers that %s who knocks unasked are passed', async ([, options], { skip }) => {
  const sides = await behind(options);
  if (sides === undefined) return skip();
  const [left, right] = sides;
  const [there, here] = await Promise.all([left.event('path', direct), right.event('path', direct)]);
  expect(there['address']).toMatch(new RegExp(`^${PUBLIC.right}:\\d+$`));
  expect(here['address']).toMatch(new RegExp(`^${PUBLIC.left}:\\d+$`));
  await chat(left, right, 'past the relay');
  left.command({ do: 'quit' });
  expect(await Promise.all([left.exit, right.exit])).toEqual([0, 0]);
  for (const { events } of sides) expect(events.some(({ state }) => state === 'reconnecting')).toBe(false);
});

test.runIf(DEPTH !== 'quick').for<Case>([
  ['give every connection another port', { randomPorts: true }],
  ['let nothing out but to the relay', { relayOnly: true }],
])('where routers %s the chat stays on the relay, and says so', async ([, options], { skip }) => {
  const sides = await behind(options, ['--ui', 'line']);
  if (sides === undefined) return skip();
  const [left, right] = sides;
  await right.event('path', ({ why }) => why === 'none');
  const asking = setInterval(() => left.write('/status\n'), 1_000);
  try {
    await left.says('Through the relay; found no direct path.');
  } finally {
    clearInterval(asking);
  }
  left.write('over the relay\n');
  await right.event('message', ({ text }) => text === 'over the relay');
  right.command({ do: 'quit' });
  expect(await Promise.all([left.exit, right.exit])).toEqual([0, 0]);
  expect(right.events.some(direct)).toBe(false);
});
