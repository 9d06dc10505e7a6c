/** The tests that judge a mutant (`npm run mutation`): those of the core, which only compute, in one process. */
import { defineConfig } from 'vitest/config';
import full from './vitest.config.js';

export default defineConfig({
  resolve: full.resolve ?? {},
  test: {
    root: full.test?.root ?? '',
    include: ['test/core/{protocol,session}/**/*.test.ts'],
    // Long searches by chance: what they alone would find, no test names.
    exclude: ['test/core/session/{network-properties,session-properties,restart-properties}.test.ts'],
    testTimeout: 60_000,
  },
});
