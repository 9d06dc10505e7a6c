/**
 * Core is pure: nothing of a platform, a clock or chance. What the type checker and the linter enforce is looked at once
 * more without them, and the linter is shown code that it must refuse.
 */
import path from 'node:path';
import { ESLint } from 'eslint';
import { describe, expect, test } from 'vitest';
import { bare, ROOT, SOURCES, text } from './sources.js';

const CORE = SOURCES.filter((file) => file.startsWith('core/'));

/** Names that no file of core may mention in code, as a property neither. */
const FORBIDDEN =
  /\b(process|Buffer|globalThis|require|setTimeout|setInterval|setImmediate|queueMicrotask|Date|performance|Math\.random|TextEncoder|TextDecoder|console|fetch|WebSocket|AbortSignal|eval|new Function)\b(?!['":])/;

test('no file of core mentions a platform', () => {
  expect(CORE.length).toBeGreaterThan(20);
  const found = CORE.flatMap((file) =>
    bare(text(file))
      .split('\n')
      .flatMap((line, index) => (FORBIDDEN.test(line) ? [`${file}:${index + 1}: ${line.trim()}`] : [])),
  );
  expect(found).toEqual([]);
});

test.each([
  'const now = Date.now();',
  'Math.random();',
  'setTimeout(() => undefined, 1);',
  'process.exit(1);',
  'new TextEncoder();',
])('the search finds: %s', (line) => {
  expect(FORBIDDEN.test(bare(`/* Date */ // process\n${line}`))).toBe(true);
});

describe('the linter refuses in core', () => {
  const eslint = new ESLint({
    cwd: ROOT,
    overrideConfigFile: path.join(ROOT, '.config/eslint.config.js'),
    // The planted file is on no disk: its types cannot be asked for, and these rules need none.
    overrideConfig: { languageOptions: { parserOptions: { projectService: false } } },
    ruleFilter: ({ ruleId }) => ruleId.startsWith('no-restricted-') || ruleId === 'no-console',
  });
  const refused = async (code: string, filePath: string): Promise<string[]> => {
    const [result] = await eslint.lintText(`${code}\n`, { filePath: path.join(ROOT, filePath) });
    if (result === undefined) throw new Error(`${filePath} is not linted`);
    return result.messages.map(({ ruleId, message }) => ruleId ?? message);
  };

  test.each([
    ['export const now = Date.now();', 'no-restricted-globals'],
    ['export const chance = Math.random();', 'no-restricted-properties'],
    ['setTimeout(() => undefined, 1);', 'no-restricted-globals'],
    ['setInterval(() => undefined, 1);', 'no-restricted-globals'],
    ['process.exit(1);', 'no-restricted-globals'],
    ['export const bytes = Buffer.alloc(1);', 'no-restricted-globals'],
    ['export const encoder = new TextEncoder();', 'no-restricted-globals'],
    ['export const decoder = new TextDecoder();', 'no-restricted-globals'],
    ['export const platform = globalThis.process;', 'no-restricted-properties'],
    ["import 'node:fs';", 'no-restricted-imports'],
    ["import 'ws';", 'no-restricted-imports'],
    ['export default 1;', 'no-restricted-syntax'],
    ["export * from './errors.js';", 'no-restricted-syntax'],
    ['console.log(1);', 'no-console'],
  ])('%s', async (code, rule) => {
    expect(await refused(code, 'core/planted.ts')).toContain(rule);
  });

  test('and lets an adapter have its platform', async () => {
    expect(await refused("import 'node:fs';\nexport const now = Date.now();", 'adapters/planted.ts')).toEqual([]);
  });
});
