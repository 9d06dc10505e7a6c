/** The first keys of streams: one for each that a frame opens, taken once, wiped where nobody takes them. */
import { expect, it } from 'vitest';
import { createTweetnaclCrypto } from '../../../adapters/crypto/tweetnacl.js';
import { RemoteProtocolError } from '../../../core/errors.js';
import { asKey } from '../../../core/protocol/keys.js';
import type { ProtocolRecord } from '../../../core/protocol/records.js';
import { streamKeys } from '../../../core/protocol/stream-keys.js';

const open = (id: number): ProtocolRecord => ({ type: 'bulk-open', id, offer: { kind: 'pipe' } });

function made() {
  const crypto = createTweetnaclCrypto();
  const mk = asKey<'message'>(crypto.take(new Uint8Array(64).fill(7)));
  return { crypto, keys: (...records: ProtocolRecord[]) => streamKeys(crypto, mk, 'A', records) };
}

it('each stream has another key, which is there to be taken once', () => {
  const { crypto, keys } = made();
  const found = keys({ type: 'ping' }, open(0), open(1));
  const [first, second] = [found.take(0), found.take(1)].map((key) =>
    key === undefined ? undefined : crypto.reveal(key),
  );
  expect([first?.length, second?.length]).toEqual([64, 64]);
  expect(first).not.toEqual(second);
  expect([found.take(0), found.take(2)]).toEqual([undefined, undefined]);
});

it('nothing is derived for a frame that opens none', () => {
  const { crypto, keys } = made();
  const before = crypto.live;
  expect(keys({ type: 'ping' }).take(0)).toBeUndefined();
  expect(crypto.live).toBe(before);
});

it('what nobody takes is wiped, and so are those of a frame that opens one twice', () => {
  const { crypto, keys } = made();
  const before = crypto.live;
  keys(open(0), open(1)).wipe();
  expect(crypto.live).toBe(before);
  expect(() => keys(open(0), open(1), open(0))).toThrow(RemoteProtocolError);
  expect(crypto.live).toBe(before);
});
