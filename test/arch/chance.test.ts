/**
 * No gate depends on luck: every test draws by test/support/chance.ts, whose seed is fixed in `npm test` and .ci/run. What
 * would draw elsewhere is looked for in the sources.
 */
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { fc, runs, SEED, seededBytes } from '../support/chance.js';
import { bare, ROOT, SOURCES, text } from './sources.js';

/** What draws without a seed, by any of its names. */
const UNSEEDED = /\b(Math\.random|getRandomValues|randomBytes|randomUUID|randomInt|randomFill\w*|pseudoRandomBytes)\b/;

/** Where it must: names that no other process may draw, on which no outcome depends, and the platform's source itself. */
const MUST = new Set([
  'test/support/relay-client.ts',
  'test/support/direct-tcp.ts',
  'test/adapters/crypto/tweetnacl.test.ts',
]);

/** All but this file, which has the words that it looks for. */
const TESTS = SOURCES.filter((file) => /^test\/.*\.ts$/.test(file) && file !== 'test/arch/chance.test.ts');

test('nothing in test/ draws without a seed', () => {
  expect(TESTS.length).toBeGreaterThan(100);
  const drawing = TESTS.filter((file) => UNSEEDED.test(bare(text(file))));
  expect(new Set(drawing)).toEqual(MUST);
});

test('fast-check comes from chance.ts alone, and no test has a seed of its own', () => {
  const importing = TESTS.filter((file) => /^import .* from 'fast-check'/m.test(text(file)));
  expect(importing).toEqual(['test/support/chance.ts']);
  const own = TESTS.filter((file) => /\bfc\.(assert|check|sample)\b/.test(text(file)));
  expect(own.length).toBeGreaterThan(15);
  const seeded = own.filter((file) => /\b(configureGlobal\b|seed:(?! ?('|fc\.)))/.test(text(file)));
  expect(seeded).toEqual([]);
});

test('two runs draw the same', () => {
  const drawn = (): number[] => {
    const seen: number[] = [];
    fc.assert(fc.property(fc.nat(), (value) => void seen.push(value)));
    return seen;
  };
  const first = drawn();
  expect(first).toHaveLength(runs(50, 200));
  expect(drawn()).toEqual(first);
  expect(seededBytes('x')(40)).toEqual(seededBytes('x')(40));
  expect(seededBytes('x')(40)).not.toEqual(seededBytes('y')(40));
});

test('the seed is fixed in the gates, and nightly draws one and prints it', () => {
  if (process.env['SEED'] === undefined) expect(SEED).toBe(1);
  expect(text('.ci/run')).not.toMatch(/\bSEED\b/);
  const said = execFileSync('bash', ['-c', 'source .ci/seed; echo "then $SEED"'], { cwd: ROOT, encoding: 'utf8' });
  const [, printed, exported] = /^SEED=(\d+) .*\nthen (\d+)\n$/.exec(said) ?? [];
  expect(Number(printed)).toBeGreaterThan(0);
  expect(exported).toBe(printed);
  expect(text('.ci/nightly')).toMatch(/^source \.ci\/seed$/m);
});
