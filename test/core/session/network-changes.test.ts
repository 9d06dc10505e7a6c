/**
 * The session over a network that breaks, in simulations of what else changes: sides that die during the handshake and are
 * started again meet; with cover a chat is silence to the relay; direct paths appear and die. ONE=seed runs one again and
 * tells its story. The many of messages alone: network-properties.test.ts.
 */
import { expect, test } from 'vitest';
import { createSodiumCrypto } from '../../../adapters/crypto/sodium.js';
import { DEPTH, runs, SEED } from '../../support/chance.js';
import { SIDES } from '../../support/pair.js';
import { LEFT_PROVISIONAL, simulate } from '../../support/simulation.js';
import {
  BUSY,
  coverPlanOf,
  directPlanOf,
  establishedOnce,
  judge,
  judgeRestarts,
  ONE,
  restartPlanOf,
  type Simulation,
} from '../../support/simulation-plan.js';

const RESTARTS = runs(40, 2_000);
const COVERED = runs(4, 300);
const PATHS = runs(20, 600);

const cryptos = { left: await createSodiumCrypto(), right: await createSodiumCrypto() };

test.skipIf(ONE === undefined)('this seed, with sides that start again', () => {
  const simulation = simulate(restartPlanOf(Number(ONE)), cryptos, true);
  console.info([JSON.stringify(simulation.plan), ...simulation.log].join('\n'));
  expect(judgeRestarts(simulation)).toEqual([]);
});

test.skipIf(ONE !== undefined)('a side that starts again during the handshake', BUSY, () => {
  const seen = { deaths: 0, met: 0, counted: 0, provisional: 0, spent: 0 };
  for (let seed = SEED; seed < SEED + RESTARTS; seed++) {
    const simulation = simulate(restartPlanOf(seed), cryptos);
    const wrong = judgeRestarts(simulation);
    if (wrong.length > 0) throw new Error(`ONE=${seed}: ${wrong.join('; ')}`);
    const { left, right, died, struck } = simulation;
    seen.deaths += died.left + died.right;
    seen.met += Number(establishedOnce(left) && establishedOnce(right));
    seen.counted += Number([left, right].some(({ attempts }) => attempts > 0));
    seen.spent += Number([left, right].some(({ notices }) => notices.includes('SC-331')));
    seen.provisional += Number((struck.get(LEFT_PROVISIONAL) ?? 0) > 0);
  }
  // Sides do die, also where an attempt is counted and where the peer has keys already; and nearly always they meet.
  expect(seen.deaths).toBeGreaterThan(RESTARTS * 1.5);
  expect(seen.met).toBeGreaterThan(RESTARTS * 0.7);
  expect(seen.counted).toBeGreaterThan(RESTARTS * 0.1);
  expect(seen.provisional).toBeGreaterThan(RESTARTS * 0.1);
  expect(seen.spent).toBeGreaterThan(0);
});

/** What the relay has seen before anybody says goodbye. */
function view({ seen, plan }: Simulation): string[] {
  const end = Math.min(...Object.values(plan.quitAt));
  return seen.filter((line) => Number(line.split(' ')[0]) < end);
}

test.skipIf(ONE !== undefined)(
  'with cover the relay sees the same of a chat as of silence, and without it does not',
  BUSY,
  () => {
    const met = { cuts: 0, chats: 0, shown: 0 };
    for (let seed = SEED; seed < SEED + COVERED; seed++) {
      const chat = simulate(coverPlanOf(seed, 20), cryptos);
      const wrong = judge(chat);
      if (wrong.length > 0) throw new Error(`seed ${seed}: ${wrong.join('; ')}`);
      // To the bit: times, directions, sizes, and every join.
      expect(view(chat)).toEqual(view(simulate(coverPlanOf(seed, 0), cryptos)));
      met.cuts += Number(chat.left.states.includes('reconnecting'));
      met.chats += Number(chat.left.shown.length > 10 && chat.right.shown.length > 10);
      const open = { ...coverPlanOf(seed, 20), cover: undefined };
      const bare = simulate(open, cryptos);
      if (!SIDES.every((side) => establishedOnce(bare[side]))) continue;
      met.shown += 1;
      expect(view(bare)).not.toEqual(view(simulate({ ...open, messages: 0 }, cryptos)));
    }
    expect(met.shown).toBeGreaterThan(COVERED / 2);
    expect(met.cuts).toBeGreaterThan(COVERED / 2);
    expect(met.chats).toBeGreaterThan(COVERED / 2);
  },
);
test.skipIf(ONE === undefined)('this seed, with direct paths', () => {
  const simulation = simulate(directPlanOf(Number(ONE)), cryptos, true);
  console.info([JSON.stringify(simulation.plan), ...simulation.log].join('\n'));
  expect(judge(simulation)).toEqual([]);
});

test.skipIf(ONE !== undefined)('direct paths that appear and die', BUSY, () => {
  const seen = { moved: 0, again: 0 };
  for (let seed = SEED; seed < SEED + PATHS; seed++) {
    const simulation = simulate(directPlanOf(seed), cryptos);
    const wrong = judge(simulation);
    if (wrong.length > 0) throw new Error(`ONE=${seed}: ${wrong.join('; ')}`);
    seen.moved += Number(simulation.left.moved > 0);
    seen.again += Number(simulation.left.moved > 1);
  }
  // Sessions do move, and after a break once more.
  expect(seen.moved).toBeGreaterThan(PATHS * 0.8);
  expect(seen.again).toBeGreaterThan(PATHS * 0.1);
});

test.runIf(DEPTH !== 'quick')('100,000 messages over paths that appear and die, and none is lost', () => {
  const hour = 3_600_000;
  const simulation = simulate(
    {
      ...{
        seed: SEED,
        messages: 50_000,
        early: false,
        healAt: hour,
        faults: 120,
        noise: 0,
        restarts: [],
        direct: true,
      },
      quitAt: { left: hour + 120_000, right: hour + 120_000 },
    },
    cryptos,
  );
  expect(judge(simulation)).toEqual([]);
  for (const side of [simulation.left, simulation.right]) expect(side.shown.length).toBe(50_000);
  console.info(`moved ${simulation.left.moved} times, faults: ${JSON.stringify([...simulation.struck])}`);
});
