/**
 * How many cells a character may take on the terminal that takes most for it, and where a character ends. Asked about
 * code points of UTF-8 bytes; no text and nothing about rows may be in this file.
 */
import { eastAsianWidthType } from 'get-east-asian-width';
import { hangulPart, isEmojiModifier, isExtending, isPictograph, isVirama } from './unicode.js';
import { pointAt } from './utf8.js';

const ZWNJ = 0x200c;
const ZWJ = 0x200d;
/** Below it everything that is shown takes one cell: ambiguous letters are Latin, Greek and Cyrillic here. */
const NARROW_BELOW = 0x300;
const LETTERS_BELOW = 0x530;

/** Marks that every table of widths knows to take no cell. Those of newer scripts take one where the table is old. */
const OLD_MARKS: readonly (readonly [number, number])[] = [
  [0x0300, 0x036f],
  [0x0483, 0x0486],
  [0x0591, 0x05bd],
  [0x05bf, 0x05bf],
  [0x05c1, 0x05c2],
  [0x05c4, 0x05c5],
  [0x05c7, 0x05c7],
  [0x0610, 0x0615],
  [0x064b, 0x065e],
  [0x0670, 0x0670],
  [0x06d6, 0x06dc],
  [0x06df, 0x06e4],
  [0x0941, 0x0948],
  [0x094d, 0x094d],
  [0x0e31, 0x0e31],
  [0x0e34, 0x0e3a],
  [0x0e47, 0x0e4e],
  [0x20d0, 0x20ef],
  [0xfe00, 0xfe0f],
  [0xfe20, 0xfe23],
];

/**
 * Cells at most, 0 to 2, of a code point that the sanitiser lets through. What joins several code points into one picture
 * may draw them one by one: a joined emoji has the sum.
 */
export function worstWidth(point: number): number {
  if (point < NARROW_BELOW) return 1;
  if (point === ZWJ || point === ZWNJ || (point >= 0xfe00 && point <= 0xfe0f)) return 0;
  const type = eastAsianWidthType(point);
  if (isExtending(point)) {
    if (isEmojiModifier(point) || type === 'wide' || type === 'fullwidth') return 2;
    return OLD_MARKS.some(([from, to]) => point >= from && point <= to) ? 0 : 1;
  }
  if (type === 'wide' || type === 'fullwidth') return 2;
  if (type === 'ambiguous') return point < LETTERS_BELOW ? 1 : 2;
  return isPictograph(point) || isRegional(point) || isSupplementalPicture(point) ? 2 : 1;
}

/** A digit, # or * becomes a picture with a variation selector behind it. */
const EMOJI_STYLE = 0xfe0f;

/** The sum over the text. Line feeds count nothing. */
export function worstWidthOf(text: Uint8Array): number {
  let width = 0;
  for (let at = 0; at < text.length; ) {
    const end = characterEnd(text, at);
    width += characterWidth(text, at, end);
    at = end;
  }
  return width;
}

/** Cells at most of the character in [at, end). */
export function characterWidth(text: Uint8Array, at: number, end: number): number {
  // A vowel or tail of Hangul with no lead: where it takes no cell itself, each mark on it takes one.
  const first = hangulPart(pointAt(text, at) >> 3);
  const least = first === 'vowel' || first === 'tail' ? 1 : 0;
  let width = 0;
  for (let i = at; i < end; ) {
    const packed = pointAt(text, i);
    i += packed & 7;
    const point = packed >> 3;
    if (point === EMOJI_STYLE) width = Math.max(width, 2);
    else if (point !== 0x0a) width += Math.max(least, worstWidth(point));
  }
  return width;
}

/** The index behind the character that begins at `at`: a base with all that attaches itself to it. */
export function characterEnd(text: Uint8Array, at: number): number {
  const first = pointAt(text, at);
  let end = at + (first & 7);
  let before = first >> 3;
  if (before < 0x20) return end;
  let pictured = isPictograph(before);
  let regional = isRegional(before);
  while (end < text.length) {
    const byte = text[end] ?? 0;
    // The usual case: no ASCII attaches itself to anything.
    if (byte < 0x80) return end;
    const packed = pointAt(text, end);
    const point = packed >> 3;
    const length = packed & 7;
    if (regional && isRegional(point)) {
      regional = false;
    } else if (point === ZWJ || point === ZWNJ) {
      const next = pointAt(text, end + length);
      if (point === ZWJ && pictured && isPictograph(next >> 3)) end += next & 7;
      else if (!isVirama(before)) return end;
    } else if (isExtending(point) || (point >= 0xfe00 && point <= 0xfe0f)) {
      regional = false;
      pictured &&= isEmojiModifier(point) || point === EMOJI_STYLE;
    } else if (!followsInSyllable(before, point)) {
      return end;
    }
    before = point;
    end += length;
  }
  return end;
}

/** Bytes that are looked back at most: a longer character is a flood of marks, through which one goes in steps. */
const LOOK_BACK = 256;

/** The index of the character that ends at `at`, which is above 0. */
export function characterStart(text: Uint8Array, at: number): number {
  const limit = Math.max(0, at - LOOK_BACK);
  // ASCII always begins a character.
  let start = at - 1;
  while (start > limit && (text[start] ?? 0) >= 0x80) start--;
  while (((text[start] ?? 0) & 0xc0) === 0x80) start++;
  for (;;) {
    const end = characterEnd(text, start);
    if (end >= at) return start;
    start = end;
  }
}

/** A block that some tables take as a whole, with the two signs in it that are no emoji. */
function isSupplementalPicture(point: number): boolean {
  return point >= 0x1f900 && point <= 0x1f9ff;
}

function isRegional(point: number): boolean {
  return point >= 0x1f1e6 && point <= 0x1f1ff;
}

function followsInSyllable(before: number, point: number): boolean {
  const part = hangulPart(point);
  const last = hangulPart(before);
  if (part === undefined || part === 'whole' || last === undefined) return false;
  if (part === 'lead') return last === 'lead';
  return part === 'tail' ? last !== 'lead' : last !== 'tail';
}

/** As much from the beginning as fits into `columns` cells by worst-case widths: a view. */
export function cut(text: Uint8Array, columns: number): Uint8Array {
  let width = 0;
  for (let at = 0; at < text.length; ) {
    const end = characterEnd(text, at);
    width += characterWidth(text, at, end);
    if (width > columns) return text.subarray(0, at);
    at = end;
  }
  return text;
}
