/**
 * A row as bytes for the terminal. All that is sent between the beginning and the end of a chat is made here, of rows that
 * are neutralised already; the modes of the terminal are in terminal.ts. No row may be remembered in this file.
 */
import { ascii, plainBuffer, plainCopy } from '../../../core/protocol/bytes.js';
import { asAscii } from '../../text/ascii.js';
import type { Row, Style } from './frame.js';

export interface Look {
  readonly color: boolean;
  /** Otherwise everything beyond ASCII is shown as question marks. */
  readonly unicode: boolean;
}

const RESET = ascii('\x1b[0m');
const ERASE_TO_END = ascii('\x1b[K');
/** The cursor's place is remembered by the terminal: nobody else knows how wide it drew the text before it. */
export const REMEMBER_CURSOR = ascii('\x1b7');

/** Colours that can be read on light and on dark. */
const COLORED: Readonly<Record<Style, Uint8Array | undefined>> = {
  plain: undefined,
  bold: ascii('\x1b[1m'),
  dim: ascii('\x1b[2m'),
  good: ascii('\x1b[32m'),
  warn: ascii('\x1b[35m'),
  bad: ascii('\x1b[1;31m'),
  accent: ascii('\x1b[1;35m'),
  // White on black, whatever the terminal's own colours are: a QR code is read by a camera.
  inverse: ascii('\x1b[97;40m'),
};

const PLAIN: Readonly<Record<Style, Uint8Array | undefined>> = {
  ...COLORED,
  dim: undefined,
  good: undefined,
  warn: undefined,
  bad: COLORED.bold,
  accent: COLORED.bold,
  inverse: undefined,
};

export interface Bytes {
  readonly length: number;
  add(bytes: Uint8Array): void;
  /** A copy that belongs to the caller. */
  copy(): Uint8Array;
  /** A view, until the next change. */
  view(): Uint8Array;
  /** Overwrites everything. */
  clear(): void;
}

export function createBytes(first: number): Bytes {
  let buffer = plainBuffer(first);
  let length = 0;
  return {
    get length() {
      return length;
    },
    add(bytes) {
      if (length + bytes.length > buffer.length) {
        const larger = plainBuffer(Math.max(buffer.length * 2, length + bytes.length));
        larger.set(buffer.subarray(0, length));
        buffer.fill(0, 0, length);
        buffer = larger;
      }
      buffer.set(bytes, length);
      length += bytes.length;
    },
    copy: () => plainCopy(buffer.subarray(0, length)),
    view: () => buffer.subarray(0, length),
    clear() {
      buffer.fill(0, 0, length);
      length = 0;
    },
  };
}

/** Writes the row at its absolute place, from 0; what was there is gone, and no other row is touched. */
export function encodeRow(out: Bytes, row: Row, at: number, columns: number, look: Look): void {
  out.add(ascii(`\x1b[${String(at + 1)};1H`));
  let styled = false;
  let column = 0 as number | undefined;
  for (const span of row) {
    if (span.column !== undefined && span.column !== column) {
      out.add(ERASE_TO_END);
      out.add(ascii(`\x1b[${String(span.column + 1)}G`));
    }
    if (span.cursor === true) out.add(REMEMBER_CURSOR);
    const style = (look.color ? COLORED : PLAIN)[span.style];
    if (style !== undefined) out.add(style);
    styled = style !== undefined;
    addText(out, span.text, look.unicode);
    if (styled) out.add(RESET);
    column = undefined;
  }
  // Behind the last column there is nothing to erase, and it would be erased itself.
  if (row.at(-1)?.column !== columns - 1) out.add(ERASE_TO_END);
}

function addText(out: Bytes, text: Uint8Array, unicode: boolean): void {
  if (unicode || text.every((byte) => byte < 0x80)) return out.add(text);
  const shown = asAscii(text);
  out.add(shown);
  shown.fill(0);
}
