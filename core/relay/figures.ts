/**
 * What a relay counts about itself: totals only. No room, seat or address, and no size of a single frame, may be in this
 * file.
 */
import type { RelayErrorCode } from '../wire/control.js';

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
  /** Of a relay that shares its rooms; undefined: it does not. */
  cluster: ClusterFigures | undefined;
  /** Told how long who waited for a peer has waited, milliseconds. */
  onPaired: (waitedMs: number) => void;
}

export interface ClusterFigures {
  /** The line to the common place is there, and this relay has a name on it: newcomers are taken. */
  up: boolean;
  /** Relays that were known when it was last heard, this one too. */
  relays: number;
  /** How often the line was lost. */
  losses: number;
  /** Frames that went to another relay. */
  frames: number;
}

export function createFigures(): Figures {
  return {
    connections: 0,
    ends: new Map(),
    joins: new Map(),
    frames: 0,
    bytes: 0,
    cluster: undefined,
    onPaired: () => undefined,
  };
}

export function count<Name>(totals: Map<Name, number>, name: Name): void {
  totals.set(name, (totals.get(name) ?? 0) + 1);
}
