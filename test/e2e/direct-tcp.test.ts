/** The plugins direct-tcp and status-line in the built program, loaded by their paths as a person would load them. */
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { HOST, listening } from '../support/direct-tcp.js';
import { freePort } from '../support/free-port.js';
import { type JsonEvent, killAll, run, start } from '../support/program.js';

const DIRECT = ['--plugin', './plugins/direct-tcp', '--transport', 'direct-tcp'];
const CODE = '482913-tunnel-anchor-mango';

const listen = (port: number) => [...DIRECT, '--direct-listen', `${HOST}:${String(port)}`];
const connect = (port: number) => [...DIRECT, '--direct-connect', `${HOST}:${String(port)}`];
const active = (event: JsonEvent): boolean => event['state'] === 'active';

afterEach(killAll);

it('a code made by one, typed by the other, messages both ways, goodbye, both exit 0, and no relay anywhere', async () => {
  const port = await freePort();
  const maker = start([...listen(port), '--ui', 'json']);
  const { code, invite } = (await maker.event('code')) as JsonEvent & { code: string; invite: string };
  expect(invite).toBe(`securechat://#${code}`);
  const guest = start([...connect(port), '--ui', 'json', '--code-stdin']);
  guest.write(`${code}\n`);
  await Promise.all([maker.event('state', active), guest.event('state', active)]);
  const words = (await maker.event('safety-words'))['words'];
  expect((await guest.event('safety-words'))['words']).toEqual(words);
  const text = 'Grüße 今日は 🧵'.repeat(4000).slice(0, 20_000);
  for (const side of [maker, guest]) side.command({ do: 'send', text });
  for (const side of [maker, guest]) {
    expect((await side.event('message'))['text']).toBe(text);
    await side.event('delivered');
  }
  guest.command({ do: 'quit' });
  expect([await guest.exit, await maker.exit]).toEqual([0, 0]);
  for (const side of [maker, guest]) {
    expect(side.events.filter((event) => event['code'] === 'SC-320')).toEqual([]);
  }
});

it('the side that listens is killed: the other one is told and exits 5', async () => {
  const port = await freePort();
  const listener = start([...listen(port), '--ui', 'json', CODE]);
  const connector = start([...connect(port), '--ui', 'json', '--resume-timeout', '1s', CODE]);
  await Promise.all([listener.event('state', active), connector.event('state', active)]);
  listener.child.kill('SIGKILL');
  expect(await connector.exit).toBe(5);
  expect(connector.events.at(-1)).toMatchObject({ event: 'ended', code: 'SC-304' });
});

it('a port that is taken, and somebody else behind a port, are two sentences', async () => {
  const taken = createServer();
  const web = createHttpServer((_request, response) => response.writeHead(404).end());
  const [takenPort, webPort] = [await listening(taken), await listening(web)];
  const busy = start([...listen(takenPort), '--ui', 'line', CODE]);
  await busy.says('Nobody answers (cannot listen there: EADDRINUSE)');
  expect(await busy.exit).toBe(3);
  const foreign = start([...connect(webPort), '--ui', 'line', CODE]);
  await foreign.says('Whatever answered is not a securechat peer waiting for this code');
  expect(await foreign.exit).toBe(3);
  taken.close();
  web.close();
  web.closeAllConnections();
});

it('flags that are wrong are told before anything is asked', async () => {
  const wrong = [
    [DIRECT, 'direct-tcp needs either --direct-listen or --direct-connect, and not both'],
    [[...listen(1), '--direct-connect', 'x:1'], 'needs either --direct-listen or --direct-connect'],
    [[...DIRECT, '--direct-listen', '::1:7000'], 'an IPv6 address stands in brackets'],
    [[...listen(1), '--relay', 'wss://relay.example'], 'the transport direct-tcp needs no relay'],
  ] as const;
  for (const [args, sentence] of wrong) {
    const { status, stderr } = await run(args);
    expect([status, stderr]).toEqual([2, expect.stringContaining(sentence)]);
  }
});

it('status-line: the state and how much is unread, one line each, and quit', async () => {
  const port = await freePort();
  const bar = start([...listen(port), '--plugin', './plugins/status-line', '--ui', 'status-line', CODE]);
  const talker = start([...connect(port), '--ui', 'json', CODE]);
  await talker.event('state', active);
  talker.command({ do: 'send', text: 'secret' });
  talker.command({ do: 'send', text: 'again' });
  await bar.says('securechat: active, 2 unread\n');
  bar.write('quit\n');
  expect([await bar.exit, await talker.exit]).toEqual([0, 0]);
  const lines = bar.stdout().split('\n').slice(0, -1);
  expect(lines).toEqual([
    'securechat: waiting',
    'securechat: connecting',
    'securechat: active',
    'securechat: active, 1 unread',
    'securechat: active, 2 unread',
    'securechat: leaving, 2 unread',
    expect.stringMatching(/^securechat: You left; .*\(SC-317\)$/),
  ]);
  expect(bar.stdout() + bar.stderr()).not.toContain('secret');
});
