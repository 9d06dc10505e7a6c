/**
 * The ratchet (protocol.md section 5): in step over any interleaving of sends and rekeys, nothing changes on failure,
 * and a key that was used is gone.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import { createTweetnaclCrypto } from '../../../adapters/crypto/tweetnacl.js';
import { LocalProtocolError, RemoteProtocolError } from '../../../core/errors.js';
import { asKey } from '../../../core/protocol/keys.js';
import { createRatchet } from '../../../core/protocol/ratchet.js';
import type { ProtocolRecord } from '../../../core/protocol/records.js';
import { fc, runs } from '../../support/chance.js';
import { type End, type Ends, HANDSHAKE_SECRETS, ratchets, rekey, stepOf } from '../../support/ratchets.js';
import { failingOnceEach } from '../../support/watched-crypto.js';

const PING: ProtocolRecord = { type: 'ping' };

describe('the ordered double ratchet', () => {
  let pair: Ends;
  beforeEach(() => {
    pair = ratchets();
  });

  it('stays in step over any interleaving of sends, deliveries and rekeys', () => {
    const action = fc.constantFrom('sendA', 'sendB', 'takeA', 'takeB', 'offer', 'answer');
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const { a, b, crypto } = ratchets();
        const toB: Uint8Array[] = [];
        const toA: Uint8Array[] = [];
        let offered: Uint8Array | undefined;
        const deliverTo = (to: End, queue: Uint8Array[]): void => {
          const frame = queue.shift();
          if (frame === undefined) return;
          const result = to.open(frame);
          expect(result).toBeDefined();
          for (const record of result?.records ?? []) {
            if (record.type === 'offer') offered = record.value.slice();
            if (record.type === 'answer') {
              a.ratchet.takeAnswer(record.value);
              toB.push(a.seal());
            }
          }
        };
        const act = {
          sendA: () => toB.push(a.seal(PING)),
          sendB: () => toA.push(b.seal(PING)),
          takeA: () => deliverTo(a, toA),
          takeB: () => deliverTo(b, toB),
          offer: () => {
            if (!a.ratchet.offerOut) toB.push(a.seal(a.ratchet.makeOffer()));
          },
          answer: () => {
            if (offered === undefined) return;
            toA.push(b.seal(b.ratchet.answerOffer(offered)));
            b.ratchet.answerSealed();
            offered = undefined;
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
        expect([a.opened, b.opened]).toEqual([b.sealed, a.sealed]);
        expect(a.ratchet.epoch).toBe(b.ratchet.epoch);
        a.ratchet.wipe();
        b.ratchet.wipe();
        expect(crypto.live).toBe(HANDSHAKE_SECRETS);
      }),
      { numRuns: runs(50, 150) },
    );
  });

  it('a frame that does not verify changes nothing', () => {
    const frame = pair.a.seal(PING);
    for (let at = 1; at < frame.length; at += 5) {
      const bad = frame.slice();
      bad[at] = (bad[at] ?? 0) ^ 0x80;
      expect(pair.b.open(bad)).toBeUndefined();
    }
    expect(pair.b.open(frame)?.records).toEqual([PING]);
  });

  it('a frame opens once, only in its direction, and only where it stands in the order', () => {
    const [frame, next] = [pair.a.seal(PING), pair.a.seal(PING)];
    expect(pair.a.open(frame)).toBeUndefined();
    expect(pair.b.open(next)).toBeUndefined();
    expect(pair.b.ratchet.open(1, frame)).toBeUndefined();
    expect(pair.b.open(frame)).toBeDefined();
    expect(pair.b.open(frame)).toBeUndefined();
    expect(pair.b.open(next)).toBeDefined();
  });

  it('the end of an epoch cannot be cut off unseen: the first frame of the next has a number of its own', () => {
    const offer = pair.b.open(pair.a.seal(pair.a.ratchet.makeOffer()));
    const last = pair.b.seal(pair.b.ratchet.answerOffer(stepOf(offer?.records, 'offer')));
    pair.b.ratchet.answerSealed();
    pair.a.ratchet.takeAnswer(stepOf(pair.a.open(last)?.records, 'answer'));
    const cut = pair.b.seal(PING);
    const first = pair.b.seal(PING);
    expect(pair.a.open(first)).toBeUndefined();
    expect(pair.a.open(cut)).toBeDefined();
    expect(pair.a.open(first)).toBeDefined();
  });

  it('a malformed frame that verifies changes nothing and throws', () => {
    pair.b.ratchet.prepare();
    const live = pair.crypto.live;
    const frame = pair.a.seal({ type: 'name', name: new Uint8Array(200) });
    expect(() => pair.b.open(frame)).toThrow(RemoteProtocolError);
    expect(() => pair.b.open(frame)).toThrow(RemoteProtocolError);
    expect(pair.crypto.live).toBe(live);
  });

  it('frames of A in flight during a rekey open in their own epoch; B then drops it', () => {
    const offer = pair.b.open(pair.a.seal(pair.a.ratchet.makeOffer()));
    const before = pair.a.seal(PING);
    const answer = pair.b.seal(pair.b.ratchet.answerOffer(stepOf(offer?.records, 'offer')));
    pair.b.ratchet.answerSealed();
    const after = pair.b.seal(PING);
    expect(pair.b.ratchet.answerOut).toBe(true);
    expect(pair.b.open(before)?.epoch).toBe(0);
    pair.a.ratchet.takeAnswer(stepOf(pair.a.open(answer)?.records, 'answer'));
    expect(pair.a.open(after)?.epoch).toBe(1);
    expect(pair.b.open(pair.a.seal(PING))?.epoch).toBe(1);
    expect(pair.b.ratchet.answerOut).toBe(false);
    expect(pair.b.ratchet.proof(0)).toBeUndefined();
    expect(pair.b.ratchet.wordsKey(0)).toBeUndefined();
    expect(pair.a.ratchet.wordsKey(0)).toBeUndefined();
  });

  it('every rekey has fresh keys: 40 of them', () => {
    const seen = new Set<string>();
    for (let i = 0; i < 40; i++) {
      rekey(pair);
      const [a, b] = [pair.a, pair.b].map(({ ratchet }) => {
        const key = ratchet.wordsKey(i + 1);
        return key === undefined ? '' : Buffer.from(pair.crypto.reveal(key)).toString('hex');
      });
      expect(a).toBe(b);
      seen.add(a ?? '');
      expect(pair.b.open(pair.a.seal(PING))).toBeDefined();
    }
    expect(pair.a.ratchet.epoch).toBe(40);
    expect(seen.size).toBe(40);
  });

  it('a key that seals is gone, also when sealing fails', () => {
    const live = pair.crypto.live;
    const { seal } = pair.crypto;
    pair.crypto.seal = () => {
      throw new LocalProtocolError('broken');
    };
    expect(() => pair.a.seal(PING)).toThrow('broken');
    pair.crypto.seal = seal;
    expect(pair.crypto.live).toBe(live);
    // The chain has gone on: what is sealed now is not under the key that was tried.
    expect(pair.b.open(pair.a.seal(PING))).toBeUndefined();
    expect(pair.b.ratchet.open(1, pair.a.seal(PING))).toBeUndefined();
  });

  it('keys that are made before their frame are the same, and nothing else changes', () => {
    const root = new Uint8Array(64).fill(7);
    const [x, y] = ['A', 'B'].map(() => pair.crypto.take(new Uint8Array(32).fill(9)));
    if (x === undefined || y === undefined) throw new Error('scalars expected');
    const point = pair.crypto.x25519Public(x);
    const [early, late] = [x, y].map((scalar) =>
      createRatchet(pair.crypto, 'A', asKey(pair.crypto.take(root.slice())), asKey(scalar), point),
    );
    for (let seq = 0; seq < 3; seq++) {
      expect(early?.prepared).toBe(false);
      early?.prepare();
      expect(early?.prepared).toBe(true);
      early?.prepare();
      expect(early?.seal(seq, 0, [PING]).frame).toEqual(late?.seal(seq, 0, [PING]).frame);
    }
  });

  it('both ways are prepared, and again after a rekey', () => {
    for (let n = 0; n < 2; n++) {
      for (const { ratchet } of [pair.a, pair.b]) {
        expect(ratchet.prepared).toBe(false);
        ratchet.prepare();
      }
      pair.b.open(pair.a.seal(PING));
      expect([pair.a.ratchet.prepared, pair.b.ratchet.prepared]).toEqual([false, false]);
      for (const { ratchet } of [pair.a, pair.b]) ratchet.prepare();
      pair.a.open(pair.b.seal(PING));
      rekey(pair);
      pair.b.open(pair.a.seal(PING));
    }
  });

  it('rules broken by the peer end the session', () => {
    const offer = stepOf(pair.b.open(pair.a.seal(pair.a.ratchet.makeOffer()))?.records, 'offer').slice();
    const answering = pair.b.ratchet;
    expect(() => pair.a.ratchet.answerOffer(offer)).toThrow(RemoteProtocolError);
    answering.answerOffer(offer);
    expect(() => answering.answerOffer(offer)).toThrow(RemoteProtocolError);
    expect(() => answering.takeAnswer(new Uint8Array(32 + 1088))).toThrow(RemoteProtocolError);
    const zero = offer.slice().fill(0, 0, 32);
    expect(() => ratchets().b.ratchet.answerOffer(zero)).toThrow(RemoteProtocolError);
    const badKey = offer.slice().fill(0xff, 32);
    expect(() => ratchets().b.ratchet.answerOffer(badKey)).toThrow(RemoteProtocolError);
  });

  it('rules broken by us throw as ours', () => {
    expect(() => pair.b.ratchet.makeOffer()).toThrow(LocalProtocolError);
    pair.a.ratchet.makeOffer();
    expect(() => pair.a.ratchet.makeOffer()).toThrow(LocalProtocolError);
    expect(() => pair.b.ratchet.answerSealed()).toThrow(LocalProtocolError);
  });

  it('an answer that was changed on the way leads to other keys, not to a crash', () => {
    const offer = pair.b.open(pair.a.seal(pair.a.ratchet.makeOffer()));
    const record = pair.b.ratchet.answerOffer(stepOf(offer?.records, 'offer'));
    pair.b.ratchet.answerSealed();
    if (record.type !== 'answer') throw new Error('answer expected');
    const changed = record.value.slice();
    changed[100] = (changed[100] ?? 0) ^ 1;
    pair.a.ratchet.takeAnswer(changed);
    expect(pair.b.open(pair.a.seal(PING))).toBeUndefined();
  });

  it('whichever call of the crypto fails, in a frame, a stream or a rekey, wiping leaves nothing', () => {
    let inner = createTweetnaclCrypto();
    let ends: Ends | undefined;
    const failures = failingOnceEach(
      (through) => {
        inner = createTweetnaclCrypto();
        ends = undefined;
        ends = ratchets(through(inner));
        for (const { ratchet } of [ends.a, ends.b]) ratchet.prepare();
        const stream: ProtocolRecord = { type: 'bulk-open', id: 0, offer: { kind: 'pipe' } };
        ends.b.open(ends.a.seal(PING, stream))?.wipe();
        rekey(ends);
        ends.b.open(ends.a.seal(stream))?.wipe();
      },
      (failure) => {
        // The start of both is in handshake.test.ts.
        if (ends === undefined) return;
        for (const { ratchet } of [ends.a, ends.b]) ratchet.wipe();
        expect({ failure, live: inner.live }).toEqual({ failure, live: HANDSHAKE_SECRETS });
      },
    );
    expect(failures).toBeGreaterThan(30);
  });

  it('a stream has a key of its own on both sides, of this frame, this opener and this id; what is not taken is wiped', () => {
    const live = pair.crypto.live;
    const open = (id: number): ProtocolRecord => ({ type: 'bulk-open', id, offer: { kind: 'pipe' } });
    const sealed = pair.a.ratchet.seal(0, 0, [open(0), open(1)]);
    const opened = pair.b.ratchet.open(0, sealed.frame);
    const keys = [0, 1].map((id) =>
      [sealed.streams, opened?.streams].map((streams) => {
        const key = streams?.take(id);
        const hex = key === undefined ? '' : Buffer.from(pair.crypto.reveal(key)).toString('hex');
        key?.wipe();
        return hex;
      }),
    );
    expect(keys[0]?.[0]).toBe(keys[0]?.[1]);
    expect(keys[1]?.[0]).toBe(keys[1]?.[1]);
    expect(keys[0]?.[0]).not.toBe(keys[1]?.[0]);
    expect(sealed.streams.take(0)).toBeUndefined();
    expect(pair.crypto.live).toBe(live);
    const again = pair.a.ratchet.seal(1, 0, [open(2)]);
    again.streams.wipe();
    pair.b.ratchet.open(1, again.frame)?.wipe();
    expect(pair.crypto.live).toBe(live);
    expect(() => pair.a.ratchet.seal(2, 0, [open(3), open(3)])).toThrow(RemoteProtocolError);
  });
});
