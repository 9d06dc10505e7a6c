/** The screens of the rich UI as a terminal draws them, in the sizes and characters that terminals have. */
import { describe, expect, test } from 'vitest';
import { LEAST_COLUMNS, LEAST_ROWS } from '../../../../adapters/ui/rich/capable.js';
import { LOOK_MS } from '../../../../adapters/ui/rich/model.js';
import { SCROLLBACK_LIMIT } from '../../../../adapters/ui/rich/scrollback.js';
import type { UiView } from '../../../../core/ports.js';
import { openRich, type RichOptions, type RichRig } from '../../../support/rich.js';
import { bytes, message } from '../../../support/streams.js';
import { CODE, notice, own, state, status, words } from '../../../support/views.js';

const CONFIRMED: UiView = { type: 'peer-confirmed' };
const SMALL: RichOptions = { columns: LEAST_COLUMNS, rows: LEAST_ROWS };

async function pictured(views: readonly UiView[], options: RichOptions = SMALL): Promise<[string[], RichRig]> {
  const rig = openRich(options);
  rig.show(...views);
  return [await rig.screen(), rig];
}

describe('on the smallest terminal', () => {
  test('connecting', async () => {
    const [screen] = await pictured([state('idle'), notice('a relay was started here')]);
    expect(screen).toEqual([
      '┌─ securechat ────────── ○ connecting ─┐',
      '│ Starting.                            │',
      '│ Nothing is written to disk.          │',
      '│                                      │',
      '│                                      │',
      '│                                      │',
      '│                                      │',
      '│                                      │',
      '│ -- a relay was started here (SC-320) │',
      '└─ Esc cancel ─────────────────────────┘',
    ]);
  });

  test('waiting', async () => {
    const [screen] = await pictured([state('searching'), CODE]);
    expect(screen).toEqual([
      '┌─ securechat ──── ○ waiting for peer ─┐',
      '│ Tell your peer                       │',
      '│ 482913-tunnel-anchor-mango           │',
      '│ or send this link another way        │',
      '│ securechat://#482913-tunnel-anchor-m │',
      '│ ango                                 │',
      '│ For one person, once. Nothing is     │',
      '│ written to disk.                     │',
      '│                                      │',
      '└─ Esc cancel ─────────────────────────┘',
    ]);
  });

  test('safety words', async () => {
    const [screen] = await pictured([state('confirming'), words(true)]);
    expect(screen).toEqual([
      '┌─ securechat ──────── ! NOT VERIFIED ─┐',
      '│ Read aloud. All must be the same:    │',
      '│                                      │',
      '│ anchor   river   copper   tunnel     │',
      '│                                      │',
      '│ [m] they match                       │',
      '│ [x] they do not match                │',
      '│                                      │',
      '│                                      │',
      '└─ Enter does nothing ─────────────────┘',
    ]);
  });

  test('chat: a status has a row without text', async () => {
    const long = message('hello, how are you? I am fine, thank you very much');
    const [screen] = await pictured([state('active'), long, own(0, 'hi'), status(0, 'sent')]);
    expect(screen).toEqual([
      '┌─ securechat ── end-to-end encrypted ─┐',
      '│ 12:01 peer                           │',
      '│ │ hello, how are you? I am fine,     │',
      '│ │ thank you very much                │',
      '│ 12:01 me                        sent │',
      '│ │ hi                                 │',
      '│                                      │',
      '├──────────────────────────────────────┤',
      '│ >                                    │',
      '└─ F1 help · /quit ────────────────────┘',
    ]);
  });

  test('reconnecting, with a time that runs by itself', async () => {
    const [screen, rig] = await pictured([state('active'), own(0, 'hi'), state('reconnecting')]);
    expect(screen.slice(0, 2)).toEqual([
      '┌─ securechat ─── ~ reconnecting 0:00 ─┐',
      '│ 12:01 me                      queued │',
    ]);
    for (let i = 0; i < 75; i++) {
      rig.clock.advance(1000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect((await rig.screen())[0]).toBe('┌─ securechat ─── ~ reconnecting 1:15 ─┐');
  });

  test('the end: the normal screen and one line', async () => {
    const [, rig] = await pictured([state('active'), message('a secret')]);
    rig.show({ type: 'ended', code: 'SC-316', text: 'The peer left.', exit: 0 });
    await rig.ui.close();
    const screen = await rig.screen();
    expect(rig.emulator.alternate).toBe(false);
    expect(screen).toEqual(['securechat: The peer left. (SC-316)', ...new Array<string>(9).fill('')]);
  });
});

test('the last line begins no row with what is from outside, and is ASCII where the terminal shows no more', async () => {
  for (const unicode of [true, false]) {
    const [, rig] = await pictured([state('active')], { unicode });
    const said = `\u{6ddb} ${'securechat: You left. '.repeat(6)}`;
    rig.show({ type: 'ended', code: 'SC-316', text: said, exit: 0 });
    await rig.ui.close();
    const [first = '', ...rest] = (await rig.screen()).filter((row) => row !== '');
    expect(first).toMatch(unicode ? /^securechat: \u{6ddb} /u : /^securechat: \? /);
    expect(rest.length).toBeGreaterThan(1);
    for (const row of rest) expect(row).toMatch(/^ {6}\| /);
  }
});

test('with --wipe-scrollback the terminal is erased before the last line, and nothing else is', async () => {
  const [, rig] = await pictured([state('active')], { wipeScrollback: true });
  rig.show({ type: 'ended', code: 'SC-316', text: 'The peer left.', exit: 0 });
  await rig.ui.close();
  expect(rig.output.text()).toMatch(/\x1b\[H\x1b\[2J\x1b\[3Jsecurechat: The peer left\. \(SC-316\)\r?\n$/);
  expect(rig.output.text().split('\x1b[3J')).toHaveLength(2);
});

describe('on the smallest terminal both answers are seen, whatever else is said', () => {
  test.each([
    ['long words', ['accident', 'sentence', 'multiply', 'position']],
    ['short ones', ['act', 'add', 'age', 'aim']],
  ])('%s', async (_name, four) => {
    const view: UiView = { type: 'safety-words', words: four, required: true };
    const [screen] = await pictured([state('confirming'), view, notice('somebody may listen'), CONFIRMED]);
    for (const said of [...four, '[m] they match', '[x] they do not match']) expect(screen.join('\n')).toContain(said);
  });
});

describe('where there is not enough room', () => {
  test('a notice below the page begins with its beginning', async () => {
    const long = notice('one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen');
    const [screen] = await pictured([state('idle'), long, notice('and another one of some length, too')]);
    const said = screen.slice(3, -1).filter((row) => row.trim() !== '' && !/^│ +│$/.test(row));
    expect(said[0]).toMatch(/^│ -- /);
    const [words_] = await pictured([state('confirming'), words(true), long]);
    expect(words_.slice(7, 9)).toEqual([
      '│                                      │',
      '│ -- one two three four five six seven │',
    ]);
  });

  test('a link is shown whole or not', async () => {
    const link = bytes(`securechat://${'relay.'.repeat(25)}example#482913-tunnel-anchor-mango`);
    const code: UiView = { type: 'code', code: bytes('482913-tunnel-anchor-mango'), invite: link };
    const [screen] = await pictured([state('searching'), code]);
    const said = screen.join('\n');
    expect(said).not.toContain('securechat://');
    for (const part of ['482913-tunnel-anchor-mango', 'Make the window larger', 'For one person, once.']) {
      expect(said).toContain(part);
    }
  });
});

test('a code that is for a link only: the link, and nothing to be said', async () => {
  const invite = bytes('securechat://#bs5ofk-zwdl7q');
  const [screen] = await pictured([state('searching'), { type: 'code', code: bytes(''), invite }]);
  const said = screen.join('\n');
  expect(said).toContain('securechat://#bs5ofk-zwdl7q');
  expect(said).toContain('waiting for peer');
  expect(said).not.toContain('Tell your peer');
});

describe('before there is a peer', () => {
  const relay = (attempt: number, joined: boolean): UiView => ({
    type: 'relay',
    room: 'kitchen',
    address: 'wss://relay.example/',
    attempt,
    joined,
  });

  test.each<[string, readonly UiView[], string, string]>([
    ['the relay is asked', [relay(1, false)], 'Connecting to the relay wss://relay.example/  ', '○ connecting'],
    ['again', [relay(1, false), relay(2, false)], 'wss://relay.example/ (try 2)', '○ connecting'],
    ['it has answered', [relay(2, true)], 'Waiting for your peer to join.', '○ waiting for peer'],
    ['it is lost', [relay(1, true), relay(1, false)], 'Connecting to the relay', '○ connecting'],
    [
      'there is none',
      [{ type: 'relay', address: '', attempt: 1, joined: false, room: 'x' }],
      'Looking for',
      '○ connecting',
    ],
  ])('%s', async (_name, views, said, bar) => {
    const [screen] = await pictured([state('searching'), ...views], {});
    expect(screen[0]).toContain(bar);
    expect(screen.slice(1, 3).join('\n')).toContain(said);
  });
});

describe('the scrollback on the screen', () => {
  test('a long notice goes on behind a bar', async () => {
    const [screen] = await pictured([
      state('active'),
      notice('somebody is called -- delivered to the peer, me and you'),
    ]);
    expect(screen.slice(1, 4)).toEqual([
      '│ -- somebody is called -- delivered   │',
      '│ │  to the peer, me and you (SC-320)  │',
      '│                                      │',
    ]);
  });

  test('at its beginning the screen is full, also when older entries go or it grows', async () => {
    const rig = openRich({ columns: 80, rows: 12 });
    rig.show(state('active'));
    for (let i = 0; i < SCROLLBACK_LIMIT; i++) rig.show(message(`m${i}`));
    for (let i = 0; i < 2_000; i++) rig.input.type('\x1b[5~');
    await rig.drawn();
    for (let i = 0; i < 15; i++) rig.show(message(`new${i}`));
    const screen = await rig.screen();
    expect(screen.slice(1, 9).map((row) => /m\d+/.exec(row)?.[0])).toEqual(
      Array.from({ length: 8 }, (_, i) => `m${15 + i}`),
    );
  });
});

describe('on a usual terminal', () => {
  test('the code, the link, and its QR code beside them', async () => {
    const [screen] = await pictured([state('searching'), CODE], {});
    expect(screen.map((row) => row.slice(0, 44))).toMatchInlineSnapshot(`
      [
        "┌─ securechat ──────────────────────────────",
        "│                                           ",
        "│ Tell your peer                            ",
        "│                                           ",
        "│ 482913-tunnel-anchor-mango                ",
        "│                                           ",
        "│ or send this link another way             ",
        "│                                           ",
        "│ securechat://#482913-tunnel-anchor-mango  ",
        "│                                           ",
        "│ For one person, once. Nothing is written  ",
        "│ to disk.                                  ",
        "│                                           ",
        "│                                           ",
        "│                                           ",
        "│                                           ",
        "│                                           ",
        "│                                           ",
        "│                                           ",
        "│                                           ",
        "│                                           ",
        "│                                           ",
        "│                                           ",
        "└─ Esc cancel ──────────────────────────────",
      ]
    `);
    const qr = screen.filter((row) => /[▀▄█]{3}/.test(row));
    // 29 modules and a quiet zone of 2 at each side, two in a row of the screen.
    expect([qr.length, qr.every((row) => row.length === 80)]).toEqual([17, true]);
  });

  test('the chat: a status stands in a gutter, a further row behind a bar', async () => {
    const [screen] = await pictured(
      [
        state('active'),
        { type: 'peer', name: bytes('alice') },
        message('hi', 'alice'),
        own(0, 'hello'),
        status(0, 'delivered'),
        own(1, `${'a long text '.repeat(12)}end`),
        message('two\nlines'),
        notice('something was noticed'),
      ],
      { rows: 14 },
    );
    expect(screen).toMatchInlineSnapshot(`
      [
        "┌─ securechat ─────────────────────────────── end-to-end encrypted · 1 queued ─┐",
        "│ -- Your peer is called alice                                                 │",
        "│ 12:01 alice  hi                                                              │",
        "│ 12:01 me     hello                                                 delivered │",
        "│ 12:01 me     a long text a long text a long text a long text a        queued │",
        "│       │ long text a long text a long text a long text a long text            │",
        "│       │ a long text a long text a long text end                              │",
        "│ 12:01 peer   two                                                             │",
        "│       │ lines                                                                │",
        "│ -- something was noticed (SC-320)                                            │",
        "│                                                                              │",
        "├──────────────────────────────────────────────────────────────────────────────┤",
        "│ >                                                                            │",
        "└─ F1 help · Alt-Enter new line · /quit ───────────────────────────────────────┘",
      ]
    `);
  });

  test('all that waits is counted in the bar, and that the words match', async () => {
    const [screen, rig] = await pictured([state('active'), own(0, 'a'), own(1, 'b'), status(1, 'sent')], {});
    expect(screen[0]).toContain(' end-to-end encrypted · 1 queued ─┐');
    rig.show(state('confirming'), words(true));
    rig.clock.advance(LOOK_MS);
    await rig.type('m');
    rig.show(state('active'));
    expect((await rig.screen())[0]).toContain(' end-to-end encrypted · 1 queued · words match ─┐');
  });

  test('the bar says that the code was right, and how far the peer is, as far as there is room', async () => {
    const views: readonly UiView[] = [words(false), state('active'), { type: 'round-trip', ms: 12 }];
    const bar = async (columns: number) => (await pictured(views, { columns }))[0][0]?.replace(/^.*─ (?=end)/, '');
    expect(await bar(80)).toBe('end-to-end encrypted · code ✓ · 12 ms ─┐');
    expect(await bar(52)).toBe('end-to-end encrypted · code ✓ ─┐');
    expect(await bar(40)).toBe('end-to-end encrypted ─┐');
  });

  test('with --direct the bar says over what it goes', async () => {
    const first = async (path: UiView) =>
      (await pictured([words(false), state('active'), path, { type: 'round-trip', ms: 12 }], { columns: 80 }))[0][0];
    const relay = await first({ type: 'path', path: 'relay', why: 'none' });
    expect(relay).toContain(' end-to-end encrypted · code ✓ · relay · 12 ms ─┐');
    const direct = await first({ type: 'path', path: 'direct', address: '203.0.113.7:50000' });
    expect(direct).toContain(' end-to-end encrypted · code ✓ · direct · 12 ms ─┐');
  });
});

describe('without Unicode', () => {
  test('there is ASCII only, and no QR code', async () => {
    const [screen, rig] = await pictured([state('searching'), CODE], { unicode: false });
    expect(screen.slice(0, 3)).toMatchInlineSnapshot(`
      [
        "+- securechat -------------------------------------------- o waiting for peer -+",
        "|                                                                              |",
        "| Tell your peer                                                               |",
      ]
    `);
    rig.show(state('active'), message('Grüße 今日は'));
    expect((await rig.screen()).slice(0, 3)).toMatchInlineSnapshot(`
      [
        "+- securechat ------------------------------------------ end-to-end encrypted -+",
        "| 12:01 peer  Gr??e ???                                                        |",
        "|                                                                              |",
      ]
    `);
    expect([...rig.output.bytes()].every((byte) => byte < 0x80)).toBe(true);
  });
});

describe('a terminal that changes', () => {
  test('is painted anew, whatever its size, and nothing is lost', async () => {
    const [, rig] = await pictured([state('active'), message('hello'), own(0, 'hi')], {});
    await rig.type('being written');
    for (const [columns, rows] of [
      [40, 10],
      [200, 60],
      [39, 10],
      [40, 9],
      [1, 1],
      [1500, 500],
      [60, 12],
      [80, 24],
    ] as const) {
      await rig.resize(columns, rows);
      const screen = rig.emulator.screen();
      expect(screen).toHaveLength(rows);
      if (columns < 40 || rows < 10) expect(screen[0]).toBe('too small: needs 40x10'.slice(0, columns));
      else expect(screen.join('\n')).toMatch(/hello[^]*hi[^]*> being written/);
      expect(rig.emulator.scrolledAway).toBe(0);
    }
    expect(rig.emulator.cursor).toEqual({ column: 17, row: 22 });
  });

  test('a screen that somebody else wrote on is as it was after Ctrl-L', async () => {
    const [before, rig] = await pictured([state('active'), message('hello')]);
    await rig.emulator.write(bytes('\x1b[3;5Hrubbish from a background job\r\nmore'));
    expect(rig.emulator.screen()).not.toEqual(before);
    await rig.type('\x0c');
    expect(rig.emulator.screen()).toEqual(before);
  });
});

test('colours and looks are on the screen only where they are wanted', async () => {
  const views = [state('active'), message('hi'), own(0, 'x'), status(0, 'failed')];
  const looks = async (color: boolean): Promise<string> => {
    const [, rig] = await pictured(views, { color });
    return rig.emulator.cells().join('\n');
  };
  expect(await looks(true)).toMatch(/p\/1\/5,/);
  expect(await looks(false)).not.toMatch(/\/1\/\d+,/);
});
