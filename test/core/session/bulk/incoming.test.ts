/** One stream of the peer: what is taken of it, how much more may come, and when that is said (protocol.md section 8). */
import { describe, expect, it } from 'vitest';
import { LocalProtocolError, RemoteProtocolError } from '../../../../core/errors.js';
import { sealChunk } from '../../../../core/protocol/chunk.js';
import { asKey } from '../../../../core/protocol/keys.js';
import {
  createIncoming,
  CREDIT_EVERY,
  GRANTED_CHUNKS,
  WIDEN_WITHIN,
  WINDOW_MAX,
  WINDOW_MIN,
} from '../../../../core/session/bulk/incoming.js';
import { createStreamKeys } from '../../../../core/session/bulk/keys.js';
import { NEVER } from '../../../../core/timers.js';
import { TH } from '../../../support/bulk.js';
import { createPlainSeal } from '../../../support/plain-seal.js';

const POOL = GRANTED_CHUNKS;

function receiving() {
  const crypto = createPlainSeal();
  const first = () => asKey<'stream'>(crypto.take(new Uint8Array(64).fill(7)));
  const keys = createStreamKeys(crypto, first());
  const stream = createIncoming(crypto, TH, first());
  let counter = 0;
  function take(last = false): unknown {
    const head = { opener: 'A', id: 0, counter } as const;
    const chunk = sealChunk(crypto, keys.of(counter), TH, head, Uint8Array.of(counter), last);
    keys.used(counter, last);
    counter += 1;
    return stream.receive(head, chunk);
  }
  return {
    crypto,
    stream,
    take,
    /** So many come. */
    come(count: number): void {
      for (let n = 0; n < count; n++) expect(take()).toMatchObject({ last: false });
    },
    /** The credit that is due now is sealed. */
    credit(now: number, pool = POOL) {
      const credit = stream.due(now, pool);
      if (credit !== undefined) stream.sealed(now);
      return credit;
    },
  };
}

/** Accepted, and told so. */
function accepted() {
  const one = receiving();
  one.stream.accept();
  expect(one.credit(0)).toEqual({ counter: 0, window: WINDOW_MIN });
  return one;
}

/** With a window that is twice as wide; 16 chunks were used, 32 more may come. */
function wide() {
  const one = accepted();
  one.come(WINDOW_MIN);
  one.stream.used(WINDOW_MIN);
  expect(one.credit(0)).toEqual({ counter: WINDOW_MIN, window: 2 * WINDOW_MIN });
  return one;
}

describe('what may come', () => {
  it('is nothing before it is accepted, and then the first window', () => {
    const { stream } = receiving();
    expect([stream.due(9, POOL), stream.mustCredit, stream.accepted, stream.wakeAt()]).toEqual([
      ...[undefined, false, false, NEVER],
    ]);
    expect(() => stream.sealed(0)).toThrow(LocalProtocolError);
    stream.accept();
    expect([stream.accepted, stream.mustCredit, stream.outstanding]).toEqual([true, true, 0]);
    expect(stream.due(5, POOL)).toEqual({ counter: 0, window: WINDOW_MIN });
    expect([stream.wouldHave({ counter: 0, window: WINDOW_MIN }), stream.outstanding]).toEqual([WINDOW_MIN, 0]);
    stream.sealed(5);
    expect([stream.outstanding, stream.mustCredit, stream.due(5, POOL), stream.wakeAt()]).toEqual([
      ...[WINDOW_MIN, false, undefined, NEVER],
    ]);
    expect(() => stream.sealed(5)).toThrow(LocalProtocolError);
  });

  it('is in order: what came before is late, what is not the next is a gap, more than was granted breaks a rule', () => {
    const { stream, come, take } = accepted();
    come(WINDOW_MIN);
    const chunk = new Uint8Array(16_384);
    const head = { opener: 'A', id: 0 } as const;
    expect(stream.receive({ ...head, counter: WINDOW_MIN - 1 }, chunk)).toBe('late');
    expect(stream.receive({ ...head, counter: WINDOW_MIN + 1 }, chunk)).toBe('gap');
    expect(stream.receive({ ...head, counter: WINDOW_MIN }, chunk)).toBe('gap');
    expect(() => take()).toThrow(RemoteProtocolError);
    expect(() => receiving().take()).toThrow(RemoteProtocolError);
  });

  it('is nothing after the last one', () => {
    const { stream, take } = accepted();
    take(true);
    expect([stream.complete, stream.due(1e9, POOL), stream.wakeAt()]).toEqual([true, undefined, NEVER]);
    expect(stream.receive({ opener: 'A', id: 0, counter: 1 }, new Uint8Array(16_384))).toBe('gap');
    stream.resumed();
    expect([stream.mustCredit, stream.due(1e9, POOL)]).toEqual([false, undefined]);
  });

  it('no more is used than came', () => {
    const { stream, come } = accepted();
    come(2);
    stream.used(2);
    expect(stream.outstanding).toBe(WINDOW_MIN - 2);
    expect(() => stream.used(1)).toThrow(LocalProtocolError);
  });
});

describe('a credit', () => {
  it('is due when a quarter of the window was used', () => {
    const { stream, come, credit } = accepted();
    come(4);
    stream.used(3);
    expect(stream.due(0, POOL)).toBeUndefined();
    stream.used(1);
    expect(credit(0)).toEqual({ counter: 4, window: WINDOW_MIN });
    expect(stream.due(0, POOL)).toBeUndefined();
  });

  it('and while chunks come at least so often', () => {
    const { stream, come, credit } = accepted();
    come(1);
    expect([stream.wakeAt(), stream.due(CREDIT_EVERY - 1, POOL)]).toEqual([CREDIT_EVERY, undefined]);
    expect(credit(CREDIT_EVERY)).toEqual({ counter: 1, window: WINDOW_MIN - 1 });
    expect([stream.wakeAt(), stream.due(1e9, POOL)]).toEqual([NEVER, undefined]);
    come(1);
    expect(stream.wakeAt()).toBe(2 * CREDIT_EVERY);
  });

  it('is due in any case after a resume of what was accepted', () => {
    const offered = receiving().stream;
    offered.resumed();
    expect([offered.mustCredit, offered.due(0, POOL)]).toEqual([false, undefined]);
    const { stream, credit } = accepted();
    stream.resumed();
    expect(stream.mustCredit).toBe(true);
    expect(credit(0)).toEqual({ counter: 0, window: WINDOW_MIN });
    expect(stream.mustCredit).toBe(false);
  });

  it('grants no more than the room that all streams have', () => {
    for (const [pool, window] of [
      [3, 15],
      [0, 12],
      [-5, 12],
    ] as const) {
      const { stream, come, credit } = accepted();
      come(4);
      stream.used(4);
      expect(credit(0, pool)).toEqual({ counter: 4, window });
      expect(stream.outstanding).toBe(window);
    }
  });
});

it('at the end its keys are wiped', () => {
  const { stream, come, crypto } = accepted();
  come(1);
  const { live } = crypto;
  stream.wipe();
  expect(crypto.live).toBe(live - 2);
});

describe('the window', () => {
  it.each([
    [WINDOW_MIN / 2, 0, 2 * WINDOW_MIN],
    [WINDOW_MIN / 2, WIDEN_WITHIN, 2 * WINDOW_MIN],
    [WINDOW_MIN / 2, WIDEN_WITHIN + 1, WINDOW_MIN],
    [WINDOW_MIN / 2 - 1, 0, WINDOW_MIN],
  ])('after %d of it were used, %d ms later, is %d', (used, now, width) => {
    const { stream, come, credit } = accepted();
    come(WINDOW_MIN);
    stream.used(used);
    expect(credit(now)).toEqual({ counter: WINDOW_MIN, window: used + width - WINDOW_MIN });
  });

  it('grows up to its bound', () => {
    const { stream, come, credit } = accepted();
    for (let width = 2 * WINDOW_MIN; ; width = Math.min(2 * width, WINDOW_MAX)) {
      const { outstanding } = stream;
      come(outstanding);
      stream.used(outstanding);
      expect(credit(0)?.window).toBe(width);
      if (outstanding === WINDOW_MAX) return;
    }
  });

  it.each([
    [3, 2 * CREDIT_EVERY, WINDOW_MIN],
    [3, 2 * CREDIT_EVERY - 1, 2 * WINDOW_MIN],
    [4, 2 * CREDIT_EVERY, 2 * WINDOW_MIN],
  ])('narrows when little of it was used for a while: %d in %d ms: %d', (used, now, width) => {
    const { stream, come, credit } = wide();
    come(used);
    stream.used(used);
    expect(credit(now)).toEqual({ counter: WINDOW_MIN + used, window: width });
    // What was allowed before stays so.
    expect(stream.outstanding).toBe(Math.max(2 * WINDOW_MIN - used, width));
  });

  it('never narrows below the first one', () => {
    const { stream, come, credit } = accepted();
    come(1);
    stream.used(1);
    expect(credit(2 * CREDIT_EVERY)).toEqual({ counter: 1, window: WINDOW_MIN });
  });
});
