/** An invitation link as a QR code, two modules in a cell of a terminal. No screen may be in this file. */
import { plainBuffer } from '../../../core/protocol/bytes.js';
import { drawQr } from '../qr.js';
import type { Glyphs } from './glyphs.js';

/** Light modules around the code. The standard wants 4; readers are content with 2, and small terminals with more room. */
export const QUIET_ZONE = 2;

export interface QrCode {
  /** Cells. */
  readonly width: number;
  /** Rows of text, light modules drawn: to be shown light on dark, or inverse. They belong to the caller. */
  readonly rows: readonly Uint8Array[];
}

/** Undefined for a link that is empty or too long. */
export function qrCode(link: Uint8Array, glyphs: Glyphs): QrCode | undefined {
  return drawQr(link, QUIET_ZONE, (modules, size) => {
    const rows: Uint8Array[] = [];
    for (let y = 0; y < size; y += 2) rows.push(drawRow(modules[y] ?? [], modules[y + 1], size, glyphs));
    return { width: size, rows };
  });
}

/** `true` is dark. The row below the last one is light. */
function drawRow(upper: readonly boolean[], lower: readonly boolean[] | undefined, size: number, glyphs: Glyphs) {
  const row = plainBuffer(size * glyphs.full.length);
  let at = 0;
  for (let x = 0; x < size; x++) {
    const [up, down] = [upper[x] !== true, lower?.[x] !== true];
    const cell = up ? (down ? glyphs.full : glyphs.upper) : down ? glyphs.lower : SPACE;
    row.set(cell, at);
    at += cell.length;
  }
  return row.subarray(0, at);
}

const SPACE = Uint8Array.of(0x20);
