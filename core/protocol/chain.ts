/**
 * The chain of one direction in one epoch (protocol.md section 5), and the key of its next frame. That key may be made before
 * there is a frame for it: then the chain has gone on, and the two say together what its key said alone. No frame may be in
 * this file.
 */
import type { CryptoPort, Secret } from '../ports.js';
import { asKey, type Key } from './keys.js';
import { unlessThrown } from './secrets.js';
import { quick } from '../quick.js';

const MESSAGE_KEY = [Uint8Array.of(0x01)];
const NEXT_CHAIN = [Uint8Array.of(0x02)];

/** mk with what seals or opens the frame, key (32 bytes) and nonce (12 bytes). */
export interface FrameKey {
  readonly mk: Key<'message'>;
  readonly key: Secret;
  readonly nonce: Secret;
}

export interface Chain {
  /** Whether the key of the next frame is made. */
  readonly prepared: boolean;
  /** Makes it, if it is not: nothing has changed when that throws. */
  prepare(): void;
  /** The same, and gives it: it stays the chain's. */
  key(): FrameKey;
  /** That key is wiped: the next one is of another frame. */
  spend(): void;
  wipe(): void;
}

/** Takes the chain key over, 64 bytes. */
export function createChain(crypto: CryptoPort, start: Key<'chain'>): Chain {
  let chain = start;
  let prepared: FrameKey | undefined;

  /** mk = HMAC(CK, 0x01), then CK = HMAC(CK, 0x02): the old chain key is gone after this. */
  function prepare(): FrameKey {
    if (prepared !== undefined) return prepared;
    prepared = unlessThrown((make) => {
      const mk = make(asKey<'message'>(crypto.hmac(chain, MESSAGE_KEY)));
      const made = { mk, key: make(crypto.slice(mk, 0, 32)), nonce: make(crypto.slice(mk, 32, 44)) };
      const after = asKey<'chain'>(crypto.hmac(chain, NEXT_CHAIN));
      chain.wipe();
      chain = after;
      return made;
    });
    return prepared;
  }

  function spend(): void {
    if (prepared === undefined) return;
    const { mk, key, nonce } = prepared;
    prepared = undefined;
    for (const secret of [nonce, key, mk]) secret.wipe();
  }

  return quick({
    get prepared() {
      return prepared !== undefined;
    },
    prepare,
    key: prepare,
    spend,
    wipe() {
      spend();
      chain.wipe();
    },
  });
}
