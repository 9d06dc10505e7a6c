/**
 * Names of files on their way out and in: what a sender may not say is replaced before it is offered, and what could deceive
 * on a screen is stored as `_`. No file is touched in this file.
 */
import { PART_LIMIT, partFault } from '../../core/session/bulk/file-path.js';
import { isHidden } from '../text/unicode.js';
import { utf8 } from '../text/utf8.js';

const UNDERSCORE = '_';
/** What no receiver takes inside a name. */
const REFUSED = /[\0-\x1f\x7f-\x9f/\\:]/gu;

/** A name that every receiver takes, as near to `name` as can be. */
export function sendable(name: string): string {
  // What was no UTF-8 has become U+FFFD when it was read.
  let sent = wellFormed(name).replaceAll(REFUSED, UNDERSCORE).replace(/[. ]$/u, UNDERSCORE);
  while (utf8(sent).length > PART_LIMIT) sent = wellFormed(sent.slice(0, -1));
  if (sent === '' || sent === '.' || sent === '..') return UNDERSCORE;
  return partFault(utf8(sent)) === undefined ? sent : `${UNDERSCORE}${sent}`.slice(0, PART_LIMIT);
}

/** As a name is stored: bidi controls, invisible and private characters are nobody's name. */
export function storable(part: Uint8Array): string {
  let stored = '';
  for (const character of new TextDecoder('utf-8', { ignoreBOM: true }).decode(part)) {
    const point = character.codePointAt(0) ?? 0;
    stored += isHidden(point) ? UNDERSCORE : character;
  }
  return stored;
}

/** `name (2).ext`: the next name to try when one is taken. */
export function numbered(name: string, number: number): string {
  const dot = name.lastIndexOf('.');
  const [stem, extension] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ''];
  const mark = ` (${String(number)})`;
  let short = stem;
  while (short !== '' && utf8(`${short}${mark}${extension}`).length > PART_LIMIT) short = short.slice(0, -1);
  return `${wellFormed(short)}${mark}${extension}`;
}

/** Half a character becomes U+FFFD. */
function wellFormed(text: string): string {
  return text.replaceAll(/[\uD800-\uDFFF]/gu, '\uFFFD');
}
