/**
 * How much of the core its tests reach (`npm run coverage`): the files of tests that only compute and those of the adapters,
 * which judge the core through their ports. Fails below the thresholds.
 */
import { defineConfig, mergeConfig } from 'vitest/config';
import full from './vitest.config.js';

const MOST = 600_000;

export default mergeConfig(
  full,
  defineConfig({
    test: {
      testTimeout: MOST,
      coverage: {
        enabled: true,
        provider: 'v8',
        include: ['core/**/*.ts'],
        reporter: ['text', 'json-summary'],
        reportsDirectory: '.build/coverage',
        reportOnFailure: true,
        thresholds: { branches: 95, lines: 98 },
      },
    },
  }),
);
