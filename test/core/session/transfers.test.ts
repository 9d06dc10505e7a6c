/**
 * Transfers between two sessions: what each person is told, and what the adapter is asked, over a connection that breaks.
 */
import { describe, expect, test } from 'vitest';
import type { BulkCommand, BulkEvent } from '../../../core/bulk-port.js';
import { CHUNK_TYPE } from '../../../core/protocol/frame.js';
import type { Streams } from '../../../core/session/bulk/streams.js';
import type { Host, SessionEvent } from '../../../core/session/events.js';
import { createTransfers } from '../../../core/session/transfers.js';
import { WAITING_MARK } from '../../../core/wire/control.js';
import { createPair, opposite, type Pair, SIDES, type Side, utf8 } from '../../support/pair.js';
import type { PersonOptions, Told } from '../../support/person.js';

const CONTENT = 200_000;

/** An adapter that gives `CONTENT` bytes, or takes what comes. */
function adapter(side: Side, tell: (event: BulkEvent) => void) {
  const commands: BulkCommand[] = [];
  let given = 0;
  let received = 0;
  return {
    side,
    commands,
    get received() {
      return received;
    },
    take(command: BulkCommand): void {
      commands.push(command);
      switch (command.type) {
        case 'prepare':
          return tell({
            type: 'ready',
            id: command.id,
            offer: { kind: 'files', count: 1, bytes: CONTENT, name: utf8('a.txt') },
          });
        case 'offered':
          return tell({ type: 'examined', id: command.id, free: 10, exists: false });
        case 'take':
          return tell({ type: 'accept', id: command.id });
        case 'want':
          for (let i = 0; i < command.count && given < CONTENT; i++) {
            const length = Math.min(50_000, CONTENT - given);
            given += length;
            const last = given === CONTENT;
            tell({ type: 'data', id: command.id, data: new Uint8Array(length), last, content: length, sum: 'sum' });
          }
          return;
        case 'data':
          received += command.data.length;
          tell({ type: 'used', id: command.id, count: 1, content: command.data.length });
          if (command.last) tell({ type: 'whole', id: command.id, sum: 'sum' });
          return;
        default:
          return;
      }
    },
  };
}

function connected(
  files: { left: boolean; right: boolean } = { left: true, right: true },
  options: { left?: PersonOptions; right?: PersonOptions } = {},
  before: (pair: Pair) => void = () => undefined,
) {
  const waiting: { readonly side: Side; readonly event: BulkEvent }[] = [];
  const adapters = {
    left: adapter('left', (event) => void waiting.push({ side: 'left', event })),
    right: adapter('right', (event) => void waiting.push({ side: 'right', event })),
  };
  const bulk = (side: Side) => (files[side] ? { bulk: (command: BulkCommand) => adapters[side].take(command) } : {});
  const pair = createPair({
    left: { ...bulk('left'), ...options.left },
    right: { ...bulk('right'), ...options.right },
  });
  before(pair);
  if (pair.right.states.length === 0) pair.startOne('right');
  pair.startOne('left');
  pair.settle();
  return { pair, adapters, settle: () => settle(pair, waiting) };
}

/** What the adapters report comes back as events, until nothing moves. */
function settle(pair: Pair, waiting: { readonly side: Side; readonly event: BulkEvent }[]): void {
  for (let i = 0; i < 400; i++) {
    for (const { side, event } of waiting.splice(0)) pair.bulk(side, event);
    pair.advance(60);
    if (waiting.length === 0 && i > 20) return;
  }
}

const kinds = (told: readonly Told[]): string[] => [...new Set(told.map(({ type }) => type))];

test('offered, accepted, on its way, done, and told to both', () => {
  const { pair, adapters, settle: go } = connected();
  pair.ui('left', { type: 'offer', paths: [utf8('a.txt')] });
  go();
  expect(pair.right.transfers).toMatchObject([
    { type: 'offer', incoming: true, name: 'a.txt', bytes: CONTENT, free: 10 },
  ]);
  expect(adapters.left.commands.map(({ type }) => type)).not.toContain('want');
  pair.ui('right', { type: 'accept' });
  go();
  expect(kinds(pair.left.transfers)).toEqual(['offer', 'progress', 'file-done']);
  expect(kinds(pair.right.transfers)).toEqual(['offer', 'progress', 'file-done']);
  expect(adapters.right.received).toBe(CONTENT);
  expect(adapters.left.commands.at(-1)).toMatchObject({ type: 'over', whole: true });
});

test('the connection breaks on the way', () => {
  const { pair, adapters, settle: go } = connected();
  pair.ui('left', { type: 'offer', paths: [utf8('a.txt')] });
  go();
  pair.ui('right', { type: 'accept' });
  pair.cut('left');
  go();
  pair.advance(30_000);
  go();
  expect(adapters.right.received).toBe(CONTENT);
  expect(pair.left.transfers.at(-1)).toMatchObject({ type: 'file-done', bytes: CONTENT });
});

describe('it does not come about', () => {
  test.each([
    ['reject', 'SC-342', 'SC-353'],
    ['cancel', 'SC-342', 'SC-343'],
  ] as const)('%s', (type, left, right) => {
    const { pair, settle: go } = connected();
    pair.ui('left', { type: 'offer', paths: [utf8('a.txt')] });
    go();
    pair.ui('right', { type, id: 1 });
    go();
    expect(pair.left.transfers.at(-1)).toMatchObject({ type: 'file-failed', code: left });
    expect(pair.right.transfers.at(-1)).toMatchObject({ type: 'file-failed', code: right });
  });

  test('the peer has no place for files: refused without a word of the person, told once', () => {
    const { pair, settle: go } = connected({ left: true, right: false });
    for (let i = 0; i < 3; i++) pair.ui('left', { type: 'offer', paths: [utf8('a.txt')] });
    go();
    expect(pair.left.transfers.filter(({ type }) => type === 'file-failed')).toHaveLength(3);
    expect(pair.right.notices.filter(({ code }) => code === 'SC-341')).toHaveLength(1);
    expect(pair.right.transfers).toEqual([]);
  });

  test('without an adapter, an offer and an answer are told as not possible', () => {
    const { pair } = connected({ left: false, right: false });
    pair.ui('left', { type: 'offer', paths: [utf8('a.txt')] });
    pair.ui('left', { type: 'accept' });
    expect(pair.left.notices.map(({ code }) => code)).toEqual(['SC-340', 'SC-340']);
  });

  test('an offer is taken back for another: a yes without a number does not mean that one', () => {
    const { pair, adapters, settle: go } = connected();
    for (let i = 0; i < 2; i++) pair.ui('left', { type: 'offer', paths: [utf8('a.txt')] });
    go();
    pair.ui('left', { type: 'cancel', id: 1 });
    go();
    pair.ui('right', { type: 'accept' });
    go();
    expect(pair.right.notices.map(({ code }) => code)).toEqual(['SC-337']);
    expect(adapters.right.received).toBe(0);
    pair.ui('right', { type: 'accept' });
    go();
    expect(adapters.right.received).toBe(CONTENT);
  });

  test('a number that no transfer has', () => {
    const { pair } = connected();
    pair.ui('left', { type: 'cancel', id: 7 });
    pair.ui('left', { type: 'accept' });
    expect(pair.left.notices.map(({ code }) => code)).toEqual(['SC-356', 'SC-356']);
  });

  test('the one who leaves cancels it, and goodbye is said', () => {
    const { pair, settle: go } = connected();
    pair.ui('left', { type: 'offer', paths: [utf8('a.txt')] });
    go();
    pair.ui('left', { type: 'quit' });
    go();
    expect(pair.left.transfers.at(-1)).toMatchObject({ type: 'file-failed', code: 'SC-343' });
    expect(pair.right.transfers.at(-1)).toMatchObject({ type: 'file-failed', code: 'SC-344' });
    expect([pair.left.ended?.exit, pair.right.ended?.exit]).toEqual([0, 0]);
    expect([pair.left.crypto.live, pair.right.crypto.live]).toEqual([0, 0]);
  });
});

describe('with cover', () => {
  const sizes = (pair: Pair): Set<number> =>
    new Set(
      [...pair.left.frames, ...pair.right.frames]
        .filter((frame) => (frame[0] ?? 0) >= 0x10)
        .map(({ length }) => length),
    );

  test.each(['left', 'right'] as const)(
    'asked for by %s: no stream is opened, each is told, and nothing shows',
    (asking) => {
      const { pair, adapters, settle: go } = connected(undefined, { [asking]: { cover: true } });
      for (const side of SIDES) {
        pair.ui(side, { type: 'offer', paths: [utf8('a.txt')] });
        go();
        expect(pair[side].notices.map(({ code }) => code)).toEqual(['SC-332', 'SC-333', 'SC-333']);
        expect(adapters[side].commands.map(({ type }) => type)).toEqual(['active']);
      }
      expect(sizes(pair)).toEqual(new Set([1280]));
    },
  );

  test('what was prepared before has failed', () => {
    const {
      pair,
      adapters,
      settle: go,
    } = connected(undefined, { left: { cover: true } }, (before) => {
      before.startOne('right');
      before.ui('right', { type: 'offer', paths: [utf8('a.txt')] });
      before.bulk('right', { type: 'ready', id: undefined, offer: { kind: 'pipe' } });
    });
    go();
    expect(adapters.right.commands.filter(({ type }) => type === 'over')).toMatchObject([
      { whole: false, code: 'SC-333' },
      { whole: false, code: 'SC-333' },
    ]);
    expect(pair.right.transfers.at(-1)).toMatchObject({ type: 'file-failed', code: 'SC-333' });
    expect(sizes(pair)).toEqual(new Set([1280]));
  });

  test('a peer that opens a stream all the same is refused, and that is told once', () => {
    const told: string[] = [];
    const host: Host = {
      emit: (effect) => void told.push(effect.type),
      notice: (code) => void told.push(code),
      move: () => undefined,
    };
    const transfers = createTransfers(host, true);
    const ends: string[] = [];
    const streams = { finish: (id: number, reason: string) => void ends.push(`${id} ${reason}`) };
    transfers.attach(streams as unknown as Streams, true);
    for (const stream of [0, 1])
      transfers.sink.offered(stream, { kind: 'files', count: 1, bytes: 5, name: utf8('a.txt') });
    transfers.sink.offered(2, { kind: 'pipe' });
    transfers.allow();
    expect(ends).toEqual(['0 refused', '1 refused', '2 refused']);
    expect(told).toEqual(['bulk', 'SC-333']);
  });
});

test.each(SIDES)('an end in the middle of one leaves no key: %s', (side) => {
  const { pair, settle: go } = connected();
  pair.ui('left', { type: 'offer', paths: [utf8('a.txt')] });
  go();
  pair.ui('right', { type: 'accept' });
  pair.relay.frame = () => undefined;
  go();
  pair.ui(side, { type: 'wipe' });
  expect(pair[side].crypto.live).toBe(0);
});

test.each(SIDES)('chunks that are lost with the connection are sent again, whoever lost it: %s', (side) => {
  const { pair, adapters, settle: go } = connected();
  pair.ui('left', { type: 'offer', paths: [utf8('a.txt')] });
  go();
  let chunks = 0;
  pair.relay.frame = (frame, from, { deliver, cut }) => {
    if (frame[0] === CHUNK_TYPE) chunks += 1;
    if (chunks < 2) deliver(opposite(from), frame);
    if (chunks !== 2) return;
    chunks = Number.NEGATIVE_INFINITY;
    cut(side);
  };
  pair.ui('right', { type: 'accept' });
  go();
  expect(chunks).toBe(Number.NEGATIVE_INFINITY);
  delete pair.relay.frame;
  go();
  expect(adapters.right.received).toBe(CONTENT);
  for (const each of SIDES) expect(kinds(pair[each].transfers)).toContain('file-done');
});

test('a chunk goes as long as no more than one waits in the connection', () => {
  const ids: number[] = [];
  const bulk = (command: BulkCommand): void => {
    if (command.type === 'prepare' || command.type === 'want') ids.push(command.id);
  };
  const { pair, settle: go } = connected(undefined, { left: { bulk } });
  pair.ui('left', { type: 'offer', paths: [utf8('a.txt')] });
  const offer = { kind: 'files', count: 1, bytes: CONTENT, name: utf8('a.txt') } as const;
  pair.bulk('left', { type: 'ready', id: ids[0], offer });
  go();
  pair.ui('right', { type: 'accept' });
  go();
  const { session } = pair.left;
  const handed = (event: SessionEvent, waiting: number): number =>
    session.handle(event, pair.now, waiting).filter(({ type }) => type === 'transmit').length;
  const data = { id: ids[1] ?? 0, data: new Uint8Array(50_000), last: false, content: 50_000, sum: '' } as const;
  const drain = { type: 'transport', event: { type: 'drain' } } as const;
  for (let i = 0; i < 3; i++)
    expect(handed({ type: 'bulk', event: { type: 'data', ...data } }, WAITING_MARK + 1)).toBe(0);
  expect(handed(drain, WAITING_MARK + 1)).toBe(0);
  expect(handed(drain, WAITING_MARK)).toBe(1);
  // What waits is known anew in the next turn.
  expect(session.wakeAt).toBe(pair.now);
});
