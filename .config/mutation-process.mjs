/**
 * One process of the mutation run, which mutation.mjs starts: the tests of the core in a thread, with all faults in the sources
 * and none of them on. It forwards what the thread tells, and ends when a test comes to no end.
 *
 * How long a test has had is counted in what this process has computed, not in time that passed: the machine may be busy.
 */
import { readFileSync, statSync } from 'node:fs';
import { BaseSequencer, startVitest } from 'vitest/node';

process.title = 'mutation-run';

/** How often it is looked whether a test goes on without end, milliseconds. */
const LOOK = 250;

/** Short files first: the others are loaded by then. */
class ShortFirst extends BaseSequencer {
  sort(files) {
    const size = new Map(files.map((file) => [file, statSync(file.moduleId).size]));
    return files.toSorted((one, other) => size.get(one) - size.get(other));
  }
}

function computed() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const send = (message) => new Promise((sent) => process.send(message, sent));

/** The parent knows which fault is on when this process ends. */
function watch(channel) {
  let until = Number.POSITIVE_INFINITY;
  channel.onmessage = async ({ data: { patience, ...told } }) => {
    until = computed() + (patience ?? Number.POSITIVE_INFINITY);
    if (patience !== undefined) return;
    await send(told);
    if (told.verdict === 'unclear') process.exit();
  };
  setInterval(() => {
    if (computed() > until) process.exit();
  }, LOOK).unref();
}

process.once('message', async (job) => {
  const planted = new Map(JSON.parse(readFileSync(job.planted, 'utf8')));
  watch(new BroadcastChannel('mutation'));
  const { state } = await startVitest(
    'test',
    [],
    {
      config: false,
      root: job.root,
      include: job.tests,
      exclude: job.without,
      pool: 'threads',
      maxWorkers: 1,
      isolate: false,
      watch: false,
      testTimeout: 0,
      reporters: [{}],
      runner: `${job.root}.config/mutation-runner.mjs`,
      sequence: { sequencer: ShortFirst },
      provide: { job },
    },
    {
      configFile: false,
      plugins: [{ name: 'planted', enforce: 'pre', transform: (_, id) => planted.get(id) }],
    },
  );
  const wrong = [...state.getFiles().flatMap(({ result }) => result?.errors ?? []), ...state.getUnhandledErrors()];
  for (const { message } of wrong) await send({ red: message });
  process.exit();
});
