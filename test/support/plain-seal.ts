/**
 * A crypto that seals nothing, for tests of how many chunks are sent: what it "seals" has a mark behind it, and opens where the
 * mark is whole. No expectation may be in this file.
 */
import { createTweetnaclCrypto } from '../../adapters/crypto/tweetnacl.js';
import type { CryptoPort } from '../../core/ports.js';
import { concat } from '../../core/protocol/bytes.js';

const MARK = new Uint8Array(16).fill(0xaa);

export function createPlainSeal(): CryptoPort {
  const crypto = createTweetnaclCrypto();
  crypto.seal = (_key, _nonce, _ad, plaintext, head = new Uint8Array(0)) => concat(head, ...plaintext, MARK);
  crypto.open = (_key, _nonce, _ad, box) =>
    box.subarray(-MARK.length).every((byte) => byte === MARK[0]) ? box.slice(0, -MARK.length) : undefined;
  return crypto;
}
