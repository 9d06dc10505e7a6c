/**
 * What the two sides write on the connection, and its limits. No socket and no timer may be in this file.
 *
 *     hello   who connects:  MAGIC "hello\n" ‖ room id(32) ‖ seat(32)      as in the join of protocol.md, section 3
 *     answer  who listens:   MAGIC "ready\n" ‖ status(1)                   only to a hello with its own room id
 *     then, both ways:       length(4, big-endian) ‖ frame                 length 0: "I leave", and nothing follows
 */
import { FRAME_LIMIT, type Join } from 'securechat/plugin';

const MAGIC = 'securechat-direct/1 ';
export const HELLO = Buffer.from(`${MAGIC}hello\n`);
export const ANSWER = Buffer.from(`${MAGIC}ready\n`);
export const JOINED = 0x01;
export const FULL = 0x02;

const ID = 32;
export const HELLO_LENGTH = HELLO.length + 2 * ID;
export const ANSWER_LENGTH = ANSWER.length + 1;

/** From a new connection to its whole hello, and from a hello to its answer, milliseconds. */
export const HELLO_TIMEOUT_MS = 5_000;
/** Connections that have not said their hello; one more ends the oldest of them. */
export const WAITING_LIMIT = 16;
/** From the first byte of a frame to its last, milliseconds. */
export const FRAME_TIMEOUT_MS = 30_000;
/** From `close()` to `closed`: the time there is for flushing, milliseconds (protocol.md, section 7). */
export const CLOSE_WAIT_MS = 2_000;
/** How long the other side is looked for, at first and after it left, milliseconds, and how often. */
export const SEARCH_MS = 10_000;
export const SEARCH_INTERVAL_MS = 250;
/** The same for a side that made the code itself: the other one can only come when it has been told. */
export const WAIT_MS = 3_600_000;
export const WAIT_INTERVAL_MS = 1_000;

/** Room id and seat of a join as they go over the wire: 64 bytes. */
export function identity({ room, seat }: Join): Uint8Array {
  return Buffer.concat([Buffer.from(room, 'base64url'), Buffer.from(seat, 'base64url')]);
}

export function splitIdentity(bytes: Uint8Array): { room: Uint8Array; seat: Uint8Array } {
  return { room: bytes.subarray(0, ID), seat: bytes.subarray(ID, 2 * ID) };
}

/** The frame with its length before it, as a copy: the caller may use its buffer again. */
export function withLength(frame: Uint8Array): Uint8Array {
  const out = Buffer.alloc(LENGTH + frame.length);
  out.writeUInt32BE(frame.length);
  out.set(frame, LENGTH);
  return out;
}

export const LEAVE = Buffer.alloc(4);
/** Of the head of a frame. */
export const LENGTH = 4;

export interface FrameReader {
  /** Reads on. False: what came is not in this protocol, or the other side left; read nothing more. */
  push(chunk: Uint8Array): boolean;
  /** How many frames were complete. */
  readonly complete: number;
  /** A frame has begun and is not complete. */
  readonly partial: boolean;
}

/** `frame` gets buffers of its own; `leave` and `tooLarge` come last. Never holds more than one frame of FRAME_LIMIT. */
export function createFrameReader(taker: {
  frame(frame: Uint8Array): void;
  leave(): void;
  tooLarge(): void;
}): FrameReader {
  let head = 0;
  let headBytes = 0;
  let body: Uint8Array | undefined;
  let filled = 0;
  let complete = 0;
  let over = false;

  function begin(length: number): void {
    // Before anything is allocated.
    over = length === 0 || length > FRAME_LIMIT;
    if (!over) body = new Uint8Array(length);
    else if (length === 0) taker.leave();
    else taker.tooLarge();
  }

  return {
    push(chunk) {
      for (let at = 0; at < chunk.length && !over; ) {
        if (body === undefined) {
          head = head * 256 + (chunk[at++] ?? 0);
          headBytes += 1;
          if (headBytes === LENGTH) begin(head);
          continue;
        }
        const part = chunk.subarray(at, at + body.length - filled);
        body.set(part, filled);
        filled += part.length;
        at += part.length;
        if (filled < body.length) continue;
        const frame = body;
        [head, headBytes, filled, body] = [0, 0, 0, undefined];
        complete += 1;
        taker.frame(frame);
      }
      return !over;
    },
    get complete() {
      return complete;
    },
    get partial() {
      return !over && headBytes > 0;
    },
  };
}
