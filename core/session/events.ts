/**
 * What goes into a session and what comes out of it. Types only: events and time in, effects out.
 */
import type { Code, Detail, ExitStatus, SecurechatError } from '../errors.js';
import type { PathCommand, PathEvent } from '../path-port.js';
import type { BulkCommand, BulkEvent } from '../bulk-port.js';
import type { Broken, TransportEvent, UiEvent, UiView } from '../ports.js';
import type { Join } from '../wire/control.js';
import type { Nameplate } from '../room/code.js';
import type { Transition } from './transitions.js';

export type SessionEvent =
  | { readonly type: 'start' }
  | { readonly type: 'transport'; readonly event: TransportEvent }
  | { readonly type: 'ui'; readonly event: UiEvent }
  | { readonly type: 'bulk'; readonly event: BulkEvent }
  | { readonly type: 'path'; readonly event: PathEvent }
  /** `wakeAt` has been reached. Early or extra ones do no harm. */
  | { readonly type: 'wake' }
  /** Nothing is in a hurry: the keys of the next frames are made. */
  | { readonly type: 'prepare' }
  /** An adapter broke its contract: the session ends with this. */
  | { readonly type: 'failed'; readonly error: SecurechatError };

/** What a UI is shown; notices and the end still without their sentence. */
export type SessionView =
  | Exclude<UiView, { type: 'notice' | 'ended' | 'code' | 'relay' | 'file-failed' }>
  | { readonly type: 'relay'; readonly attempt: number; readonly joined: boolean }
  /** The nameplate is taken at the relay: tell the person the code. */
  | { readonly type: 'code'; readonly nameplate: Nameplate }
  | { readonly type: 'notice'; readonly code: Code; readonly detail: Detail }
  | { readonly type: 'file-failed'; readonly id: number; readonly code: Code; readonly detail: Detail }
  | { readonly type: 'ended'; readonly code: Code; readonly detail: Detail; readonly exit: ExitStatus };

export type Effect =
  /** Open a connection; the one before is closed with it. */
  | { readonly type: 'connect'; readonly join: Join }
  /** Join once more on the current connection, with a ticket. */
  | { readonly type: 'join'; readonly join: Join }
  /** Hand a frame to the current connection. */
  | { readonly type: 'transmit'; readonly frame: Uint8Array }
  /** Close the current connection after what was transmitted; its `closed` event is still reported. */
  | { readonly type: 'disconnect' }
  /** Tell the adapter that has files or a pipe. Buffers in it belong to the adapter. */
  | { readonly type: 'bulk'; readonly command: BulkCommand }
  /** Tell the adapter that has the sockets of a direct path. */
  | { readonly type: 'path'; readonly command: PathCommand }
  /** Take this connection of it; the one before is closed already. */
  | { readonly type: 'take'; readonly id: number }
  /** Buffers in `view` belong to whoever performs the effect, who wipes them afterwards. */
  | { readonly type: 'show'; readonly view: SessionView };

/** What the parts of a session share: where effects go, and how the session moves. Only session.ts ends it. */
export interface Host {
  emit(effect: Effect): void;
  notice(code: Code, detail?: Detail): undefined;
  /** Asks the table, changes the state, shows it. `broken`: whose connection it was, with `lost`. */
  move(transition: Transition, broken?: Broken): void;
}
