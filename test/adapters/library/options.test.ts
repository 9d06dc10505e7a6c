/**
 * Options that cannot be used: told by a documented code before anything is made or sent.
 */
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { describe, expect, test } from 'vitest';
import type { ConnectOptions } from '../../../adapters/library/api.js';
import { connect } from '../../../adapters/library/library.js';
import { readOptions } from '../../../adapters/library/options.js';
import { createWordlist } from '../../../core/room/words.js';
import { startTestRelay } from '../../support/relay.js';
import { failure } from '../../support/library.js';

const WORDS = createWordlist(wordlist);
const RELAY = 'wss://relay.example';
const made: string[] = [];
const crypto: ConnectOptions['crypto'] = () => {
  made.push('crypto');
  throw new Error('nothing is made');
};

test.each<[string, unknown, string]>([
  ['no relay', {}, 'SC-360'],
  ['no object', 7, 'SC-360'],
  ['null', null, 'SC-360'],
  ['an option that does not exist', { relay: RELAY, rely: 1 }, 'SC-360'],
  ['one that every object has', { relay: RELAY, constructor: 1 }, 'SC-360'],
  ['a relay that is none', { relay: 'ftp://relay.example' }, 'SC-109'],
  ['a relay with a password', { relay: 'wss://u:p@relay.example' }, 'SC-109'],
  ['a plain relay elsewhere', { relay: 'ws://relay.example' }, 'SC-110'],
  ['a malformed code', { relay: RELAY, code: 'a' }, 'SC-301'],
  ['an empty code', { relay: RELAY, code: '' }, 'SC-301'],
  ['a link for the local network', { code: 'securechat:///?lan#abc-x' }, 'SC-376'],
  ['a mistyped word', { relay: RELAY, code: '482913-tunel-anchor-mango' }, 'SC-302'],
  ['a code that is none', { relay: RELAY, code: 482913 }, 'SC-360'],
  ['a direct path past a proxy', { relay: RELAY, direct: true, proxy: 'tor' }, 'SC-360'],
  ['a direct path of a stranger', { direct: true, transport: () => undefined }, 'SC-360'],
  ['a name that is too long', { relay: RELAY, name: 'é'.repeat(33) }, 'SC-360'],
  ['a time that is none', { relay: RELAY, resumeTimeout: '5m' }, 'SC-360'],
  ['no time at all', { relay: RELAY, idleTimeout: 0 }, 'SC-360'],
  ['NaN', { relay: RELAY, unreadLimit: Number.NaN }, 'SC-360'],
  ['a switch that is none', { relay: RELAY, verify: 'no' }, 'SC-360'],
  ['a signal that is none', { relay: RELAY, signal: {} }, 'SC-360'],
])('%s', async (_what, options, code) => {
  const given = typeof options === 'object' && options !== null && code !== 'SC-502' ? { crypto, ...options } : options;
  const error = await failure(connect(given as ConnectOptions));
  expect(error).toMatchObject({ name: 'ChatError', code, exit: 2 });
  expect((error as Error).message).toMatch(/^[A-Z].*[.?]$/);
  expect(made).toEqual([]);
});

test.each([
  ['transport', { relay: RELAY, transport: 'carrier-pigeon' }, 'SC-502', 'Available: ws, socketio'],
  ['crypto', { relay: RELAY, crypto: 'rot13' }, 'SC-502', 'Available: sodium, tweetnacl'],
  ['proxy', { relay: RELAY, proxy: 'ftp://proxy.example' }, 'SC-503', 'proxy'],
  ['an onion service without a proxy', { relay: `ws://${'a'.repeat(56)}.onion` }, 'SC-109', 'onion'],
])('a name that nobody has: %s', async (_what, options, code, words) => {
  expect(await failure(connect(options as ConnectOptions))).toMatchObject({
    code,
    message: expect.stringContaining(words) as string,
  });
});

describe('what is left out', () => {
  test('is as the program has it', () => {
    const read = readOptions({ relay: 'https://relay.example' }, WORDS);
    expect(read).toMatchObject({ created: true, transport: 'ws', direct: false, receipts: true, verify: false });
    expect(read).toMatchObject({ resumeTimeout: 600_000, idleTimeout: Number.POSITIVE_INFINITY });
    expect(read.relay?.href).toBe('wss://relay.example/');
  });

  test('a link says, but for what is said beside it', () => {
    const link = 'securechat://relay.example/?transport=socketio#482913-tunnel-anchor-mango';
    const read = readOptions({ code: link }, WORDS);
    expect(read).toMatchObject({ created: false, transport: 'socketio' });
    expect(read.relay?.href).toBe('wss://relay.example/');
    const own = readOptions({ code: link, relay: new URL('wss://other.example/') }, WORDS);
    expect(own).toMatchObject({ transport: 'ws', pin: undefined });
    expect(own.relay?.href).toBe('wss://other.example/');
    const plain = 'securechat://relay.example/?plain#482913-tunnel-anchor-mango';
    expect(() => readOptions({ code: plain }, WORDS)).toThrow(expect.objectContaining({ code: 'SC-110' }));
    expect(readOptions({ code: plain, insecureRelay: true }, WORDS).relay?.href).toBe('ws://relay.example/');
  });
});

test('a relay that is not there is told by its code, and the attempt is over', async () => {
  const relay = await startTestRelay();
  const { url } = relay;
  await relay.close();
  const error = await failure(connect({ relay: url }));
  expect(error).toMatchObject({ code: 'SC-101', exit: 3, remedy: expect.stringContaining('running') as string });
});
