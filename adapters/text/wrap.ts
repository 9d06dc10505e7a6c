/**
 * Text into rows of a width, by worst-case widths, between words where that is possible. Positions only: no byte of the
 * text is copied or changed in this file.
 */
import { characterEnd, characterWidth } from './width.js';

const LF = 0x0a;
const SPACE = 0x20;

/** Rows as pairs of start and end, in one list: [start, end, start, end, …]. At least one row. */
export type Rows = readonly number[];

export function rowCount(rows: Rows): number {
  return rows.length / 2;
}

/**
 * The rows of `text`: `first` cells for the first one, `rest` for the others, not fewer than `first`. A space at which a row
 * breaks belongs to no row; a line feed ends one. A character that is wider than a row has one for itself.
 */
export function wrap(text: Uint8Array, first: number, rest: number): Rows {
  const rows: number[] = [];
  let start = 0;
  let used = 0;
  /** Where the row could break: behind a space. */
  let breakAt = -1;
  let usedAtBreak = 0;
  let at = 0;

  function row(end: number, next: number): void {
    rows.push(start, end);
    start = next;
    breakAt = -1;
  }

  while (at < text.length) {
    const byte = text[at] ?? 0;
    if (byte === LF) {
      row(at, at + 1);
      used = 0;
      at += 1;
      continue;
    }
    const end = characterEnd(text, at);
    const width = characterWidth(text, at, end);
    // With a mark on it a space is a character like any other.
    const blank = byte === SPACE && end === at + 1;
    // A row that ends at a space before may leave more behind than fits.
    while (used + width > (rows.length === 0 ? first : rest) && at > start) {
      if (blank) {
        row(at, end);
        used = 0;
      } else if (breakAt > start) {
        const from = breakAt;
        row(from - 1, from);
        used -= usedAtBreak;
      } else {
        row(at, at);
        used = 0;
      }
    }
    at = end;
    if (start === at) continue;
    used += width;
    if (blank) {
      breakAt = end;
      usedAtBreak = used;
    }
  }
  row(text.length, text.length);
  return rows;
}

/** The row in which the position is: the last one that begins at or before it. */
export function rowOf(rows: Rows, position: number): number {
  let row = 0;
  while (row + 1 < rowCount(rows) && (rows[(row + 1) * 2] ?? 0) <= position) row++;
  return row;
}
