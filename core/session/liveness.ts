/**
 * When an ack, a ping or the end of patience is due (protocol.md section 7, "Acks", "Silence"), from what was sealed and
 * opened. Times only: no frame and no window may be in this file.
 */
import { NEVER } from '../timers.js';
import { quick } from '../quick.js';

/** An eliciting frame is acked at the latest after this many milliseconds. */
export const ACK_DELAY = 50;
/** A side that has opened this many frames since it last sealed one seals one. */
export const ACK_FRAMES = 32;
/** An encrypted ping after this long without an opened frame. */
export const PING_AFTER = 15_000;
/** The connection is lost after this long without any answer. */
export const SILENCE_LIMIT = 10_000;
/** The same on a direct path: the relay is there to go on with. Where much is under way an answer may take its time. */
export const PATH_PING_AFTER = 5_000;
export const PATH_SILENCE = 4_000;
/** After this process has slept it is asked at once, and believed for this long. */
export const PROBE_LIMIT = 2_000;

export interface Liveness {
  sealed(eliciting: boolean, now: number): void;
  /** `waits`: something of this side that asks for an answer is out. */
  opened(eliciting: boolean, waits: boolean, now: number): void;
  /** A chunk was opened: an answer as well, which is not acked. */
  heard(waits: boolean, now: number): void;
  /** An ack is owed at once. */
  ackNow(now: number): void;
  /** A bare ack: NEVER while no frame was opened since the last one was sealed. */
  readonly ackDue: number;
  /** `waits`: something that is out and not acked is a question, too. */
  pingDue(waits: boolean, brisk: boolean): number;
  /** A ping was sealed. */
  pinged(): void;
  /**
   * The line is given up then. `beats`: the peer sends on each beat, so that any silence counts. `brisk`: answers come soon,
   * or not at all.
   */
  lostAt(beats: boolean, brisk: boolean): number;
  /** This process slept: the peer is asked at once. */
  probe(now: number): void;
  down(): void;
  up(waits: boolean, now: number): void;
}

export function createLiveness(start: number): Liveness {
  /** Frames opened since one was sealed; when the oldest eliciting one of them must be acked. */
  let unanswered = 0;
  let ackDue = NEVER;
  let lastOpened = start;
  /** Since when something that needs an answer is out and nothing was heard. */
  let waitingSince = NEVER;
  let probing = false;

  return quick({
    sealed(eliciting, now) {
      unanswered = 0;
      ackDue = NEVER;
      if (eliciting) waitingSince = Math.min(waitingSince, now);
    },

    opened(eliciting, waits, now) {
      unanswered += 1;
      lastOpened = now;
      waitingSince = waits ? now : NEVER;
      if (eliciting) ackDue = Math.min(ackDue, now + ACK_DELAY);
    },

    heard(waits, now) {
      lastOpened = now;
      waitingSince = waits ? now : NEVER;
    },

    ackNow(now) {
      ackDue = now;
    },

    get ackDue() {
      if (unanswered === 0) return NEVER;
      return unanswered >= ACK_FRAMES ? lastOpened : ackDue;
    },

    pingDue(waits, brisk) {
      if (probing) return lastOpened;
      return waits ? NEVER : lastOpened + (brisk ? PATH_PING_AFTER : PING_AFTER);
    },

    pinged() {
      probing = false;
    },

    lostAt: (beats, brisk) =>
      (beats ? Math.min(lastOpened, waitingSince) : waitingSince) + (brisk ? PATH_SILENCE : SILENCE_LIMIT),

    probe(now) {
      probing = true;
      waitingSince = now - SILENCE_LIMIT + PROBE_LIMIT;
    },

    down() {
      probing = false;
      ackDue = waitingSince = NEVER;
    },

    up(waits, now) {
      // What was opened before is acked by the proof, or by what is sent again.
      unanswered = 0;
      lastOpened = now;
      waitingSince = waits ? now : NEVER;
    },
  });
}
