/** Figures of a run: quantiles, rows with a ratio, and what a report is made of. No measurement may be in this file. */

export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

/**
 * How much of the anchor: the median of the rounds' ratios, because what disturbs a machine disturbs both in a round; of
 * the medians where the rounds did not give the same number of values.
 */
function ratioOf(ours: readonly number[], anchor: readonly number[]): number {
  if (ours.length !== anchor.length) return quantile(ours, 0.5) / quantile(anchor, 0.5);
  return quantile(
    ours.map((value, n) => value / (anchor[n] ?? Number.NaN)),
    0.5,
  );
}

/** One line: ours, the yardstick, their ratio. */
export function row(name: string, unit: string, ours: number, bare: number): string {
  const cells = [ours.toFixed(2).padStart(10), bare.toFixed(2).padStart(10), (ours / bare).toFixed(3).padStart(8)];
  return `${name.padEnd(34)}  ${cells.join('  ')}  ${unit}`;
}

/** What must hold of the ratio to the anchor, or of the figure itself. */
export interface Target {
  readonly of: 'ratio' | 'value';
  readonly sign: '≤' | '≥';
  readonly bound: number;
}

/** One thing that was measured again and again, and its anchor in the same rounds. */
export interface Series {
  readonly name: string;
  readonly unit: string;
  readonly ours: number[];
  /** What it is a ratio to. */
  readonly anchor?: { readonly name: string; readonly values: number[] };
  readonly target?: Target;
}

/** A series in short, as it is kept for the next run. */
export interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly median: number;
  /** The middle half of all values. */
  readonly spread: readonly [number, number];
  readonly anchor?: { readonly name: string; readonly median: number };
  readonly ratio?: number;
  readonly target?: string;
  readonly met?: boolean;
}

export function figureOf({ name, unit, ours, anchor, target }: Series): Figure {
  const median = quantile(ours, 0.5);
  const spread = [quantile(ours, 0.25), quantile(ours, 0.75)] as const;
  const against = anchor === undefined ? undefined : quantile(anchor.values, 0.5);
  const quotient = anchor === undefined ? Number.NaN : ratioOf(ours, anchor.values);
  // An anchor of nothing is none.
  const ratio = Number.isFinite(quotient) ? quotient : undefined;
  const judged = target?.of === 'ratio' ? ratio : median;
  const unitOf = target?.of === 'ratio' ? '×' : unit;
  return {
    name,
    unit,
    median,
    spread,
    ...(anchor !== undefined && against !== undefined ? { anchor: { name: anchor.name, median: against } } : {}),
    ...(ratio !== undefined ? { ratio } : {}),
    ...(target !== undefined && judged !== undefined
      ? {
          target: `${target.sign} ${String(target.bound)} ${unitOf}`,
          met: target.sign === '≤' ? judged <= target.bound : judged >= target.bound,
        }
      : {}),
  };
}
