/**
 * What is wrong with a command line, as every program here says it. What one program alone says of its flags may not be in
 * this file.
 */
const meantBy = (meant: string | undefined) => (meant === undefined ? '' : ` (did you mean ${meant}?)`);

export const FLAG_WORDS = {
  /** Absent `flag`: all of it. */
  cannotUse: (flag: string | undefined, why: string) => `Cannot use ${flag ?? 'this command line'}: ${why}`,
  unknown: (flag: string, meant: string | undefined) => `unknown flag ${flag}${meantBy(meant)}`,
  surplus: (word: string, meant: string | undefined) => `unexpected argument "${word}"${meantBy(meant)}`,
  missingValue: 'it needs a value',
  noValue: (flag: string) => `${flag} takes no value`,
} as const;
