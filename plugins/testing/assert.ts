/** The few checks that contract suites need, without any test runner: a failed check throws. Nothing else may be here. */
import { hex } from '../../core/protocol/bytes.js';

/** Bytes of a value in a message; ML-KEM's keys are the longest that are compared whole. */
const SHOWN = 2400;

export function ensure(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

export function equal(actual: unknown, wanted: unknown, what: string): void {
  ensure(Object.is(actual, wanted), `${what}: ${String(actual)} instead of ${String(wanted)}`);
}

/** Bytes are shown: nothing in a contract suite is secret. */
export function same(actual: Uint8Array | undefined, wanted: Uint8Array, what: string): void {
  if (actual === undefined) throw new Error(`${what}: nothing`);
  if (isSame(actual, wanted)) return;
  throw new Error(`${what}: ${shown(actual)} instead of ${shown(wanted)}`);
}

/** In a loop: some suites compare megabytes. */
function isSame(one: Uint8Array, other: Uint8Array): boolean {
  for (let i = 0; i < one.length; i++) if (one[i] !== other[i]) return false;
  return one.length === other.length;
}

/** Runs `run`, which must throw an error of the class `kind`. */
export function refuses(run: () => unknown, kind: abstract new (...args: never[]) => Error, what: string): void {
  let thrown: unknown;
  try {
    run();
  } catch (error) {
    thrown = error;
  }
  ensure(thrown !== undefined, `${what}: taken, not refused with ${kind.name}`);
  ensure(thrown instanceof kind, `${what}: ${String(thrown)} instead of ${kind.name}`);
}

/** All of a value, the beginning of a frame. */
function shown(bytes: Uint8Array): string {
  return bytes.length <= SHOWN ? hex(bytes) : `${String(bytes.length)} bytes ${hex(bytes.subarray(0, SHOWN))}…`;
}
