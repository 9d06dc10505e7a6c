/** The person, without a session around it: what is typed and taken or refused, and what that leads to. */
import { MESSAGE_LIMIT } from '../../../core/limits.js';
import { describe, expect, it } from 'vitest';
import type { UiEvent } from '../../../core/ports.js';
import { createGoodbye, type Ending } from '../../../core/session/goodbye.js';
import type { Meeting } from '../../../core/session/meeting.js';
import type { Outgoing } from '../../../core/session/outgoing.js';
import { createPerson } from '../../../core/session/person.js';
import type { Talk } from '../../../core/session/talk.js';
import type { Transfers } from '../../../core/session/transfers.js';
import type { Transition } from '../../../core/session/transitions.js';
import { NEVER } from '../../../core/timers.js';
import { utf8 } from '../../support/pair.js';
import { createStage } from '../../support/stage.js';

interface Around {
  talking: boolean;
  trusted: boolean;
  busy: boolean;
  full: boolean;
  held: number;
  unasked: Ending | undefined;
  may: Transition[];
}

const NOW = 1_000;

function person(given: Partial<Around> = {}, idleTimeout: number = NEVER, opened = true) {
  const around: Around = {
    ...{ talking: true, trusted: true, busy: false, full: false, held: 0, unasked: undefined, may: [] },
    ...given,
  };
  const stage = createStage();
  const done: string[] = [];
  const goodbye = createGoodbye();
  const talk = {
    get trusted() {
      return around.trusted;
    },
    confirm: (match: boolean) => done.push(`confirm ${String(match)}`) > 0,
    compareAgain: () => done.push('compare again') > 0,
    said: () => undefined,
    shown: (id: number) => void done.push(`shown ${String(id)}`),
    leave: (code: string) => void done.push(`leave ${code}`),
    abort: (_now: number, reason: string) => void done.push(`last word ${reason}`),
  };
  const one = createPerson(stage.host, {
    meeting: {
      inputEnded: () => around.unasked,
      typed: () => void done.push('typed'),
    } as unknown as Meeting,
    talk: () => (around.talking ? (talk as unknown as Talk) : undefined),
    sender: {
      add: () => void done.push('add'),
      get full() {
        return around.full;
      },
      get held() {
        return around.held;
      },
      get undelivered() {
        return around.held;
      },
    } as unknown as Outgoing,
    goodbye,
    transfers: {
      cancelAll: () => undefined,
      ui: ({ type }: UiEvent) => void done.push(type),
      get busy() {
        return around.busy;
      },
    } as unknown as Transfers,
    may: (transition) => around.may.includes(transition),
    idleTimeout,
  });
  if (opened) one.open(0);
  const does = (event: UiEvent): Ending | undefined => one.handle(event, NOW);
  return { one, around, stage, done, goodbye, does };
}

describe('text', () => {
  const send = (text: Uint8Array): UiEvent => ({ type: 'send', text });

  it('is taken while a session is there, before and after there are keys', () => {
    for (const talking of [false, true]) {
      const { does, done, stage } = person({ talking });
      does(send(utf8('hello')));
      expect([done, stage.codes()]).toEqual([['add'], []]);
    }
  });

  it('that is too long, or comes too late, is told and wiped; an empty one is nothing', () => {
    const { does, done, stage, goodbye } = person();
    const long = new Uint8Array(MESSAGE_LIMIT + 1).fill(1);
    does(send(long));
    does(send(new Uint8Array(0)));
    expect(stage.notices).toEqual([{ code: 'SC-309', detail: { bytes: MESSAGE_LIMIT + 1, limit: MESSAGE_LIMIT } }]);
    goodbye.heard('left', NOW);
    const late = utf8('late');
    does(send(late));
    expect(stage.codes()).toEqual(['SC-309', 'SC-312']);
    for (const text of [long, late]) expect(text.every((byte) => byte === 0)).toBe(true);
    expect(done).toEqual([]);
  });

  it('is taken up to the limit, and not before there is a session', () => {
    const { does, done, stage } = person();
    does(send(new Uint8Array(MESSAGE_LIMIT)));
    expect([done, stage.codes()]).toEqual([['add'], []]);
    const early = person({}, NEVER, false);
    early.does(send(utf8('early')));
    expect([early.done, early.stage.codes()]).toEqual([[], ['SC-312']]);
  });

  it('a queue that is full is told once while nobody hears, and again after it was not', () => {
    const down = person({ full: true, may: ['resumed'] });
    for (let n = 0; n < 2; n++) down.does(send(utf8('down')));
    expect(down.stage.codes()).toEqual(['SC-327']);
    const { does, around, stage } = person({ full: true });
    does(send(utf8('up')));
    around.may = ['resumed'];
    around.full = false;
    does(send(utf8('down')));
    around.full = true;
    for (let n = 0; n < 3; n++) does(send(utf8('down')));
    expect(stage.codes()).toEqual(['SC-327']);
  });
});

describe('leaving', () => {
  it('is said to whoever is there; to nobody, it is the end, with what is owed', () => {
    const there = person();
    expect(there.does({ type: 'quit' })).toBeUndefined();
    expect(there.done).toEqual(['leave SC-317']);
    const alone = person({ talking: false, held: 2 });
    expect(alone.does({ type: 'quit' })).toEqual({ code: 'SC-306', detail: { count: 2 } });
    expect(alone.does({ type: 'interrupt' })).toEqual({ code: 'SC-311', detail: {} });
    expect(person({ talking: false }).does({ type: 'quit' })).toEqual({ code: 'SC-317', detail: {} });
  });

  it('the first interrupt says goodbye, the second one does not wait; whichever they are', () => {
    const { does, done } = person();
    expect(does({ type: 'interrupt' })).toBeUndefined();
    expect(does({ type: 'gone', why: 'unread' })).toEqual({ code: 'SC-513', detail: {} });
    expect(done).toEqual(['leave SC-311', 'last word left']);
    expect(person().does({ type: 'wipe' })).toEqual({ code: 'SC-311', detail: {} });
    for (const [why, code] of [
      ['unread', 'SC-513'],
      [undefined, 'SC-505'],
    ] as const) {
      const gone = person();
      expect([gone.does({ type: 'gone', why }), gone.done]).toEqual([undefined, [`leave ${code}`]]);
    }
    const leaving = person();
    leaving.goodbye.ask('SC-317', { up: true, undelivered: 1, trusted: true }, NOW);
    const told = leaving.does({ type: 'interrupt' });
    expect([told, leaving.done]).toEqual([{ code: 'SC-311', detail: {} }, ['last word left']]);
  });

  it('an interrupt when all is said ends as it would have ended', () => {
    const left = person({ held: 2 });
    left.goodbye.heard('left', NOW);
    expect(left.does({ type: 'interrupt' })).toEqual({ code: 'SC-311', detail: {} });
    left.goodbye.answered();
    expect(left.does({ type: 'interrupt' })).toEqual({ code: 'SC-306', detail: { count: 2 } });
    left.goodbye.flushing({ code: 'SC-316', detail: {} }, NOW);
    expect(left.does({ type: 'interrupt' })).toEqual({ code: 'SC-316', detail: {} });
    expect(left.done).toEqual(['last word left']);
  });

  it('who gives no sign for a while has left, once, and not while leaving', () => {
    const { one, does, done, goodbye } = person({}, 5_000);
    expect(one.wakeAt()).toBe(5_000);
    does({ type: 'activity' });
    expect(one.wakeAt()).toBe(NOW + 5_000);
    one.tick(NOW + 4_999);
    expect(done).toEqual([]);
    one.tick(NOW + 5_000);
    one.tick(NOW + 9_000);
    expect(done).toEqual(['leave SC-326']);
    const alone = person({ talking: false, held: 2 }, 5_000);
    // What the UI shows by itself is no sign.
    alone.does({ type: 'shown', id: 0 });
    expect(alone.one.wakeAt()).toBe(5_000);
    expect(alone.one.tick(5_000)).toEqual({ code: 'SC-306', detail: { count: 2 } });
    does({ type: 'activity' });
    goodbye.heard('left', NOW);
    one.tick(NOW + 9_000);
    expect(done).toEqual(['leave SC-326']);
  });
});

describe('the end of the input', () => {
  it('is a goodbye, after what was offered', () => {
    const { one, does, done, around } = person({ busy: true });
    expect(does({ type: 'end-of-input' })).toBeUndefined();
    expect(done).toEqual([]);
    around.busy = false;
    one.tick(NOW);
    expect(done).toEqual(['leave SC-317']);
  });

  it('waits for the peer when there is something to say, and is told when there is not', () => {
    expect(person({ talking: false }).does({ type: 'end-of-input' })).toEqual({
      code: 'SC-310',
      detail: { what: 'peer' },
    });
    const { one, does, done, around } = person({ talking: false, held: 1 });
    expect(does({ type: 'end-of-input' })).toBeUndefined();
    one.tick(NOW);
    around.talking = true;
    expect(done).toEqual([]);
    one.tick(NOW);
    expect(done).toEqual(['leave SC-317']);
  });

  it('is nothing more for who is leaving', () => {
    const { one, does, done, around, goodbye } = person({ busy: true });
    does({ type: 'end-of-input' });
    goodbye.ask('SC-317', { up: true, undelivered: 0, trusted: true }, NOW);
    around.busy = false;
    expect([one.tick(NOW), done]).toEqual([undefined, []]);
  });

  it('leaves nobody to compare the words, or to type the code again', () => {
    const { does, done } = person({ trusted: false });
    does({ type: 'end-of-input' });
    expect(done).toEqual(['leave SC-310']);
    const unasked = { code: 'SC-408', detail: {} } as const;
    expect(person({ unasked }).does({ type: 'end-of-input' })).toBe(unasked);
  });

  it('nothing is typed after it', () => {
    const { does, stage } = person();
    does({ type: 'end-of-input' });
    does({ type: 'send', text: utf8('more') });
    expect(stage.codes()).toEqual(['SC-312']);
  });
});

describe('what is not possible now is told', () => {
  it.each([
    [{ type: 'confirm', match: true }, 'wordsMatch', 'confirm true'],
    [{ type: 'confirm', match: false }, 'wordsDiffer', 'confirm false'],
    [{ type: 'compare-again' }, 'leave', 'compare again'],
  ] as const)('%o', (event, transition, what) => {
    const { does, done, stage, around } = person();
    does(event);
    expect([done, stage.codes()]).toEqual([[], ['SC-312']]);
    around.may = [transition];
    does(event);
    expect([done, stage.codes()]).toEqual([[what], ['SC-312']]);
    around.talking = false;
    does(event);
    expect(stage.codes()).toEqual(['SC-312', 'SC-312']);
  });
});

it('everything goes where it belongs', () => {
  const { does, done, stage } = person();
  does({ type: 'code', code: utf8('a-b-c') });
  does({ type: 'offer', paths: [] });
  for (const type of ['accept', 'reject', 'cancel'] as const) does({ type, id: 0 });
  does({ type: 'shown', id: 7 });
  expect([done, stage.codes()]).toEqual([['typed', 'offer', 'accept', 'reject', 'cancel', 'shown 7'], []]);
});

it('what a script could not say is counted, where it is lost', () => {
  const { one, does, stage } = person();
  does({ type: 'malformed', why: 'no json' });
  does({ type: 'malformed', why: 'no object' });
  does({ type: 'malformed', why: 'too long', lost: true });
  expect(one.unsent).toBe(1);
  expect(stage.notices).toEqual(
    ['no json', 'no object', 'too long'].map((why) => ({ code: 'SC-313', detail: { why } })),
  );
});
