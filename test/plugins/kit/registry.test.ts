/**
 * The registry of adapters: each way a plugin can be wrong is one clear sentence, and nothing of it is taken.
 */
import { describe, expect, it } from 'vitest';
import { builtins } from '../../../adapters/cli/builtins.js';
import { describe as told } from '../../../adapters/text/describe.js';
import { EXIT, SecurechatError } from '../../../core/errors.js';
import { definePlugin, PLUGIN_API, PLUGIN_MARK } from '../../../plugins/kit/define.js';
import { createRegistry, NAME_LIMIT, type Registry } from '../../../plugins/kit/registry.js';

const never = (): never => {
  throw new Error('made');
};
const spec = { description: 'for tests', create: never };
const plain = { name: 'mine', api: PLUGIN_API, uis: { mine: spec } };
const marked = (definition: object): unknown => ({ ...definition, [PLUGIN_MARK]: true });

function refusal(plugin: unknown, registry = createRegistry(['relay'])): string {
  const before = all(registry);
  try {
    registry.register(plugin);
  } catch (error) {
    if (!(error instanceof SecurechatError)) throw error;
    expect(error.code).toBe('SC-504');
    expect(error.exit).toBe(EXIT.usage);
    expect(all(registry)).toEqual(before);
    return told(error.code, error.detail);
  }
  throw new Error('it was accepted');
}

function all(registry: Registry): unknown {
  return [registry.names('transport'), registry.names('crypto'), registry.names('ui'), registry.flags()];
}

describe('the registry', () => {
  it('takes the built-in adapters through the same call', () => {
    const registry = createRegistry();
    registry.register(builtins);
    expect(registry.names('transport')).toContain('ws');
    expect(registry.names('crypto')).toContain('tweetnacl');
    expect(registry.names('ui')).toEqual(expect.arrayContaining(['line', 'json']));
    expect(registry.find('ui', 'json').description).toMatch(/JSON/);
  });

  it('finds by name only what was registered', () => {
    const registry = createRegistry();
    registry.register(definePlugin(plain));
    expect(registry.find('ui', 'mine')).toBe(spec);
    for (const name of ['other', 'constructor', '__proto__', 'toString']) {
      expect(() => registry.find('ui', name)).toThrow(/SC-502.*"known":"mine"/);
    }
    expect(() => registry.find('crypto', 'mine')).toThrow('SC-502');
  });

  it('gathers the flags of adapters', () => {
    const registry = createRegistry();
    const flags = { 'at-once': { description: 'now' }, 'wait-for': { description: 'later', value: 'ms' } };
    registry.register(definePlugin({ ...plain, uis: { mine: { ...spec, flags } } }));
    expect(registry.flags()).toEqual([
      { flag: 'at-once', spec: flags['at-once'], kind: 'ui', adapter: 'mine' },
      { flag: 'wait-for', spec: flags['wait-for'], kind: 'ui', adapter: 'mine' },
    ]);
  });

  it.each([
    ['nothing', undefined, 'definePlugin'],
    ['a function', never, 'definePlugin'],
    ['a list', [], 'definePlugin'],
    ['no marker', plain, 'definePlugin'],
    ['another marker', { ...plain, [PLUGIN_MARK]: 'yes' }, 'definePlugin'],
    ['no API version', marked({ ...plain, api: undefined }), 'names no API version'],
    ['an odd API version', marked({ ...plain, api: { major: 1, minor: '0' } }), 'names no API version'],
    ['a later major', marked({ ...plain, api: { major: 2, minor: 0 } }), 'plugin API 2.0, and this program has 1.0'],
    ['an earlier major', marked({ ...plain, api: { major: 0, minor: 9 } }), 'plugin API 0.9'],
    ['a later minor', marked({ ...plain, api: { major: 1, minor: 1 } }), 'plugin API 1.1'],
    ['no name', marked({ ...plain, name: undefined }), 'its name'],
    ['a bad name', marked({ ...plain, name: 'Mine!' }), 'its name'],
    ['a long name', marked({ ...plain, name: 'x'.repeat(NAME_LIMIT + 1) }), 'its name'],
    ['no adapter', marked({ name: 'mine', api: PLUGIN_API }), 'brings no adapter'],
    ['a list of adapters', marked({ ...plain, uis: [spec] }), 'not given by name'],
    ['a bad adapter name', marked({ ...plain, uis: { 'My UI': spec } }), 'the name of its ui "My UI"'],
    ['no description', marked({ ...plain, uis: { mine: { create: never } } }), 'needs a description'],
    [
      'no create',
      marked({ ...plain, uis: { mine: { description: 'x' } } }),
      'needs a description and a function create',
    ],
    ['an adapter that is none', marked({ ...plain, uis: { mine: 'x' } }), 'needs a description'],
    [
      'a bad flag name',
      marked({ ...plain, uis: { mine: { ...spec, flags: { 'a b': { description: '' } } } } }),
      'flag "a b"',
    ],
    [
      'a flag with dashes',
      marked({ ...plain, uis: { mine: { ...spec, flags: { '--x': { description: '' } } } } }),
      '"--x"',
    ],
    ['a flag that is none', marked({ ...plain, uis: { mine: { ...spec, flags: { x: true } } } }), '--x is malformed'],
    [
      'a flag with a bad check',
      marked({ ...plain, uis: { mine: { ...spec, flags: { x: { description: '', check: 1 } } } } }),
      '--x is malformed',
    ],
    [
      'a flag of the program',
      marked({ ...plain, uis: { mine: { ...spec, flags: { relay: { description: '' } } } } }),
      '--relay is taken',
    ],
  ])('refuses %s', (_what, plugin, part) => {
    expect(refusal(plugin)).toContain(part);
  });

  it('refuses what clashes with another plugin, and takes nothing of it', () => {
    const registry = createRegistry();
    const flags = { extra: { description: '' } };
    registry.register(definePlugin({ ...plain, uis: { mine: { ...spec, flags } } }));
    expect(refusal(definePlugin({ ...plain, uis: { other: spec } }), registry)).toContain('is there already');
    expect(refusal(definePlugin({ ...plain, name: 'b', cryptos: { c: spec } }), registry)).toContain(
      'already a ui "mine"',
    );
    expect(refusal(definePlugin({ ...plain, name: 'b', uis: { b: { ...spec, flags } } }), registry)).toContain(
      '--extra is taken',
    );
    const twice = {
      ...plain,
      name: 'b',
      uis: { b: { ...spec, flags: { f: { description: '' } } } },
      cryptos: { b: { ...spec, flags: { f: { description: '' } } } },
    };
    expect(refusal(definePlugin(twice), registry)).toContain('--f is taken');
    registry.register(definePlugin({ ...plain, name: 'b', uis: { b: spec }, cryptos: { mine: spec } }));
    expect(registry.names('ui')).toEqual(['mine', 'b']);
  });
});
