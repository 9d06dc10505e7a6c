/** What comes over a direct path, in any pieces, and what ends it at once. */
import { describe, expect, it } from 'vitest';
import { createReader, PATH_FRAME_LIMIT } from '../../../adapters/direct/reader.js';
import { PATH_LENGTHS } from '../../../core/protocol/path-proof.js';
import { fc } from '../../support/chance.js';

function message(type: number): Uint8Array {
  return new Uint8Array(PATH_LENGTHS[type] ?? 0).fill(type);
}

function framed(bytes: Uint8Array): Uint8Array {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(bytes.length);
  return Buffer.concat([head, bytes]);
}

interface Read {
  readonly messages: Uint8Array[];
  readonly frames: Uint8Array[];
  readonly reader: ReturnType<typeof createReader>;
}

function reading(): Read {
  const [messages, frames]: [Uint8Array[], Uint8Array[]] = [[], []];
  const reader = createReader({ message: (each) => messages.push(each), frame: (each) => frames.push(each) });
  return { messages, frames, reader };
}

describe('the reader of a path', () => {
  it('gives the messages of the proof, holds back what follows the choice, then gives frames, in any pieces', () => {
    const frames = [Uint8Array.of(1), new Uint8Array(1280).fill(2), new Uint8Array(PATH_FRAME_LIMIT).fill(3)];
    const all = Buffer.concat([message(7), message(8), message(9), ...frames.map(framed)]);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: all.length }), { maxLength: 20 }), fc.nat(10), (sizes, when) => {
        const read = reading();
        let [at, pieces] = [0, 0];
        let opened = false;
        const open = (): void => {
          if (opened || !read.reader.held) return;
          opened = true;
          expect(read.reader.frames()).toBe(true);
        };
        for (const size of [...sizes, all.length]) {
          expect(read.reader.push(all.subarray(at, at + size))).toBe(true);
          at = Math.min(all.length, at + size);
          pieces += 1;
          if (pieces > when) open();
        }
        open();
        expect(read.messages.map(([type]) => type)).toEqual([7, 8, 9]);
        expect(read.frames.map((each) => [each.length, each[0]])).toEqual(frames.map((each) => [each.length, each[0]]));
      }),
    );
  });

  it('reads one byte at a time', () => {
    const read = reading();
    for (const byte of Buffer.concat([message(7), message(8)]))
      expect(read.reader.push(Uint8Array.of(byte))).toBe(true);
    expect(read.messages).toHaveLength(2);
    expect(read.reader.frames()).toBe(true);
    for (const byte of framed(Uint8Array.of(9, 9))) expect(read.reader.push(Uint8Array.of(byte))).toBe(true);
    expect(read.frames).toEqual([Uint8Array.of(9, 9)]);
  });

  it('ends at what is no message of a proof, before it is whole', () => {
    for (const first of [0, 1, 5, 6, 10, 0x10, 0x20, 0x47, 255]) {
      const read = reading();
      expect(read.reader.push(Uint8Array.of(first))).toBe(false);
      expect(read.reader.push(message(7))).toBe(false);
      expect(read.messages).toEqual([]);
      expect(read.reader.frames()).toBe(false);
    }
  });

  it('takes no memory for a length that may not be', () => {
    for (const length of [0, PATH_FRAME_LIMIT + 1, 0x7fff_ffff, 0xffff_ffff]) {
      const read = reading();
      read.reader.frames();
      const head = Buffer.alloc(4);
      head.writeUInt32BE(length);
      expect(read.reader.push(head)).toBe(false);
      expect(read.reader.push(new Uint8Array(100))).toBe(false);
      expect(read.frames).toEqual([]);
    }
  });

  it('gives bytes of their own', () => {
    const read = reading();
    const piece = message(7);
    read.reader.push(piece);
    piece.fill(0);
    expect(read.messages[0]).toEqual(message(7));
  });
});
