/**
 * Bulk streams between two honest sides over a connection that breaks, and what each side refuses of a hostile one
 * (protocol.md section 8).
 */
import type { BulkOffer } from '../../../../core/bulk-port.js';
import { describe, expect, it } from 'vitest';
import { RemoteProtocolError } from '../../../../core/errors.js';
import type { BulkRecord } from '../../../../core/protocol/bulk-records.js';
import { CHUNK_DATA, sealChunk } from '../../../../core/protocol/chunk.js';
import { CHUNK_SIZES } from '../../../../core/protocol/frame.js';
import { asKey } from '../../../../core/protocol/keys.js';
import {
  CREDIT_EVERY,
  GRANTED_CHUNKS,
  NARROW_AFTER,
  WIDEN_WITHIN,
  WINDOW_LEAST,
  WINDOW_MAX,
  WINDOW_MIN,
} from '../../../../core/session/bulk/incoming.js';
import { HELD_BYTES, HELD_CHUNKS } from '../../../../core/session/bulk/outgoing.js';
import { OPEN_LIMIT } from '../../../../core/session/bulk/streams.js';
import { ascii } from '../../../../core/protocol/bytes.js';
import { createBulkPair, type BulkPair, consume, contentOf, type End, TH } from '../../../support/bulk.js';
import { fc, runs } from '../../../support/chance.js';

const PIPE: BulkOffer = { kind: 'pipe' };
const NO_KEYS = { take: () => undefined };

/** A stream from left to right, accepted, that is fed as the test says. */
function opened(content: Uint8Array, { piece = CHUNK_DATA, endless = false } = {}): { pair: BulkPair; id: number } {
  const pair = createBulkPair();
  const id = pair.left.streams.open(PIPE);
  if (id === undefined) throw new Error('not opened');
  pair.left.sources.set(id, { content, at: 0, piece, endless });
  pair.settle();
  pair.right.streams.accept(id);
  return { pair, id };
}

/** Looked at as a whole: a comparison by the byte takes minutes. */
const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

function bytes(n: number): Uint8Array {
  const all = new Uint8Array(n);
  for (let i = 0; i < n; i++) all[i] = i * 131 + (i >> 9);
  return all;
}

/** Moves everything until the stream is ended on both sides; the receiver uses all it gets. */
function finish(pair: BulkPair, id: number): void {
  for (let i = 0; i < 10_000 && pair.left.ended.length === 0; i++) {
    pair.settle();
    consume(pair.right, id);
    pair.now += 100;
  }
}

describe('an honest pair', () => {
  it.each([0, 1, 16_350, 16_351, CHUNK_DATA, CHUNK_DATA + 1, 3_000_000])('%d bytes arrive whole', (length) => {
    const content = bytes(length);
    const { pair, id } = opened(content);
    finish(pair, id);
    expect(same(contentOf(pair.right, id), content)).toBe(true);
    expect(pair.left.ended).toEqual([{ own: true, id, reason: 'whole' }]);
    expect([pair.left.streams.count, pair.right.streams.count]).toEqual([0, 0]);
    expect([pair.left.crypto.live, pair.right.crypto.live]).toEqual([0, 0]);
  });

  it('nothing is sent, and no data asked for, before the peer has accepted', () => {
    const pair = createBulkPair();
    const id = pair.left.streams.open(PIPE) ?? -1;
    pair.left.sources.set(id, { content: bytes(100), at: 0, piece: 10, endless: false });
    pair.settle();
    expect(pair.left.chunks).toBe(0);
    expect(pair.left.sources.get(id)?.at).toBe(0);
    expect(pair.right.offers.get(id)).toEqual(PIPE);
  });

  it('a refusal ends it, and wipes its keys on both sides', () => {
    const pair = createBulkPair();
    const id = pair.left.streams.open(PIPE) ?? -1;
    pair.settle();
    expect(pair.left.crypto.live + pair.right.crypto.live).toBeGreaterThan(0);
    pair.right.streams.finish(id, 'refused');
    pair.settle();
    expect(pair.left.ended).toEqual([{ own: true, id, reason: 'refused' }]);
    expect([pair.left.crypto.live, pair.right.crypto.live]).toEqual([0, 0]);
  });

  it.each(['cancelled', 'changed'] as const)('the opener ends it: %s', (reason) => {
    const { pair, id } = opened(bytes(0), { endless: true });
    pair.settle();
    pair.left.streams.abort(id, reason);
    pair.settle();
    expect(pair.right.ended).toEqual([{ own: false, id, reason }]);
    expect([pair.left.crypto.live, pair.right.crypto.live]).toEqual([0, 0]);
  });

  it('chunks in flight after a close are dropped', () => {
    const { pair, id } = opened(bytes(0), { endless: true });
    pair.work('right');
    pair.deliver('left');
    pair.work('left');
    expect(pair.left.link.some(({ type }) => type === 'chunk')).toBe(true);
    pair.right.streams.finish(id, 'disk');
    pair.settle();
    expect(pair.right.gaps).toBe(0);
    expect(pair.left.ended).toEqual([{ own: true, id, reason: 'disk' }]);
  });

  it('both end the same one of eight before either has heard of it, and the next one is opened', () => {
    const { right } = createBulkPair();
    const keys = { take: () => asKey<'stream'>(right.crypto.hash([ascii('any')])) };
    for (let id = 0; id < OPEN_LIMIT; id++) right.streams.record({ type: 'bulk-open', id, offer: PIPE }, id, keys);
    right.streams.finish(0, 'refused');
    right.streams.record({ type: 'bulk-close', opener: 'A', id: 0, reason: 'cancelled' }, OPEN_LIMIT, keys);
    right.streams.record({ type: 'bulk-open', id: OPEN_LIMIT, offer: PIPE }, OPEN_LIMIT, keys);
    expect([right.streams.count, right.streams.waiting]).toEqual([OPEN_LIMIT, false]);
  });

  it('a receiver that uses nothing stops the sender at the first window, and lets it go on', () => {
    const { pair, id } = opened(bytes(0), { endless: true });
    for (let i = 0; i < 20; i++, pair.now += 1000) pair.settle();
    expect(pair.left.chunks).toBe(WINDOW_MIN);
    consume(pair.right, id);
    pair.settle();
    expect(pair.left.chunks).toBeGreaterThan(WINDOW_MIN);
  });

  it('the window widens to its limit while everything is used, and closes again to the smallest', () => {
    const { pair, id } = opened(bytes(0), { endless: true, piece: 1 });
    const limit = (): number => pair.right.streams.granted(id);
    for (let i = 0; i < 20; i++, pair.now += 10) {
      pair.settle();
      consume(pair.right, id);
    }
    pair.settle();
    expect(limit()).toBe(WINDOW_MAX);
    expect(WINDOW_MAX).toBeLessThanOrEqual(HELD_CHUNKS);
  });

  it.each([
    [WIDEN_WITHIN, 2 * WINDOW_MIN],
    [WIDEN_WITHIN + 1, WINDOW_MIN],
    [NARROW_AFTER, WINDOW_MIN],
    [NARROW_AFTER + 1, WINDOW_MIN / 2],
  ])('the window that takes %i ms is %i chunks wide from then on: a slow way would only fill up', (takes, width) => {
    const { pair, id } = opened(bytes(0), { endless: true, piece: 1 });
    pair.settle();
    pair.now += takes;
    consume(pair.right, id);
    pair.settle();
    expect(pair.right.streams.granted(id)).toBe(width);
  });

  it('on a slow way the window closes to the least, stays there, and widens where it is quick again', () => {
    const { pair, id } = opened(bytes(0), { endless: true, piece: 1 });
    const after = (ms: number, times: number): number => {
      for (let n = 0; n < times; n++) {
        pair.now += ms;
        consume(pair.right, id);
        pair.settle();
      }
      return pair.right.streams.granted(id);
    };
    pair.settle();
    expect(after(NARROW_AFTER + 1, 2)).toBe(WINDOW_LEAST);
    expect(after(NARROW_AFTER + 1, 3)).toBe(WINDOW_LEAST);
    expect(after(CREDIT_EVERY, 1)).toBe(2 * WINDOW_LEAST);
    // A credit of which nothing was used does not make it wider.
    pair.now += 2 * CREDIT_EVERY;
    pair.settle();
    expect(after(WIDEN_WITHIN + 1, 1)).toBe(2 * WINDOW_LEAST);
    expect(after(10, 6)).toBe(WINDOW_MAX);
  });

  it('eight endless streams stay within what a side keeps and grants', () => {
    const pair = createBulkPair();
    for (let i = 0; i < OPEN_LIMIT; i++) {
      const id = pair.left.streams.open(PIPE) ?? -1;
      pair.left.sources.set(id, { content: bytes(0), at: 0, piece: 100, endless: true });
    }
    expect(pair.left.streams.open(PIPE)).toBeUndefined();
    pair.settle();
    for (let id = 0; id < OPEN_LIMIT; id++) pair.right.streams.accept(id);
    for (let i = 0; i < 8; i++, pair.now += 100) {
      pair.settle();
      let granted = 0;
      for (let id = 0; id < OPEN_LIMIT; id++) granted += pair.right.streams.granted(id);
      expect(granted).toBeLessThanOrEqual(GRANTED_CHUNKS);
      expect(pair.left.streams.held).toBeLessThanOrEqual(HELD_BYTES);
      // Some are used, some never.
      for (let id = 0; id < OPEN_LIMIT - 2; id++) consume(pair.right, id);
    }
    expect(pair.left.chunks).toBeGreaterThan(GRANTED_CHUNKS);
    pair.left.streams.wipe();
    pair.right.streams.wipe();
    expect([pair.left.crypto.live, pair.right.crypto.live]).toEqual([0, 0]);
  });

  it('streams take turns', () => {
    const pair = createBulkPair();
    for (let i = 0; i < 3; i++) {
      const id = pair.left.streams.open(PIPE) ?? -1;
      pair.left.sources.set(id, { content: bytes(0), at: 0, piece: 1, endless: true });
    }
    pair.settle();
    for (let id = 0; id < 3; id++) pair.right.streams.accept(id);
    pair.work('right');
    while (pair.deliver('left'));
    pair.work('left', 6);
    const ids = pair.left.link.flatMap((sent) => (sent.type === 'chunk' ? [sent.chunk[5]] : []));
    expect(ids).toHaveLength(6);
    for (let id = 0; id < 3; id++) expect(ids.filter((each) => each === id)).toHaveLength(2);
  });
});

describe('a connection that breaks', () => {
  it('after a resume nothing is sent before a credit that was sealed after it, and then from its counter on', () => {
    const { pair, id } = opened(bytes(40 * CHUNK_DATA));
    pair.settle();
    consume(pair.right, id);
    // Credits are on the way, chunks too, when the connection breaks.
    pair.work('right');
    pair.deliver('left');
    pair.work('left');
    const before = pair.left.chunks;
    pair.cut();
    pair.resume();
    pair.work('left');
    expect(pair.left.chunks).toBe(before);
    finish(pair, id);
    expect(pair.right.gaps).toBe(0);
    expect(same(contentOf(pair.right, id), bytes(40 * CHUNK_DATA))).toBe(true);
  });

  it('a credit that is lost in each cut is no loop: every connection makes progress', () => {
    const content = bytes(60 * CHUNK_DATA);
    const { pair, id } = opened(content);
    let rounds = 0;
    while (pair.left.ended.length === 0 && rounds < 100) {
      rounds += 1;
      // The connection lives just long enough for the first credit and three chunks.
      pair.work('right');
      while (pair.deliver('left'));
      pair.work('left', 3);
      while (pair.deliver('right'));
      consume(pair.right, id);
      pair.now += 1000;
      pair.cut();
      pair.resume();
    }
    expect(rounds).toBeLessThan(40);
    expect(same(contentOf(pair.right, id), content)).toBe(true);
    expect(pair.right.gaps).toBe(0);
  });

  it('a chunk that is lost is a resync, and nothing is taken twice or out of order', () => {
    const content = bytes(10 * CHUNK_DATA);
    const { pair, id } = opened(content);
    pair.work('right');
    while (pair.deliver('left'));
    pair.work('left');
    const lost = pair.left.link.findIndex(({ type }) => type === 'chunk');
    pair.left.link.splice(lost + 1, 1);
    while (pair.deliver('right'));
    expect(pair.right.gaps).toBe(1);
    pair.resume();
    finish(pair, id);
    expect(same(contentOf(pair.right, id), content)).toBe(true);
  });

  it('any schedule of work, delivery, use and cuts ends whole and in order', () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ type: fc.constant('work'), left: fc.boolean(), chunks: fc.nat(5) }) },
      { weight: 12, arbitrary: fc.record({ type: fc.constant('deliver'), left: fc.boolean(), chunks: fc.nat(20) }) },
      { weight: 4, arbitrary: fc.record({ type: fc.constant('use'), left: fc.boolean(), chunks: fc.constant(0) }) },
      { weight: 1, arbitrary: fc.record({ type: fc.constant('cut'), left: fc.boolean(), chunks: fc.nat(3) }) },
    );
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 60 }),
        fc.integer({ min: 0, max: 200_000 }),
        fc.integer({ min: 1, max: CHUNK_DATA }),
        (steps, length, piece) => {
          const content = bytes(length);
          const { pair, id } = opened(content, { piece: Math.max(piece, Math.ceil(length / 60)) });
          for (const { type, left, chunks } of steps) {
            if (type === 'work') pair.work(left ? 'left' : 'right', chunks);
            if (type === 'deliver') for (let i = 0; i < chunks; i++) pair.deliver(left ? 'left' : 'right');
            if (type === 'use') consume(pair.right, id);
            if (type === 'cut') {
              pair.cut();
              if (left) pair.now += 1000 * chunks;
              pair.resume();
            }
            expect(pair.left.streams.held).toBeLessThanOrEqual(HELD_BYTES);
          }
          finish(pair, id);
          expect(same(contentOf(pair.right, id), content)).toBe(true);
          expect(pair.left.ended).toEqual([{ own: true, id, reason: 'whole' }]);
          expect([pair.right.gaps, pair.left.crypto.live, pair.right.crypto.live]).toEqual([0, 0, 0]);
        },
      ),
      { numRuns: runs(20, 100) },
    );
  });
});

describe('a hostile peer', () => {
  /** What the left side says to the right without being asked. */
  const say = (to: End, record: BulkRecord, seq = 1000): void =>
    to.streams.record(record, seq, { take: () => asKey<'stream'>(to.crypto.hash([ascii('any')])) });
  const credit = (id: number, counter: number, window: number): BulkRecord => ({
    type: 'bulk-credit',
    id,
    counter,
    window,
  });

  it('opens a ninth stream, or one out of order', () => {
    const { right } = createBulkPair();
    for (let id = 0; id < OPEN_LIMIT; id++) say(right, { type: 'bulk-open', id, offer: PIPE });
    const live = right.crypto.live;
    expect(() => say(right, { type: 'bulk-open', id: OPEN_LIMIT, offer: PIPE })).toThrow(RemoteProtocolError);
    expect(right.crypto.live).toBe(live);
    const fresh = createBulkPair().right;
    expect(() => say(fresh, { type: 'bulk-open', id: 1, offer: PIPE })).toThrow(RemoteProtocolError);
    expect(fresh.crypto.live).toBe(0);
  });

  it('opens again and again while our refusals do not get out', () => {
    const { right } = createBulkPair();
    for (let id = 0; id < OPEN_LIMIT; id++) {
      say(right, { type: 'bulk-open', id, offer: PIPE });
      right.streams.finish(id, 'refused');
    }
    expect(() => say(right, { type: 'bulk-open', id: OPEN_LIMIT, offer: PIPE })).toThrow(RemoteProtocolError);
  });

  it('says of an id that was used before that it is new', () => {
    const { right } = createBulkPair();
    say(right, { type: 'bulk-open', id: 0, offer: PIPE });
    say(right, { type: 'bulk-close', opener: 'A', id: 0, reason: 'cancelled' });
    expect(() => say(right, { type: 'bulk-open', id: 0, offer: PIPE })).toThrow(RemoteProtocolError);
  });

  it.each([
    ['above what was sealed', [credit(0, 1, 16)]],
    ['lower than one before', [credit(0, 2, 16), credit(0, 1, 16)]],
    ['for a stream that was never opened', [credit(1, 0, 16)]],
  ] as const)('gives a credit %s', (_what, credits) => {
    const pair = createBulkPair();
    const id = pair.left.streams.open(PIPE) ?? -1;
    pair.left.sources.set(id, { content: bytes(0), at: 0, piece: 10, endless: true });
    pair.work('left');
    const [first, ...rest] = credits;
    if (rest.length > 0) {
      say(pair.left, credit(id, 0, 16));
      pair.work('left');
      say(pair.left, first);
    }
    expect(() => say(pair.left, rest[0] ?? first)).toThrow(RemoteProtocolError);
  });

  it('grants without end: no more is sealed than a side keeps', () => {
    const pair = createBulkPair();
    for (let i = 0; i < OPEN_LIMIT; i++) {
      const id = pair.left.streams.open(PIPE) ?? -1;
      pair.left.sources.set(id, { content: bytes(0), at: 0, piece: CHUNK_DATA, endless: true });
    }
    pair.work('left');
    for (let id = 0; id < OPEN_LIMIT; id++) say(pair.left, credit(id, 0, 0xffff_ffff));
    pair.work('left');
    expect(pair.left.streams.held).toBeGreaterThan(HELD_BYTES - CHUNK_SIZES[1]);
    expect(pair.left.streams.held).toBeLessThanOrEqual(HELD_BYTES);
    const alone = createBulkPair();
    const id = alone.left.streams.open(PIPE) ?? -1;
    alone.left.sources.set(id, { content: bytes(0), at: 0, piece: 10, endless: true });
    alone.work('left');
    say(alone.left, credit(id, 0, 0xffff_ffff));
    alone.work('left');
    expect(alone.left.chunks).toBe(HELD_CHUNKS);
  });

  it.each([
    ['whole before the end', 'whole', true],
    ['refused after it was accepted', 'refused', true],
    ['changed, which only the opener can say', 'changed', false],
  ] as const)('ends our stream: %s', (_what, reason, accepted) => {
    const pair = createBulkPair();
    const id = pair.left.streams.open(PIPE) ?? -1;
    pair.work('left');
    if (accepted) say(pair.left, credit(id, 0, 16));
    expect(() => say(pair.left, { type: 'bulk-close', opener: 'A', id, reason })).toThrow(RemoteProtocolError);
    expect(pair.left.ended).toEqual([]);
  });

  it.each(['whole', 'refused', 'disk', 'bad hash', 'disagrees'] as const)('ends its own stream: %s', (reason) => {
    const { right } = createBulkPair();
    say(right, { type: 'bulk-open', id: 0, offer: PIPE });
    expect(() => say(right, { type: 'bulk-close', opener: 'A', id: 0, reason })).toThrow(RemoteProtocolError);
  });

  it('ends a stream that was never opened', () => {
    const { right } = createBulkPair();
    for (const opener of ['A', 'B'] as const) {
      expect(() => say(right, { type: 'bulk-close', opener, id: 0, reason: 'cancelled' })).toThrow(RemoteProtocolError);
    }
  });

  /** A chunk as the peer can make it that opened the stream in `opened`. */
  function forge(pair: BulkPair, counter: number, data = bytes(10), last = false): Uint8Array {
    const { crypto } = pair.right;
    const first = crypto.hash([ascii('any')]);
    const key = asKey<'chunk'>(crypto.expand(first, ascii('securechat/1 key'), 32));
    try {
      return sealChunk(crypto, key, TH, { opener: 'A', id: 0, counter }, data, last);
    } finally {
      first.wipe();
      key.wipe();
    }
  }

  it('sends before it was accepted, and beyond what was granted', () => {
    const pair = createBulkPair();
    say(pair.right, { type: 'bulk-open', id: 0, offer: PIPE });
    expect(() => pair.right.streams.chunk(forge(pair, 0))).toThrow(RemoteProtocolError);
    const accepted = createBulkPair();
    say(accepted.right, { type: 'bulk-open', id: 0, offer: PIPE });
    accepted.right.streams.accept(0);
    accepted.work('right');
    for (let counter = 0; counter < WINDOW_MIN; counter++) {
      expect(accepted.right.streams.chunk(forge(accepted, counter))).toBe('taken');
    }
    // The next one has another key, and opens just as well.
    const { crypto } = accepted.right;
    const second = crypto.expand(crypto.hash([ascii('any')]), ascii('securechat/1 next'), 64);
    const key = asKey<'chunk'>(crypto.expand(second, ascii('securechat/1 key'), 32));
    const beyond = sealChunk(crypto, key, TH, { opener: 'A', id: 0, counter: WINDOW_MIN }, bytes(1), false);
    expect(() => accepted.right.streams.chunk(beyond)).toThrow(RemoteProtocolError);
  });

  it('sends after the last chunk, twice, out of turn, of nobody, of us: never taken', () => {
    const pair = createBulkPair();
    say(pair.right, { type: 'bulk-open', id: 0, offer: PIPE });
    pair.right.streams.accept(0);
    pair.work('right');
    const { streams } = pair.right;
    expect(streams.chunk(forge(pair, 1))).toBe('gap');
    expect(streams.chunk(forge(pair, 0))).toBe('taken');
    expect(streams.chunk(forge(pair, 0))).toBe('dropped');
    const flipped = forge(pair, 1);
    flipped[100] = (flipped[100] ?? 0) ^ 1;
    expect(streams.chunk(flipped)).toBe('gap');
    expect(streams.chunk(forge(pair, 1, bytes(3), true))).toBe('taken');
    expect(streams.chunk(forge(pair, 2))).toBe('gap');
    const reflected = forge(pair, 2);
    reflected[1] = 0x42;
    expect(streams.chunk(reflected)).toBe('gap');
    const unknown = forge(pair, 0);
    unknown[5] = 9;
    expect(streams.chunk(unknown)).toBe('gap');
    expect(streams.chunk(new Uint8Array(16384))).toBe('gap');
    streams.finish(0, 'whole');
    expect(streams.chunk(forge(pair, 2))).toBe('dropped');
  });

  it('whatever records and chunks come, in whatever order: a protocol error or nothing, within the bounds', () => {
    const id = fc.nat(10);
    const record: fc.Arbitrary<BulkRecord> = fc.oneof(
      id.map((each) => ({ type: 'bulk-open', id: each, offer: PIPE }) as const),
      fc
        .tuple(id, fc.nat(20), fc.constantFrom(0, 1, 16, 256, 0xffff_ffff))
        .map(([each, counter, window]) => ({ type: 'bulk-credit', id: each, counter, window }) as const),
      fc
        .record({
          opener: fc.constantFrom('A' as const, 'B' as const),
          id,
          reason: fc.constantFrom('whole', 'refused', 'cancelled', 'disk', 'changed', 'bad hash', 'disagrees'),
        })
        .map((close) => ({ type: 'bulk-close', ...close }) as const),
    );
    const act = fc.oneof(
      record.map((each) => (pair: BulkPair) => say(pair.right, each)),
      fc.nat(40).map((counter) => (pair: BulkPair) => void pair.right.streams.chunk(forge(pair, counter))),
      id
        .map(
          (each) =>
            ({ streams }: End) =>
              streams.accept(each),
        )
        .map((do_) => (pair: BulkPair) => do_(pair.right)),
      fc.constant((pair: BulkPair) => void pair.right.streams.open(PIPE)),
      fc.constant((pair: BulkPair) => pair.work('right', 10)),
    );
    fc.assert(
      fc.property(fc.array(act, { maxLength: 40 }), (acts) => {
        const pair = createBulkPair();
        try {
          for (const each of acts) each(pair);
        } catch (error) {
          expect(error).toBeInstanceOf(RemoteProtocolError);
        }
        const { streams } = pair.right;
        expect(streams.count).toBeLessThanOrEqual(2 * OPEN_LIMIT);
        expect(streams.held).toBeLessThanOrEqual(HELD_BYTES);
        streams.wipe();
        expect(pair.right.ended.every(({ reason, own }) => reason !== 'whole' || own)).toBe(true);
      }),
      { numRuns: runs(200, 1000) },
    );
  });

  it('opens a stream in a frame that brought no key', () => {
    expect(() =>
      createBulkPair().right.streams.record({ type: 'bulk-open', id: 0, offer: PIPE }, 0, NO_KEYS),
    ).toThrow();
  });
});
