/**
 * The adapters there are, by name. Every plugin, built in or not, comes in through `register` and is checked there, whole
 * or not at all. Nothing is loaded and no adapter is made in this file.
 */
import { SecurechatError } from '../../core/errors.js';
import { type CryptoSpec, type FlagSpec, PLUGIN_API, PLUGIN_MARK, type TransportSpec, type UiSpec } from './define.js';

/** Plugin, adapter and flag names. */
export const NAME = /^[a-z0-9-]+$/;
export const NAME_LIMIT = 64;
/** A flag's name: what is negated by itself (`no-`), and dashes without words between, would not be read back as given. */
const FLAG = /^(?!no-)[a-z0-9]+(?:-[a-z0-9]+)*$/;
/** The placeholder of a value: it stands between < and > in the help. */
const PLACEHOLDER = /^(?!.*\.\.\.)[\w.:/|-]{1,32}$/;

export type AdapterKind = 'transport' | 'crypto' | 'ui';

interface Specs {
  readonly transport: TransportSpec;
  readonly crypto: CryptoSpec;
  readonly ui: UiSpec;
}

/** A flag that an adapter brings along. */
export interface AdapterFlag {
  readonly flag: string;
  readonly spec: FlagSpec;
  readonly kind: AdapterKind;
  readonly adapter: string;
}

export interface Registry {
  /**
   * Takes over the adapters of a plugin. Throws SecurechatError SC-504 (`plugin`, `why`) for one that is not marked, made
   * for another API version, badly named, malformed, or in a clash; then nothing of it is taken. `named`: what the
   * person called it, for that error; default: its own name. Returns its own name.
   */
  register(plugin: unknown, named?: string): string;
  /** The adapter with this name; SC-502 (`kind`, `name`, `known`) when there is none. */
  find<K extends AdapterKind>(kind: K, name: string): Specs[K];
  /** The plugin that brought the adapter; undefined when there is none of that name. */
  pluginOf(kind: AdapterKind, name: string): string | undefined;
  /** Names in the order of registration. */
  names(kind: AdapterKind): readonly string[];
  flags(): readonly AdapterFlag[];
}

const FIELDS = { transport: 'transports', crypto: 'cryptos', ui: 'uis' } as const;
const KINDS = ['transport', 'crypto', 'ui'] as const;

type Adapters = { readonly [K in AdapterKind]: Map<string, Specs[K]> };

/** `reservedFlags`: the program's own long flags, without dashes. */
export function createRegistry(reservedFlags: readonly string[] = []): Registry {
  const plugins = new Set<string>();
  const adapters: Adapters = { transport: new Map(), crypto: new Map(), ui: new Map() };
  const owners = new Map<string, string>();
  const flags = new Map<string, AdapterFlag>();
  /** What two flags may not have in common: the name under which the command line keeps a value. */
  const keys = new Set(reservedFlags.map(keyOf));

  return {
    register(plugin, named) {
      const name = checkPlugin(plugin, named);
      const refuse = (why: string) => new SecurechatError('SC-504', { plugin: named ?? name, why });
      if (plugins.has(name)) throw refuse(`a plugin named "${name}" is there already`);
      const found: { kind: AdapterKind; adapter: string; spec: unknown }[] = [];
      const newFlags = new Map<string, AdapterFlag>();
      const newKeys = new Set<string>();
      for (const kind of KINDS) {
        for (const [adapter, spec] of entries((plugin as Record<string, unknown>)[FIELDS[kind]], refuse)) {
          if (!isName(adapter)) throw refuse(`the name of its ${kind} "${adapter}" is not made of a-z, 0-9 and -`);
          if (adapters[kind].has(adapter)) throw refuse(`there is already a ${kind} "${adapter}"`);
          checkSpec(kind, adapter, spec, refuse);
          for (const [flag, flagSpec] of entries(spec.flags, refuse)) {
            checkFlag(flag, flagSpec, refuse);
            if (keys.has(keyOf(flag)) || newKeys.has(keyOf(flag))) throw refuse(`its flag --${flag} is taken`);
            newKeys.add(keyOf(flag));
            newFlags.set(flag, { flag, spec: flagSpec, kind, adapter });
          }
          found.push({ kind, adapter, spec });
        }
      }
      if (found.length === 0) throw refuse('it brings no adapter');
      plugins.add(name);
      // checkSpec has seen to it that each one fits its kind.
      for (const { kind, adapter, spec } of found) (adapters[kind] as Map<string, unknown>).set(adapter, spec);
      for (const { kind, adapter } of found) owners.set(`${kind} ${adapter}`, name);
      for (const [flag, entry] of newFlags) flags.set(flag, entry);
      for (const key of newKeys) keys.add(key);
      return name;
    },

    pluginOf: (kind, name) => owners.get(`${kind} ${name}`),

    find(kind, name) {
      const spec = adapters[kind].get(name);
      if (spec !== undefined) return spec;
      throw new SecurechatError('SC-502', { kind, name, known: [...adapters[kind].keys()].join(', ') });
    },

    names: (kind) => [...adapters[kind].keys()],
    flags: () => [...flags.values()],
  };
}

type Refuse = (why: string) => SecurechatError;

/** Marker, API version and name, in this order. Returns the name. */
function checkPlugin(plugin: unknown, named: string | undefined): string {
  const own = isObject(plugin) && typeof plugin['name'] === 'string' ? plugin['name'] : 'unnamed';
  const refuse: Refuse = (why) => new SecurechatError('SC-504', { plugin: named ?? own, why });
  if (!isObject(plugin) || plugin[PLUGIN_MARK] !== true) throw refuse('it was not made with definePlugin');
  const api = plugin['api'];
  if (!isObject(api) || !isNatural(api['major']) || !isNatural(api['minor'])) throw refuse('it names no API version');
  const { major, minor } = api;
  if (major !== PLUGIN_API.major || minor > PLUGIN_API.minor) {
    const host = `${String(PLUGIN_API.major)}.${String(PLUGIN_API.minor)}`;
    throw refuse(`it is made for plugin API ${String(major)}.${String(minor)}, and this program has ${host}`);
  }
  if (!isName(plugin['name'])) throw refuse('its name is not made of a-z, 0-9 and -');
  return plugin['name'];
}

function checkSpec(
  kind: AdapterKind,
  adapter: string,
  spec: unknown,
  refuse: Refuse,
): asserts spec is { readonly flags?: unknown } {
  if (!isObject(spec) || typeof spec['description'] !== 'string' || typeof spec['create'] !== 'function') {
    throw refuse(`its ${kind} "${adapter}" needs a description and a function create`);
  }
  const { check, needsRelay } = spec;
  const fits =
    (check === undefined || typeof check === 'function') &&
    (needsRelay === undefined || (kind === 'transport' && typeof needsRelay === 'boolean'));
  if (!fits) throw refuse(`its ${kind} "${adapter}" is malformed`);
}

function checkFlag(flag: string, spec: unknown, refuse: Refuse): asserts spec is FlagSpec {
  if (!isName(flag) || !FLAG.test(flag))
    throw refuse(`the name of its flag "${flag}" is not made of a-z, 0-9 and single dashes, or begins with no-`);
  const fits =
    isObject(spec) &&
    typeof spec['description'] === 'string' &&
    (spec['value'] === undefined || (typeof spec['value'] === 'string' && PLACEHOLDER.test(spec['value']))) &&
    (spec['check'] === undefined || typeof spec['check'] === 'function');
  if (!fits) throw refuse(`its flag --${flag} is malformed`);
}

function keyOf(flag: string): string {
  return flag.replaceAll(/-(?=[0-9])/g, '');
}

function entries(value: unknown, refuse: Refuse): [string, unknown][] {
  if (value === undefined) return [];
  if (!isObject(value)) throw refuse('its adapters or flags are not given by name');
  return Object.entries(value);
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value.length <= NAME_LIMIT && NAME.test(value);
}

function isNatural(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isObject(value: unknown): value is Record<string | symbol, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
