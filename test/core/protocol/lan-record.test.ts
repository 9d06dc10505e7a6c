/** What is announced in a local network: recognized by who knows the room, and by nobody who changes a bit of it. */
import { expect, test } from 'vitest';
import { createTweetnaclCrypto } from '../../../adapters/crypto/tweetnacl.js';
import { base64url } from '../../../core/protocol/bytes.js';
import {
  announcement,
  LAN_ADDRESSES,
  LAN_BODY_LIMIT,
  LAN_NONCE,
  recognized,
} from '../../../core/protocol/lan-record.js';
import { fc } from '../../support/chance.js';

const crypto = createTweetnaclCrypto();
const room = base64url(new Uint8Array(32).fill(7));
const other = base64url(new Uint8Array(32).fill(8));
const nonce = new Uint8Array(LAN_NONCE).fill(3);
const FOUR = Uint8Array.of(10, 0, 0, 1);
const SIX = Uint8Array.of(0xfd, ...new Uint8Array(14), 1);

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const place = fc.record({
  port: fc.integer({ min: 1024, max: 65_535 }),
  addresses: fc.array(fc.oneof(bytes(4), bytes(16)), { maxLength: LAN_ADDRESSES }),
});

test('who knows the room reads it', () => {
  fc.assert(
    fc.property(place, bytes(LAN_NONCE), (there, n) => {
      const said = announcement(crypto, room, n, there);
      expect(said.body.length).toBeLessThanOrEqual(LAN_BODY_LIMIT);
      expect(said.name).toMatch(/^[0-9a-f]{56}$/);
      expect(recognized(crypto, room, said)).toEqual({ ...there, nonce: said.name.slice(0, 24) });
      // Names of DNS are the same in capitals.
      expect(recognized(crypto, room, { ...said, name: said.name.toUpperCase() })?.port).toBe(there.port);
      expect(recognized(crypto, other, said)).toBeUndefined();
    }),
  );
});

test('it has this form', () => {
  const { name, body } = announcement(crypto, room, nonce, { port: 0xabcd, addresses: [FOUR, SIX] });
  expect(Buffer.from(body).toString('hex')).toBe('abcd040a00000106fd000000000000000000000000000001');
  const input = Buffer.concat([
    ...[Buffer.from('securechat/1 lan'), Buffer.from(room), nonce, body].flatMap((part) => [
      Buffer.of(part.length),
      part,
    ]),
  ]);
  const tag = Buffer.from(crypto.digest([input]))
    .subarray(0, 16)
    .toString('hex');
  expect(name).toBe(`03`.repeat(LAN_NONCE) + tag);
});

test('any bit that is changed makes it nobody’s: the port, the addresses, the name', () => {
  const said = announcement(crypto, room, nonce, { port: 40_000, addresses: [FOUR] });
  for (let bit = 0; bit < said.body.length * 8; bit++) {
    const body = Uint8Array.from(said.body);
    body[bit >> 3] = (body[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(recognized(crypto, room, { ...said, body })).toBeUndefined();
  }
  for (let at = 0; at < said.name.length; at++) {
    const digit = said.name[at] === '0' ? '1' : '0';
    expect(recognized(crypto, room, { ...said, name: said.name.slice(0, at) + digit + said.name.slice(at + 1) })).toBe(
      undefined,
    );
  }
});

/** A body that `announcement` does not make, with the name for it. */
function signed(body: Uint8Array) {
  const input = [Buffer.from('securechat/1 lan'), Buffer.from(room), nonce, body];
  const length = (n: number): Buffer => (n < 128 ? Buffer.of(n) : Buffer.of((n % 128) | 128, n >> 7));
  const lv = Buffer.concat(input.flatMap((part) => [length(part.length), part]));
  const tag = Buffer.from(crypto.digest([lv]))
    .subarray(0, 16)
    .toString('hex');
  return { name: Buffer.from(nonce).toString('hex') + tag, body };
}

test('no more addresses are announced than fit, and none of a longer announcement is taken', () => {
  const addresses = Array.from({ length: LAN_ADDRESSES + 1 }, () => SIX);
  const { body } = announcement(crypto, room, nonce, { port: 1024, addresses });
  expect(body.length).toBe(LAN_BODY_LIMIT);
  expect(recognized(crypto, room, signed(body))).toMatchObject({ port: 1024, addresses: addresses.slice(1) });
  expect(recognized(crypto, room, signed(Uint8Array.of(...body, 4, ...FOUR)))).toBeUndefined();
});

test('a name that goes on after its tag, or has no digits of hexadecimal, is nobody’s', () => {
  const { name, body } = announcement(crypto, room, nonce, { port: 40_000, addresses: [] });
  for (const other of [`${name}0`, `0${name}`, name.slice(1), 'g'.repeat(name.length), '']) {
    expect(recognized(crypto, room, { name: other, body })).toBeUndefined();
  }
});

test('what is no place is none, although the name fits it', () => {
  expect(recognized(crypto, room, signed(Uint8Array.of(0x9c, 0x40)))?.port).toBe(40_000);
  for (const body of [
    [],
    [0x9c],
    [0, 80, 4, ...FOUR],
    [0x9c, 0x40, 4, 10, 0],
    [0x9c, 0x40, 5, ...FOUR],
    [0x9c, 0x40, 4, ...FOUR, 6],
  ]) {
    expect(recognized(crypto, room, signed(Uint8Array.from(body)))).toBeUndefined();
  }
});

test('whatever comes is nothing, and throws nothing', () => {
  fc.assert(
    fc.property(fc.string(), fc.uint8Array({ maxLength: 300 }), (name, body) => {
      expect(recognized(crypto, room, { name, body })).toBeUndefined();
    }),
  );
});
