/**
 * How one kind of record is written and read. No kind of record may be in this file.
 */
import { RemoteProtocolError } from '../errors.js';

export interface Codec<R> {
  /** Bytes of the value. */
  length(record: R): number;
  /** Writes the value at `at`; the caller has reserved `length` bytes. */
  write(target: Uint8Array, at: number, record: R): void;
  /** The record: views into `value`. Throws RemoteProtocolError for anything malformed. */
  read(value: Uint8Array): R;
}

/** `value`, which has this length and no other. */
export function exactly(value: Uint8Array, length: number): Uint8Array {
  if (value.length !== length) throw new RemoteProtocolError('a record has a wrong length');
  return value;
}
