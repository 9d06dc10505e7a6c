/**
 * How the tests run: each file in a process of its own. The programs that they start are those in dist/: build first,
 * as `npm test` does.
 */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** How long one test may take, by its depth (test/support/chance.ts), milliseconds. */
const PATIENCE = { quick: 60_000, thorough: 600_000, nightly: 6 * 3_600_000 };
const depth = (process.env['DEPTH'] ?? 'quick') as keyof typeof PATIENCE;

const ROOT = fileURLToPath(new URL('..', import.meta.url));

export default defineConfig({
  // The public modules by the names that plugins use; from the sources, so that errors have one class.
  resolve: {
    alias: {
      'securechat/plugin': `${ROOT}plugins/kit/define.ts`,
      'securechat/testing': `${ROOT}plugins/testing/testing.ts`,
    },
  },
  test: {
    root: ROOT,
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    // Vitest leaves a core free, which on a machine with two means one file at a time.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: PATIENCE[depth],
    hookTimeout: 60_000,
  },
});
