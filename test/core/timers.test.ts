/** Deadlines with names: each setting rings once, and the earliest comes first. */
import { describe, expect, it } from 'vitest';
import { createTimers, NEVER } from '../../core/timers.js';

type Name = 'one' | 'two';

describe('timers', () => {
  it('without a deadline nothing is due, ever', () => {
    const timers = createTimers<Name>();
    expect(timers.next()).toBe(NEVER);
    expect(timers.rings('one', Number.MAX_SAFE_INTEGER)).toBe(false);
    expect(timers.isSet('one')).toBe(false);
    expect(timers.left('one', 0)).toBeUndefined();
  });

  it('the earliest of all comes first', () => {
    const timers = createTimers<Name>();
    timers.set('one', 30);
    timers.set('two', 20);
    expect(timers.next()).toBe(20);
    timers.stop('two');
    expect(timers.next()).toBe(30);
  });

  it('rings at its time and not before, once', () => {
    const timers = createTimers<Name>();
    timers.set('one', 30);
    expect(timers.rings('one', 29)).toBe(false);
    expect(timers.isSet('one')).toBe(true);
    expect(timers.rings('one', 30)).toBe(true);
    expect(timers.rings('one', 31)).toBe(false);
    expect(timers.next()).toBe(NEVER);
  });

  it('set replaces what was there, hurry takes the earlier', () => {
    const timers = createTimers<Name>();
    timers.set('one', 30);
    timers.set('one', 50);
    expect(timers.next()).toBe(50);
    timers.hurry('one', 70);
    expect(timers.next()).toBe(50);
    timers.hurry('one', 40);
    expect(timers.next()).toBe(40);
    timers.hurry('two', 90);
    expect(timers.left('two', 80)).toBe(10);
  });

  it('what is left is never less than nothing', () => {
    const timers = createTimers<Name>();
    timers.set('one', 30);
    expect([timers.left('one', 10), timers.left('one', 40)]).toEqual([20, 0]);
  });

  it('stops some, or all', () => {
    const timers = createTimers<Name>();
    timers.set('one', 1);
    timers.set('two', 2);
    timers.stop('one');
    expect([timers.isSet('one'), timers.isSet('two')]).toEqual([false, true]);
    timers.set('one', 1);
    timers.stop('one', 'two');
    expect(timers.next()).toBe(NEVER);
    timers.set('one', 1);
    timers.stopAll();
    expect(timers.rings('one', 5)).toBe(false);
  });

  it('what is never due never rings', () => {
    const timers = createTimers<Name>();
    timers.set('one', NEVER);
    expect(timers.rings('one', Number.MAX_SAFE_INTEGER)).toBe(false);
    expect(timers.next()).toBe(NEVER);
  });
});
