/** What goes into the next frame: the order, the room, the windows, and who hears that it is sealed. */
import { describe, expect, it } from 'vitest';
import type { BulkCreditRecord } from '../../../core/protocol/bulk-records.js';
import { RECORDS_LIMIT, SMALL_ROOM } from '../../../core/protocol/frame.js';
import { type ProtocolRecord, recordSize } from '../../../core/protocol/records.js';
import type { StreamKeys } from '../../../core/protocol/stream-keys.js';
import {
  type ControlSource,
  compose,
  createAnnouncements,
  creditControls,
  mayGo,
  type Source,
} from '../../../core/session/composer.js';
import { createUnacked, type Unacked } from '../../../core/session/unacked.js';
import { NEVER } from '../../../core/timers.js';

const KEYS: StreamKeys = { take: () => undefined, wipe: () => undefined };
const PING: ProtocolRecord = { type: 'ping' };
const OFFER: ProtocolRecord = { type: 'offer', value: new Uint8Array(1_216) };
const text = (size: number, id = 0): ProtocolRecord => {
  const record = (length: number): ProtocolRecord => {
    return { type: 'text', id, part: 0, last: true, text: new Uint8Array(length) };
  };
  return record(size - recordSize(record(0)));
};

function control(record: ProtocolRecord | undefined, always = false) {
  const heard: number[] = [];
  const source: ControlSource = {
    due: () => record?.type,
    record: () => record ?? PING,
    sealed: (now) => void heard.push(now),
    always,
  };
  return { source, heard };
}

function data(...records: ProtocolRecord[]) {
  const heard: number[] = [];
  const source: Source = {
    wakeAt: (now) => now,
    next: (room) => (records[0] !== undefined && recordSize(records[0]) <= room ? records.shift() : undefined),
    sealed: (seq) => void heard.push(seq),
  };
  return { source, heard };
}

const types = (controls: readonly ControlSource[], sources: readonly Source[] = [], small = false): string[] =>
  compose(createUnacked(), controls, sources, small, 0).records.map(({ type }) => type);

describe('a frame', () => {
  it('has control records first, then data in the order of the sources, as much as fits', () => {
    expect(types([control(PING).source], [data(text(50)).source, data({ type: 'confirmed' }).source])).toEqual([
      ...['ping', 'text', 'confirmed'],
    ]);
    const left = RECORDS_LIMIT - recordSize(PING);
    expect(types([control(PING).source], [data(text(left)).source])).toEqual(['ping', 'text']);
    expect(types([control(PING).source], [data(text(left + 1)).source])).toEqual(['ping']);
    const half = Math.floor(RECORDS_LIMIT / 2);
    expect(types([], [data(text(half), text(RECORDS_LIMIT - half)).source])).toHaveLength(2);
    expect(types([], [data(text(half), text(RECORDS_LIMIT - half + 1)).source])).toHaveLength(1);
  });

  it('that is to be small, or has a step of a rekey, has the smallest size', () => {
    expect(types([], [data(text(SMALL_ROOM)).source], true)).toEqual(['text']);
    expect(types([], [data(text(SMALL_ROOM + 1)).source], true)).toEqual([]);
    const left = SMALL_ROOM - recordSize(OFFER);
    expect(left).toBeGreaterThan(0);
    expect(types([control(OFFER).source], [data(text(left)).source])).toEqual(['offer', 'text']);
    expect(types([control(OFFER).source], [data(text(left + 1)).source])).toEqual(['offer']);
    // What does not fit beside it waits, and is not told that it is sealed.
    const late = control(text(left + 1));
    const made = compose(createUnacked(), [control(OFFER).source, late.source], [], false, 0);
    expect(made.records).toHaveLength(1);
    made.sealed(1, KEYS, 5);
    expect(late.heard).toEqual([]);
    const exact = control(text(SMALL_ROOM));
    expect(types([exact.source], [], true)).toEqual(['text']);
    expect(types([control(text(SMALL_ROOM + 1)).source], [], true)).toEqual([]);
  });

  it('takes no room from a frame where a control record that is no step is in it', () => {
    expect(types([control(PING).source], [data(text(SMALL_ROOM + 1)).source])).toEqual(['ping', 'text']);
  });

  it('is told to those that gave something, and to no other', () => {
    const [ping, none] = [control(PING), control(undefined)];
    const [some, empty] = [data(text(50)), data()];
    const made = compose(createUnacked(), [ping.source, none.source], [some.source, empty.source], false, 0);
    made.sealed(7, KEYS, 9);
    expect([ping.heard, none.heard, some.heard, empty.heard]).toEqual([[9], [], [7], []]);
  });

  it('says whether another one may follow it: when it is nearly full, or has a control record', () => {
    const more = (controls: readonly ControlSource[], ...records: ProtocolRecord[]): boolean =>
      compose(createUnacked(), controls, [data(...records).source], false, 0).more;
    expect(more([], text(50))).toBe(false);
    expect(more([control(PING).source])).toBe(true);
    // Whatever waits behind it and is not cut has room in the smallest frame.
    expect(more([], text(RECORDS_LIMIT - SMALL_ROOM))).toBe(false);
    expect(more([], text(RECORDS_LIMIT - SMALL_ROOM + 1))).toBe(true);
  });

  it('has only what the windows allow', () => {
    const allowed = (over: Partial<Unacked>): string[] =>
      compose(
        { has: () => false, controlAllowed: true, dataAllowed: true, ...over } as unknown as Unacked,
        [control(PING).source],
        [data(text(50)).source],
        false,
        0,
      ).records.map(({ type }) => type);
    expect(allowed({ dataAllowed: false })).toEqual(['ping']);
    expect(allowed({ controlAllowed: false })).toEqual(['text']);
    expect(allowed({ controlAllowed: false, dataAllowed: false })).toEqual([]);
  });
});

it('one control record of a kind is un-acked, but those that say otherwise', () => {
  const unacked = createUnacked();
  expect(mayGo(unacked, control(PING).source, 0)).toBe('ping');
  unacked.add(new Uint8Array(1_280), [PING]);
  expect(mayGo(unacked, control(PING).source, 0)).toBeUndefined();
  expect(mayGo(unacked, control(PING, true).source, 0)).toBe('ping');
  expect(mayGo(unacked, control(undefined, true).source, 0)).toBeUndefined();
});

it('a credit counts for its stream alone', () => {
  const record: BulkCreditRecord = { type: 'bulk-credit', id: 3, counter: 1, window: 2 };
  const heard: number[] = [];
  const [one, two] = creditControls([
    { record, always: true, sealed: (now) => void heard.push(now) },
    { record: { ...record, id: 4 }, always: false, sealed: () => undefined },
  ]);
  expect([one?.due(0), two?.due(0)]).toEqual(['bulk-credit 3', 'bulk-credit 4']);
  expect([one?.record(), one?.always, two?.always]).toEqual([record, true, false]);
  one?.sealed(5);
  expect(heard).toEqual([5]);
});

describe('records that wait', () => {
  it('come in order, each where it fits', () => {
    const waiting = createAnnouncements();
    expect([waiting.wakeAt(5), waiting.next(1_000, 0)]).toEqual([NEVER, undefined]);
    waiting.add({ type: 'name', name: new Uint8Array(3) });
    waiting.addFirst({ type: 'confirmed' });
    expect(waiting.wakeAt(5)).toBe(5);
    const size = recordSize({ type: 'confirmed' });
    expect(waiting.next(size - 1, 0)).toBeUndefined();
    expect(waiting.next(size, 0)).toEqual({ type: 'confirmed' });
    expect(waiting.wakeAt(5)).toBe(5);
    waiting.clear();
    expect([waiting.wakeAt(5), waiting.next(1_000, 0)]).toEqual([NEVER, undefined]);
  });
});
