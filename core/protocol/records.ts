/**
 * Records, what a frame carries (protocol.md section 6): type(1) ‖ length(3) ‖ value. Coding and checking only: what a
 * record means, and any state, belongs to session/.
 */
import { RemoteProtocolError } from '../errors.js';
import { putUint, readUint } from './bytes.js';

/** type(1) ‖ length(3). */
export const RECORD_HEADER = 4;
/** id(4) ‖ part(2) ‖ last(1), before the UTF-8 of a text record. */
export const TEXT_HEADER = 7;
/** Longest display name, bytes of UTF-8. */
export const NAME_LIMIT = 64;

const TYPES = {
  text: 1,
  delivered: 2,
  typing: 3,
  confirmed: 4,
  'rekey-wanted': 5,
  offer: 6,
  answer: 7,
  name: 8,
  ping: 9,
  // 10 to 12: bulk-open, bulk-credit, bulk-close (section 8)
  bye: 13,
  'bye-ack': 14,
} as const;

export const BYE_REASONS = ['left', 'words did not match', 'error'] as const;
export type ByeReason = (typeof BYE_REASONS)[number];

export type ProtocolRecord =
  /** One part of a message: `text` is a piece of UTF-8, not necessarily cut at a character. */
  | {
      readonly type: 'text';
      readonly id: number;
      readonly part: number;
      readonly last: boolean;
      readonly text: Uint8Array;
    }
  | { readonly type: 'delivered'; readonly id: number }
  | { readonly type: 'typing' }
  | { readonly type: 'confirmed' }
  | { readonly type: 'rekey-wanted' }
  /** R'(32) ‖ ek'(1184) */
  | { readonly type: 'offer'; readonly value: Uint8Array }
  /** R'(32) ‖ ct'(1088) */
  | { readonly type: 'answer'; readonly value: Uint8Array }
  | { readonly type: 'name'; readonly name: Uint8Array }
  | { readonly type: 'ping' }
  | { readonly type: 'bye'; readonly reason: ByeReason }
  | { readonly type: 'bye-ack' };

export const OFFER_LENGTH = 32 + 1184;
export const ANSWER_LENGTH = 32 + 1088;

/** Bytes the record takes in a frame, header included. */
export function recordSize(record: ProtocolRecord): number {
  return RECORD_HEADER + valueLength(record);
}

function valueLength(record: ProtocolRecord): number {
  switch (record.type) {
    case 'text':
      return TEXT_HEADER + record.text.length;
    case 'delivered':
      return 4;
    case 'offer':
    case 'answer':
      return record.value.length;
    case 'name':
      return record.name.length;
    case 'bye':
      return 1;
    default:
      return 0;
  }
}

/** Writes the record at `at`; returns the index after it. The caller has reserved `recordSize` bytes. */
export function writeRecord(target: Uint8Array, at: number, record: ProtocolRecord): number {
  target[at] = TYPES[record.type];
  putUint(target, at + 1, 3, valueLength(record));
  const value = at + RECORD_HEADER;
  switch (record.type) {
    case 'text':
      putUint(target, value, 4, record.id);
      putUint(target, value + 4, 2, record.part);
      target[value + 6] = record.last ? 1 : 0;
      target.set(record.text, value + TEXT_HEADER);
      break;
    case 'delivered':
      putUint(target, value, 4, record.id);
      break;
    case 'offer':
    case 'answer':
      target.set(record.value, value);
      break;
    case 'name':
      target.set(record.name, value);
      break;
    case 'bye':
      target[value] = BYE_REASONS.indexOf(record.reason);
      break;
    default:
      break;
  }
  return value + valueLength(record);
}

/**
 * All records from `at` to the end of a plaintext. Values are views into it: they die when it is wiped. Unknown types
 * are left out (room for growth). Throws RemoteProtocolError for a malformed record or padding that is not zero.
 */
export function readRecords(plaintext: Uint8Array, at: number): ProtocolRecord[] {
  const records: ProtocolRecord[] = [];
  let here = at;
  while (here < plaintext.length && plaintext[here] !== 0) {
    const start = here + RECORD_HEADER;
    if (start > plaintext.length) throw new RemoteProtocolError('a record header is cut off');
    const end = start + readUint(plaintext, here + 1, 3);
    if (end > plaintext.length) throw new RemoteProtocolError('a record is longer than its frame');
    const record = readRecord(plaintext[here] ?? 0, plaintext.subarray(start, end));
    if (record !== undefined) records.push(record);
    here = end;
  }
  for (; here < plaintext.length; here++) {
    if (plaintext[here] !== 0) throw new RemoteProtocolError('padding is not zero');
  }
  return records;
}

function readRecord(type: number, value: Uint8Array): ProtocolRecord | undefined {
  switch (type) {
    case TYPES.text: {
      if (value.length < TEXT_HEADER) throw new RemoteProtocolError('a text record is too short');
      const last = value[6];
      if (last !== 0 && last !== 1) throw new RemoteProtocolError('a text record has a bad last mark');
      return {
        type: 'text',
        id: readUint(value, 0, 4),
        part: readUint(value, 4, 2),
        last: last === 1,
        text: value.subarray(TEXT_HEADER),
      };
    }
    case TYPES.delivered:
      return { type: 'delivered', id: readUint(exactly(value, 4), 0, 4) };
    case TYPES.offer:
      return { type: 'offer', value: exactly(value, OFFER_LENGTH) };
    case TYPES.answer:
      return { type: 'answer', value: exactly(value, ANSWER_LENGTH) };
    case TYPES.name:
      if (value.length > NAME_LIMIT) throw new RemoteProtocolError('a name is too long');
      return { type: 'name', name: value };
    case TYPES.bye: {
      const reason = BYE_REASONS[exactly(value, 1)[0] ?? -1];
      if (reason === undefined) throw new RemoteProtocolError('a goodbye has an unknown reason');
      return { type: 'bye', reason };
    }
    case TYPES.typing:
      return empty('typing', value);
    case TYPES.confirmed:
      return empty('confirmed', value);
    case TYPES['rekey-wanted']:
      return empty('rekey-wanted', value);
    case TYPES.ping:
      return empty('ping', value);
    case TYPES['bye-ack']:
      return empty('bye-ack', value);
    default:
      return undefined;
  }
}

function exactly(value: Uint8Array, length: number): Uint8Array {
  if (value.length !== length) throw new RemoteProtocolError('a record has a wrong length');
  return value;
}

function empty<T extends 'typing' | 'confirmed' | 'rekey-wanted' | 'ping' | 'bye-ack'>(
  type: T,
  value: Uint8Array,
): { readonly type: T } {
  exactly(value, 0);
  return { type };
}
