/** Up, moving, away, found: what each change means for the channel, the streams and what people are told. */
import { describe, expect, it } from 'vitest';
import { createPresence } from '../../../core/session/presence.js';
import type { Transition } from '../../../core/session/transitions.js';
import { createStage } from '../../support/stage.js';

function presence() {
  const stage = createStage();
  const calls: string[] = [];
  let returning: Transition = 'resumed';
  const one = createPresence(stage.host, {
    channel: {
      pause: (now) => void calls.push(`pause ${String(now)}`),
      restart: (now) => void calls.push(`restart ${String(now)}`),
    },
    carriage: { interrupted: () => void calls.push('streams rest') },
    returning: () => returning,
  });
  return { presence: one, stage, calls, returnTo: (to: Transition) => void (returning = to) };
}

describe('a lost connection', () => {
  it('rests what is sent, and is told once', () => {
    const { presence: one, stage, calls } = presence();
    expect([one.up, one.interrupt(5), one.up, one.interrupt(6)]).toEqual([true, true, false, false]);
    expect([stage.moves, calls]).toEqual([['lost'], ['pause 5', 'streams rest']]);
  });

  it('is back with the state that there was before', () => {
    const { presence: one, stage, returnTo } = presence();
    one.interrupt(5);
    returnTo('resumedUnverified');
    expect([one.back(), one.up, one.back()]).toEqual([true, true, false]);
    expect(stage.moves).toEqual(['lost', 'resumedUnverified']);
  });

  it('that never was changes nothing when the peer is heard', () => {
    const { presence: one, stage } = presence();
    expect([one.back(), stage.moves]).toEqual([false, []]);
  });
});

describe('a move to a direct path', () => {
  it('is not told, and what is sent rests until the peer has proven itself', () => {
    const { presence: one, stage, calls } = presence();
    one.move(7);
    expect([one.up, one.back(), one.up]).toEqual([false, true, true]);
    expect([stage.moves, calls]).toEqual([[], ['pause 7', 'streams rest']]);
  });

  it('that fails is a loss, told once and rested once', () => {
    const { presence: one, stage, calls } = presence();
    one.move(7);
    expect([one.interrupt(8), one.interrupt(9), stage.moves]).toEqual([true, false, ['lost']]);
    expect(calls).toEqual(['pause 7', 'streams rest']);
    one.back();
    expect(stage.moves).toEqual(['lost', 'resumed']);
  });

  it('that is doubted is a loss at once', () => {
    const { presence: one, stage } = presence();
    one.doubt();
    one.move(7);
    expect(stage.moves).toEqual([]);
    one.doubt();
    expect([stage.moves, one.interrupt(8)]).toEqual([['lost'], false]);
    one.back();
    expect(stage.moves).toEqual(['lost', 'resumed']);
  });

  it('does not begin without a connection: the loss stays told', () => {
    const { presence: one, stage } = presence();
    one.interrupt(5);
    one.move(7);
    one.back();
    expect(stage.moves).toEqual(['lost', 'resumed']);
  });
});

describe('a connection that is found again', () => {
  it('is not up before the peer is heard over it', () => {
    const { presence: one, stage, calls } = presence();
    one.interrupt(5);
    one.found(9);
    expect([one.up, stage.moves, calls.at(-1)]).toEqual([false, ['lost'], 'restart 9']);
    expect([one.back(), one.up, stage.moves]).toEqual([true, true, ['lost', 'resumed']]);
  });

  it('and lost before that is one more loss, and rests again', () => {
    const { presence: one, calls } = presence();
    one.interrupt(5);
    one.found(9);
    expect([one.interrupt(10), calls]).toEqual([
      true,
      ['pause 5', 'streams rest', 'restart 9', 'pause 10', 'streams rest'],
    ]);
  });
});
