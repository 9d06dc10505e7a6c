/** What a terminal gets that shows ASCII only (locale.ts): to some of them single bytes of UTF-8 are commands. */
import { plainBuffer, plainCopy } from '../../core/protocol/bytes.js';
import { pointAt } from './utf8.js';
import { worstWidth } from './width.js';

const QUESTION = 0x3f;

/** As the stream can show it. Where that is a copy, because a terminal shows ASCII only, the bytes are wiped. */
export function shownBy(
  stream: { readonly isTTY?: boolean | undefined },
  unicode: boolean,
  bytes: Uint8Array,
): Uint8Array {
  if (unicode || stream.isTTY !== true) return bytes;
  const shown = asAscii(bytes);
  bytes.fill(0);
  return shown;
}

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
