/**
 * The interfaces between the core and the world: crypto, transport, UI, clock (files and pipes: bulk-port.ts, direct paths:
 * path-port.ts). The doc comments are the contract; the contract suites test them on every adapter. No implementation, no
 * Node type and no default may be in this file.
 */
import type { Code, ExitStatus, TransportCode } from './errors.js';
import type { Join } from './wire/control.js';

// ---------------------------------------------------------------------------------------------------------------------
// Crypto

/**
 * A handle of secret memory that an adapter owns. The core never sees the bytes: it passes handles back to the port.
 * Using a handle after `wipe()` throws LocalProtocolError; `wipe()` itself may be called again and does nothing then.
 */
export interface Secret {
  /** Bytes. */
  readonly length: number;
  /** Overwrites the memory with zeros and releases it. */
  wipe(): void;
}

/** Input that may be public bytes or secret memory. */
export type Part = Uint8Array | Secret;

/**
 * The primitives of protocol.md section 9. Synchronous, deterministic but for `random` and `randomSecret`, and equal
 * byte for byte between adapters. A wrong length throws RangeError, a wrong type TypeError. No call keeps or changes
 * its inputs (`take` excepted). Every returned Uint8Array is fresh and owns a whole ArrayBuffer of its own.
 */
export interface CryptoPort {
  /** `n` random bytes for public use (1 to 65536). */
  random(n: number): Uint8Array;
  /** `n` random bytes in secret memory (1 to 65536). */
  randomSecret(n: number): Secret;
  /** Moves `bytes` (0 to 65536) into secret memory: copies them, then overwrites the argument with zeros. */
  take(bytes: Uint8Array): Secret;
  /** A copy of bytes [start, end) in secret memory of its own. */
  slice(secret: Secret, start: number, end: number): Secret;
  /**
   * Copies the content out of secret memory. Only for what is public from this moment on (a commitment, a tag) or what
   * is about to be sealed; the caller overwrites the result when it is not public.
   */
  reveal(secret: Secret): Uint8Array;
  /** Constant-time comparison of secret memory with public bytes; false for unequal lengths. */
  equal(secret: Secret, bytes: Uint8Array): boolean;

  /** SHA-512 of the concatenated parts: 64 bytes of secret memory. */
  hash(parts: readonly Part[]): Secret;
  /** SHA-512 of public bytes only: 64 bytes. */
  digest(parts: readonly Uint8Array[]): Uint8Array;
  /** HMAC-SHA-512 (RFC 2104) with a key of any length over the concatenated parts: 64 bytes of secret memory. */
  hmac(key: Secret, parts: readonly Part[]): Secret;
  /** HKDF-Extract over SHA-512 (RFC 5869) with the concatenated `ikm`: 64 bytes of secret memory. */
  extract(salt: Part, ikm: readonly Part[]): Secret;
  /**
   * HKDF-Expand over SHA-512 (RFC 5869): `length` bytes (1 to 16320) of secret memory. `prk` has any length, as a key
   * of HMAC has: protocol.md section 7 expands from 32 bytes.
   */
  expand(prk: Secret, info: Uint8Array, length: number): Secret;

  /** X25519 (RFC 7748) of a 32-byte scalar with the base point: 32 bytes. */
  x25519Public(scalar: Secret): Uint8Array;
  /**
   * X25519 (RFC 7748): 32 bytes of secret memory. Throws RemoteProtocolError when the result is all zero
   * (protocol.md sections 4 and 5: that ends the attempt or the session).
   */
  x25519(scalar: Secret, point: Uint8Array): Secret;
  /**
   * CPace's public share (protocol.md section 4): X25519(scalar, Elligator2(uniform)), 32 bytes; `uniform` and `scalar`
   * are 32 bytes each. The top bit of `uniform` is ignored (draft-irtf-cfrg-cpace-21, decodeUCoordinate). Throws
   * RemoteProtocolError when the share is all zero: a generator of low order, which no hash is expected to give.
   */
  cpaceShare(uniform: Secret, scalar: Secret): Uint8Array;

  /** ML-KEM-768 (FIPS 203): the 1184-byte encapsulation key of a 64-byte seed d ‖ z. */
  kemPublic(seed: Secret): Uint8Array;
  /**
   * ML-KEM-768 encapsulation with the 32 bytes `m` as its randomness: ciphertext of 1088 bytes and 32 bytes of secret
   * memory. Throws RemoteProtocolError for a key that fails the modulus check or has another length than 1184.
   */
  kemEncapsulate(key: Uint8Array, m: Secret): { ciphertext: Uint8Array; shared: Secret };
  /**
   * ML-KEM-768 decapsulation with the 64-byte seed: 32 bytes of secret memory. A forged ciphertext gives the implicit
   * rejection value; one whose length is not 1088 throws RemoteProtocolError.
   */
  kemDecapsulate(seed: Secret, ciphertext: Uint8Array): Secret;

  /**
   * ChaCha20-Poly1305 (RFC 8439) of the concatenated parts: key 32 bytes, nonce 12 bytes; returns head ‖ ciphertext ‖
   * tag(16). `head`, nothing by default, stands there as it is.
   */
  seal(key: Secret, nonce: Part, ad: Uint8Array, plaintext: readonly Uint8Array[], head?: Uint8Array): Uint8Array;
  /** The plaintext, or undefined when it does not verify (or is shorter than 16 bytes). The caller wipes the result. */
  open(key: Secret, nonce: Part, ad: Uint8Array, ciphertext: Uint8Array): Uint8Array | undefined;

  /** How many secrets are alive: taken and not yet wiped. 0 after a session has come to rest. */
  readonly live: number;
  /** Wipes every secret that is still alive. */
  wipeAll(): void;
}

// ---------------------------------------------------------------------------------------------------------------------
// Transport

/** Why a connection ended, as far as the transport can tell. */
export type CloseReason =
  | 'unreachable' // it never opened: no such host, refused, TLS failure, time-out
  | 'rejected' // something answered, but not as a securechat relay
  | 'lost' // it was open and ended, whoever ended it
  | 'closed'; // we asked for it

export type TransportEvent =
  /** Connected and the join was sent. Comes at most once, before any other event but `closed`. */
  | { readonly type: 'open' }
  /** A control message, unchecked: the core validates it (core/wire/control.ts). At most 1 KiB as JSON. */
  | { readonly type: 'control'; readonly message: unknown }
  /** One frame, whole and unchanged, at most 72 KiB; the bytes belong to the receiver. */
  | { readonly type: 'frame'; readonly frame: Uint8Array }
  /** After `send` returned false: at most WAITING_MARK waits now. */
  | { readonly type: 'drain' }
  /** The last event, exactly once. `detail`: from outside, neutralised before it is shown. `code`: why it did not open. */
  | {
      readonly type: 'closed';
      readonly reason: CloseReason;
      readonly detail: string;
      readonly code?: TransportCode | undefined;
    };

export interface Connection {
  /**
   * Bytes that were handed over, heads included, and that the operating system has not taken. Where that cannot be seen
   * they count until they have arrived. 0 before `open` and after `closed`.
   */
  readonly waiting: number;
  /**
   * Sends one frame (1 to 72 KiB), in order. False: more than WAITING_MARK waits, and `drain` follows when it does not any
   * more (the frame was taken all the same). A frame with which more than WAITING_LIMIT would wait is dropped, and the
   * connection with it: `closed`, lost. Before `open` and after `close` or `closed` a frame is dropped and false is
   * returned. Never throws for a broken network.
   */
  send(frame: Uint8Array): boolean;
  /**
   * Joins once more on the same connection: with the ticket that the relay asked for. Only after `open`; dropped when the
   * connection has ended. Absent in a transport whose other end asks for none.
   */
  join?(join: Join): void;
  /** Flushes what was sent, then closes; `closed` follows. Further calls do nothing. */
  close(): void;
}

export interface TransportPort {
  /**
   * Starts one connection to the relay and joins the room as soon as it is open. Never throws for a broken network:
   * that is a `closed` event. No event is delivered before `open` has returned. May be called again after `closed`.
   */
  open(join: Join, sink: (event: TransportEvent) => void): Connection;
}

// ---------------------------------------------------------------------------------------------------------------------
// UI

/** The states of the session, in the order in which they are usually met. */
export type State =
  | 'idle'
  | 'searching'
  | 'handshaking'
  | 'confirming'
  | 'active'
  /** The line is down; what is typed is held, and nothing is lost while the session tries to come back. */
  | 'reconnecting'
  | 'closing'
  | 'destroyed';

/** `own`: the one to the relay. `peer`: the relay says that the peer is gone; the relay may be wrong. */
export type Broken = 'own' | 'peer';

/** held: waits here. sent: left this process. delivered: the peer's UI has `shown` it. failed: it will not arrive. */
export type MessageStatus = 'held' | 'sent' | 'delivered' | 'failed';

/** Why there is no direct path; `polling`: not found, and the connection to the relay has no port that could be of use. */
export type RelayWhy = 'trying' | 'none' | 'polling' | 'broke' | 'unstable' | 'peer';

/**
 * What a UI is told. Byte buffers (text, names, codes) are valid only during the call: copy what must be kept, wipe the
 * copy in `close()`. Text and names come from outside and are NOT neutralised: a UI passes them through
 * `context.sanitize` before they reach a screen.
 */
export type UiView =
  /** `broken`: with `reconnecting`, whose connection broke, where that is known. */
  | { readonly type: 'state'; readonly state: State; readonly broken?: Broken | undefined }
  /**
   * While the peer is looked for: the relay, empty for a transport that needs none, how often it was asked since it last
   * answered, and whether it has answered: then only the peer is missing.
   */
  | {
      readonly type: 'relay';
      readonly address: string;
      readonly attempt: number;
      readonly joined: boolean;
      /** The name of the room, which is public: the code up to its first dash. */
      readonly room: string;
    }
  /** A code was made here: what the peer must type (empty: it is for the link only), and the invitation link. UTF-8. */
  | { readonly type: 'code'; readonly code: Uint8Array; readonly invite: Uint8Array }
  /**
   * The code that was typed is not the peer's: the room is left until a `code` event comes. `same`: an empty one stands
   * for the same code. Again after one that was malformed. Only where somebody can be asked.
   */
  | { readonly type: 'code-wanted'; readonly same: boolean }
  /** Four words, the same on both sides; `required`: the person must compare them before anything is shown or sent. */
  | { readonly type: 'safety-words'; readonly words: readonly string[]; readonly required: boolean }
  /**
   * Somebody asked for words of the present: those shown before say nothing about now, and are shown nowhere until new ones
   * come. `late`: none came in time, and nothing is verified; they may still come.
   */
  | { readonly type: 'comparing'; readonly late: boolean }
  /** A message of the peer, UTF-8, at most 64 KiB; `from` is its chosen name, empty when it gave none. `at`: Unix ms. */
  | {
      readonly type: 'message';
      readonly id: number;
      readonly from: Uint8Array;
      readonly text: Uint8Array;
      readonly at: number;
    }
  /** The text of this side with the id it got: ids count from 0 in the order of the `send` events. */
  | { readonly type: 'own'; readonly id: number; readonly text: Uint8Array; readonly at: number }
  | { readonly type: 'status'; readonly id: number; readonly status: MessageStatus }
  /** Told where more than a relay was asked for. */
  | { readonly type: 'path'; readonly path: 'relay'; readonly why: RelayWhy }
  | { readonly type: 'path'; readonly path: 'direct'; readonly address: string }
  | { readonly type: 'path'; readonly path: 'local network' }
  /** How long the line takes to the peer and back, whole milliseconds: told when it changes, for display only. */
  | { readonly type: 'round-trip'; readonly ms: number }
  /** Whether more input is welcome now. While it is not, a UI that reads a pipe stops reading; nothing typed is lost. */
  | { readonly type: 'input'; readonly welcome: boolean }
  | { readonly type: 'peer'; readonly name: Uint8Array }
  /** The peer's person said that the safety words match. Display only. */
  | { readonly type: 'peer-confirmed' }
  /**
   * A transfer of files begins: the peer offers (`incoming`; it waits for `accept` or `reject`), or this side does. Ids
   * count from 1, for both directions together. `name`, UTF-8: of the first file, or of the folder. `bytes` and `free`
   * (room in the destination) may be unknown. `exists`: something of that name is there already.
   */
  | {
      readonly type: 'offer';
      readonly id: number;
      readonly incoming: boolean;
      readonly name: Uint8Array;
      readonly count: number;
      readonly bytes: number | undefined;
      readonly free: number | undefined;
      readonly exists: boolean;
    }
  /** At most four a second for each transfer; the first, with 0, says that the offer was accepted. */
  | { readonly type: 'progress'; readonly id: number; readonly bytes: number; readonly total: number | undefined }
  /** All of it arrived and every checksum fits. `sum`: SHA-256 in hex, of the file, or of all their sums in order. */
  | { readonly type: 'file-done'; readonly id: number; readonly bytes: number; readonly sum: string }
  /** It ended otherwise. `text` is a sentence for the person, already neutralised. */
  | { readonly type: 'file-failed'; readonly id: number; readonly code: Code; readonly text: string }
  /** A sentence for the person, already neutralised, with its stable code. */
  | { readonly type: 'notice'; readonly code: Code; readonly text: string }
  /** The end, once, last: everything is wiped. */
  | { readonly type: 'ended'; readonly code: Code; readonly text: string; readonly exit: ExitStatus };

/** What a person (or script) does. Byte buffers belong to the receiver, which wipes them. */
export type UiEvent =
  /** UTF-8, at most 64 KiB; longer is refused with a notice. */
  | { readonly type: 'send'; readonly text: Uint8Array }
  | { readonly type: 'confirm'; readonly match: boolean }
  /** The code as it was typed, UTF-8, after `code-wanted`; empty: the same again. */
  | { readonly type: 'code'; readonly code: Uint8Array }
  /** Offer these files and folders to the peer; UTF-8, as a person names them. */
  | { readonly type: 'offer'; readonly paths: readonly Uint8Array[] }
  /**
   * Take what the peer offers; without an id the oldest offer that waits, unless another was taken back before it.
   * `collision`: what becomes of a file whose name is taken (default `rename`); nothing is ever overwritten.
   */
  | { readonly type: 'accept'; readonly id?: number | undefined; readonly collision?: 'rename' | 'skip' | undefined }
  | { readonly type: 'reject'; readonly id?: number | undefined }
  /** End a transfer of either direction. */
  | { readonly type: 'cancel'; readonly id: number }
  /** Safety words of the present are wanted. */
  | { readonly type: 'compare-again' }
  /** Goodbye now, after all own text is acknowledged. */
  | { readonly type: 'quit' }
  /**
   * No more input will come: goodbye after everything given so far has been sent and acknowledged. A UI that only listens
   * need not tell it.
   */
  | { readonly type: 'end-of-input' }
  /** A malformed command or text: told to the person. `lost`: nobody is there to give it again, so the end is no success. */
  | { readonly type: 'malformed'; readonly why: string; readonly lost?: boolean }
  /**
   * The peer's messages up to this id are where somebody can see them: drawn, or taken by whatever reads the output. Only
   * then is the peer told that they were delivered; a UI that never tells it leaves the peer without an answer.
   */
  | { readonly type: 'shown'; readonly id: number }
  /** The person is there: typing, scrolling. Keeps the idle time from running out; as every event but `shown` does. */
  | { readonly type: 'activity' }
  /** Ctrl-C or a signal: goodbye if possible, exit status 130. */
  | { readonly type: 'interrupt' }
  /** The panic key: the end at once, exit status 130. The peer is told nothing: it sees a line that is lost. */
  | { readonly type: 'wipe' }
  /** The output is gone (broken pipe, closed terminal). `unread`: so much waits for its reader that no more is kept. */
  | { readonly type: 'gone'; readonly why?: 'unread' | undefined };

export interface UiPort {
  /** Starts reading input and showing. Called once. */
  open(sink: (event: UiEvent) => void): void;
  /** Shows one thing. Never throws for a broken output: that is a `gone` event. Ignored after `close`. */
  show(view: UiView): void;
  /** Restores the terminal, wipes every buffer, stops reading. Resolves when the output is flushed (or gone). Idempotent. */
  close(): Promise<void>;
}

// ---------------------------------------------------------------------------------------------------------------------
// Clock

export interface ClockPort {
  /** Monotonic milliseconds from an arbitrary start. */
  now(): number;
  /** Unix time in milliseconds, for display only. */
  wallTime(): number;
  /** Calls `wake` once when `now()` has reached `at`; returns a function that cancels it. */
  wakeAt(at: number, wake: () => void): () => void;
}
