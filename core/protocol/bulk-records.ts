/**
 * The records that open, steer and close a stream (protocol.md section 8): coding and checking only. What a name of a
 * file may be, and any state of a stream, belongs elsewhere.
 */
import type { BulkOffer } from '../bulk-port.js';
import { RemoteProtocolError } from '../errors.js';
import { leb128, putUint, readUint } from './bytes.js';
import { type Codec, exactly } from './codec.js';
import { type Role, roleByte } from './role.js';

/** Most entries of an offer. */
export const ENTRIES_LIMIT = 2 ** 20;
/** Longest name of the first entry, bytes of UTF-8: one part of a path. */
export const OFFER_NAME_LIMIT = 255;

/** In the order of their numbers. */
export const CLOSE_REASONS = ['whole', 'refused', 'cancelled', 'disk', 'changed', 'bad hash', 'disagrees'] as const;
export type StreamCloseReason = (typeof CLOSE_REASONS)[number];

export type BulkOpenRecord = { readonly type: 'bulk-open'; readonly id: number; readonly offer: BulkOffer };
export type BulkCreditRecord = {
  readonly type: 'bulk-credit';
  readonly id: number;
  /** The next expected counter. */
  readonly counter: number;
  /** Chunks. */
  readonly window: number;
};
export type BulkCloseRecord = {
  readonly type: 'bulk-close';
  readonly opener: Role;
  readonly id: number;
  readonly reason: StreamCloseReason;
};
export type BulkRecord = BulkOpenRecord | BulkCreditRecord | BulkCloseRecord;

const ID = 4;
const COUNTER = 8;
/** id(4) ‖ kind(1). */
const OPEN_HEAD = ID + 1;
/** count(4) ‖ bytes(8). */
const FILES_HEAD = 12;
const CREDIT_LENGTH = ID + COUNTER + 4;
const CLOSE_LENGTH = 1 + ID + 1;

const OPEN: Codec<BulkOpenRecord> = {
  length({ offer }) {
    return offer.kind === 'pipe'
      ? OPEN_HEAD
      : OPEN_HEAD + FILES_HEAD + leb128(offer.name.length).length + offer.name.length;
  },

  write(target, at, { id, offer }) {
    putUint(target, at, ID, id);
    target[at + ID] = offer.kind === 'pipe' ? 0 : 1;
    if (offer.kind === 'pipe') return;
    const body = at + OPEN_HEAD;
    putUint(target, body, 4, offer.count);
    if (offer.bytes === undefined) target.fill(0xff, body + 4, body + FILES_HEAD);
    else putUint(target, body + 4, 8, offer.bytes);
    const length = leb128(offer.name.length);
    target.set(length, body + FILES_HEAD);
    target.set(offer.name, body + FILES_HEAD + length.length);
  },

  read(value) {
    if (value.length < OPEN_HEAD) throw new RemoteProtocolError('an offer of a stream is too short');
    const id = readUint(value, 0, ID);
    const body = value.subarray(OPEN_HEAD);
    switch (value[ID]) {
      case 0:
        exactly(body, 0);
        return { type: 'bulk-open', id, offer: { kind: 'pipe' } };
      case 1:
        return { type: 'bulk-open', id, offer: readFiles(body) };
      default:
        throw new RemoteProtocolError('an offer of a stream of an unknown kind');
    }
  },
};

function readFiles(body: Uint8Array): BulkOffer {
  if (body.length < FILES_HEAD + 1) throw new RemoteProtocolError('an offer of files is too short');
  const count = readUint(body, 0, 4);
  if (count > ENTRIES_LIMIT) throw new RemoteProtocolError('an offer of too many files');
  const unknown = body.subarray(4, FILES_HEAD).every((byte) => byte === 0xff);
  const bytes = unknown ? undefined : readUint(body, 4, 8);
  if (Number.isNaN(bytes)) throw new RemoteProtocolError('an offer of too many bytes');
  const name = readName(body.subarray(FILES_HEAD));
  return { kind: 'files', count, bytes, name };
}

/** lv of one part that is all of `bytes`, in its one shortest form. */
function readName(bytes: Uint8Array): Uint8Array {
  const head = (bytes[0] ?? 0) < 0x80 ? 1 : 2;
  const name = bytes.subarray(head);
  const written = leb128(name.length);
  const same = written.length === head && written.every((byte, index) => byte === bytes[index]);
  if (!same || name.length > OFFER_NAME_LIMIT) throw new RemoteProtocolError('an offer has a bad name');
  return name;
}

const CREDIT: Codec<BulkCreditRecord> = {
  length: () => CREDIT_LENGTH,
  write(target, at, { id, counter, window }) {
    putUint(target, at, ID, id);
    putUint(target, at + ID, COUNTER, counter);
    putUint(target, at + ID + COUNTER, 4, window);
  },
  read(value) {
    exactly(value, CREDIT_LENGTH);
    const counter = readUint(value, ID, COUNTER);
    if (Number.isNaN(counter)) throw new RemoteProtocolError('a counter of a stream is out of range');
    return { type: 'bulk-credit', id: readUint(value, 0, ID), counter, window: readUint(value, ID + COUNTER, 4) };
  },
};

const CLOSE: Codec<BulkCloseRecord> = {
  length: () => CLOSE_LENGTH,
  write(target, at, { opener, id, reason }) {
    target.set(roleByte(opener), at);
    putUint(target, at + 1, ID, id);
    target[at + 1 + ID] = CLOSE_REASONS.indexOf(reason);
  },
  read(value) {
    const [role, reason] = [exactly(value, CLOSE_LENGTH)[0], CLOSE_REASONS[value[1 + ID] ?? -1]];
    if (role !== 0x41 && role !== 0x42) throw new RemoteProtocolError('the end of a stream of nobody');
    if (reason === undefined) throw new RemoteProtocolError('the end of a stream has an unknown reason');
    return { type: 'bulk-close', opener: role === 0x41 ? 'A' : 'B', id: readUint(value, 1, ID), reason };
  },
};

export const BULK_CODECS = { 'bulk-open': OPEN, 'bulk-credit': CREDIT, 'bulk-close': CLOSE } as const;
