/** Which proxy is used: flag, Tor, environment, password from a descriptor or a terminal; and what is refused. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Prompter } from '../../../adapters/cli/prompt.js';
import { CLI_WORDS } from '../../../adapters/words/cli.js';
import { parseProxy, torProxy } from '../../../adapters/cli/proxy-address.js';
import { seededBytes } from '../../support/chance.js';
import { findWay, proxyOfEnvironment, type WayOptions } from '../../../adapters/cli/proxy-way.js';

const RELAY = new URL('wss://relay.example/');

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('an address', () => {
  test.each([
    ['socks5h://127.0.0.1:9050', { kind: 'socks', host: '127.0.0.1', port: 9050 }],
    ['socks5://proxy.example', { kind: 'socks', host: 'proxy.example', port: 1080 }],
    ['SOCKS://[::1]:1', { kind: 'socks', host: '::1', port: 1 }],
    ['http://proxy.example', { kind: 'http', host: 'proxy.example', port: 80 }],
    ['http://proxy.example:80/', { kind: 'http', host: 'proxy.example', port: 80 }],
    ['https://a%40b@proxy.example:3128', { kind: 'https', host: 'proxy.example', port: 3128, user: 'a@b' }],
    ['https://proxy.example', { kind: 'https', host: 'proxy.example', port: 443 }],
  ])('%s', (text, proxy) => {
    expect(parseProxy(text, '--proxy')).toEqual(proxy);
  });

  test.each([
    '',
    'x',
    'ftp://x',
    'socks4://x:1',
    'http://',
    'http://x:0',
    'http://x:99999',
    'http://x/y',
    'http://x?y',
    'http://x#y',
    'http://a:b@x',
  ])('not %j', (text) => {
    expect(() => parseProxy(text, '--proxy')).toThrow(expect.objectContaining({ code: 'SC-503' }));
  });

  test('without its scheme it is asked which kind it is', () => {
    for (const at of ['127.0.0.1:1080', 'proxy.example:3128', '[::1]:9'])
      expect(() => parseProxy(at, '--proxy')).toThrow(
        expect.objectContaining({ detail: { flag: '--proxy', why: CLI_WORDS.proxy.noScheme(at) } }),
      );
  });

  test('a password is taken from the environment, and is in no error', () => {
    expect(parseProxy('http://a:b%20c@x:1', 'HTTPS_PROXY')).toMatchObject({ user: 'a', password: 'b c' });
    for (const wrong of ['http://a:hidden@x:1', 'http://a:hidden@x:1/y'])
      expect(() => parseProxy(wrong, '--proxy')).toThrow(
        expect.not.objectContaining({ message: expect.stringContaining('hidden') as string }),
      );
  });
});

describe('the environment', () => {
  const of = (env: Record<string, string>, relay = RELAY) => {
    for (const name of ['https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY', 'no_proxy', 'NO_PROXY'])
      vi.stubEnv(name, env[name]);
    return proxyOfEnvironment(relay, process.env);
  };

  test('HTTPS_PROXY goes before ALL_PROXY, without a scheme it is http', async () => {
    expect(await of({ HTTPS_PROXY: 'one:1', ALL_PROXY: 'socks5://two:2' })).toEqual({
      kind: 'http',
      host: 'one',
      port: 1,
    });
    expect(await of({ ALL_PROXY: 'socks5://two:2' })).toEqual({ kind: 'socks', host: 'two', port: 2 });
    expect(await of({})).toBeUndefined();
  });

  test('NO_PROXY and this machine are reached directly', async () => {
    const env = { ALL_PROXY: 'socks5://two:2', NO_PROXY: '.example' };
    expect(await of(env)).toBeUndefined();
    expect(await of(env, new URL('wss://relay.test/'))).toBeDefined();
    for (const own of ['ws://127.0.0.1:8765/', 'ws://localhost/', 'ws://[::1]:1/'])
      expect(await of({ ALL_PROXY: 'socks5://two:2' }, new URL(own))).toBeUndefined();
  });
});

test('Tor is given a name of its own for each session', () => {
  const random = seededBytes('tor');
  const [one, two] = [torProxy(random), torProxy(random)];
  expect(one).toMatchObject({ kind: 'socks', host: '127.0.0.1', port: 9050 });
  expect(one.user).not.toBe(two.user);
});

describe('the way', () => {
  const ask = vi.fn<Prompter['ask']>();
  const options = (given: Partial<WayOptions['options']>, more: Partial<WayOptions> = {}): WayOptions => ({
    options: { proxy: undefined, proxyAuth: undefined, transport: 'ws', ...given },
    relay: RELAY,
    ours: true,
    env: {},
    random: (n) => new Uint8Array(n),
    prompter: () => Promise.resolve({ ask, choose: () => Promise.reject(new Error('not asked')) }),
    ...more,
  });
  const proxy = parseProxy('http://ada@proxy.example:1', '--proxy');

  test('a user without a password is asked for it, hidden', async () => {
    ask.mockImplementation((question) => {
      expect(question).toMatchObject({ hidden: true, message: 'Password for the proxy proxy.example' });
      expect(question.accept(new TextEncoder().encode('secret'), undefined)).toBeUndefined();
      return Promise.resolve();
    });
    const way = await findWay(options({ proxy }));
    expect(ask).toHaveBeenCalledOnce();
    expect(way?.routeTo(RELAY)).toBeDefined();
  });

  test('nobody can be asked: refused', async () => {
    const nobody = { prompter: () => Promise.resolve(undefined) };
    await expect(findWay(options({ proxy }, nobody))).rejects.toMatchObject({
      code: 'SC-503',
      detail: { flag: '--proxy' },
    });
  });

  test('a transport of a plugin, and a relay that is started here, have none', async () => {
    for (const more of [{ ours: false }, { relay: undefined }]) {
      expect(await findWay(options({}, { ...more, env: { ALL_PROXY: 'socks5://x:1' } }))).toBeUndefined();
      await expect(findWay(options({ proxy: 'tor' }, more))).rejects.toMatchObject({
        code: 'SC-503',
        detail: { flag: '--tor' },
      });
    }
  });

  test('an onion service is reached through SOCKS only', async () => {
    const relay = new URL('ws://abc.onion/');
    await expect(findWay(options({}, { relay }))).rejects.toMatchObject({ code: 'SC-109' });
    await expect(findWay(options({ proxy: parseProxy('http://x:1', '--proxy') }, { relay }))).rejects.toMatchObject({
      code: 'SC-109',
    });
    expect(await findWay(options({ proxy: 'tor' }, { relay }))).toBeDefined();
  });
});
