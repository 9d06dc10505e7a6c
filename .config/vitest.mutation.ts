/** The tests that judge a mutant (`npm run mutation`): those of the core, which only compute, in one process. */
import { statSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import full from './vitest.config.js';

/** Short files first: the first test that fails is the last one. */
class ShortFirst extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const size = new Map(files.map((file) => [file, statSync(file.moduleId).size]));
    return Promise.resolve(files.toSorted((one, other) => (size.get(one) ?? 0) - (size.get(other) ?? 0)));
  }
}

/** TESTS=session/rekey,session/unacked: judged by these alone, in seconds. */
const named = process.env['TESTS'];

export default defineConfig({
  resolve: full.resolve ?? {},
  test: {
    root: full.test?.root ?? '',
    include:
      named === undefined
        ? ['test/core/{protocol,session}/**/*.test.ts']
        : named.split(',').map((name) => `test/core/${name}.test.ts`),
    // Long searches by chance: what they alone would find, no test names.
    exclude: ['test/core/session/{network-properties,network-changes,session-properties,thief,path-transfers}.test.ts'],
    testTimeout: 60_000,
    // Each file in modules of its own would load them for every mutant again.
    isolate: false,
    sequence: { sequencer: ShortFirst },
  },
});
