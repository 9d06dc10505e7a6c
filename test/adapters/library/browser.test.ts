/**
 * The library as a page has it, with a WebSocket that a browser would have: with the library of Node at the other end. In a
 * real browser it is run by the check of docs/library.md.
 */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import * as page from '../../../adapters/library/browser.js';
import * as node from '../../../adapters/library/library.js';
import type { Relay } from '../../../adapters/relay/listener.js';
import { failure, take } from '../../support/library.js';
import { startTestRelay } from '../../support/relay.js';

const before = Object.getOwnPropertyDescriptor(globalThis, 'WebSocket');
let relay: Relay;
beforeAll(async () => {
  relay = await startTestRelay();
  Object.defineProperty(globalThis, 'WebSocket', { value: WebSocket, configurable: true, writable: true });
});
afterAll(async () => {
  if (before === undefined) delete (globalThis as { WebSocket?: unknown }).WebSocket;
  else Object.defineProperty(globalThis, 'WebSocket', before);
  await relay.close();
});

test.each([undefined, 'sodium', 'tweetnacl'] as const)(
  'a page and a program: messages and a file (%s)',
  async (crypto) => {
    const one = await page.connect({ relay: relay.url, crypto, name: 'page' });
    const other = await node.connect({ relay: relay.url, code: one.code });
    await one.send('hello from a page');
    expect(await take(other, 1)).toMatchObject([{ text: 'hello from a page', from: 'page' }]);
    await other.send('hello, page');
    expect(await take(one, 1)).toMatchObject([{ text: 'hello, page' }]);
    const offering = other.offers[Symbol.asyncIterator]().next();
    const { done } = one.sendFiles({ name: 'a.txt', content: new Blob(['content']) });
    const incoming = ((await offering).value as node.Offer).accept();
    for await (const file of incoming) expect(new TextDecoder().decode(await file.bytes())).toBe('content');
    expect(await done).toEqual(await incoming.done);
    await one.close();
    expect(await other.ended).toMatchObject({ code: 'SC-316' });
  },
);

test('a page without WebAssembly takes plain JavaScript, but not where sodium was asked for', async () => {
  vi.doMock('../../../adapters/crypto/sodium.js', () => ({
    createSodiumCrypto: () => Promise.reject(new Error('the policy forbids it')),
  }));
  vi.resetModules();
  try {
    const { connect } = await import('../../../adapters/library/browser.js');
    const session = await connect({ relay: relay.url });
    expect(await session.wipe()).toMatchObject({ code: 'SC-311' });
    expect(await failure(connect({ relay: relay.url, crypto: 'sodium' }))).toMatchObject({ code: 'SC-201' });
  } finally {
    vi.doUnmock('../../../adapters/crypto/sodium.js');
    vi.resetModules();
  }
});

test.each([
  ['a proxy', { relay: 'wss://relay.example', proxy: 'tor' }, 'SC-360'],
  ['a direct path', { relay: 'wss://relay.example', direct: true }, 'SC-360'],
  ['a certificate', { code: `securechat://relay.example/?pin=${'A'.repeat(43)}#482913-tunnel-anchor-mango` }, 'SC-360'],
  ['socket.io', { relay: 'wss://relay.example', transport: 'socketio' as const }, 'SC-502'],
  ['an adapter that nobody has', { relay: 'wss://relay.example', crypto: 'rot13' as 'sodium' }, 'SC-502'],
])('what a page cannot do is told before anything is sent: %s', async (_what, options, code) => {
  expect(await failure(page.connect(options))).toMatchObject({ code, name: 'ChatError' });
});
