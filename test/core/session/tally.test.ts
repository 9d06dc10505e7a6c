/** The count of a code, without an attempt around it. */
import { describe, expect, it } from 'vitest';
import { createTweetnaclCrypto } from '../../../adapters/crypto/tweetnacl.js';
import type { CodeForm } from '../../../core/room/code.js';
import { BACKOFF_MAX } from '../../../core/session/backoff.js';
import {
  ATTEMPTS,
  createTally,
  GUESS_WAITS,
  REJOIN_MIN,
  REJOIN_SPREAD,
  TOLD_AFTER,
} from '../../../core/session/tally.js';
import { createStage } from '../../support/stage.js';

function tally(form: CodeForm = 'generated') {
  const stage = createStage();
  return { stage, tally: createTally(stage.host, createTweetnaclCrypto(), () => form) };
}

describe('a wrong guess', () => {
  it('asks who typed the code, and burns it at the limit', () => {
    const { stage, tally: one } = tally();
    for (let attempt = 1; attempt < ATTEMPTS.generated; attempt++) {
      one.count();
      expect(one.failed('wrong', false)).toEqual({ type: 'wrong', attempt, attempts: ATTEMPTS.generated });
    }
    one.count();
    expect(one.failed('wrong', false)).toMatchObject({ type: 'end', code: 'SC-401', detail: { attempts: 3 } });
    expect(stage.codes()).toEqual([]);
  });

  it('is told to who made it, who waits longer each time', () => {
    const { stage, tally: one } = tally();
    one.made = true;
    for (const least of GUESS_WAITS) {
      one.count();
      const verdict = one.failed('wrong', false);
      expect(verdict.type === 'over' && verdict.after >= least && verdict.after < least + REJOIN_SPREAD).toBe(true);
    }
    expect(stage.codes()).toEqual(['SC-409', 'SC-409']);
  });

  it('of a chosen code is the end', () => {
    const { tally: one } = tally('chosen');
    one.count();
    expect(one.failed('wrong', false)).toMatchObject({ type: 'end', code: 'SC-401' });
  });

  it('where the code was right before burns nothing; that none is left is told once', () => {
    const { stage, tally: one } = tally();
    one.count();
    expect(one.failed('wrong', true)).toEqual({ type: 'over', after: 0 });
    one.count();
    one.superseded('wrong');
    expect(one.spent).toBe(false);
    one.count();
    expect(one.failed('wrong', true)).toEqual({ type: 'over', after: 0 });
    expect(one.spent).toBe(true);
    expect(stage.codes()).toEqual(['SC-409', 'SC-409', 'SC-409', 'SC-331']);
  });

  it('is counted with others that did not finish, and alone said to be wrong', () => {
    const { tally: one } = tally();
    for (const how of ['unfinished', 'wrong', 'unfinished', 'wrong'] as const) {
      one.count();
      const verdict = one.failed(how, false);
      if (verdict.type !== 'end') continue;
      expect(verdict).toEqual({ type: 'end', code: 'SC-334', detail: {} });
      return;
    }
    throw new Error('the third one burns the code');
  });

  it('that was none is taken back', () => {
    const { tally: one } = tally('chosen');
    one.count();
    one.takeBack();
    expect(one.spent).toBe(false);
  });

  it('without a secret there is nothing to spend', () => {
    const { tally: one } = tally('none');
    one.count();
    expect(one.spent).toBe(false);
  });
});

describe('an attempt that counts and did not finish', () => {
  it('asks nobody, who typed the code either; both wait, and at the limit the code is burnt', () => {
    for (const made of [true, false]) {
      const { stage, tally: one } = tally();
      one.made = made;
      for (const [n, least] of GUESS_WAITS.entries()) {
        one.count();
        const verdict = one.failed('unfinished', false);
        expect(verdict.type === 'over' && verdict.after >= least && verdict.after < least + REJOIN_SPREAD).toBe(true);
        expect(stage.codes()).toEqual(Array.from({ length: n + 1 }, () => 'SC-314'));
      }
      one.count();
      expect(one.failed('unfinished', false)).toEqual({ type: 'end', code: 'SC-334', detail: {} });
    }
  });

  it('of which a wrong one was none says how many were wrong', () => {
    const { tally: one } = tally();
    one.made = true;
    for (const how of ['unfinished', 'unfinished'] as const) {
      one.count();
      one.failed(how, false);
    }
    one.count();
    expect(one.failed('wrong', false)).toEqual({ type: 'end', code: 'SC-401', detail: { attempts: 1 } });
  });

  it('where the code was right before is told so', () => {
    const { stage, tally: one } = tally('chosen');
    one.count();
    expect(one.failed('unfinished', true)).toEqual({ type: 'over', after: 0 });
    expect(stage.codes()).toEqual(['SC-314', 'SC-331']);
  });
});

describe('an attempt that does not count', () => {
  it('is followed by the next, later each time up to a bound, and told once after some', () => {
    const { stage, tally: one } = tally();
    const waits = Array.from({ length: 12 }, () => one.uncounted()).map((verdict) =>
      verdict.type === 'over' ? verdict.after : Number.NaN,
    );
    expect(waits[0]).toBeGreaterThanOrEqual(REJOIN_MIN);
    expect(waits[0]).toBeLessThanOrEqual(REJOIN_MIN + REJOIN_SPREAD);
    expect(waits.at(-1)).toBe(BACKOFF_MAX);
    expect(stage.codes()).toEqual(['SC-323']);
  });

  it('for a reason that the first message shows ends the session when nothing else comes', () => {
    const { stage, tally: one } = tally();
    const strike = { code: 'SC-406', detail: {} } as const;
    for (let n = 1; n < TOLD_AFTER; n++) expect(one.uncounted(strike).type).toBe('over');
    one.uncounted();
    for (let n = 1; n < TOLD_AFTER; n++) expect(one.uncounted(strike).type).toBe('over');
    expect(one.uncounted(strike)).toEqual({ type: 'end', ...strike });
    expect(stage.codes().filter((code) => code === 'SC-406')).toHaveLength(2 * (TOLD_AFTER - 1));
  });

  it('a guess in between begins that anew', () => {
    const { tally: one } = tally();
    const strike = { code: 'SC-406', detail: {} } as const;
    for (let n = 1; n < TOLD_AFTER; n++) one.uncounted(strike);
    one.count();
    one.failed('wrong', false);
    expect(one.uncounted(strike).type).toBe('over');
  });
});

describe('the last word', () => {
  it('on an attempt that was counted: burnt, or told', () => {
    const burnt = tally('chosen');
    burnt.tally.count();
    expect(burnt.tally.close()).toMatchObject({ code: 'SC-334' });
    for (const made of [true, false]) {
      const { stage, tally: one } = tally();
      one.made = made;
      one.count();
      expect(one.close()).toBeUndefined();
      expect(stage.codes()).toEqual(['SC-314']);
    }
  });
});

it('another code begins anew', () => {
  const { tally: one } = tally('chosen');
  one.count();
  one.renew();
  expect(one.spent).toBe(false);
});
