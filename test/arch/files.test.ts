/**
 * The rules of the house that concern files: names, length, the opening comment, what may not be left behind.
 */
import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { FILES, ROOT, SOURCES, text } from './sources.js';

/** The rule says about 300; above this, a file has more than one concern. Tests are lists and may be longer. */
const LINES_LIMIT = 400;
const TEST_LINES_LIMIT = 600;

const TOP_LEVEL = new Set([
  ...['package.json', 'package-lock.json', 'tsconfig.json', 'README.md', 'LICENSE', 'run.sh'],
  ...['CHANGELOG.md', 'SECURITY.md', 'CONTRIBUTING.md'],
  ...['core', 'adapters', 'plugins', 'relay-ws', 'relay-socketio', 'test', 'bench', 'docs'],
  // Made, and not in the repository.
  ...['node_modules', 'dist', 'coverage'],
]);

const TYPESCRIPT = SOURCES.filter((file) => /\.[cm]?[jt]s$/.test(file));

/** Lines that match, with their places. */
function places(files: readonly string[], pattern: RegExp): string[] {
  return files.flatMap((file) =>
    text(file)
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? [`${file}:${index + 1}: ${line.trim()}`] : [])),
  );
}

test('there is something to look at', () => {
  expect(TYPESCRIPT.length).toBeGreaterThan(80);
  expect(SOURCES).toContain('core/session/transitions.ts');
  expect(SOURCES).toContain('run.sh');
});

test('only the agreed names are at the top', () => {
  expect(readdirSync(ROOT).filter((name) => !name.startsWith('.') && !TOP_LEVEL.has(name))).toEqual([]);
});

test('no file is too long', () => {
  const limit = (file: string) => (file.endsWith('.test.ts') ? TEST_LINES_LIMIT : LINES_LIMIT);
  const long = TYPESCRIPT.map((file) => ({ file, lines: text(file).split('\n').length - 1 }));
  expect(long.filter(({ file, lines }) => lines > limit(file))).toEqual([]);
});

test('every source opens with what it is for', () => {
  const opening = /^(#!.*\n)?\/\*\*\n? ?\*? \S/;
  expect(TYPESCRIPT.filter((file) => !opening.test(text(file)))).toEqual([]);
  const shell = SOURCES.filter((file) => !TYPESCRIPT.includes(file));
  expect(shell.filter((file) => !/^#!.*\n# \S/.test(text(file)))).toEqual([]);
});

test('nothing is left for later', () => {
  expect(
    places(SOURCES, new RegExp(['TO' + 'DO', 'FIX' + 'ME', 'HA' + 'CK'].map((word) => `\\b${word}\\b`).join('|'))),
  ).toEqual([]);
});

test('no test is held back', () => {
  const tests = SOURCES.filter((file) => file.endsWith('.test.ts'));
  // skipIf says why at run time.
  expect(places(tests, /\b(test|it|describe)\.(only|skip|todo|fails)\(/)).toEqual([]);
});

test('no path of one machine is in the tree', () => {
  const written = FILES.filter((file) => !/\.(png|ico|wasm|gz)$/.test(file));
  const home = '(?:home|Users)/[a-z][a-z0-9_-]*';
  expect(places(written, new RegExp(`(?:^|[\\s'"\`(=:])/(?:${['work', 'root', 'farm'].join('|')}|${home})/`))).toEqual(
    [],
  );
  expect(places(written, new RegExp(`/tmp/${'bash' + '_jobs'}`))).toEqual([]);
});

test('there are no barrels', () => {
  // What the package exports to strangers is in these; a plugin's index is its one file with a default export.
  const ours = TYPESCRIPT.filter(
    (file) =>
      file.endsWith('.ts') &&
      !/^(adapters\/library\/(library|browser)|plugins\/(testing\/testing|kit\/define|[^/]+\/index))\.ts$/.test(file),
  );
  expect(ours.filter((file) => /(^|\/)index\.ts$/.test(file))).toEqual([]);
  expect(places(ours, /^export (\*|\{[^}]*\}) from /)).toEqual([]);
});
