/**
 * Compare again (protocol.md section 5): the same words on both sides from a fresh epoch, every message out of its turn
 * ends the session, the limits of a minute, and what a person is told when none come.
 */
import { describe, expect, it } from 'vitest';
import { RemoteProtocolError } from '../../../core/errors.js';
import type { CryptoPort } from '../../../core/ports.js';
import type { ProtocolRecord, WordsRecord } from '../../../core/protocol/records.js';
import {
  COMPARE_MINUTE,
  COMPARE_TIMEOUT,
  COMPARES_A_MINUTE,
  type Comparison,
  createCompare,
} from '../../../core/session/compare.js';
import { type ChannelEnd, type Channels, channels } from '../../support/channels.js';
import { countRekeys } from '../../support/epochs.js';
import { ratchets } from '../../support/ratchets.js';
import { failingOnceEach } from '../../support/watched-crypto.js';

function wordsOf({ compared }: ChannelEnd): string[] {
  return compared.flatMap((what) => (what.type === 'words' ? what.words.join(' ') : []));
}

function types({ compared }: ChannelEnd): string[] {
  return compared.map(({ type }) => type);
}

describe('both sides see the same words', () => {
  it.each(['a', 'b'] as const)('when %s asks, from an epoch that begins after the request', (side) => {
    const pair = channels();
    pair.settle();
    const rekeys = countRekeys(pair.crypto);
    pair[side].channel.compare(pair.now);
    pair.settle();
    // One answer and one key of both sides, in one adapter.
    expect(rekeys()).toBe(2);
    for (const each of [pair.a, pair.b]) expect(types(each)).toEqual(['begun', 'words']);
    expect(wordsOf(pair.a)).toEqual(wordsOf(pair.b));
    expect(wordsOf(pair.a)[0]?.split(' ')).toHaveLength(4);
  });

  it('other words each time, also when both ask at once; no key stays behind', () => {
    const pair = channels();
    pair.settle();
    const { live } = pair.crypto;
    for (let i = 0; i < 5; i++) {
      pair.a.channel.compare(pair.now);
      pair.b.channel.compare(pair.now);
      pair.advance(COMPARE_MINUTE / 5);
    }
    expect(wordsOf(pair.a)).toEqual(wordsOf(pair.b));
    expect(new Set(wordsOf(pair.a)).size).toBe(5);
    expect(pair.crypto.live).toBe(live);
  });

  it('an offer that is out is completed first, then a fresh one is made', () => {
    const pair = channels();
    pair.settle();
    // A turn of the conversation: A offers after five seconds.
    for (const side of [pair.a, pair.b]) {
      side.data.push({ type: 'text', id: 0, part: 0, last: true, text: new Uint8Array(1) });
    }
    pair.settle();
    const rekeys = countRekeys(pair.crypto);
    pair.b.ready = false;
    pair.advance(5000);
    pair.a.channel.compare(pair.now);
    pair.b.ready = true;
    pair.settle();
    expect(rekeys()).toBe(4);
    expect(wordsOf(pair.a)).toEqual(wordsOf(pair.b));
    expect(wordsOf(pair.a)).toHaveLength(1);
  });

  it('over a line that breaks at any moment', () => {
    for (const side of ['a', 'b'] as const) {
      for (let cut = 1; cut < 8; cut++) {
        const pair = channels();
        pair.settle();
        pair[side].channel.compare(pair.now);
        stepUntil(pair, cut);
        pair.cut();
        pair.advance(1000);
        expect(wordsOf(pair.a)).toEqual(wordsOf(pair.b));
        expect(wordsOf(pair.a)).toHaveLength(1);
      }
    }
  });
});

/** Lets this many frames through. */
function stepUntil(pair: Channels, frames: number): void {
  for (let passed = 0; passed < frames; ) {
    for (const [from, to] of [
      [pair.a, pair.b],
      [pair.b, pair.a],
    ] as const) {
      from.channel.tick(pair.now);
      const frame = from.out.shift();
      if (frame === undefined) continue;
      const received = to.channel.receive(frame, pair.now);
      if (received.type === 'opened') received.wipe();
      passed += 1;
    }
    if (pair.a.out.length + pair.b.out.length === 0 && pair.a.channel.wakeAt(pair.now) > pair.now) return;
  }
}

describe('words that do not come', () => {
  it('within 30 seconds of a line that is up the person is told, once; they may still come', () => {
    const { b, told, take } = lone('A');
    b.ask(0);
    b.record();
    b.sealed();
    expect(b.wakeAt()).toBe(COMPARE_TIMEOUT);
    b.tick(COMPARE_TIMEOUT - 1);
    expect(told.map(({ type }) => type)).toEqual(['begun']);
    b.tick(COMPARE_TIMEOUT);
    b.tick(2 * COMPARE_TIMEOUT);
    expect(told.map(({ type }) => type)).toEqual(['begun', 'starved']);
    take('words-nonce');
    b.sealed();
    expect(told.map(({ type }) => type)).toEqual(['begun', 'starved', 'words']);
  });

  it('the time passes only while the line is up', () => {
    const pair = channels();
    pair.settle();
    pair.b.ready = false;
    pair.a.channel.compare(pair.now);
    pair.now += 20_000;
    pair.a.channel.pause(pair.now);
    expect(pair.a.channel.wakeAt(pair.now)).toBe(Number.POSITIVE_INFINITY);
    pair.now += 100_000;
    const { expected, next } = pair.b.channel.position;
    pair.a.channel.resume({ expected, next }, pair.now);
    pair.now += 9_999;
    pair.a.channel.tick(pair.now);
    expect(types(pair.a)).toEqual(['begun']);
    pair.now += 1;
    pair.a.channel.tick(pair.now);
    expect(types(pair.a)).toEqual(['begun', 'starved']);
  });
});

describe('limits', () => {
  it('A ignores an eleventh request in a minute; asked again later, the words come', () => {
    const pair = channels();
    pair.settle();
    for (let i = 0; i < COMPARES_A_MINUTE + 3; i++) {
      pair.b.channel.compare(pair.now);
      pair.settle();
    }
    expect(wordsOf(pair.a)).toHaveLength(COMPARES_A_MINUTE);
    expect(types(pair.b).at(-1)).toBe('begun');
    pair.advance(COMPARE_MINUTE);
    expect(types(pair.b)).toContain('starved');
    pair.b.channel.compare(pair.now);
    pair.settle();
    expect(wordsOf(pair.b)).toHaveLength(COMPARES_A_MINUTE + 1);
    expect(wordsOf(pair.a)).toEqual(wordsOf(pair.b));
  });

  it('B ends the session at an eleventh commitment in a minute', () => {
    const { b, take } = lone('B');
    const pass = (): void => {
      take('words-commit');
      b.record();
      b.sealed();
      const value = new Uint8Array(32).fill(1);
      b.take({ type: 'words-reveal', epoch: 0, value }, 0, 0);
    };
    for (let i = 0; i < COMPARES_A_MINUTE; i++) pass();
    expect(pass).toThrow(RemoteProtocolError);
  });
});

/** One side alone, at epoch 0; the peer's nonce is 32 times 1. */
function lone(role: 'A' | 'B', askable = true, through = (crypto: CryptoPort): CryptoPort => crypto) {
  const { a, b, crypto } = ratchets();
  const told: Comparison[] = [];
  const compare = createCompare({
    crypto: through(crypto),
    role,
    keys: role === 'A' ? a.ratchet : b.ratchet,
    fresh: () => 0,
    askable: () => askable,
    tell: (what) => void told.push(what),
  });
  // The commitment to that nonce, as A makes it: H(lv("words commit", n))[0..32].
  const label = new TextEncoder().encode('securechat/1 words commit');
  const commitment = crypto
    .digest([Uint8Array.of(label.length), label, Uint8Array.of(32), new Uint8Array(32).fill(1)])
    .subarray(0, 32);
  const take = (type: WordsRecord['type'], over: Partial<WordsRecord> = {}, frameEpoch = 0): void =>
    compare.take({ type, epoch: 0, value: commitment, ...over }, frameEpoch, 0);
  return { b: compare, take, told, crypto, commitment };
}

type Lone = ReturnType<typeof lone>;

/** A whole comparison, of each side. */
const STEPS: Readonly<Record<'A' | 'B', readonly ((one: Lone) => void)[]>> = {
  A: [
    ({ b }) => b.ask(0),
    ({ b }) => void b.record(),
    ({ b }) => b.sealed(),
    ({ take }) => take('words-nonce'),
    ({ b }) => void b.record(),
    ({ b }) => b.sealed(),
  ],
  B: [
    ({ take }) => take('words-commit'),
    ({ b }) => void b.record(),
    ({ b }) => b.sealed(),
    ({ take }) => take('words-reveal', { value: new Uint8Array(32).fill(1) }),
  ],
};

describe('out of its turn', () => {
  const TYPES = ['words-commit', 'words-nonce', 'words-reveal'] as const;

  it('a nonce or a reveal that nobody waits for, a commitment to A, a request to B', () => {
    for (const type of TYPES) expect(() => lone('A').take(type)).toThrow(RemoteProtocolError);
    for (const type of TYPES.slice(1)) expect(() => lone('B').take(type)).toThrow(RemoteProtocolError);
    expect(() => lone('B').b.take({ type: 'words-wanted' }, 0, 0)).toThrow(RemoteProtocolError);
  });

  it('another epoch than that of the frame, or of the commitment', () => {
    expect(() => lone('B').take('words-commit', { epoch: 1 }, 0)).toThrow(RemoteProtocolError);
    expect(() => lone('B').take('words-commit', {}, 1)).toThrow(RemoteProtocolError);
    const { b, take } = lone('B');
    take('words-commit');
    b.sealed();
    expect(() => take('words-reveal', { epoch: 1, value: new Uint8Array(32).fill(1) })).toThrow(RemoteProtocolError);
    const committed = lone('A');
    committed.b.ask(0);
    committed.b.record();
    committed.b.sealed();
    expect(() => committed.take('words-nonce', { epoch: 1 })).toThrow(RemoteProtocolError);
  });

  it('a second commitment, a commitment that does not open, a reveal before the nonce is out', () => {
    const twice = lone('B');
    twice.take('words-commit');
    expect(() => twice.take('words-commit')).toThrow(RemoteProtocolError);
    const early = lone('B');
    early.take('words-commit');
    expect(() => early.take('words-reveal', { value: new Uint8Array(32).fill(1) })).toThrow(RemoteProtocolError);
    const other = lone('B');
    other.take('words-commit');
    other.b.sealed();
    expect(() => other.take('words-reveal', { value: new Uint8Array(32).fill(2) })).toThrow(RemoteProtocolError);
    other.b.wipe();
  });

  it('before the own person has confirmed', () => {
    expect(() => lone('B', false).take('words-commit')).toThrow(RemoteProtocolError);
    const request: ProtocolRecord = { type: 'words-wanted' };
    expect(() => lone('A', false).b.take(request, 0, 0)).toThrow(RemoteProtocolError);
  });

  it.each(['A', 'B'] as const)('a wipe of %s leaves nothing, wherever it comes', (role) => {
    for (let stop = 0; stop <= STEPS[role].length; stop++) {
      const one = lone(role);
      const { live } = one.crypto;
      for (const step of STEPS[role].slice(0, stop)) step(one);
      if (stop === STEPS[role].length) expect(one.crypto.live).toBe(live);
      one.b.wipe();
      expect(one.crypto.live).toBe(live);
      expect(one.b.due()).toBeUndefined();
    }
  });

  it.each(['A', 'B'] as const)('nor does one after any call of the crypto of %s has failed', (role) => {
    let one: Lone | undefined;
    let live = 0;
    const failures = failingOnceEach(
      (through) => {
        one = lone(role, true, through);
        ({ live } = one.crypto);
        for (const step of STEPS[role]) step(one);
      },
      (failure) => {
        one?.b.wipe();
        expect({ failure, live: one?.crypto.live }).toEqual({ failure, live });
      },
    );
    expect(failures).toBeGreaterThan(5);
  });
});
