/**
 * The text that is being written, as rows with the cursor in them: neutralised like every text, because what was pasted
 * may hold anything. Of a very long text only what is around the cursor is looked at. It changes nothing.
 */
import { concat } from '../../../core/protocol/bytes.js';
import type { Sanitize } from '../../../plugins/kit/define.js';
import type { Place } from './chat-rows.js';
import type { Editor } from '../../terminal/editor.js';
import { type Row, type Span, span } from './frame.js';
import type { Page } from './screens.js';
import { rowCount, rowOf, wrap } from '../../text/wrap.js';

/** Bytes before and behind the cursor that are looked at, at least. */
export const LOOK_AROUND = 4096;
const PROMPT = '> ';
const FURTHER = '  ';

/** At least one row, at most `most`; the one with the cursor is among them. */
export function writing(editor: Editor, place: Place, most: number, sanitize: Sanitize): Page {
  const before = sanitize(lookBack(editor.before), { lines: true, whole: true });
  const after = sanitize(lookAhead(editor.after), { lines: true, whole: true });
  const text = concat(before, after);
  const width = place.width - PROMPT.length;
  const rows = wrap(text, width, width);
  const cursorRow = rowOf(rows, before.length);
  const count = Math.min(rowCount(rows), Math.max(1, most));
  const top = Math.max(0, Math.min(cursorRow - (count >> 1), rowCount(rows) - count));
  const out: Row[] = [];
  for (let row = top; row < top + count; row++) {
    const [start = 0, end = 0] = [rows[row * 2], rows[row * 2 + 1]];
    const spans: Span[] = [span(place.column, 'dim', row === 0 ? PROMPT : FURTHER)];
    if (row === cursorRow) {
      const at = Math.min(before.length, end);
      spans.push(span(undefined, 'plain', text.subarray(start, at)));
      spans.push({ ...span(undefined, 'plain', text.subarray(at, end)), cursor: true });
    } else {
      spans.push(span(undefined, 'plain', text.subarray(start, end)));
    }
    out.push(spans);
  }
  for (const used of [before, after]) used.fill(0);
  return { rows: out, scratch: [text] };
}

/** From a whole multiple on, so that the rows do not change with every key. */
function lookBack(text: Uint8Array): Uint8Array {
  if (text.length <= 2 * LOOK_AROUND) return text;
  let from = (Math.floor(text.length / LOOK_AROUND) - 1) * LOOK_AROUND;
  while (from < text.length && ((text[from] ?? 0) & 0xc0) === 0x80) from++;
  return text.subarray(from);
}

function lookAhead(text: Uint8Array): Uint8Array {
  if (text.length <= LOOK_AROUND) return text;
  let to = LOOK_AROUND;
  while (((text[to] ?? 0) & 0xc0) === 0x80) to--;
  return text.subarray(0, to);
}
