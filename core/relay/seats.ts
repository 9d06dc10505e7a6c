/** What the rooms of a relay are made of, and what they offer. No rule may be in this file. */
import { type Due, NOT_DUE } from './deadlines.js';
import type { Figures } from './figures.js';
import type { Bucket, RoomLimits } from './limits.js';
import type { Price, Standing } from './admission.js';
import type { Join, RelayErrorCode, RelayMessage } from '../wire/control.js';

/** Why the relay ends a connection: an error that was sent before, or one of the quiet endings. */
export type CloseWhy = RelayErrorCode | 'join-timeout' | 'wait-timeout' | 'idle-timeout' | 'replaced' | 'broken-link';

/** To be performed at once and in order. `to` is what was given to `connect`. */
export type RoomEffect<S> =
  | { readonly type: 'send'; readonly to: S; readonly message: RelayMessage }
  /** After what was sent; then `disconnect` when the connection is gone. */
  | { readonly type: 'close'; readonly to: S; readonly why: CloseWhy }
  /** The sender was held for its frame rate: read from it again. */
  | { readonly type: 'resume'; readonly to: S };

export interface Address extends Due {
  readonly key: string;
  connections: number;
  readonly standing: Standing;
}

export interface Room<S> extends Due {
  readonly id: string;
  readonly seats: Seat<S>[];
  /** The other seat, when another relay holds it: who that is, in the words of the cluster. */
  far: string | undefined;
  /** Since when somebody is alone in it. */
  alone: number;
  /** When the last frame was forwarded. */
  active: number;
}

export interface Seat<S> extends Due {
  readonly socket: S;
  readonly address: Address;
  /** Only the hash of the seat is kept. */
  hash: string;
  room: Room<S> | undefined;
  peer: Seat<S> | undefined;
  /** What it has to bring a ticket for. */
  challenge: (Price & { readonly challenge: string }) | undefined;
  /** The room that it is waiting for, when that is asked of the cluster. */
  claimed: string | undefined;
  /** It wants to be told its own address. */
  curious: boolean;
  joined: boolean;
  /** A peer of another address has been here. */
  met: boolean;
  held: boolean;
  /** When the allowance for frames is whole again. */
  full: number;
  /** The same for bytes, where they are limited. */
  spent: Bucket | undefined;
  gone: boolean;
}

/** A connection that has said nothing yet. `counted`: its bytes are limited. */
export function newSeat<S>(socket: S, address: Address, counted: boolean): Seat<S> {
  return {
    socket,
    address,
    hash: '',
    room: undefined,
    peer: undefined,
    challenge: undefined,
    claimed: undefined,
    curious: false,
    joined: false,
    met: false,
    held: false,
    full: 0,
    spent: counted ? { full: 0 } : undefined,
    gone: false,
    at: 0,
    order: 0,
    place: NOT_DUE,
  };
}

/** One connection as the relay holds it. Changed by the room machine only. */
export type Member<S> = Readonly<Seat<S>>;

/** Where seats are claimed that several relays share (core/relay/cluster.ts). */
export interface Claims<S> {
  /** False: no seat can be claimed now. */
  readonly ready: boolean;
  /** The answer is `admit` or `deny` of the rooms. */
  claim(member: Member<S>, room: string, mode: Join['mode']): void;
  /** A member that claimed is gone. */
  leave(member: Member<S>): void;
}

export interface Rooms<S> {
  /** A new connection. `address` is only a key in memory. The member is valid even when the effects refuse it. */
  connect(socket: S, address: string, now: number): { readonly member: Member<S>; readonly effects: RoomEffect<S>[] };
  /** Why one more connection of this address would be refused now; undefined: it would be taken. Nothing is charged. */
  refusal(address: string, now: number): RelayErrorCode | undefined;
  /** A control message, unchecked; undefined for what is no control message at all. */
  control(member: Member<S>, message: unknown, now: number): RoomEffect<S>[];
  /**
   * The hot path: a frame of `size` bytes of a joined member. Returns where it goes, undefined: dropped, nobody is there.
   * When `member.held` is set afterwards, read nothing more from it until the effect `resume`; the frame itself goes out.
   */
  frame(member: Member<S>, now: number, size: number): S | undefined;
  /** What carries nothing (a ping, a pong): counted like a small frame. `held` as with a frame. */
  noise(member: Member<S>, now: number): RoomEffect<S>[];
  /** Ends a member with an error that the relay itself found, for example `too-large`. */
  refuse(member: Member<S>, code: RelayErrorCode, now: number): RoomEffect<S>[];
  /** The connection is gone, for whatever reason. Needed exactly once for each `connect`; more do nothing. */
  disconnect(member: Member<S>, now: number): RoomEffect<S>[];
  /** Performs what is due. To be called when `wakeAt` is reached; earlier does nothing. */
  wake(now: number): RoomEffect<S>[];
  /** Every member is told `shutting-down`, and so are newcomers; nobody is closed yet, frames still pass. */
  drain(): RoomEffect<S>[];
  /** Every member is closed, told `shutting-down` when it has not been; newcomers too. */
  shutdown(now: number): RoomEffect<S>[];
  /** The seat that `member` claimed is its own. */
  admit(member: Member<S>, now: number): RoomEffect<S>[];
  /** It is not, or is no longer. */
  deny(member: Member<S>, why: RelayErrorCode | 'replaced' | 'broken-link', now: number): RoomEffect<S>[];
  /** Who holds the other seat of the room at another relay; undefined: nobody. */
  meet(room: string, far: string | undefined, now: number): RoomEffect<S>[];
  /** The seat at another relay is of another address. */
  acquaint(member: Member<S>): void;
  /** A frame from there: where it goes. */
  arrive(member: Member<S>, now: number): S | undefined;
  /** When `wake` is needed next; undefined: not at all. May change with every call. */
  readonly wakeAt: number | undefined;
  /** How many of each are held in memory. */
  readonly counts: { readonly members: number; readonly rooms: number; readonly addresses: number };
}

export interface RoomsOptions<S> {
  readonly limits?: Partial<RoomLimits>;
  /** A one-way hash of a seat (43 characters in). */
  readonly hashSeat: (seat: string) => string;
  /** base64url of 32 fresh random bytes. */
  readonly challenge: () => string;
  /** SHA-512 of all the parts. */
  readonly digest: (parts: readonly Uint8Array[]) => Uint8Array;
  /** Address and port of the connection itself, as `RelayMessage` tells them; undefined where they are not known. */
  readonly endpoint?: (socket: S) => string | undefined;
  /** Whether it takes this room at all; absent: every room. */
  readonly admits?: ((room: string) => boolean) | undefined;
  /** Where it counts what it does. */
  readonly figures?: Figures;
  /** With it a seat is taken only when this says so. */
  readonly claims?: Claims<S> | undefined;
}
