/** Which control records a channel has to send, in which order, and when: without a channel around them. */
import { describe, expect, it } from 'vitest';
import { createCompare } from '../../../core/session/compare.js';
import { createControls } from '../../../core/session/controls.js';
import { createLiveness, PING_AFTER } from '../../../core/session/liveness.js';
import { createRekey, REKEY_MIN } from '../../../core/session/rekey.js';
import { createUnacked } from '../../../core/session/unacked.js';
import { NEVER } from '../../../core/timers.js';
import { ratchets } from '../../support/ratchets.js';

function controls(role: 'A' | 'B' = 'A') {
  const { crypto, ...ends } = ratchets();
  const { ratchet } = ends[role === 'A' ? 'a' : 'b'];
  const rekey = createRekey(ratchet, role, 0);
  const unacked = createUnacked();
  const given = { renewing: true, creditAt: NEVER };
  const compare = createCompare({
    crypto,
    role,
    keys: ratchet,
    fresh: () => rekey.fresh(),
    askable: () => true,
    tell: () => undefined,
  });
  const one = createControls({
    ratchet,
    rekey,
    life: createLiveness(0),
    unacked,
    compare,
    path: { due: () => undefined, record: () => ({ type: 'ping' }), sealed: () => undefined },
    credits: { due: () => [], at: () => given.creditAt },
    renewing: () => given.renewing,
    brisk: () => false,
  });
  const due = (now: number): (string | undefined)[] =>
    one
      .all(now)
      .map((control) => control.due(now))
      .filter((type) => type !== undefined);
  return { controls: one, rekey, unacked, given, due };
}

const OFFER = new Uint8Array(1216);

it('says nothing while nothing is due, and wants to be asked for the ping', () => {
  const { controls: one, due } = controls();
  expect([due(PING_AFTER - 1), one.wakeAt(0)]).toEqual([[], PING_AFTER]);
  expect(due(PING_AFTER)).toEqual(['ping']);
});

it('a step of a rekey comes before the ping', () => {
  const { rekey, due } = controls();
  rekey.wanted(0);
  expect(due(PING_AFTER)).toEqual(['offer', 'ping']);
});

it('no rekey is offered before the peer has proven itself, or after a goodbye', () => {
  const { controls: one, rekey, given, due } = controls();
  rekey.wanted(0);
  expect([one.wakeAt(0), due(REKEY_MIN)]).toEqual([REKEY_MIN, ['offer']]);
  given.renewing = false;
  expect([one.wakeAt(0), due(REKEY_MIN)]).toEqual([PING_AFTER, []]);
});

it('one that is out is not waited for: its ack is', () => {
  const { controls: one, rekey, unacked } = controls();
  rekey.wanted(0);
  unacked.add(new Uint8Array(1280), [{ type: 'offer', value: OFFER }]);
  expect(one.wakeAt(0)).toBe(NEVER);
  unacked.acknowledge(1);
  expect(one.wakeAt(0)).toBe(REKEY_MIN);
});

it('a credit that will be due is waited for, one that is due and may not go is not', () => {
  const { controls: one, given } = controls();
  given.creditAt = 40;
  expect([one.wakeAt(0), one.wakeAt(40)]).toEqual([40, PING_AFTER]);
});

describe('of the peer', () => {
  it('an offer is answered at once', () => {
    const { controls: one, due } = controls('B');
    expect(one.take({ type: 'offer', value: OFFER }, 0, 5)).toBeUndefined();
    expect([due(5), one.wakeAt(5)]).toEqual([['answer'], 5]);
  });

  it('what is for people is handed on', () => {
    const { controls: one } = controls();
    expect(one.take({ type: 'confirmed' }, 0, 5)).toEqual({ type: 'confirmed' });
    expect(one.take({ type: 'ping' }, 0, 5)).toBeUndefined();
  });

  it('a wish for a rekey leads to one', () => {
    const { controls: one, due } = controls();
    expect([one.take({ type: 'rekey-wanted' }, 0, 0), due(REKEY_MIN)]).toEqual([undefined, ['offer']]);
  });
});
