/**
 * JSON (RFC 8259) for the json UI, on bytes: the writer of one event. Message text goes through here as UTF-8 and never
 * becomes a JavaScript string; JSON.stringify may not be used in this file.
 */
import { ascii, plainBuffer, plainCopy } from '../../../core/protocol/bytes.js';
import { isHidden } from '../../text/unicode.js';
import { ILL_FORMED, pointAt, putPoint, utf8 } from '../../text/utf8.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** A value of an event: bytes are UTF-8 text, written as a JSON string. */
export type EventValue = Uint8Array | string | number | boolean | readonly (string | Uint8Array)[];

/**
 * One event as a line: `{"v":1,"event":…}` and LF. The text is not changed, only escaped: whatever a terminal could obey
 * or hide leaves as \uXXXX, so that looking at the raw output is harmless. Ill-formed UTF-8 becomes U+FFFD.
 */
export function writeEvent(event: string, fields: Readonly<Record<string, EventValue>>): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [ascii('{"v":1,"event":'), quoted(utf8(event))];
  for (const [key, value] of Object.entries(fields)) {
    parts.push(ascii(','), quoted(utf8(key)), ascii(':'), ...valueParts(value));
  }
  parts.push(ascii('}\n'));
  const out = plainBuffer(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
    part.fill(0);
  }
  return out;
}

function valueParts(value: EventValue): Uint8Array[] {
  if (value instanceof Uint8Array) return [quoted(value)];
  if (typeof value === 'string') return [quoted(utf8(value))];
  if (typeof value === 'number' || typeof value === 'boolean') return [ascii(String(value))];
  const items = value.flatMap((item, i) => [
    ascii(i === 0 ? '' : ','),
    quoted(item instanceof Uint8Array ? item : utf8(item)),
  ]);
  return [ascii('['), ...items, ascii(']')];
}

const HEX = ascii('0123456789abcdef');

/** UTF-8 as a JSON string. An input byte takes six bytes at most. */
function quoted(text: Uint8Array): Uint8Array {
  const scratch = plainBuffer(text.length * 6 + 2);
  let at = 0;
  scratch[at++] = QUOTE;
  for (let i = 0; i < text.length; ) {
    const packed = pointAt(text, i);
    const point = packed >> 3;
    i += packed & 7;
    if (point === QUOTE || point === BACKSLASH) {
      scratch[at++] = BACKSLASH;
      scratch[at++] = point;
    } else if (point >= 0x20 && point < 0x7f) {
      scratch[at++] = point;
    } else if (point !== ILL_FORMED && isHidden(point)) {
      at = putEscape(scratch, at, point);
    } else {
      at = putPoint(scratch, at, point);
    }
  }
  scratch[at++] = QUOTE;
  const result = plainCopy(scratch.subarray(0, at));
  scratch.fill(0);
  return result;
}

function putEscape(target: Uint8Array, at: number, point: number): number {
  if (point > 0xffff) {
    const high = putEscape(target, at, 0xd800 + ((point - 0x10000) >> 10));
    return putEscape(target, high, 0xdc00 + ((point - 0x10000) & 0x3ff));
  }
  target[at] = BACKSLASH;
  target[at + 1] = 0x75;
  for (let i = 0; i < 4; i++) target[at + 2 + i] = HEX[(point >> (12 - 4 * i)) & 15] ?? 0;
  return at + 6;
}
