/**
 * The part of the crypto contract that is about results: known answers, points of low order, tampering. No rule about
 * handles may be in this file.
 */
import { RemoteProtocolError } from '../../core/errors.js';
import { ascii, concat, hex, unhex } from '../../core/protocol/bytes.js';
import { ensure, equal, refuses, same } from './assert.js';
import { AEAD, CPACE, HKDF, HMAC, LOW_ORDER, SHA512, X25519 } from './crypto-answers.js';
import { type Check, seededDraw } from './crypto-operations.js';

export function primitivesContract(check: Check): void {
  check('SHA-512 of FIPS 180-4, in one part, in many, public and secret', (crypto) => {
    for (const [message, digest] of SHA512) {
      const bytes = ascii(message);
      const parts = Array.from(bytes, (_, i) => bytes.subarray(i, i + 1));
      same(crypto.digest([bytes]), unhex(digest), 'digest');
      same(crypto.digest(parts), unhex(digest), 'digest of many parts');
      same(crypto.reveal(crypto.hash(parts)), unhex(digest), 'hash of many parts');
      same(crypto.reveal(crypto.hash([crypto.take(bytes)])), unhex(digest), 'hash of a secret');
    }
    same(crypto.digest([]), unhex(SHA512[1][1]), 'digest of no part');
    same(crypto.reveal(crypto.hash([])), unhex(SHA512[1][1]), 'hash of no part');
  });

  check('HMAC-SHA-512 of RFC 4231', (crypto) => {
    for (const [key, message, tag] of HMAC) {
      const bytes = unhex(message);
      const parts = [bytes.subarray(0, 3), crypto.take(bytes.slice(3)), new Uint8Array(0)];
      same(crypto.reveal(crypto.hmac(crypto.take(unhex(key)), parts)), unhex(tag), 'tag');
    }
  });

  check('HKDF-SHA-512 with the inputs of RFC 5869', (crypto) => {
    for (const salt of [unhex(HKDF.salt), crypto.take(unhex(HKDF.salt))]) {
      const prk = crypto.extract(salt, [unhex(HKDF.ikm).subarray(0, 5), crypto.take(unhex(HKDF.ikm).slice(5))]);
      same(crypto.reveal(prk), unhex(HKDF.prk), 'PRK');
      same(crypto.reveal(crypto.expand(prk, unhex(HKDF.info), 42)), unhex(HKDF.okm), 'OKM');
    }
  });

  check('HKDF-Expand of every kind of length, each a prefix of the longer', (crypto) => {
    const prk = crypto.take(unhex(HKDF.prk).slice(0, 32));
    const longest = crypto.reveal(crypto.expand(prk, unhex(HKDF.info), 16320));
    for (const length of [1, 31, 32, 63, 64, 65, 128, 1000, 16319]) {
      same(crypto.reveal(crypto.expand(prk, unhex(HKDF.info), length)), longest.subarray(0, length), 'OKM');
    }
    for (const length of [0, -1, 1.5, Number.NaN, 16321]) {
      refuses(() => crypto.expand(prk, unhex(HKDF.info), length), RangeError, `length ${String(length)}`);
    }
  });

  check('X25519 of RFC 7748', (crypto) => {
    for (const [scalar, point, result] of X25519.pairs) {
      same(crypto.reveal(crypto.x25519(crypto.take(unhex(scalar)), unhex(point))), unhex(result), 'result');
    }
    same(crypto.x25519Public(crypto.take(unhex(X25519.alice[0]))), unhex(X25519.alice[1]), 'public key');
  });

  check('X25519 refuses every point of low order', (crypto) => {
    for (const text of LOW_ORDER) {
      for (const top of [0, 0x80]) {
        const [point, scalar] = [unhex(text), crypto.take(unhex(X25519.alice[0]))];
        point[31] = (point[31] ?? 0) | top;
        refuses(() => crypto.x25519(scalar, point), RemoteProtocolError, hex(point));
      }
    }
    equal(crypto.live, 2 * LOW_ORDER.length, 'secrets alive after refusals');
  });

  check("CPace's share of the draft; the top bit of the hash does not count", (crypto) => {
    const scalar = crypto.take(unhex(CPACE.scalar));
    for (const top of [0, 0x80]) {
      const uniform = unhex(CPACE.uniform);
      uniform[31] = ((uniform[31] ?? 0) & 0x7f) | top;
      same(crypto.cpaceShare(crypto.take(uniform), scalar), unhex(CPACE.share), 'share');
    }
    refuses(() => crypto.cpaceShare(crypto.take(new Uint8Array(32)), scalar), RemoteProtocolError, 'generator zero');
  });

  check('ML-KEM-768: both ends get the same, a forged ciphertext something else', (crypto) => {
    const draw = seededDraw(1);
    const [seed, m] = [crypto.take(draw(64)), crypto.take(draw(32))];
    const key = crypto.kemPublic(seed);
    equal(key.length, 1184, 'length of the encapsulation key');
    const { ciphertext, shared } = crypto.kemEncapsulate(key, m);
    equal(ciphertext.length, 1088, 'length of the ciphertext');
    equal(shared.length, 32, 'length of the shared secret');
    same(crypto.reveal(crypto.kemDecapsulate(seed, ciphertext)), crypto.reveal(shared), 'shared secret');
    for (const at of [0, 500, 1087]) {
      const forged = ciphertext.slice();
      forged[at] = (forged[at] ?? 0) ^ 1;
      const rejected = crypto.reveal(crypto.kemDecapsulate(seed, forged));
      ensure(!crypto.equal(shared, rejected), 'a forged ciphertext gave the secret');
      same(crypto.reveal(crypto.kemDecapsulate(seed, forged)), rejected, 'implicit rejection, again');
    }
  });

  check('ML-KEM-768 refuses a key whose coefficients are not reduced', (crypto) => {
    const [seed, m] = [crypto.take(seededDraw(2)(64)), crypto.take(seededDraw(3)(32))];
    const key = crypto.kemPublic(seed);
    // The lowest value that is not reduced, as the first and as the second coefficient of the first and last triple.
    for (const at of [0, 1149]) {
      for (const triple of [
        [0x01, 0x0d, 0x00],
        [0x00, 0x10, 0xd0],
      ]) {
        const wrong = key.slice();
        wrong.set(triple, at);
        refuses(() => crypto.kemEncapsulate(wrong, m), RemoteProtocolError, `coefficient at ${String(at)}`);
      }
    }
    const reduced = key.slice();
    reduced.set([0x00, 0x0d, 0xd0], 0);
    equal(crypto.kemEncapsulate(reduced, m).ciphertext.length, 1088, 'the highest value that is reduced');
  });

  check('ChaCha20-Poly1305 of RFC 8439', (crypto) => {
    const [key, ad, plaintext, box] = [
      crypto.take(unhex(AEAD.key)),
      unhex(AEAD.ad),
      unhex(AEAD.plaintext),
      unhex(AEAD.box),
    ];
    for (const nonce of [unhex(AEAD.nonce), crypto.take(unhex(AEAD.nonce))]) {
      same(crypto.seal(key, nonce, ad, [plaintext]), box, 'box');
      same(crypto.open(key, nonce, ad, box), plaintext, 'plaintext');
    }
  });

  check('a box with any byte changed, cut or added does not open', (crypto) => {
    const [key, nonce, ad, box] = [crypto.take(unhex(AEAD.key)), unhex(AEAD.nonce), unhex(AEAD.ad), unhex(AEAD.box)];
    const flips = (bytes: Uint8Array, open: (changed: Uint8Array) => Uint8Array | undefined, what: string) => {
      for (let at = 0; at < bytes.length; at++) {
        for (const bit of [1, 0x80]) {
          const changed = bytes.slice();
          changed[at] = (changed[at] ?? 0) ^ bit;
          equal(open(changed), undefined, `${what} changed at ${String(at)}`);
        }
      }
    };
    flips(box, (changed) => crypto.open(key, nonce, ad, changed), 'box');
    flips(ad, (changed) => crypto.open(key, nonce, changed, box), 'associated data');
    flips(nonce, (changed) => crypto.open(key, changed, ad, box), 'nonce');
    flips(unhex(AEAD.key), (changed) => crypto.open(crypto.take(changed), nonce, ad, box), 'key');
    for (let end = 0; end < box.length; end++) {
      equal(crypto.open(key, nonce, ad, box.subarray(0, end)), undefined, `box of ${String(end)} bytes`);
    }
    equal(crypto.open(key, nonce, ad, concat(box, Uint8Array.of(0))), undefined, 'box with a byte more');
    equal(crypto.open(key, nonce, ad.subarray(1), box), undefined, 'associated data without its first byte');
  });

  check('a plaintext in parts, behind a head that is left as it is', (crypto) => {
    const key = crypto.take(unhex(AEAD.key));
    const whole = seededDraw(5)(70_000);
    const [nonce, ad, head] = [whole.subarray(0, 12), whole.subarray(12, 40), whole.subarray(40, 54)];
    for (const size of [0, 200, 70_000]) {
      const plaintext = whole.slice(0, size);
      const box = crypto.seal(key, nonce, ad, [plaintext]);
      const cut = [0, 4, 4, 100, size].map((at) => Math.min(at, size));
      const parts = cut.map((at, i) => plaintext.subarray(at, cut[i + 1] ?? at));
      same(crypto.seal(key, nonce, ad, parts, head), concat(head, box), `${String(size)} bytes in parts`);
      same(plaintext, whole.subarray(0, size), 'the plaintext afterwards');
    }
    refuses(() => crypto.seal(key, nonce, ad, new Uint8Array(1) as never), TypeError, 'bytes instead of parts');
    refuses(() => crypto.seal(key, nonce, ad, ['text'] as never), TypeError, 'a part that is no bytes');
    refuses(() => crypto.seal(key, nonce, ad, [], 'text' as never), TypeError, 'a head that is no bytes');
  });

  check('boxes of all sizes, from views at any offset', (crypto) => {
    const key = crypto.take(unhex(AEAD.key));
    const whole = seededDraw(4)(72 * 1024 + 8);
    for (const size of [0, 1, 15, 16, 17, 63, 64, 65, 127, 128, 129, 255, 256, 1280, 4096, 16384, 65536, 72 * 1024]) {
      for (const offset of [0, 1, 3]) {
        const [plaintext, ad] = [whole.subarray(offset, offset + size), whole.subarray(offset, offset + (size % 100))];
        const box = crypto.seal(key, whole.subarray(offset, offset + 12), ad, [plaintext]);
        equal(box.length, size + 16, 'length of the box');
        same(crypto.open(key, whole.subarray(offset, offset + 12), ad, box), plaintext, 'plaintext');
      }
    }
  });
}
