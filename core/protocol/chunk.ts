/**
 * Chunks of a bulk stream on the wire (protocol.md section 8): 0x20 ‖ opener's role(1) ‖ id(4) ‖ counter(8) ‖ ciphertext, in
 * two sizes. Which counter is due, and where its key comes from, may not be in this file.
 */
import { LocalProtocolError, RemoteProtocolError } from '../errors.js';
import type { CryptoPort } from '../ports.js';
import { concat, putUint, readUint } from './bytes.js';
import { CHUNK_SIZES, CHUNK_TYPE } from './frame.js';
import type { Bytes, Key } from './keys.js';
import { type Role, roleByte } from './role.js';

/** type(1) ‖ opener's role(1) ‖ id(4) ‖ counter(8). */
const HEAD = 14;
const COUNTER = 6;
const AEAD_TAG = 16;
const NONCE = 12;
/** last(1) ‖ length(3), before the data. */
const PLAIN_HEAD = 4;
const OVERHEAD = HEAD + AEAD_TAG + PLAIN_HEAD;

/** Most bytes of data in one chunk. */
export const CHUNK_DATA = CHUNK_SIZES[1] - OVERHEAD;
/** Padding, as much as there can be. */
const ZEROS = new Uint8Array(CHUNK_SIZES[1]);

export interface ChunkHead {
  readonly opener: Role;
  readonly id: number;
  readonly counter: number;
}

/** `data` is a view into a plaintext that `wipe` overwrites. */
export interface OpenedChunk {
  readonly data: Uint8Array;
  readonly last: boolean;
  wipe(): void;
}

/** What stands in clear, or undefined where it is no chunk: a wrong size, a role that is none. */
export function readChunkHead(chunk: Uint8Array): ChunkHead | undefined {
  const [type, role] = chunk;
  if (type !== CHUNK_TYPE || !CHUNK_SIZES.some((size) => size === chunk.length)) return undefined;
  if (role !== 0x41 && role !== 0x42) return undefined;
  const counter = readUint(chunk, COUNTER, 8);
  return Number.isNaN(counter) ? undefined : { opener: role === 0x41 ? 'A' : 'B', id: readUint(chunk, 2, 4), counter };
}

/** In the smaller size where it fits. A counter is sealed once: the caller sees to it. */
export function sealChunk(
  crypto: CryptoPort,
  key: Key<'chunk'>,
  th: Bytes<'transcript'>,
  { opener, id, counter }: ChunkHead,
  data: Uint8Array,
  last: boolean,
): Uint8Array {
  const size = CHUNK_SIZES.find((bucket) => data.length + OVERHEAD <= bucket);
  if (size === undefined) throw new LocalProtocolError('data does not fit a chunk');
  if (data.length === 0 && !last) throw new LocalProtocolError('a chunk of nothing that is not the last');
  const head = concat(Uint8Array.of(CHUNK_TYPE), roleByte(opener), new Uint8Array(12));
  putUint(head, 2, 4, id);
  putUint(head, COUNTER, 8, counter);
  const mark = new Uint8Array(PLAIN_HEAD);
  mark[0] = last ? 1 : 0;
  putUint(mark, 1, 3, data.length);
  // In parts: a copy of the data would have to be wiped, and takes longer than to seal it.
  const plaintext = [mark, data, ZEROS.subarray(0, size - OVERHEAD - data.length)];
  return crypto.seal(key, nonceOf(counter), concat(th, head), plaintext, head);
}

/**
 * Undefined when it does not verify. Throws RemoteProtocolError for one that verifies and is malformed: a chunk of nothing
 * that is not the last, a length above the size, padding that is not zero.
 */
export function openChunk(
  crypto: CryptoPort,
  key: Key<'chunk'>,
  th: Bytes<'transcript'>,
  { counter }: ChunkHead,
  chunk: Uint8Array,
): OpenedChunk | undefined {
  const ad = concat(th, chunk.subarray(0, HEAD));
  const plaintext = crypto.open(key, nonceOf(counter), ad, chunk.subarray(HEAD));
  if (plaintext === undefined) return undefined;
  const wipe = (): void => void plaintext.fill(0);
  try {
    const [mark] = plaintext;
    const end = PLAIN_HEAD + readUint(plaintext, 1, 3);
    if (mark !== 0 && mark !== 1) throw new RemoteProtocolError('a chunk has a bad last mark');
    if (end > plaintext.length) throw new RemoteProtocolError('the data of a chunk is longer than the chunk');
    if (mark === 0 && end === PLAIN_HEAD) throw new RemoteProtocolError('a chunk of nothing that is not the last');
    for (let at = end; at < plaintext.length; at++) {
      if (plaintext[at] !== 0) throw new RemoteProtocolError('the padding of a chunk is not zero');
    }
    return { data: plaintext.subarray(PLAIN_HEAD, end), last: mark === 1, wipe };
  } catch (error) {
    wipe();
    throw error;
  }
}

/** 0(4) ‖ counter(8): a key seals 16 counters, each once. */
function nonceOf(counter: number): Uint8Array<ArrayBuffer> {
  const nonce = new Uint8Array(NONCE);
  putUint(nonce, 4, 8, counter);
  return nonce;
}
