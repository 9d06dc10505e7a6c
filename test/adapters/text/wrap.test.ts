/** Worst-case widths: never less than what a terminal takes. Characters, and rows that hold what they promise. */
import { describe, expect, test } from 'vitest';
import headless from '@xterm/headless';
import unicode11 from '@xterm/addon-unicode11';
import { characterEnd, characterStart, worstWidth, worstWidthOf } from '../../../adapters/text/width.js';
import { rowCount, rowOf, wrap } from '../../../adapters/text/wrap.js';
import { sanitize } from '../../../adapters/text/sanitize.js';
import { isHidden } from '../../../adapters/text/unicode.js';
import { utf8 } from '../../../adapters/text/utf8.js';
import { fc, runs } from '../../support/chance.js';
import { bytes } from '../../support/streams.js';

/** The width that the emulator has in its table: an inside of it, because drawing a million characters takes long. */
function tableOf(version: string): (point: number) => number {
  const terminal = new headless.Terminal({ allowProposedApi: true });
  terminal.loadAddon(new unicode11.Unicode11Addon());
  terminal.unicode.activeVersion = version;
  const inside = terminal as unknown as { _core: { unicodeService: { wcwidth(point: number): number } } };
  return (point) => inside._core.unicodeService.wcwidth(point);
}

/** Spaces of the text where characters begin: all that the sanitiser lets through. */
const textOf = fc
  .array(fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }), fc.constantFrom(' ', '\n', 'a b ')), {
    maxLength: 30,
  })
  .map((parts) => sanitize(utf8(parts.join('')), { lines: true }));

describe('widths', () => {
  test.each(['6', '11'])(
    'are at least those of the table of Unicode %s, for every character that is shown',
    (version) => {
      const table = tableOf(version);
      const short: string[] = [];
      for (let point = 0x20; point <= 0x10ffff; point++) {
        if (point === 0x7f || isHidden(point)) continue;
        if (worstWidth(point) < table(point)) short.push(point.toString(16));
      }
      expect(short).toEqual([]);
    },
  );

  test.each([
    ['a', 1],
    ['ä', 1],
    ['я', 1],
    ['今', 2],
    ['■', 2],
    ['e\u0301', 1],
    ['❤\ufe0f', 2],
    ['#\ufe0f\u20e3', 2],
    ['🇩🇪', 4],
    ['👨\u200d👩\u200d👧', 6],
    ['👍🏽', 4],
    ['', 0],
  ])('%j takes at most %i cells', (text, width) => {
    expect(worstWidthOf(bytes(text))).toBe(width);
  });
});

describe('characters', () => {
  const characters = (text: string): string[] => {
    const all = bytes(text);
    const out: string[] = [];
    for (let at = 0; at < all.length; ) {
      const end = characterEnd(all, at);
      out.push(Buffer.from(all.subarray(at, end)).toString());
      at = end;
    }
    return out;
  };

  test.each([
    ['abc', ['a', 'b', 'c']],
    ['e\u0301x', ['e\u0301', 'x']],
    ['👨\u200d👩\u200d👧ok', ['👨\u200d👩\u200d👧', 'o', 'k']],
    ['🇩🇪🇫🇷', ['🇩🇪', '🇫🇷']],
    ['👍🏽👍', ['👍🏽', '👍']],
    ['각가', ['각', '가']],
    ['a\nb', ['a', '\n', 'b']],
    ['क्\u200dष', ['क्\u200d', 'ष']],
  ])('%j', (text, expected) => {
    expect(characters(text)).toEqual(expected);
  });

  test('going back ends where going forth began', () => {
    fc.assert(
      fc.property(textOf, (text) => {
        const starts: number[] = [];
        for (let at = 0; at < text.length; at = characterEnd(text, at)) starts.push(at);
        for (const [i, start] of starts.entries()) {
          const end = starts[i + 1] ?? text.length;
          // A flood of marks is passed in steps; that it is passed is enough.
          if (end - start < 200) expect(characterStart(text, end)).toBe(start);
          else expect(characterStart(text, end)).toBeLessThan(end);
        }
      }),
    );
  });
});

describe('rows', () => {
  const lines = (text: string, first: number, rest = first): string[] => {
    const all = bytes(text);
    const rows = wrap(all, first, rest);
    return Array.from({ length: rowCount(rows) }, (_, i) =>
      Buffer.from(all.subarray(rows[i * 2], rows[i * 2 + 1])).toString(),
    );
  };

  test.each([
    ['', 5, ['']],
    ['hello', 5, ['hello']],
    ['hello world', 5, ['hello', 'world']],
    ['hello world', 8, ['hello', 'world']],
    ['one two three', 7, ['one two', 'three']],
    ['abcdefgh', 3, ['abc', 'def', 'gh']],
    ['a\n\nb', 5, ['a', '', 'b']],
    ['a\n', 5, ['a', '']],
    ['今日は', 5, ['今日', 'は']],
    ['a  b', 2, ['a ', 'b']],
  ])('%j in %i cells', (text, width, expected) => {
    expect(lines(text, width)).toEqual(expected);
  });

  test('the first one may be shorter', () => {
    expect(lines('one two three', 4, 9)).toEqual(['one', 'two three']);
  });

  /** Every byte but the blanks where rows break is in a row, and no row is too wide. */
  function expectWhole(text: Uint8Array, first: number, rest: number): void {
    const rows = wrap(text, first, rest);
    let at = 0;
    for (let i = 0; i < rowCount(rows); i++) {
      const [start = 0, end = 0] = [rows[i * 2], rows[i * 2 + 1]];
      const between = Buffer.from(text.subarray(at, start)).toString();
      expect(['', ' ', '\n']).toContain(between);
      // A mark on it makes a space a character that is seen.
      if (between === ' ') expect(characterEnd(text, at)).toBe(start);
      expect(rowOf(rows, start)).toBeGreaterThanOrEqual(i);
      const row = text.subarray(start, end);
      const alone = row.length > 0 && characterEnd(row, 0) === row.length;
      if (!alone) expect(worstWidthOf(row)).toBeLessThanOrEqual(i === 0 ? first : rest);
      at = end;
    }
    expect(at).toBe(text.length);
  }

  const firsts = fc.integer({ min: 2, max: 30 });
  const mores = fc.integer({ min: 0, max: 10 });

  test('nothing is lost but the spaces where rows break, and none is too wide', () => {
    fc.assert(
      fc.property(textOf, firsts, mores, (text, first, more) => expectWhole(text, first, first + more)),
      {
        examples: [
          // Behind the space at which the row could break there is more than a row can hold.
          [Buffer.from(' \u2e80!\ufb00\u{16be0}'), 5, 0],
          [Buffer.from(' !\u304b\u3099'), 2, 0],
          [Buffer.from(' \ufb00\u{1f100}'), 2, 0],
          // A mark on the space.
          [Buffer.from(' \u0c81\u2400'), 2, 0],
        ],
      },
    );
  });

  test('nor what stands on a space, wherever it is', () => {
    const parts = fc.constantFrom(
      ' ',
      '\u0c81',
      '\u0301',
      '\u0e33',
      '\ufe0f',
      'a',
      '#',
      '\u2400',
      '今',
      '\n',
      ' \u0301\u0c81',
    );
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 24 }), firsts, mores, (written, first, more) =>
        expectWhole(sanitize(utf8(written.join('')), { lines: true }), first, first + more),
      ),
      { numRuns: runs(200, 2_000) },
    );
  });
});
