/**
 * What the two transports share: one way to a relay that carries messages, with its limits, and how it ends. Neither what a
 * message says nor a socket may be in this file.
 */
import type { TransportEvent } from '../../core/ports.js';

/** From `open()` to the open connection, name look-up and TLS included, milliseconds. */
export const CONNECT_TIMEOUT_MS = 10_000;
/** From `close()` to `closed`: the time there is for flushing, milliseconds (protocol.md section 7). */
export const CLOSE_WAIT_MS = 2_000;
/** Of text from outside in `detail`. */
export const DETAIL_LIMIT = 100;
/** What is told of a relay that takes nothing. */
export const DEAF = 'the relay does not read';

/** How it ended. `detail` may be text from outside. */
export type End = Omit<Extract<TransportEvent, { type: 'closed' }>, 'type'>;

/** Nothing of it is called before the function that made the pipe has returned, and nothing after `closed`. */
export interface PipeEvents {
  open(): void;
  /** The bytes are a view of what came in one read. */
  message(bytes: Buffer, isBinary: boolean): void;
  /** At most WAITING_MARK waits again. */
  drain(): void;
  closed(end: End): void;
}

export interface Pipe {
  /** As of the port; 0 before `open` and after the end. */
  readonly waiting: number;
  /** One message, in order; false above WAITING_MARK. Above WAITING_LIMIT the pipe is dropped. */
  send(message: string | Uint8Array): boolean;
  /** Flushes, then ends: `closed`. */
  close(): void;
  /** Ends at once: lost, or unreachable before `open`. */
  drop(why: string): void;
}
