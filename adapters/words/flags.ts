/**
 * What is wrong with a command line, as every program here says it. What one program alone says of its flags may not be in
 * this file.
 */
export const FLAG_WORDS = {
  /** Absent `flag`: all of it. */
  cannotUse: (flag: string | undefined, why: string) => `Cannot use ${flag ?? 'this command line'}: ${why}`,
  unknown: (flag: string, meant: string | undefined) =>
    meant === undefined ? `unknown flag ${flag}` : `unknown flag ${flag} (did you mean ${meant}?)`,
  missingValue: 'it needs a value',
  noValue: (flag: string) => `${flag} takes no value`,
} as const;
