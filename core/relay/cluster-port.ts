/** Between a relay and the place where several write down their rooms: what is asked, what is told. No rule may be here. */
import type { Join, RelayErrorCode } from '../wire/control.js';

/** A seat as all relays see it. `number` is its holder's own for the connection. */
export interface Holding {
  readonly hash: string;
  readonly instance: string;
  readonly number: number;
}

export interface Claim {
  readonly room: string;
  readonly hash: string;
  readonly number: number;
  /** `keep`: it had the seat before, and takes it from nobody. */
  readonly mode: Join['mode'] | 'keep';
}

/** Asked for and forgotten: what comes of it is told to the cluster. */
export interface ClusterPort {
  claim(claims: readonly Claim[]): void;
  release(claim: Claim): void;
  /** `message` is the callee's until it returns. */
  publish(instance: string, message: Uint8Array): void;
  /** Has `flush` called at the end of this turn. */
  defer(): void;
  /** Gives up the name and everything held under it. */
  close(): Promise<void>;
}

/** What the line tells. */
export interface ClusterNews {
  /** There is a line, under this name. */
  up(instance: string): void;
  down(): void;
  /** The seats of a room; states come in order. */
  state(room: string, seats: readonly Holding[]): void;
  /** A claim of this relay was refused. */
  refused(claim: Claim, why: RelayErrorCode | 'replaced'): void;
  /** The names of all relays whose line lasts. */
  live(instances: readonly string[]): void;
  /** Nobody listens under this name any more. */
  unheard(instance: string): void;
  message(bytes: Uint8Array): void;
  /** To be called now and then: claims again, before they lapse, all seats that are held here. */
  refresh(): void;
  /** To be called at the end of a turn, when `defer` asked for it. */
  flush(): void;
}

/** The line to the place that all share. It is up when it says so, and keeps trying. */
export type ConnectCluster = (news: ClusterNews) => ClusterPort;
