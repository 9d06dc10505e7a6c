/**
 * An invitation link as the modules of a QR code. The library wants an array of numbers and gives one of booleans: both are
 * overwritten. How they are drawn may not be in this file.
 */
import { encode } from 'uqr';

/** Bytes of a link; longer ones make a code that no screen shows well. */
export const QR_LIMIT = 300;

/** True is dark; none outside. */
export type Modules = readonly (readonly boolean[])[];

/** `draw` gets the modules with `border` light ones around them. Undefined for a link that is empty or too long. */
export function drawQr<T>(
  link: Uint8Array,
  border: number,
  draw: (modules: Modules, size: number) => T,
): T | undefined {
  if (link.length === 0 || link.length > QR_LIMIT) return undefined;
  const bytes = [...link];
  try {
    const { data, size } = encode(bytes, { ecc: 'L', border });
    try {
      return draw(data, size);
    } finally {
      for (const row of data) row.fill(false);
    }
  } finally {
    bytes.fill(0);
  }
}
