/** Rows of the chat: texts of both sides in one column, long messages folded and unfolded. */
import { describe, expect, test } from 'vitest';
import { SHOWN_LIMIT } from '../../../../adapters/text/sanitize.js';
import { SCREEN_WORDS } from '../../../../adapters/words/screen.js';
import { UI_WORDS } from '../../../../adapters/words/line.js';
import { openRich, type RichRig } from '../../../support/rich.js';
import { bytes, message } from '../../../support/streams.js';
import { own, state, status } from '../../../support/views.js';

const LENGTH = 65_000;
/** A number at every tenth place, so that it can be seen where one is. */
const LONG = Array.from({ length: LENGTH / 10 }, (_, i) => String(i).padEnd(9, '.')).join(' ');

async function chatting(size: { columns: number; rows: number }): Promise<RichRig> {
  const rig = openRich(size);
  rig.show(state('active'));
  return rig;
}

/** Pages up to the top, or down to the end, and returns all numbers that were seen. */
async function paged(rig: RichRig, key: string): Promise<Set<string>> {
  const seen = new Set<string>();
  for (let before = ''; ; ) {
    const screen = (await rig.screen()).join('\n');
    for (const [number] of screen.matchAll(/\d+(?=\.)/g)) seen.add(number);
    if (screen === before) return seen;
    before = screen;
    await rig.type(key);
  }
}

describe('names and texts', () => {
  test.each([
    ['', 'peer'],
    ['alice', 'alice'],
    ['今日は', '今日は'],
    ['a name that is rather long', 'a name that is r'],
  ])('of both sides stand in one column: %j', async (name, shown) => {
    const rig = await chatting({ columns: 80, rows: 12 });
    if (name !== '') rig.show({ type: 'peer', name: bytes(name) });
    rig.show(message('theirs', name), own(0, 'mine'));
    const screen = (await rig.screen()).map((row) => row.replaceAll(/[今日は]/g, '..'));
    const column = (text: string): number => screen.find((row) => row.includes(text))?.indexOf(text) ?? -1;
    expect(column('theirs')).toBeGreaterThan(0);
    expect(column('mine')).toBe(column('theirs'));
    expect((await rig.screen()).join('\n')).toContain(shown);
    await rig.ui.close();
  });

  test('what was said before the peer gave a name moves along', async () => {
    const rig = await chatting({ columns: 80, rows: 12 });
    rig.show(own(0, 'early'), { type: 'peer', name: bytes('alice') }, message('late', 'alice'));
    const screen = await rig.screen();
    const column = (text: string): number => screen.find((row) => row.includes(text))?.indexOf(text) ?? -1;
    expect(column('early')).toBe(column('late'));
    await rig.ui.close();
  });
});

describe.each([
  ['F3', '\x1bOR'],
  ['F3 of a VT220', '\x1b[13~'],
  ['F3 of the Linux console', '\x1b[[C'],
  ['/more', '/more\r'],
])('a message of 65,000 characters, with %s', (_key, key) => {
  test.each([
    { columns: 80, rows: 24 },
    { columns: 40, rows: 10 },
  ])('is folded and can be seen whole: %j', async (size) => {
    const rig = await chatting(size);
    rig.show(message(LONG));
    const folded = SCREEN_WORDS.more(LENGTH - 1 - SHOWN_LIMIT);
    expect((await rig.screen()).join('\n')).toContain(folded);
    await rig.type(key);
    const screen = (await rig.screen()).join('\n');
    // One goes on reading where the text went on.
    expect(screen).toContain(String(SHOWN_LIMIT / 10));
    expect(screen).not.toContain(folded);
    expect(rig.events).toEqual([]);
    await rig.ui.close();
  });
});

test('unfolded, every part of it can be reached, and a second time says that nothing is folded', async () => {
  const rig = await chatting({ columns: 200, rows: 60 });
  rig.show(message(LONG), message('after'));
  await rig.type('\x1bOR');
  const seen = await paged(rig, '\x1b[6~');
  for (const number of await paged(rig, '\x1b[5~')) seen.add(number);
  expect(seen.size).toBe(LENGTH / 10);
  await rig.type('\x1bOR');
  expect((await rig.screen()).join('\n')).toContain(UI_WORDS.noMore);
  await rig.ui.close();
});

test('the own text is folded as well, and its status stays', async () => {
  const rig = await chatting({ columns: 80, rows: 24 });
  rig.show(own(0, LONG), status(0, 'delivered'));
  expect((await rig.screen()).join('\n')).toContain(SCREEN_WORDS.more(LENGTH - 1 - SHOWN_LIMIT));
  await rig.ui.close();
});

test('of several the one where one looks is unfolded', async () => {
  const rig = await chatting({ columns: 200, rows: 80 });
  rig.show(message(LONG), message(`second ${LONG}`));
  await rig.type('\x1bOR');
  const text = (await rig.screen()).join('\n');
  expect(text).toContain(String(SHOWN_LIMIT / 10));
  await rig.type('\x1bOR');
  await rig.type('\x1b[F');
  expect((await rig.screen()).join('\n')).not.toContain(': F3');
  await rig.ui.close();
});
