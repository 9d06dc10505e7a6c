/** The heap of deadlines against a sorted list. */
import { expect, test } from 'vitest';
import { createDeadlines, type Due, NOT_DUE } from '../../../core/relay/deadlines.js';
import { fc, runs } from '../../support/chance.js';

test('comes out in order of time, then of setting; moved and cancelled at will', () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('set' as const), item: fc.nat(39), at: fc.nat(60) }),
    fc.record({ do: fc.constant('delete' as const), item: fc.nat(39) }),
    fc.record({ do: fc.constant('take' as const), now: fc.nat(30) }),
  );
  fc.assert(
    fc.property(fc.array(step, { minLength: 50, maxLength: 300 }), (steps) => {
      const deadlines = createDeadlines<Due>();
      const items = Array.from({ length: 40 }, (): Due => ({ at: 0, order: 0, place: NOT_DUE }));
      let list: { item: Due; at: number }[] = [];
      for (const action of steps) {
        const item = 'item' in action ? items[action.item] : undefined;
        if (action.do === 'take') {
          const sorted = list.toSorted((a, b) => a.at - b.at);
          const first = sorted[0];
          const wanted = first !== undefined && first.at <= action.now ? first : undefined;
          expect(deadlines.take(action.now)).toBe(wanted?.item);
          list = list.filter((entry) => entry !== wanted);
        } else if (item !== undefined) {
          list = list.filter((entry) => entry.item !== item);
          if (action.do === 'set') {
            list.push({ item, at: action.at });
            deadlines.set(item, action.at);
          } else deadlines.delete(item);
        }
        expect(deadlines.size).toBe(list.length);
        expect(deadlines.next).toBe(Math.min(Number.POSITIVE_INFINITY, ...list.map(({ at }) => at)));
      }
    }),
    { numRuns: runs(100, 300) },
  );
});
