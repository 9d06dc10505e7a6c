/** One stream of this side: what is asked for, sealed and kept, how far the peer lets it go (protocol.md section 8). */
import { describe, expect, it } from 'vitest';
import { RemoteProtocolError } from '../../../../core/errors.js';
import { CHUNK_SIZES } from '../../../../core/protocol/frame.js';
import { asKey } from '../../../../core/protocol/keys.js';
import { createOutgoing, HELD_BYTES, HELD_CHUNKS, READ_AHEAD } from '../../../../core/session/bulk/outgoing.js';
import { TH } from '../../../support/bulk.js';
import { createPlainSeal } from '../../../support/plain-seal.js';

const [SMALL, LARGE] = CHUNK_SIZES;

function sending() {
  const crypto = createPlainSeal();
  const stream = createOutgoing(crypto, TH, 'A', 3, asKey<'stream'>(crypto.take(new Uint8Array(64).fill(7))));
  /** Gives what is asked for. */
  function feed(): number {
    const count = stream.wish();
    for (let n = 0; n < count; n++) stream.add(Uint8Array.of(n), false);
    return count;
  }
  function all(): Uint8Array[] {
    const chunks: Uint8Array[] = [];
    for (;;) {
      feed();
      const chunk = stream.next(HELD_BYTES);
      if (chunk === undefined) return chunks;
      chunks.push(chunk);
    }
  }
  return { crypto, stream, feed, all };
}

/** The peer has granted so many, and all of them are out. */
function sent(count: number) {
  const one = sending();
  one.stream.credit(0, count, false);
  const chunks = one.all();
  expect(chunks).toHaveLength(count);
  return { ...one, chunks };
}

describe('data', () => {
  it('is asked for when the peer takes it, a little ahead, and no more than may be sealed soon', () => {
    const { stream } = sending();
    expect([stream.accepted, stream.wish(), stream.next(HELD_BYTES)]).toEqual([false, 0, undefined]);
    stream.credit(0, 16, false);
    expect([stream.accepted, stream.wish(), stream.wish()]).toEqual([true, READ_AHEAD, 0]);
    stream.add(Uint8Array.of(1), false);
    expect(stream.wish()).toBe(0);
    expect(stream.next(HELD_BYTES)).toHaveLength(SMALL);
    expect(stream.wish()).toBe(1);
    const little = sending().stream;
    little.credit(0, 2, false);
    expect(little.wish()).toBe(2);
  });

  it('that was asked for before a window was taken back is counted', () => {
    const { stream } = sending();
    stream.credit(0, 16, false);
    expect(stream.wish()).toBe(READ_AHEAD);
    stream.credit(0, 1, false);
    expect(stream.wish()).toBe(0);
    stream.credit(0, 16, false);
    expect(stream.wish()).toBe(0);
    for (let n = 0; n < READ_AHEAD; n++) stream.add(Uint8Array.of(n), false);
    stream.credit(0, 1, false);
    expect(stream.next(HELD_BYTES)).toBeDefined();
    expect(stream.next(HELD_BYTES)).toBeUndefined();
  });

  it('is wiped when it is sealed, cannot be sealed, or is not wanted any more', () => {
    const { stream, crypto } = sending();
    stream.credit(0, 16, false);
    stream.wish();
    const data = [1, 2, 3].map((byte) => Uint8Array.of(byte));
    for (const each of data) stream.add(each, false);
    stream.next(HELD_BYTES);
    expect(data.map(([byte]) => byte)).toEqual([0, 2, 3]);
    crypto.seal = () => {
      throw new Error('broken');
    };
    expect(() => stream.next(HELD_BYTES)).toThrow('broken');
    expect(data.map(([byte]) => byte)).toEqual([0, 0, 3]);
    stream.wipe();
    expect(data.map(([byte]) => byte)).toEqual([0, 0, 0]);
    expect([stream.held, crypto.live]).toEqual([0, 0]);
  });

  it('ends with the last piece', () => {
    const { stream } = sending();
    stream.credit(0, 16, false);
    stream.wish();
    stream.add(new Uint8Array(0), true);
    expect([stream.wish(), stream.complete]).toEqual([0, false]);
    stream.next(HELD_BYTES);
    expect([stream.wish(), stream.complete, stream.next(HELD_BYTES)]).toEqual([0, true, undefined]);
  });
});

describe('what is kept', () => {
  it('is so many chunks at most, whatever was granted; what the peer has is kept no more', () => {
    const { stream, all } = sending();
    stream.credit(0, 2 * HELD_CHUNKS, false);
    expect(all()).toHaveLength(HELD_CHUNKS);
    expect([stream.held, stream.wish()]).toEqual([HELD_CHUNKS * SMALL, 0]);
    stream.credit(1, 2 * HELD_CHUNKS, false);
    expect(stream.held).toBe((HELD_CHUNKS - 1) * SMALL);
    expect(all()).toHaveLength(1);
  });

  it('is nothing new where there is no room for the larger size', () => {
    const { stream, feed } = sending();
    stream.credit(0, 16, false);
    feed();
    expect(stream.next(LARGE - 1)).toBeUndefined();
    expect(stream.next(LARGE)).toHaveLength(SMALL);
  });
});

describe('the word of the peer', () => {
  it('is neither above what was sealed nor back', () => {
    const { stream } = sent(2);
    expect(() => stream.credit(3, 16, false)).toThrow(RemoteProtocolError);
    stream.credit(1, 16, false);
    stream.credit(1, 16, false);
    expect(() => stream.credit(0, 16, false)).toThrow(RemoteProtocolError);
    expect(stream.held).toBe(SMALL);
    stream.credit(2, 16, false);
    expect(stream.held).toBe(0);
  });

  it('goes as far as it says', () => {
    const { stream, all } = sent(2);
    stream.credit(2, 3, false);
    expect(all()).toHaveLength(3);
  });

  it('after a break a fresh one is waited for: then the same bytes from its counter on', () => {
    const { stream, chunks, all } = sent(3);
    stream.interrupted();
    expect(all()).toEqual([]);
    stream.credit(0, 3, false);
    expect(all()).toEqual([]);
    stream.credit(1, 3, true);
    expect(all()).toEqual([...chunks.slice(1), expect.any(Uint8Array)]);
  });

  it('without a break nothing is sent again, however fresh it is', () => {
    const { stream, all } = sent(3);
    stream.credit(1, 2, true);
    expect(all()).toEqual([]);
  });

  it('what the peer has meanwhile is not sent again', () => {
    const { stream, chunks, all } = sent(3);
    stream.interrupted();
    stream.credit(0, 3, true);
    stream.credit(2, 1, true);
    expect(all()).toEqual(chunks.slice(2));
  });
});
