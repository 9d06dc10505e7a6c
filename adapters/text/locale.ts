/** What the locale says about the terminal. Nothing may be loaded by this file: it is asked at every start. */

/** Whether the terminal shows more than ASCII, by the locale: LC_ALL, else LC_CTYPE, else LANG. */
export function hasUnicode(env: Readonly<Record<string, string | undefined>>, platform: string): boolean {
  const locale = [env['LC_ALL'], env['LC_CTYPE'], env['LANG']].find((value) => value !== undefined && value !== '');
  // Elsewhere terminals show Unicode whatever the locale says.
  if (locale === undefined) return platform === 'win32' || platform === 'darwin';
  return /utf-?8/i.test(locale);
}
