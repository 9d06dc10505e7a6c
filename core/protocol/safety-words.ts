/**
 * Safety words (protocol.md section 4): four words that two people compare. Only the derivation; showing them and acting
 * on the answer is the session's.
 */
import type { CryptoPort, Secret } from '../ports.js';
import { label, lvBytes } from './bytes.js';

export const SAFETY_WORDS = 4;
const BITS_PER_WORD = 11;

/**
 * Four indices into the list of 2048 words: the first 44 bits of HKDF-Expand(root, lv("safety words", nonce_A, nonce_B), 32).
 * The nonces are 32 bytes each, opened and checked against their commitments.
 */
export function safetyWords(crypto: CryptoPort, root: Secret, nonceA: Uint8Array, nonceB: Uint8Array): number[] {
  const info = lvBytes(label('safety words'), nonceA, nonceB);
  const secret = crypto.expand(root, info, 32);
  info.fill(0);
  const bytes = crypto.reveal(secret);
  secret.wipe();
  const indices = Array.from({ length: SAFETY_WORDS }, (_, word) => {
    let index = 0;
    for (let bit = word * BITS_PER_WORD; bit < (word + 1) * BITS_PER_WORD; bit++) {
      index = index * 2 + (((bytes[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1);
    }
    return index;
  });
  bytes.fill(0);
  return indices;
}
