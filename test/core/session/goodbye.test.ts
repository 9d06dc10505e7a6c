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
    goodbye.acknowledged();
    expect(goodbye.next(UP, 3)).toBe('flush');
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
  });

  it('an answer to nothing is an error of the peer', () => {
    expect(() => createGoodbye().acknowledged()).toThrow('not said');
    expect(() => asked().acknowledged()).toThrow('not said');
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
  });
});
