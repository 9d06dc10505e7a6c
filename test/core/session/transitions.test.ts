/** The table of states: what it says row by row is what is asked of it, and it has one end. */
import { expect, it } from 'vitest';
import { LocalProtocolError } from '../../../core/errors.js';
import { move, next, rows, type Transition } from '../../../core/session/transitions.js';

it('each row is what is answered, and what is in no row is a defect of this side', () => {
  const all = rows();
  const states = new Set(all.flatMap(([from, , to]) => [from, to]));
  const transitions = new Set(all.map(([, transition]) => transition));
  expect([states.size, transitions.size]).toEqual([8, 14]);
  for (const from of states) {
    for (const transition of transitions) {
      const row = all.find(([state, by]) => state === from && by === transition);
      expect(next(from, transition)).toBe(row?.[2]);
      if (row === undefined) expect(() => move(from, transition)).toThrow(LocalProtocolError);
      else expect(move(from, transition)).toBe(row[2]);
    }
  }
});

it('the end comes from everywhere, and nothing comes after it', () => {
  const ends = rows().filter(([, transition]) => transition === 'end');
  expect(ends).toHaveLength(7);
  for (const [, , to] of ends) expect(to).toBe('destroyed');
  const after: Transition[] = ['start', 'resumed', 'end'];
  for (const transition of after) expect(() => move('destroyed', transition)).toThrow('no transition');
});
