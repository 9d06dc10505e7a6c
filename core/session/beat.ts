/**
 * The beat of cover (protocol.md section 7): when the next frame goes out, whatever there is to say. Times only.
 */
import { quick } from '../quick.js';

/** With cover, one frame of the smallest size on each beat, milliseconds. */
export const COVER_BEAT = 500;

export interface Beat {
  /** When the next one is. */
  readonly at: number;
  /** It is used, or missed: a missed beat is not made up. */
  take(now: number): void;
  /** The line is up again: the first one is now. */
  restart(now: number): void;
}

export function createBeat(start: number): Beat {
  let at = start;
  return quick({
    get at() {
      return at;
    },
    take(now) {
      at += COVER_BEAT * (1 + Math.floor((now - at) / COVER_BEAT));
    },
    restart(now) {
      at = now;
    },
  });
}
