/**
 * Records, what a frame carries (protocol.md sections 1 and 6): type(1) ‖ length(3) ‖ value. Coding and checking only:
 * what a record means, and any state, belongs to session/.
 */
import { NAME_LIMIT } from '../limits.js';
import { RemoteProtocolError } from '../errors.js';
import { BULK_CODECS, type BulkRecord } from './bulk-records.js';
import { putUint, readUint } from './bytes.js';
import { type Codec, exactly } from './codec.js';
import { PATHS_CODEC, type PathsRecord } from './path-records.js';

/** type(1) ‖ length(3). */
export const RECORD_HEADER = 4;
/** id(4) ‖ part(2) ‖ last(1), before the UTF-8 of a text record. */
export const TEXT_HEADER = 7;

/** 3 is never used. */
const TYPES = {
  text: 1,
  delivered: 2,
  confirmed: 4,
  'rekey-wanted': 5,
  offer: 6,
  answer: 7,
  name: 8,
  ping: 9,
  'bulk-open': 10,
  'bulk-credit': 11,
  'bulk-close': 12,
  bye: 13,
  'bye-ack': 14,
  'words-wanted': 15,
  'words-commit': 16,
  'words-nonce': 17,
  'words-reveal': 18,
  paths: 19,
} as const;

export const BYE_REASONS = ['left', 'words did not match', 'error'] as const;
export type ByeReason = (typeof BYE_REASONS)[number];

/** One part of a message: `text` is a piece of UTF-8, not necessarily cut at a character. */
export interface TextRecord {
  readonly type: 'text';
  readonly id: number;
  readonly part: number;
  readonly last: boolean;
  readonly text: Uint8Array;
}

/** Compare again (section 5): the epoch that is compared, then a commitment or a nonce, 32 bytes. */
export interface WordsRecord {
  readonly type: 'words-commit' | 'words-nonce' | 'words-reveal';
  readonly epoch: number;
  readonly value: Uint8Array;
}

export type ProtocolRecord =
  | TextRecord
  | { readonly type: 'delivered'; readonly id: number }
  /** offer: R'(32) ‖ ek'(1184). answer: R'(32) ‖ ct'(1088). */
  | { readonly type: 'offer' | 'answer'; readonly value: Uint8Array }
  | { readonly type: 'name'; readonly name: Uint8Array }
  | { readonly type: 'bye'; readonly reason: ByeReason }
  | { readonly type: 'confirmed' }
  | { readonly type: 'rekey-wanted' }
  | { readonly type: 'ping' }
  | { readonly type: 'bye-ack' }
  | { readonly type: 'words-wanted' }
  | WordsRecord
  | BulkRecord
  | PathsRecord;

export type RecordType = keyof typeof TYPES;
type RecordOf<T extends RecordType> = Extract<ProtocolRecord, { readonly type: T }>;

export const OFFER_LENGTH = 32 + 1184;
export const ANSWER_LENGTH = 32 + 1088;
const EPOCH = 8;
/** epoch(8) ‖ 32 bytes. */
const WORDS_LENGTH = EPOCH + 32;

const TEXT: Codec<TextRecord> = {
  length: ({ text }) => TEXT_HEADER + text.length,
  write(target, at, { id, part, last, text }) {
    putUint(target, at, 4, id);
    putUint(target, at + 4, 2, part);
    target[at + 6] = last ? 1 : 0;
    target.set(text, at + TEXT_HEADER);
  },
  read(value) {
    if (value.length < TEXT_HEADER) throw new RemoteProtocolError('a text record is too short');
    const last = value[6];
    if (last !== 0 && last !== 1) throw new RemoteProtocolError('a text record has a bad last mark');
    const [id, part] = [readUint(value, 0, 4), readUint(value, 4, 2)];
    return { type: 'text', id, part, last: last === 1, text: value.subarray(TEXT_HEADER) };
  },
};

const DELIVERED: Codec<RecordOf<'delivered'>> = {
  length: () => 4,
  write: (target, at, { id }) => putUint(target, at, 4, id),
  read: (value) => ({ type: 'delivered', id: readUint(exactly(value, 4), 0, 4) }),
};

const NAME: Codec<RecordOf<'name'>> = {
  length: ({ name }) => name.length,
  write: (target, at, { name }) => target.set(name, at),
  read(name) {
    if (name.length > NAME_LIMIT) throw new RemoteProtocolError('a name is too long');
    return { type: 'name', name };
  },
};

const BYE: Codec<RecordOf<'bye'>> = {
  length: () => 1,
  write(target, at, { reason }) {
    target[at] = BYE_REASONS.indexOf(reason);
  },
  read(value) {
    const reason = BYE_REASONS[exactly(value, 1)[0] ?? -1];
    if (reason === undefined) throw new RemoteProtocolError('a goodbye has an unknown reason');
    return { type: 'bye', reason };
  },
};

function rekeyStep(type: 'offer' | 'answer', length: number): Codec<RecordOf<'offer' | 'answer'>> {
  return {
    length: () => length,
    write: (target, at, { value }) => target.set(exactly(value, length), at),
    read: (value) => ({ type, value: exactly(value, length) }),
  };
}

function words(type: WordsRecord['type']): Codec<WordsRecord> {
  return {
    length: () => WORDS_LENGTH,
    write(target, at, { epoch, value }) {
      putUint(target, at, EPOCH, epoch);
      target.set(value, at + EPOCH);
    },
    read(value) {
      const epoch = readUint(exactly(value, WORDS_LENGTH), 0, EPOCH);
      if (Number.isNaN(epoch)) throw new RemoteProtocolError('an epoch is out of range');
      return { type, epoch, value: value.subarray(EPOCH) };
    },
  };
}

function empty<T extends 'confirmed' | 'rekey-wanted' | 'ping' | 'bye-ack' | 'words-wanted'>(
  type: T,
): Codec<{ readonly type: T }> {
  return {
    length: () => 0,
    write: () => undefined,
    read(value) {
      exactly(value, 0);
      return { type };
    },
  };
}

const CODECS = {
  text: TEXT,
  delivered: DELIVERED,
  confirmed: empty('confirmed'),
  'rekey-wanted': empty('rekey-wanted'),
  offer: rekeyStep('offer', OFFER_LENGTH),
  answer: rekeyStep('answer', ANSWER_LENGTH),
  name: NAME,
  ping: empty('ping'),
  ...BULK_CODECS,
  bye: BYE,
  'bye-ack': empty('bye-ack'),
  'words-wanted': empty('words-wanted'),
  'words-commit': words('words-commit'),
  'words-nonce': words('words-nonce'),
  'words-reveal': words('words-reveal'),
  paths: PATHS_CODEC,
} as unknown as Readonly<Record<RecordType, Codec<ProtocolRecord>>>;

const BY_TYPE: ReadonlyMap<number, Codec<ProtocolRecord>> = new Map(
  Object.entries(TYPES).map(([name, type]) => [type, CODECS[name as RecordType]]),
);

/** Bytes the record takes in a frame, header included. */
export function recordSize(record: ProtocolRecord): number {
  return RECORD_HEADER + CODECS[record.type].length(record);
}

/** Writes the record at `at`; returns the index after it. The caller has reserved `recordSize` bytes. */
export function writeRecord(target: Uint8Array, at: number, record: ProtocolRecord): number {
  const codec = CODECS[record.type];
  const length = codec.length(record);
  target[at] = TYPES[record.type];
  putUint(target, at + 1, 3, length);
  codec.write(target, at + RECORD_HEADER, record);
  return at + RECORD_HEADER + length;
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
    const codec = BY_TYPE.get(plaintext[here] ?? 0);
    if (codec !== undefined) records.push(codec.read(plaintext.subarray(start, end)));
    here = end;
  }
  for (; here < plaintext.length; here++) {
    if (plaintext[here] !== 0) throw new RemoteProtocolError('padding is not zero');
  }
  return records;
}
