/**
 * What comes over a direct path (protocol.md section 8a): first the messages of the proof as they are, then frames, each
 * behind its length. Bounded before memory is taken. No socket may be in this file.
 */
import { PATH_LENGTHS, PATH_TYPE } from '../../core/protocol/path-proof.js';

/** Of the length before a frame. */
export const LENGTH = 4;
/** The longest frame: a chunk of a stream (protocol.md section 8). */
export const PATH_FRAME_LIMIT = 65_536;

export interface Reader {
  /** Reads on. False: what came is nothing of this protocol; read nothing more. */
  push(bytes: Uint8Array): boolean;
  /** From now on frames come; what was held back is read. */
  frames(): boolean;
  /** Nothing is read until `frames` is called. */
  readonly held: boolean;
}

/** Both are given bytes of their own. */
export function createReader(taker: { message(bytes: Uint8Array): void; frame(bytes: Uint8Array): void }): Reader {
  let stage: 'proof' | 'held' | 'frames' | 'over' = 'proof';
  /** Of a message of the proof, or of the head of a frame. */
  let partial: number[] = [];
  let body: Uint8Array | undefined;
  let filled = 0;
  /** What came behind the proof in the same read. */
  let rest: Uint8Array = new Uint8Array(0);

  /** How many bytes it has used. */
  function proof(bytes: Uint8Array): number {
    for (const [i, byte] of bytes.entries()) {
      partial.push(byte);
      const length = PATH_LENGTHS[partial[0] ?? 0];
      if (length === undefined) {
        stage = 'over';
        return bytes.length;
      }
      if (partial.length < length) continue;
      const message = Uint8Array.from(partial);
      partial = [];
      // Nothing of the proof follows the choice.
      if (message[0] === PATH_TYPE.three) stage = 'held';
      taker.message(message);
      return i + 1;
    }
    return bytes.length;
  }

  function head(byte: number): void {
    partial.push(byte);
    if (partial.length < LENGTH) return;
    const length = partial.reduce((sum, each) => sum * 256 + each, 0);
    partial = [];
    filled = 0;
    if (length === 0 || length > PATH_FRAME_LIMIT) stage = 'over';
    else body = new Uint8Array(length);
  }

  function frames(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length && stage === 'frames'; ) {
      if (body === undefined) {
        head(bytes[at] ?? 0);
        at += 1;
        continue;
      }
      const part = bytes.subarray(at, at + body.length - filled);
      body.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < body.length) continue;
      const frame = body;
      body = undefined;
      taker.frame(frame);
    }
  }

  function push(bytes: Uint8Array): boolean {
    let left = bytes;
    // The taker may call `frames` from within.
    while (stage === 'proof' && left.length > 0) left = left.subarray(proof(left));
    if (stage === 'frames') frames(left);
    else if (stage === 'held' && left.length > 0) rest = Buffer.concat([rest, left]);
    return stage !== 'over';
  }

  return {
    push,
    frames() {
      if (stage === 'over') return false;
      stage = 'frames';
      const held = rest;
      rest = new Uint8Array(0);
      return push(held);
    },
    get held() {
      return stage === 'held';
    },
  };
}
