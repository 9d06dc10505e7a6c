/**
 * The UI of pipe, send and receive on fake streams: what it asks and what an answer means, and that a progress is drawn on a
 * terminal alone.
 */
import { expect, test } from 'vitest';
import type { UiView } from '../../../../core/ports.js';
import {
  createTransferUi,
  PICTURE_EVERY,
  REACTION,
  type TransferUi,
} from '../../../../adapters/ui/transfer/transfer.js';
import { bytes, openUi, type UiRig } from '../../../support/streams.js';

function opened(
  { asks = true, yes = false, unicode = true } = {},
  terminal = false,
): { rig: UiRig; ui: TransferUi; said: () => Promise<string>; answer: (...lines: string[]) => Promise<void> } {
  let ui: TransferUi | undefined;
  const rig = openUi((context) => (ui = createTransferUi(context, { asks, yes, unicode })), { terminal });
  if (ui === undefined) throw new Error('not made');
  return {
    rig,
    ui,
    said: () => rig.settled().then(() => Buffer.from(rig.errors.bytes()).toString('utf8')),
    answer: rig.person,
  };
}

const offer = (id: number, name = 'a.txt', exists = false): UiView => ({
  ...{ type: 'offer', id, incoming: true, count: 1, bytes: 1000, free: 5_000_000, exists },
  name: bytes(name),
});
const failed = (id: number): UiView => ({ type: 'file-failed', id, code: 'SC-344', text: 'Canceled.' });

test('an offer is asked about; only a yes or a no is an answer', async () => {
  const { rig, said, answer } = opened();
  rig.show(offer(1));
  expect(await said()).toContain('Your peer offers 1.00 kB (5.00 MB free):  a.txt');
  expect(await said()).toContain('Receive it? (yes/no)');
  await answer('perhaps', '', 'YES');
  expect((await said()).split('Please answer')).toHaveLength(3);
  expect(rig.events).toEqual([{ type: 'accept', id: 1 }]);
  rig.show(offer(2));
  await answer('n');
  expect(rig.events.at(-1)).toEqual({ type: 'reject', id: 2 });
});

test('a name that is taken is asked about, too', async () => {
  const { rig, said, answer } = opened();
  rig.show(offer(1, 'a', true));
  await answer('yes');
  expect(await said()).toContain('(rename/skip)');
  await answer('skip');
  expect(rig.events).toEqual([{ type: 'accept', id: 1, collision: 'skip' }]);
});

test('offers are asked about one after the other; one that is gone is not asked about any more', async () => {
  const { rig, said, answer } = opened();
  rig.show(offer(1, 'one'), offer(2, 'two'), offer(3, 'three'));
  rig.show(failed(1), failed(3));
  await answer('yes');
  expect(rig.events).toEqual([{ type: 'accept', id: 2 }]);
  const before = (await said()).length;
  await answer('no');
  expect(rig.events).toHaveLength(1);
  expect((await said()).slice(before)).not.toContain('Receive it?');
});

test('what is offered is told when its turn comes: the question is about what was told last', async () => {
  const { rig, said, answer } = opened();
  rig.show(offer(1, 'harmful', true), offer(2, 'holiday'), offer(3, 'unseen'));
  expect(await said()).not.toContain('holiday');
  await answer('yes');
  expect(await said()).not.toContain('holiday');
  await answer('skip');
  rig.show(failed(3));
  expect(await said()).toMatch(/holiday\nReceive it\? \(yes\/no\) \n$/);
  await answer('no');
  expect(rig.events).toEqual([
    { type: 'accept', id: 1, collision: 'skip' },
    { type: 'reject', id: 2 },
  ]);
});

test('on a terminal the answer to an offer that was taken back is none to the one in its place', async () => {
  const { rig, said, answer } = opened({}, true);
  rig.show(offer(1, 'small'), failed(1), offer(2, 'another'));
  await answer('yes');
  expect(rig.events).toEqual([]);
  expect(await said()).toContain('This is another one: please answer again.');
  rig.clock.advance(REACTION);
  await answer('yes');
  expect(rig.events).toEqual([{ type: 'accept', id: 2 }]);
});

test('with yes nothing is asked, and nothing is overwritten', async () => {
  const { rig, said } = opened({ asks: true, yes: true });
  rig.show(offer(1, 'a', true));
  expect(rig.events).toEqual([{ type: 'accept', id: 1 }]);
  expect(await said()).not.toContain('?');
});

test.each([
  ['nobody can be asked', false],
  ['the input is at its end', true],
])('%s: an offer is rejected', async (_what, asks) => {
  const { rig } = opened({ asks, yes: false });
  rig.show(offer(1));
  if (asks) rig.input.end();
  await rig.settled();
  expect(rig.events).toEqual([{ type: 'reject', id: 1 }]);
});

test('words are compared first where they must be; nobody to ask ends it', async () => {
  const words: UiView = {
    type: 'safety-words',
    words: ['one', 'two', 'three', 'four'],
    required: true,
    epoch: 0,
  } as UiView;
  const asked = opened();
  asked.rig.show(words);
  await asked.answer('no');
  expect(asked.rig.events).toEqual([{ type: 'confirm', match: false }]);
  const alone = opened({ asks: false, yes: false });
  alone.rig.show(words);
  expect(alone.rig.events).toEqual([{ type: 'end-of-input' }]);
});

test('a name from outside is harmless before it is written', async () => {
  const { rig, said } = opened({ asks: false, yes: true });
  rig.show(offer(1, 'a\x1b[2J\u{202e}b'));
  expect(await said()).not.toContain('\x1b');
  expect(await said()).not.toContain('\u{202e}');
});

test('a name or a sentence from outside begins no row of a terminal, however long it is', async () => {
  const { rig, said } = opened({ yes: true }, true);
  const name = `${'x'.repeat(90)} ${'Receive it? (yes/no) '.repeat(4)}`;
  rig.show(offer(1, name), { ...offer(2, name), count: 3 } as UiView, failed(1));
  rig.show({ type: 'notice', code: 'SC-320', text: `The relay says: ${'securechat: You left. '.repeat(9)}` });
  const rows = (await said()).trimEnd().split('\n');
  expect(rows.length).toBeGreaterThan(8);
  for (const row of rows) {
    expect(row).toMatch(/^(Your peer offers|Canceled|The relay says: | {6}\| )/);
    expect(row.length).toBeLessThan(80);
  }
  expect(rows.join('')).toContain('and 2 more');
  const pipe = opened({ yes: true });
  pipe.rig.show(offer(1, name));
  expect(await pipe.said()).toBe(`Your peer offers 1.00 kB (5.00 MB free):  ${name}\n`);
});

test('where a terminal shows ASCII only, no byte of a name is a command to it', async () => {
  const ends = (all: Uint8Array) => all.some((byte) => byte >= 0x80);
  // Its UTF-8 has the byte 9b, which a terminal of one byte a character takes for the beginning of a command.
  const name = '\u{6ddb}2J';
  const [one, other] = [opened({ yes: true, unicode: false }, true), opened({ yes: true }, true)];
  for (const { rig, said } of [one, other]) {
    rig.show(offer(1, name), { type: 'notice', code: 'SC-320', text: name });
    await said();
  }
  expect([ends(one.rig.errors.bytes()), ends(other.rig.errors.bytes())]).toEqual([false, true]);
  expect(await one.said()).toContain('?2J');
});

test('progress is drawn over on a terminal, and ends with a line of its own; elsewhere there is none', async () => {
  const progress: UiView = { type: 'progress', id: 1, bytes: 500, total: 1000 };
  const done: UiView = { type: 'file-done', id: 1, bytes: 1000, sum: 'ab12' };
  const on = opened({}, true);
  on.rig.show(progress);
  on.rig.clock.advance(1000);
  on.rig.show({ ...progress, bytes: 750 });
  expect(await on.said()).toContain('\r\x1b[K 75%  750 B of 1.00 kB  250 B/s  0:01 left');
  on.rig.show(done);
  expect(await on.said()).toMatch(/\r\x1b\[KComplete: 1\.00 kB, SHA-256 ab12\n$/);
  const off = opened();
  off.rig.show(progress, done);
  expect(await off.said()).toBe('Complete: 1.00 kB, SHA-256 ab12\n');
});

test('a peer that sends more than it said is told as whole, with nothing left', async () => {
  const progress: UiView = { type: 'progress', id: 1, bytes: 500, total: 1000 };
  const { rig, said } = opened({}, true);
  rig.show(progress);
  rig.clock.advance(1000);
  rig.show({ ...progress, bytes: 2500 });
  expect(await said()).toContain('100%  2.50 kB of 1.00 kB  2.00 kB/s  0:00 left');
});

test('a connection that breaks is told without a word of typing', async () => {
  const { rig, said } = opened();
  rig.show({ type: 'state', state: 'reconnecting', broken: 'peer' }, { type: 'state', state: 'reconnecting' });
  expect(await said()).toMatch(/Your peer's connection broke\. Reconnecting; it goes on.*\nConnection lost\./);
  expect(await said()).not.toContain('type');
});

test('a pipe shows what it moves at its own pace, on a terminal alone', async () => {
  const on = opened({}, true);
  for (let i = 0; i < 100; i++) on.ui.moved(1000, 0);
  expect(await on.said()).toBe('');
  on.rig.clock.advance(PICTURE_EVERY);
  expect((await on.said()).split('\r')).toHaveLength(2);
  expect(await on.said()).toContain('sent 100 kB');
  const off = opened();
  off.ui.moved(1000, 1000);
  off.rig.clock.advance(PICTURE_EVERY);
  expect(await off.said()).toBe('');
});

test('after its end nothing is said, drawn or asked', async () => {
  const { rig, ui, said } = opened({}, true);
  ui.moved(1000, 0);
  await ui.close();
  const before = await said();
  rig.clock.advance(PICTURE_EVERY);
  rig.show(offer(1));
  await rig.settled();
  expect(await said()).toBe(before);
  expect(rig.events).toEqual([]);
});
