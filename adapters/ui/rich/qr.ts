/**
 * An invitation link as a QR code, two modules in a cell of a terminal. The library wants an array of numbers and gives
 * one of booleans: both are overwritten. No screen may be in this file.
 */
import { encode } from 'uqr';
import { plainBuffer } from '../../../core/protocol/bytes.js';
import type { Glyphs } from './glyphs.js';

/** Light modules around the code. The standard wants 4; readers are content with 2, and small terminals with more room. */
export const QUIET_ZONE = 2;
/** Bytes of a link; longer ones make a code that no terminal shows. */
export const QR_LIMIT = 300;

export interface QrCode {
  /** Cells. */
  readonly width: number;
  /** Rows of text, light modules drawn: to be shown light on dark, or inverse. They belong to the caller. */
  readonly rows: readonly Uint8Array[];
}

/** Undefined for a link that is empty or too long. */
export function qrCode(link: Uint8Array, glyphs: Glyphs): QrCode | undefined {
  if (link.length === 0 || link.length > QR_LIMIT) return undefined;
  const bytes = [...link];
  const { data, size } = encode(bytes, { ecc: 'L', border: QUIET_ZONE });
  const rows: Uint8Array[] = [];
  for (let y = 0; y < size; y += 2) rows.push(drawRow(data[y] ?? [], data[y + 1], size, glyphs));
  bytes.fill(0);
  for (const row of data) row.fill(false);
  return { width: size, rows };
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
