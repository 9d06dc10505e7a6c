/**
 * Chunks on the wire: their two sizes, what is bound, and what is refused although it verifies (protocol.md section 8).
 */
import { afterAll, describe, expect, test } from 'vitest';
import { RemoteProtocolError } from '../../../core/errors.js';
import { concat } from '../../../core/protocol/bytes.js';
import { CHUNK_DATA, type ChunkHead, openChunk, readChunkHead, sealChunk } from '../../../core/protocol/chunk.js';
import { CHUNK_SIZES } from '../../../core/protocol/frame.js';
import { asBytes, asKey } from '../../../core/protocol/keys.js';
import { CRYPTOS } from '../../support/cryptos.js';

const TH = asBytes<'transcript'>(new Uint8Array(64).fill(5));
const HEAD: ChunkHead = { opener: 'B', id: 0x01020304, counter: 0x0a0b0c };

const cryptos = await Promise.all(
  CRYPTOS.map(async ({ name, create }) => {
    const crypto = await create();
    return { name, crypto, key: asKey<'chunk'>(crypto.take(new Uint8Array(32).fill(3))) };
  }),
);
const [{ crypto, key }] = cryptos as [(typeof cryptos)[number]];
const seal = (data: Uint8Array, last = false): Uint8Array => sealChunk(crypto, key, TH, HEAD, data, last);

afterAll(() => {
  for (const each of cryptos) each.crypto.wipeAll();
});

test.each([
  [1, 16384],
  [16350, 16384],
  [16351, 65472],
  [CHUNK_DATA, 65472],
])('%d bytes of data make a chunk of %d', (length, size) => {
  const data = new Uint8Array(length).fill(1);
  const chunk = seal(data, true);
  expect(chunk.length).toBe(size);
  expect(readChunkHead(chunk)).toEqual(HEAD);
  const opened = openChunk(crypto, key, TH, HEAD, chunk);
  expect(opened?.last).toBe(true);
  expect(Buffer.compare(opened?.data ?? new Uint8Array(0), data)).toBe(0);
  opened?.wipe();
  expect(opened?.data.every((byte) => byte === 0)).toBe(true);
});

test('its head stands in clear: type, opener, id, counter', () => {
  expect([...seal(new Uint8Array(1)).subarray(0, 14)]).toEqual([
    ...[0x20, 0x42, 1, 2, 3, 4],
    ...[0, 0, 0, 0, 0, 0x0a, 0x0b, 0x0c],
  ]);
});

test('every adapter makes the same bytes, and opens those of the others', () => {
  const data = new Uint8Array(20_000).map((_, i) => i);
  const [first, ...others] = cryptos.map((each) => sealChunk(each.crypto, each.key, TH, HEAD, data, false));
  for (const other of others) expect(Buffer.compare(other, first ?? new Uint8Array(0))).toBe(0);
});

test('an empty stream is one last chunk of nothing', () => {
  const opened = openChunk(crypto, key, TH, HEAD, seal(new Uint8Array(0), true));
  expect(opened).toMatchObject({ last: true });
  expect(opened?.data.length).toBe(0);
  expect(() => seal(new Uint8Array(0))).toThrow();
});

test('more than a chunk holds is not sealed', () => {
  expect(() => seal(new Uint8Array(CHUNK_DATA + 1))).toThrow();
});

test('a bit anywhere, another transcript, another counter: it does not open', () => {
  const chunk = seal(new Uint8Array(10));
  for (const at of [0, 1, 5, 13, 14, 100, 16383]) {
    const flipped = chunk.slice();
    flipped[at] = (flipped[at] ?? 0) ^ 1;
    expect(openChunk(crypto, key, TH, HEAD, flipped)).toBeUndefined();
  }
  expect(openChunk(crypto, key, asBytes<'transcript'>(new Uint8Array(64)), HEAD, chunk)).toBeUndefined();
  expect(openChunk(crypto, key, TH, { ...HEAD, counter: 1 }, chunk)).toBeUndefined();
});

test.each([
  ['a wrong size', new Uint8Array(16383).fill(0x20)],
  ['another type', concat(Uint8Array.of(0x10, 0x41), new Uint8Array(CHUNK_SIZES[0] - 2))],
  ['a role that is none', concat(Uint8Array.of(0x20, 0x43), new Uint8Array(CHUNK_SIZES[0] - 2))],
  ['a counter out of range', concat(Uint8Array.of(0x20, 0x41, 0, 0, 0, 0, 0xff), new Uint8Array(CHUNK_SIZES[0] - 7))],
])('no head: %s', (_what, bytes) => {
  expect(readChunkHead(bytes)).toBeUndefined();
});

describe('it verifies and is malformed', () => {
  /** A chunk with this plaintext, as a hostile peer can make one. */
  function forged(change: (plaintext: Uint8Array) => void): Uint8Array {
    const plaintext = new Uint8Array(CHUNK_SIZES[0] - 30);
    plaintext.set([0, 0, 0, 4, 1, 2, 3, 4]);
    change(plaintext);
    const head = seal(new Uint8Array(1)).slice(0, 14);
    const nonce = new Uint8Array(12);
    nonce.set([0x0a, 0x0b, 0x0c], 9);
    return concat(head, crypto.seal(key, nonce, concat(TH, head), [plaintext]));
  }

  test('the forger makes good ones, too', () => {
    expect(
      openChunk(
        crypto,
        key,
        TH,
        HEAD,
        forged(() => undefined),
      )?.data.length,
    ).toBe(4);
  });

  test.each([
    ['a last mark that is none', (plaintext: Uint8Array) => void (plaintext[0] = 2)],
    ['a length above the size', (plaintext: Uint8Array) => void (plaintext[1] = 1)],
    ['a length one above the size', (plaintext: Uint8Array) => plaintext.set([0x3f, 0xdf], 2)],
    ['nothing, and not the last', (plaintext: Uint8Array) => plaintext.fill(0)],
    ['padding that is not zero', (plaintext: Uint8Array) => void (plaintext[8] = 1)],
    ['its last byte of padding', (plaintext: Uint8Array) => void (plaintext[plaintext.length - 1] = 1)],
  ])('%s', (_what, change) => {
    expect(() => openChunk(crypto, key, TH, HEAD, forged(change))).toThrow(RemoteProtocolError);
  });
});
