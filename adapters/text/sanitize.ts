/**
 * The one choke point for every string from outside: peer text, names, file names, words of a relay. Bytes in, bytes out;
 * no JavaScript string of the text may be made in this file, and no other file may decide what is safe on a screen.
 *
 * The rules. What comes out is idempotent under them and holds no byte that a terminal obeys:
 *  1. C0 and DEL become their pictures (ESC is ␛, line feed ␊); a tab becomes four spaces. With `lines`, a line feed
 *     stays, and CR LF is one line feed.
 *  2. Every other control, format, bidi, zero-width, tag, private, unassigned or separator character becomes <U+XXXX>.
 *  3. What is not UTF-8 becomes U+FFFD, one for each maximal subpart.
 *  4. At most 4 combining marks (emoji modifiers and further parts of a Hangul syllable count as such) on a character;
 *     more are folded into <+N>. A mark with nothing before it in its line stands on a dotted circle.
 *  5. A joiner stays only where it changes a shape: ZWJ inside an emoji sequence, at most 3 of them; ZWJ and ZWNJ after
 *     an Indic virama, ZWNJ between joining Arabic letters (RFC 5892 appendix A). A variation selector 15 or 16 stays
 *     directly behind an emoji, a digit, # or *.
 *  6. At most 10,000 characters come out; the rest is folded into a note that says how many were left out. With `whole`
 *     all of them come out: for whoever writes or can unfold all of it.
 */
import { ascii, plainBuffer, plainCopy } from '../../core/protocol/bytes.js';
import type { Sanitize } from '../../plugins/kit/define.js';
import { UI_WORDS } from '../words/line.js';
import {
  hangulPart,
  isDualJoining,
  isEmojiModifier,
  isExtending,
  isHidden,
  isPictograph,
  isRightJoining,
  isVirama,
} from './unicode.js';
import { ILL_FORMED, pointAt, putPoint } from './utf8.js';

/** Characters (code points) that come out at most, the note of the rest included. */
export const SHOWN_LIMIT = 10_000;
/** Combining marks on one character. */
export const MARK_LIMIT = 4;
/** Zero-width joiners in one emoji. */
export const JOIN_LIMIT = 3;
/** Spaces for a tab. */
const TAB_WIDTH = 4;
/** Kept free for the note when text has to be folded. */
const NOTE_ROOM = 64;
/** No rule makes more bytes out than this for each byte in. */
const EXPANSION = 4;

const LF = 0x0a;
const CR = 0x0d;
const ZWNJ = 0x200c;
const ZWJ = 0x200d;
const TEXT_STYLE = 0xfe0e;
const EMOJI_STYLE = 0xfe0f;
const DOTTED_CIRCLE = 0x25cc;
const GREATER = 0x3e;

export const sanitize: Sanitize = (text, options = {}) => {
  const lines = options.lines === true;
  const limit = options.whole === true ? Number.POSITIVE_INFINITY : SHOWN_LIMIT;
  const out = plainBuffer(Math.min(text.length, limit) * EXPANSION + NOTE_ROOM);
  let at = 0;
  let shown = 0;
  /** Characters read so far. */
  let read = 0;
  /** Where a note could still be put: bytes written, characters read. */
  let safeAt = 0;
  let safeRead = 0;
  let full = false as boolean;

  /** The character written last in this line; 0 at its beginning. */
  let before = 0;
  let marks = 0;
  let excess = 0;
  let joins = 0;
  /** All of the character so far is an emoji that may be joined. */
  let emoji = false;
  let hangul: ReturnType<typeof hangulPart>;

  /** Takes room for `count` characters, or notes that there is none. */
  function room(count: number): boolean {
    if (full || shown + count > limit) full = true;
    else shown += count;
    return !full;
  }

  /** A character that begins anew. */
  function base(point: number): void {
    before = point;
    marks = 0;
    joins = 0;
    emoji = isPictograph(point);
    hangul = hangulPart(point);
  }

  function plain(point: number): void {
    if (!fold() || !room(1)) return;
    at = putPoint(out, at, point);
    base(point);
  }

  /** Rule 4: tells how many marks were left out of the character that ends here. */
  function fold(): boolean {
    if (excess === 0) return !full;
    const count = ascii(`<+${String(excess)}>`);
    excess = 0;
    if (room(count.length)) word(count);
    return !full;
  }

  function word(visible: Uint8Array): void {
    out.set(visible, at);
    at += visible.length;
    base(GREATER);
  }

  /** Rule 2. */
  function escape(point: number): void {
    const visible = ascii(`<U+${point.toString(16).toUpperCase().padStart(4, '0')}>`);
    if (fold() && room(visible.length)) word(visible);
  }

  function newline(): void {
    plain(LF);
    base(0);
  }

  /** Rule 1. */
  function control(point: number): void {
    if (point === LF && lines) {
      newline();
      return;
    }
    if (point !== 0x09) {
      plain(point === 0x7f ? 0x2421 : 0x2400 + point);
      return;
    }
    for (let i = 0; i < TAB_WIDTH; i++) plain(0x20);
  }

  /** Rule 5: whether a joiner between `before` and `after` changes a shape. */
  function joinerStays(joiner: number, after: number): boolean {
    if (excess > 0) return false;
    if (joiner === ZWJ && emoji && isPictograph(after)) return joins < JOIN_LIMIT;
    if (isVirama(before)) return before >> 7 === after >> 7 && !isHidden(after) && !isExtending(after);
    return joiner === ZWNJ && isDualJoining(before) && (isDualJoining(after) || isRightJoining(after));
  }

  /** A joiner and what it joins stay together, also where the text is cut. */
  function join(joiner: number, after: number): void {
    if (!room(2)) return;
    at = putPoint(out, putPoint(out, at, joiner), after);
    const joined = joins + 1;
    base(after);
    joins = joined;
  }

  function styleStays(point: number): boolean {
    if (point !== TEXT_STYLE && point !== EMOJI_STYLE) return false;
    return isPictograph(before) || before === 0x23 || before === 0x2a || (before >= 0x30 && before <= 0x39);
  }

  function style(point: number): void {
    if (!room(1)) return;
    at = putPoint(out, at, point);
    before = point;
    emoji &&= point === EMOJI_STYLE;
  }

  /** Whether the character attaches itself to the one before it. */
  function attaches(point: number): boolean {
    const part = hangulPart(point);
    if (part === undefined) return isExtending(point);
    if (part === 'whole' || hangul === undefined) return false;
    if (part === 'lead') return hangul === 'lead';
    return part === 'tail' ? hangul !== 'lead' : hangul !== 'tail';
  }

  /** Rule 4. */
  function attach(point: number): void {
    hangul = hangulPart(point) ?? hangul;
    if (marks === MARK_LIMIT) {
      excess += 1;
      return;
    }
    if (before === 0) plain(DOTTED_CIRCLE);
    if (!room(1)) return;
    at = putPoint(out, at, point);
    before = point;
    marks += 1;
    emoji &&= isEmojiModifier(point);
  }

  /** Remembers that the text could be cut here. */
  function markSafe(): void {
    if (full || excess > 0 || shown > limit - NOTE_ROOM) return;
    safeAt = at;
    safeRead = read;
  }

  for (let i = 0; i < text.length; ) {
    const packed = pointAt(text, i);
    const point = packed >> 3;
    i += packed & 7;
    read += 1;
    if (full) continue;
    if (point < 0x20 || point === 0x7f) {
      if (!(lines && point === CR && text[i] === LF)) control(point);
    } else if (point < 0x7f || point === ILL_FORMED) {
      plain(point);
    } else if (point === ZWJ || point === ZWNJ) {
      const next = pointAt(text, i);
      if (joinerStays(point, next >> 3)) {
        join(point, next >> 3);
        i += next & 7;
        read += 1;
      } else {
        escape(point);
      }
    } else if (isHidden(point)) {
      if (styleStays(point)) style(point);
      else escape(point);
    } else if (attaches(point)) {
      attach(point);
    } else {
      plain(point);
    }
    markSafe();
  }
  fold();

  if (full) {
    const note = ascii(UI_WORDS.folded(read - safeRead));
    out.set(note, safeAt);
    at = safeAt + note.length;
  }
  const result = plainCopy(out.subarray(0, at));
  out.fill(0);
  return result;
};
