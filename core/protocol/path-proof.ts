/**
 * Proving over a bare TCP connection who is at the other end (protocol.md section 8a): of A and B of the handshake, not of
 * who dialled, so that a reflection proves nothing. One connection, one of these. No socket, no address and no timer may be
 * in this file.
 *
 *   path-1  both    0x07 ‖ n_X(32) ‖ HMAC(PK, lv("path 1", X, n_X))[0..32]      who accepted: once the peer's has verified
 *   path-2  both    0x08 ‖ HMAC(PK, lv("path 2", X, n_A, n_B))[0..32]
 *   path-3  A → B   0x09 ‖ HMAC(PK, lv("path 3", n_A, n_B))[0..32]
 */
import type { CryptoPort, Part } from '../ports.js';
import { concat, label, lv, lvBytes, plainCopy } from './bytes.js';
import { derive, type Key } from './keys.js';
import { other, type Role, roleByte } from './role.js';
import { withSecrets } from './secrets.js';

/** First bytes. */
export const PATH_TYPE = { one: 0x07, two: 0x08, three: 0x09 } as const;
const NONCE = 32;
const TAG = 32;
/** Exact lengths in bytes, by the first byte. */
export const PATH_LENGTHS: Readonly<Record<number, number>> = {
  [PATH_TYPE.one]: 1 + NONCE + TAG,
  [PATH_TYPE.two]: 1 + TAG,
  [PATH_TYPE.three]: 1 + TAG,
};

/** PK = HKDF-Expand(resume, lv("path", token_A, token_B), 32). */
export function pathKey(
  crypto: CryptoPort,
  resume: Key<'resume'>,
  tokenA: Uint8Array,
  tokenB: Uint8Array,
): Key<'path'> {
  return derive(crypto, resume, 'path', lvBytes(label('path'), tokenA, tokenB), 32);
}

export type PathStep =
  /** These are to be sent, in this order. */
  | { readonly type: 'send'; readonly messages: readonly Uint8Array[] }
  /** The peer is at the other end. */
  | { readonly type: 'verified' }
  /** A has chosen this connection. */
  | { readonly type: 'chosen' }
  /** Whoever this is, it is to be closed. */
  | { readonly type: 'failed' };

export interface PathProof {
  /** What is sent as soon as the connection is up; undefined where the peer speaks first. */
  readonly first: Uint8Array | undefined;
  handle(message: Uint8Array): PathStep;
  /** Of A, once verified: path-3. */
  choose(): Uint8Array;
}

const FAILED: PathStep = { type: 'failed' };

/** n_X is drawn here. `key` stays the caller's, who keeps it while proofs are made. */
export function createPathProof(crypto: CryptoPort, role: Role, key: Key<'path'>, dialled: boolean): PathProof {
  const nonce = crypto.random(NONCE);
  let peer: Uint8Array | undefined;
  let verified = false;

  function withTag<T>(parts: readonly Part[], use: (tag: ReturnType<CryptoPort['hmac']>) => T): T {
    return withSecrets((keep) => use(keep(crypto.slice(keep(crypto.hmac(key, lv(...parts))), 0, TAG))));
  }

  const one = (who: Role, n: Uint8Array): readonly Part[] => [label('path 1'), roleByte(who), n];
  /** n_A, n_B. */
  function both(): readonly Part[] {
    const theirs = peer ?? new Uint8Array(0);
    return role === 'A' ? [nonce, theirs] : [theirs, nonce];
  }
  const two = (who: Role): readonly Part[] => [label('path 2'), roleByte(who), ...both()];
  const three = (): readonly Part[] => [label('path 3'), ...both()];

  function make(type: number, parts: readonly Part[], nonces: Uint8Array = new Uint8Array(0)): Uint8Array {
    return withTag(parts, (tag) => concat(Uint8Array.of(type), nonces, crypto.reveal(tag)));
  }

  function fits(message: Uint8Array, parts: readonly Part[]): boolean {
    return withTag(parts, (tag) => crypto.equal(tag, message.subarray(message.length - TAG)));
  }

  function takeFirst(message: Uint8Array): PathStep {
    if (peer !== undefined) return FAILED;
    const theirs = plainCopy(message.subarray(1, 1 + NONCE));
    if (!fits(message, one(other(role), theirs))) return FAILED;
    peer = theirs;
    const proof = make(PATH_TYPE.two, two(role));
    return { type: 'send', messages: dialled ? [proof] : [make(PATH_TYPE.one, one(role, nonce), nonce), proof] };
  }

  function takeSecond(message: Uint8Array): PathStep {
    if (peer === undefined || verified || !fits(message, two(other(role)))) return FAILED;
    verified = true;
    return { type: 'verified' };
  }

  function takeThird(message: Uint8Array): PathStep {
    return role === 'B' && verified && fits(message, three()) ? { type: 'chosen' } : FAILED;
  }

  return {
    first: dialled ? make(PATH_TYPE.one, one(role, nonce), nonce) : undefined,
    handle(message) {
      const [type = 0] = message;
      if (message.length !== PATH_LENGTHS[type]) return FAILED;
      if (type === PATH_TYPE.one) return takeFirst(message);
      return type === PATH_TYPE.two ? takeSecond(message) : takeThird(message);
    },
    choose: () => make(PATH_TYPE.three, three()),
  };
}
