/** Where a long text is folded: after so many characters, never within one, and always further on. */
import { describe, expect, test } from 'vitest';
import { foldAt, pointsIn } from '../../../adapters/text/fold.js';
import { sanitize, SHOWN_LIMIT } from '../../../adapters/text/sanitize.js';
import { utf8 } from '../../../adapters/text/utf8.js';
import { characterEnd } from '../../../adapters/text/width.js';
import { fc, runs } from '../../support/chance.js';
import { bytes } from '../../support/streams.js';

describe('a text', () => {
  test.each([
    ['', 0],
    ['a'.repeat(SHOWN_LIMIT), SHOWN_LIMIT],
    ['a'.repeat(SHOWN_LIMIT + 1), SHOWN_LIMIT],
    ['今'.repeat(SHOWN_LIMIT + 1), SHOWN_LIMIT * 3],
    [`${'a'.repeat(SHOWN_LIMIT - 1)}e\u0301x`, SHOWN_LIMIT - 1],
  ])('of some length is folded at its place (%#)', (text, at) => {
    expect(foldAt(bytes(text))).toBe(at);
  });

  test('is folded between characters, part by part, until nothing is left', () => {
    const parts = fc.constantFrom('a', '今', 'e\u0301', '👨\u200d👩\u200d👧', '\n', ' ', '\u1100', '\u1161');
    const long = fc
      .array(parts, { minLength: 1, maxLength: 40 })
      .map((some) => sanitize(utf8(some.join('').repeat(2_000)), { lines: true, whole: true }));
    fc.assert(
      fc.property(long, (text) => {
        const folds = new Set<number>();
        let count = 0;
        for (let from = 0; from < text.length; ) {
          const to = foldAt(text, from);
          expect(to).toBeGreaterThan(from);
          expect(pointsIn(text, from, to)).toBeLessThanOrEqual(SHOWN_LIMIT);
          count += pointsIn(text, from, to);
          folds.add(to);
          from = to;
        }
        expect(count).toBe(pointsIn(text));
        for (let at = 0; at < text.length; at = characterEnd(text, at)) folds.delete(at);
        expect([...folds]).toEqual([text.length]);
      }),
      { numRuns: runs(20, 40) },
    );
  });
});
