/**
 * In the thread that has the tests: runs each once and notes which faults it reaches, or switches faults on, one after the
 * other, until a test that reaches it fails.
 */
import { setMaxListeners } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { inject, TestRunner } from 'vitest';

/** What the planted sources look at (INSTRUMENTER_CONSTANTS of @stryker-mutator/api/core). */
globalThis.__stryker__ = { mutantCoverage: { static: {}, perTest: {} } };
const planted = globalThis.__stryker__;

/** A fault that is met so many times as often as without it makes a loop endless. */
const HITS = 100;

/** A test that waits for what never comes is given up after so many empty turns, of so many milliseconds. */
const TURNS = 20;
const TURN = 25;

/** What a test may compute before it counts as endless: so many times what it needs, and so many milliseconds more. */
const PATIENCE = 10;
const GRACE = 3000;

/** A test that fails with a fault has so many tries to do it again. */
const AGAIN = 4;

/** Without a fault nothing is endless, however long it takes. */
const HOUR = 3_600_000;

const channel = new BroadcastChannel('mutation');
const all = [];
let files = 0;

const testsOf = (suite) => suite.tasks.flatMap((task) => (task.type === 'suite' ? testsOf(task) : [task]));

/** Tests are run one by one, in any order: what one prepares for all of a file would not be there. */
function hooksOf(suite) {
  const { beforeAll, afterEach, beforeEach } = TestRunner.getSuiteHooks(suite);
  if (beforeAll.length + afterEach.length > 0)
    throw new Error(`${suite.file.name}: hooks that the mutation run does not know`);
  return suite === suite.file ? beforeEach : [...hooksOf(suite.suite ?? suite.file), ...beforeEach];
}

/** What this process has computed so far, milliseconds. */
function computed() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** `over` is fulfilled after so many turns: who computes in this thread holds them up. `stop` says how many there were. */
function turns(count) {
  let seen = 0;
  let timer;
  const over = new Promise((resolve) => {
    timer = setInterval(() => {
      seen += 1;
      if (seen === count) resolve('hangs');
    }, TURN);
  });
  const stop = () => {
    clearInterval(timer);
    return seen;
  };
  return { over, stop };
}

export default class MutationRunner extends TestRunner {
  async onBeforeRunFiles([file]) {
    all.push(...testsOf(file).filter(({ mode }) => mode === 'run'));
    // All tests are run here, none by vitest.
    file.mode = 'skip';
    files += 1;
    if (files < this.workerState.ctx.files.length) return;
    // A test that begins asks for them, also where it has none.
    for (const filepath of new Set(all.map((test) => test.file.filepath)))
      await this.snapshotClient.setup(filepath, this.workerState.config.snapshotOptions);
    const job = inject('job');
    setMaxListeners(0, ...all.map(({ context }) => context.signal));
    await (job.judging ? this.judge(job) : this.look(job));
  }

  /** What is wrong; undefined, if the test passes. `took` milliseconds, and so many turns, is what it needs. */
  async failure(test, { took, lasted }) {
    channel.postMessage({ patience: PATIENCE * took + GRACE });
    const waiting = turns(TURNS + 2 * lasted);
    try {
      await this.onBeforeRunTask(test);
      this.onBeforeTryTask(test);
      for (const hook of hooksOf(test.suite ?? test.file)) await hook(test.context);
      const running = Promise.resolve(TestRunner.getTestFn(test)());
      running.catch(() => {});
      const ended = await Promise.race([running, waiting.over]);
      if (ended === 'hangs') return ended;
      this.onAfterTryTask(test);
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message.slice(0, 200) : 'no error';
    } finally {
      this.lasted = waiting.stop();
      this.onAfterRunTask(test);
    }
  }

  async look({ reached }) {
    const { static: loaded, perTest } = planted.mutantCoverage;
    const tests = [];
    for (const test of all) {
      planted.currentTestId = test.id;
      const before = computed();
      const wrong = await this.failure(test, { took: HOUR, lasted: HOUR });
      const { lasted } = this;
      // Who waits takes time, too.
      const took = computed() - before + TURN * lasted;
      planted.currentTestId = undefined;
      if (wrong !== undefined) channel.postMessage({ red: `${test.file.name} > ${test.name}: ${wrong}` });
      tests.push({ id: test.id, name: `${test.file.name} > ${test.name}`, took, lasted, hits: perTest[test.id] ?? {} });
    }
    writeFileSync(reached, JSON.stringify({ tests, still: Object.keys(loaded) }));
    channel.postMessage({ reached: true });
  }

  /**
   * Whether the test fails with the fault and passes without it, and both again. `spoilt`: it fails without, so that something
   * was left behind.
   */
  async finds(mutant, test, known) {
    const fails = async (activeMutant) => {
      Object.assign(planted, { activeMutant, hitCount: 0, hitLimit: HITS * known.hits[mutant] });
      const wrong = await this.failure(test, known);
      planted.activeMutant = undefined;
      return wrong !== undefined;
    };
    if (!(await fails(mutant))) return 'no';
    if (await fails()) return 'spoilt';
    // Who is A and who is B is up to chance.
    for (let again = 0; again < AGAIN; again++) {
      if (await fails(mutant)) return (await fails()) ? 'spoilt' : 'yes';
    }
    return 'no';
  }

  async judge({ reached, mutants, budget }) {
    const { tests } = JSON.parse(readFileSync(reached, 'utf8'));
    tests.sort((one, other) => one.took - other.took);
    const byId = new Map(all.map((test) => [test.id, test]));
    planted.judging = true;
    channel.postMessage({ ready: true });
    // What found the last fault finds its neighbor.
    let last;
    for (const mutant of mutants) {
      const able = tests.filter(({ hits }) => hits[mutant] !== undefined);
      if (able.includes(last)) able.unshift(last);
      const told = { mutant, verdict: 'survived', spent: 0 };
      for (const test of new Set(able)) {
        const { id, name, took } = test;
        if (told.spent > 0 && told.spent + took > budget) break;
        told.spent += took;
        const found = await this.finds(mutant, byId.get(id), test);
        if (found === 'no') continue;
        Object.assign(told, { verdict: found === 'yes' ? 'found' : 'unclear', test: name });
        last = test;
        break;
      }
      channel.postMessage(told);
      // Until this process is ended.
      if (told.verdict === 'unclear') await new Promise(() => {});
    }
  }
}
