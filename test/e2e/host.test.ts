/**
 * Without a relay: one program is it, for one conversation. The printed line works as printed, strangers are turned away,
 * a link for one certificate is not used with another.
 */
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { createServer } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { makeSelfSigned } from '../../adapters/system/self-signed.js';
import { freePort } from '../support/free-port.js';
import { makeHosts } from '../support/hosts.js';
import { killAll, PROGRAM, type Program, start } from '../support/program.js';

const JSON_UI = ['--ui', 'json', '--crypto', 'tweetnacl'];
afterEach(killAll);

async function host(...args: string[]): Promise<{ program: Program; code: string; invite: string; port: number }> {
  const port = await freePort();
  const program = start([...JSON_UI, ...args.map((each) => each.replace('PORT', String(port)))]);
  const told = await program.event('code');
  return { program, code: String(told['code']), invite: String(told['invite']), port };
}

async function talk(one: Program, two: Program): Promise<void> {
  await Promise.all([one, two].map((each) => each.event('state', ({ state }) => state === 'active')));
  one.command({ do: 'send', text: 'over my own relay' });
  expect((await two.event('message'))['text']).toBe('over my own relay');
  two.command({ do: 'quit' });
  expect(await Promise.all([one.exit, two.exit])).toEqual([0, 0]);
}

test('the link reaches it, and so does what it says that the peer types', async () => {
  const { program, code, invite, port } = await host('--listen', '127.0.0.1:PORT');
  expect(invite).toBe(`securechat://127.0.0.1:${String(port)}/?plain#${code}`);
  const told = await program.event('notice', (notice) => notice['code'] === 'SC-126');
  expect(told['text']).toBe(`Your peer types: securechat --relay ws://127.0.0.1:${String(port)}`);
  await talk(program, start([...JSON_UI, invite]));
  const again = await host('--listen', '127.0.0.1:PORT');
  const words = String((await again.program.event('notice', (notice) => notice['code'] === 'SC-126'))['text']);
  const [, ...typed] = words.split('securechat ')[1]!.split(' ').reverse();
  await talk(again.program, start([...JSON_UI, ...typed.reverse(), words.split(' ').at(-1)!, again.code]));
});

test('a code of the own is told with the link, and then what the peer types', async () => {
  const { program, code, invite, port } = await host('--listen', '127.0.0.1:PORT', '482913-tunnel-anchor-mango');
  expect(code).toBe('482913-tunnel-anchor-mango');
  expect(invite).toBe(`securechat://127.0.0.1:${String(port)}/?plain#482913-tunnel-anchor-mango`);
  await program.event('notice', (notice) => notice['code'] === 'SC-126');
  const told = program.events.filter((each) => each.event === 'code' || each['code'] === 'SC-126');
  expect(told.map(({ event }) => event)).toEqual(['code', 'notice']);
  await talk(program, start([...JSON_UI, invite]));
});

test('it takes socket.io, too', async () => {
  const { program, code, port } = await host('--listen', '127.0.0.1:PORT');
  await talk(program, start([...JSON_UI, '-t', 'socketio', '-r', `ws://127.0.0.1:${String(port)}`, code]));
});

test('strangers are turned away: in the room of the two, and in any other', async () => {
  const { program, code, invite, port } = await host('--listen', '127.0.0.1:PORT');
  const peer = start([...JSON_UI, invite]);
  await program.event('state', ({ state }) => state === 'active');
  for (const room of [code, '123456-abandon-ability-able', 'kitchen-x']) {
    const stranger = start([...JSON_UI, '-r', `ws://127.0.0.1:${String(port)}`, room]);
    expect((await stranger.event('ended'))['code']).toBe('SC-303');
    expect(await stranger.exit).toBe(3);
  }
  await talk(program, peer);
});

test('--tls-self: the certificate of the link and no other', async () => {
  const { program, code, invite, port } = await host('--listen', '127.0.0.1:PORT', '--tls-self');
  // Without the link nobody could tell which certificate it is.
  expect(code).toBe('');
  const pin = /\?pin=([\w-]{43})#/.exec(invite)?.[1] ?? '';
  expect(invite.startsWith(`securechat://127.0.0.1:${String(port)}/?pin=${pin}#`)).toBe(true);
  // Somebody in between, with a certificate of his own.
  const other = await makeSelfSigned(Date.now());
  let heard = 0;
  const middle = createServer({ cert: other.certificate, key: other.key }, (socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (bytes: Buffer) => {
      heard += bytes.length;
    });
  }).listen(0, '127.0.0.1');
  await once(middle, 'listening');
  const elsewhere = invite.replace(String(port), String((middle.address() as AddressInfo).port));
  for (const transport of ['ws', 'socketio']) {
    const fooled = start([...JSON_UI, '-t', transport, elsewhere]);
    expect(await fooled.event('ended')).toMatchObject({ code: 'SC-125', exit: 6 });
    expect(await fooled.exit).toBe(6);
  }
  expect(heard).toBe(0);
  middle.close();
  // Without the pin the authorities decide, and none knows it.
  const unpinned = start([...JSON_UI, invite.replace(`?pin=${pin}`, '')]);
  expect((await unpinned.event('ended'))['code']).toBe('SC-113');
  await talk(program, start([...JSON_UI, '-t', 'socketio', invite]));
});

test('--strong: a link only', async () => {
  const { program, code, invite } = await host('--listen', '127.0.0.1:PORT', '--strong');
  expect(code).toBe('');
  expect(invite).toMatch(/#[a-z2-7]{16}-[a-z2-7]{26}$/);
  await talk(program, start([...JSON_UI, invite]));
});

test('--strong: who sends files is shown the link, and nothing to be said', async () => {
  const sender = start(['send', '--strong', '--listen', `127.0.0.1:${String(await freePort())}`, 'README.md']);
  await sender.says(
    /^Send your peer this link: {2}securechat:\/\/127\.0\.0\.1:\d+\/\?plain#[a-z2-7]{16}-[a-z2-7]{26}$/m,
  );
  expect(sender.stderr()).not.toContain('Tell your peer');
});

test('--announce: the link and what the peer types name that address, and public ones without TLS are spoken of', async () => {
  const { program, code, invite, port } = await host('--listen', '127.0.0.1:PORT', '--announce', 'chat.example:9000');
  expect(invite).toBe(`securechat://chat.example:9000/?plain#${code}`);
  const told = await program.event('notice', (notice) => notice['code'] === 'SC-126');
  expect(told['text']).toBe('Your peer types: securechat --relay ws://chat.example:9000 --insecure-relay');
  expect((await program.event('notice', (notice) => notice['code'] === 'SC-375'))['text']).toContain('--tls-self');
  // The relay is where it listens all the same.
  await talk(program, start([...JSON_UI, '-r', `ws://127.0.0.1:${String(port)}`, code]));

  const pinned = await host('--listen', '127.0.0.1:PORT', '--announce', 'chat.example', '--tls-self');
  expect(pinned.invite).toMatch(new RegExp(`^securechat://chat\\.example:${String(pinned.port)}/\\?pin=`));
  pinned.program.command({ do: 'quit' });
  await pinned.program.exit;
  const near = await host('--listen', '127.0.0.1:PORT');
  await near.program.event('notice', (notice) => notice['code'] === 'SC-126');
  near.program.command({ do: 'quit' });
  await near.program.exit;
  for (const { program: each } of [pinned, near])
    expect(each.events.filter((event) => event['code'] === 'SC-375')).toEqual([]);
});

const hosts = makeHosts('two hosts without a relay');

describe.skipIf(hosts === undefined)('two hosts', () => {
  afterAll(() => hosts?.close());

  test('what one prints is what the other types, and the link holds the address', async () => {
    const inside = (which: 0 | 1) => ({ before: [...(hosts?.before[which] ?? []), PROGRAM] });
    const program = start([...JSON_UI, '--listen'], inside(0));
    const told = await program.event('code');
    expect(told['invite']).toBe(`securechat://10.77.0.1:8765/?plain#${String(told['code'])}`);
    const line = await program.event('notice', (notice) => notice['code'] === 'SC-126');
    const [, typed = ''] = String(line['text']).split('securechat ');
    expect(typed).toBe('--relay ws://10.77.0.1:8765');
    await talk(program, start([...JSON_UI, ...typed.split(' '), String(told['code'])], inside(1)));
  });
});

test('each address of this machine that others can reach is named', async () => {
  const { program } = await host('--listen', '0.0.0.0:PORT');
  const own = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const others = own.filter(({ internal, family }) => !internal && family === 'IPv4').map(({ address }) => address);
  for (const address of others) await program.event('notice', ({ text }) => String(text).includes(`//${address}:`));
  program.command({ do: 'quit' });
  await program.exit;
});
