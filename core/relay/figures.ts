/**
 * What a relay counts about itself: totals only. No room, seat or address, and no size of a single frame, may be in this
 * file.
 */
import type { RelayErrorCode } from './wire.js';

/** What became of a join; `ticket`: one was asked for. */
export type JoinOutcome = 'waiting' | 'paired' | 'ticket' | RelayErrorCode;

export interface Figures {
  /** Connections made. */
  connections: number;
  /** Connections ended, by why; `left`: by the client or the network. */
  readonly ends: Map<string, number>;
  readonly joins: Map<JoinOutcome, number>;
  /** Frames and bytes forwarded. */
  frames: number;
  bytes: number;
  /** Told how long who waited for a peer has waited, milliseconds. */
  onPaired: (waitedMs: number) => void;
}

export function createFigures(): Figures {
  return {
    connections: 0,
    ends: new Map(),
    joins: new Map(),
    frames: 0,
    bytes: 0,
    onPaired: () => undefined,
  };
}

export function count<Name>(totals: Map<Name, number>, name: Name): void {
  totals.set(name, (totals.get(name) ?? 0) + 1);
}
