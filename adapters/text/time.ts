/**
 * The time beside a message, as a UI shows it. No other clock may be read here.
 */
import { ascii } from '../../core/protocol/bytes.js';

/** Local time of a Unix time in milliseconds, HH:MM. */
export function timeOfDay(at: number): Uint8Array {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return ascii('--:--');
  const two = (value: number): string => String(value).padStart(2, '0');
  return ascii(`${two(date.getHours())}:${two(date.getMinutes())}`);
}
