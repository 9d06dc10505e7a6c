/**
 * The interface between the core and the sockets of a direct path (protocol.md section 8a), and what is told of it. The doc
 * comments are the contract, as those of ports.ts are. No implementation and no Node type may be in this file.
 */
import type { Connection, TransportEvent } from './ports.js';

export interface Endpoint {
  /** 4 bytes for IPv4, 16 for IPv6. */
  readonly address: Uint8Array;
  readonly port: number;
}

/** An address of an interface, and how many bits of it name its network. */
export interface OwnAddress {
  readonly address: Uint8Array;
  readonly prefix: number;
}

/**
 * What the session tells the adapter that has the sockets of a direct path (protocol.md section 8a). `id` names a connection:
 * those that are dialled have 1, 2, 3, … from the session, those that come in -1, -2, -3, … from the adapter.
 */
export type PathCommand =
  /** Listen, at most until `stop`, and say where: answer with `gathered` and the same number. */
  | { readonly type: 'gather'; readonly attempt: number }
  /** Dial once; `punch`: from the local port of the connection to the relay. Answer with `up` or `down`. */
  | {
      readonly type: 'dial';
      readonly id: number;
      readonly address: Uint8Array;
      readonly port: number;
      readonly punch: boolean;
    }
  /** Send a message of a proof as it is. */
  | { readonly type: 'send'; readonly id: number; readonly bytes: Uint8Array }
  /** Close it at once. Nothing is told of it any more. */
  | { readonly type: 'drop'; readonly id: number }
  /** Close everything but what was taken, and listen no more. */
  | { readonly type: 'stop' };

export type PathEvent =
  | {
      readonly type: 'gathered';
      readonly attempt: number;
      /** Of the interfaces, those of loopback too. */
      readonly own: readonly OwnAddress[];
      /** Where it listens; 0: nowhere. */
      readonly port: number;
      /** Under which it can be reached besides, as the person says. */
      readonly named: readonly Endpoint[];
      /** The far end of the present connection to the relay; undefined where that is not one connection, as with long polling. */
      readonly relay: Endpoint | undefined;
    }
  /** Connected: dialled, or come in. `address`: of the other end with its port, as text, at most 53 characters. */
  | { readonly type: 'up'; readonly id: number; readonly address: string }
  /** A message of a proof, whole (its first byte says how long it is). The bytes belong to the receiver. */
  | { readonly type: 'message'; readonly id: number; readonly bytes: Uint8Array }
  /** It ended, or never came up. Anything but a message of a proof ends it, too. */
  | { readonly type: 'down'; readonly id: number };

export interface PathPort {
  /** Called once; no event is reported before it has returned. */
  open(sink: (event: PathEvent) => void): void;
  /** Does one thing. Never throws for a broken network: that is `down`. What concerns a connection that ended does nothing. */
  tell(command: PathCommand): void;
  /**
   * From now on `id` carries frames as a connection of a transport does, and nothing more is told of it here: what comes
   * after the messages of the proof goes to `sink`. It is open already. One that has ended meanwhile is `closed` at once.
   */
  take(id: number, sink: (event: TransportEvent) => void): Connection;
  /** Closes everything but what was taken. Idempotent. */
  close(): Promise<void>;
}
