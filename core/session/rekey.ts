/**
 * When the keys are made anew (protocol.md section 5, "When"), and which step of a rekey is owed. How it is done is the
 * ratchet's; no frame is sealed and no key may be in this file.
 */
import { RemoteProtocolError } from '../errors.js';
import type { Ratchet } from '../protocol/ratchet.js';
import type { ProtocolRecord } from '../protocol/records.js';
import type { Role } from '../protocol/role.js';
import { NEVER } from '../timers.js';
import { quick } from '../quick.js';

/** A rekey of a turn of the conversation at most this often, milliseconds, … */
export const REKEY_MIN = 5_000;
/** … at the latest after this long while anything flows, … */
export const REKEY_MAX = 120_000;
/** … and after this many frames. */
export const REKEY_FRAMES = 2 ** 16;

export interface Rekey {
  /** A frame with these records was sealed. */
  sealed(records: readonly ProtocolRecord[]): void;
  /** A frame with these records was opened. */
  opened(records: readonly ProtocolRecord[]): void;
  /** A: when an offer is due as far as is known now. */
  offerDue(): number;
  /** B: an offer has come and is to be answered. */
  readonly offered: Uint8Array | undefined;
  takeOffer(value: Uint8Array): void;
  takeAnswer(value: Uint8Array, now: number): void;
  /** B: the frame with the answer is sealed. */
  answered(now: number): void;
  /** B asks for a rekey. */
  wanted(now: number): void;
  /** After a resume: an outstanding offer is completed first, then another is made. */
  resumed(): void;
  /** A: another rekey is made as soon as it can be; returns the epoch that begins with it. */
  fresh(): number;
  wipe(): void;
}

export function createRekey(ratchet: Ratchet, role: Role, start: number): Rekey {
  let since = { at: start, sent: false, received: false, traffic: false, wanted: false, frames: 0 };
  /** Rekeys to be completed at once. */
  let owed = 0;
  let lastWanted: number | undefined;
  let offered: Uint8Array | undefined;

  function begin(now: number): void {
    owed = Math.max(0, owed - 1);
    since = { at: now, sent: false, received: false, traffic: false, wanted: false, frames: 0 };
  }

  function counted(): void {
    since.frames += 1;
    since.traffic = true;
  }

  /** How many must be completed until one has begun after this moment. */
  function another(): number {
    return ratchet.offerOut ? 2 : 1;
  }

  return quick({
    sealed(records) {
      counted();
      since.sent ||= records.some(({ type }) => type === 'text');
    },

    opened(records) {
      counted();
      since.received ||= records.some(({ type }) => type === 'text');
    },

    offerDue() {
      if (role !== 'A' || ratchet.offerOut) return NEVER;
      if (owed > 0 || since.frames >= REKEY_FRAMES) return since.at;
      if ((since.sent && since.received) || since.wanted) return since.at + REKEY_MIN;
      return since.traffic ? since.at + REKEY_MAX : NEVER;
    },

    get offered() {
      return offered;
    },

    takeOffer(value) {
      if (role !== 'B') throw new RemoteProtocolError('an offer came from B');
      if (offered !== undefined || ratchet.answerOut) throw new RemoteProtocolError('a second offer before the answer');
      // Public, but a view into what is wiped.
      offered = value.slice();
    },

    takeAnswer(value, now) {
      ratchet.takeAnswer(value);
      begin(now);
    },

    answered(now) {
      ratchet.answerSealed();
      offered = undefined;
      begin(now);
    },

    wanted(now) {
      if (role !== 'A') throw new RemoteProtocolError('a rekey was wanted from B');
      if (lastWanted === undefined || now - lastWanted >= REKEY_MIN) since.wanted = true;
      lastWanted = now;
    },

    resumed() {
      owed = another();
    },

    fresh() {
      owed = Math.max(owed, another());
      return ratchet.epoch + another();
    },

    wipe() {
      offered = undefined;
    },
  });
}
