/**
 * How the peer is called in a row of the chat. A name comes from outside and must not be able to pass for this side, for
 * the program, or for the gap before the text; that is decided here and nowhere else.
 */
import { ascii, concat, plainBuffer, plainCopy } from '../../core/protocol/bytes.js';
import type { Sanitize } from '../../plugins/define.js';
import { UI_WORDS } from '../cli/messages.js';
import { pointAt, putPoint } from './utf8.js';

/** Characters of a name that are shown. */
export const NAME_SHOWN = 32;

/** Words that stand for somebody else than the peer: a name that has one is put in brackets behind `peer`. */
const RESERVED = ['me', 'you', UI_WORDS.program, UI_WORDS.peer].map((word) => ascii(word));
const PEER = ascii(UI_WORDS.peer);

/** One line of at most NAME_SHOWN characters without double, leading or trailing spaces; `peer` when nothing is left. */
export function shownName(name: Uint8Array, sanitize: Sanitize): Uint8Array {
  const safe = sanitize(name);
  const spaced = singleSpaced(safe);
  // Without its space a mark may stand first now.
  const again = sanitize(spaced);
  const cut = plainCopy(again.subarray(0, cutAt(again)));
  for (const used of [safe, spaced, again]) used.fill(0);
  if (cut.length === 0) return plainCopy(PEER);
  if (!claimsAnother(cut)) return cut;
  const bracketed = concat(PEER, ascii(' ('), cut, ascii(')'));
  cut.fill(0);
  return bracketed;
}

/** Every run of blanks as one space, none at either end. */
function singleSpaced(text: Uint8Array): Uint8Array {
  const out = plainBuffer(text.length);
  let at = 0;
  let gap = false;
  for (let i = 0; i < text.length; ) {
    const packed = pointAt(text, i);
    i += packed & 7;
    if (isBlank(packed >> 3)) {
      gap = at > 0;
      continue;
    }
    if (gap) out[at++] = 0x20;
    gap = false;
    at = putPoint(out, at, packed >> 3);
  }
  const result = plainCopy(out.subarray(0, at));
  out.fill(0);
  return result;
}

/** Unicode's space separators and the blank Braille pattern. */
function isBlank(point: number): boolean {
  if (point === 0x20 || point === 0xa0 || point === 0x1680 || point === 0x2800 || point === 0x3000) return true;
  return (point >= 0x2000 && point <= 0x200a) || point === 0x202f || point === 0x205f;
}

/** The index after the last character that is shown. A joiner or a space is not left hanging there. */
function cutAt(text: Uint8Array): number {
  let at = 0;
  let end = 0;
  for (let count = 0; at < text.length && count < NAME_SHOWN; count++) {
    const packed = pointAt(text, at);
    const point = packed >> 3;
    at += packed & 7;
    if (point !== 0x200c && point !== 0x200d && point !== 0x20) end = at;
  }
  return end;
}

function claimsAnother(name: Uint8Array): boolean {
  return RESERVED.some((word) => hasWord(name, word));
}

/** Whether `word` stands in `name`, in any case, between what is not an ASCII letter. */
function hasWord(name: Uint8Array, word: Uint8Array): boolean {
  for (let from = 0; from + word.length <= name.length; from++) {
    if (isLetter(name[from - 1]) || isLetter(name[from + word.length])) continue;
    if (word.every((byte, i) => ((name[from + i] ?? 0) | 0x20) === byte)) return true;
  }
  return false;
}

function isLetter(byte: number | undefined): boolean {
  return byte !== undefined && (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a;
}
