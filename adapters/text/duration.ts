/** Durations as a person writes and reads them: `90`, `90s`, `15m`, `2h`; a number alone is seconds. No sentence may be in this file. */

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

/** Milliseconds; undefined when it is no duration. */
export function parseDuration(text: string): number | undefined {
  const [, digits, unit = 's'] = /^([0-9]{1,10})(ms|s|m|h)?$/.exec(text) ?? [];
  return digits === undefined ? undefined : Number(digits) * UNITS[unit as keyof typeof UNITS];
}

/** In the largest unit that keeps it whole. */
export function showDuration(ms: number): string {
  const units = [['h', UNITS.h] as const, ['m', UNITS.m] as const, ['s', UNITS.s] as const];
  const [unit, size] = units.find(([, each]) => ms >= each && ms % each === 0) ?? ['ms', UNITS.ms];
  return `${String(ms / size)}${unit}`;
}
