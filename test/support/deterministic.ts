/**
 * Randomness that is the same in every run: blocks of SHA-512(seed ‖ counter). For frozen vectors and repeatable tests, in Node and in
 * a browser; it must never reach a program that people use.
 */
import { sha512 } from '@noble/hashes/sha2.js';

/** A source for the `random` option of a crypto adapter. Bytes do not depend on how the calls are cut. */
export function deterministicRandom(seed: string): (n: number) => Uint8Array<ArrayBuffer> {
  let counter = 0;
  let rest = new Uint8Array(0);
  return (n) => {
    const out = new Uint8Array(n);
    for (let at = 0; at < n; ) {
      if (rest.length === 0) {
        rest = new Uint8Array(sha512(new TextEncoder().encode(`${seed} ${String(counter)}`)));
        counter += 1;
      }
      const piece = rest.subarray(0, n - at);
      out.set(piece, at);
      at += piece.length;
      rest = rest.subarray(piece.length);
    }
    return out;
  };
}
