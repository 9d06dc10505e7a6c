/** What the goodbye's steps come to on a channel that has room, has none, or still has something to say. */
import { describe, expect, it } from 'vitest';
import type { Channel } from '../../../core/session/channel.js';
import { createFarewell } from '../../../core/session/farewell.js';
import { BYE_TIMEOUT, createGoodbye, FLUSH_TIMEOUT, type Standing } from '../../../core/session/goodbye.js';
import type { Line } from '../../../core/session/line.js';
import { createStage } from '../../support/stage.js';

const UP: Standing = { up: true, undelivered: 0, trusted: true };

function farewell(around: { full?: boolean; waits?: boolean; unsaid?: boolean } = {}) {
  const done: string[] = [];
  const stage = createStage();
  const goodbye = createGoodbye();
  let standing = UP;
  const channel = {
    send: ([record]: readonly [{ type: string; reason?: string }]) => {
      if (around.full === true) return undefined;
      done.push([record.type, record.reason ?? []].flat().join(' '));
      return 0;
    },
    tick: () => void done.push('tick'),
    waits: () => around.waits === true,
    conclude: () => void done.push('conclude'),
  };
  const made = createFarewell(stage.host, { finish: () => void done.push('finish') } as unknown as Line, {
    goodbye,
    channel: channel as unknown as Channel,
    standing: () => standing,
    unsaid: () => around.unsaid === true,
    close: () => void done.push('close'),
  });
  return {
    farewell: made,
    goodbye,
    done,
    stage,
    around,
    stand: (to: Partial<Standing>) => (standing = { ...UP, ...to }),
  };
}

describe('the own goodbye', () => {
  it('is sealed, closes what comes in, and is flushed when it was answered', () => {
    const { farewell: one, goodbye, done, stage } = farewell();
    goodbye.ask('SC-317', UP, 0);
    expect(one.step(0)).toBeUndefined();
    expect(done).toEqual(['bye left', 'close', 'conclude']);
    expect(stage.moves).toEqual(['leave']);
    goodbye.acknowledged();
    expect(one.step(1)).toBeUndefined();
    expect(done.at(-1)).toBe('finish');
    expect(one.closed()).toEqual({ code: 'SC-317', detail: {} });
    expect(one.step(1 + FLUSH_TIMEOUT)).toEqual({ code: 'SC-317', detail: {} });
  });

  it('waits while the window has no room, or something goes before it; is said later', () => {
    for (const reason of ['full', 'waits'] as const) {
      const { farewell: one, goodbye, done, around } = farewell({ [reason]: true });
      goodbye.ask('SC-317', UP, 0);
      expect(one.step(0)).toBeUndefined();
      expect([done, goodbye.sealed]).toEqual([[], false]);
      around[reason] = false;
      one.step(1);
      expect(goodbye.sealed).toBe(true);
    }
  });

  it('comes after how the streams end', () => {
    const { farewell: one, goodbye, done } = farewell({ unsaid: true });
    goodbye.ask('SC-317', UP, 0);
    one.step(0);
    expect(done.slice(0, 2)).toEqual(['tick', 'bye left']);
  });

  it('that words did not match moves nothing: the state says so already', () => {
    const { farewell: one, goodbye, done, stage } = farewell();
    goodbye.refuse(UP, 0);
    one.step(0);
    expect(done[0]).toBe('bye words did not match');
    expect(stage.moves).toEqual([]);
  });

  it('that waits for text is told with how much', () => {
    const { farewell: one, goodbye, stage, stand } = farewell();
    stand({ undelivered: 2 });
    goodbye.ask('SC-317', { ...UP, undelivered: 2 }, 0);
    one.step(BYE_TIMEOUT);
    expect(stage.notices).toEqual([{ code: 'SC-328', detail: { count: 2 } }]);
  });

  it('has a last word when it is too late to wait, with room or without', () => {
    for (const full of [false, true]) {
      const { farewell: one, goodbye, done, stand } = farewell({ full });
      stand({ undelivered: 1 });
      goodbye.ask('SC-311', { ...UP, undelivered: 1 }, 0);
      one.step(BYE_TIMEOUT);
      expect(done.includes('bye left')).toBe(!full);
      expect(done.at(-1)).toBe('finish');
    }
  });
});

describe('the goodbye of the peer', () => {
  it('is answered, after what was shown is told, and flushed', () => {
    const { farewell: one, goodbye, done, stage } = farewell({ waits: true });
    goodbye.heard('left', 0);
    one.step(0);
    expect(done).toEqual(['conclude', 'tick', 'bye-ack', 'finish']);
    expect(stage.moves).toEqual(['peerLeft']);
    expect(one.closed()).toEqual({ code: 'SC-316', detail: {} });
  });

  it('is answered when there is room', () => {
    const { farewell: one, goodbye, done, around } = farewell({ full: true });
    goodbye.heard('left', 0);
    one.step(0);
    expect(done).not.toContain('finish');
    around.full = false;
    one.step(1);
    expect(done.slice(-2)).toEqual(['bye-ack', 'finish']);
  });
});

it('a connection that does not come back ends it without a goodbye, with what is missing', () => {
  const { farewell: one, stand } = farewell();
  stand({ up: false, undelivered: 3 });
  expect(one.lost()).toEqual({ code: 'SC-304', detail: { count: 3 } });
});

it('after an error the peer gets a last word, unless a goodbye is out', () => {
  const { farewell: one, goodbye, done } = farewell();
  one.abort(0, 'error');
  expect(done).toEqual(['bye error']);
  goodbye.ask('SC-317', UP, 0);
  one.step(0);
  one.abort(1, 'left');
  expect(done.filter((each) => each === 'bye error')).toHaveLength(1);
});
