/**
 * Safety words (protocol.md sections 4 and 5): four words that two people compare. Only the derivation; showing them and acting
 * on the answer is the session's.
 */
import type { CryptoPort } from '../ports.js';
import { label, lvBytes } from './bytes.js';
import { derive, type Key } from './keys.js';
import { withSecrets } from './secrets.js';

export const SAFETY_WORDS = 4;
const BITS_PER_WORD = 11;

/**
 * Four indices into the list of 2048 words: the first 44 bits of HKDF-Expand(root, lv("safety words", nonce_A, nonce_B), 32),
 * from the root of the handshake, or from WK_e. The nonces are 32 bytes each, opened and checked against their
 * commitments.
 */
export function safetyWords(
  crypto: CryptoPort,
  root: Key<'root'> | Key<'words key'>,
  nonceA: Uint8Array,
  nonceB: Uint8Array,
): number[] {
  const info = lvBytes(label('safety words'), nonceA, nonceB);
  try {
    return withSecrets((keep) => {
      const bytes = crypto.reveal(keep(derive(crypto, root, 'safety words', info, 32)));
      try {
        return Array.from({ length: SAFETY_WORDS }, (_, word) => {
          let index = 0;
          for (let bit = word * BITS_PER_WORD; bit < (word + 1) * BITS_PER_WORD; bit++) {
            index = index * 2 + (((bytes[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1);
          }
          return index;
        });
      } finally {
        bytes.fill(0);
      }
    });
  } finally {
    info.fill(0);
  }
}
