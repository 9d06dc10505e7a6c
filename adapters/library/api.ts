/**
 * What a program that uses the library sees: the options of `connect`, the session, messages, files. Only types may be in
 * this file; docs/library.md says the same with examples.
 */
/// <reference lib="esnext.disposable" preserve="true" />
import type { Code, ExitStatus } from '../../core/errors.js';
import type { ClockPort, CryptoPort, RelayWhy, State, TransportPort } from '../../core/ports.js';

export interface TransportGiven {
  /** The relay, checked; absent when none was named. */
  readonly relay: URL | undefined;
  readonly clock: ClockPort;
}

export interface ConnectOptions {
  /** `wss://relay.example`, or `ws://` to this machine or a private network. May be left out where a link says it. */
  readonly relay?: string | URL | undefined;
  /** A room code, a room name, or an invitation link, as a person would type it. Absent: a code is made. */
  readonly code?: string | undefined;
  /** The code that is made is too long to be spoken: only the link is told. Default false. */
  readonly linkOnly?: boolean | undefined;
  /** Default `ws`, or what the link says. A function makes another one, for this session alone. */
  readonly transport?:
    | 'ws'
    | 'socketio'
    | ((given: TransportGiven) => TransportPort | Promise<TransportPort>)
    | undefined;
  /** Default `sodium`; in a page that may not run WebAssembly `tweetnacl`. A function makes another one, for this session alone. */
  readonly crypto?: 'sodium' | 'tweetnacl' | (() => CryptoPort | Promise<CryptoPort>) | undefined;
  /** `tor`, or the address of a proxy: `socks5h://…`, `http://…`, `https://…`. Only in Node. Default: none. */
  readonly proxy?: string | undefined;
  /**
   * Leave the relay where both sides ask for it: the peer sees the addresses of this machine. Only in Node, and with no proxy.
   * Default false.
   */
  readonly direct?: boolean | undefined;
  /** Plain `ws://` to a machine elsewhere. Default false. */
  readonly insecureRelay?: boolean | undefined;
  /** What the peer is shown; at most 64 bytes of UTF-8. Default: none. */
  readonly name?: string | undefined;
  /** Nothing is sent or shown before this side has compared the safety words. Default false. */
  readonly verify?: boolean | undefined;
  /** A frame on each beat, whatever there is to say. Default false. */
  readonly cover?: boolean | undefined;
  /** The peer is told what has been delivered here. Default true. */
  readonly receipts?: boolean | undefined;
  /** Milliseconds without a connection to the peer after which the session ends. Default 600,000. */
  readonly resumeTimeout?: number | undefined;
  /** Milliseconds without a call of this session after which it says goodbye. Default: never. */
  readonly idleTimeout?: number | undefined;
  /** Bytes of messages that wait to be read; with more the session ends with SC-363. Default 16 MiB. */
  readonly unreadLimit?: number | undefined;
  /** Calls off the attempt; later, leaves without waiting for anything. */
  readonly signal?: AbortSignal | undefined;
}

export interface Message {
  /** Counts from 0. */
  readonly id: number;
  /** As the peer wrote it: neutralize it (`sanitize`) before it reaches a terminal. */
  readonly text: string;
  /** The name that the peer gave itself, as it gave it; empty when it gave none. */
  readonly from: string;
  /** Unix milliseconds, by the clock of this machine. */
  readonly at: number;
}

export interface SafetyWords {
  /** Four words, the same on both sides when nobody is in between. */
  readonly words: readonly string[];
  /** Nothing is sent or shown before `confirm`. */
  readonly required: boolean;
}

/** How a session ended. */
export interface End {
  /** As in docs/errors.md: `SC-316` the peer left, `SC-317` this side left. */
  readonly code: Code;
  readonly exit: ExitStatus;
  /** A sentence for a person, and what to do; empty when there is nothing to be done. */
  readonly reason: string;
  readonly remedy: string;
}

export interface Notice {
  readonly code: Code;
  readonly text: string;
  readonly remedy: string;
}

/** Where the way to the peer stands. */
export interface RelayStatus {
  /** Empty for a transport that needs none. */
  readonly address: string;
  /** How often the relay was asked since it last answered. */
  readonly attempt: number;
  /** It has answered: only the peer is missing. */
  readonly joined: boolean;
}

/** Where what is said goes, told where a direct path was asked for. `address`: of the peer, as it is seen from here. */
export type PathStatus =
  | { readonly path: 'direct'; readonly address: string }
  /** `trying`; or why not: none was found (`polling`: by long polling), it broke, it broke again, the peer did not ask for one. */
  | { readonly path: 'relay'; readonly why: RelayWhy };

/** What `on` can be asked for, and what a listener is given. */
export interface SessionEvents {
  readonly state: State;
  /** The safety words, once there are keys; again when they are compared again. */
  readonly words: SafetyWords;
  /** Somebody asked for words of the present: those shown before say nothing about now. `late`: none came in time. */
  readonly comparing: { readonly late: boolean };
  /** The peer's person said that the words match. */
  readonly confirmed: undefined;
  /** The name that the peer gave itself. */
  readonly peer: string;
  readonly relay: RelayStatus;
  readonly path: PathStatus;
  /** Milliseconds to the peer and back. */
  readonly roundTrip: number;
  /** Something that ends nothing, and a person should know. */
  readonly notice: Notice;
  readonly end: End;
}

/** What `fetch`, a `File` or `ReadableStream` give, as far as it is used here. */
export interface Readable {
  getReader(): {
    read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
    cancel(reason?: unknown): Promise<void>;
  };
}

/** A `Blob` or a `File`. */
export interface BlobSource {
  readonly size: number;
  stream(): Readable;
}

export interface OutgoingFile {
  /** One name: no `/`, no `\`, no `:`, no control character, at most 255 bytes of UTF-8. */
  readonly name: string;
  readonly content: Uint8Array | BlobSource | Readable | AsyncIterable<Uint8Array>;
  /** Bytes. Needed where `content` does not say it; content of another size ends the transfer with SC-346. */
  readonly size?: number | undefined;
  /** Unix milliseconds. Default: now. */
  readonly modified?: number | undefined;
  /** Permission bits. Default 0o644. */
  readonly mode?: number | undefined;
}

export interface TransferOptions {
  /** At most four times a second; the first, with 0, says that the offer was accepted. */
  readonly progress?: ((bytes: number, total: number | undefined) => void) | undefined;
}

/** A transfer that arrived whole. */
export interface Transferred {
  readonly bytes: number;
  /** SHA-256 in hex: of the file, or of all their sums in order. */
  readonly sum: string;
}

export interface Transfer {
  /** Resolves when everything has arrived and every checksum fits; rejects with a ChatError otherwise. */
  readonly done: Promise<Transferred>;
  /** Ends it, whatever has arrived. */
  cancel(): void;
}

/** A file or a folder on its way in. Its content is read once, in order, and before the next one. */
export interface IncomingFile extends AsyncIterable<Uint8Array> {
  /** Relative, its parts separated by `/`. No part leads upwards; what could deceive on a screen is `_`. */
  readonly path: string;
  /** A folder has no content. */
  readonly folder: boolean;
  /** Bytes. */
  readonly size: number;
  /** Unix milliseconds. */
  readonly modified: number;
  /** Permission bits. */
  readonly mode: number;
  /** All of it. Rejects with SC-351 above `limit` bytes, default 64 MiB. */
  bytes(limit?: number): Promise<Uint8Array>;
}

/** The files of an offer that was accepted: to be read, or nothing comes. Whoever stops early cancels the transfer. */
export interface Incoming extends Transfer, AsyncIterable<IncomingFile> {}

export interface Offer {
  /** Of the first file, or of the folder, with the same promise as the path of a file. */
  readonly name: string;
  /** Files and folders. */
  readonly count: number;
  /** Of all files; undefined: unknown. */
  readonly bytes: number | undefined;
  accept(options?: TransferOptions): Incoming;
  reject(): void;
}

export interface Session {
  /** What the peer types; undefined when the code was given to `connect`, or is for the link only. */
  readonly code: string | undefined;
  /** The invitation link that belongs to `code`. */
  readonly link: string | undefined;
  readonly state: State;
  /** The newest safety words; undefined while there are none. */
  readonly words: SafetyWords | undefined;
  /** The peer's person said that they match. */
  readonly peerConfirmed: boolean;
  /** The name that the peer gave itself, as it gave it; empty when it gave none. */
  readonly peer: string;
  /** Resolves when both sides may talk; rejects with a ChatError when the session ends before. */
  readonly ready: Promise<void>;
  /** Resolves when the session has ended, however, and everything is wiped. */
  readonly ended: Promise<End>;
  /**
   * What the peer says, each message once and in order, for one reader at a time. Ends when the session has ended in order;
   * throws a ChatError when it ended otherwise, after everything that came.
   */
  readonly messages: AsyncIterable<Message>;
  /** What the peer offers. While nobody reads it offers are refused. */
  readonly offers: AsyncIterable<Offer>;
  /**
   * Sends up to 64 KiB of UTF-8, at once or as soon as that is possible. Resolves when the peer's program has it and has said
   * so; rejects with a ChatError.
   */
  send(text: string): Promise<void>;
  /** Offers files to the peer. */
  sendFiles(files: OutgoingFile | readonly OutgoingFile[], options?: TransferOptions): Transfer;
  /** The person has compared the words: they match. Throws a ChatError when there is nothing to be said now. */
  confirm(): void;
  /** They do not: the session ends with SC-403, and the peer is told. */
  deny(): void;
  /** Asks for words of the present and resolves with them; rejects with a ChatError when none come. */
  compareAgain(): Promise<SafetyWords>;
  /** Calls `listener` each time; the function that it gives back ends that. */
  on<Name extends keyof SessionEvents>(name: Name, listener: (event: SessionEvents[Name]) => void): () => void;
  /** Says goodbye after all own text has arrived; transfers end. Resolves as `ended` does. Never rejects. */
  close(): Promise<End>;
  /** Ends at once, wipes everything, and tells the peer nothing. Never rejects. */
  wipe(): Promise<End>;
  /** As `close`. */
  [Symbol.asyncDispose](): Promise<void>;
}
