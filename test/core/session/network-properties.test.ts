/**
 * The session over a network that breaks, in many simulations; ONE=seed runs one again and tells its story. What was sent
 * is what was shown, in order and once, or the end says how much is missing. At night also an hour of 100,000 messages with a
 * fault every half minute. Sides that start again, cover and direct paths: network-changes.test.ts.
 */
import { expect, test } from 'vitest';
import { createSodiumCrypto } from '../../../adapters/crypto/sodium.js';
import { DEPTH, runs, SEED } from '../../support/chance.js';
import { simulate } from '../../support/simulation.js';
import { BUSY, judge, ONE, planOf } from '../../support/simulation-plan.js';

const SEEDS = runs(60, 10_000, 1_000_000);

const cryptos = { left: await createSodiumCrypto(), right: await createSodiumCrypto() };

test.skipIf(ONE === undefined)('this seed', () => {
  const simulation = simulate(planOf(Number(ONE)), cryptos, true);
  console.info([JSON.stringify(simulation.plan), ...simulation.log].join('\n'));
  expect(judge(simulation)).toEqual([]);
});

/** What was found once, beyond those of a quick run. */
test.each([[320, 'a machine sleeps through its attempt, and another begins: nobody guessed wrong']])(
  'seed %i: %s',
  (seed) => {
    expect(judge(simulate(planOf(seed), cryptos))).toEqual([]);
  },
);

test.skipIf(ONE !== undefined)(`${SEEDS} seeds`, BUSY, () => {
  const met = { active: 0, resumed: 0, undelivered: 0 };
  for (let seed = SEED; seed < SEED + SEEDS; seed++) {
    const simulation = simulate(planOf(seed), cryptos);
    const wrong = judge(simulation);
    if (wrong.length > 0) throw new Error(`ONE=${seed}: ${wrong.join('; ')}`);
    const { left } = simulation;
    met.active += Number(left.states.includes('active'));
    met.resumed += Number(
      left.states.includes('reconnecting') && left.states.lastIndexOf('active') > left.states.indexOf('reconnecting'),
    );
    met.undelivered += Number((left.ended?.count ?? 0) > 0);
  }
  // The network does break, and sessions do come back.
  expect(met.active).toBeGreaterThan(SEEDS * 0.8);
  expect(met.resumed).toBeGreaterThan(SEEDS * 0.3);
  // One in a hundred, and in a short run not none.
  expect(met.undelivered).toBeGreaterThan(SEEDS * 0.005);
});

test.runIf(DEPTH === 'nightly')('100,000 messages in an hour, and none is lost', () => {
  const hour = 3_600_000;
  const quitAt = { left: hour + 120_000, right: hour + 120_000 };
  const plan = {
    seed: 1,
    messages: 50_000,
    early: false,
    healAt: hour,
    faults: 120,
    noise: 0.0002,
    restarts: [],
    direct: false,
    quitAt,
  };
  const simulation = simulate(plan, cryptos);
  expect(judge(simulation)).toEqual([]);
  for (const side of [simulation.left, simulation.right]) expect(side.shown.length).toBe(50_000);
  const back = simulation.left.states.filter((state) => state === 'reconnecting').length;
  console.info(`the line was down ${back} times, faults: ${JSON.stringify([...simulation.struck])}`);
});
