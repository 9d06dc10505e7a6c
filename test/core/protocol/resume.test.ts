/**
 * The proof that both ends still hold the session (protocol.md section 7), and where they may stand.
 */
import { describe, expect, it } from 'vitest';
import { createTweetnaclCrypto } from '../../../adapters/crypto/tweetnacl.js';
import { asKey } from '../../../core/protocol/keys.js';
import { createRatchet, type Ratchet } from '../../../core/protocol/ratchet.js';
import { createProof, RESUME_LENGTHS } from '../../../core/protocol/resume.js';
import type { Role } from '../../../core/protocol/role.js';

const FRAME = 0x10;

describe('resume-1 and resume-2', () => {
  const crypto = createTweetnaclCrypto();
  const scalars = { A: asKey<'scalar'>(crypto.randomSecret(32)), B: asKey<'scalar'>(crypto.randomSecret(32)) };
  const resume = asKey<'resume'>(crypto.randomSecret(32));
  const proofOf = (role: Role, ratchet: Ratchet) => createProof(crypto, role, resume, ratchet);
  const points = { A: crypto.x25519Public(scalars.A), B: crypto.x25519Public(scalars.B) };
  const HERE = { expected: 3, next: 7 };

  function ratchets(): Record<Role, Ratchet> {
    const root = asKey<'ratchet'>(crypto.take(new Uint8Array(64).fill(9)));
    const A = createRatchet(crypto, 'A', root, scalars.A, points.B);
    return { A, B: createRatchet(crypto, 'B', root, scalars.B, points.A) };
  }

  function rekey({ A, B }: Record<Role, Ratchet>, opened: boolean): void {
    const offer = A.makeOffer();
    if (offer.type !== 'offer') throw new Error('an offer expected');
    const answer = B.answerOffer(offer.value);
    B.seal(0, 0, [answer]);
    B.answerSealed();
    if (opened && answer.type === 'answer') A.takeAnswer(answer.value);
  }

  function exchange(two: Record<Role, Ratchet>): { a: unknown; b: unknown } {
    const [a, b] = [proofOf('A', two.A), proofOf('B', two.B)];
    const [fromA, fromB] = [a.handle(b.first, HERE), b.handle(a.first, HERE)];
    if (fromA.type !== 'send' || fromB.type !== 'send') return { a: fromA, b: fromB };
    return { a: a.handle(fromB.message, HERE), b: b.handle(fromA.message, HERE) };
  }

  const PROVEN = { type: 'proven', peer: HERE };

  it('have their lengths, and prove where the sides stand', () => {
    const two = ratchets();
    const proof = proofOf('A', two.A);
    expect(proof.first.length).toBe(RESUME_LENGTHS.one);
    const step = proof.handle(proofOf('B', two.B).first, HERE);
    expect(step.type === 'send' && step.message.length).toBe(RESUME_LENGTHS.two);
    expect(exchange(two)).toEqual({ a: PROVEN, b: PROVEN });
  });

  it('B may be one epoch ahead, with RS_e kept until a frame of e+1 opened', () => {
    const two = ratchets();
    rekey(two, false);
    expect([two.A.epoch, two.B.epoch]).toEqual([0, 1]);
    expect(exchange(two)).toEqual({ a: PROVEN, b: PROVEN });
    const ahead = ratchets();
    rekey(ahead, true);
    expect(exchange(ahead)).toEqual({ a: PROVEN, b: PROVEN });
    expect(ahead.B.open(0, ahead.A.seal(0, 0, []).frame)).toBeDefined();
    expect(ahead.B.proof(0)).toBeUndefined();
    expect(ahead.A.proof(0)).toBeUndefined();
  });

  it('A ahead, or two epochs apart, is answered under a key that nobody has: a replayed hello learns nothing', () => {
    const [two, other] = [ratchets(), ratchets()];
    rekey(other, true);
    expect(exchange({ A: other.A, B: two.B })).toEqual({ a: { type: 'failed' }, b: { type: 'failed' } });
    const replayed = proofOf('B', two.B).first;
    rekey(two, true);
    expect(two.B.open(0, two.A.seal(0, 0, []).frame)).toBeDefined();
    rekey(two, true);
    const step = proofOf('A', two.A).handle(replayed, HERE);
    expect(step.type === 'send' && step.message.length).toBe(RESUME_LENGTHS.two);
  });

  it('the hello shows no epoch, and one that does not open leads nowhere', () => {
    const two = ratchets();
    const before = proofOf('B', two.B).first;
    rekey(two, true);
    expect(proofOf('B', two.B).first.length).toBe(before.length);
    const stranger = asKey<'resume'>(crypto.randomSecret(32));
    const forged = createProof(crypto, 'B', stranger, two.B).first;
    expect(proofOf('A', two.A).handle(forged, HERE)).toEqual({ type: 'failed' });
    // Of A, it is no hello to A.
    expect(proofOf('A', two.A).handle(proofOf('A', two.A).first, HERE)).toEqual({ type: 'failed' });
    stranger.wipe();
  });

  it('every byte of both flipped: never proven', () => {
    const two = ratchets();
    const [a, b] = [proofOf('A', two.A), proofOf('B', two.B)];
    for (let at = 0; at < RESUME_LENGTHS.one; at++) {
      const bad = b.first.slice();
      bad[at] = (bad[at] ?? 0) ^ 1;
      const one = proofOf('A', two.A);
      expect(one.handle(bad, HERE).type).toBe(at === 0 ? 'dropped' : 'failed');
    }
    const good = b.handle(a.first, HERE);
    if (good.type !== 'send') throw new Error('a proof expected');
    for (let at = 0; at < RESUME_LENGTHS.two; at++) {
      const one = proofOf('A', two.A);
      one.handle(b.first, HERE);
      const bad = good.message.slice();
      bad[at] = (bad[at] ?? 0) ^ 1;
      expect(one.handle(bad, HERE).type).not.toBe('proven');
    }
  });

  it('is no proof of another pairing, of the own side, or before resume-1', () => {
    const two = ratchets();
    const b = proofOf('B', two.B);
    const [one, again] = [proofOf('A', two.A), proofOf('A', two.A)];
    const proof = b.handle(one.first, HERE);
    const own = one.handle(b.first, HERE);
    if (proof.type !== 'send' || own.type !== 'send') throw new Error('proofs expected');
    expect(again.handle(proof.message, HERE)).toEqual({ type: 'failed' });
    again.handle(b.first, HERE);
    expect(again.handle(proof.message, HERE)).toEqual({ type: 'failed' });
    expect(one.handle(own.message, HERE)).toEqual({ type: 'failed' });
    expect(one.handle(b.first, HERE)).toEqual({ type: 'failed' });
    expect(proofOf('A', two.A).handle(one.first.slice(0, -1), HERE)).toEqual({ type: 'failed' });
    expect(one.handle(Uint8Array.of(FRAME), HERE)).toEqual({ type: 'dropped' });
  });

  it("a nonce of one's own is a mirror", () => {
    const two = ratchets();
    const proof = proofOf('A', two.A);
    expect(proof.handle(proof.first, HERE)).toEqual({ type: 'failed' });
  });
});
