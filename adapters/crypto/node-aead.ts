/**
 * ChaCha20-Poly1305 by Node's OpenSSL, for what is too long for WebAssembly to be quick at: chunks of a stream. OpenSSL
 * copies the key into a context that it overwrites at the end of each call. No handle and no other primitive may be here.
 */
import { createCipheriv, createDecipheriv, getCipherInfo } from 'node:crypto';
import { unfilled } from '../system/bytes.js';
import type { Aead } from './sodium.js';

const CIPHER = 'chacha20-poly1305';
const TAG = { authTagLength: 16 } as const;

/**
 * Pieces of memory that are filled with zeros at the end: how many, of which size. Those of a chunk come first; a hole that a
 * chunk has left and that something small has been put into is reached by smaller ones.
 */
const RINSED = [
  [256, 65_536],
  [256, 16_384],
  [512, 4_096],
] as const;

/** Undefined where this OpenSSL has no such cipher, as in FIPS mode. */
export function createNodeAead(info: (name: string) => object | undefined = getCipherInfo): Aead | undefined {
  if (info(CIPHER) === undefined) return undefined;
  let opened = false;
  return {
    seal(key, nonce, ad, plaintext, head) {
      const length = plaintext.reduce((sum, part) => sum + part.length, 0);
      const cipher = createCipheriv(CIPHER, key, nonce, TAG);
      cipher.setAAD(ad, { plaintextLength: length });
      const box = unfilled(head.length + length + TAG.authTagLength);
      box.set(head);
      let at = head.length;
      for (const part of plaintext) {
        // A full chunk has no padding, and a call costs microseconds.
        if (part.length > 0) box.set(cipher.update(part), at);
        at += part.length;
      }
      cipher.final();
      box.set(cipher.getAuthTag(), at);
      return box;
    },

    open(key, nonce, ad, box) {
      opened = true;
      const end = box.length - TAG.authTagLength;
      const cipher = createDecipheriv(CIPHER, key, nonce, TAG);
      cipher.setAAD(ad, { plaintextLength: end });
      cipher.setAuthTag(box.subarray(end));
      const { buffer, byteOffset, length } = cipher.update(box.subarray(0, end));
      const plaintext = new Uint8Array(buffer, byteOffset, length);
      try {
        cipher.final();
        return plaintext;
      } catch {
        // Whatever was deciphered is not authentic: nobody may see it.
        plaintext.fill(0);
        return undefined;
      }
    },

    rinse() {
      if (!opened) return;
      opened = false;
      // All at once, so that each is somewhere else.
      const all = RINSED.flatMap(([count, size]) => Array.from({ length: count }, () => unfilled(size)));
      for (const each of all) each.fill(0);
    },
  };
}
