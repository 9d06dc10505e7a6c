/**
 * The proof that both ends still hold the session (protocol.md section 7), and where they may stand.
 */
import { describe, expect, it } from 'vitest';
import { createTweetnaclCrypto } from '../../../adapters/crypto/tweetnacl.js';
import { isRemoteProtocolError } from '../../../core/errors.js';
import type { Role } from '../../../core/protocol/frame.js';
import { createRatchet, type Ratchet } from '../../../core/protocol/ratchet.js';
import { createProof, RESUME_LENGTHS } from '../../../core/protocol/resume.js';
import { createChannel } from '../../../core/session/channel.js';

const FRAME = 0x10;

describe('resume-1 and resume-2', () => {
  const crypto = createTweetnaclCrypto();
  const scalars = { A: crypto.randomSecret(32), B: crypto.randomSecret(32) };
  const points = { A: crypto.x25519Public(scalars.A), B: crypto.x25519Public(scalars.B) };
  const HERE = { expected: 3, next: 7 };

  function ratchets(): Record<Role, Ratchet> {
    const root = crypto.take(new Uint8Array(64).fill(9));
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
    const [a, b] = [createProof(crypto, 'A', two.A), createProof(crypto, 'B', two.B)];
    const [fromA, fromB] = [a.handle(b.first, HERE), b.handle(a.first, HERE)];
    if (fromA.type !== 'send' || fromB.type !== 'send') return { a: fromA, b: fromB };
    return { a: a.handle(fromB.message, HERE), b: b.handle(fromA.message, HERE) };
  }

  const PROVEN = { type: 'proven', peer: HERE };

  it('have their lengths, and prove where the sides stand', () => {
    const two = ratchets();
    const proof = createProof(crypto, 'A', two.A);
    expect(proof.first.length).toBe(RESUME_LENGTHS.one);
    const step = proof.handle(createProof(crypto, 'B', two.B).first, HERE);
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
    expect(ahead.B.open(ahead.A.seal(0, 0, []))).toBeDefined();
    expect(ahead.B.proof(0)).toBeUndefined();
    expect(ahead.A.proof(0)).toBeUndefined();
  });

  it('A ahead, or two epochs apart, fails', () => {
    const [two, other] = [ratchets(), ratchets()];
    rekey(other, true);
    expect(exchange({ A: other.A, B: two.B })).toEqual({ a: { type: 'failed' }, b: { type: 'failed' } });
  });

  it('every byte of both flipped: never proven', () => {
    const two = ratchets();
    const [a, b] = [createProof(crypto, 'A', two.A), createProof(crypto, 'B', two.B)];
    for (let at = 1; at < RESUME_LENGTHS.one; at++) {
      const bad = b.first.slice();
      bad[at] = (bad[at] ?? 0) ^ 1;
      const one = createProof(crypto, 'A', two.A);
      const step = one.handle(bad, HERE);
      if (step.type !== 'send') continue;
      const answer = createProof(crypto, 'B', two.B);
      expect(answer.handle(one.first, HERE).type).toBe('send');
      expect(answer.handle(step.message, HERE)).toEqual({ type: 'failed' });
    }
    const good = b.handle(a.first, HERE);
    if (good.type !== 'send') throw new Error('a proof expected');
    for (let at = 0; at < RESUME_LENGTHS.two; at++) {
      const one = createProof(crypto, 'A', two.A);
      one.handle(b.first, HERE);
      const bad = good.message.slice();
      bad[at] = (bad[at] ?? 0) ^ 1;
      expect(one.handle(bad, HERE).type).not.toBe('proven');
    }
  });

  it('is no proof of another pairing, of the own side, or before resume-1', () => {
    const two = ratchets();
    const b = createProof(crypto, 'B', two.B);
    const [one, again] = [createProof(crypto, 'A', two.A), createProof(crypto, 'A', two.A)];
    const proof = b.handle(one.first, HERE);
    const own = one.handle(b.first, HERE);
    if (proof.type !== 'send' || own.type !== 'send') throw new Error('proofs expected');
    expect(again.handle(proof.message, HERE)).toEqual({ type: 'failed' });
    again.handle(b.first, HERE);
    expect(again.handle(proof.message, HERE)).toEqual({ type: 'failed' });
    expect(one.handle(own.message, HERE)).toEqual({ type: 'failed' });
    expect(one.handle(b.first, HERE)).toEqual({ type: 'failed' });
    expect(createProof(crypto, 'A', two.A).handle(one.first.slice(0, -1), HERE)).toEqual({ type: 'failed' });
    expect(one.handle(Uint8Array.of(FRAME), HERE)).toEqual({ type: 'dropped' });
  });

  it("a nonce of one's own is a mirror", () => {
    const two = ratchets();
    const proof = createProof(crypto, 'A', two.A);
    expect(proof.handle(proof.first, HERE)).toEqual({ type: 'failed' });
  });

  it('a peer that cannot stand there ends the session', () => {
    const stands = (peer: { expected: number; next: number }): boolean => {
      const two = ratchets();
      const channel = createChannel(two.A, 'A', () => undefined, 0);
      for (let i = 0; i < 3; i++) channel.send('text', [{ type: 'typing' }], 0);
      for (let i = 0; i < 2; i++) channel.receive(two.B.seal(i, 1, []), 0);
      channel.pause();
      try {
        channel.resume(peer, 0);
        return true;
      } catch (error) {
        expect(isRemoteProtocolError(error)).toBe(true);
        return false;
      }
    };
    expect(stands({ expected: 1, next: 2 })).toBe(true);
    expect(stands({ expected: 3, next: 2 })).toBe(true);
    expect(stands({ expected: 0, next: 2 })).toBe(false);
    expect(stands({ expected: 4, next: 2 })).toBe(false);
    expect(stands({ expected: 1, next: 1 })).toBe(false);
    expect(stands({ expected: Number.NaN, next: 2 })).toBe(false);
    expect(stands({ expected: 1, next: Number.NaN })).toBe(false);
  });

  it('no frame is sealed while the line is down', () => {
    const channel = createChannel(ratchets().A, 'A', () => undefined, 0);
    channel.pause();
    expect(channel.send('text', [{ type: 'typing' }], 0)).toBeUndefined();
    channel.tick(1_000_000);
    expect(channel.position.next).toBe(0);
    expect(channel.wakeAt()).toBe(Number.POSITIVE_INFINITY);
  });
});
