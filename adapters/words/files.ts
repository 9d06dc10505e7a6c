/**
 * What is said about files on their way: offers, progress, ends. Sizes and counts only; no name from outside may be in
 * this file.
 */

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** A size for a person: three digits at most, in powers of 1000. */
export function sizeOf(bytes: number): string {
  let unit = 0;
  let value = bytes;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${value.toFixed(digits)} ${UNITS[unit] ?? ''}`;
}

export interface OfferWords {
  readonly id: number;
  readonly count: number;
  readonly bytes: number | undefined;
  readonly free: number | undefined;
  readonly exists: boolean;
}

const entries = (count: number): string => (count === 1 ? '1 file' : `${String(count)} files and folders`);
const size = (bytes: number | undefined): string => (bytes === undefined ? 'of unknown size' : sizeOf(bytes));

export const FILE_WORDS = {
  /** The name follows. */
  offered: ({ id, count, bytes, free, exists }: OfferWords): string =>
    `Your peer offers ${entries(count)}, ${size(bytes)}${free === undefined ? '' : ` (${sizeOf(free)} free)`}` +
    `${exists ? ', under a name that is taken here' : ''}: /accept ${String(id)} or /reject ${String(id)}  `,
  offering: ({ id, count, bytes }: OfferWords): string =>
    `Offering ${entries(count)}, ${size(bytes)} (/cancel ${String(id)} takes it back)  `,
  progress: (id: number, bytes: number, total: number | undefined): string =>
    total === undefined || total === 0
      ? `Transfer ${String(id)}: ${sizeOf(bytes)}`
      : `Transfer ${String(id)}: ${String(Math.floor((bytes / total) * 100))}% of ${sizeOf(total)}`,
  done: ({ id, bytes, sum }: { readonly id: number; readonly bytes: number; readonly sum: string }): string =>
    `Transfer ${String(id)} is complete: ${sizeOf(bytes)}, SHA-256 ${sum}`,
} as const;
