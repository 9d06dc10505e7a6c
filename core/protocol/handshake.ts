/**
 * One attempt of the handshake (protocol.md section 4): commitments, CPace, ML-KEM, key confirmation, safety words.
 * A pure machine: messages in, steps out. Timers, counting over attempts and the relay belong to session/.
 *
 *   M0  both    C_X = H(lv("commit", TAG, nonce_X))           the smaller C is A
 *   M1  A → B   ek ‖ Ya
 *   M2  B → A   Yb ‖ ct ‖ tagB ‖ AEAD(hsB, payload_B)
 *   M3  A → B   tagA ‖ AEAD(hsA, payload_A)
 */
import { isRemoteProtocolError } from '../errors.js';
import type { CryptoPort, Part, Secret } from '../ports.js';
import { compareBytes, concat, label, lv, lvBytes, plainCopy, sameBytes, TAG } from './bytes.js';
import { type Caps, decodePayload, encodePayload, PAYLOAD } from './caps.js';
import { type CpaceTranscript, generatorHash, sessionKey } from './cpace.js';
import { asBytes, asKey, type Bytes, derive, type Key } from './keys.js';
import { createRatchet, type Ratchet } from './ratchet.js';
import type { Role } from './role.js';
import { safetyWords } from './safety-words.js';
import { withSecrets } from './secrets.js';

/** The version in every handshake message. */
export const HANDSHAKE_VERSION = 1;

const TYPE = { m0: 0x01, m1: 0x02, m2: 0x03, m3: 0x04 } as const;
const HEAD = 2;
const SID = 16;
const COMMITMENT = 64;
const POINT = 32;
const KEM_KEY = 1184;
const KEM_CIPHERTEXT = 1088;
const CONFIRM_TAG = 32;
const SEALED_PAYLOAD = PAYLOAD + 16;
const ZERO_NONCE = new Uint8Array(12);

/** Exact lengths in bytes; a message of another length is dropped. */
export const HANDSHAKE_LENGTHS = {
  m0: HEAD + COMMITMENT,
  m1: HEAD + SID + KEM_KEY + POINT,
  m2: HEAD + SID + POINT + KEM_CIPHERTEXT + CONFIRM_TAG + SEALED_PAYLOAD,
  m3: HEAD + SID + CONFIRM_TAG + SEALED_PAYLOAD,
} as const;

/** Mode byte: 0x00 no secret, 0x01 secret. */
export type Mode = 0 | 1;

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

export type Step =
  /** Nothing happened: not for this attempt, taken before, wrong length or sid. */
  | { readonly type: 'dropped' }
  | { readonly type: 'send'; readonly message: Uint8Array }
  /** B: counted as an attempt before M2 goes out; taken back by `established`. */
  | { readonly type: 'counted'; readonly message: Uint8Array }
  /** `message` is A's M3. B has no message to send, and `uncount` set. */
  | { readonly type: 'established'; readonly result: Established; readonly message?: Uint8Array }
  /** The attempt is over. `counts`: A found tag, payload or commitment wrong. Which one is never said. */
  | { readonly type: 'over'; readonly why: 'reflection' | 'failed'; readonly counts: boolean }
  /** The other side speaks another version: never retried with an older one. */
  | { readonly type: 'version-skew'; readonly version: number };

export interface Attempt {
  /** M0, sent once. */
  readonly first: Uint8Array;
  handle(message: Uint8Array): Step;
  /** Overwrites everything this attempt still holds; what `established` returned is not part of it any more. */
  wipe(): void;
}

const DROPPED: Step = { type: 'dropped' };
const FAILED: Step = { type: 'over', why: 'failed', counts: false };
const FAILED_COUNTED: Step = { type: 'over', why: 'failed', counts: true };

/** Keys of one transcript: root and everything expanded from it (section 4). */
interface Keys {
  readonly root: Key<'root'>;
  readonly confirm: Readonly<Record<Role, Key<'confirm'>>>;
  readonly seal: Readonly<Record<Role, Key<'seal'>>>;
}

/** A payload of the peer whose tag, content and commitment are right: views into what `wipe` overwrites. */
interface Opened {
  readonly nonce: Uint8Array;
  readonly point: Uint8Array;
  readonly caps: Caps;
  wipe(): void;
}

/**
 * Draws everything fresh and makes M0. `prs` (PRS, protocol.md section 2) stays the caller's; `roomId` is 32 bytes.
 */
export function createAttempt(crypto: CryptoPort, prs: Secret, mode: Mode, roomId: Uint8Array, caps: Caps): Attempt {
  const nonce = asKey<'nonce'>(crypto.randomSecret(32));
  const scalar = asKey<'scalar'>(crypto.randomSecret(POINT));
  const point = crypto.x25519Public(scalar);
  const commitment = commit(crypto, nonce);

  /** Known after the peer's M0. */
  let peer: { readonly commitment: Uint8Array; readonly role: Role; readonly sid: Uint8Array } | undefined;
  /** y, and for A the ML-KEM seed with its public key; known after M0, fresh for each M0 taken. */
  let share:
    | { readonly y: Secret; readonly Y: Uint8Array; readonly seed?: Secret; readonly ek?: Uint8Array }
    | undefined;
  /** B after M2, waiting for M3. */
  let sealed: { readonly keys: Keys; readonly transcript: Bytes<'transcript'> } | undefined;
  let done = false;

  function wipeShare(): void {
    share?.y.wipe();
    share?.seed?.wipe();
    share = undefined;
  }

  /** CI = lv(TAG, mode, room id) */
  const channel = lvBytes(TAG, Uint8Array.of(mode), roomId);

  /** y and Y = X25519(y, g) for this attempt's sid. */
  function drawShare(sid: Uint8Array): { y: Secret; Y: Uint8Array } {
    const y = crypto.randomSecret(POINT);
    const Y = withSecrets((keep) => crypto.cpaceShare(keep(generatorHash(crypto, prs, channel, sid)), y));
    return { y, Y };
  }

  /** th = H(lv(TAG, mode, room id, C_A, C_B, ek, Ya, Yb, ct)); root = HKDF-Extract(th, lv(ISK, ss)). */
  function deriveKeys(
    y: Secret,
    kem: Secret,
    sides: { role: Role; sid: Uint8Array; peerCommitment: Uint8Array },
    cpace: CpaceTranscript,
  ): { keys: Keys; transcript: Bytes<'transcript'> } {
    const [ca, cb] = sides.role === 'A' ? [commitment, sides.peerCommitment] : [sides.peerCommitment, commitment];
    const { Ya, ADa, Yb, ADb } = cpace;
    const transcript = asBytes<'transcript'>(
      crypto.digest([lvBytes(TAG, Uint8Array.of(mode), roomId, ca, cb, ADa, Ya, Yb, ADb)]),
    );
    const root = withSecrets((keep) => {
      keep(kem);
      const isk = keep(sessionKey(crypto, y, sides.role === 'A' ? Yb : Ya, sides.sid, cpace));
      return asKey<'root'>(crypto.extract(transcript, lv(isk, kem)));
    });
    const confirm = (role: Role): Key<'confirm'> => derive(crypto, root, 'confirm', label(`confirm ${role}`), 64);
    const seal = (role: Role): Key<'seal'> => derive(crypto, root, 'seal', label(`handshake ${role}`), 32);
    const keys = { root, confirm: { A: confirm('A'), B: confirm('B') }, seal: { A: seal('A'), B: seal('B') } };
    return { keys, transcript };
  }

  function wipeKeys(keys: Keys): void {
    for (const secret of [keys.root, keys.confirm.A, keys.confirm.B, keys.seal.A, keys.seal.B]) secret.wipe();
  }

  /** tag_X ‖ AEAD(hsX, nonce_X ‖ R_X ‖ caps): twelve zero bytes as nonce, each key seals once. */
  function proof(role: Role, keys: Keys, transcript: Bytes<'transcript'>): Uint8Array {
    const opened = crypto.reveal(nonce);
    const payload = encodePayload(opened, point, caps);
    let box: Uint8Array;
    try {
      box = crypto.seal(keys.seal[role], ZERO_NONCE, new Uint8Array(0), payload);
    } finally {
      opened.fill(0);
      payload.fill(0);
    }
    const tag = withSecrets((keep) => {
      const full = keep(crypto.hmac(keys.confirm[role], [transcript]));
      return crypto.reveal(keep(crypto.slice(full, 0, CONFIRM_TAG)));
    });
    return concat(tag, box);
  }

  /** Tag first, then the payload, then nonce against commitment. Undefined when any of them is wrong. */
  function checkProof(
    role: Role,
    keys: Keys,
    transcript: Bytes<'transcript'>,
    proofBytes: Uint8Array,
    commitmentOfPeer: Uint8Array,
  ): Opened | undefined {
    const verified = withSecrets((keep) => {
      const full = keep(crypto.hmac(keys.confirm[role], [transcript]));
      return crypto.equal(keep(crypto.slice(full, 0, CONFIRM_TAG)), proofBytes.subarray(0, CONFIRM_TAG));
    });
    if (!verified) return undefined;
    const box = proofBytes.subarray(CONFIRM_TAG);
    const payload = crypto.open(keys.seal[role], ZERO_NONCE, new Uint8Array(0), box);
    if (payload === undefined) return undefined;
    const content = decodePayload(payload);
    const wipePayload = (): void => void payload.fill(0);
    try {
      if (content !== undefined) {
        const opened = withSecrets((keep) => commit(crypto, keep(crypto.take(plainCopy(content.nonce)))));
        if (sameBytes(opened, commitmentOfPeer)) return { ...content, wipe: wipePayload };
      }
    } catch (error) {
      wipePayload();
      throw error;
    }
    wipePayload();
    return undefined;
  }

  /** Both proofs are known to be right: safety words, ratchet, resume; everything else is wiped. */
  function establish(role: Role, keys: Keys, transcript: Bytes<'transcript'>, theirs: Opened): Established {
    try {
      const mine = crypto.reveal(nonce);
      const [a, b] = role === 'A' ? [mine, theirs.nonce] : [theirs.nonce, mine];
      let words: number[];
      try {
        words = safetyWords(crypto, keys.root, a, b);
      } finally {
        mine.fill(0);
      }
      const ratchet = withSecrets((keep) => {
        const start = keep(derive(crypto, keys.root, 'ratchet', label('ratchet'), 64));
        return createRatchet(crypto, role, start, scalar, theirs.point);
      });
      const resume = derive(crypto, keys.root, 'resume', label('resume'), 32);
      return { role, ratchet, resume, transcript, words, peer: theirs.caps };
    } finally {
      theirs.wipe();
      wipeKeys(keys);
    }
  }

  function takeM0(message: Uint8Array): Step {
    const theirs = message.slice(HEAD);
    if (peer !== undefined && sameBytes(theirs, peer.commitment)) return DROPPED;
    // Until a side has sealed M2 or M3 a newer M0 replaces the older; afterwards it ends the attempt.
    if (sealed !== undefined) return FAILED;
    const order = compareBytes(commitment, theirs);
    if (order === 0) return { type: 'over', why: 'reflection', counts: false };
    wipeShare();
    const role: Role = order < 0 ? 'A' : 'B';
    const [ca, cb] = role === 'A' ? [commitment, theirs] : [theirs, commitment];
    const sid = crypto.digest([lvBytes(label('sid'), ca, cb)]).slice(0, 32);
    peer = { commitment: theirs, role, sid };
    if (role === 'B') return DROPPED;
    const seed = crypto.randomSecret(64);
    const ek = crypto.kemPublic(seed);
    share = { ...drawShare(sid), seed, ek };
    return { type: 'send', message: concat(head(TYPE.m1), sid.subarray(0, SID), ek, share.Y) };
  }

  function takeM1(message: Uint8Array): Step {
    if (peer?.role !== 'B' || sealed !== undefined) return DROPPED;
    const [ek, Ya] = cut(message.subarray(HEAD + SID), KEM_KEY, POINT);
    const kem = orFailed(() => withSecrets((keep) => crypto.kemEncapsulate(ek, keep(crypto.randomSecret(32)))));
    if (kem === undefined) return FAILED;
    const drawn = drawShare(peer.sid);
    share = drawn;
    const cpace = { Ya, ADa: ek, Yb: drawn.Y, ADb: kem.ciphertext };
    const sides = { role: peer.role, sid: peer.sid, peerCommitment: peer.commitment };
    sealed = orFailed(() => deriveKeys(drawn.y, kem.shared, sides, cpace));
    wipeShare();
    if (sealed === undefined) return FAILED;
    const body = proof('B', sealed.keys, sealed.transcript);
    return {
      type: 'counted',
      message: concat(head(TYPE.m2), peer.sid.subarray(0, SID), drawn.Y, kem.ciphertext, body),
    };
  }

  function takeM2(message: Uint8Array): Step {
    if (peer?.role !== 'A' || share?.seed === undefined || share.ek === undefined) return DROPPED;
    const { y, Y, seed, ek } = share;
    const [Yb, ct, theirProof] = cut(message.subarray(HEAD + SID), POINT, KEM_CIPHERTEXT, CONFIRM_TAG + SEALED_PAYLOAD);
    const sides = { role: peer.role, sid: peer.sid, peerCommitment: peer.commitment };
    const derived = orFailed(() =>
      deriveKeys(y, crypto.kemDecapsulate(seed, ct), sides, { Ya: Y, ADa: ek, Yb, ADb: ct }),
    );
    wipeShare();
    if (derived === undefined) return FAILED;
    const theirs = checkProof('B', derived.keys, derived.transcript, theirProof, peer.commitment);
    if (theirs === undefined) {
      wipeKeys(derived.keys);
      return FAILED_COUNTED;
    }
    const reply = concat(head(TYPE.m3), peer.sid.subarray(0, SID), proof('A', derived.keys, derived.transcript));
    return { type: 'established', result: establish('A', derived.keys, derived.transcript, theirs), message: reply };
  }

  function takeM3(message: Uint8Array): Step {
    if (peer === undefined || sealed === undefined) return DROPPED;
    const { keys, transcript } = sealed;
    const theirs = checkProof('A', keys, transcript, message.subarray(HEAD + SID), peer.commitment);
    // B counted this attempt when it sealed M2.
    if (theirs === undefined) return FAILED;
    return { type: 'established', result: establish('B', keys, transcript, theirs) };
  }

  return {
    first: concat(head(TYPE.m0), commitment),

    handle(message) {
      const type = message[0] ?? 0;
      if (done || type < TYPE.m0 || type > TYPE.m3) return DROPPED;
      const version = message[1];
      if (version !== undefined && version !== HANDSHAKE_VERSION) return { type: 'version-skew', version };
      if (type === TYPE.m0) return message.length === HANDSHAKE_LENGTHS.m0 ? finish(takeM0(message)) : DROPPED;
      if (peer === undefined || !sameBytes(message.subarray(HEAD, HEAD + SID), peer.sid.subarray(0, SID)))
        return DROPPED;
      if (type === TYPE.m1 && message.length === HANDSHAKE_LENGTHS.m1) return finish(takeM1(message));
      if (type === TYPE.m2 && message.length === HANDSHAKE_LENGTHS.m2) return finish(takeM2(message));
      if (type === TYPE.m3 && message.length === HANDSHAKE_LENGTHS.m3) return finish(takeM3(message));
      return DROPPED;
    },

    wipe,
  };

  function finish(step: Step): Step {
    if (step.type === 'established' || step.type === 'over') wipe();
    return step;
  }

  function wipe(): void {
    done = true;
    nonce.wipe();
    scalar.wipe();
    wipeShare();
    if (sealed !== undefined) wipeKeys(sealed.keys);
    sealed = undefined;
  }
}

function head(type: number): Uint8Array {
  return Uint8Array.of(type, HANDSHAKE_VERSION);
}

/** C_X = H(lv("commit", TAG, nonce_X)), 64 bytes. */
function commit(crypto: CryptoPort, nonce: Secret): Uint8Array {
  return withSecrets((keep) => crypto.reveal(keep(crypto.hash(lv<Part>(label('commit'), TAG, nonce)))));
}

/** Consecutive pieces of the given lengths, copied. */
function cut<const L extends readonly number[]>(bytes: Uint8Array, ...lengths: L): { [K in keyof L]: Uint8Array } {
  let at = 0;
  return lengths.map((length) => bytes.slice(at, (at += length))) as unknown as { [K in keyof L]: Uint8Array };
}

/** Undefined where the peer's value is refused (K = 0, a bad ek): that ends the attempt and counts nothing. */
function orFailed<T>(compute: () => T): T | undefined {
  try {
    return compute();
  } catch (error) {
    if (isRemoteProtocolError(error)) return undefined;
    throw error;
  }
}
