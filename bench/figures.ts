/** Figures of a run: quantiles and rows with a ratio. */

export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

/** One line: ours, the yardstick, their ratio. */
export function row(name: string, unit: string, ours: number, bare: number): string {
  const cells = [ours.toFixed(2).padStart(10), bare.toFixed(2).padStart(10), (ours / bare).toFixed(3).padStart(8)];
  return `${name.padEnd(34)}  ${cells.join('  ')}  ${unit}`;
}
