/** What two sides were started for: which go together, in the session and in the bits that say it. */
import { describe, expect, it } from 'vitest';
import { featuresOf, misfit, type Purpose, PURPOSES } from '../../../core/protocol/purpose.js';
import { createPair, SIDES } from '../../support/pair.js';

const TOGETHER: readonly (readonly [Purpose, Purpose])[] = [
  ['chat', 'chat'],
  ['chat', 'files'],
  ['files', 'files'],
  ['files', 'send'],
  ['files', 'receive'],
  ['pipe', 'pipe'],
  ['send', 'receive'],
];
const goTogether = (a: Purpose, b: Purpose): boolean =>
  TOGETHER.some(([x, y]) => (x === a && y === b) || (x === b && y === a));
const ALL = PURPOSES.flatMap((own) => PURPOSES.map((peer) => [own, peer] as const));

it('the bits say it, among those of other features, and a number of a later version fits everything', () => {
  for (const [own, peer] of ALL)
    expect(misfit(own, featuresOf(peer) | 7)).toBe(goTogether(own, peer) ? undefined : peer);
  for (const own of PURPOSES) expect(misfit(own, 7 << 3)).toBeUndefined();
});

describe('two sides', () => {
  it.each(ALL)('%s and %s', (own, peer) => {
    const pair = createPair({ left: { purpose: own }, right: { purpose: peer } });
    pair.start();
    pair.advance(3_000);
    if (goTogether(own, peer)) {
      for (const side of SIDES) expect(pair[side].session.state).toBe('active');
      return;
    }
    expect(pair.left.ended).toMatchObject({ code: 'SC-338', detail: { own, peer }, exit: 2 });
    expect(pair.right.ended).toMatchObject({ code: 'SC-338', detail: { own: peer, peer: own }, exit: 2 });
    for (const side of SIDES) {
      expect(pair[side].states).not.toContain('active');
      expect(pair[side].crypto.live).toBe(0);
    }
  });
});
