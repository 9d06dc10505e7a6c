/**
 * Frames onto the terminal: only rows that differ from what is there, in one write, so that nothing flickers. It remembers
 * the bytes of each row, and overwrites them. What a row says may not be decided in this file.
 */
import { ascii, plainBuffer, sameBytes } from '../../../core/protocol/bytes.js';
import { createBytes, encodeRow, type Look } from './encode.js';
import type { Frame } from './frame.js';

const BEGIN = ascii('\x1b[?2026h\x1b[?25l');
const CLEAR = ascii('\x1b[0m\x1b[2J');
const SHOW_CURSOR = ascii('\x1b8\x1b[?25h');
const END = ascii('\x1b[?2026l');
/** Bytes of a row and of a frame to begin with. */
const ROW_BYTES = 512;
const FRAME_BYTES = 8192;

export interface Painter {
  /** The bytes that bring the screen to this frame, for the caller; undefined when it is there already. */
  paint(frame: Frame): Uint8Array | undefined;
  /** Nothing is known any more of what is on the screen: the next frame is painted whole. */
  forget(): void;
}

export function createPainter(look: Look): Painter {
  let painted: Uint8Array[] = [];
  let cursor = false;
  /** The screen is unknown: it is cleared before the next frame. */
  let unknown = true;
  const row = createBytes(ROW_BYTES);
  const out = createBytes(FRAME_BYTES);

  function forget(): void {
    for (const bytes of painted) bytes.fill(0);
    painted = [];
    unknown = true;
  }

  return {
    paint(frame) {
      const hasCursor = frame.rows.some((each) => each.some((span) => span.cursor === true));
      out.add(BEGIN);
      if (unknown) out.add(CLEAR);
      let changed = unknown || hasCursor !== cursor;
      for (const [at, each] of frame.rows.entries()) {
        encodeRow(row, each, at, frame.columns, look);
        const before = painted[at] ?? plainBuffer(0);
        if (!sameBytes(before, row.view())) {
          before.fill(0);
          painted[at] = row.copy();
          out.add(row.view());
          changed = true;
        }
        row.clear();
      }
      for (const gone of painted.splice(frame.rows.length)) gone.fill(0);
      if (hasCursor) out.add(SHOW_CURSOR);
      out.add(END);
      const bytes = changed ? out.copy() : undefined;
      out.clear();
      cursor = hasCursor;
      unknown = false;
      for (const used of frame.scratch) used.fill(0);
      return bytes;
    },
    forget,
  };
}
