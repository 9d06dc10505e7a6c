/**
 * Proving over a new connection that both ends still hold the session (protocol.md section 7, "Resume"): two messages
 * each way. One pairing, one of these. No frame is opened here, the ratchet is only asked for its proof key, and no timer
 * and no connection may be in this file.
 *
 *   resume-1  both   0x05 ‖ n_X(32) ‖ AEAD(HKDF-Expand(resume, lv("resume hello", X, n_X), 32), epoch(8))
 *   resume-2  both   0x06 ‖ AEAD(HKDF-Expand(RS_e, lv("resume X", n_A, n_B, epoch_A, epoch_B), 32), next expected(6) ‖ next own(6))
 */
import type { CryptoPort, Secret } from '../ports.js';
import { concat, label, lvBytes, plainBuffer, plainCopy, putUint, readUint, sameBytes, uint } from './bytes.js';
import { derive, type Key } from './keys.js';
import { other, type Role, roleByte } from './role.js';
import { withSecrets } from './secrets.js';

/** First bytes. */
export const RESUME_TYPE = { one: 0x05, two: 0x06 } as const;
const NONCE = 32;
const EPOCH = 8;
const SEQ = 6;
const AEAD_TAG = 16;
/** Exact lengths in bytes. */
export const RESUME_LENGTHS = { one: 1 + NONCE + EPOCH + AEAD_TAG, two: 1 + 2 * SEQ + AEAD_TAG } as const;
const ZERO_NONCE = new Uint8Array(12);
const NO_AD = new Uint8Array(0);

/** Where one side stands. */
export interface Position {
  /** The sequence number of the frame it opens next. */
  readonly expected: number;
  /** The sequence number of the frame it seals next. */
  readonly next: number;
}

/** What the ratchet lends to a proof. */
export interface Prover {
  /** The sending epoch. */
  readonly epoch: number;
  /** RS_e, 32 bytes, or undefined when this side does not hold that epoch's. It stays the ratchet's. */
  proof(epoch: number): Key<'resume proof'> | undefined;
}

export type ProofStep =
  | { readonly type: 'dropped' }
  | { readonly type: 'send'; readonly message: Uint8Array }
  /** The peer holds the session. */
  | { readonly type: 'proven'; readonly peer: Position }
  /** This pairing leads nowhere: close, back off, retry. The ratchet is as it was. */
  | { readonly type: 'failed' };

export interface Proof {
  /** resume-1, sent once. */
  readonly first: Uint8Array;
  /** `position` is asked for when resume-2 is sealed. */
  handle(message: Uint8Array, position: Position): ProofStep;
}

const FAILED: ProofStep = { type: 'failed' };

/** n_X is drawn here: a fresh one for each pairing. `resume` stays the caller's, who keeps it while proofs are made. */
export function createProof(crypto: CryptoPort, role: Role, resume: Key<'resume'>, prover: Prover): Proof {
  const nonce = crypto.random(NONCE);
  const { epoch } = prover;
  let peer: { readonly nonce: Uint8Array; readonly epoch: number } | undefined;
  let proven = false;

  /** The AEAD key of one side's hello. */
  function withHelloKey<T>(sealer: Role, n: Uint8Array, use: (key: Secret) => T): T {
    const info = lvBytes(label('resume hello'), roleByte(sealer), n);
    return withSecrets((keep) => use(keep(derive(crypto, resume, 'resume hello', info, 32))));
  }

  /** The AEAD key of one side's proof, for the one time it is used; undefined when the epochs do not fit. */
  function withKey<T>(sealer: Role, use: (key: Secret) => T): T | undefined {
    if (peer === undefined) return undefined;
    const [a, b] = role === 'A' ? [{ nonce, epoch }, peer] : [peer, { nonce, epoch }];
    // They may differ by one, B ahead.
    if (b.epoch !== a.epoch && b.epoch !== a.epoch + 1) return undefined;
    const secret = prover.proof(a.epoch);
    if (secret === undefined) return undefined;
    const info = lvBytes(label(`resume ${sealer}`), a.nonce, b.nonce, uint(a.epoch, EPOCH), uint(b.epoch, EPOCH));
    return withSecrets((keep) => use(keep(derive(crypto, secret, 'resume answer', info, 32))));
  }

  function openHello(message: Uint8Array): { readonly nonce: Uint8Array; readonly epoch: number } | undefined {
    const theirs = plainCopy(message.subarray(1, 1 + NONCE));
    if (sameBytes(theirs, nonce)) return undefined;
    const opened = withHelloKey(other(role), theirs, (key) =>
      crypto.open(key, ZERO_NONCE, NO_AD, message.subarray(1 + NONCE)),
    );
    const number = opened === undefined ? Number.NaN : readUint(opened, 0, EPOCH);
    return Number.isNaN(number) ? undefined : { nonce: theirs, epoch: number };
  }

  function takeFirst(message: Uint8Array, position: Position): ProofStep {
    // A second one in a pairing.
    if (peer !== undefined) return FAILED;
    peer = openHello(message);
    if (peer === undefined) return FAILED;
    const plaintext = plainBuffer(2 * SEQ);
    putUint(plaintext, 0, SEQ, position.expected);
    putUint(plaintext, SEQ, SEQ, position.next);
    const seal = (key: Secret): Uint8Array => crypto.seal(key, ZERO_NONCE, NO_AD, [plaintext]);
    // Epochs that do not fit are answered under a key that nobody has: a replayed hello learns nothing from the answer.
    const box = withKey(role, seal) ?? withSecrets((keep) => seal(keep(crypto.randomSecret(32))));
    return { type: 'send', message: concat(Uint8Array.of(RESUME_TYPE.two), box) };
  }

  function takeSecond(message: Uint8Array): ProofStep {
    if (proven) return FAILED;
    const plaintext = withKey(other(role), (key) => crypto.open(key, ZERO_NONCE, NO_AD, message.subarray(1)));
    if (plaintext === undefined) return FAILED;
    proven = true;
    return {
      type: 'proven',
      peer: { expected: readUint(plaintext, 0, SEQ), next: readUint(plaintext, SEQ, SEQ) },
    };
  }

  const hello = withHelloKey(role, nonce, (key) => crypto.seal(key, ZERO_NONCE, NO_AD, [uint(epoch, EPOCH)]));
  return {
    first: concat(Uint8Array.of(RESUME_TYPE.one), nonce, hello),
    handle(message, position) {
      if (message[0] === RESUME_TYPE.one) {
        return message.length === RESUME_LENGTHS.one ? takeFirst(message, position) : FAILED;
      }
      if (message[0] === RESUME_TYPE.two) {
        return message.length === RESUME_LENGTHS.two ? takeSecond(message) : FAILED;
      }
      return { type: 'dropped' };
    },
  };
}

/** Room and seat of the resume room, 32 bytes each: HKDF-Expand(resume, "room", 32) and with "seat X". */
export function resumeRoom(
  crypto: CryptoPort,
  resume: Key<'resume'>,
  role: Role,
): { room: Uint8Array; seat: Uint8Array } {
  const expand = (name: string): Uint8Array =>
    withSecrets((keep) => crypto.reveal(keep(derive(crypto, resume, 'room', label(name), 32))));
  return { room: expand('room'), seat: expand(`seat ${role}`) };
}
