/**
 * The keys of one handshake transcript, and the proofs of M2 and M3 that are made and checked with them (protocol.md
 * section 4). No order of messages may be in this file (handshake.ts); what it reveals is overwritten on every way out.
 */
import type { CryptoPort, Part, Secret } from '../ports.js';
import { concat, label, lv, lvBytes, plainCopy, sameBytes, TAG } from './bytes.js';
import { type Caps, decodePayload, encodePayload, PAYLOAD } from './caps.js';
import { type CpaceTranscript, sessionKey } from './cpace.js';
import { asBytes, asKey, type Bytes, derive, type Key } from './keys.js';
import { createRatchet, type Ratchet } from './ratchet.js';
import type { Role } from './role.js';
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
  readonly root: Key<'root'>;
  readonly confirm: Readonly<Record<Role, Key<'confirm'>>>;
  readonly seal: Readonly<Record<Role, Key<'seal'>>>;
  /** th, 64 bytes, public to both ends. */
  readonly transcript: Bytes<'transcript'>;
}

/** What is the same in every attempt for one code. */
export interface Setting {
  readonly mode: Mode;
  /** 32 bytes. */
  readonly roomId: Uint8Array;
}

/** What one side brings to a proof: its nonce (32 bytes), its X25519 public R_X, its caps. */
export interface Side {
  readonly nonce: Key<'nonce'>;
  readonly point: Uint8Array;
  readonly caps: Caps;
}

export interface Established {
  readonly role: Role;
  readonly ratchet: Ratchet;
  /** `resume` (32 bytes) of section 7. */
  readonly resume: Key<'resume'>;
  /** th, 64 bytes, public to both ends. */
  readonly transcript: Bytes<'transcript'>;
  /** Four indices into the list of words. */
  readonly words: readonly number[];
  readonly peer: Caps;
}

/** C_X = H(lv("commit", TAG, nonce_X)), 64 bytes. */
export function commit(crypto: CryptoPort, nonce: Key<'nonce'>): Bytes<'commitment'> {
  return withSecrets((keep) => asBytes(crypto.reveal(keep(crypto.hash(lv<Part>(label('commit'), TAG, nonce))))));
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
  return unlessThrown((make) => {
    const { root, transcript } = withSecrets((keep) => {
      keep(sides.kem);
      const transcript = asBytes<'transcript'>(
        crypto.digest([lvBytes(TAG, Uint8Array.of(mode), roomId, commitments.A, commitments.B, ADa, Ya, Yb, ADb)]),
      );
      const isk = keep(sessionKey(crypto, sides.y, sides.role === 'A' ? Yb : Ya, sides.sid, cpace));
      return { root: make(asKey<'root'>(crypto.extract(transcript, lv(isk, sides.kem)))), transcript };
    });
    const confirm = (role: Role): Key<'confirm'> => make(derive(crypto, root, 'confirm', label(`confirm ${role}`), 64));
    const seal = (role: Role): Key<'seal'> => make(derive(crypto, root, 'seal', label(`handshake ${role}`), 32));
    return {
      root,
      confirm: { A: confirm('A'), B: confirm('B') },
      seal: { A: seal('A'), B: seal('B') },
      transcript,
    };
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
    const box = crypto.seal(keys.seal[role], ZERO_NONCE, NO_AD, [payload]);
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
      const nonce = make(asKey<'nonce'>(crypto.take(content.nonce)));
      const point = plainCopy(content.point);
      if (sameBytes(commit(crypto, nonce), commitment)) return { nonce, point, caps: content.caps };
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
  own: { readonly nonce: Key<'nonce'>; readonly scalar: Key<'scalar'> },
  theirs: Side,
): Established {
  try {
    const words = wordsOf(crypto, keys.root, role === 'A' ? [own.nonce, theirs.nonce] : [theirs.nonce, own.nonce]);
    const resume = derive(crypto, keys.root, 'resume', label('resume'), 32);
    const ratchet = unlessThrown((make) => {
      make(resume);
      return withSecrets((keep) =>
        createRatchet(
          crypto,
          role,
          keep(derive(crypto, keys.root, 'ratchet', label('ratchet'), 64)),
          own.scalar,
          theirs.point,
        ),
      );
    });
    return { role, ratchet, resume, transcript: keys.transcript, words, peer: theirs.caps };
  } finally {
    theirs.nonce.wipe();
    wipeKeys(keys);
  }
}

function wordsOf(
  crypto: CryptoPort,
  root: Key<'root'>,
  [nonceA, nonceB]: readonly [Key<'nonce'>, Key<'nonce'>],
): number[] {
  const opened = [crypto.reveal(nonceA), crypto.reveal(nonceB)] as const;
  try {
    return safetyWords(crypto, root, ...opened);
  } finally {
    for (const bytes of opened) bytes.fill(0);
  }
}
