/** The range tables against the Unicode data of the running Node. */
import { expect, test } from 'vitest';
import {
  hangulPart,
  isDualJoining,
  isExtending,
  isHidden,
  isPictograph,
  isRightJoining,
  isVirama,
  UNICODE_VERSION,
} from '../../../adapters/text/unicode.js';
import { CLASSES, encodeRanges, rangesOf } from '../../support/unicode-ranges.js';

const running = process.versions['unicode'] ?? '';
const same = running === UNICODE_VERSION;
if (!same) console.warn(`SKIPPED: exact Unicode tables, they are of ${UNICODE_VERSION} and this Node has ${running}`);

function tableOf(lookup: (point: number) => boolean): [number, number][] {
  const ranges: [number, number][] = [];
  for (let point = 0; point <= 0x10ffff; point++) {
    if (!lookup(point)) continue;
    const last = ranges.at(-1);
    if (last?.[1] === point - 1) last[1] = point;
    else ranges.push([point, point]);
  }
  return ranges;
}

test.skipIf(!same).each([
  ['hidden', isHidden],
  ['extending', isExtending],
  ['pictograph', isPictograph],
] as const)('the table of %s code points is that of this Node', (name, lookup) => {
  expect(encodeRanges(tableOf(lookup))).toBe(encodeRanges(rangesOf(CLASSES[name])));
});

test('whatever the version: nothing that orders or deceives is left out', () => {
  const orders = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;
  const missed: number[] = [];
  for (let point = 0; point <= 0x10ffff; point++) {
    if (orders.test(String.fromCodePoint(point)) && !isHidden(point)) missed.push(point);
  }
  expect(missed).toEqual([]);
});

test('joining letters are letters of the Arabic block, each of one kind', () => {
  for (let point = 0; point <= 0xffff; point++) {
    if (!isDualJoining(point) && !isRightJoining(point)) continue;
    expect(/\p{L}/u.test(String.fromCodePoint(point)) && point >= 0x600 && point <= 0x6ff).toBe(true);
    expect(isDualJoining(point) && isRightJoining(point)).toBe(false);
  }
  const kinds = (text: string): string => Array.from(text, (letter) => kind(letter.codePointAt(0) ?? 0)).join('');
  expect(kinds('بتسشهکیگ')).toBe('DDDDDDDD');
  expect(kinds('ادذرزژوة')).toBe('RRRRRRRR');
  expect(kinds('ءa1')).toBe('---');
});

function kind(point: number): string {
  if (isDualJoining(point)) return 'D';
  return isRightJoining(point) ? 'R' : '-';
}

test('viramas are marks that join consonants', () => {
  const points = [0x94d, 0x9cd, 0xa4d, 0xacd, 0xb4d, 0xbcd, 0xc4d, 0xccd, 0xd4d, 0xdca];
  expect(tableOf(isVirama).flatMap(([from]) => from)).toEqual(points);
});

test('conjoining Hangul is what decomposition gives', () => {
  for (const syllable of ['각', '힣', '가']) {
    expect(hangulPart(syllable.codePointAt(0) ?? 0)).toBe('whole');
    const parts = Array.from(syllable.normalize('NFD'), (part) => hangulPart(part.codePointAt(0) ?? 0));
    expect(parts).toEqual(['lead', 'vowel', 'tail'].slice(0, parts.length));
  }
  expect(hangulPart(0x3131)).toBeUndefined();
  expect([0x10ff, 0xa95f, 0xa97d, 0xd7c7, 0xd7fc, 0xabff].map(hangulPart)).toEqual(Array(6).fill(undefined));
});
