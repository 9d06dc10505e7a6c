/**
 * Proving over a new connection that both ends still hold the session (protocol.md section 7, "Resume"): two messages
 * each way. One pairing, one of these. No frame is opened here, the ratchet is only asked for its proof key, and no timer
 * and no connection may be in this file (session/resume.ts).
 *
 *   resume-1  both   0x05 ‖ n_X(32) ‖ epoch(8)
 *   resume-2  both   0x06 ‖ AEAD(HKDF-Expand(RS_e, lv("resume X", n_A, n_B, epoch_A, epoch_B), 32), next expected(6) ‖ next own(6))
 */
import type { CryptoPort, Secret } from '../ports.js';
import { concat, label, lvBytes, plainBuffer, putUint, readUint, sameBytes, uint } from './bytes.js';
import { other, type Role } from './frame.js';
import { withSecrets } from './secrets.js';

/** First bytes. */
export const RESUME_TYPE = { one: 0x05, two: 0x06 } as const;
const NONCE = 32;
const EPOCH = 8;
const SEQ = 6;
/** Exact lengths in bytes. */
export const RESUME_LENGTHS = { one: 1 + NONCE + EPOCH, two: 1 + 2 * SEQ + 16 } as const;
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
  proof(epoch: number): Secret | undefined;
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

/** n_X is drawn here: a fresh one for each pairing. */
export function createProof(crypto: CryptoPort, role: Role, prover: Prover): Proof {
  const nonce = crypto.random(NONCE);
  const { epoch } = prover;
  let peer: { readonly nonce: Uint8Array; readonly epoch: number } | undefined;
  let proven = false;

  /** The AEAD key of one side's proof, for the one time it is used; undefined when the epochs do not fit. */
  function withKey<T>(sealer: Role, use: (key: Secret) => T): T | undefined {
    if (peer === undefined) return undefined;
    const [a, b] = role === 'A' ? [{ nonce, epoch }, peer] : [peer, { nonce, epoch }];
    // They may differ by one, B ahead.
    if (b.epoch !== a.epoch && b.epoch !== a.epoch + 1) return undefined;
    const secret = prover.proof(a.epoch);
    if (secret === undefined) return undefined;
    const info = lvBytes(label(`resume ${sealer}`), a.nonce, b.nonce, uint(a.epoch, EPOCH), uint(b.epoch, EPOCH));
    return withSecrets((keep) => use(keep(crypto.expand(secret, info, 32))));
  }

  function takeFirst(message: Uint8Array, position: Position): ProofStep {
    // A second one in a pairing.
    if (peer !== undefined) return FAILED;
    const theirs = { nonce: message.slice(1, 1 + NONCE), epoch: readUint(message, 1 + NONCE, EPOCH) };
    if (Number.isNaN(theirs.epoch) || sameBytes(theirs.nonce, nonce)) return FAILED;
    peer = theirs;
    const plaintext = plainBuffer(2 * SEQ);
    putUint(plaintext, 0, SEQ, position.expected);
    putUint(plaintext, SEQ, SEQ, position.next);
    const box = withKey(role, (key) => crypto.seal(key, ZERO_NONCE, NO_AD, plaintext));
    return box === undefined ? FAILED : { type: 'send', message: concat(Uint8Array.of(RESUME_TYPE.two), box) };
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

  return {
    first: concat(Uint8Array.of(RESUME_TYPE.one), nonce, uint(epoch, EPOCH)),
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
export function resumeRoom(crypto: CryptoPort, resume: Secret, role: Role): { room: Uint8Array; seat: Uint8Array } {
  const expand = (name: string): Uint8Array =>
    withSecrets((keep) => crypto.reveal(keep(crypto.expand(resume, label(name), 32))));
  return { room: expand('room'), seat: expand(`seat ${role}`) };
}
