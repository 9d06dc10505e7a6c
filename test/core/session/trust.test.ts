/**
 * What each side believes of the words that were compared, where it depends on the order in which two answers meet; the
 * rest of comparing is session.test.ts.
 */
import { expect, it } from 'vitest';
import { EXIT } from '../../../core/errors.js';
import { connectedPair, opposite, type Pair, type Side, SIDES } from '../../support/pair.js';

/** Frames wait, of both sides, until they are let through. */
function hold(pair: Pair): () => void {
  const held: (readonly [Side, Uint8Array])[] = [];
  pair.relay.frame = (frame, from) => void held.push([from, frame]);
  return () => {
    delete pair.relay.frame;
    for (const [from, frame] of held) pair.deliver(opposite(from), frame);
    pair.settle();
  };
}

it('a yes of the peer that comes after the own no is not shown, and changes nothing', () => {
  for (const secret of [{ form: 'none', secret: '' }, { verify: true }] as const) {
    const pair = connectedPair({ left: secret, right: secret });
    const release = hold(pair);
    pair.ui('right', { type: 'confirm', match: true });
    pair.ui('left', { type: 'confirm', match: false });
    release();
    pair.advance(10);
    expect(pair.left.peerConfirmed).toBe(false);
    expect(pair.left.ended).toMatchObject({ code: 'SC-403', exit: EXIT.violation });
    expect(pair.right.ended).toMatchObject({ code: 'SC-407', exit: EXIT.violation });
  }
});

it.each(SIDES)('a yes of the peer before the own answer is shown: to the %s', (side) => {
  const pair = connectedPair({ left: { verify: true }, right: { verify: true } });
  pair.ui(opposite(side), { type: 'confirm', match: true });
  expect(pair[side].peerConfirmed).toBe(true);
  pair.ui(side, { type: 'confirm', match: false });
  pair.advance(10);
  expect(pair[side].ended).toMatchObject({ code: 'SC-403' });
});
