/**
 * The text that is being written: a gap buffer of UTF-8 with a cursor that moves by characters and words, over several
 * lines. It knows which text was pasted, and never sends. No key and no screen may be in this file; every byte that leaves
 * the buffer is overwritten.
 */
import { MESSAGE_LIMIT } from '../../core/limits.js';
import { plainBuffer, plainCopy } from '../../core/protocol/bytes.js';
import { characterEnd, characterStart, worstWidthOf } from '../text/width.js';

/** Bytes that can be written: those of one message, and behind a first slash the second one, which is not sent. */
const EDITOR_LIMIT = MESSAGE_LIMIT + 1;
/** The buffer begins with this and doubles. */
const FIRST_BUFFER = 1024;

const LF = 0x0a;
const SPACE = 0x20;
const SLASH = 0x2f;

/** Where a text comes from, as far as it matters for what it means. */
export interface Origin {
  /** The first byte was pasted: the text is a message, whatever it looks like. */
  readonly startPasted: boolean;
  /** Some of it was pasted: it is no command. */
  readonly pasted: boolean;
}

export interface Editor extends Origin {
  /** Bytes. */
  readonly length: number;
  /** What is before and behind the cursor: views, valid until the next change. */
  readonly before: Uint8Array;
  readonly after: Uint8Array;
  /** Puts whole code points at the cursor. Returns how many bytes found no room: they are not there. */
  insert(text: Uint8Array, pasted: boolean): number;
  /** One character, or a word, or the rest of the line. False: there was nothing. */
  backspace(): boolean;
  delete(): boolean;
  deleteWord(): boolean;
  deleteToStart(): boolean;
  deleteToEnd(): boolean;
  left(): boolean;
  right(): boolean;
  wordLeft(): boolean;
  wordRight(): boolean;
  lineStart(): void;
  lineEnd(): void;
  /** To the line above or below, in about the same column. False: there is none. */
  up(): boolean;
  down(): boolean;
  /** A copy that belongs to the caller. */
  copy(): Uint8Array;
  /** In the place of what is there, with what is known of where it comes from; the cursor behind it. */
  replace(text: Uint8Array, origin: Origin): void;
  /** Overwrites everything. */
  clear(): void;
}

export function createEditor(): Editor {
  let buffer = plainBuffer(FIRST_BUFFER);
  let start = 0;
  /** The gap is [start, end). */
  let end = buffer.length;
  let pasted = false;
  let startPasted = false;

  const before = (): Uint8Array => buffer.subarray(0, start);
  const after = (): Uint8Array => buffer.subarray(end);
  const size = (): number => start + buffer.length - end;

  function makeRoom(bytes: number): void {
    if (end - start >= bytes) return;
    const larger = plainBuffer(Math.min(Math.max(buffer.length * 2, size() + bytes), EDITOR_LIMIT + FIRST_BUFFER));
    larger.set(before());
    const tail = after();
    larger.set(tail, larger.length - tail.length);
    end = larger.length - tail.length;
    buffer.fill(0);
    buffer = larger;
  }

  /** Moves the cursor to a position in the text, and overwrites what the bytes leave behind. */
  function moveTo(position: number): void {
    if (position < start) {
      const count = start - position;
      buffer.copyWithin(end - count, position, start);
      start = position;
      end -= count;
    } else {
      const count = position - start;
      buffer.copyWithin(start, end, end + count);
      start = position;
      end += count;
    }
    buffer.fill(0, start, end);
  }

  function removeBefore(from: number): boolean {
    if (from >= start) return false;
    buffer.fill(0, from, start);
    start = from;
    return removed(from === 0);
  }

  function removeAfter(count: number): boolean {
    if (count === 0) return false;
    buffer.fill(0, end, end + count);
    end += count;
    return removed(start === 0);
  }

  /** Where the first byte comes from is not known any more: as if it were pasted, if anything was. */
  function removed(first: boolean): boolean {
    if (size() === 0) pasted = false;
    if (first) startPasted = pasted;
    return true;
  }

  function wordStart(): number {
    const text = before();
    let at = start;
    while (at > 0 && isBlank(text, at - 1)) at--;
    while (at > 0 && !isBlank(text, at - 1)) at--;
    return at;
  }

  /** Bytes up to the end of the word behind the cursor. */
  function wordLength(): number {
    const text = after();
    let at = 0;
    while (at < text.length && isBlank(text, at)) at++;
    while (at < text.length && !isBlank(text, at)) at++;
    return at;
  }

  const lineBegin = (): number => before().lastIndexOf(LF) + 1;

  function lineRest(): number {
    const found = after().indexOf(LF);
    return found < 0 ? buffer.length - end : found;
  }

  /** The position in a line of the text that is `column` cells from its start, or its end. */
  function positionAt(from: number, column: number): number {
    let at = from;
    let width = 0;
    while (at < size()) {
      // The cursor is outside the line that is asked about: it is on one side of the gap as a whole.
      const [text, offset] = at < start ? [before(), 0] : [after(), start];
      if (text[at - offset] === LF) break;
      const next = offset + characterEnd(text, at - offset);
      width += worstWidthOf(text.subarray(at - offset, next - offset));
      if (width > column) break;
      at = next;
    }
    return at;
  }

  const column = (): number => worstWidthOf(before().subarray(lineBegin()));

  function clear(): void {
    buffer.fill(0);
    if (buffer.length > FIRST_BUFFER) buffer = plainBuffer(FIRST_BUFFER);
    start = 0;
    end = buffer.length;
    pasted = false;
    startPasted = false;
  }

  /** What would be sent is never longer than a message. */
  function limit(): number {
    const [first, second] = [byteAt(0), byteAt(1)];
    return first === SLASH && second === SLASH && !startPasted ? EDITOR_LIMIT : MESSAGE_LIMIT;
  }

  function byteAt(position: number): number | undefined {
    return buffer[position < start ? position : end + position - start];
  }

  function insert(text: Uint8Array, fromPaste: boolean): number {
    let fits = Math.max(0, Math.min(text.length, limit() - size()));
    while (fits > 0 && fits < text.length && ((text[fits] ?? 0) & 0xc0) === 0x80) fits--;
    if (fits === 0) return text.length;
    makeRoom(fits);
    buffer.set(text.subarray(0, fits), start);
    if (start === 0) startPasted = fromPaste;
    start += fits;
    pasted ||= fromPaste;
    return text.length - fits;
  }

  return {
    get length() {
      return size();
    },
    get pasted() {
      return pasted;
    },
    get startPasted() {
      return startPasted;
    },
    get before() {
      return before();
    },
    get after() {
      return after();
    },
    insert,
    backspace: () => start > 0 && removeBefore(characterStart(before(), start)),
    delete: () => removeAfter(end < buffer.length ? characterEnd(after(), 0) : 0),
    deleteWord: () => removeBefore(wordStart()),
    deleteToStart: () => removeBefore(start === lineBegin() ? Math.max(0, start - 1) : lineBegin()),
    // At the end of a line, as in other editors, the line below comes up.
    deleteToEnd: () => removeAfter(lineRest() === 0 ? Math.min(1, buffer.length - end) : lineRest()),
    left() {
      if (start === 0) return false;
      moveTo(characterStart(before(), start));
      return true;
    },
    right() {
      if (end === buffer.length) return false;
      moveTo(start + characterEnd(after(), 0));
      return true;
    },
    wordLeft() {
      const to = wordStart();
      if (to === start) return false;
      moveTo(to);
      return true;
    },
    wordRight() {
      const count = wordLength();
      if (count > 0) moveTo(start + count);
      return count > 0;
    },
    lineStart: () => moveTo(lineBegin()),
    lineEnd: () => moveTo(start + lineRest()),
    up() {
      const begin = lineBegin();
      if (begin === 0) return false;
      const above = before().lastIndexOf(LF, begin - 2) + 1;
      // lastIndexOf counts a negative start from the end.
      moveTo(positionAt(begin === 1 ? 0 : above, column()));
      return true;
    },
    down() {
      const rest = lineRest();
      if (rest === buffer.length - end) return false;
      moveTo(positionAt(start + rest + 1, column()));
      return true;
    },
    copy() {
      const text = plainBuffer(size());
      text.set(before());
      text.set(after(), start);
      return text;
    },
    replace(text, origin) {
      const copy = plainCopy(text);
      clear();
      insert(copy, origin.pasted);
      startPasted = origin.startPasted;
      copy.fill(0);
    },
    clear,
  };
}

/** A space with a mark on it is part of a word. */
function isBlank(text: Uint8Array, at: number): boolean {
  const byte = text[at];
  if (byte === SPACE) return characterEnd(text, at) === at + 1;
  return byte === LF || byte === 0x09;
}
