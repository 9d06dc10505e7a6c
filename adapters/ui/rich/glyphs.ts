/**
 * The few characters beyond ASCII that the screens are made of, and what stands for them where the terminal has none. No
 * text may be in this file.
 */
import { utf8 } from '../../text/utf8.js';

const UNICODE = {
  ...{ topLeft: '┌', topRight: '┐', bottomLeft: '└', bottomRight: '┘', left: '├', right: '┤', across: '─', down: '│' },
  ...{ circle: '○', arrow: '↓', dot: '·', check: '✓' },
  /** Halves of a cell, for the QR code. */
  ...{ upper: '▀', lower: '▄', full: '█' },
} as const;

const ASCII: Readonly<Record<keyof typeof UNICODE, string>> = {
  ...{ topLeft: '+', topRight: '+', bottomLeft: '+', bottomRight: '+', left: '+', right: '+', across: '-', down: '|' },
  ...{ circle: 'o', arrow: 'v', dot: '-', check: 'ok' },
  ...{ upper: '?', lower: '?', full: '#' },
};

/** UTF-8, and whether there is more than ASCII. */
export type Glyphs = Readonly<Record<keyof typeof UNICODE, Uint8Array>> & { readonly unicode: boolean };

export function createGlyphs(unicode: boolean): Glyphs {
  const names = Object.entries(unicode ? UNICODE : ASCII).map(([name, text]) => [name, utf8(text)]);
  return { ...(Object.fromEntries(names) as Record<keyof typeof UNICODE, Uint8Array>), unicode };
}
