/** When the keys are made anew, against a ratchet that only says where it stands. */
import { describe, expect, it } from 'vitest';
import { RemoteProtocolError } from '../../../core/errors.js';
import type { Ratchet } from '../../../core/protocol/ratchet.js';
import type { ProtocolRecord } from '../../../core/protocol/records.js';
import type { Role } from '../../../core/protocol/role.js';
import { createRekey, REKEY_FRAMES, REKEY_MAX, REKEY_MIN } from '../../../core/session/rekey.js';
import { NEVER } from '../../../core/timers.js';

const START = 1_000;
const TEXT: readonly ProtocolRecord[] = [
  { type: 'ping' },
  { type: 'text', id: 0, part: 0, last: true, text: new Uint8Array(1) },
];
const PING: readonly ProtocolRecord[] = [{ type: 'ping' }];
const VALUE = Uint8Array.of(1, 2, 3);

function standing(role: Role) {
  const at = { epoch: 4, offerOut: false, answerOut: false, done: [] as string[] };
  const ratchet = {
    get epoch() {
      return at.epoch;
    },
    get offerOut() {
      return at.offerOut;
    },
    get answerOut() {
      return at.answerOut;
    },
    takeAnswer: () => void at.done.push('taken'),
    answerSealed: () => void at.done.push('sealed'),
  } as unknown as Ratchet;
  return { at, rekey: createRekey(ratchet, role, START) };
}

describe('A offers', () => {
  it('never while nothing flows; the latest moment counts from the last rekey, once anything does', () => {
    const { rekey } = standing('A');
    expect(rekey.offerDue()).toBe(NEVER);
    rekey.sealed(PING);
    expect(rekey.offerDue()).toBe(START + REKEY_MAX);
    const other = standing('A');
    other.rekey.opened([]);
    expect(other.rekey.offerDue()).toBe(START + REKEY_MAX);
    // Text of one side, and whatever else of the other, is no turn.
    other.rekey.opened(TEXT);
    other.rekey.sealed(PING);
    expect(other.rekey.offerDue()).toBe(START + REKEY_MAX);
    other.rekey.takeAnswer(VALUE, 50_000);
    other.rekey.sealed(TEXT);
    expect(other.rekey.offerDue()).toBe(50_000 + REKEY_MAX);
  });

  it('after a turn of the conversation: text of both, in whatever order', () => {
    const { rekey } = standing('A');
    rekey.sealed(TEXT);
    rekey.sealed(TEXT);
    rekey.opened(PING);
    expect(rekey.offerDue()).toBe(START + REKEY_MAX);
    rekey.opened(TEXT);
    rekey.opened(PING);
    expect(rekey.offerDue()).toBe(START + REKEY_MIN);
    rekey.takeAnswer(VALUE, 50_000);
    expect(rekey.offerDue()).toBe(NEVER);
    rekey.opened(TEXT);
    expect(rekey.offerDue()).toBe(50_000 + REKEY_MAX);
    rekey.sealed(TEXT);
    expect(rekey.offerDue()).toBe(50_000 + REKEY_MIN);
  });

  it('at once after so many frames, sealed or opened', () => {
    const { rekey } = standing('A');
    for (let i = 1; i < REKEY_FRAMES; i++) (i % 2 === 0 ? rekey.sealed : rekey.opened)(PING);
    expect(rekey.offerDue()).toBe(START + REKEY_MAX);
    rekey.opened(PING);
    expect(rekey.offerDue()).toBe(START);
    rekey.takeAnswer(VALUE, 50_000);
    rekey.opened(PING);
    expect(rekey.offerDue()).toBe(50_000 + REKEY_MAX);
  });

  it('nothing while an offer is out', () => {
    const { at, rekey } = standing('A');
    rekey.resumed();
    at.offerOut = true;
    expect(rekey.offerDue()).toBe(NEVER);
  });

  it('when B wants it, of which no more is heard than one in REKEY_MIN', () => {
    const { rekey } = standing('A');
    rekey.wanted(2_000);
    expect(rekey.offerDue()).toBe(START + REKEY_MIN);
    rekey.takeAnswer(VALUE, 3_000);
    // Asked again and again, it is not asked by that.
    for (let now = 3_000; now < 20_000; now += REKEY_MIN - 1) rekey.wanted(now);
    expect(rekey.offerDue()).toBe(NEVER);
    const other = standing('A');
    other.rekey.wanted(2_000);
    other.rekey.takeAnswer(VALUE, 3_000);
    other.rekey.wanted(2_000 + REKEY_MIN);
    expect(other.rekey.offerDue()).toBe(3_000 + REKEY_MIN);
  });

  it('at once after a resume; where one is out, that one first and then another', () => {
    const { rekey } = standing('A');
    rekey.resumed();
    expect(rekey.offerDue()).toBe(START);
    rekey.takeAnswer(VALUE, 9_000);
    expect(rekey.offerDue()).toBe(NEVER);
    const { at, rekey: second } = standing('A');
    at.offerOut = true;
    second.resumed();
    at.offerOut = false;
    second.takeAnswer(VALUE, 9_000);
    expect(second.offerDue()).toBe(9_000);
    second.takeAnswer(VALUE, 10_000);
    expect(second.offerDue()).toBe(NEVER);
    expect(at.done).toEqual(['taken', 'taken']);
  });

  it('anew when fresh words are asked for, and says of which epoch they are', () => {
    const { at, rekey } = standing('A');
    expect(rekey.fresh()).toBe(5);
    expect(rekey.offerDue()).toBe(START);
    rekey.takeAnswer(VALUE, 9_000);
    expect(rekey.offerDue()).toBe(NEVER);
    at.offerOut = true;
    expect(rekey.fresh()).toBe(6);
    // It is not less than what a resume owes.
    const other = standing('A');
    other.at.offerOut = true;
    other.rekey.resumed();
    other.at.offerOut = false;
    other.rekey.fresh();
    other.rekey.takeAnswer(VALUE, 9_000);
    expect(other.rekey.offerDue()).toBe(9_000);
  });

  it('and takes no offer', () => {
    const { rekey } = standing('A');
    expect(() => rekey.takeOffer(VALUE)).toThrow(RemoteProtocolError);
    expect(rekey.offered).toBeUndefined();
  });
});

describe('B', () => {
  it('offers nothing, whatever flows, and nobody wants a rekey from it', () => {
    const { rekey } = standing('B');
    rekey.sealed(TEXT);
    rekey.opened(TEXT);
    rekey.resumed();
    expect(rekey.offerDue()).toBe(NEVER);
    expect(() => rekey.wanted(2_000)).toThrow(RemoteProtocolError);
  });

  it('keeps a copy of the offer until the answer is sealed', () => {
    const { at, rekey } = standing('B');
    const value = VALUE.slice();
    rekey.takeOffer(value);
    value.fill(0);
    expect(rekey.offered).toEqual(VALUE);
    rekey.answered(9_000);
    expect([rekey.offered, at.done]).toEqual([undefined, ['sealed']]);
  });

  it('takes no second offer before the answer, nor before A has followed it', () => {
    const { at, rekey } = standing('B');
    rekey.takeOffer(VALUE);
    expect(() => rekey.takeOffer(VALUE)).toThrow(RemoteProtocolError);
    rekey.answered(9_000);
    at.answerOut = true;
    expect(() => rekey.takeOffer(VALUE)).toThrow(RemoteProtocolError);
    at.answerOut = false;
    rekey.takeOffer(VALUE);
    rekey.wipe();
    expect(rekey.offered).toBeUndefined();
  });
});
