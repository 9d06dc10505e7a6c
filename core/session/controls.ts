/**
 * Control records (protocol.md sections 5, 7 and 8): the steps of a rekey, the comparison, the direct path, the ping, the
 * credits of streams. Which of them are due and when the next one is, and what those of the peer lead to. When a rekey or a
 * ping is wanted is rekey.ts and liveness.ts; no frame may be in this file.
 */
import type { Ratchet } from '../protocol/ratchet.js';
import type { ProtocolRecord } from '../protocol/records.js';
import { type ControlSource, creditControls, mayGo } from './composer.js';
import type { DueCredit } from './bulk/streams.js';
import type { Compare } from './compare.js';
import type { Liveness } from './liveness.js';
import type { Rekey } from './rekey.js';
import type { Unacked } from './unacked.js';
import { NEVER } from '../timers.js';
import { quick } from '../quick.js';

/** Records that stay inside the channel. */
type Internal =
  | 'offer'
  | 'answer'
  | 'rekey-wanted'
  | 'ping'
  | 'words-wanted'
  | 'words-commit'
  | 'words-nonce'
  | 'words-reveal';
/** All others. */
export type ChannelRecord = Exclude<ProtocolRecord, { type: Internal }>;

export interface ControlsOptions {
  readonly ratchet: Pick<Ratchet, 'answerOffer' | 'makeOffer'>;
  readonly rekey: Rekey;
  readonly life: Liveness;
  readonly unacked: Unacked;
  readonly compare: Compare;
  readonly path: ControlSource;
  readonly credits: { due(now: number): readonly DueCredit[]; at(): number };
  /** Keys may be made anew: the peer holds them, and neither goodbye is out. */
  readonly renewing: () => boolean;
  /** An answer comes soon, or not at all. */
  readonly brisk: () => boolean;
}

export interface Controls {
  /** All there are, in the order in which they go into a frame. */
  all(now: number): readonly ControlSource[];
  /** When one of them may go next; NEVER: not before something else happens. */
  wakeAt(now: number): number;
  /**
   * One of the peer's, from a frame of `epoch`; what it is not about is handed back. Throws RemoteProtocolError when it does
   * not fit.
   */
  take(record: ProtocolRecord, epoch: number, now: number): ChannelRecord | undefined;
}

export function createControls(options: ControlsOptions): Controls {
  const { ratchet, rekey, life, unacked, compare, path, credits, renewing, brisk } = options;
  const offerDue = (): number => (renewing() ? rekey.offerDue() : NEVER);
  const pingDue = (): number => life.pingDue(unacked.eliciting > 0, brisk());

  const answering: ControlSource = {
    due: () => (rekey.offered === undefined ? undefined : 'answer'),
    record: () => ratchet.answerOffer(rekey.offered ?? new Uint8Array(0)),
    sealed: (now) => rekey.answered(now),
  };
  const offering: ControlSource = {
    due: (now) => (now >= offerDue() ? 'offer' : undefined),
    record: () => ratchet.makeOffer(),
    sealed: () => undefined,
  };
  const pinging: ControlSource = {
    due: (now) => (now >= pingDue() ? 'ping' : undefined),
    record: () => ({ type: 'ping' }),
    sealed: () => life.pinged(),
  };
  const lasting: readonly ControlSource[] = [answering, offering, compare, path, pinging];
  /** Those of them that know of no time: they are due, or wait for something. */
  const answers: readonly ControlSource[] = [answering, compare, path];

  function withCredits(sources: readonly ControlSource[], now: number): readonly ControlSource[] {
    const due = credits.due(now);
    return due.length === 0 ? sources : [...sources, ...creditControls(due)];
  }

  return quick({
    all: (now) => withCredits(lasting, now),

    wakeAt(now) {
      if (!unacked.controlAllowed) return NEVER;
      const goes = (control: ControlSource): boolean => mayGo(unacked, control, now) !== undefined;
      if (withCredits(answers, now).some(goes)) return now;
      // One that is due and may not be sealed waits for an ack, not for a time.
      const credit = credits.at();
      return Math.min(
        unacked.has('ping') ? NEVER : pingDue(),
        unacked.has('offer') ? NEVER : offerDue(),
        credit > now ? credit : NEVER,
      );
    },

    take(record, epoch, now) {
      switch (record.type) {
        case 'offer':
          rekey.takeOffer(record.value);
          return undefined;
        case 'answer':
          rekey.takeAnswer(record.value, now);
          // A sends at once in the new epoch.
          life.ackNow(now);
          return undefined;
        case 'rekey-wanted':
          rekey.wanted(now);
          return undefined;
        case 'ping':
          return undefined;
        case 'words-wanted':
        case 'words-commit':
        case 'words-nonce':
        case 'words-reveal':
          compare.take(record, epoch, now);
          return undefined;
        default:
          return record;
      }
    },
  });
}
