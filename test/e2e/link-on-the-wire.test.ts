/**
 * What is behind the # of an invitation link reaches neither a relay nor a proxy: all that the programs send to one is
 * recorded and searched.
 */
import { afterEach, expect, test } from 'vitest';
import { type JsonEvent, killAll, start } from '../support/program.js';
import { hasMicrosocks, hasTinyproxy, startMicrosocks, startTinyproxy } from '../support/proxies.js';
import { startRelayProcess } from '../support/relay.js';
import { startWireTap } from '../support/wire-tap.js';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  killAll();
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function tapped(port: number): Promise<ReturnType<typeof startWireTap>> {
  const tap = await startWireTap(port);
  cleanups.push(() => tap.close());
  return tap;
}

/** The forms in which a part of a code could be written. */
function forms(part: string): string[] {
  const bytes = Buffer.from(part);
  return [part, bytes.toString('hex'), bytes.toString('base64url'), Buffer.from(`-${part}`).toString('base64url')];
}

/** Words of the list that HTTP and the protocol say themselves, whatever the code is. */
const SPOKEN = 'close connect control host join room seat sock sport type upgrade version';

const WAYS = { 'a relay': undefined, 'a SOCKS proxy': 'socks5h', 'an HTTP proxy': 'http' } as const;

test.each([
  ['a relay', 'ws', true],
  ['a relay', 'socketio', true],
  ['a SOCKS proxy', 'ws', hasMicrosocks],
  ['an HTTP proxy', 'socketio', hasTinyproxy],
] as const)('nothing of it reaches %s, over %s', async (way, transport, possible) => {
  if (!possible) return;
  const relay = await startRelayProcess(['--port', '0'], `relay-${transport}`);
  cleanups.push(() => relay.child.kill('SIGKILL'));
  const scheme = WAYS[way];
  const proxy = scheme === undefined ? undefined : await (scheme === 'http' ? startTinyproxy() : startMicrosocks());
  cleanups.push(() => proxy?.stop());
  const tap = await tapped(proxy?.port ?? Number(relay.url.port));
  const flags = scheme === undefined ? [] : ['--proxy', `${scheme}://127.0.0.1:${String(tap.port)}`];
  const address = scheme === undefined ? `ws://127.0.0.1:${String(tap.port)}` : relay.url.href;

  const maker = start(['--ui', 'json', '--transport', transport, '--relay', address, ...flags]);
  const { code, invite } = (await maker.event('code')) as unknown as { code: string; invite: string };
  const guest = start(['--ui', 'json', ...flags, '--code-stdin']);
  guest.write(`${invite}\n`);
  const active = (event: JsonEvent) => event['state'] === 'active';
  await Promise.all([maker.event('state', active), guest.event('state', active)]);
  maker.command({ do: 'quit' });
  expect(await Promise.all([maker.exit, guest.exit])).toEqual([0, 0]);

  const sent = tap.sent().toLowerCase();
  // What is looked for would be found: the name of the room is there, and it is not the one that is typed.
  expect(sent.match(/"room":"[\w-]{20,}"/g)?.length).toBeGreaterThanOrEqual(2);
  if (scheme === 'http') expect(sent).toContain(`connect 127.0.0.1:${relay.url.port} http/1.1`);
  const words = code.split('-').filter((each) => each.length > 3 && !SPOKEN.includes(each));
  for (const part of [code, invite, ...words])
    for (const form of forms(part)) expect(sent.includes(form.toLowerCase()), `${form} was sent`).toBe(false);
});
