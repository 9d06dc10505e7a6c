/**
 * An onion service for one conversation, over a Tor network on loopback: both programs as they are, nobody between them that
 * sees both addresses, a cut in the middle.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { killAll, start } from '../support/program.js';
import { hasTor, startTorNetwork, type TorNetwork } from '../support/tor-network.js';
import { DEPTH } from '../support/chance.js';

const JSON_UI = ['--ui', 'json'];
const there = DEPTH !== 'quick' && hasTor('onion services');
if (DEPTH === 'quick')
  console.warn('SKIPPED in a quick run: onion services (a Tor network takes half a minute to start)');

describe.skipIf(!there)('an onion service', () => {
  let tor: TorNetwork;
  beforeAll(async () => {
    tor = await startTorNetwork({ usual: true });
    if (!tor.usual) console.warn('SKIPPED, something listens on 9050 already: --tor is not tried over a Tor network');
  }, 300_000);
  afterAll(async () => {
    killAll();
    await tor.close();
  });

  test('a chat, a cut, and the chat again', async () => {
    const control = `127.0.0.1:${String(tor.control)}`;
    const host = start([...JSON_UI, '--onion', '--tor-control', control, '--tor-cookie', tor.cookie]);
    const told = await host.event('code');
    expect(told['invite']).toMatch(/^securechat:\/\/[a-z2-7]{56}\.onion\/\?plain#\d{6}-[a-z-]+$/);
    const way = tor.usual ? ['--tor'] : ['--proxy', `socks5h://127.0.0.1:${String(tor.socks)}`];
    const peer = start([...JSON_UI, ...way, String(told['invite'])]);
    for (const each of [host, peer]) await each.event('state', ({ state }) => state === 'active');
    host.command({ do: 'send', text: 'through six hops' });
    expect((await peer.event('message'))['text']).toBe('through six hops');
    await tor.newCircuits();
    peer.command({ do: 'send', text: 'and back' });
    expect((await host.event('message'))['text']).toBe('and back');
    peer.command({ do: 'quit' });
    expect(await Promise.all([host.exit, peer.exit])).toEqual([0, 0]);
  });

  test('a file of 10 MiB, and a cut while it is on its way', async () => {
    const root = mkdtempSync(path.join(tmpdir(), 'securechat-onion-'));
    const content = Buffer.alloc(10 * 2 ** 20, 'onion ');
    writeFileSync(path.join(root, 'ten'), content);
    mkdirSync(path.join(root, 'there'));
    const control = `127.0.0.1:${String(tor.control)}`;
    const cookie = ['--tor-control', control, '--tor-cookie', tor.cookie];
    const host = start([...JSON_UI, `--files=${root}`, '--onion', ...cookie]);
    const invite = String((await host.event('code'))['invite']);
    const proxy = `socks5h://127.0.0.1:${String(tor.socks)}`;
    const peer = start([...JSON_UI, `--files=${path.join(root, 'there')}`, '--proxy', proxy, invite]);
    for (const each of [host, peer]) await each.event('state', ({ state }) => state === 'active');
    host.command({ do: 'offer', paths: [path.join(root, 'ten')] });
    peer.command({ do: 'accept', id: (await peer.event('offer'))['id'] });
    await peer.event('progress', ({ bytes }) => Number(bytes) > 2 ** 20);
    await tor.newCircuits();
    await host.event('file-done');
    expect(content.equals(readFileSync(path.join(root, 'there/ten')))).toBe(true);
    peer.command({ do: 'quit' });
    expect(await Promise.all([host.exit, peer.exit])).toEqual([0, 0]);
    rmSync(root, { recursive: true });
  });

  test('Tor that goes takes the service with it, and that is told', async () => {
    const control = `127.0.0.1:${String(tor.control)}`;
    const host = start([...JSON_UI, '--onion', '--tor-control', control, '--tor-cookie', tor.cookie]);
    await host.event('code');
    await tor.restart();
    await host.event('notice', ({ code }) => code === 'SC-124');
    host.command({ do: 'quit' });
    await host.exit;
  });
});
