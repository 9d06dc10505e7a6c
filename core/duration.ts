/**
 * How long something lasts, as a person writes it: `90`, `90s`, `15m`, `1h`, `250ms`. One syntax for every flag of every
 * program. No sentence may be in this file.
 */

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds; a number without a unit is seconds. Undefined for what is no duration, or longer than `limit` ms. */
export function parseDuration(text: string, limit: number): number | undefined {
  const [, digits, unit = 's'] = /^(\d{1,10})(ms|s|m|h)?$/.exec(text) ?? [];
  const ms = Number(digits) * (UNITS[unit] ?? Number.NaN);
  return ms <= limit ? ms : undefined;
}

/** In the largest unit that keeps it whole: what `parseDuration` reads back. */
export function formatDuration(ms: number): string {
  const [unit, size] = Object.entries(UNITS).findLast(([, each]) => ms >= each && ms % each === 0) ?? ['ms', 1];
  return `${String(ms / size)}${unit}`;
}
