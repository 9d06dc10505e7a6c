/** What is asked often is no dictionary to the engine: looked at from inside. */
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';
import { expect, it } from 'vitest';
import { quick } from '../../core/quick.js';

const TIMES = 10_000;

interface Counter {
  readonly count: number;
  more(): void;
}

function counter(): Counter {
  let count = 0;
  return {
    get count() {
      return count;
    },
    more: () => void (count += 1),
  };
}

it('has what it was made from, and the engine knows its places', () => {
  setFlagsFromString('--allow-natives-syntax');
  const isQuick = new Script('(made) => %HasFastProperties(made)').runInThisContext() as (made: object) => boolean;
  const made = counter();
  expect(isQuick(made)).toBe(false);
  const same = quick(made);
  // Where it is looked at often enough to be compiled.
  for (let i = 0; i < TIMES; i++) same.more();
  expect([same.count, made.count, isQuick(same), isQuick(made)]).toEqual([TIMES, TIMES, true, true]);
});
