/**
 * The state machine of a session, all of it: state × transition → state. What is not in this table cannot happen; code
 * elsewhere asks here and never decides by an `if` on the state. No effect and no key may be in this file.
 */
import { LocalProtocolError } from '../errors.js';
import type { State } from '../ports.js';

export type Transition =
  /** a valid room code */
  | 'start'
  /** joined, and a peer is present */
  | 'paired'
  /** the peer went away, or an attempt failed and may be repeated */
  | 'unpaired'
  /** keys confirmed, nothing left to compare */
  | 'keysConfirmed'
  /** keys confirmed, but the safety words must be compared first */
  | 'keysUnverified'
  | 'wordsMatch'
  | 'wordsDiffer'
  /** own goodbye sealed */
  | 'leave'
  /** the peer's goodbye opened */
  | 'peerLeft'
  /** the connection is down, and may come back */
  | 'lost'
  /** the peer has proven itself over a new connection: back to what was before */
  | 'resumed'
  | 'resumedUnverified'
  | 'resumedLeaving'
  /** the end: goodbye done, refused, lost, violated, burnt, interrupted */
  | 'end';

const TABLE: Readonly<Record<State, Partial<Readonly<Record<Transition, State>>>>> = {
  idle: { start: 'searching', end: 'destroyed' },
  searching: { paired: 'handshaking', end: 'destroyed' },
  handshaking: {
    paired: 'handshaking',
    unpaired: 'searching',
    keysConfirmed: 'active',
    keysUnverified: 'confirming',
    end: 'destroyed',
  },
  confirming: {
    wordsMatch: 'active',
    wordsDiffer: 'closing',
    leave: 'closing',
    peerLeft: 'closing',
    lost: 'reconnecting',
    end: 'destroyed',
  },
  active: {
    // Compared because the person wanted to, not because it was necessary.
    wordsMatch: 'active',
    wordsDiffer: 'closing',
    leave: 'closing',
    peerLeft: 'closing',
    lost: 'reconnecting',
    end: 'destroyed',
  },
  reconnecting: {
    resumed: 'active',
    resumedUnverified: 'confirming',
    resumedLeaving: 'closing',
    // Provisional: the peer may be found again in the rendezvous room instead (protocol.md section 4).
    paired: 'reconnecting',
    lost: 'reconnecting',
    unpaired: 'reconnecting',
    keysConfirmed: 'active',
    keysUnverified: 'confirming',
    // What the person says meanwhile takes effect when the line is back.
    wordsMatch: 'reconnecting',
    wordsDiffer: 'reconnecting',
    end: 'destroyed',
  },
  closing: { peerLeft: 'closing', lost: 'reconnecting', end: 'destroyed' },
  destroyed: {},
};

/** The state after `transition`, or undefined where the table has no entry. */
export function next(state: State, transition: Transition): State | undefined {
  return TABLE[state][transition];
}

/** The state after `transition`. A missing entry is our own error. */
export function move(state: State, transition: Transition): State {
  const to = next(state, transition);
  if (to === undefined) throw new LocalProtocolError(`no transition ${transition} in state ${state}`);
  return to;
}

/** The table as rows, for documentation and tests. */
export function rows(): readonly (readonly [State, Transition, State])[] {
  return Object.entries(TABLE).flatMap(([state, entries]) =>
    Object.entries(entries).map(([transition, to]) => [state as State, transition as Transition, to] as const),
  );
}
