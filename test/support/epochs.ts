/**
 * How many rekeys a side has completed: no frame shows it, but each side works once with ML-KEM for each. No expectation
 * may be in this file.
 */
import type { CryptoPort } from '../../core/ports.js';

/** Counts from now on. */
export function countRekeys(crypto: CryptoPort): () => number {
  let count = 0;
  const { kemEncapsulate, kemDecapsulate } = crypto;
  crypto.kemEncapsulate = (key, m) => {
    count += 1;
    return kemEncapsulate(key, m);
  };
  crypto.kemDecapsulate = (seed, ciphertext) => {
    count += 1;
    return kemDecapsulate(seed, ciphertext);
  };
  return () => count;
}

/** Calls back when this side makes an offer. */
export function onOffer(crypto: CryptoPort, made: () => void): void {
  const { kemPublic } = crypto;
  crypto.kemPublic = (seed) => {
    made();
    return kemPublic(seed);
  };
}
