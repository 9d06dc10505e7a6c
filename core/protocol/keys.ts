/**
 * Kinds of keys and of byte strings: which secret may stand where, and what may be derived from what (protocol.md
 * sections 4 to 8). A swap does not compile. Nothing is computed here but HKDF-Expand, and no label may be in this file.
 */
import type { CryptoPort, Secret } from '../ports.js';

/** What each kind of key may be expanded to. A kind that stands on the right only is an end. */
interface Derivations {
  /** root: HKDF-Extract(th, lv(ISK, ss)), section 4. */
  root: 'confirm' | 'seal' | 'ratchet' | 'resume' | 'safety words';
  /** RK_e, section 5. */
  'epoch root': 'chain' | 'next' | 'resume proof' | 'words key';
  /** WK_e, section 5. */
  'words key': 'safety words';
  /** resume, sections 7 and 8a. */
  resume: 'room' | 'resume hello' | 'path';
  /** RS_e, section 7. */
  'resume proof': 'resume answer';
  /** mk of one frame, section 8. */
  message: 'stream';
  /** S_i, section 8. */
  stream: 'stream' | 'chunk';
}

export type KeyKind =
  | keyof Derivations
  | Derivations[keyof Derivations]
  /** PRS: the secret words (section 2). */
  | 'prs'
  /** A scalar of X25519: y, R, R'. */
  | 'scalar'
  /** The seed of an ML-KEM-768 key. */
  | 'kem seed'
  /** What X25519, ML-KEM or CPace agreed on. */
  | 'shared'
  /** nonce_X and n_X before they are revealed. */
  | 'nonce';

declare const KIND: unique symbol;

/** Secret memory that is good for one thing. */
export interface Key<K extends KeyKind> extends Secret {
  readonly [KIND]: K;
}

export type BytesKind = 'commitment' | 'sid' | 'transcript';

/** Public bytes that are good for one thing. */
export type Bytes<K extends BytesKind> = Uint8Array & { readonly [KIND]: K };

/** Says what a secret is, where it is made. */
export function asKey<K extends KeyKind>(secret: Secret): Key<K> {
  return secret as Key<K>;
}

/** Says what bytes are, where they are made or have been checked. */
export function asBytes<K extends BytesKind>(bytes: Uint8Array): Bytes<K> {
  return bytes as Bytes<K>;
}

/** HKDF-Expand(from, info, length): a key of kind `to`, which only its parent can give. */
export function derive<From extends keyof Derivations, To extends Derivations[From]>(
  crypto: CryptoPort,
  from: Key<From>,
  _to: To,
  info: Uint8Array,
  length: number,
): Key<To> {
  return asKey<To>(crypto.expand(from, info, length));
}

/** A copy that outlives its original. */
export function copyKey<K extends KeyKind>(crypto: CryptoPort, key: Key<K>): Key<K> {
  return asKey<K>(crypto.slice(key, 0, key.length));
}
