/**
 * How the tests run: each file in a process of its own. The programs that they start are those in dist/: build first,
 * as `npm test` does.
 */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

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
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
