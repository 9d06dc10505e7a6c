/** What a transport without a relay, and flags that belong together, mean for the command line and the composition. */
import { expect, test } from 'vitest';
import { builtins } from '../../../adapters/cli/builtins.js';
import { compose } from '../../../adapters/cli/compose.js';
import { OWN_FLAGS } from '../../../adapters/cli/flags.js';
import { parseOptions } from '../../../adapters/cli/options.js';
import type { SecurechatError } from '../../../core/errors.js';
import { definePlugin, PLUGIN_API, type TransportSpec } from '../../../plugins/kit/define.js';
import { createRegistry, type Registry } from '../../../plugins/kit/registry.js';
import { createFakeInput, createFakeOutput } from '../../../plugins/testing/streams.js';

function registryWith(transport: unknown): Registry {
  const registry = createRegistry(OWN_FLAGS);
  registry.register(builtins);
  registry.register(
    definePlugin({ name: 'stranger', api: PLUGIN_API, transports: { lan: transport as TransportSpec } }),
  );
  return registry;
}

const create = () => ({ open: () => ({ waiting: 0, send: () => false, close: () => undefined }) });

function refusal(run: () => unknown): SecurechatError {
  try {
    run();
  } catch (error) {
    return error as SecurechatError;
  }
  throw new Error('nothing was refused');
}

test('a transport that needs no relay gets none, and none is looked for', async () => {
  const contexts: object[] = [];
  const registry = registryWith({
    description: 'x',
    needsRelay: false,
    create: (_options: unknown, context: object) => {
      contexts.push(context);
      return create();
    },
  });
  const [output, errors] = [createFakeOutput(), createFakeOutput()];
  const parts = await compose({
    registry,
    options: {
      transport: 'lan',
      crypto: 'tweetnacl',
      ui: 'json',
      flags: { transport: {}, crypto: {}, ui: {} },
      quiet: false,
    },
    told: () => ({ first: [], code: undefined, later: [] }),
    equip: (ui) => Promise.resolve({ ui, bulk: undefined, exit: (status) => status }),
    chat: () => {
      throw new Error('no chat is begun here');
    },
    relay: undefined,
    streams: {
      input: createFakeInput().stream,
      output: output.stream,
      errors: errors.stream,
      color: false,
      wipeScrollback: false,
    },
  });
  expect(parts.relay).toBeUndefined();
  expect(contexts.map((context) => Object.keys(context))).toEqual([['clock']]);
  await parts.end();
});

test('--relay is refused for it, and taken for the others', () => {
  const registry = registryWith({ description: 'x', needsRelay: false, create });
  const relay = ['ROOM', '--relay', 'wss://relay.example'];
  expect(refusal(() => parseOptions(['-t', 'lan', ...relay], registry))).toMatchObject({
    code: 'SC-503',
    detail: { flag: '--relay', why: 'the transport lan needs no relay' },
  });
  expect(parseOptions(relay, registry)).toMatchObject({ run: 'chat' });
});

test('flags that do not go together are told before anything is asked or opened', () => {
  const seen: unknown[] = [];
  const registry = registryWith({
    description: 'x',
    flags: { one: { description: 'y' } },
    check: (options: object) => {
      seen.push(options);
      return 'one' in options ? undefined : 'needs --one';
    },
    create,
  });
  expect(refusal(() => parseOptions(['-t', 'lan', 'ROOM'], registry))).toMatchObject({
    code: 'SC-503',
    detail: { why: 'the transport lan needs --one' },
  });
  expect(parseOptions(['-t', 'lan', 'ROOM', '--one'], registry)).toMatchObject({ run: 'chat' });
  // Of an adapter that is not chosen nothing is asked.
  expect(parseOptions(['ROOM'], registry)).toMatchObject({ run: 'chat' });
  expect(seen).toEqual([{}, { one: true }]);
});

test.each([
  ['check', { check: 'no' }],
  ['needsRelay', { needsRelay: 0 }],
])('a malformed %s is refused when it is registered', (_name, wrong) => {
  expect(refusal(() => registryWith({ description: 'x', create, ...wrong }))).toMatchObject({
    code: 'SC-504',
    detail: { why: 'its transport "lan" is malformed' },
  });
});
