/**
 * UTF-8 as bytes: reading and writing code points without a JavaScript string. What the code points mean is not decided
 * here.
 */
import { plainBuffer } from '../../core/protocol/bytes.js';

/** Shown in place of what is not UTF-8. */
export const REPLACEMENT = 0xfffd;
/** What `pointAt` gives for an ill-formed sequence. */
export const ILL_FORMED = 0x110000;

/**
 * The code point at `at` and the bytes it takes, as `point * 8 + length`. An ill-formed sequence gives ILL_FORMED with
 * the length of its maximal subpart (Unicode chapter 3, "U+FFFD Substitution of Maximal Subparts").
 */
export function pointAt(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] ?? 0;
  if (lead < 0x80) return lead * 8 + 1;
  const length =
    lead >= 0xc2 && lead <= 0xdf ? 2 : lead >= 0xe0 && lead <= 0xef ? 3 : lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
  if (length === 0) return ILL_FORMED * 8 + 1;
  let point = lead & (0xff >> (length + 1));
  for (let i = 1; i < length; i++) {
    const byte = bytes[at + i] ?? 0;
    // The second byte is narrower where longer forms, surrogates and more than U+10FFFF would begin.
    const low = i > 1 ? 0x80 : lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
    const high = i > 1 ? 0xbf : lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
    if (byte < low || byte > high) return ILL_FORMED * 8 + i;
    point = (point << 6) | (byte & 0x3f);
  }
  return point * 8 + length;
}

/** Writes a code point at `at`; returns the index after it. ILL_FORMED is written as U+FFFD. */
export function putPoint(target: Uint8Array, at: number, code: number): number {
  const point = code >= ILL_FORMED ? REPLACEMENT : code;
  let next = at;
  if (point < 0x80) {
    target[next++] = point;
  } else if (point < 0x800) {
    target[next++] = 0xc0 | (point >> 6);
    target[next++] = 0x80 | (point & 0x3f);
  } else if (point < 0x10000) {
    target[next++] = 0xe0 | (point >> 12);
    target[next++] = 0x80 | ((point >> 6) & 0x3f);
    target[next++] = 0x80 | (point & 0x3f);
  } else {
    target[next++] = 0xf0 | (point >> 18);
    target[next++] = 0x80 | ((point >> 12) & 0x3f);
    target[next++] = 0x80 | ((point >> 6) & 0x3f);
    target[next++] = 0x80 | (point & 0x3f);
  }
  return next;
}

export function isUtf8(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; ) {
    const packed = pointAt(bytes, at);
    if (packed >= ILL_FORMED * 8) return false;
    at += packed & 7;
  }
  return true;
}

/** UTF-8 of words written in this program, or of what is a string already. Never for message text. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  const out = plainBuffer(text.length * 3);
  let at = 0;
  for (const character of text) at = putPoint(out, at, surrogateAsReplacement(character.codePointAt(0) ?? 0));
  return out.slice(0, at);
}

function surrogateAsReplacement(point: number): number {
  return point >= 0xd800 && point <= 0xdfff ? REPLACEMENT : point;
}
