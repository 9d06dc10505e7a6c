/**
 * The ratchet (protocol.md section 5): in step over any interleaving of sends and rekeys, nothing changes on failure,
 * and a key that was used is gone.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import { createTweetnaclCrypto } from '../../../adapters/crypto/tweetnacl.js';
import { LocalProtocolError, RemoteProtocolError } from '../../../core/errors.js';
import type { CryptoPort } from '../../../core/ports.js';
import { createRatchet, type Ratchet } from '../../../core/protocol/ratchet.js';
import type { ProtocolRecord } from '../../../core/protocol/records.js';
import { fc, runs } from '../../support/chance.js';

interface Two {
  readonly crypto: CryptoPort;
  readonly a: Ratchet;
  readonly b: Ratchet;
}

function two(): Two {
  const crypto = createTweetnaclCrypto();
  const root = crypto.random(64);
  const scalars = { a: crypto.randomSecret(32), b: crypto.randomSecret(32) };
  const points = { a: crypto.x25519Public(scalars.a), b: crypto.x25519Public(scalars.b) };
  const a = createRatchet(crypto, 'A', crypto.take(root.slice()), scalars.a, points.b);
  const b = createRatchet(crypto, 'B', crypto.take(root.slice()), scalars.b, points.a);
  return { crypto, a, b };
}

const PING: ProtocolRecord[] = [{ type: 'ping' }];

function only(records: readonly ProtocolRecord[] | undefined, type: 'offer' | 'answer'): Uint8Array {
  const record = records?.[0];
  if (record?.type !== type) throw new Error(`${type} expected`);
  return record.value;
}

/** A whole rekey with nothing else on the way. */
function rekey({ a, b }: Two, seqA: number, seqB: number): void {
  const offer = b.open(a.seal(seqA, 0, [a.makeOffer()]));
  const answer = b.seal(seqB, 0, [b.answerOffer(only(offer?.records, 'offer'))]);
  b.answerSealed();
  a.takeAnswer(only(a.open(answer)?.records, 'answer'));
}

describe('the ordered double ratchet', () => {
  let pair: Two;
  beforeEach(() => {
    pair = two();
  });

  it('stays in step over any interleaving of sends, deliveries and rekeys', () => {
    const action = fc.constantFrom('sendA', 'sendB', 'takeA', 'takeB', 'offer', 'answer');
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const { a, b, crypto } = two();
        const toB: Uint8Array[] = [];
        const toA: Uint8Array[] = [];
        const seq = { a: 0, b: 0 };
        let offered: Uint8Array | undefined;
        let sent = 0;
        let opened = 0;
        const deliverTo = (to: Ratchet, queue: Uint8Array[]): void => {
          const frame = queue.shift();
          if (frame === undefined) return;
          const result = to.open(frame);
          expect(result).toBeDefined();
          opened += 1;
          for (const record of result?.records ?? []) {
            if (record.type === 'offer') offered = record.value.slice();
            if (record.type === 'answer') {
              a.takeAnswer(record.value);
              toB.push(a.seal(seq.a++, 0, []));
              sent += 1;
            }
          }
        };
        const act = {
          sendA: () => (sent++, toB.push(a.seal(seq.a++, 0, PING))),
          sendB: () => (sent++, toA.push(b.seal(seq.b++, 0, PING))),
          takeA: () => deliverTo(a, toA),
          takeB: () => deliverTo(b, toB),
          offer: () => {
            if (a.offerOut) return;
            toB.push(a.seal(seq.a++, 0, [a.makeOffer()]));
            sent += 1;
          },
          answer: () => {
            if (offered === undefined) return;
            toA.push(b.seal(seq.b++, 0, [b.answerOffer(offered)]));
            b.answerSealed();
            offered = undefined;
            sent += 1;
          },
        };
        for (const each of actions) act[each]();
        while (toA.length + toB.length > 0) {
          deliverTo(b, toB);
          act.answer();
          deliverTo(a, toA);
        }
        act.answer();
        deliverTo(a, toA);
        deliverTo(b, toB);
        expect(opened).toBe(sent);
        expect(a.epoch).toBe(b.epoch);
        a.wipe();
        b.wipe();
        // Left: the handshake's `ratchet` and R of both sides, which belong to the caller.
        expect(crypto.live).toBe(4);
      }),
      { numRuns: runs(20, 150) },
    );
  });

  it('a frame that does not verify changes nothing', () => {
    const frame = pair.a.seal(0, 0, PING);
    for (let at = 0; at < frame.length; at += 5) {
      const bad = frame.slice();
      bad[at] = (bad[at] ?? 0) ^ 0x80;
      expect(pair.b.open(bad)).toBeUndefined();
    }
    expect(pair.b.open(frame)?.records).toEqual(PING);
  });

  it('a frame opens once, and only in its direction', () => {
    const frame = pair.a.seal(0, 0, PING);
    expect(pair.a.open(frame)).toBeUndefined();
    expect(pair.b.open(frame)).toBeDefined();
    expect(pair.b.open(frame)).toBeUndefined();
  });

  it('a malformed frame that verifies changes nothing and throws', () => {
    const live = pair.crypto.live;
    const frame = pair.a.seal(0, 0, [{ type: 'name', name: new Uint8Array(200) }]);
    expect(() => pair.b.open(frame)).toThrow(RemoteProtocolError);
    expect(() => pair.b.open(frame)).toThrow(RemoteProtocolError);
    expect(pair.crypto.live).toBe(live);
  });

  it('frames of B in flight during a rekey open in their own epoch', () => {
    const offer = pair.b.open(pair.a.seal(0, 0, [pair.a.makeOffer()]));
    const before = pair.a.seal(1, 0, PING);
    const answer = pair.b.seal(0, 0, [pair.b.answerOffer(only(offer?.records, 'offer'))]);
    pair.b.answerSealed();
    const after = pair.b.seal(1, 0, PING);
    expect(answer[1]).toBe(0);
    expect(after[1]).toBe(1);
    expect(pair.b.open(before)).toBeDefined();
    pair.a.takeAnswer(only(pair.a.open(answer)?.records, 'answer'));
    expect(pair.a.open(after)).toBeDefined();
    expect(pair.b.open(pair.a.seal(2, 0, PING))).toBeDefined();
  });

  it('keys of different epochs differ although nothing else does', () => {
    rekey(pair, 0, 0);
    const next = two();
    expect(pair.a.epoch).toBe(1);
    expect(next.a.epoch).toBe(0);
  });

  it('every rekey has fresh keys: 300 of them, and the epoch byte wraps', () => {
    for (let i = 0; i < 300; i++) {
      rekey(pair, i, i);
      expect(pair.b.open(pair.a.seal(i, 0, PING))).toBeDefined();
    }
    expect(pair.a.epoch).toBe(300);
    expect(pair.a.seal(0, 0, PING)[1]).toBe(300 % 256);
  });

  it('rules broken by the peer end the session', () => {
    const offer = only(pair.b.open(pair.a.seal(0, 0, [pair.a.makeOffer()]))?.records, 'offer').slice();
    expect(() => pair.a.answerOffer(offer)).toThrow(RemoteProtocolError);
    pair.b.answerOffer(offer);
    expect(() => pair.b.answerOffer(offer)).toThrow(RemoteProtocolError);
    expect(() => pair.b.takeAnswer(new Uint8Array(32 + 1088))).toThrow(RemoteProtocolError);
    const zero = offer.slice().fill(0, 0, 32);
    expect(() => two().b.answerOffer(zero)).toThrow(RemoteProtocolError);
    const badKey = offer.slice().fill(0xff, 32);
    expect(() => two().b.answerOffer(badKey)).toThrow(RemoteProtocolError);
  });

  it('rules broken by us throw as ours', () => {
    expect(() => pair.b.makeOffer()).toThrow(LocalProtocolError);
    pair.a.makeOffer();
    expect(() => pair.a.makeOffer()).toThrow(LocalProtocolError);
    expect(() => pair.b.answerSealed()).toThrow(LocalProtocolError);
  });

  it('an answer that was changed on the way leads to other keys, not to a crash', () => {
    const offer = pair.b.open(pair.a.seal(0, 0, [pair.a.makeOffer()]));
    const record = pair.b.answerOffer(only(offer?.records, 'offer'));
    pair.b.answerSealed();
    if (record.type !== 'answer') throw new Error('answer expected');
    const changed = record.value.slice();
    changed[100] = (changed[100] ?? 0) ^ 1;
    pair.a.takeAnswer(changed);
    expect(pair.b.open(pair.a.seal(1, 0, PING))).toBeUndefined();
  });
});
