/**
 * How much chance a test meets, and which: the depth of this run, its seed, and fast-check with both set. No gate may
 * depend on luck, so the seed is fixed unless the environment names one, and nothing in test/ may draw from anywhere else.
 *
 * DEPTH: quick (`npm test`), thorough (.ci/run) or nightly (.ci/nightly). SEED: another one than 1; nightly draws it and
 * prints it.
 */
import fc from 'fast-check';
import { deterministicRandom } from './deterministic.js';

const DEPTHS = ['quick', 'thorough', 'nightly'] as const;
export type Depth = (typeof DEPTHS)[number];

function depthOf(named: string): Depth {
  const found = DEPTHS.find((each) => each === named);
  if (found === undefined) throw new Error(`DEPTH=${named}: one of ${DEPTHS.join(', ')}`);
  return found;
}

function seedOf(named: string): number {
  const seed = Number(named);
  // fast-check takes 32 bits.
  if (!Number.isInteger(seed) || seed < 0 || seed > 0x7fff_ffff) throw new Error(`SEED=${named}: a number below 2^31`);
  return seed;
}

export const DEPTH = depthOf(process.env['DEPTH'] ?? 'quick');
export const SEED = seedOf(process.env['SEED'] ?? '1');

/** How many runs a test makes in each depth; twenty times the thorough ones at night. */
export function runs(quick: number, thorough: number, nightly = thorough * 20): number {
  return { quick, thorough, nightly }[DEPTH];
}

/**
 * Of cases that differ in nothing but the wire, the program or the shell under them all, and in a quick run the first: the
 * others repeat it.
 */
export function repeats<T>(all: readonly T[], quick = 1): readonly T[] {
  return DEPTH === 'quick' ? all.slice(0, quick) : all;
}

/** Whether a search is also shown what it must find, as everywhere in .ci/run: that proves the test, nothing of the program. */
export const CONTROLS = DEPTH !== 'quick' || process.env['CI'] !== undefined;

/** Bytes of this run's seed, for what needs any bytes; `use` keeps two users apart. */
export function seededBytes(use: string): (n: number) => Uint8Array<ArrayBuffer> {
  return deterministicRandom(`${use} ${String(SEED)}`);
}

fc.configureGlobal({ seed: SEED, numRuns: runs(50, 200) });

export { fc };
