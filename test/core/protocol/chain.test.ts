/**
 * A chain (protocol.md section 5): whether a key is made early or late, it is the same; what made it is gone, and what was
 * used too.
 */
import { beforeEach, expect, it } from 'vitest';
import { type Chain, createChain } from '../../../core/protocol/chain.js';
import { asKey, type Key } from '../../../core/protocol/keys.js';
import { createSodium } from '../../support/sodium.js';
import { watched } from '../../support/watched-crypto.js';

const crypto = createSodium();
let start: Key<'chain'>;
let chain: Chain;
beforeEach(() => {
  crypto.wipeAll();
  start = asKey<'chain'>(crypto.take(new Uint8Array(64).fill(7)));
  chain = createChain(crypto, start);
});

const gone = (secret: Key<'chain'>): boolean => {
  try {
    crypto.reveal(secret);
    return false;
  } catch {
    return true;
  }
};

it('the key of the next frame is HMAC(CK, 01), and then CK is HMAC(CK, 02)', () => {
  let expected = asKey<'chain'>(crypto.take(new Uint8Array(64).fill(7)));
  for (let n = 0; n < 3; n++) {
    if (n === 1) chain.prepare();
    const { mk, key, nonce } = chain.key();
    const wanted = crypto.reveal(crypto.hmac(expected, [Uint8Array.of(1)]));
    expect(crypto.reveal(mk)).toEqual(wanted);
    expect(crypto.reveal(key)).toEqual(wanted.slice(0, 32));
    expect(crypto.reveal(nonce)).toEqual(wanted.slice(32, 44));
    expected = asKey<'chain'>(crypto.hmac(expected, [Uint8Array.of(2)]));
    chain.spend();
  }
});

it('with the key of the next frame the chain key that made it is gone; that key stays until it is spent', () => {
  expect([chain.prepared, gone(start), crypto.live]).toEqual([false, false, 1]);
  chain.prepare();
  expect([chain.prepared, gone(start), crypto.live]).toEqual([true, true, 4]);
  expect(chain.key()).toBe(chain.key());
  chain.prepare();
  expect(crypto.live).toBe(4);
  chain.spend();
  expect([chain.prepared, crypto.live]).toEqual([false, 1]);
  chain.spend();
  expect(crypto.live).toBe(1);
});

it.each([false, true])('a wipe leaves nothing, prepared: %s', (prepared) => {
  if (prepared) chain.prepare();
  chain.wipe();
  expect(crypto.live).toBe(0);
});

it('where it cannot be made nothing has changed', () => {
  const whole = chain.key();
  const key = crypto.reveal(whole.mk);
  crypto.wipeAll();
  for (let at = 1; at <= 4; at++) {
    let calls = 0;
    const failing = watched(crypto, (_name, _args, go) => {
      if (++calls === at) throw new Error('broken');
      return go();
    });
    const own = asKey<'chain'>(crypto.take(new Uint8Array(64).fill(7)));
    const one = createChain(failing, own);
    expect(() => one.prepare()).toThrow('broken');
    expect([one.prepared, gone(own), crypto.live]).toEqual([false, false, 1]);
    expect(crypto.reveal(one.key().mk)).toEqual(key);
    one.wipe();
    expect(crypto.live).toBe(0);
  }
});
