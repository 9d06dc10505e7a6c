/**
 * Documents that state what the code does are compared with it.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { HANDSHAKE_LENGTHS } from '../../core/protocol/handshake.js';
import { formatInvite, parseInvite } from '../../core/room/invite.js';
import { rows } from '../../core/session/transitions.js';
import { FILES, text } from './sources.js';

const PROTOCOL = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8');

describe('docs/protocol.md', () => {
  test('draws the transition table as it is', () => {
    const drawing = /```mermaid\nstateDiagram-v2\n([\s\S]*?)```/.exec(PROTOCOL)?.[1] ?? '';
    const drawn = [...drawing.matchAll(/^ {4}(\w+) --> (\w+): (.+)$/gm)].flatMap(([, from, to, names]) =>
      (names ?? '').split(', ').map((name) => `${from ?? ''} ${name} ${to ?? ''}`),
    );
    const all = rows();
    const ends = all.filter(([from, , to]) => to === 'destroyed' && from !== 'closing');
    expect(ends.every(([, transition]) => transition === 'end')).toBe(true);
    const table = all.filter((row) => !ends.includes(row));
    expect(drawn.toSorted()).toEqual(table.map(([from, name, to]) => `${from} ${name} ${to}`).toSorted());
  });

  test('gives the lengths of the handshake messages', () => {
    for (const [name, length] of Object.entries(HANDSHAKE_LENGTHS)) {
      expect(PROTOCOL).toMatch(new RegExp(`\\| ${name.toUpperCase()} \\|.*\\| ${length} \\|`));
    }
  });
});

test.each(['docs/protocol.md', 'docs/quickstart.md', 'README.md'])('%s: every invitation link is one', (page) => {
  const links = [...text(page).matchAll(/securechat:\/\/[^\s#`]*#[^\s`]+/g)].map(([link]) => link);
  expect(links.length).toBeGreaterThan(0);
  const again = links.map((link) => {
    const { code, meeting } = parseInvite(new TextEncoder().encode(link));
    return new TextDecoder().decode(formatInvite(code, meeting));
  });
  expect(again).toEqual(links);
});

/** The tests that a cell names: `folder/name`, or with a star, and the titles behind a colon, with semicolons between them. */
function named(cell: string): { tests: string; titles: string[] }[] {
  return [...cell.matchAll(/`([a-z][\w./*{},-]+)`(?:: ([^`]*?)(?=; `|, `|\.?$))?/g)].map(
    ([, tests = '', titles = '']) => ({
      tests,
      titles: titles === '' ? [] : titles.split('; '),
    }),
  );
}

const bare = (title: string): string => title.toLowerCase().replaceAll(/[’']|\\u2019/g, '');

function missing(cells: readonly string[]): string[] {
  return cells.flatMap(named).flatMap(({ tests, titles }) => {
    const fits = new RegExp(`^test/${tests.replaceAll('*', '[^/]*')}\.test\.ts$`);
    const files = FILES.filter((file) => fits.test(file));
    if (files.length === 0) return [tests];
    const all = files.map((file) => bare(text(file))).join('\n');
    return titles.filter((title) => !all.includes(bare(title))).map((title) => `${tests}: ${title}`);
  });
}

/** The last cell of each row of the tables that have such a last column. */
function lastCells(page: string, column: string): string[] {
  const tables = page.split('\n\n').filter((part) => part.split('\n')[0]?.endsWith(`| ${column} |`));
  return tables
    .flatMap((table) => table.trim().split('\n').slice(2))
    .map((row) => row.split(' | ').at(-1)?.replace(/ \|$/, '') ?? '');
}

test('docs/attacks.md: every attack names a test, and each test and title that it names exists', () => {
  const cells = lastCells(text('docs/attacks.md'), 'test');
  expect(cells.length).toBeGreaterThan(60);
  expect(cells.filter((cell) => named(cell).length === 0 && !cell.includes('vectors'))).toEqual([]);
  expect(missing(cells)).toEqual([]);
});

describe('docs/architecture.md', () => {
  const page = text('docs/architecture.md');

  test('every file and folder that it names exists, and so does every test', () => {
    const names = [
      ...page.matchAll(
        /`((?:core|adapters|plugins|relay-ws|relay-socketio|test|docs|bench|\.config|\.ci)\/[\w./-]+)`/g,
      ),
    ];
    const gone = names
      .map(([, name = '']) => name)
      .filter((name) => !FILES.some((file) => file.startsWith(name) || file.startsWith(`test/${name}`)));
    expect(names.length).toBeGreaterThan(30);
    expect(gone).toEqual([]);
    const cells = lastCells(page, 'its test').filter((cell) => cell.startsWith('`'));
    expect(missing(cells)).toEqual([]);
  });

  test('every file that a row calls by its last name is in a folder that the row names', () => {
    const rows = page.split('\n').filter((line) => line.startsWith('| ') && line.includes('`'));
    const wrong = rows.flatMap((row) => {
      const words = [...row.matchAll(/`([\w./-]+)`/g)].map(([, word = '']) => word);
      let folder = '';
      return words.filter((word) => {
        if (word.includes('/')) folder = path.posix.dirname(word.endsWith('/') ? `${word}x` : word);
        if (!/^[\w-]+\.(ts|mjs|sh)$/.test(word)) return false;
        const places = [folder, path.posix.dirname(folder), 'core/session', 'adapters/cli'];
        return !places.some((place) => FILES.includes(path.posix.join(place, word)));
      });
    });
    expect(wrong).toEqual([]);
  });

  test('no folder of the sources is left out', () => {
    const folders = new Set(
      FILES.filter((file) => /\.(ts|mjs|sh)$|^\.ci/.test(file)).map((file) => path.posix.dirname(file)),
    );
    const places = [...folders].filter((folder) => !/^(\.|test|dist|docs)(\/|$)/.test(folder));
    const absent = places.filter(
      (folder) => !new RegExp(`(^|[\\s/\`])${path.posix.basename(folder)}(/|[\\s\`])`, 'm').test(page),
    );
    expect(places.length).toBeGreaterThan(25);
    expect(absent).toEqual([]);
  });

  test('every module of the session stands in its drawing', () => {
    const modules = FILES.filter((file) => /^core\/(session|protocol)\/[\w-]+\.ts$/.test(file));
    const absent = modules
      .map((file) => path.basename(file, '.ts'))
      .filter((name) => !new RegExp(`\\b${name}\\b`).test(page));
    expect(absent).toEqual([]);
  });

  test('gives a reason for each dependency', () => {
    const manifest = JSON.parse(text('package.json')) as Record<string, Record<string, string> | undefined>;
    const kinds = ['dependencies', 'optionalDependencies', 'devDependencies'];
    const all = kinds
      .flatMap((kind) => Object.keys(manifest[kind] ?? {}))
      .filter((name) => !name.startsWith('@types/'));
    const table = page.split('## Dependencies')[1] ?? '';
    const cells = [...table.matchAll(/^\| ([^|]+) \|/gm)].flatMap(([, cell = '']) =>
      cell.replace(/ \(.*\)$/, '').split(', '),
    );
    expect(all.filter((name) => !cells.includes(name))).toEqual([]);
    expect(cells.filter((name) => !['package', '---', '@types/*', ...all].includes(name))).toEqual([]);
  });
});
