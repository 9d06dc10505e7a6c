/** Streams that their own side uses wrongly or too late: a defect is named, what is over does nothing, and data is wiped. */
import type { BulkOffer } from '../../../../core/bulk-port.js';
import { describe, expect, it } from 'vitest';
import { LocalProtocolError } from '../../../../core/errors.js';
import { ascii } from '../../../../core/protocol/bytes.js';
import { CHUNK_DATA } from '../../../../core/protocol/chunk.js';
import { asKey } from '../../../../core/protocol/keys.js';
import { createBulkPair, type BulkPair } from '../../../support/bulk.js';

const PIPE: BulkOffer = { kind: 'pipe' };
const NO_KEYS = { take: () => undefined };

/** A stream of the left that the right has taken, and that is asked for data. */
function accepted(): BulkPair {
  const pair = createBulkPair();
  pair.left.streams.open(PIPE);
  pair.settle();
  pair.right.streams.accept(0);
  pair.work('right');
  while (pair.deliver('left')) {
    // Until the credit is there.
  }
  pair.left.streams.ask();
  expect(pair.left.wanted.get(0)).toBeGreaterThan(0);
  return pair;
}

describe('the opener', () => {
  it('gives no data that was not asked for, no more than a chunk holds, no piece of nothing but the last', () => {
    const { left } = accepted();
    const asked = left.wanted.get(0) ?? 0;
    expect(() => left.streams.add(0, new Uint8Array(CHUNK_DATA + 1), false)).toThrow(LocalProtocolError);
    expect(() => left.streams.add(0, new Uint8Array(0), false)).toThrow(LocalProtocolError);
    for (let i = 0; i < asked; i++) left.streams.add(0, new Uint8Array(1), false);
    expect(() => left.streams.add(0, new Uint8Array(1), false)).toThrow(LocalProtocolError);
    const other = accepted().left;
    other.streams.add(0, new Uint8Array(0), true);
    expect(() => other.streams.add(0, new Uint8Array(1), true)).toThrow(LocalProtocolError);
  });

  it('may give what comes too late for a stream that has ended: it is wiped', () => {
    const { left } = accepted();
    left.streams.abort(0, 'cancelled');
    const data = new Uint8Array(3).fill(7);
    left.streams.add(0, data, true);
    expect(data).toEqual(new Uint8Array(3));
    // It ends once.
    left.streams.abort(0, 'changed');
    expect(left.streams.next(1_000)).toMatchObject({ type: 'bulk-close', reason: 'cancelled' });
    expect(left.streams.next(1_000)).toBeUndefined();
  });

  it('and a credit that crossed its end is nothing', () => {
    const { left } = accepted();
    left.streams.abort(0, 'cancelled');
    left.streams.record({ type: 'bulk-credit', id: 0, counter: 0, window: 9 }, 9, NO_KEYS);
    expect([left.streams.count, left.accepted.size]).toEqual([0, 1]);
  });

  it('may end a stream before its bulk-open is sealed: the key that comes with it is wiped', () => {
    const { left } = createBulkPair();
    left.streams.open(PIPE);
    expect(left.streams.next(1_000)).toMatchObject({ type: 'bulk-open', id: 0 });
    left.streams.abort(0, 'cancelled');
    left.streams.sealed({ take: () => asKey<'stream'>(left.crypto.hash([ascii('any')])) });
    expect(left.crypto.live).toBe(0);
    expect(left.streams.next(1_000)).toMatchObject({ type: 'bulk-close', opener: 'A', id: 0 });
  });

  it('has no stream without its key', () => {
    const { left, right } = createBulkPair();
    left.streams.open(PIPE);
    left.streams.next(1_000);
    expect(() => left.streams.sealed(NO_KEYS)).toThrow(LocalProtocolError);
    expect(() => right.streams.record({ type: 'bulk-open', id: 0, offer: PIPE }, 0, NO_KEYS)).toThrow(
      LocalProtocolError,
    );
  });

  it('waits for room for a record', () => {
    const { left } = createBulkPair();
    left.streams.open(PIPE);
    expect([left.streams.next(8), left.streams.waiting]).toEqual([undefined, true]);
    expect(left.streams.next(9)).toMatchObject({ type: 'bulk-open' });
    expect(left.streams.waiting).toBe(false);
  });
});

describe('the receiver', () => {
  it('calls nothing whole before its last piece, and uses no more than came', () => {
    const { right } = accepted();
    expect(() => right.streams.finish(0, 'whole')).toThrow(LocalProtocolError);
    expect(() => right.streams.used(0, 1)).toThrow(LocalProtocolError);
  });

  it('that has said yes cannot refuse any more: it cancels', () => {
    const { right } = accepted();
    right.streams.finish(0, 'refused');
    expect(right.streams.next(1_000)).toMatchObject({ type: 'bulk-close', opener: 'A', reason: 'cancelled' });
    // What concerns it from now on does nothing.
    right.streams.finish(0, 'disk');
    right.streams.accept(0);
    right.streams.used(0, 5);
    expect([right.streams.next(1_000), right.streams.count, right.streams.granted(0)]).toEqual([undefined, 0, 0]);
  });
});
