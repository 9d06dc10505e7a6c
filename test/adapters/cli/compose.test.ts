/**
 * The composition root: everything is there at once or nothing is left behind, and each failure is one sentence.
 */
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { builtins } from '../../../adapters/cli/builtins.js';
import { compose, type ComposeOptions } from '../../../adapters/cli/compose.js';
import { OWN_FLAGS } from '../../../adapters/cli/flags.js';
import { definePlugin, PLUGIN_API, type PluginDefinition } from '../../../plugins/kit/define.js';
import { createRegistry } from '../../../plugins/kit/registry.js';
import { createFakeInput, createFakeOutput } from '../../../plugins/testing/streams.js';

const NO_FLAGS = { transport: {}, crypto: {}, ui: {} };

function options(chosen: Partial<ComposeOptions['options']>, plugin?: Partial<PluginDefinition>): ComposeOptions {
  const registry = createRegistry(OWN_FLAGS);
  registry.register(builtins);
  if (plugin !== undefined) registry.register(definePlugin({ name: 'stranger', api: PLUGIN_API, ...plugin }));
  return {
    registry,
    options: { transport: 'ws', crypto: 'tweetnacl', ui: 'json', flags: NO_FLAGS, quiet: false, ...chosen },
    told: () => ({ first: [], code: undefined, later: [] }),
    equip: (ui) => Promise.resolve({ ui, bulk: undefined, exit: (status) => status }),
    chat: () => {
      throw new Error('no chat is begun here');
    },
    relay: new URL('wss://relay.example'),
    streams: {
      input: createFakeInput().stream,
      output: createFakeOutput().stream,
      errors: createFakeOutput().stream,
      color: false,
      wipeScrollback: false,
    },
  };
}

describe('compose', () => {
  it.each(['sodium', 'tweetnacl'])('makes every part once, from the same clock, with %s', async (crypto) => {
    const parts = await compose(options({ crypto }));
    expect(parts.crypto.random(4)).toHaveLength(4);
    expect(parts.relay).toMatchObject({ started: false, url: new URL('wss://relay.example') });
    expect(parts.transport.open).toBeTypeOf('function');
    await parts.end();
  });

  it('hands an adapter its flags and what it needs, and nothing else', async () => {
    const seen: unknown[] = [];
    const given = options(
      { transport: 'lan', flags: { ...NO_FLAGS, transport: { eager: true } } },
      {
        transports: {
          lan: {
            description: 'x',
            create: (flags, context) => {
              seen.push(flags, Object.keys(context).sort(), context.relay.href);
              return { open: () => ({ waiting: 0, send: () => false, close: () => undefined }) };
            },
          },
        },
      },
    );
    await (await compose(given)).end();
    expect(seen).toEqual([{ eager: true }, ['clock', 'relay'], 'wss://relay.example/']);
  });

  const boom = { description: 'x', create: () => Promise.reject(new Error('no luck')) };
  const thrower = {
    description: 'x',
    create: (): never => {
      throw new Error('no luck');
    },
  };
  it.each([
    [
      'crypto',
      { cryptos: { x: boom } },
      'SC-504',
      { plugin: 'stranger', why: 'its crypto "x" could not be made: no luck' },
    ],
    [
      'crypto',
      { cryptos: { x: thrower } },
      'SC-504',
      { plugin: 'stranger', why: 'its crypto "x" could not be made: no luck' },
    ],
    ['ui', { uis: { x: boom } }, 'SC-504', { plugin: 'stranger', why: 'its ui "x" could not be made: no luck' }],
    [
      'transport',
      { transports: { x: boom } },
      'SC-504',
      { plugin: 'stranger', why: 'its transport "x" could not be made: no luck' },
    ],
    [
      'transport',
      { transports: { x: thrower } },
      'SC-504',
      { plugin: 'stranger', why: 'its transport "x" could not be made: no luck' },
    ],
  ] as const)('a %s that cannot be made: %#', async (kind, plugin, code, detail) => {
    await expect(compose(options({ [kind]: 'x' }, plugin))).rejects.toMatchObject({ code, detail });
  });

  it('SC-111 when something else listens where the local relay belongs; nothing is started for a part that fails', async () => {
    const other = createServer((_request, response) => response.end('something else'));
    const held = await new Promise<boolean>((resolve) => {
      other.once('error', () => resolve(false));
      other.listen(8765, '127.0.0.1', () => resolve((other.address() as AddressInfo).port === 8765));
    });
    if (!held) {
      console.warn('SKIPPED: port 8765 is in use, a stranger on the local relay port is not tested');
      return;
    }
    try {
      await expect(compose({ ...options({}), relay: undefined })).rejects.toMatchObject({ code: 'SC-111' });
      const broken = { ...options({ crypto: 'x' }, { cryptos: { x: boom } }), relay: undefined };
      await expect(compose(broken)).rejects.toMatchObject({ code: 'SC-504' });
    } finally {
      await new Promise((resolve) => other.close(resolve));
    }
  });

  it('one end for all: crypto is wiped, the UI closed, a started relay stopped, whatever one of them does', async () => {
    const ended: string[] = [];
    const given = options(
      { crypto: 'x', ui: 'x', transport: 'ws' },
      {
        cryptos: {
          x: {
            description: 'x',
            create: async () => {
              const { createTweetnaclCrypto } = await import('../../../adapters/crypto/tweetnacl.js');
              const crypto = createTweetnaclCrypto();
              return {
                ...crypto,
                wipeAll() {
                  ended.push('crypto');
                  throw new Error('no luck');
                },
              };
            },
          },
        },
        uis: {
          x: {
            description: 'x',
            create: () => ({
              open: () => undefined,
              show: () => undefined,
              close: async () => void ended.push('ui'),
            }),
          },
        },
      },
    );
    const made = await compose(given);
    await made.ui.close();
    await Promise.all([made.end(), made.end()]);
    expect(ended.sort()).toEqual(['crypto', 'ui']);
  });

  it('a relay that was started ends with the rest, also when the transport cannot be made', async () => {
    let url: URL | undefined;
    const given = options(
      { transport: 'x' },
      {
        transports: {
          x: {
            description: 'x',
            create: (_options, { relay }) => {
              url = relay;
              throw new Error('no luck');
            },
          },
        },
      },
    );
    await expect(compose({ ...given, relay: undefined })).rejects.toMatchObject({ code: 'SC-504' });
    const port = Number(url?.port);
    const left = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
      socket.on('connect', () => socket.destroy());
    });
    // Another program's relay may have been there before.
    expect(port).toBe(8765);
    if (left) console.warn('SKIPPED: a relay of somebody else runs on this machine, it is not stopped');
  });
});
