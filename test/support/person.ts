/**
 * One side of the pair of pair.ts: how it is made, and what it was shown. Types only.
 */
import type { Code, Detail, ExitStatus } from '../../core/errors.js';
import type { Broken, BulkCommand, CryptoPort, MessageStatus, State } from '../../core/ports.js';
import type { CodeForm, Nameplate } from '../../core/room/code.js';
import type { SessionView } from '../../core/session/events.js';
import type { Session } from '../../core/session/session.js';
import type { Join } from '../../core/wire/control.js';
import type { Pair } from './pair.js';

export type Side = 'left' | 'right';

export interface PersonOptions {
  readonly secret?: string;
  readonly form?: CodeForm;
  readonly nameplate?: string;
  readonly verify?: boolean;
  readonly name?: string;
  readonly receipts?: boolean;
  readonly pace?: boolean;
  readonly cover?: boolean;
  readonly resumeTimeout?: number;
  readonly idleTimeout?: number;
  readonly reroll?: () => Nameplate;
  /** Somebody can be asked for the code again. */
  readonly asks?: boolean;
  readonly crypto?: CryptoPort;
  /** What it does with what the session tells it about transfers. */
  readonly bulk?: (command: BulkCommand, pair: Pair) => void;
}

/** What one side was shown, in order. */
export interface Person {
  readonly side: Side;
  readonly crypto: CryptoPort;
  readonly session: Session;
  readonly states: State[];
  /** Whose connection broke, as far as it was said, each time the state became `reconnecting`. */
  readonly broken: (Broken | undefined)[];
  readonly messages: string[];
  readonly notices: { readonly code: Code; readonly detail: Detail }[];
  readonly statuses: Map<number, MessageStatus>;
  readonly frames: Uint8Array[];
  readonly joins: Join[];
  words: readonly string[];
  /** Each time older words were called off: whether because none came in time. */
  readonly comparing: boolean[];
  peerName: string;
  peerConfirmed: boolean;
  codes: Nameplate[];
  /** How often the code was wanted again, and whether nothing typed would stand for the same one. */
  wanted: boolean[];
  /** What was told of files, in order. */
  readonly transfers: Told[];
  readonly bulk: PersonOptions['bulk'];
  roundTrips: number[];
  relay: { readonly attempt: number; readonly joined: boolean } | undefined;
  welcome: boolean;
  ended: { readonly code: Code; readonly exit: ExitStatus; readonly detail: Detail } | undefined;
}

type Offered = Extract<SessionView, { type: 'offer' }>;
export type Told =
  | (Omit<Offered, 'name'> & { readonly name: string })
  | Extract<SessionView, { type: 'progress' | 'file-done' | 'file-failed' }>;
