/** The safety words and the answers to them, without a conversation around them. */
import { describe, expect, it } from 'vitest';
import { createTrust, type TrustOptions } from '../../../core/session/trust.js';
import { WORDS } from '../../support/pair.js';
import { createStage } from '../../support/stage.js';

function trust(options: Partial<TrustOptions> = {}) {
  const stage = createStage();
  const given = {
    list: WORDS,
    words: [1, 2, 3, 4],
    compares: false,
    peerVerifies: false,
    secretless: false,
    ...options,
  };
  const one = createTrust(stage.host, given);
  one.open();
  return {
    stage,
    trust: one,
    words: () => stage.views('safety-words').map(({ words, required }) => ({ words, required })),
  };
}

describe('words of the handshake', () => {
  it('are shown, and need no answer where there is a secret', () => {
    const { trust: one, stage, words } = trust();
    expect(words()).toEqual([{ words: ['word1', 'word2', 'word3', 'word4'], required: false }]);
    expect(stage.moves).toEqual(['keysConfirmed']);
    expect([one.given, one.renewable, stage.codes()]).toEqual([true, true, []]);
  });

  it('must be answered without one', () => {
    const { trust: one, stage, words } = trust({ compares: true, secretless: true });
    expect([words()[0]?.required, stage.moves, one.given]).toEqual([true, ['keysUnverified'], false]);
    one.answer(true);
    expect([one.given, one.answered, stage.moves.at(-1)]).toEqual([true, true, 'wordsMatch']);
    // The peer has not.
    expect(one.renewable).toBe(false);
    one.confirmed();
    expect(one.renewable).toBe(true);
  });

  it('it is told when only the peer compares', () => {
    expect(trust({ peerVerifies: true }).stage.codes()).toEqual(['SC-321']);
    expect(trust({ peerVerifies: true, compares: true }).stage.codes()).toEqual([]);
    expect(trust({ peerVerifies: true }).trust.renewable).toBe(false);
  });

  it('whoever says something that is not seen yet is told, once; not before it is sent, nor after the yes of the peer', () => {
    const { trust: one, stage } = trust({ compares: true, secretless: true });
    one.said();
    expect(stage.notices).toEqual([]);
    one.answer(true);
    one.said();
    one.said();
    expect(stage.notices).toEqual([{ code: 'SC-321', detail: { unseen: 1 } }]);
    const { trust: other, stage: told } = trust({ compares: true, secretless: true });
    other.answer(true);
    other.confirmed();
    other.said();
    expect(told.notices).toEqual([]);
  });

  it('a no takes everything back, and the peer is not listened to any more', () => {
    const { trust: one, stage } = trust();
    one.answer(false);
    one.confirmed();
    expect([one.given, stage.moves.at(-1), stage.views('peer-confirmed')]).toEqual([false, 'wordsDiffer', []]);
  });

  it('the peer confirms once', () => {
    const { trust: one, stage } = trust();
    one.confirmed();
    one.confirmed();
    expect(stage.views('peer-confirmed')).toHaveLength(1);
  });
});

describe('words of the present', () => {
  it('call off the older ones, are shown, and wait for an answer of their own', () => {
    const { trust: one, stage, words } = trust();
    one.answer(true);
    one.compared({ type: 'begun' });
    one.compared({ type: 'words', words: [9, 8, 7, 6] });
    expect(stage.views('comparing').map(({ late }) => late)).toEqual([false]);
    expect(words().at(-1)).toEqual({ words: ['word9', 'word8', 'word7', 'word6'], required: false });
    expect([one.answered, stage.codes()]).toEqual([false, []]);
  });

  it('that do not come are told', () => {
    const { trust: one, stage } = trust();
    one.compared({ type: 'starved' });
    expect([stage.views('comparing').map(({ late }) => late), stage.codes()]).toEqual([[true], ['SC-329']]);
  });
});
