/**
 * Text as lines of a terminal of a given width: whoever writes a long line would otherwise choose what stands at the
 * beginning of the next row. Elsewhere a line is as long as it is. No sentence may be in this file.
 */
import { ascii, plainBuffer, plainCopy } from '../../core/protocol/bytes.js';
import { worstWidthOf } from '../text/width.js';
import { rowCount, wrap } from '../text/wrap.js';

export interface Stream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/** Before every further line of a message. */
export const CONTINUATION = ascii('      | ');
/** Cells that a text has beside or below its name at least. */
export const LEAST_TEXT = 8;
/** Where the width of a terminal is not known. */
const USUAL_COLUMNS = 80;
const LF = 0x0a;

/** Cells of a row that are used: behind the last one a terminal may go on in the next row. */
export function cells({ isTTY, columns }: Stream): number {
  if (isTTY !== true) return Number.POSITIVE_INFINITY;
  return Math.max(
    CONTINUATION.length + LEAST_TEXT,
    (columns === undefined || columns === 0 ? USUAL_COLUMNS : columns) - 1,
  );
}

/** A copy in rows of so many cells, each but the first one behind the bar. */
export function inRows(text: Uint8Array, width: number): Uint8Array {
  const rows = wrap(text, width, width);
  const out = plainBuffer(text.length + rowCount(rows) * (1 + CONTINUATION.length));
  let at = 0;
  for (let i = 0; i < rows.length; i += 2) {
    if (i > 0) {
      out[at] = LF;
      out.set(CONTINUATION, at + 1);
      at += 1 + CONTINUATION.length;
    }
    const row = text.subarray(rows[i], rows[i + 1]);
    out.set(row, at);
    at += row.length;
  }
  const copy = plainCopy(out.subarray(0, at));
  out.fill(0);
  return copy;
}

/** As it is where it fits into a row of this stream behind so many cells, no more than the bar has, else in rows: a copy. */
export function fitted(text: Uint8Array, stream: Stream, behind = 0): Uint8Array {
  const most = cells(stream);
  return worstWidthOf(text) <= most - behind ? plainCopy(text) : inRows(text, most - CONTINUATION.length);
}

/** These rows with another line break: not every terminal returns by itself while it hands over single keys. */
export function brokenBy(lineBreak: Uint8Array, rows: Uint8Array): Uint8Array {
  return Uint8Array.from([...rows].flatMap((byte) => (byte === LF ? [...lineBreak] : byte)));
}
