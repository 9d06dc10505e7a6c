/**
 * Messages longer than a frame: split into text records and put together again (protocol.md section 6). One message in
 * reassembly for each direction, 64 KiB at most. Text is only ever in byte buffers here, and they are wiped.
 */
import { MESSAGE_LIMIT } from '../limits.js';
import { RemoteProtocolError } from '../errors.js';
import { concat, plainCopy } from './bytes.js';
import { RECORD_HEADER, TEXT_HEADER, type TextRecord } from './records.js';

/** A part that is not the last has at least this many bytes. */
export const PART_MIN = 256;

/** A message on its way into frames. */
export interface Parts {
  readonly id: number;
  readonly text: Uint8Array;
  /** Bytes and parts that were taken. */
  at: number;
  part: number;
}

/**
 * The next part of a message, of at most `room` bytes with its headers: a view into its text. Undefined when there is not
 * enough room for one that is worth it.
 */
export function takePart(message: Parts, room: number): TextRecord | undefined {
  const { id, text, at, part } = message;
  const rest = text.length - at;
  const space = room - RECORD_HEADER - TEXT_HEADER;
  if (space < Math.min(rest, PART_MIN)) return undefined;
  const end = at + Math.min(rest, space);
  message.at = end;
  message.part += 1;
  return { type: 'text', id, part, last: end === text.length, text: text.subarray(at, end) };
}

export interface Reassembly {
  /** Takes the next part. Returns the whole message (the receiver wipes it) with the last one. Throws RemoteProtocolError. */
  add(record: TextRecord): { id: number; text: Uint8Array } | undefined;
  wipe(): void;
}

export function createReassembly(): Reassembly {
  let nextId = 0;
  let parts: Uint8Array[] = [];
  let length = 0;

  function wipe(): void {
    for (const part of parts) part.fill(0);
    parts = [];
    length = 0;
  }

  return {
    add(record) {
      if (record.id !== nextId) throw new RemoteProtocolError('a message id is out of order');
      if (record.part !== parts.length) throw new RemoteProtocolError('a part of a message is out of order');
      if (record.part > 0 && record.text.length === 0) throw new RemoteProtocolError('a part of a message is empty');
      if (length + record.text.length > MESSAGE_LIMIT) throw new RemoteProtocolError('a message is too long');
      const part = plainCopy(record.text);
      if (record.last) nextId = record.id + 1;
      if (record.last && parts.length === 0) return { id: record.id, text: part };
      parts.push(part);
      length += part.length;
      if (!record.last) return undefined;
      const text = concat(...parts);
      wipe();
      return { id: record.id, text };
    },
    wipe,
  };
}
