/** Comparing again in a session (protocol.md section 5): what a person sees, may do, and is told. */
import { expect, it } from 'vitest';
import { EXIT } from '../../../core/errors.js';
import { COMPARE_TIMEOUT, COMPARES_A_MINUTE } from '../../../core/session/compare.js';
import { connectedPair, SIDES } from '../../support/pair.js';

const codes = (who: { readonly notices: readonly { readonly code: string }[] }): string[] =>
  who.notices.map(({ code }) => code);

it.each(SIDES)('when the %s asks both see new words, equal, instead of the old ones; they may be answered', (side) => {
  const pair = connectedPair();
  pair.advance(1000);
  const { words } = pair.left;
  pair.ui('left', { type: 'confirm', match: true });
  pair.ui(side, { type: 'compare-again' });
  expect(pair.left.words).toHaveLength(4);
  expect(pair.left.words).not.toEqual(words);
  expect(pair.right.words).toEqual(pair.left.words);
  for (const each of SIDES) expect(pair[each].comparing).toEqual([false]);
  pair.ui('left', { type: 'confirm', match: true });
  expect(codes(pair.left)).toEqual([]);
  pair.ui('left', { type: 'confirm', match: true });
  expect(codes(pair.left)).toEqual(['SC-312']);
});

it('words that do not match end the session as those of the handshake do', () => {
  const pair = connectedPair();
  pair.advance(1000);
  pair.ui('right', { type: 'compare-again' });
  pair.ui('left', { type: 'confirm', match: false });
  pair.advance(10_000);
  expect(pair.left.ended).toMatchObject({ code: 'SC-403', exit: EXIT.violation });
  expect(pair.right.ended).toMatchObject({ code: 'SC-407' });
});

it('words that do not come are told as NOT VERIFIED, and no old ones are shown meanwhile', () => {
  const pair = connectedPair();
  pair.advance(1000);
  // The eleventh in a minute is ignored by A.
  for (let i = 0; i < COMPARES_A_MINUTE + 1; i++) for (const side of SIDES) pair.ui(side, { type: 'compare-again' });
  for (const side of SIDES) expect(pair[side].words).toEqual([]);
  pair.advance(COMPARE_TIMEOUT);
  for (const side of SIDES) {
    expect(pair[side].words).toEqual([]);
    expect(pair[side].comparing.at(-1)).toBe(true);
    expect(codes(pair[side])).toEqual(['SC-329']);
    expect(pair[side].session.state).toBe('active');
  }
});

it('is not possible before both have confirmed, where that is due, and not while nobody is there', () => {
  const pair = connectedPair({ left: { form: 'none', secret: '' }, right: { form: 'none', secret: '' } });
  pair.ui('left', { type: 'compare-again' });
  pair.ui('left', { type: 'confirm', match: true });
  pair.ui('left', { type: 'compare-again' });
  expect(codes(pair.left).filter((code) => code === 'SC-312')).toHaveLength(2);
  pair.ui('right', { type: 'confirm', match: true });
  pair.ui('left', { type: 'compare-again' });
  expect(pair.left.comparing).toEqual([false]);
  expect(pair.left.words).toEqual(pair.right.words);
});
