/** Own messages on their way out: held, sent, delivered or failed, and the pace; without a channel around them. */
import { describe, expect, it } from 'vitest';
import { RemoteProtocolError } from '../../../core/errors.js';
import type { StreamKeys } from '../../../core/protocol/stream-keys.js';
import type { ProtocolRecord } from '../../../core/protocol/records.js';
import { createOutgoing, HELD_HIGH, HELD_LOW, PACE_BURST, PACE_INTERVAL } from '../../../core/session/outgoing.js';
import { NEVER } from '../../../core/timers.js';
import { utf8 } from '../../support/pair.js';
import { createStage } from '../../support/stage.js';

const ROOM = 1_000;
const NO_STREAMS: StreamKeys = { take: () => undefined, wipe: () => undefined };

function sending(paced = false) {
  const stage = createStage();
  const out = createOutgoing(stage.host, paced);
  let seq = 0;
  return {
    stage,
    out,
    statuses: () => stage.views('status').map(({ id, status }) => `${id} ${status}`),
    welcome: () => stage.views('input').map(({ welcome }) => welcome),
    add(text: string, now = 0): Uint8Array {
      const bytes = utf8(text);
      out.add(bytes, now);
      return bytes;
    },
    /** All that waits, in frames that end up as one: each record has all the room. */
    frame(now = 0, room = ROOM): ProtocolRecord[] {
      const records: ProtocolRecord[] = [];
      for (let next = out.next(room, now); next !== undefined; next = out.next(room, now)) records.push(next);
      out.sealed(seq++, NO_STREAMS);
      return records;
    },
  };
}

describe('a message', () => {
  it('is shown as held, then as sent, then as delivered; wiped when it is sent', () => {
    const { stage, out, statuses, add, frame } = sending();
    out.proven();
    const text = add('hello', 7);
    expect(stage.views('own')).toMatchObject([{ id: 0, text: utf8('hello'), at: 7 }]);
    expect([statuses(), out.held, out.undelivered]).toEqual([['0 held'], 1, 1]);
    expect(frame()).toMatchObject([{ type: 'text', id: 0, part: 0, last: true }]);
    expect(text).toEqual(new Uint8Array(5));
    expect([statuses(), out.held, out.undelivered]).toEqual([['0 held', '0 sent'], 0, 1]);
    out.acknowledged(1);
    out.delivered(0);
    expect([statuses().at(-1), out.undelivered]).toEqual(['0 delivered', 0]);
  });

  it('is sent when its last part is; acknowledged with the frame of that one', () => {
    const { out, statuses, add } = sending();
    out.proven();
    add('x'.repeat(500));
    expect(out.next(400, 0)).toMatchObject({ part: 0, last: false });
    out.sealed(0, NO_STREAMS);
    expect([statuses(), out.held, out.wakeAt(9)]).toEqual([['0 held'], 1, 9]);
    expect(out.next(400, 0)).toMatchObject({ part: 1, last: true });
    out.sealed(1, NO_STREAMS);
    expect([statuses(), out.held, out.wakeAt(9)]).toEqual([['0 held', '0 sent'], 0, NEVER]);
    out.acknowledged(1);
    expect(out.undelivered).toBe(1);
    out.acknowledged(2);
    expect(out.undelivered).toBe(0);
  });

  it('is told as delivered once; before it was sent that is a violation', () => {
    const { out, statuses, add, frame } = sending();
    out.proven();
    expect(() => out.delivered(0)).toThrow(RemoteProtocolError);
    for (const text of ['a', 'b', 'c']) add(text);
    expect(() => out.delivered(0)).toThrow(RemoteProtocolError);
    frame();
    out.delivered(1);
    out.delivered(0);
    out.delivered(1);
    expect(statuses().filter((each) => each.endsWith('delivered'))).toEqual(['1 delivered']);
    expect(() => out.delivered(3)).toThrow(RemoteProtocolError);
    out.delivered(2);
    expect(statuses().at(-1)).toBe('2 delivered');
  });

  it('that is not acknowledged at the end has failed, and nothing of it is left', () => {
    const { out, statuses, add, frame } = sending();
    const [first, second] = [add('first'), add('second')];
    frame();
    const third = add('third');
    out.acknowledged(0);
    out.fail();
    expect(statuses().slice(-3)).toEqual(['0 failed', '1 failed', '2 failed']);
    for (const text of [first, second, third]) expect(text.every((byte) => byte === 0)).toBe(true);
    expect([out.held, out.undelivered, out.wakeAt(0)]).toEqual([0, 0, NEVER]);
  });
});

describe('to a peer that may not have the keys', () => {
  it('its text is kept until it has, and wiped then', () => {
    const { out, add, frame } = sending();
    const text = add('hello');
    frame();
    expect(text).toEqual(utf8('hello'));
    out.proven();
    expect(text).toEqual(new Uint8Array(5));
    const after = add('more');
    frame();
    expect(after).toEqual(new Uint8Array(4));
  });

  it('all of it is held again for another channel, in order, from its first part on, and none was sent', () => {
    const { out, statuses, add, frame } = sending();
    add('one');
    frame();
    add('x'.repeat(500));
    out.next(400, 0);
    out.sealed(1, NO_STREAMS);
    out.restart();
    expect(statuses()).toEqual(['0 held', '0 sent', '1 held', '0 held']);
    expect([out.held, out.undelivered]).toEqual([2, 2]);
    expect(() => out.delivered(0)).toThrow(RemoteProtocolError);
    expect(frame(0, 600)).toMatchObject([
      { id: 0, part: 0, last: true },
      { id: 1, part: 0, last: true },
    ]);
    out.delivered(1);
  });

  it('when all was sent, the next ones are counted on', () => {
    const { out, add, frame } = sending();
    out.proven();
    add('one');
    frame();
    out.restart();
    expect(out.undelivered).toBe(0);
    // Its numbers are used: what went out under keys that the peer had may have been shown.
    out.delivered(0);
    expect(() => out.delivered(1)).toThrow(RemoteProtocolError);
  });
});

describe('input', () => {
  it('is not welcome from HELD_HIGH on, until less than HELD_LOW waits; each is told once', () => {
    const { out, welcome, add } = sending();
    out.proven();
    const chunk = HELD_LOW / 4;
    for (let i = 1; i < HELD_HIGH / chunk; i++) add('x'.repeat(chunk));
    expect([welcome(), out.full]).toEqual([[], false]);
    add('x'.repeat(chunk));
    add('x'.repeat(chunk));
    expect([welcome(), out.full]).toEqual([[false], true]);
    const send = (): void => {
      out.next(chunk + 11, 0);
      out.sealed(0, NO_STREAMS);
    };
    while (out.held > 4) send();
    // Four quarters of HELD_LOW are not below it.
    expect([welcome(), out.full, out.held]).toEqual([[false], true, 4]);
    send();
    expect([welcome(), out.full]).toEqual([[false, true], false]);
  });

  it('waits while the text of what was sent is kept, and is welcome when it is wiped', () => {
    const { out, welcome, add, frame } = sending();
    add('x'.repeat(HELD_HIGH));
    frame(0, HELD_HIGH + 11);
    expect([out.held, welcome()]).toEqual([0, [false]]);
    out.proven();
    expect(welcome()).toEqual([false, true]);
  });
});

describe('the pace of a person', () => {
  const typed = (count: number) => {
    const made = sending(true);
    made.out.proven();
    for (let i = 0; i < count; i++) made.add(`${i}`);
    return made;
  };

  it('lets a burst out at once and then one in PACE_INTERVAL, which is told once', () => {
    const { stage, out, frame } = typed(PACE_BURST + 3);
    expect(stage.codes()).toEqual([]);
    expect(frame(0)).toHaveLength(PACE_BURST);
    expect([stage.codes(), out.held]).toEqual([['SC-315'], 3]);
    expect(out.wakeAt(0)).toBe(PACE_INTERVAL);
    expect(frame(PACE_INTERVAL - 1)).toHaveLength(0);
    expect(frame(PACE_INTERVAL)).toHaveLength(1);
    expect(out.wakeAt(PACE_INTERVAL)).toBe(2 * PACE_INTERVAL);
    expect(frame(4 * PACE_INTERVAL)).toHaveLength(2);
    expect([stage.codes(), out.wakeAt(9_000)]).toEqual([['SC-315'], NEVER]);
  });

  it('saves up to a burst and no more, and tells it anew when it has been empty', () => {
    const { stage, frame, add } = typed(PACE_BURST + 1);
    frame(0);
    frame(PACE_INTERVAL);
    frame(1_000_000);
    for (let i = 0; i < PACE_BURST + 2; i++) add('more', 1_000_000);
    expect(frame(1_000_000)).toHaveLength(PACE_BURST);
    expect(stage.codes()).toEqual(['SC-315', 'SC-315']);
  });

  it('a part of an interval is not lost', () => {
    const { frame } = typed(PACE_BURST + 2);
    frame(0);
    expect(frame(1.5 * PACE_INTERVAL)).toHaveLength(1);
    expect(frame(2 * PACE_INTERVAL)).toHaveLength(1);
  });

  it('what is typed while no token is left is told at once', () => {
    const { stage, frame, add } = typed(PACE_BURST);
    frame(0);
    expect(stage.codes()).toEqual([]);
    add('one more', PACE_INTERVAL - 1);
    expect(stage.codes()).toEqual(['SC-315']);
  });

  it('a message in many frames takes one token', () => {
    const { out, add, frame } = sending(true);
    out.proven();
    for (let i = 1; i < PACE_BURST; i++) add('short');
    add('x'.repeat(2_000));
    expect(frame(0, 300).length).toBeGreaterThan(PACE_BURST + 5);
    expect(out.held).toBe(0);
  });
});
