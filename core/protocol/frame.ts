/**
 * Frames on the wire (protocol.md section 6): type(1) ‖ ciphertext in three sizes, with no number in clear. Shape only:
 * no key, no sequence state and no meaning of records may be in this file.
 */
import { LocalProtocolError } from '../errors.js';
import { concat, plainBuffer, putUint, readUint, TAG } from './bytes.js';
import { type ProtocolRecord, readRecords, recordSize, writeRecord } from './records.js';
import { type Role, roleByte } from './role.js';

/** First byte of a frame, and of a chunk of a stream (section 8). */
export const FRAME_TYPE = 0x10;
export const CHUNK_TYPE = 0x20;
/** The only sizes on the wire, in bytes. */
export const FRAME_SIZES = [1280, 4096, 16384] as const;
/** The larger one, with every head in front of it, fits a read of 64 KiB and a packet of a machine to itself. */
export const CHUNK_SIZES = [16384, 65472] as const;

/** The type is all of the head. */
export const FRAME_HEAD = Uint8Array.of(FRAME_TYPE);
const HEAD = FRAME_HEAD.length;
const AEAD_TAG = 16;
/** ack(6): the next sequence number its sender expects. */
const ACK = 6;
const OVERHEAD = HEAD + AEAD_TAG + ACK;
/** Most bytes of records that fit the smallest frame, … */
export const SMALL_ROOM = FRAME_SIZES[0] - OVERHEAD;
/** … and the largest. */
export const RECORDS_LIMIT = FRAME_SIZES[2] - OVERHEAD;
/** What has come, by its type and size alone: `other` is no frame and no chunk, `wrong size` is one that cannot be. */
export function classify(bytes: Uint8Array): 'frame' | 'chunk' | 'wrong size' | 'other' {
  if (bytes[0] === FRAME_TYPE) return FRAME_SIZES.some((size) => size === bytes.length) ? 'frame' : 'wrong size';
  if (bytes[0] === CHUNK_TYPE) return CHUNK_SIZES.some((size) => size === bytes.length) ? 'chunk' : 'wrong size';
  return 'other';
}

/**
 * AD = TAG ‖ type ‖ sender's role (0x41 or 0x42) ‖ epoch(8) ‖ seq(6). The numbers are never on the wire. Each call
 * overwrites the buffer of the one before.
 */
export function frameAd(sender: Role): (epoch: number, seq: number) => Uint8Array<ArrayBuffer> {
  const ad = concat(TAG, Uint8Array.of(FRAME_TYPE), roleByte(sender), new Uint8Array(14));
  const numbers = ad.length - 14;
  return (epoch, seq) => {
    putUint(ad, numbers, 8, epoch);
    putUint(ad, numbers + 8, 6, seq);
    return ad;
  };
}

/** Room for the plaintext of any frame. */
export const PLAINTEXT_LIMIT = FRAME_SIZES[2] - HEAD - AEAD_TAG;

/**
 * ack ‖ records ‖ zeros, so that the frame has the smallest allowed size: the beginning of `target`, PLAINTEXT_LIMIT bytes
 * of zeros. The caller wipes it.
 */
export function encodePlaintext(
  ack: number,
  records: readonly ProtocolRecord[],
  target: Uint8Array<ArrayBuffer> = plainBuffer(PLAINTEXT_LIMIT),
): Uint8Array<ArrayBuffer> {
  let needed = OVERHEAD;
  for (const record of records) needed += recordSize(record);
  const size = FRAME_SIZES.find((bucket) => needed <= bucket);
  if (size === undefined) throw new LocalProtocolError('records do not fit a frame');
  const plaintext = target.subarray(0, size - HEAD - AEAD_TAG);
  putUint(plaintext, 0, ACK, ack);
  let at = ACK;
  for (const record of records) at = writeRecord(plaintext, at, record);
  return plaintext;
}

/** Views into `plaintext`. Throws RemoteProtocolError for anything malformed. */
export function decodePlaintext(plaintext: Uint8Array): { ack: number; records: ProtocolRecord[] } {
  return { ack: readUint(plaintext, 0, ACK), records: readRecords(plaintext, ACK) };
}
