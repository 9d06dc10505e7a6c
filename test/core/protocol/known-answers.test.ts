/**
 * Keys and proofs that two sides of the same code would agree on whatever was in them, computed here once more by OpenSSL,
 * as protocol.md has it (sections 5, 7, 8 and 8a); and the limits of records, of which both sides are the same code, too.
 */
import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createTweetnaclCrypto } from '../../../adapters/crypto/tweetnacl.js';
import { RemoteProtocolError } from '../../../core/errors.js';
import type { Secret } from '../../../core/ports.js';
import { ENTRIES_LIMIT, OFFER_NAME_LIMIT } from '../../../core/protocol/bulk-records.js';
import { establish } from '../../../core/protocol/handshake-keys.js';
import { asBytes, asKey, type KeyKind } from '../../../core/protocol/keys.js';
import { createPathProof, pathKey } from '../../../core/protocol/path-proof.js';
import { CANDIDATES_LIMIT } from '../../../core/protocol/path-records.js';
import { createRatchet } from '../../../core/protocol/ratchet.js';
import { type ProtocolRecord, readRecords, recordSize, writeRecord } from '../../../core/protocol/records.js';

const crypto = createTweetnaclCrypto();
const fill = (n: number, byte: number): Uint8Array<ArrayBuffer> => new Uint8Array(n).fill(byte);
const hmac = (key: Uint8Array, ...parts: readonly Uint8Array[]): Buffer =>
  parts.reduce((sum, part) => sum.update(part), createHmac('sha512', key)).digest();
/** At most one block. */
const expand = (key: Uint8Array, info: Uint8Array, length: number): Buffer =>
  hmac(key, info, Uint8Array.of(1)).subarray(0, length);
/** Parts of less than 128 bytes. */
const lv = (...parts: readonly (string | Uint8Array)[]): Buffer =>
  Buffer.concat(parts.flatMap((part) => [Uint8Array.of(part.length), Buffer.from(part)]));
const name = (label: string): string => `securechat/1 ${label}`;
const revealed = (key: Secret | undefined): Buffer => Buffer.from(key === undefined ? [] : crypto.reveal(key));

describe('of the direct path', () => {
  const [resume, tokenA, tokenB] = [fill(32, 9), fill(32, 1), fill(32, 2)];
  const key = pathKey(crypto, asKey<'resume'>(crypto.take(resume.slice())), tokenA, tokenB);
  const PK = expand(resume, lv(name('path'), tokenA, tokenB), 32);

  it('the key', () => {
    expect(revealed(key)).toEqual(PK);
  });

  it('the three messages', () => {
    const [a, b] = [createPathProof(crypto, 'A', key, true), createPathProof(crypto, 'B', key, false)];
    const tag = (...parts: readonly (string | Uint8Array)[]): Buffer => hmac(PK, lv(...parts)).subarray(0, 32);
    const first = Buffer.from(a.first ?? []);
    const nA = first.subarray(1, 33);
    expect(first).toEqual(Buffer.concat([Uint8Array.of(7), nA, tag(name('path 1'), 'A', nA)]));
    const said = b.handle(first);
    const [own, answer] = said.type === 'send' ? said.messages.map((message) => Buffer.from(message)) : [];
    const nB = Buffer.from(own ?? []).subarray(1, 33);
    expect(own).toEqual(Buffer.concat([Uint8Array.of(7), nB, tag(name('path 1'), 'B', nB)]));
    expect(answer).toEqual(Buffer.concat([Uint8Array.of(8), tag(name('path 2'), 'B', nA, nB)]));
    const back = a.handle(own ?? first);
    expect(back.type === 'send' ? back.messages.map((message) => Buffer.from(message)) : []).toEqual([
      Buffer.concat([Uint8Array.of(8), tag(name('path 2'), 'A', nA, nB)]),
    ]);
    expect(a.handle(answer ?? first)).toEqual({ type: 'verified' });
    expect(Buffer.from(a.choose())).toEqual(Buffer.concat([Uint8Array.of(9), tag(name('path 3'), nA, nB)]));
  });
});

it('of a handshake: the keys of the resume and of the first epoch', () => {
  const key = <K extends KeyKind>(length: number, byte: number) => asKey<K>(crypto.take(fill(length, byte)));
  const pair = <K extends KeyKind>() => ({ A: key<K>(64, 2), B: key<K>(64, 3) });
  const keys = { root: key<'root'>(64, 1), confirm: pair<'confirm'>(), seal: pair<'seal'>() };
  const [scalar, peer] = [key<'scalar'>(32, 6), key<'scalar'>(32, 7)];
  const point = crypto.x25519Public(peer);
  const theirs = { nonce: key<'nonce'>(32, 5), point, caps: { version: fill(1, 1), name: fill(0, 0), features: 0 } };
  const transcript = asBytes<'transcript'>(fill(64, 8));
  const made = establish(crypto, 'A', { ...keys, transcript }, { nonce: key<'nonce'>(32, 4), scalar }, theirs);
  expect(revealed(made.resume)).toEqual(expand(fill(64, 1), Buffer.from(name('resume')), 32));
  const first = expand(fill(64, 1), Buffer.from(name('ratchet')), 64);
  const root = hmac(first, crypto.reveal(crypto.x25519(scalar, point)));
  expect(revealed(made.ratchet.wordsKey(0))).toEqual(expand(root, Buffer.from(name('words key')), 32));
});

it('of an epoch: the keys of words, proofs and streams', () => {
  const [secret, scalar, peer] = [fill(64, 5), fill(32, 6), fill(32, 7)];
  const point = crypto.x25519Public(crypto.take(peer));
  const own = asKey<'scalar'>(crypto.take(scalar));
  const root = hmac(secret, crypto.reveal(crypto.x25519(own, point)));
  const ratchet = createRatchet(crypto, 'A', asKey<'ratchet'>(crypto.take(secret.slice())), own, point);
  expect(revealed(ratchet.wordsKey(0))).toEqual(expand(root, Buffer.from(name('words key')), 32));
  expect(revealed(ratchet.proof(0))).toEqual(expand(root, Buffer.from(name('resume proof')), 32));
  const mk = hmac(expand(root, Buffer.from(name('chain A')), 64), Uint8Array.of(1));
  const { streams } = ratchet.seal(0, 0, [{ type: 'ping' }, { type: 'bulk-open', id: 258, offer: { kind: 'pipe' } }]);
  expect(revealed(streams.take(258))).toEqual(expand(mk, lv(name('stream'), 'A', Uint8Array.of(0, 0, 1, 2)), 64));
  expect(streams.take(258)).toBeUndefined();
});

describe('limits of records', () => {
  const coded = (record: ProtocolRecord): Uint8Array => {
    const bytes = new Uint8Array(recordSize(record));
    writeRecord(bytes, 0, record);
    return bytes;
  };
  const files = (count: number, name: number): Uint8Array =>
    coded({ type: 'bulk-open', id: 1, offer: { kind: 'files', count, bytes: 7, name: fill(name, 65) } });
  const paths = (count: number): Uint8Array =>
    coded({
      type: 'paths',
      token: fill(32, 1),
      candidates: Array.from({ length: count }, () => ({ observed: false, address: fill(4, 9), port: 4_000 })),
    });

  it.each([
    ['files', files(ENTRIES_LIMIT, 1)],
    ['a name with a length of one byte', files(1, 127)],
    ['a name with a length of two', files(1, 128)],
    ['a name', files(1, OFFER_NAME_LIMIT)],
    ['addresses', paths(CANDIDATES_LIMIT)],
  ])('so many, so long: %s', (_what, bytes) => {
    const [record] = readRecords(bytes, 0);
    expect(record === undefined ? undefined : coded(record)).toEqual(bytes);
  });

  it.each([
    ['files', files(ENTRIES_LIMIT + 1, 1)],
    ['a name', files(1, OFFER_NAME_LIMIT + 1)],
    ['addresses', paths(CANDIDATES_LIMIT + 1)],
  ])('one more is refused: %s', (_what, bytes) => {
    expect(() => readRecords(bytes, 0)).toThrow(RemoteProtocolError);
  });
});
