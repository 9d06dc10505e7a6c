/**
 * The kit for other implementations (test/kit/README.md) is what this one does: a whole conversation with everything that was
 * drawn and sealed, and messages that must not get through. `-u` writes it anew.
 */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createTweetnaclCrypto } from '../../../adapters/crypto/tweetnacl.js';
import { isRemoteProtocolError } from '../../../core/errors.js';
import type { CryptoPort, Part } from '../../../core/ports.js';
import { ascii, concat, hex } from '../../../core/protocol/bytes.js';
import { classify, decodePlaintext } from '../../../core/protocol/frame.js';
import { createAttempt, HANDSHAKE_LENGTHS } from '../../../core/protocol/handshake.js';
import { deterministicRandom } from '../../support/deterministic.js';
import { createPair, SIDES, utf8 } from '../../support/pair.js';
import { talk } from '../../support/transcript.js';

const KIT = '../../kit';

interface Sealed {
  readonly key: string;
  readonly nonce: string;
  readonly ad: string;
  /** Without the zeros at its end. */
  readonly plaintext: string;
  readonly length: number;
}

/** A crypto whose draws and seals are written down. */
function watched(side: string): { crypto: CryptoPort; drawn: string[]; sealed: Sealed[] } {
  const drawn: string[] = [];
  const sealed: Sealed[] = [];
  const source = deterministicRandom(side);
  const inner = createTweetnaclCrypto({
    random(n) {
      const bytes = source(n);
      drawn.push(hex(bytes));
      return bytes;
    },
  });
  const plain = (part: Part): string => hex(part instanceof Uint8Array ? part : inner.reveal(part));
  const crypto = Object.create(inner, {
    seal: {
      value: (...[key, nonce, ad, plaintext, head]: Parameters<CryptoPort['seal']>) => {
        const whole = concat(...plaintext);
        const text = hex(whole).replace(/(?:00)+$/, '');
        sealed.push({ key: plain(key), nonce: plain(nonce), ad: hex(ad), plaintext: text, length: whole.length });
        return inner.seal(key, nonce, ad, plaintext, head);
      },
    },
  }) as CryptoPort;
  return { crypto, drawn, sealed };
}

function conversation() {
  const sides = { left: watched('left'), right: watched('right') };
  const pair = createPair({ left: { crypto: sides.left.crypto, name: 'Ada' }, right: { crypto: sides.right.crypto } });
  talk(pair, 3_000);
  pair.cut('left');
  pair.cut('right');
  pair.send('left', 'said while the line was down');
  pair.advance(20_000);
  pair.ui('left', { type: 'quit' });
  pair.advance(5000);
  expect(pair.right.messages.map(({ length }) => length)).toEqual([5, 3000, 28]);
  expect(pair.left.ended).toBeDefined();
  return Object.fromEntries(
    SIDES.map((side) => [
      side,
      {
        joins: pair[side].joins,
        words: pair[side].words.map((word) => Number(word.replace('word', ''))),
        drawn: sides[side].drawn,
        sealed: sides[side].sealed,
        said: pair[side].frames.map(hex),
      },
    ]),
  );
}

/** What a side that has just made M0 does with each message. */
function handshakes() {
  const { m0, m1, m2, m3 } = HANDSHAKE_LENGTHS;
  const head = (type: number, version = 1): Uint8Array => Uint8Array.of(type, version);
  const filled = (...[type, length, version]: [number, number, number?]): Uint8Array =>
    concat(head(type, version), new Uint8Array(length - 2).fill(7));
  const messages: readonly (readonly [string, Uint8Array])[] = [
    ['nothing', new Uint8Array(0)],
    ['a type and nothing behind it', Uint8Array.of(1)],
    ['M0 of another version', filled(1, m0, 2)],
    ['M0, one byte short', filled(1, m0 - 1)],
    ['M0, one byte long', filled(1, m0 + 1)],
    ['M1 before M0', filled(2, m1)],
    ['M2 before M0', filled(3, m2)],
    ['M3 before M0', filled(4, m3)],
    ['a type that there is not', filled(5, m0)],
    ['a frame before the keys', concat(Uint8Array.of(0x10), new Uint8Array(1279))],
    ['M0 of a peer', filled(1, m0)],
  ];
  return messages.map(([what, message]) => {
    const crypto = createTweetnaclCrypto({ random: deterministicRandom('kit') });
    const setting = { mode: 1 as const, roomId: new Uint8Array(32) };
    const caps = { version: ascii('1'), name: utf8(''), features: 0 };
    const attempt = createAttempt(crypto, crypto.take(utf8('tunnel-anchor-mango')), setting, caps);
    const { type } = attempt.handle(message);
    attempt.wipe();
    return { what, message: hex(message), then: type };
  });
}

/** Plaintexts of frames that verified. */
function plaintexts() {
  const record = (type: number, value: readonly number[], length = value.length): number[] => [
    ...[type, length >> 16, (length >> 8) & 255, length & 255],
    ...value,
  ];
  const of = (...bytes: number[]): Uint8Array => Uint8Array.of(0, 0, 0, 0, 0, 0, ...bytes);
  const text = [0, 0, 0, 0, 0, 0, 1];
  const list: readonly (readonly [string, Uint8Array])[] = [
    ['nothing but an ack', of()],
    ['padding', of(0, 0, 0)],
    ['padding that is not zero', of(0, 0, 1)],
    ['a record, then padding that is not zero', of(...record(9, []), 0, 5)],
    ['a record without its length', of(1, 0)],
    ['a record longer than the frame', of(...record(8, [65], 200))],
    ['a record longer than any frame', of(8, 255, 255, 255)],
    ['a type that is not known yet', of(...record(77, [1, 2, 3]))],
    ['type 3', of(...record(3, []))],
    ['text', of(...record(1, [...text, 104, 105]))],
    ['text shorter than its head', of(...record(1, text.slice(0, 6)))],
    ['text that is neither last nor not', of(...record(1, [...text.slice(0, 6), 2, 65]))],
    ['a receipt', of(...record(2, [0, 0, 0, 7]))],
    ['a receipt of five bytes', of(...record(2, [0, 0, 0, 7, 0]))],
    ['confirmed, with something', of(...record(4, [0]))],
    ['a name of 64 bytes', of(...record(8, new Array<number>(64).fill(65)))],
    ['a name of 65 bytes', of(...record(8, new Array<number>(65).fill(65)))],
    ['bye for a reason that there is not', of(...record(13, [9]))],
    ['bye without a reason', of(...record(13, []))],
    ['an offer of one byte', of(...record(6, [1]))],
    ['an answer of one byte', of(...record(7, [1]))],
    ['words-commit without its value', of(...record(16, [0, 0, 0, 0, 0, 0, 0, 1]))],
    ['bulk-open of a kind that there is not', of(...record(10, [0, 0, 0, 0, 9]))],
    ['bulk-close by nobody', of(...record(12, [0x43, 0, 0, 0, 0, 0]))],
    ['bulk-close for a reason that there is not', of(...record(12, [0x41, 0, 0, 0, 0, 99]))],
    ['paths without a token', of(...record(19, [0]))],
  ];
  return list.map(([what, plaintext]) => {
    try {
      return { what, plaintext: hex(plaintext), then: decodePlaintext(plaintext).records.map(({ type }) => type) };
    } catch (error) {
      if (!isRemoteProtocolError(error)) throw error;
      return { what, plaintext: hex(plaintext), then: 'violation' };
    }
  });
}

function shapes() {
  const list = [1279, 1280, 1281, 4096, 16_384, 16_385].map((size) => [0x10, size] as const);
  return [
    ...list,
    [0x20, 16_384] as const,
    [0x20, 65_472] as const,
    [0x20, 65_536] as const,
    [0x20, 1280] as const,
  ].map(([type, size]) => {
    const bytes = new Uint8Array(size);
    bytes[0] = type;
    return { type, size, then: classify(bytes) };
  });
}

const json = (value: unknown): string => `${JSON.stringify(value, undefined, 1)}\n`;

describe('the kit', () => {
  it('has this conversation', async () => {
    await expect(json(conversation())).toMatchFileSnapshot(`${KIT}/conversation.json`);
  });

  it('has what must not get through', async () => {
    const made = { handshake: handshakes(), shapes: shapes(), plaintexts: plaintexts() };
    const [dropped, violations] = [
      made.handshake.filter(({ then }) => then === 'dropped').length,
      made.plaintexts.filter(({ then }) => then === 'violation').length,
    ];
    expect([dropped > 5, violations > 10]).toEqual([true, true]);
    await expect(json(made)).toMatchFileSnapshot(`${KIT}/malformed.json`);
  });

  it('draws what its README says', () => {
    const first = createHash('sha512').update('left 0').digest();
    expect(hex(deterministicRandom('left')(32))).toBe(hex(first.subarray(0, 32)));
  });
});
