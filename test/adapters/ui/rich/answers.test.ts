/** The safety words in the rich UI when something else happens at the same time, and text that must wait. */
import { describe, expect, test } from 'vitest';
import { UI_WORDS } from '../../../../adapters/words/line.js';
import { SCREEN_WORDS } from '../../../../adapters/words/screen.js';
import { LOOK_MS } from '../../../../adapters/ui/rich/model.js';
import type { UiView } from '../../../../core/ports.js';
import { openRich, type RichRig } from '../../../support/rich.js';
import { message, textOf } from '../../../support/streams.js';
import { state, words } from '../../../support/views.js';

describe('the line is lost while the words are compared', () => {
  test('their screen stays, and a letter is an answer and never the beginning of a message', async () => {
    const rig = openRich({});
    rig.show(words(true), state('confirming'), state('reconnecting'));
    const screen = await rig.screen();
    expect(screen[0]).toContain(`~ reconnecting 0:00 · ${SCREEN_WORDS.bar.unverified}`);
    expect(screen.join('\n')).toContain(SCREEN_WORDS.words.differ);
    await rig.type('Hello');
    rig.show(state('confirming'));
    for (const key of ['!', '\r', 'x']) await rig.type(key);
    expect(rig.events).toEqual([{ type: 'confirm', match: false }]);
    await rig.ui.close();
  });

  test('once they are accepted it is a chat again', async () => {
    const rig = openRich({});
    rig.show(words(true), state('confirming'), state('reconnecting'));
    await rig.type('m');
    rig.show(state('active'), state('reconnecting'));
    await rig.type('hi\r');
    expect(rig.events.map(textOf)).toEqual(['(confirm)', 'hi']);
    expect((await rig.screen())[0]).not.toContain(SCREEN_WORDS.bar.unverified);
    await rig.ui.close();
  });
});

test('new words in the middle of a sentence are not answered by it, but after a pause', async () => {
  const rig = openRich({});
  rig.show(words(true), state('confirming'));
  await rig.type('m');
  rig.show(state('active'), state('reconnecting'));
  await rig.type('I am so ');
  rig.show(words(true), state('confirming'));
  for (let i = 0; i < 5; i++) {
    await rig.type('m');
    await rig.type('x');
    rig.clock.advance(LOOK_MS / 4);
  }
  expect(rig.events).toEqual([{ type: 'confirm', match: true }]);
  rig.clock.advance(LOOK_MS);
  await rig.type('x');
  expect(rig.events.slice(1)).toEqual([{ type: 'confirm', match: false }]);
  await rig.ui.close();
});

test('words that were accepted say nothing about new ones', async () => {
  const rig = openRich({});
  rig.show(words(false), state('active'));
  await rig.type('/verify yes\r');
  rig.show(state('reconnecting'), words(false), state('active'));
  expect((await rig.screen())[0]).not.toContain(SCREEN_WORDS.bar.verified);
  await rig.ui.close();
});

test('on a terminal that is too small for the words there is no answer', async () => {
  const rig = openRich({ columns: 30, rows: 8 });
  rig.show(words(true), state('confirming'));
  await rig.type('mx');
  expect(rig.events).toEqual([]);
  await rig.ui.close();
});

describe('words that nobody had to compare', () => {
  test.each([
    ['yes', true],
    ['no', false],
  ])('/verify %s', async (answer, match) => {
    const rig = openRich({});
    rig.show(words(false), state('active'));
    await rig.type('/verify\r');
    expect((await rig.screen()).join('\n')).toContain(UI_WORDS.tellVerified);
    await rig.type(`/verify ${answer}\r`);
    expect(rig.events).toEqual([{ type: 'confirm', match }]);
    const bar = (await rig.screen())[0] ?? '';
    expect(bar.includes(SCREEN_WORDS.bar.verified)).toBe(match);
    await rig.ui.close();
  });
});

test('F2 shows the words, Esc hides them again; before there are any it says so', async () => {
  const rig = openRich({});
  rig.show(state('active'));
  await rig.type('\x1bOQ');
  expect((await rig.screen()).join('\n')).toContain(UI_WORDS.noSafetyWords);
  rig.show(words(false));
  await rig.type('\x1bOQ');
  expect((await rig.screen()).join('\n')).toContain('Read these words aloud');
  await rig.type('\x1b');
  rig.clock.advance(1_000);
  expect((await rig.screen()).join('\n')).not.toContain('Read these words aloud');
  await rig.type('hi\r');
  expect(rig.events.map(textOf)).toEqual(['hi']);
  await rig.ui.close();
});

test('what the peer says behind the words or the help is counted there', async () => {
  const rig = openRich({});
  rig.show(words(false), state('active'));
  await rig.type('/verify\r');
  rig.show(message('one'), message('two'));
  expect((await rig.screen()).at(-1)).toContain(SCREEN_WORDS.unread(2));
  await rig.type('\x1b');
  rig.clock.advance(1000);
  await rig.type('/help\r');
  expect((await rig.screen()).at(-1)).not.toContain('new');
  await rig.ui.close();
});

test('/verify after an answer says what the answer was, and waits for nobody', async () => {
  const rig = openRich({});
  rig.show(words(true), state('confirming'));
  await rig.type('m');
  rig.show(state('active'));
  await rig.type('/verify\r');
  const screen = (await rig.screen()).join('\n');
  expect(screen).toContain(UI_WORDS.status.verified);
  expect(screen).not.toContain(SCREEN_WORDS.words.answered);
  await rig.ui.close();
});

test('/clear forgets what was sent, too', async () => {
  const rig = openRich({});
  rig.show(state('active'));
  await rig.type('my secret\r');
  await rig.type('/clear\r');
  await rig.type('\x1b[A');
  expect((await rig.screen()).join('\n')).not.toContain('my secret');
  await rig.ui.close();
});

test('a draft that was written after a recall comes back', async () => {
  const rig = openRich({});
  rig.show(state('active'));
  await rig.type('x\r');
  for (const keys of ['\x1b[A', '\x15', 'draft', '\x1b[A', '\x1b[B', '\x1b[B']) await rig.type(keys);
  expect((await rig.screen()).join('\n')).toContain('> draft');
  await rig.ui.close();
});

test('text for which there is no room stays where it is written, and is sent later', async () => {
  const rig = openRich({});
  rig.show(state('active'), state('reconnecting'), { type: 'input', welcome: false });
  await rig.type('one more\r');
  const screen = (await rig.screen()).join('\n');
  expect(screen).toContain('> one more');
  expect(screen).toContain(SCREEN_WORDS.held.slice(0, 40));
  expect(rig.events).toEqual([]);
  rig.show({ type: 'input', welcome: true });
  await rig.type('\r');
  expect(rig.events.map(textOf)).toEqual(['one more']);
  await rig.ui.close();
});

describe('words of the present', () => {
  const comparing = (late: boolean): UiView => ({ type: 'comparing', late });
  const bar = async (rig: RichRig): Promise<string> => (await rig.screen())[0] ?? '';

  test.each<[string, string[]]>([
    ['/verify again', ['/verify again\r']],
    ['F2, once more on the words', ['\x1bOQ', '\x1bOQ']],
  ])('are asked for by %s', async (_how, keys) => {
    const rig = openRich({});
    rig.show(state('active'), words(false));
    for (const key of keys) await rig.type(key);
    expect(rig.events).toEqual([{ type: 'compare-again' }]);
    await rig.ui.close();
  });

  test('take the place of older ones, which are shown nowhere from the request on, and count for nothing', async () => {
    const rig = openRich({});
    rig.show(state('active'), words(false));
    await rig.type('/verify yes\r');
    expect(await bar(rig)).toContain(SCREEN_WORDS.bar.verified);
    await rig.type('/clear\r');
    rig.show(comparing(false));
    expect(await bar(rig)).toContain(SCREEN_WORDS.bar.comparing);
    expect(await bar(rig)).not.toContain(SCREEN_WORDS.bar.verified);
    await rig.type('\x1bOQ');
    const screen = (await rig.screen()).join('\n');
    expect(screen).toContain(UI_WORDS.comparing);
    expect(screen).not.toContain('anchor');
    // A yes says nothing while there is nothing to compare.
    await rig.type('/verify yes\r');
    expect(rig.events).toEqual([{ type: 'confirm', match: true }]);
    rig.show({ type: 'safety-words', words: ['one', 'two', 'three', 'four'], required: false });
    expect(await bar(rig)).not.toMatch(new RegExp(`${SCREEN_WORDS.bar.verified}|${SCREEN_WORDS.bar.comparing}|code`));
    await rig.type('/verify yes\r');
    expect(await bar(rig)).toContain(SCREEN_WORDS.bar.verified);
    // The session takes a yes once, and a no always.
    expect(rig.events).toHaveLength(1);
    await rig.type('/verify no\r');
    expect(rig.events.at(-1)).toEqual({ type: 'confirm', match: false });
    await rig.ui.close();
  });

  test('that do not come leave the chat NOT VERIFIED, also while it reconnects', async () => {
    const rig = openRich({});
    rig.show(state('active'), words(false), comparing(false), comparing(true));
    expect(await bar(rig)).toContain(SCREEN_WORDS.bar.unverified);
    await rig.type('\x1bOQ');
    expect((await rig.screen()).join('\n')).toContain(SCREEN_WORDS.words.late);
    rig.show(state('reconnecting'));
    expect(await bar(rig)).toContain(SCREEN_WORDS.bar.unverified);
    await rig.ui.close();
  });

  test('of a new handshake, which must be compared, are told to the session again', async () => {
    const rig = openRich({});
    rig.show(words(true), state('confirming'));
    await rig.type('m');
    rig.show(state('active'), state('reconnecting'), words(true), state('confirming'));
    rig.clock.advance(LOOK_MS);
    await rig.type('m');
    expect(rig.events).toEqual(Array(2).fill({ type: 'confirm', match: true }));
    await rig.ui.close();
  });
});
