/**
 * How the tests run. The programs that they start are those in dist/: build first, as `npm test` does.
 *
 * Files share processes, and the modules in them, which saves half a second each; those that change modules, globals or
 * clocks, or look at all that their process has, have one of their own.
 */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** How long one test may take, by its depth (test/support/chance.ts), milliseconds: far longer than a busy machine needs. */
const PATIENCE = { quick: 180_000, thorough: 600_000, nightly: 6 * 3_600_000 };
const depth = (process.env['DEPTH'] ?? 'quick') as keyof typeof PATIENCE;

/** Files that would meet what another leaves behind, or leave something themselves. */
export const ALONE = [
  // Descriptors are looked for below a number.
  'test/adapters/cli/input.test.ts',
  'test/adapters/cli/launch.test.ts',
  'test/adapters/cli/proxy-way.test.ts',
  'test/adapters/crypto/browser.test.ts',
  'test/adapters/crypto/sodium.test.ts',
  'test/adapters/crypto/tweetnacl.test.ts',
  'test/adapters/files/writer.test.ts',
  'test/adapters/lan/multicast.test.ts',
  'test/adapters/library/browser.test.ts',
  'test/adapters/library/deliveries.test.ts',
  'test/adapters/library/library.test.ts',
  'test/adapters/system/clock.test.ts',
  'test/adapters/system/folder.test.ts',
  'test/adapters/system/output.test.ts',
  'test/adapters/tor/control.test.ts',
  'test/adapters/transport/ping.test.ts',
  'test/adapters/transport/socketio-hostile.test.ts',
  'test/adapters/words/errors.test.ts',
  'test/core/checked-ports.test.ts',
  'test/plugins/kit/load.test.ts',
  'test/relay-socketio/ping.test.ts',
];
const FILES = ['test/**/*.test.ts'];

/**
 * Programs, which are always started without code from strings, and tools, of which some make it (eslint does). To all other
 * tests it is refused.
 */
const FREE = ['test/e2e/**/*.test.ts', 'test/arch/{core,files,imports,run-sh}.test.ts'];
const REFUSED = ['--disallow-code-generation-from-strings'];
const exclude = ['**/node_modules/**'];

/** An executable that a test builds for itself is 150 MB. */
const building = process.env['SECURECHAT_PROGRAM'] === undefined ? 0 : 300_000;

const shared = {
  root: ROOT,
  pool: 'forks',
  // Those that start programs wait for them most of the time: on two cores six keep both busy.
  maxWorkers: 3 * availableParallelism(),
  testTimeout: Math.max(PATIENCE[depth], building),
  hookTimeout: Math.max(PATIENCE.quick, building),
  // Of vitest's own accord a second.
  expect: { poll: { timeout: 60_000 } },
} as const;

/** What takes longest begins first, so that nobody waits for one file at the end. */
const LONGEST =
  /\/(?:network-(?:properties|changes)|differential-\w+|transport\/proxy|e2e\/(?:onion|host|pipe|rich|documents|quickstart|lan|page-chat|direct-routers|relay-\w+|zero-trace-(?:denied|memory)|resume|files|launcher|plugins|bad-input))\.test\.ts$/;

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = (file: TestSpecification): number => Number(LONGEST.test(file.moduleId));
    return sorted.toSorted((one, other) => isLong(other) - isLong(one));
  }
}

export default defineConfig({
  // The public modules by the names that plugins use; from the sources, so that errors have one class.
  resolve: {
    alias: {
      'securechat/plugin': `${ROOT}plugins/kit/define.ts`,
      'securechat/testing': `${ROOT}plugins/testing/testing.ts`,
    },
  },
  test: {
    ...shared,
    sequence: { sequencer: LongestFirst },
    projects: [
      { extends: true, test: { ...shared, name: 'programs', include: FREE, isolate: false, exclude } },
      { extends: true, test: { ...shared, name: 'alone', execArgv: REFUSED, include: ALONE, exclude } },
      {
        extends: true,
        test: {
          ...shared,
          name: 'parts',
          execArgv: REFUSED,
          isolate: false,
          include: FILES,
          exclude: [...ALONE, ...FREE, ...exclude],
        },
      },
    ],
  },
});
