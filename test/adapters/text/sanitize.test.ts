/** The sanitiser: every rule of its file, the corpus of hostile strings, and generated ones. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { JOIN_LIMIT, MARK_LIMIT, SHOWN_LIMIT, sanitize } from '../../../adapters/text/sanitize.js';
import { fc, runs } from '../../support/chance.js';
import { bytes } from '../../support/streams.js';

const clean = (text: string, lines = false): string => Buffer.from(sanitize(bytes(text), { lines })).toString('utf8');

const cleanBytes = (...raw: number[]): string => Buffer.from(sanitize(Uint8Array.from(raw))).toString('utf8');

/** Controls, formats, private, separators; joiners are judged by where they stand. */
const FORBIDDEN = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/u;
const INVISIBLE = /(?![\u200c\u200d\ufe0e\ufe0f])\p{Default_Ignorable_Code_Point}/u;
const JOINER_OUT_OF_PLACE =
  /(?<!\p{Extended_Pictographic}[\ufe0f\p{Emoji_Modifier}]*)(?<![\u094d\u09cd\u0a4d\u0acd\u0b4d\u0bcd\u0c4d\u0ccd\u0d4d\u0dca])\u200d|\u200d$|\u200c$|\u200c\u200c|\u200d\u200d/u;

/** The sentence with "always": what may never be in the output. */
function expectHarmless(output: Uint8Array, lines: boolean): void {
  const text = new TextDecoder('utf-8', { fatal: true }).decode(output);
  const rest = lines ? text.replaceAll('\n', '') : text;
  expect(FORBIDDEN.exec(rest)).toBeNull();
  expect(INVISIBLE.exec(rest)).toBeNull();
  expect(JOINER_OUT_OF_PLACE.exec(rest)).toBeNull();
  for (const byte of output) if (byte < 0x20 || byte === 0x7f) expect([lines, byte]).toEqual([true, 0x0a]);
  expect(Array.from(text).length).toBeLessThanOrEqual(SHOWN_LIMIT);
  for (const line of text.split('\n')) expect(/^\p{M}/u.test(line)).toBe(false);
  expect(new RegExp(`\\p{M}{${String(MARK_LIMIT + 2)}}`, 'u').test(text)).toBe(false);
}

describe('what a terminal would obey is made visible', () => {
  test.each([
    ['\x1b[2J', '␛[2J'],
    ['\0\x07\b\x7f', '␀␇␈␡'],
    ['a\tb', 'a    b'],
    ['a\nb\rc', 'a␊b␍c'],
    ['\u009b2J\u0085', '<U+009B>2J<U+0085>'],
    ['\u202etxt\u2066\u2069', '<U+202E>txt<U+2066><U+2069>'],
    ['a\u200bb\u00adc\ufeffd\u2060', 'a<U+200B>b<U+00AD>c<U+FEFF>d<U+2060>'],
    ['hi\u{e0069}', 'hi<U+E0069>'],
    ['a\u2028b\u2029c', 'a<U+2028>b<U+2029>c'],
    ['\ue0b0\u{10fffd}\uffff\u0378', '<U+E0B0><U+10FFFD><U+FFFF><U+0378>'],
    ['\u3164\u115f\u1160\uffa0x', '<U+3164><U+115F><U+1160><U+FFA0>x'],
    ['\u001b\u001b[0m[2J', '␛␛[0m[2J'],
  ])('%j', (input, output) => {
    expect(clean(input)).toBe(output);
  });

  test('with lines, LF and CR LF are line feeds and CR alone is visible', () => {
    expect(clean('a\nb\r\nc\rd', true)).toBe('a\nb\nc␍d');
  });

  test('the input is left as it is and the output is a buffer of its own', () => {
    const input = bytes('a\x1b');
    const output = sanitize(input);
    expect([...input]).toEqual([0x61, 0x1b]);
    expect(output.byteLength).toBe(output.buffer.byteLength);
  });
});

describe('ill-formed UTF-8', () => {
  test.each([
    [[0x61, 0x80, 0x62], 'a\ufffdb'],
    [[0xed, 0xa0, 0xbd], '\ufffd\ufffd\ufffd'],
    [[0xc0, 0xaf], '\ufffd\ufffd'],
    [[0xf0, 0x9f, 0x98], '\ufffd'],
    [[0xf0, 0x9f, 0x98, 0x1b], '\ufffd␛'],
    [[0xf5, 0x80], '\ufffd\ufffd'],
    [[0xc2], '\ufffd'],
  ])('%j', (raw, output) => {
    expect(cleanBytes(...raw)).toBe(output);
  });

  test('one U+FFFD for each maximal subpart, as TextDecoder gives', () => {
    const byte = fc.oneof(fc.integer({ min: 0x80, max: 0xff }), fc.constantFrom(0x41, 0xe2, 0x82, 0xac, 0xf0, 0x9f));
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 40 }), (raw) => {
        const decoded = new TextDecoder().decode(Uint8Array.from(raw));
        expect(cleanBytes(...raw)).toBe(clean(decoded));
      }),
      { numRuns: runs(100, 1_000) },
    );
  });
});

describe('text of all scripts stays as it is', () => {
  test.each([
    'Grüße, déjà vu, cafe\u0301, Tiếng Việt',
    'שלום עולם, שָׁלוֹם',
    'السلام عليكم، مرحبا',
    'می\u200cخواهم، خانه\u200cها',
    'नमस्ते, क्षक्षक्ष, र्\u200dय',
    'ශ්\u200dරී ලංකා',
    'வணக்கம் తెలుగు ಕನ್ನಡ മലയാളം বাংলা',
    'ภาษาไทย น้ำ ที่นี่',
    'བོད་ཡིག',
    '日本語 「かな」 カナ ﾊﾟ 漢字、中文',
    '한국어 각 \u1112\u1161\u11ab',
    'Ελληνικά, русский, հայերեն, ქართული, አማርኛ',
    '👨‍👩‍👧‍👦 ok 👍🏽 ❤️ 🏳️‍🌈 👩🏽‍💻 🧑🏻‍🤝‍🧑🏿 👩‍❤️‍💋‍👨 🇩🇪 1️⃣ ☺︎',
    '±§°①■☆ ﷽ “quotes” – — … € ½',
  ])('%s', (text) => {
    expect(clean(text)).toBe(text);
  });
});

describe('what attaches itself is bounded', () => {
  test('marks beyond the limit are counted, not drawn', () => {
    expect(clean(`a${'\u0301'.repeat(MARK_LIMIT)}b`)).toBe(`a${'\u0301'.repeat(MARK_LIMIT)}b`);
    expect(clean(`a${'\u0301'.repeat(MARK_LIMIT + 3)}b`)).toBe(`a${'\u0301'.repeat(MARK_LIMIT)}<+3>b`);
    expect(clean(`a${'\u0301'.repeat(50)}`)).toBe(`a${'\u0301'.repeat(MARK_LIMIT)}<+46>`);
  });

  test('emoji modifiers and jamo count as marks', () => {
    expect(clean(`👍${'🏽'.repeat(6)}`)).toBe(`👍${'🏽'.repeat(MARK_LIMIT)}<+2>`);
    expect(clean('\u1100'.repeat(1500))).toBe(`${'\u1100'.repeat(1 + MARK_LIMIT)}<+1495>`);
    expect(clean('\u1100\u1161\u11a8'.repeat(300))).toBe('\u1100\u1161\u11a8'.repeat(300));
  });

  test('a mark with nothing before it in its line stands on a circle', () => {
    expect(clean('\u0301a')).toBe('◌\u0301a');
    expect(clean('a\n\u0301b', true)).toBe('a\n◌\u0301b');
    expect(clean('🏽')).toBe('◌🏽');
  });

  test('joiners beyond the limit and out of place are visible', () => {
    expect(clean(`👨${'\u200d👨'.repeat(JOIN_LIMIT)}`)).toBe(`👨${'\u200d👨'.repeat(JOIN_LIMIT)}`);
    expect(clean(`👨${'\u200d👨'.repeat(JOIN_LIMIT + 1)}`)).toBe(`👨${'\u200d👨'.repeat(JOIN_LIMIT)}<U+200D>👨`);
    expect(clean('a\u200db\u200cc 👨\u200d\u200d👨 👨\u200d')).toBe(
      'a<U+200D>b<U+200C>c 👨<U+200D><U+200D>👨 👨<U+200D>',
    );
    expect(clean(`👍${'🏽'.repeat(6)}\u200d👍`)).toBe(`👍${'🏽'.repeat(MARK_LIMIT)}<+2><U+200D>👍`);
    expect(clean('👨\u0301\u200d👩 ❤\ufe0e\u200d👩')).toBe('👨\u0301<U+200D>👩 ❤\ufe0e<U+200D>👩');
    expect(clean('د\u200cا میی\u200c')).toBe('د<U+200C>ا میی<U+200C>');
    expect(clean('क्\u200d\u200dय क्\u200da')).toBe('क्<U+200D><U+200D>य क्<U+200D>a');
  });

  test('a variation selector stays only directly behind an emoji or a digit, once', () => {
    expect(clean('a\ufe0f ❤\ufe0f\ufe0f 😀\u{e0100}')).toBe('a<U+FE0F> ❤\ufe0f<U+FE0F> 😀<U+E0100>');
  });
});

describe('long text is folded', () => {
  test('with `whole` nothing is folded, and all other rules hold', () => {
    const whole = (text: string): string =>
      Buffer.from(sanitize(bytes(text), { lines: true, whole: true })).toString('utf8');
    expect(whole('a'.repeat(65_536))).toBe('a'.repeat(65_536));
    expect(whole('\u202e'.repeat(21_845))).toBe('<U+202E>'.repeat(21_845));
    expect(whole('\0'.repeat(65_536))).toBe('\u2400'.repeat(65_536));
    expect(whole(`a${'\u0301'.repeat(32_000)}`)).toBe(`a${'\u0301'.repeat(MARK_LIMIT)}<+31996>`);
  });

  test('the limit itself is shown whole', () => {
    expect(clean('a'.repeat(SHOWN_LIMIT))).toBe('a'.repeat(SHOWN_LIMIT));
  });

  test.each([
    ['a'.repeat(SHOWN_LIMIT + 1)],
    ['\u202e'.repeat(64 * 1024)],
    ['é'.repeat(30_000)],
    [`${'a'.repeat(SHOWN_LIMIT - 8)}${'\u0301'.repeat(5000)}`],
    [`${'a'.repeat(SHOWN_LIMIT - 68)}${'\u0301'.repeat(50)}${'a'.repeat(1000)}`],
    ['👨\u200d👩\u200d👧'.repeat(5000)],
    ['\t'.repeat(40_000)],
  ])('the rest is counted (%#)', (text) => {
    const shown = clean(text);
    const [, kept = '', count = ''] = /^(.*) \[(\d+) more characters not shown\]$/su.exec(shown) ?? [];
    expect(Array.from(shown).length).toBeLessThanOrEqual(SHOWN_LIMIT);
    expect(Array.from(shown).length).toBeGreaterThan(SHOWN_LIMIT - 100);
    // What is kept is the output of what was not counted.
    expect(
      kept ===
        clean(
          Array.from(text)
            .slice(0, Array.from(text).length - Number(count))
            .join(''),
        ),
    ).toBe(true);
    expect(clean(shown) === shown).toBe(true);
  });
});

const corpusPath = fileURLToPath(new URL('../../../shared/hostile-strings.json', import.meta.url));
const corpus = existsSync(corpusPath)
  ? (JSON.parse(readFileSync(corpusPath, 'utf8')) as { id: string; input: string; must: string[] }[])
  : [];
if (corpus.length === 0) console.warn('SKIPPED: the corpus ../shared/hostile-strings.json is not there');

describe.skipIf(corpus.length === 0)('the corpus of hostile strings', () => {
  test.each(corpus.map((entry) => [entry.id, entry] as const))('%s', (_id, { input, must }) => {
    for (const lines of [false, true]) {
      const output = sanitize(bytes(input), { lines });
      expectHarmless(output, lines);
      expect(sanitize(output, { lines })).toEqual(output);
    }
    const text = clean(input);
    if (must.includes('text-preserved')) expect(text).toBe(input);
    if (must.includes('no-forged-line')) expect(text).not.toMatch(/[\n\r\u0085\u2028\u2029]/u);
    if (must.includes('grapheme-bounded')) {
      for (const { segment } of new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(text)) {
        expect(Array.from(segment).length).toBeLessThanOrEqual(12);
      }
    }
  });
});

describe('generated hostile text', () => {
  const sequence = fc.constantFrom(
    '\x1b[',
    '2J',
    '\x1b]52;c;',
    '\x07',
    '\x1b\\',
    '\x1bP',
    '\u009b',
    '\u009d0;',
    '\u009c',
    '\u202e',
    '\u2066',
    '\u2069',
    '\u200d',
    '\u200c',
    '\u0301',
    '\u094d',
    'क',
    'ی',
    'خ',
    '👨',
    '🏽',
    '❤',
    '\ufe0f',
    '\u{e0100}',
    '\u{e0069}',
    '\u1100',
    '\u1161',
    '각',
    '\n',
    '\r',
    '\r\n',
    '\t',
    'a',
    ' ',
    '1',
    '\ufffd',
    '\u2028',
    '<+3>',
  );
  /** Sequences inside sequences, cut anywhere: what a filter that removes would put together again. */
  const nested = fc
    .tuple(fc.array(sequence, { maxLength: 30 }), fc.array(sequence, { maxLength: 30 }), fc.nat(), fc.nat(), fc.nat())
    .map(([outer, inner, at, from, to]) => {
      const [around, within] = [bytes(outer.join('')), bytes(inner.join(''))];
      const split = at % (around.length + 1);
      const [low, high] = [from % (within.length + 1), to % (within.length + 1)].sort((a, b) => a - b);
      return Uint8Array.from([...around.subarray(0, split), ...within.subarray(low, high), ...around.subarray(split)]);
    });
  const anything = fc.oneof(
    nested,
    fc.uint8Array({ maxLength: 200 }),
    fc.string({ unit: 'binary', maxLength: 100 }).map(bytes),
  );

  test('is always harmless, and a second pass changes nothing', () => {
    fc.assert(
      fc.property(anything, fc.boolean(), (input, lines) => {
        const output = sanitize(input, { lines });
        expectHarmless(output, lines);
        expect(sanitize(output, { lines })).toEqual(output);
      }),
      { numRuns: runs(500, 5_000) },
    );
  });

  test('also when it is too long', () => {
    fc.assert(
      fc.property(nested, (input) => {
        const times = Math.ceil(30_000 / Math.max(1, input.length));
        const long = Uint8Array.from({ length: input.length * times }, (_, i) => input[i % input.length] ?? 0);
        const output = sanitize(long, { lines: true });
        expectHarmless(output, true);
        expect(sanitize(output, { lines: true })).toEqual(output);
      }),
      { numRuns: runs(10, 50) },
    );
  });
});
