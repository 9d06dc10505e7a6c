/**
 * Whether the rich UI can work here. Only what can be known without asking the terminal; nothing may be written here.
 */
import { SCREEN_WORDS } from '../../words/screen.js';

/** The smallest terminal, cells. */
export const LEAST_COLUMNS = 40;
export const LEAST_ROWS = 10;

export interface Surroundings {
  readonly input: { readonly isTTY?: boolean; readonly setRawMode?: unknown };
  readonly output: { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number };
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Default: this one. */
  readonly platform?: string;
}

/** Why not, as a short phrase; undefined: it can. */
export function whyNotRich({ input, output, env, platform = process.platform }: Surroundings): string | undefined {
  const { capable } = SCREEN_WORDS;
  if (input.isTTY !== true) return capable.input;
  if (output.isTTY !== true) return capable.output;
  if (typeof input.setRawMode !== 'function') return capable.raw;
  if (env['TERM'] === 'dumb') return capable.dumb;
  // On Windows no terminal sets it.
  if ((env['TERM'] ?? '') === '' && platform !== 'win32') return capable.unnamed;
  const { columns = 0, rows = 0 } = output;
  // A terminal that says 0 does not know: 80 by 24 is assumed.
  if (columns === 0 || rows === 0) return undefined;
  if (columns >= LEAST_COLUMNS && rows >= LEAST_ROWS) return undefined;
  return capable.size(columns, rows, LEAST_COLUMNS, LEAST_ROWS);
}
