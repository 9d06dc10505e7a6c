/**
 * Who may import whom (docs/architecture.md, rule 1), twice: by reading the imports here, and by dependency-cruiser, which
 * is shown one forbidden import for each of its rules.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { CONTROLS, DEPTH } from '../support/chance.js';
import { ROOT, SHIPPED, SOURCES, text } from './sources.js';

const MODULES = SOURCES.filter(
  (file) => file.endsWith('.ts') && SHIPPED.some((folder) => file.startsWith(`${folder}/`)),
);
const NODE = 'node';
/** Socket libraries of the relays. */
const LIBRARIES: Readonly<Record<string, RegExp>> = {
  'relay-ws': /^ws$/,
  'relay-socketio': /^(socket\.io|engine\.io|ws)(-.*|\/.*)?$/,
};
const CONTAINER = /^(inversify|@inversifyjs|reflect-metadata)(\/|$)/;
const MAY_START_RELAYS = 'adapters/cli/relays.ts';
/** What the relays have in common with the client. */
const SHARED_WITH_RELAYS =
  /^adapters\/(relay\/|words\/relay\.ts$|text\/(ascii|locale|neutral)\.ts$|system\/command-line\.ts$)/;

interface Import {
  readonly from: string;
  readonly name: string;
  /** A file of ours, `node`, or the name of a package. */
  readonly to: string;
}

function importsOf(file: string): Import[] {
  const names = [...text(file).matchAll(/(?:^|[\s;])(?:from|import)\s*\(?\s*['"]([^'"\n]+)['"]/g)].map(
    (found) => found[1]!,
  );
  return names.map((name) => {
    if (name.startsWith('.'))
      return { from: file, name, to: path.posix.join(path.posix.dirname(file), name).replace(/\.js$/, '.ts') };
    return { from: file, name, to: name.startsWith('node:') || builtinModules.includes(name) ? NODE : name };
  });
}

/** Why it is forbidden, or undefined. */
function forbidden({ from, to }: Import): string | undefined {
  const folder = from.split('/')[0]!;
  const target = SOURCES.includes(to) ? to.split('/')[0]! : undefined;
  if (to === 'reflect-metadata' && from === 'adapters/system/self-signed.ts') return undefined;
  if (CONTAINER.test(to))
    return from === 'adapters/cli/compose.ts' ? undefined : 'the container is known to compose.ts only';
  if (target === 'test' || target === 'bench' || target === 'docs') return 'nobody imports tests or documents';
  if (target === 'core') return undefined;
  if (from.startsWith('adapters/relay/'))
    return SHARED_WITH_RELAYS.test(to) || to === NODE || to === 'prom-client' || to === 'ioredis'
      ? undefined
      : 'what the relays share imports core, node:*, prom-client and ioredis';
  if (target === folder) return undefined;
  if (folder === 'core') return 'core imports core only';
  if (target?.startsWith('relay-'))
    return from === MAY_START_RELAYS ? undefined : `only ${MAY_START_RELAYS} imports relays`;
  if (folder.startsWith('relay-') && to.startsWith('adapters/relay/')) return undefined;
  if (folder === 'adapters')
    return target === undefined || target === 'plugins' ? undefined : `adapters import no ${target}`;
  if (to === NODE) return undefined;
  if (folder === 'plugins')
    return target === undefined && !/^plugins\/(kit|testing)\//.test(from)
      ? undefined
      : 'the plugin kit imports core only';
  return LIBRARIES[folder]?.test(to) ? undefined : `${folder} imports core, its socket library and node:*`;
}

test('no import is forbidden', () => {
  const imports = MODULES.flatMap(importsOf);
  expect(imports.length).toBeGreaterThan(150);
  expect(imports).toContainEqual({
    from: 'adapters/cli/relays.ts',
    name: '../../relay-ws/server.js',
    to: 'relay-ws/server.ts',
  });
  expect(imports.flatMap((each) => forbidden(each) ?? [])).toEqual([]);
});

test('each import of ours names a file with its suffix', () => {
  const lost = MODULES.flatMap(importsOf).filter(
    ({ name, to }) => name.startsWith('.') && !existsSync(path.join(ROOT, to)),
  );
  expect(lost).toEqual([]);
});

describe('dependency-cruiser', () => {
  const fixture = path.join(ROOT, '.build', `planted-${process.pid}`);
  afterAll(() => rmSync(fixture, { recursive: true, force: true }));

  const cruise = (root: string) => {
    const { status, stderr, stdout } = spawnSync(process.execPath, ['.config/cruise.mjs', root], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    return { status, said: stderr + stdout };
  };

  /** A forbidden import for each rule: rule, file, its text. */
  const PLANTED: readonly (readonly [string, string, string])[] = [
    ['core-imports-core', 'core/planted-node.ts', "import 'node:fs';"],
    [
      'core-imports-core',
      'core/planted-type.ts',
      "import type { Relay } from '../relay-ws/server.js';\nexport type P = Relay;",
    ],
    ['core-imports-core', 'core/planted-package.ts', "import 'ws';"],
    ['core-imports-core', 'core/planted-later.ts', "export const later = () => import('../adapters/system/clock.js');"],
    ['adapters-import-core-and-plugins', 'adapters/planted-plugin.ts', "import '../plugins/planted/index.js';"],
    [
      'relays-are-imported-by-one-file-of-the-client-only',
      'adapters/planted-relay.ts',
      "import '../relay-ws/server.js';",
    ],
    ['plugin-kit-imports-core', 'plugins/kit/planted.ts', "import '../../adapters/system/clock.js';"],
    ['plugins-import-core-and-kit', 'plugins/planted/index.ts', "import '../../adapters/system/clock.js';"],
    ['shared-relay-imports', 'adapters/relay/planted.ts', "import '../system/clock.js';"],
    ['shared-relay-imports', 'adapters/relay/planted-package.ts', "import 'ws';"],
    ['relay-ws-imports', 'relay-ws/planted-adapter.ts', "import '../adapters/system/clock.js';"],
    ['relay-ws-imports', 'relay-ws/planted.ts', "import '../plugins/kit/define.js';"],
    ['relay-ws-imports', 'relay-ws/planted-package.ts', "import 'inversify';"],
    ['relay-socketio-imports', 'relay-socketio/planted.ts', "import '../relay-ws/server.js';"],
    ['nobody-imports-tests', 'adapters/planted-test.ts', "import '../test/planted.js';"],
    [
      'container-in-compose-only',
      'adapters/cli/planted.ts',
      "import { Container } from 'inversify';\nexport const c = new Container();",
    ],
    ['container-in-compose-only', 'adapters/cli/planted-metadata.ts', "import 'reflect-metadata';"],
    ['shipped-code-uses-dependencies', 'adapters/planted-tool.ts', "import 'fast-check';"],
    ['no-cycles', 'core/planted-a.ts', "import './planted-b.js';"],
    ['no-orphans', 'adapters/planted-alone.ts', 'export const alone = 1;'],
    ['resolvable', 'adapters/planted-lost.ts', "import './nothing.js';"],
  ];

  test.runIf(CONTROLS)('refuses one planted import for each rule, and nothing else', async () => {
    for (const folder of [...SHIPPED, 'package.json'])
      if (existsSync(path.join(ROOT, folder)))
        cpSync(path.join(ROOT, folder), path.join(fixture, folder), { recursive: true });
    // What is planted is found below, and nothing else.
    if (DEPTH !== 'quick')
      expect(cruise(fixture)).toMatchObject({
        status: 0,
        said: expect.stringMatching(/^cruise: \d+ files, \d+ imports, none forbidden\n$/) as string,
      });

    const helpers = [
      ['core/planted-b.ts', "import './planted-a.js';"],
      ['test/planted.ts', "import '../core/errors.js';"],
    ] as const;
    for (const [file, code] of [...helpers, ...PLANTED.map(([, file, code]) => [file, code] as const)]) {
      mkdirSync(path.join(fixture, path.dirname(file)), { recursive: true });
      writeFileSync(path.join(fixture, file), `${code}\n`);
    }
    const { status, said } = cruise(fixture);
    expect(status).toBe(1);
    for (const [rule, file] of PLANTED)
      expect(said).toMatch(new RegExp(`^${rule}: ${file.replaceAll('.', '\\.')}( |$)`, 'm'));
    const others = said
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('cruise: ') && !line.includes('planted'));
    expect(others).toEqual([]);

    const file = pathToFileURL(path.join(ROOT, '.config/dependency-cruiser.js')).href;
    const rules = ((await import(file)) as { default: { forbidden: { name: string }[] } }).default.forbidden;
    const shown = new Set(PLANTED.map(([rule]) => rule));
    expect(rules.map(({ name }) => name).filter((name) => !shown.has(name))).toEqual([]);
  });

  test.runIf(CONTROLS)('is not believed when it saw nothing', () => {
    const empty = path.join(fixture, 'empty');
    mkdirSync(path.join(empty, 'core'), { recursive: true });
    expect(cruise(empty)).toEqual({ status: 1, said: 'cruise: there is nothing to cruise\n' });
    writeFileSync(path.join(empty, 'core/errors.ts'), 'export const nothing = 1;\n');
    expect(cruise(empty)).toMatchObject({ status: 1, said: expect.stringContaining('was not followed') as string });
  });
});
