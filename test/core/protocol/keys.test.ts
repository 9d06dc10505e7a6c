/** Kinds of keys (protocol.md sections 4 to 8): one that stands where another belongs does not compile. */
import { expect, it } from 'vitest';
import { createTweetnaclCrypto } from '../../../adapters/crypto/tweetnacl.js';
import { label } from '../../../core/protocol/bytes.js';
import { asKey, type Bytes, copyKey, derive, type Key } from '../../../core/protocol/keys.js';

const crypto = createTweetnaclCrypto();

it('a swap does not compile', () => {
  const root = asKey<'root'>(crypto.randomSecret(64));
  const confirm = derive(crypto, root, 'confirm', label('confirm A'), 64);
  const chain = asKey<'chain'>(crypto.randomSecret(64));
  const takesChain = (key: Key<'chain'>): number => key.length;
  const takesTranscript = (bytes: Bytes<'transcript'>): number => bytes.length;
  expect(takesChain(chain)).toBe(64);
  // @ts-expect-error a confirm key is no chain key
  expect(takesChain(confirm)).toBe(64);
  // @ts-expect-error a secret that nobody has said anything about is no chain key
  expect(takesChain(crypto.randomSecret(64))).toBe(64);
  // @ts-expect-error a chain key gives no key of a stream
  derive(crypto, chain, 'stream', label('stream'), 64);
  // @ts-expect-error the root of the handshake gives no chain
  derive(crypto, root, 'chain', label('chain A'), 64);
  // @ts-expect-error bytes that nobody has checked are no transcript
  expect(takesTranscript(new Uint8Array(64))).toBe(64);
  crypto.wipeAll();
});

it('a copy outlives its original', () => {
  const key = asKey<'words key'>(crypto.take(new Uint8Array(32).fill(7)));
  const copy = copyKey(crypto, key);
  key.wipe();
  expect(crypto.reveal(copy)).toEqual(new Uint8Array(32).fill(7));
  copy.wipe();
  expect(crypto.live).toBe(0);
});
