/** The goodbye, without a session around it: what is to be done next, and how it then ends. */
import { describe, expect, it } from 'vitest';
import type { Code } from '../../../core/errors.js';
import { BYE_TIMEOUT, createGoodbye, FLUSH_TIMEOUT, type Standing } from '../../../core/session/goodbye.js';
import { NEVER } from '../../../core/timers.js';

const UP: Standing = { up: true, undelivered: 0, trusted: true };
const DOWN: Standing = { ...UP, up: false };
const OWES: Standing = { ...UP, undelivered: 2 };

function asked(code: Code = 'SC-317', standing = UP) {
  const goodbye = createGoodbye();
  goodbye.ask(code, standing, 0);
  return goodbye;
}

describe('own goodbye', () => {
  it('nothing is to be done, ever, before somebody leaves', () => {
    const goodbye = createGoodbye();
    expect([goodbye.phase, goodbye.next(UP, 1e9), goodbye.wakeAt()]).toEqual(['none', undefined, NEVER]);
  });

  it('is said, waited for, and flushed: then the end, as a success', () => {
    const goodbye = asked();
    expect(goodbye.next(UP, 0)).toBe('say');
    goodbye.said(0);
    expect([goodbye.sealed, goodbye.open, goodbye.next(UP, 1)]).toEqual([true, false, undefined]);
    goodbye.acknowledged();
    expect(goodbye.next(UP, 2)).toBe('flush');
    goodbye.flushing(goodbye.ending(0), 2);
    expect([goodbye.over, goodbye.next(UP, 2), goodbye.wakeAt()]).toEqual([true, undefined, 2 + FLUSH_TIMEOUT]);
    expect(goodbye.next(UP, 2 + FLUSH_TIMEOUT)).toBe('end');
    expect(goodbye.ending(0).code).toBe('SC-317');
  });

  it('without an answer it is over in time', () => {
    const goodbye = asked();
    goodbye.said(0);
    expect(goodbye.next(UP, BYE_TIMEOUT - 1)).toBeUndefined();
    expect(goodbye.next(UP, BYE_TIMEOUT)).toBe('flush');
    const away = asked();
    away.said(0);
    expect(away.next(DOWN, BYE_TIMEOUT)).toBe('end');
  });

  it('waits for own text; when nothing of it arrives, that is told once, and a second wish does not wait', () => {
    const goodbye = asked('SC-317', OWES);
    expect(goodbye.next(OWES, BYE_TIMEOUT - 1)).toBeUndefined();
    goodbye.progress(BYE_TIMEOUT - 1);
    expect(goodbye.next(OWES, BYE_TIMEOUT)).toBeUndefined();
    expect(goodbye.next(OWES, 2 * BYE_TIMEOUT - 1)).toBe('tell');
    expect(goodbye.next(OWES, 1e9)).toBeUndefined();
    goodbye.ask('SC-317', OWES, 1e9);
    expect(goodbye.next(OWES, 1e9)).toBe('say');
    expect(goodbye.ending(2)).toEqual({ code: 'SC-306', detail: { count: 2 } });
  });

  it('in a hurry it has a bound, and a last word', () => {
    const goodbye = asked('SC-311', OWES);
    expect(goodbye.next(OWES, BYE_TIMEOUT)).toBe('last word');
    const away = asked('SC-311', { ...OWES, up: false });
    expect(away.next({ ...OWES, up: false }, BYE_TIMEOUT)).toBe('end');
  });

  it('who may not be told anything is not waited for', () => {
    expect(asked('SC-317', OWES).next({ ...OWES, trusted: false }, 0)).toBe('say');
  });

  it('because of absence it waits for no text', () => {
    expect(asked('SC-326', OWES).next(OWES, 0)).toBe('say');
  });

  it('is bounded from the moment it is said, whatever was waited for before', () => {
    const goodbye = asked('SC-317', OWES);
    goodbye.said(1_000);
    expect(goodbye.wakeAt()).toBe(1_000 + BYE_TIMEOUT);
    const heard = asked('SC-317', OWES);
    heard.heard('left', 1_000);
    expect(heard.wakeAt()).toBe(1_000 + BYE_TIMEOUT);
    // Nobody hears of it any more.
    heard.said(2_000);
    expect([heard.phase, heard.sealed]).toEqual(['answered', false]);
  });

  it('that nobody heard is told so; an input that ended before the words were compared, too', () => {
    expect(asked('SC-311').ending(0)).toEqual({ code: 'SC-311', detail: { unheard: 1 } });
    const goodbye = asked('SC-310');
    expect([goodbye.reason, goodbye.open]).toEqual(['left', true]);
    goodbye.said(0);
    expect(goodbye.ending(2)).toEqual({ code: 'SC-310', detail: { what: 'words' } });
  });

  it('that was said under other keys was said to nobody', () => {
    const goodbye = asked();
    goodbye.said(0);
    goodbye.resumed(false);
    expect(goodbye.phase).toBe('said');
    goodbye.resumed(true);
    expect([goodbye.phase, goodbye.next(UP, 1)]).toEqual(['asked', 'say']);
  });
});

describe('the goodbye of the peer', () => {
  it('is answered, then flushed', () => {
    const goodbye = createGoodbye();
    goodbye.heard('left', 0);
    expect([goodbye.open, goodbye.next(UP, 0)]).toEqual([false, 'answer']);
    goodbye.answered();
    expect([goodbye.over, goodbye.next(UP, 0)]).toEqual([true, 'flush']);
    expect(goodbye.ending(0).code).toBe('SC-316');
    expect(goodbye.ending(3)).toEqual({ code: 'SC-306', detail: { count: 3 } });
    expect([goodbye.reason, goodbye.sealed, goodbye.next(DOWN, 0)]).toEqual(['left', false, 'end']);
    // Found anew or not: that is over.
    goodbye.resumed(true);
    expect([goodbye.phase, goodbye.next(UP, 0)]).toEqual(['answered', 'flush']);
    goodbye.flushing(goodbye.ending(0), 0);
    goodbye.heard('left', 1);
    expect(goodbye.phase).toBe('flushing');
  });

  it('that cannot be answered in time is flushed all the same', () => {
    const goodbye = createGoodbye();
    goodbye.heard('left', 0);
    expect(goodbye.next(UP, BYE_TIMEOUT)).toBe('flush');
  });

  it('crosses the own one: both are answered before the end', () => {
    const goodbye = asked();
    goodbye.said(0);
    goodbye.heard('left', 1);
    goodbye.answered();
    expect(goodbye.next(UP, 2)).toBeUndefined();
    expect(goodbye.sealed).toBe(true);
    goodbye.acknowledged();
    expect(goodbye.next(UP, 3)).toBe('flush');
  });

  it('after the answer to the own one: nothing more is waited for', () => {
    const goodbye = asked();
    goodbye.said(0);
    goodbye.acknowledged();
    goodbye.heard('left', 1);
    expect(goodbye.next(UP, 2)).toBe('answer');
    goodbye.answered();
    expect(goodbye.next(UP, 2)).toBe('flush');
  });

  it('crosses an own one that is never answered: it is over in time', () => {
    for (const [standing, step] of [
      [UP, 'flush'],
      [DOWN, 'end'],
    ] as const) {
      const goodbye = asked();
      goodbye.said(0);
      goodbye.heard('left', 1);
      goodbye.answered();
      expect(goodbye.next(standing, BYE_TIMEOUT)).toBe(step);
    }
  });

  it('a second one changes nothing', () => {
    const goodbye = createGoodbye();
    goodbye.heard('left', 0);
    goodbye.heard('words did not match', 0);
    expect(goodbye.ending(0).code).toBe('SC-316');
  });

  it.each([
    ['words did not match', 'SC-407'],
    ['error', 'SC-322'],
  ] as const)('because of %s', (reason, code) => {
    const goodbye = createGoodbye();
    goodbye.heard(reason, 0);
    expect(goodbye.ending(0).code).toBe(code);
    if (reason === 'error') expect(goodbye.ending(2).detail).toEqual({ count: 2 });
  });

  it('an answer to nothing is an error of the peer', () => {
    expect(() => createGoodbye().acknowledged()).toThrow('not said');
    expect(() => asked().acknowledged()).toThrow('not said');
    const heard = createGoodbye();
    heard.heard('left', 0);
    expect(() => heard.acknowledged()).toThrow('not said');
  });
});

describe('words that do not match', () => {
  it('nothing takes it back', () => {
    const goodbye = createGoodbye();
    goodbye.refuse(UP, 0);
    goodbye.ask('SC-317', UP, 0);
    expect([goodbye.refused, goodbye.reason, goodbye.next(OWES, 0)]).toEqual([true, 'words did not match', 'say']);
    expect(goodbye.ending(0).code).toBe('SC-403');
  });

  it('and a goodbye that was asked for becomes that one', () => {
    const goodbye = asked();
    goodbye.refuse(UP, 0);
    expect(goodbye.ending(0).code).toBe('SC-403');
  });

  it('after a goodbye nothing is said again, and the end is that one', () => {
    const said = asked();
    said.said(0);
    said.refuse(UP, 0);
    expect([said.phase, said.ending(0).code]).toEqual(['said', 'SC-403']);
    const answered = createGoodbye();
    answered.heard('left', 0);
    answered.refuse(UP, 0);
    expect([answered.phase, answered.ending(0).code]).toEqual(['answered', 'SC-403']);
    answered.flushing(answered.ending(0), 0);
    answered.refuse(UP, 0);
    expect([answered.phase, answered.refused]).toEqual(['flushing', false]);
  });

  it('and waits for no text', () => {
    const goodbye = createGoodbye();
    goodbye.refuse(OWES, 0);
    expect(goodbye.next(OWES, BYE_TIMEOUT)).toBe('last word');
  });
});

describe('a connection that is lost', () => {
  it('before any goodbye the session is lost, and how much of it', () => {
    expect(createGoodbye().lost(2)).toEqual({ code: 'SC-304', detail: { count: 2 } });
    expect(asked('SC-317', OWES).lost(2).code).toBe('SC-304');
  });

  it('after one it ends as that says', () => {
    const goodbye = asked();
    goodbye.said(0);
    expect(goodbye.lost(0).code).toBe('SC-317');
  });

  it('and is back: who is patient waits as long as it takes', () => {
    const goodbye = asked('SC-317', OWES);
    goodbye.interrupted({ ...OWES, up: false }, 10);
    expect(goodbye.next({ ...OWES, up: false }, 10)).toBe('tell');
    goodbye.resumed(false);
    expect(goodbye.next(OWES, 1e9)).toBeUndefined();
    const owing = asked('SC-317', DOWN);
    expect(owing.wakeAt()).toBe(BYE_TIMEOUT);
    owing.resumed(false);
    expect(owing.next(OWES, BYE_TIMEOUT)).toBeUndefined();
    const hurried = asked('SC-311', OWES);
    hurried.resumed(false);
    expect(hurried.next(OWES, BYE_TIMEOUT)).toBe('last word');
  });

  it('with nothing owed it is over in time', () => {
    expect(asked('SC-317', DOWN).next(DOWN, BYE_TIMEOUT)).toBe('end');
  });
});
