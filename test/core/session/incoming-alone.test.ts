/** Messages and the name of the peer on their way in: held unseen, shown, told as delivered; wiped in every case. */
import { MESSAGE_LIMIT } from '../../../core/limits.js';
import { describe, expect, it } from 'vitest';
import { RemoteProtocolError } from '../../../core/errors.js';
import { createIncoming, UNSEEN_LIMIT } from '../../../core/session/incoming.js';
import { NEVER } from '../../../core/timers.js';
import { fromUtf8, utf8 } from '../../support/pair.js';
import { createStage } from '../../support/stage.js';

/** What a receipt takes of a frame. */
const RECEIPT = 8;

function receiving(receipts = true) {
  const stage = createStage();
  const inbox = createIncoming(stage.host, receipts);
  let id = 0;
  return {
    stage,
    inbox,
    text: (text: string, now = 0) => inbox.text({ type: 'text', id: id++, part: 0, last: true, text: utf8(text) }, now),
    shown: () =>
      stage.views('message').map(({ id: which, from, text, at }) => [which, fromUtf8(from), fromUtf8(text), at]),
    names: () => stage.views('peer').map(({ name }) => fromUtf8(name)),
    due(room = 1_000): unknown[] {
      const records: unknown[] = [];
      for (let next = inbox.next(room, 0); next !== undefined; next = inbox.next(room, 0)) records.push(next);
      return records;
    },
  };
}

describe('text', () => {
  it('is held until the words are compared, then shown in order with its time; only then it is told as delivered', () => {
    const { inbox, text, shown, due } = receiving();
    text('one', 5);
    text('two', 6);
    expect([shown(), due(), inbox.wakeAt(9)]).toEqual([[], [], NEVER]);
    inbox.open();
    inbox.open();
    text('three', 7);
    expect(shown()).toEqual([
      [0, '', 'one', 5],
      [1, '', 'two', 6],
      [2, '', 'three', 7],
    ]);
    // Handed to the UI is not shown by it.
    expect([due(), inbox.wakeAt(9)]).toEqual([[], NEVER]);
    inbox.shown(1);
    inbox.shown(0);
    expect(inbox.wakeAt(9)).toBe(9);
    expect(due()).toEqual([0, 1].map((id) => ({ type: 'delivered', id })));
    expect([due(), inbox.wakeAt(9)]).toEqual([[], NEVER]);
    // No more than it was handed.
    inbox.shown(9);
    expect(due()).toEqual([{ type: 'delivered', id: 2 }]);
    text('four');
    expect(due()).toEqual([]);
  });

  it('in parts is shown with the last one', () => {
    const { inbox, shown } = receiving();
    inbox.open();
    inbox.text({ type: 'text', id: 0, part: 0, last: false, text: utf8('ab') }, 1);
    expect(shown()).toEqual([]);
    inbox.text({ type: 'text', id: 0, part: 1, last: true, text: utf8('c') }, 2);
    expect(shown()).toEqual([[0, '', 'abc', 2]]);
  });

  it('is told as delivered where there is room for it, and not at all where nobody wants to tell', () => {
    const { inbox, text, due } = receiving();
    inbox.open();
    text('one');
    inbox.shown(0);
    expect(due(RECEIPT - 1)).toEqual([]);
    expect(due(RECEIPT)).toEqual([{ type: 'delivered', id: 0 }]);
    const silent = receiving(false);
    silent.inbox.open();
    silent.text('one');
    silent.inbox.shown(0);
    expect([silent.shown().length, silent.due(), silent.inbox.wakeAt(9)]).toEqual([1, [], NEVER]);
  });

  it('unseen is bounded, with what each message costs', () => {
    const { text, inbox } = receiving();
    const most = Math.floor(UNSEEN_LIMIT / (MESSAGE_LIMIT + 64));
    for (let i = 0; i < most; i++) text('x'.repeat(MESSAGE_LIMIT));
    const left = UNSEEN_LIMIT - most * (MESSAGE_LIMIT + 64);
    text('x'.repeat(left - 64));
    expect(() => text('')).toThrow(RemoteProtocolError);
    inbox.wipe();
  });

  it.each(['refuse', 'close'] as const)('that comes after a %s is wiped unseen, and what was held stays so', (end) => {
    const { inbox, text, shown, due } = receiving();
    text('secret');
    inbox[end]();
    text('late');
    inbox.open();
    text('later');
    expect([shown(), due()]).toEqual([[], []]);
    // However much of it comes: it is not kept.
    for (let i = 0; i <= UNSEEN_LIMIT / MESSAGE_LIMIT; i++) text('x'.repeat(MESSAGE_LIMIT));
  });
});

it('at the end nothing of it is left', () => {
  const { inbox, text, shown, names } = receiving();
  text('secret');
  inbox.name(utf8('Ada'));
  inbox.text({ type: 'text', id: 1, part: 0, last: false, text: utf8('half') }, 0);
  inbox.wipe();
  inbox.open();
  expect([shown(), names()]).toEqual([[], ['\0\0\0']]);
  expect(() => inbox.text({ type: 'text', id: 1, part: 1, last: true, text: utf8('x') }, 0)).toThrow(
    RemoteProtocolError,
  );
});

describe('the name', () => {
  it('is taken once, shown when text may be, and stands beside each message', () => {
    const { inbox, text, names, shown } = receiving();
    const name = utf8('Ada');
    inbox.name(name);
    name.fill(0);
    inbox.name(utf8('Eve'));
    expect(names()).toEqual([]);
    inbox.open();
    text('hello');
    expect([names(), shown()]).toEqual([['Ada'], [[0, 'Ada', 'hello', 0]]]);
    inbox.name(utf8('Eve'));
    expect(names()).toEqual(['Ada']);
  });

  it('that comes later is shown then', () => {
    const { inbox, names } = receiving();
    inbox.open();
    expect(names()).toEqual([]);
    inbox.name(utf8('Ada'));
    expect(names()).toEqual(['Ada']);
  });
});
