/**
 * Two ratchets in step, as a handshake would leave them, with the numbers that the session counts. No expectation may be
 * in this file.
 */
import type { CryptoPort } from '../../core/ports.js';
import { asKey } from '../../core/protocol/keys.js';
import { createRatchet, type OpenedFrame, type Ratchet } from '../../core/protocol/ratchet.js';
import type { ProtocolRecord } from '../../core/protocol/records.js';
import { createSodium } from './sodium.js';

/** One side: frames are numbered as they are sealed and opened. */
export interface End {
  readonly ratchet: Ratchet;
  sealed: number;
  opened: number;
  seal(...records: ProtocolRecord[]): Uint8Array;
  open(frame: Uint8Array): OpenedFrame | undefined;
}

export interface Ends {
  readonly crypto: CryptoPort;
  readonly a: End;
  readonly b: End;
}

/** Secrets that the two leave to the test: `ratchet` and R of both sides. */
export const HANDSHAKE_SECRETS = 4;

export function ratchets(crypto: CryptoPort = createSodium()): Ends {
  const root = crypto.random(64);
  const scalars = { a: asKey<'scalar'>(crypto.randomSecret(32)), b: asKey<'scalar'>(crypto.randomSecret(32)) };
  const points = { a: crypto.x25519Public(scalars.a), b: crypto.x25519Public(scalars.b) };
  const start = () => asKey<'ratchet'>(crypto.take(root.slice()));
  return {
    crypto,
    a: end(createRatchet(crypto, 'A', start(), scalars.a, points.b)),
    b: end(createRatchet(crypto, 'B', start(), scalars.b, points.a)),
  };
}

export function end(ratchet: Ratchet): End {
  const self: End = {
    ratchet,
    sealed: 0,
    opened: 0,
    seal(...records) {
      const { frame, streams } = ratchet.seal(self.sealed++, 0, records);
      streams.wipe();
      return frame;
    },
    open(frame) {
      const result = ratchet.open(self.opened, frame);
      if (result !== undefined) self.opened += 1;
      return result;
    },
  };
  return self;
}

/** The value of an offer or an answer, which comes first in its frame. */
export function stepOf(records: readonly ProtocolRecord[] | undefined, type: 'offer' | 'answer'): Uint8Array {
  const record = records?.[0];
  if (record?.type !== type) throw new Error(`${type} expected`);
  return record.value;
}

/** A rekey with nothing else on the way; B has not yet opened a frame of the new epoch. */
export function rekey({ a, b }: Ends): void {
  const offer = b.open(a.seal(a.ratchet.makeOffer()));
  const answer = b.seal(b.ratchet.answerOffer(stepOf(offer?.records, 'offer')));
  b.ratchet.answerSealed();
  a.ratchet.takeAnswer(stepOf(a.open(answer)?.records, 'answer'));
}
