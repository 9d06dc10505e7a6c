/**
 * Terminals that show ASCII only: which they are, and what they get. To some of them single bytes of UTF-8 are commands.
 */
import { plainBuffer, plainCopy } from '../../core/protocol/bytes.js';
import { pointAt } from './utf8.js';
import { worstWidth } from './width.js';

/** Whether the terminal shows more than ASCII, by the locale: LC_ALL, else LC_CTYPE, else LANG. */
export function hasUnicode(env: Readonly<Record<string, string | undefined>>, platform: string): boolean {
  const locale = [env['LC_ALL'], env['LC_CTYPE'], env['LANG']].find((value) => value !== undefined && value !== '');
  // Elsewhere terminals show Unicode whatever the locale says.
  if (locale === undefined) return platform === 'win32' || platform === 'darwin';
  return /utf-?8/i.test(locale);
}

const QUESTION = 0x3f;

/** A copy with a question mark for each character beyond ASCII that takes a cell. */
export function asAscii(text: Uint8Array): Uint8Array {
  const out = plainBuffer(text.length);
  let end = 0;
  for (let at = 0; at < text.length; ) {
    const packed = pointAt(text, at);
    const length = packed & 7;
    if (length === 1) out[end++] = text[at] ?? QUESTION;
    else if (worstWidth(packed >> 3) > 0) out[end++] = QUESTION;
    at += length;
  }
  const copy = plainCopy(out.subarray(0, end));
  out.fill(0);
  return copy;
}
