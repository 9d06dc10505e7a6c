/**
 * Messages longer than a frame: split into text records and put together again (protocol.md section 6). One message in
 * reassembly for each direction, 64 KiB at most. Text is only ever in byte buffers here, and they are wiped.
 */
import { RemoteProtocolError } from '../errors.js';
import { concat, plainCopy } from './bytes.js';
import { TEXT_PART_LIMIT } from './frame.js';
import type { ProtocolRecord } from './records.js';

/** Longest message, bytes of UTF-8. */
export const MESSAGE_LIMIT = 64 * 1024;

type TextRecord = Extract<ProtocolRecord, { type: 'text' }>;

/** The records of a message, one for each frame; views into `text`. */
export function splitText(id: number, text: Uint8Array): TextRecord[] {
  const records: TextRecord[] = [];
  for (let at = 0, part = 0; part === 0 || at < text.length; at += TEXT_PART_LIMIT, part++) {
    const end = Math.min(at + TEXT_PART_LIMIT, text.length);
    records.push({ type: 'text', id, part, last: end === text.length, text: text.subarray(at, end) });
  }
  return records;
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
      parts.push(plainCopy(record.text));
      length += record.text.length;
      if (!record.last) return undefined;
      const text = concat(...parts);
      wipe();
      nextId = record.id + 1;
      return { id: record.id, text };
    },
    wipe,
  };
}
