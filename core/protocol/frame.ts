/**
 * Frames on the wire (protocol.md section 6): type(1) ‖ epoch low byte(1) ‖ seq(6) ‖ ciphertext, in fixed sizes.
 * Shape only: no key, no sequence state and no meaning of records may be in this file.
 */
import { LocalProtocolError } from '../errors.js';
import { concat, plainBuffer, putUint, readUint, TAG } from './bytes.js';
import { type ProtocolRecord, RECORD_HEADER, readRecords, recordSize, TEXT_HEADER, writeRecord } from './records.js';

/** First byte of a frame; 0x01 to 0x04 are handshake messages, 0x20 is a bulk chunk. */
export const FRAME_TYPE = 0x10;
/** The only sizes a frame has on the wire, in bytes. */
export const FRAME_SIZES = [256, 1280, 4096, 16384] as const;

const HEADER = 8;
const AEAD_TAG = 16;
/** ack(6): the next sequence number its sender expects. */
const ACK = 6;
const OVERHEAD = HEADER + AEAD_TAG + ACK;
/** Most bytes of records that fit one frame. */
export const RECORDS_LIMIT = FRAME_SIZES[3] - OVERHEAD;
/** Most bytes of text that fit one text record in one frame. */
export const TEXT_PART_LIMIT = RECORDS_LIMIT - RECORD_HEADER - TEXT_HEADER;

/** Roles hold for the whole session (section 4); the byte is part of every frame's associated data. */
export type Role = 'A' | 'B';

/** The other role. */
export function other(role: Role): Role {
  return role === 'A' ? 'B' : 'A';
}

export interface FrameHeader {
  /** Lowest byte of the sender's epoch. */
  readonly epochByte: number;
  readonly seq: number;
}

/** The 8 header bytes. */
export function frameHeader(epoch: number, seq: number): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(HEADER);
  header[0] = FRAME_TYPE;
  header[1] = epoch % 256;
  putUint(header, 2, 6, seq);
  return header;
}

/** The header of a frame of an allowed size, or undefined: then it is not a frame. */
export function readFrameHeader(frame: Uint8Array): FrameHeader | undefined {
  if (frame[0] !== FRAME_TYPE || !FRAME_SIZES.some((size) => size === frame.length)) return undefined;
  return { epochByte: frame[1] ?? 0, seq: readUint(frame, 2, 6) };
}

/** AD = TAG ‖ sender's role (0x41 or 0x42) ‖ the 8 header bytes as received. */
export function frameAd(sender: Role, frame: Uint8Array): Uint8Array<ArrayBuffer> {
  return concat(TAG, Uint8Array.of(sender === 'A' ? 0x41 : 0x42), frame.subarray(0, HEADER));
}

/** The ciphertext of a frame, tag included. */
export function frameBody(frame: Uint8Array): Uint8Array {
  return frame.subarray(HEADER);
}

/** ack ‖ records ‖ zeros, so that the frame has the smallest allowed size. The caller wipes it. */
export function encodePlaintext(ack: number, records: readonly ProtocolRecord[]): Uint8Array<ArrayBuffer> {
  const needed = OVERHEAD + records.reduce((sum, record) => sum + recordSize(record), 0);
  const size = FRAME_SIZES.find((bucket) => needed <= bucket);
  if (size === undefined) throw new LocalProtocolError('records do not fit a frame');
  const plaintext = plainBuffer(size - HEADER - AEAD_TAG);
  putUint(plaintext, 0, ACK, ack);
  let at = ACK;
  for (const record of records) at = writeRecord(plaintext, at, record);
  return plaintext;
}

/** Views into `plaintext`. Throws RemoteProtocolError for anything malformed. */
export function decodePlaintext(plaintext: Uint8Array): { ack: number; records: ProtocolRecord[] } {
  return { ack: readUint(plaintext, 0, ACK), records: readRecords(plaintext, ACK) };
}
