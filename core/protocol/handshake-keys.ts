/**
 * The keys of one handshake transcript, and the proofs of M2 and M3 that are made and checked with them (protocol.md
 * section 4). No order of messages may be in this file (handshake.ts); what it reveals is overwritten on every way out.
 */
import type { CryptoPort, Part, Secret } from '../ports.js';
import { concat, label, lv, lvBytes, sameBytes, TAG } from './bytes.js';
import { type Caps, decodePayload, encodePayload, PAYLOAD } from './caps.js';
import { type CpaceTranscript, sessionKey } from './cpace.js';
import type { Role } from './frame.js';
import { createRatchet, type Ratchet } from './ratchet.js';
import { safetyWords } from './safety-words.js';
import { unlessThrown, withSecrets } from './secrets.js';

const CONFIRM_TAG = 32;
/** Bytes of tag_X ‖ AEAD(hsX, payload_X). */
export const PROOF = CONFIRM_TAG + PAYLOAD + 16;
const ZERO_NONCE = new Uint8Array(12);
const NO_AD = new Uint8Array(0);

/** Mode byte: 0x00 no secret, 0x01 secret. */
export type Mode = 0 | 1;

/** root and everything expanded from it that lives until the proofs are exchanged. */
export interface Keys {
  readonly root: Secret;
  readonly confirm: Readonly<Record<Role, Secret>>;
  readonly seal: Readonly<Record<Role, Secret>>;
  /** th, 64 bytes, public to both ends. */
  readonly transcript: Uint8Array;
}

/** What is the same in every attempt for one code. */
export interface Setting {
  readonly mode: Mode;
  /** 32 bytes. */
  readonly roomId: Uint8Array;
}

/** What one side brings to a proof: its nonce (32 bytes), its X25519 public R_X, its caps. */
export interface Side {
  readonly nonce: Secret;
  readonly point: Uint8Array;
  readonly caps: Caps;
}

export interface Established {
  readonly role: Role;
  readonly ratchet: Ratchet;
  /** `resume` (32 bytes) of section 7. */
  readonly resume: Secret;
  /** th, 64 bytes, public to both ends. */
  readonly transcript: Uint8Array;
  /** Four indices into the list of words. */
  readonly words: readonly number[];
  readonly peer: Caps;
}

/** C_X = H(lv("commit", TAG, nonce_X)), 64 bytes. */
export function commit(crypto: CryptoPort, nonce: Secret): Uint8Array {
  return withSecrets((keep) => crypto.reveal(keep(crypto.hash(lv<Part>(label('commit'), TAG, nonce)))));
}

/**
 * th = H(lv(TAG, mode, room id, C_A, C_B, ek, Ya, Yb, ct)); root = HKDF-Extract(th, lv(ISK, ss)). `kem` is wiped. Throws
 * RemoteProtocolError when K is zero.
 */
export function deriveKeys(
  crypto: CryptoPort,
  { mode, roomId }: Setting,
  sides: { readonly role: Role; readonly y: Secret; readonly kem: Secret; readonly sid: Uint8Array },
  commitments: Readonly<Record<Role, Uint8Array>>,
  cpace: CpaceTranscript,
): Keys {
  const { Ya, ADa, Yb, ADb } = cpace;
  const transcript = crypto.digest([
    lvBytes(TAG, Uint8Array.of(mode), roomId, commitments.A, commitments.B, ADa, Ya, Yb, ADb),
  ]);
  return unlessThrown((make) => {
    const root = withSecrets((keep) => {
      keep(sides.kem);
      const isk = keep(sessionKey(crypto, sides.y, sides.role === 'A' ? Yb : Ya, sides.sid, cpace));
      return make(crypto.extract(transcript, lv(isk, sides.kem)));
    });
    const both = (name: string, length: number): Record<Role, Secret> => ({
      A: make(crypto.expand(root, label(`${name} A`), length)),
      B: make(crypto.expand(root, label(`${name} B`), length)),
    });
    return { root, confirm: both('confirm', 64), seal: both('handshake', 32), transcript };
  });
}

export function wipeKeys({ root, confirm, seal }: Keys): void {
  for (const secret of [root, confirm.A, confirm.B, seal.A, seal.B]) secret.wipe();
}

/** tag_X = HMAC(confirm X, th)[0..32] */
function withTag<T>(crypto: CryptoPort, role: Role, keys: Keys, use: (tag: Secret) => T): T {
  return withSecrets((keep) => {
    const full = keep(crypto.hmac(keys.confirm[role], [keys.transcript]));
    return use(keep(crypto.slice(full, 0, CONFIRM_TAG)));
  });
}

/** tag_X ‖ AEAD(hsX, nonce_X ‖ R_X ‖ caps): twelve zero bytes as nonce, each key seals once. */
export function makeProof(crypto: CryptoPort, role: Role, keys: Keys, { nonce, point, caps }: Side): Uint8Array {
  const opened = crypto.reveal(nonce);
  let payload: Uint8Array | undefined;
  try {
    payload = encodePayload(opened, point, caps);
    const box = crypto.seal(keys.seal[role], ZERO_NONCE, NO_AD, payload);
    return concat(
      withTag(crypto, role, keys, (tag) => crypto.reveal(tag)),
      box,
    );
  } finally {
    opened.fill(0);
    payload?.fill(0);
  }
}

/** Tag first, then the payload, then nonce against commitment. Undefined when any of them is wrong. */
export function checkProof(
  crypto: CryptoPort,
  role: Role,
  keys: Keys,
  proof: Uint8Array,
  commitment: Uint8Array,
): Side | undefined {
  const tagged = withTag(crypto, role, keys, (tag) => crypto.equal(tag, proof.subarray(0, CONFIRM_TAG)));
  if (!tagged) return undefined;
  const payload = crypto.open(keys.seal[role], ZERO_NONCE, NO_AD, proof.subarray(CONFIRM_TAG));
  if (payload === undefined) return undefined;
  try {
    const content = decodePayload(payload);
    if (content === undefined) return undefined;
    return unlessThrown((make) => {
      const nonce = make(crypto.take(content.nonce));
      if (sameBytes(commit(crypto, nonce), commitment)) return { nonce, point: content.point, caps: content.caps };
      nonce.wipe();
      return undefined;
    });
  } finally {
    payload.fill(0);
  }
}

/** Both proofs are right: safety words, ratchet, resume. Keys and the peer's nonce are wiped. */
export function establish(
  crypto: CryptoPort,
  role: Role,
  keys: Keys,
  own: { readonly nonce: Secret; readonly scalar: Secret },
  theirs: Side,
): Established {
  try {
    const words = wordsOf(crypto, keys.root, role === 'A' ? [own.nonce, theirs.nonce] : [theirs.nonce, own.nonce]);
    const resume = crypto.expand(keys.root, label('resume'), 32);
    const ratchet = unlessThrown((make) => {
      make(resume);
      return withSecrets((keep) =>
        createRatchet(crypto, role, keep(crypto.expand(keys.root, label('ratchet'), 64)), own.scalar, theirs.point),
      );
    });
    return { role, ratchet, resume, transcript: keys.transcript, words, peer: theirs.caps };
  } finally {
    theirs.nonce.wipe();
    wipeKeys(keys);
  }
}

function wordsOf(crypto: CryptoPort, root: Secret, [nonceA, nonceB]: readonly [Secret, Secret]): number[] {
  const opened = [crypto.reveal(nonceA), crypto.reveal(nonceB)] as const;
  try {
    return safetyWords(crypto, root, ...opened);
  } finally {
    for (const bytes of opened) bytes.fill(0);
  }
}
