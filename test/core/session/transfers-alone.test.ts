/** Transfers against streams that only note what is asked of them: what the person, the adapter and the peer are told. */
import { describe, expect, test } from 'vitest';
import type { BulkCommand, BulkFailure, BulkOffer } from '../../../core/bulk-port.js';
import { CLOSE_REASONS } from '../../../core/protocol/bulk-records.js';
import { OPEN_LIMIT, type Streams } from '../../../core/session/bulk/streams.js';
import { createTransfers, PREPARED_LIMIT, PROGRESS_EVERY } from '../../../core/session/transfers.js';
import { utf8 } from '../../support/pair.js';
import { createStage } from '../../support/stage.js';

const files = (name = 'a.txt', count = 1): BulkOffer => ({ kind: 'files', count, bytes: 1_000, name: utf8(name) });
const PIPE: BulkOffer = { kind: 'pipe' };

function alone(options: { available?: boolean; cover?: boolean; attached?: boolean } = {}) {
  const { available = true, cover = false, attached = true } = options;
  const stage = createStage();
  const transfers = createTransfers(stage.host, available);
  const asked: string[] = [];
  const note = (what: string, ...about: unknown[]): void => void asked.push([what, ...about].join(' '));
  let opened = 0;
  const streams = {
    open: () => (opened < OPEN_LIMIT ? opened++ : undefined),
    add: (id: number, data: Uint8Array, last: boolean) => note('add', id, data.length, last),
    abort: (id: number, reason: string) => note('abort', id, reason),
    accept: (id: number) => note('accept', id),
    used: (id: number, count: number) => note('used', id, count),
    finish: (id: number, reason: string) => note('finish', id, reason),
  } as unknown as Streams;
  const commands = (): BulkCommand[] =>
    stage.effects.flatMap((effect) => (effect.type === 'bulk' ? [effect.command] : []));
  if (attached) {
    transfers.attach(streams, cover);
    transfers.allow();
  }
  return {
    stage,
    transfers,
    streams,
    asked,
    commands,
    /** An offer of the peer that the person sees, with its number here. */
    offeredBy(stream: number, offer = files()): number {
      transfers.sink.offered(stream, offer);
      transfers.allow();
      const command = commands().findLast(({ type }) => type === 'offered');
      if (command?.type !== 'offered') throw new Error('nothing was offered');
      transfers.bulk({ type: 'examined', id: command.id, free: 10, exists: false }, 0);
      return command.id;
    },
    /** A file of this side, offered to the peer as the next stream. */
    offers(offer = files()): number {
      transfers.ui({ type: 'offer', paths: [utf8('a.txt')] }, 0);
      const command = commands().findLast(({ type }) => type === 'prepare');
      if (command?.type !== 'prepare') throw new Error('nothing was prepared');
      transfers.bulk({ type: 'ready', id: command.id, offer }, 0);
      return command.id;
    },
  };
}

describe('of the peer', () => {
  test('is shown when the adapter has looked at it, and taken when the person says so', () => {
    const { stage, transfers, asked, commands, offeredBy } = alone();
    const id = offeredBy(3);
    expect(stage.views('offer')).toMatchObject([
      { id, incoming: true, count: 1, bytes: 1_000, free: 10, exists: false },
    ]);
    transfers.ui({ type: 'accept', id }, 0);
    transfers.ui({ type: 'accept', id }, 0);
    expect(commands().at(-1)).toEqual({ type: 'take', id, collision: 'rename' });
    // Once: it is no offer any more.
    expect(stage.codes()).toEqual(['SC-356']);
    expect(asked).toEqual([]);
    transfers.bulk({ type: 'accept', id }, 0);
    transfers.sink.data(3, new Uint8Array(5), true);
    expect(commands().at(-1)).toMatchObject({ type: 'data', id, last: true });
    transfers.bulk({ type: 'used', id, count: 1, content: 5 }, 0);
    transfers.bulk({ type: 'whole', id, sum: 'abc' }, 0);
    expect(asked).toEqual(['accept 3', 'used 3 1', 'finish 3 whole']);
    expect(stage.views('file-done')).toEqual([{ type: 'file-done', id, bytes: 5, sum: 'abc' }]);
    expect([transfers.busy, commands().at(-1)]).toEqual([false, { type: 'over', id, whole: true, code: undefined }]);
  });

  test('how a name that is there is dealt with goes to the adapter', () => {
    const { transfers, commands, offeredBy } = alone();
    transfers.ui({ type: 'accept', id: offeredBy(0), collision: 'skip' }, 0);
    expect(commands().at(-1)).toMatchObject({ type: 'take', collision: 'skip' });
  });

  test.each([
    ['a name with a way in it', files('../a')],
    ['a name that is no text', { ...files(), name: Uint8Array.of(0xff) }],
    ['no files at all', files('a', 0)],
  ])('%s is refused unseen, which is told once', (_what, offer) => {
    const { stage, transfers, asked, commands } = alone();
    for (const stream of [0, 1]) transfers.sink.offered(stream, offer);
    transfers.allow();
    expect([stage.codes(), asked]).toEqual([['SC-355'], ['finish 0 disagrees', 'finish 1 disagrees']]);
    expect([commands().map(({ type }) => type), transfers.busy]).toEqual([['active'], false]);
  });

  test('a name is kept as it came, and not shown before it may be; taken back meanwhile it is never shown', () => {
    const { stage, transfers, commands } = alone({ attached: false });
    const offer = files('mine');
    transfers.sink.offered(0, offer);
    transfers.sink.offered(1, files('gone'));
    if (offer.kind === 'files') offer.name.fill(0);
    // The end of a stream of this side with that number is another's.
    transfers.sink.ended(true, 0, 'cancelled');
    transfers.sink.ended(false, 1, 'cancelled');
    expect(commands()).toEqual([]);
    transfers.allow();
    const seen = commands().filter(({ type }) => type === 'offered');
    expect(seen).toMatchObject([{ offer: { name: utf8('mine') } }]);
    expect(stage.codes()).toEqual([]);
  });

  test('an offer that was never seen is wiped at the end', () => {
    const { transfers, commands } = alone({ attached: false });
    transfers.sink.offered(0, files());
    transfers.sink.offered(1, PIPE);
    transfers.end('SC-304');
    transfers.allow();
    expect(commands()).toEqual([{ type: 'active' }]);
  });

  test('taken back, a yes without a number means no other one, once; with its number it does', () => {
    const { stage, transfers, commands, offeredBy } = alone();
    offeredBy(0);
    const second = offeredBy(1);
    transfers.sink.ended(false, 0, 'cancelled');
    transfers.ui({ type: 'accept' }, 0);
    expect([stage.codes(), commands().at(-1)?.type]).toEqual([['SC-337'], 'over']);
    transfers.ui({ type: 'accept' }, 0);
    expect(commands().at(-1)).toMatchObject({ type: 'take', id: second });
    const numbered = alone();
    numbered.offeredBy(0);
    const id = numbered.offeredBy(1);
    numbered.transfers.sink.ended(false, 0, 'cancelled');
    numbered.transfers.ui({ type: 'accept', id }, 0);
    expect(numbered.commands().at(-1)).toMatchObject({ type: 'take', id });
  });

  test('the end of one that is already on its way leaves no doubt about a yes', () => {
    const { stage, transfers, commands, offeredBy } = alone();
    const first = offeredBy(0);
    transfers.ui({ type: 'accept', id: first }, 0);
    offeredBy(1);
    transfers.sink.ended(false, 0, 'cancelled');
    transfers.ui({ type: 'accept' }, 0);
    expect([stage.codes(), commands().at(-1)?.type]).toEqual([[], 'take']);
  });

  test.each([
    ['disk', 'disk'],
    ['bad hash', 'bad hash'],
    ['truncated', 'disagrees'],
    ['disagrees', 'disagrees'],
    ['changed', 'cancelled'],
    ['cancelled', 'cancelled'],
  ] as const)('the adapter fails for: %s', (reason, said) => {
    const { stage, transfers, asked, offeredBy } = alone();
    const id = offeredBy(4);
    transfers.bulk({ type: 'failed', id, reason, code: 'SC-345', detail: { name: 'a' } }, 0);
    expect(asked).toEqual([`finish 4 ${said}`]);
    expect(stage.views('file-failed')).toEqual([{ type: 'file-failed', id, code: 'SC-345', detail: { name: 'a' } }]);
  });

  test('a number means that one of several; one that no offer has means none', () => {
    const { stage, transfers, asked, commands, offeredBy } = alone();
    const [, second, third] = [offeredBy(0), offeredBy(1), offeredBy(2)];
    transfers.ui({ type: 'accept', id: second }, 0);
    expect(commands().at(-1)).toMatchObject({ type: 'take', id: second });
    transfers.ui({ type: 'reject', id: third }, 0);
    expect([asked, stage.views('file-failed').map(({ id, code }) => [id, code])]).toEqual([
      ['finish 2 refused'],
      [[third, 'SC-353']],
    ]);
    transfers.ui({ type: 'reject' }, 0);
    expect(asked.at(-1)).toBe('finish 0 refused');
    for (const type of ['accept', 'reject', 'cancel'] as const) transfers.ui({ type, id: 99 }, 0);
    transfers.ui({ type: 'reject' }, 0);
    expect(stage.codes()).toEqual(['SC-356', 'SC-356', 'SC-356', 'SC-356']);
  });

  test('a stream of this side with the same number is another', () => {
    const { transfers, asked, offers, offeredBy } = alone();
    const mine = offers();
    const theirs = offeredBy(0);
    transfers.sink.ended(false, 0, 'cancelled');
    transfers.ui({ type: 'cancel', id: theirs }, 0);
    transfers.ui({ type: 'cancel', id: mine }, 0);
    expect(asked).toEqual(['abort 0 cancelled']);
  });

  test('rejected before it is taken it is refused; cancelled afterwards it is cancelled', () => {
    const { transfers, asked, offeredBy } = alone();
    const [one, two] = [offeredBy(0), offeredBy(1)];
    transfers.ui({ type: 'cancel', id: one }, 0);
    transfers.ui({ type: 'accept', id: two }, 0);
    transfers.ui({ type: 'reject', id: two }, 0);
    transfers.ui({ type: 'cancel', id: two }, 0);
    expect(asked).toEqual(['finish 0 refused', 'finish 1 cancelled']);
  });
});

describe('of this side', () => {
  test('is opened as a stream when it is ready, and runs when the peer takes it', () => {
    const { stage, transfers, asked, commands, offers } = alone();
    const id = offers();
    expect(stage.views('offer')).toMatchObject([{ id, incoming: false, free: undefined, exists: false }]);
    transfers.sink.accepted(0);
    transfers.sink.wanted(0, 3);
    expect(commands().slice(-2)).toEqual([
      { type: 'taken', id },
      { type: 'want', id, count: 3 },
    ]);
    const data = { type: 'data', id, data: new Uint8Array(600), content: 600 } as const;
    transfers.bulk({ ...data, last: false }, 0);
    transfers.bulk({ ...data, last: true, content: 400, sum: 'abc' }, 0);
    expect(asked).toEqual(['add 0 600 false', 'add 0 600 true']);
    transfers.sink.ended(true, 0, 'whole');
    expect(stage.views('file-done')).toEqual([{ type: 'file-done', id, bytes: 1_000, sum: 'abc' }]);
  });

  test('so many are prepared or wait, and no more; what runs does not count', () => {
    const { stage, transfers, commands, offers } = alone();
    for (let i = 0; i < PREPARED_LIMIT; i++) offers();
    const prepared = (): number => commands().filter(({ type }) => type === 'prepare').length;
    transfers.ui({ type: 'offer', paths: [] }, 0);
    expect([stage.notices, prepared()]).toEqual([
      [{ code: 'SC-354', detail: { limit: PREPARED_LIMIT } }],
      PREPARED_LIMIT,
    ]);
    transfers.sink.accepted(0);
    transfers.ui({ type: 'offer', paths: [] }, 0);
    expect(prepared()).toBe(PREPARED_LIMIT + 1);
    // Offers of the peer are not of this side.
    const other = alone();
    for (let i = 0; i < PREPARED_LIMIT; i++) other.offeredBy(i);
    other.offers();
    expect(other.stage.codes()).toEqual([]);
  });

  test('what is ready while there is no stream for it waits for one to end', () => {
    const { transfers, commands, streams } = alone({ attached: false });
    transfers.ui({ type: 'offer', paths: [] }, 0);
    transfers.bulk({ type: 'ready', id: 1, offer: files() }, 0);
    transfers.bulk({ type: 'ready', id: undefined, offer: PIPE }, 0);
    expect(transfers.busy).toBe(true);
    let free = false;
    let opened = 7;
    const few = { ...streams, open: () => (free ? opened++ : undefined) } as unknown as Streams;
    transfers.attach(few, false);
    transfers.allow();
    transfers.sink.accepted(7);
    expect(commands().map(({ type }) => type)).toEqual(['prepare', 'active']);
    free = true;
    transfers.allow();
    transfers.sink.accepted(7);
    transfers.sink.accepted(8);
    // Active is said once.
    expect(commands().slice(2)).toEqual([
      { type: 'taken', id: 1 },
      { type: 'taken', id: 2 },
    ]);
  });

  test.each([
    ['changed', 'abort 0 changed'],
    ['disk', 'abort 0 cancelled'],
    ['cancelled', 'abort 0 cancelled'],
  ] as const)('the adapter fails for: %s', (reason: BulkFailure, said) => {
    const { transfers, asked, offers } = alone();
    const id = offers();
    transfers.bulk({ type: 'failed', id, reason, code: 'SC-346', detail: {} }, 0);
    expect([asked, transfers.busy]).toEqual([[said], false]);
  });

  test('one that is only prepared has no stream to end', () => {
    const { stage, transfers, asked } = alone();
    transfers.ui({ type: 'offer', paths: [] }, 0);
    transfers.ui({ type: 'cancel', id: 1 }, 0);
    expect([asked, stage.views('file-failed').map(({ code }) => code)]).toEqual([[], ['SC-343']]);
  });

  test('how the peer ended it is told by its reason', () => {
    const codes = CLOSE_REASONS.map((reason) => {
      const { stage, transfers, offers } = alone();
      offers();
      transfers.sink.ended(true, 0, reason);
      return stage.views('file-failed')[0]?.code;
    });
    expect(codes).toEqual([undefined, 'SC-342', 'SC-344', 'SC-345', 'SC-346', 'SC-347', 'SC-348']);
  });
});

test('progress is told at once when a transfer runs or ends, and otherwise not more often than PROGRESS_EVERY', () => {
  const { stage, transfers, offeredBy } = alone();
  const id = offeredBy(0);
  transfers.bulk({ type: 'accept', id }, 1_000);
  const used = (now: number): void => transfers.bulk({ type: 'used', id, count: 1, content: 10 }, now);
  for (const now of [1_001, 1_000 + PROGRESS_EVERY - 1, 1_000 + PROGRESS_EVERY, 1_000 + PROGRESS_EVERY + 1]) used(now);
  transfers.bulk({ type: 'whole', id, sum: '' }, 1_000 + PROGRESS_EVERY + 2);
  expect(stage.views('progress')).toEqual([0, 30, 40].map((bytes) => ({ type: 'progress', id, bytes, total: 1_000 })));
});

test('a pipe shows nothing, however it goes', () => {
  const { stage, transfers, commands } = alone();
  transfers.bulk({ type: 'ready', id: undefined, offer: PIPE }, 0);
  transfers.sink.offered(5, PIPE);
  transfers.allow();
  transfers.bulk({ type: 'examined', id: 2, free: undefined, exists: false }, 0);
  transfers.bulk({ type: 'accept', id: 2 }, 0);
  transfers.sink.accepted(0);
  transfers.sink.ended(true, 0, 'whole');
  transfers.sink.ended(false, 5, 'cancelled');
  expect(stage.effects.filter(({ type }) => type === 'show')).toEqual([]);
  expect(commands().slice(-2)).toEqual([
    { type: 'over', id: 1, whole: true, code: undefined },
    { type: 'over', id: 2, whole: false, code: 'SC-344' },
  ]);
  // A person answers offers of files only.
  transfers.ui({ type: 'accept' }, 0);
  expect(stage.codes()).toEqual(['SC-356']);
});

test('what concerns a transfer that is over does nothing, and its data is wiped', () => {
  const { stage, transfers, asked, commands } = alone();
  const before = [stage.effects.length, commands().length];
  const [mine, theirs] = [new Uint8Array(3).fill(7), new Uint8Array(3).fill(7)];
  transfers.bulk({ type: 'data', id: 9, data: mine, last: true, content: 3 }, 0);
  transfers.bulk({ type: 'used', id: 9, count: 1, content: 3 }, 0);
  transfers.sink.data(9, theirs, false);
  transfers.sink.accepted(9);
  transfers.sink.wanted(9, 1);
  transfers.sink.ended(true, 9, 'whole');
  expect([mine, theirs]).toEqual([new Uint8Array(3), new Uint8Array(3)]);
  expect([[stage.effects.length, commands().length], asked]).toEqual([before, []]);
});

test('a word of the adapter goes to the person', () => {
  const { stage, transfers } = alone();
  transfers.bulk({ type: 'notice', code: 'SC-350', detail: { name: 'a' } }, 0);
  expect(stage.notices).toEqual([{ code: 'SC-350', detail: { name: 'a' } }]);
});

test('at the end, what was not done has failed; leaving cancels it', () => {
  const { stage, transfers, asked, offers, offeredBy } = alone();
  offers();
  offeredBy(3);
  transfers.cancelAll();
  expect(asked).toEqual(['abort 0 cancelled', 'finish 3 cancelled']);
  expect(stage.views('file-failed').map(({ code }) => code)).toEqual(['SC-343', 'SC-343']);
  offers();
  transfers.end('SC-304');
  expect([stage.views('file-failed').at(-1)?.code, transfers.busy]).toEqual(['SC-304', false]);
});

describe('nothing can be transferred', () => {
  test('without an adapter: every wish is told, offers are refused and told once, a pipe without a word', () => {
    const { stage, transfers, asked, commands } = alone({ available: false });
    for (const type of ['accept', 'reject', 'cancel'] as const) transfers.ui({ type, id: 1 }, 0);
    expect(stage.codes()).toEqual(['SC-340', 'SC-340', 'SC-340']);
    transfers.sink.offered(0, PIPE);
    for (const stream of [1, 2]) transfers.sink.offered(stream, files());
    transfers.allow();
    expect(stage.codes().slice(3)).toEqual(['SC-341']);
    expect([asked, commands()]).toEqual([['finish 0 refused', 'finish 1 refused', 'finish 2 refused'], []]);
  });

  test('with cover: it is told when it begins and for each wish; what waits has failed', () => {
    const { stage, transfers, asked, streams } = alone({ attached: false });
    transfers.ui({ type: 'offer', paths: [] }, 0);
    transfers.bulk({ type: 'ready', id: 1, offer: files() }, 0);
    transfers.attach(streams, true);
    transfers.allow();
    expect([stage.codes(), stage.views('file-failed').map(({ code }) => code)]).toEqual([['SC-333'], ['SC-333']]);
    transfers.ui({ type: 'offer', paths: [] }, 0);
    transfers.sink.offered(0, files());
    transfers.allow();
    expect([stage.codes(), asked]).toEqual([['SC-333', 'SC-333'], ['finish 0 refused']]);
    const none = alone({ available: false, cover: true });
    expect([none.stage.codes(), none.commands()]).toEqual([[], []]);
  });
});
