/**
 * The pair of pair.ts: how a side is made, what it was shown, and what a test can do. Types only.
 */
import type { Code, Detail, ExitStatus } from '../../core/errors.js';
import type { BulkCommand, BulkEvent } from '../../core/bulk-port.js';
import type { Broken, CloseReason, CryptoPort, MessageStatus, State, UiEvent } from '../../core/ports.js';
import type { Purpose } from '../../core/protocol/purpose.js';
import type { CodeForm, Nameplate } from '../../core/room/code.js';
import type { SessionView } from '../../core/session/events.js';
import type { Session } from '../../core/session/session.js';
import type { Join } from '../../core/wire/control.js';
import type { Paths, PathsAround } from './paths.js';

export type Side = 'left' | 'right';

export interface PersonOptions {
  readonly secret?: string;
  readonly form?: CodeForm;
  readonly nameplate?: string;
  readonly verify?: boolean;
  readonly name?: string;
  readonly receipts?: boolean;
  /** Whatever is shown is seen; false: a test says what is. Default: true. */
  readonly shows?: boolean;
  readonly pace?: boolean;
  readonly cover?: boolean;
  readonly direct?: boolean;
  readonly purpose?: Purpose;
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
  /** Over what it was told to talk, in order: why it is the relay, or the address. */
  readonly paths: string[];
  relay: { readonly attempt: number; readonly joined: boolean } | undefined;
  welcome: boolean;
  ended: { readonly code: Code; readonly exit: ExitStatus; readonly detail: Detail } | undefined;
}

type Offered = Extract<SessionView, { type: 'offer' }>;
export type Told =
  | (Omit<Offered, 'name'> & { readonly name: string })
  | Extract<SessionView, { type: 'progress' | 'file-done' | 'file-failed' }>;

export interface RelayHooks {
  /** What becomes of a frame: by default it goes to the other side. */
  frame?: (frame: Uint8Array, from: Side, pair: Pair) => void;
  /** Instead of the usual answer to a join. Return true when it was handled. */
  join?: (join: Join, from: Side, pair: Pair) => boolean;
}

export interface PairOptions {
  readonly left?: PersonOptions;
  readonly right?: PersonOptions;
  readonly relay?: RelayHooks;
  readonly paths?: Pick<PathsAround, 'near' | 'passes' | 'closes'>;
  /** Hears all that a side is shown. */
  readonly told?: (side: Side, view: SessionView) => void;
}

export interface Pair {
  readonly left: Person;
  readonly right: Person;
  readonly relay: RelayHooks;
  readonly paths: Paths;
  now: number;
  /** Both sides start. */
  start(): void;
  startOne(side: Side): void;
  ui(side: Side, event: UiEvent): void;
  bulk(side: Side, event: BulkEvent): void;
  send(side: Side, text: string): void;
  /** Types the code again; empty: the same one. */
  retype(side: Side, code?: string): void;
  /** Hands a frame to a side, as the relay would. */
  deliver(to: Side, frame: Uint8Array): void;
  control(to: Side, message: unknown): void;
  cut(side: Side, reason?: CloseReason, detail?: string): void;
  /** Lets everything that is due at this moment happen. */
  settle(): void;
  /** Steps time from wake-up to wake-up for at most `ms`. */
  advance(ms: number): void;
}
