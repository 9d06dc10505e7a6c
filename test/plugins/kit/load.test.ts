/**
 * Loading a plugin: found only where it was named, checked in order, and each way it can be wrong is one clear sentence.
 */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { builtins } from '../../../adapters/cli/builtins.js';
import { describe as told } from '../../../adapters/text/describe.js';
import { OWN_FLAGS } from '../../../adapters/cli/flags.js';
import { shortHelp } from '../../../adapters/cli/help.js';
import { parseOptions, pluginsOf } from '../../../adapters/cli/options.js';
import { isSecurechatError } from '../../../core/errors.js';
import { loadPlugin } from '../../../plugins/kit/load.js';
import { checkMade } from '../../../plugins/kit/made.js';
import { inTime, MAKE_TIMEOUT_MS, wordsOf } from '../../../plugins/kit/make.js';
import { createRegistry, type Registry } from '../../../plugins/kit/registry.js';

const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'securechat-plugins-')));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => vi.useRealTimers());

const cwd = path.join(folder, 'cwd');
const program = path.join(folder, 'prefix/node_modules/securechat/dist/securechat.cjs');
let made = 0;

function put(file: string, text: string): string {
  const target = path.resolve(cwd, file);
  mkdirSync(path.dirname(target), { recursive: true });
  writeFileSync(target, text);
  return target;
}

/** The source of a plugin, without an import: what definePlugin does, as a copy of securechat elsewhere would do it. */
function source(definition: string): string {
  made += 1;
  return `const create = () => ({});
export default { [Symbol.for('securechat.plugin')]: true, name: 'mine', api: { major: 1, minor: 0 }, ${definition} };
// ${String(made)}
`;
}

const ui = (name = 'mine', flags = '{}') => `uis: { '${name}': { description: 'x', create, flags: ${flags} } }`;

function registry(): Registry {
  const fresh = createRegistry(OWN_FLAGS);
  fresh.register(builtins);
  return fresh;
}

async function refusal(spec: string, into = registry()): Promise<string> {
  const before = JSON.stringify([into.names('transport'), into.names('crypto'), into.names('ui'), into.flags()]);
  try {
    await loadPlugin(spec, into, { cwd, program });
  } catch (error) {
    if (!isSecurechatError(error)) throw error;
    expect(error.code).toBe('SC-504');
    expect(error.detail['plugin']).toBe(spec);
    expect(JSON.stringify([into.names('transport'), into.names('crypto'), into.names('ui'), into.flags()])).toBe(
      before,
    );
    const sentence = told(error.code, error.detail);
    expect(sentence).toMatch(/^Cannot use the plugin ".*": .*\. Leave it out, .*\(SC-504\)$/);
    expect(sentence).not.toMatch(/[\x00-\x1f\x7f-\x9f]/);
    return sentence;
  }
  throw new Error('it was loaded');
}

describe('where a plugin is found', () => {
  const load = (spec: string) => loadPlugin(spec, registry(), { cwd, program });

  it.each(['./lone.mjs', './sub/../lone.mjs', path.join(cwd, 'lone.mjs')])('a file by its path: %s', async (spec) => {
    const file = put('lone.mjs', source(ui()));
    expect(await load(spec)).toEqual({ name: 'mine', version: '', file });
  });

  it.each<[string, object | undefined, string]>([
    ['exports as a file', { exports: './lib/a.mjs' }, 'lib/a.mjs'],
    ['exports by name', { exports: { '.': './lib/a.mjs', './b': './b.mjs' } }, 'lib/a.mjs'],
    ['exports by condition', { exports: { require: './no.cjs', import: './lib/a.mjs' } }, 'lib/a.mjs'],
    [
      'exports by conditions within',
      { exports: { '.': { node: { types: './x', default: './lib/a.mjs' } } } },
      'lib/a.mjs',
    ],
    ['exports with a choice', { exports: [{ browser: './no.mjs' }, './lib/a.mjs'] }, 'lib/a.mjs'],
    ['exports before main', { exports: './lib/a.mjs', main: './no.js' }, 'lib/a.mjs'],
    ['main', { type: 'module', main: 'lib/a.js' }, 'lib/a.js'],
    ['index.js', { type: 'module' }, 'index.js'],
  ])('a package, by %s', async (what, about, entry) => {
    const name = what.replaceAll(' ', '-');
    const file = put(`node_modules/${name}/${entry}`, source(ui()));
    put(`node_modules/${name}/package.json`, JSON.stringify({ name, version: '1.2.3', ...about }));
    expect(await load(name)).toEqual({ name: 'mine', version: '1.2.3', file });
    expect(await load(`./node_modules/${name}`)).toEqual({ name: 'mine', version: '1.2.3', file });
  });

  it('a package with a scope', async () => {
    const file = put('node_modules/@scope/pack.age/index.mjs', source(ui()));
    put('node_modules/@scope/pack.age/package.json', '{"exports":"./index.mjs"}');
    expect(await load('@scope/pack.age')).toEqual({ name: 'mine', version: '', file });
  });

  it('the node_modules of the working folder come before those above the program; those above the working folder never', async () => {
    const about = '{"exports":"./index.mjs"}';
    const beside = put('../prefix/node_modules/both/index.mjs', source(ui()));
    put('../prefix/node_modules/both/package.json', about);
    expect((await load('both')).file).toBe(beside);
    const here = put('node_modules/both/index.mjs', source(ui()));
    put('node_modules/both/package.json', about);
    expect((await load('both')).file).toBe(here);
    put('../node_modules/above/index.mjs', source(ui()));
    put('../node_modules/above/package.json', about);
    const elsewhere = path.join(folder, 'elsewhere/securechat.cjs');
    await expect(loadPlugin('above', registry(), { cwd, program: elsewhere })).resolves.toMatchObject({ name: 'mine' });
    await expect(loadPlugin('above', registry(), { cwd, program: '/x/securechat.cjs' })).rejects.toThrow('SC-504');
  });
});

describe('each way a plugin can be wrong', () => {
  it.each<[string, string, RegExp]>([
    ['missing, as a package', 'securechat-plugin-nowhere', /not installed/],
    ['missing, as a path', './nowhere.mjs', /no such file/],
    ['a name that is none', 'Not A Name', /neither the name .* nor a path/],
    ['a name with a way out', '../../etc/passwd', /no such file/],
    ['a way out behind a name', 'name/../../etc', /neither the name/],
    ['an address', 'https://example.org/x.mjs', /neither the name/],
    ['an address with code', 'data:text/javascript,0', /neither the name/],
    ['a module of Node', 'node:fs', /neither the name/],
    ['empty', '', /neither the name/],
  ])('%s', async (_what, spec, why) => {
    expect(await refusal(spec)).toMatch(why);
  });

  it.each<[string, string, RegExp]>([
    ['not a plugin', 'export default { name: "mine" };', /not made with definePlugin/],
    ['nothing', 'export const plugin = 1;', /not made with definePlugin/],
    ['no code', 'this is no code', /could not be imported: /],
    ['throws on load', 'throw new Error("no luck\\nat all");', /could not be imported: no luck\. /],
    ['throws no error on load', 'throw "no luck";', /could not be imported: it threw something that is no error/],
    ['imports what is not there', 'import "nowhere-at-all";', /could not be imported: /],
    ['another major version', source('api: { major: 2, minor: 0 }'), /plugin API 2\.0, and this program has 1\.0/],
    ['a newer minor version', source('api: { major: 1, minor: 1 }'), /plugin API 1\.1/],
    ['an older major version', source('api: { major: 0, minor: 9 }'), /plugin API 0\.9/],
    ['no version', source('api: "1.0"'), /names no API version/],
    ['a bad name', source("name: 'Mine!'"), /name is not made of a-z/],
    ['the name of the program', source(`name: 'securechat', ${ui()}`), /named "securechat" is there already/],
    [
      'a transport that is there',
      source("transports: { ws: { description: 'x', create } }"),
      /already a transport "ws"/,
    ],
    [
      'a crypto that is there',
      source("cryptos: { sodium: { description: 'x', create } }"),
      /already a crypto "sodium"/,
    ],
    ['a UI that is there', source(ui('json')), /already a ui "json"/],
    ['no adapter', source(''), /brings no adapter/],
    ['an adapter without create', source("uis: { mine: { description: 'x' } }"), /needs a description and a function/],
    ['a flag of the program', source(ui('mine', "{ relay: { description: '' } }")), /--relay is taken/],
    ['a flag of a later version', source(ui('mine', "{ plugin: { description: '' } }")), /--plugin is taken/],
    ['a flag that negates itself', source(ui('mine', "{ 'no-luck': { description: '' } }")), /begins with no-/],
    ['a flag with two dashes', source(ui('mine', "{ 'a--b': { description: '' } }")), /flag "a--b"/],
    ['a flag that ends with a dash', source(ui('mine', "{ 'a-': { description: '' } }")), /flag "a-"/],
    [
      'two flags for one value',
      source(ui('mine', "{ a1: { description: '' }, 'a-1': { description: '' } }")),
      /--a-1 is/,
    ],
    ['a value with brackets', source(ui('mine', "{ a: { description: '', value: 'x> <y' } }")), /--a is malformed/],
    ['a value without end', source(ui('mine', "{ a: { description: '', value: 'x...' } }")), /--a is malformed/],
    ['a trap', source("get uis() { throw new Error('trap'); }"), /threw while it was looked at: trap/],
    ['orders to the terminal', source("uis: { '\\x1b[2J': { description: 'x', create } }"), /name of its ui/],
    ['orders in an error', "throw new Error('\\x1b]0;owned\\x07');", /could not be imported/],
  ])('%s', async (what, text, why) => {
    const spec = `./wrong/${what.replaceAll(' ', '-')}.mjs`;
    put(spec, text);
    expect(await refusal(spec)).toMatch(why);
  });

  it.each<[string, string, RegExp]>([
    ['no file', '{"exports":"./dist/index.js"}', /its file \.\/dist\/index\.js is missing; was it built\?/],
    ['no export', '{"exports":{"./other":"./index.mjs"}}', /exports nothing to import/],
    ['an export for others', '{"exports":{"require":"./index.cjs"}}', /exports nothing to import/],
    ['a file outside', '{"exports":"../../../cwd/lone.mjs"}', /outside the package/],
    ['a manifest that is none', '{', /JSON/],
  ])('a package with %s', async (what, manifest, why) => {
    const name = `bad-${what.replaceAll(' ', '-')}`;
    put(`node_modules/${name}/package.json`, manifest);
    expect(await refusal(name)).toMatch(why);
  });

  it('two of one name, two with one flag', async () => {
    const into = registry();
    put('first.mjs', source(ui('first', "{ shared: { description: '' } }")));
    await loadPlugin('./first.mjs', into, { cwd, program });
    put('again.mjs', source(ui('other')));
    expect(await refusal('./again.mjs', into)).toMatch(/named "mine" is there already/);
    put('clash.mjs', source(`name: 'second', ${ui('second', "{ shared: { description: '' } }")}`));
    expect(await refusal('./clash.mjs', into)).toMatch(/--shared is taken/);
  });

  it('one that never finishes loading', async () => {
    put('never.mjs', 'await new Promise(() => undefined);');
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const refused = refusal('./never.mjs');
    await vi.waitFor(() => expect(vi.getTimerCount()).toBe(1), { timeout: 60_000 });
    vi.advanceTimersByTime(MAKE_TIMEOUT_MS);
    expect(await refused).toMatch(/could not be imported: it is not ready after 10 seconds/);
  });
});

describe('the command line', () => {
  it.each<[string[], string[]]>([
    [[], []],
    [
      ['-p', 'a', 'ROOM', '--plugin', './b', '--plugin=c'],
      ['a', './b', 'c'],
    ],
    // Flags that are not known yet, with and without a value.
    [
      ['--lan', 'host:1', '-p', 'a', '--fast', '-p', 'b', 'ROOM'],
      ['a', 'b'],
    ],
    // The value of a flag that is known.
    [['--name', '-p', 'ROOM'], []],
    [['-p', 'a', '--', '-p', 'b'], ['a']],
    [['-p', 'a', '--help'], ['a']],
  ])('%j names %j', (argv, named) => {
    expect(pluginsOf(argv, registry())).toEqual(named);
  });

  it('--plugin without a value is told', () => {
    expect(() => pluginsOf(['ROOM', '-p'], registry())).toThrow(/SC-503.*--plugin/);
  });

  it('flags of a plugin are in the help, made harmless, and are checked', async () => {
    const into = registry();
    const flags = `{
      level: { description: 'how\\x1b[2J loud', value: 'number', check: (v) => (/^[0-9]$/.test(v) ? undefined : 'it is no digit') },
      constructor: { description: 'named like what every object has' },
      sly: { description: 'x', value: 'v', check: () => { throw new Error('no luck'); } },
      odd: { description: 'x', value: 'v', check: () => 7 },
    }`;
    put('flags.mjs', source(ui('mine', flags)));
    await loadPlugin('./flags.mjs', into, { cwd, program });
    expect(shortHelp(into)).toMatch(/Flags of the ui mine:\s+--level <number> +how\S+ loud/);
    expect(shortHelp(into)).not.toMatch(/\x1b/);
    const parse = (...argv: string[]) => parseOptions(['ROOM', '-p', './flags.mjs', ...argv], into);
    expect(parse('-u', 'mine', '--level', '5')).toMatchObject({ options: { flags: { ui: { level: '5' } } } });
    expect(parse('-u', 'mine', '--constructor')).toMatchObject({ options: { flags: { ui: { constructor: true } } } });
    expect(parse()).toMatchObject({ options: { ui: 'line', flags: { ui: {} } } });
    expect(() => parse('-u', 'mine', '--level', 'x')).toThrow(/SC-503.*it is no digit/);
    expect(() => parse('-u', 'mine', '--sly', 'x')).toThrow(/SC-503.*could not check it \(no luck\)/);
    expect(() => parse('-u', 'mine', '--odd', 'x')).toThrow(/SC-503.*could not check it \(number\)/);
    expect(() => parse('--level', '5')).toThrow(/SC-503.*not selected/);
    expect(() => parse('-u', 'mine', '--level')).toThrow(/SC-503.*--level/);
  });
});

describe('what an adapter may be made into', () => {
  it.each<['transport' | 'crypto' | 'ui', unknown, RegExp]>([
    ['transport', undefined, /no function open/],
    ['transport', {}, /no function open/],
    ['transport', { open: true }, /no function open/],
    ['ui', { open: () => 0, show: () => 0 }, /no function close/],
    ['crypto', { random: () => 0 }, /no function randomSecret/],
  ])('no %s: %j', (kind, value, why) => {
    expect(() => checkMade(kind, value)).toThrow(why);
  });

  it('is waited for, for a while', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const late = inTime(() => new Promise(() => undefined), 3000);
    vi.advanceTimersByTime(3000);
    await expect(late).rejects.toThrow('not ready after 3 seconds');
    expect(await inTime(() => 7)).toBe(7);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('words of what was thrown', () => {
    const words = [new Error(' first \nsecond'), new TypeError(''), 'text', undefined].map(wordsOf);
    expect(words).toEqual([
      'first',
      'TypeError',
      'it threw something that is no error',
      'it threw something that is no error',
    ]);
  });
});
