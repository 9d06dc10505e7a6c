/** The line UI: the contract, and what it shows and takes, line by line. */
import { describe, expect, test } from 'vitest';
import { UI_WORDS } from '../../../../adapters/words/line.js';
import { createLineUi, LINE_LIMIT, TERMINAL_LINE_LIMIT } from '../../../../adapters/ui/line/line.js';
import { PASTE_GAP_MS } from '../../../../adapters/ui/line/pastes.js';
import { NAME_SHOWN, shownName } from '../../../../adapters/text/names.js';
import { worstWidthOf } from '../../../../adapters/text/width.js';
import { sanitize } from '../../../../adapters/text/sanitize.js';
import type { MessageStatus, UiView } from '../../../../core/ports.js';
import { uiContract } from '../../../../plugins/testing/ui.js';
import { bytes, message, openUi, type RigOptions, textOf } from '../../../support/streams.js';

uiContract({ name: 'line', test, create: (context) => createLineUi({}, context), sanitize });
uiContract({
  name: 'line on a terminal',
  test,
  create: (context) => createLineUi({}, context),
  sanitize,
  terminal: true,
});

const open = (options: RigOptions = {}) => openUi((context) => createLineUi({}, context), options);

const ACTIVE: UiView = { type: 'state', state: 'active' };
const CONFIRMING: UiView = { type: 'state', state: 'confirming' };
const OPTIONAL: UiView = { type: 'safety-words', words: ['anchor', 'river', 'copper', 'tunnel'], required: false };
const WORDS: UiView = { type: 'safety-words', words: ['anchor', 'river', 'copper', 'tunnel'], required: true };

/** What is shown for these views: stdout and stderr. */
async function shown(views: readonly UiView[], options: RigOptions = {}): Promise<[string, string]> {
  const rig = open(options);
  rig.show(...views);
  await rig.ui.close();
  return [rig.output.text(), rig.errors.text()];
}

describe('messages', () => {
  test('are one line on stdout with time and name', async () => {
    expect(await shown([message('hi'), message('hello', 'alice')])).toEqual([
      '12:01 peer  hi\n12:01 alice  hello\n',
      '',
    ]);
  });

  test('a further line cannot look like a speaker, a status or a notice', async () => {
    const [out] = await shown([message('hi\n12:02 me  I owe you\r\n-- delivered\n\nsecurechat: bye\u2028-- x')]);
    expect(out.split('\n')).toEqual([
      '12:01 peer  hi',
      '      | 12:02 me  I owe you',
      '      | -- delivered',
      '      | ',
      '      | securechat: bye<U+2028>-- x',
      '',
    ]);
  });

  test('nor can the row of a terminal in which a long line goes on', async () => {
    const blanks = ' '.repeat(80);
    for (const text of [`ok${blanks}-- connected again${blanks}12:02 me  yes`, 'x'.repeat(300), '今日は'.repeat(60)]) {
      for (const name of ['', 'a name that is rather long', 'wide 今日は今日は今日は今日は今日は']) {
        const notice: UiView = { type: 'notice', code: 'SC-107', text };
        const peer: UiView = { type: 'peer', name: bytes(name) };
        const [out, errors] = await shown([message(text, name), notice, ...(name === '' ? [] : [peer])], {
          terminal: true,
        });
        const [, ended] = await shown([{ type: 'ended', code: 'SC-108', text, exit: 3 }], { terminal: true });
        for (const row of ended.split('\n').slice(1, -1)) expect(row).toMatch(/^ {6}\| /);
        for (const row of out.split('\n').slice(1, -1)) expect(row).toMatch(/^ {6}\| /);
        for (const row of errors.split('\n').slice(0, -1)) expect(row).toMatch(/^(-- | {6}\| )/);
        for (const row of `${out}${errors}`.split('\n')) expect(worstWidthOf(bytes(row))).toBeLessThan(80);
      }
    }
  });

  test('a terminal that is too narrow for both has the text below the name', async () => {
    const rig = open({ terminal: true });
    Object.assign(rig.output.stream, { columns: 20 });
    rig.show(message('one two three', 'somebody'), message('hi', '今今今今今今今今'));
    await rig.ui.close();
    const [first, ...rest] = rig.output.text().split('\n');
    expect([first, ...rest.slice(0, 2)]).toEqual(['12:01 somebody  ', '      | one two', '      | three']);
    expect(rest.slice(2)).toEqual(['12:01 今今今今今  ', '      | hi', '']);
  });

  test('own sentences break between words on a narrow terminal, and what is copied does not break at all', async () => {
    const rig = open({ terminal: true });
    Object.assign(rig.errors.stream, { columns: 60 });
    const code = '482913-tunnel-anchor-mango';
    const invite = `securechat://relay.example/#${code}${'x'.repeat(40)}`;
    rig.show({ type: 'code', code: bytes(code), invite: bytes(invite) }, { type: 'state', state: 'confirming' });
    await rig.person('/help');
    await rig.ui.close();
    const rows = rig.errors.text().split('\n');
    expect(rows.slice(0, 2)).toEqual([`-- ${UI_WORDS.tellPeer}${code}`, `-- ${UI_WORDS.orPaste}${invite}`]);
    expect(rows.every((row, i) => i === 1 || row.length < 60)).toBe(true);
    const told = rows.slice(2).join('\n').replaceAll('\n      | ', ' ').split('\n');
    expect(told).toEqual(expect.arrayContaining(UI_WORDS.help.map((line) => `-- ${line}`)));
    expect(rows.filter((row) => row.startsWith('      | ')).length).toBeGreaterThan(1);
  });

  test('on a terminal without Unicode only ASCII', async () => {
    for (const [terminal, expected] of [
      [true, '12:01 ??  hi ?2J?\n'],
      [false, '12:01 Ýé  hi Û2J今\n'],
    ] as const) {
      const rig = openUi((context) => createLineUi({}, context, false), { terminal });
      rig.show(message('hi Û2J今', 'Ýé'), { type: 'notice', code: 'SC-107', text: 'why Ý' });
      await rig.ui.close();
      expect(rig.output.text()).toBe(expected);
      expect(rig.errors.text()).toBe(terminal ? '-- why ? (SC-107)\n' : '-- why Ý (SC-107)\n');
    }
  });

  test('what a terminal would obey is shown', async () => {
    expect(await shown([message('\x1b[2J\x07', '\x1b]0;x\x07')])).toEqual(['12:01 ␛]0;x␇  ␛[2J␇\n', '']);
  });

  test('own text is not shown again', async () => {
    expect(await shown([{ type: 'own', id: 0, text: bytes('mine'), at: 0 }])).toEqual(['', '']);
  });
});

describe('--wipe-scrollback', () => {
  const ERASE = '\x1b[H\x1b[2J\x1b[3J';
  const ENDED: UiView = { type: 'ended', code: 'SC-306', text: 'it ended', exit: 5 };
  const wiping = (options: RigOptions) => open({ ...options, wipeScrollback: true });

  test('a terminal is erased once, before how it ended', async () => {
    const rig = wiping({ terminal: true });
    rig.show(message('hi'), { type: 'status', id: 0, status: 'failed' });
    rig.show(ENDED);
    await rig.ui.close();
    expect(rig.errors.text()).toBe(`${ERASE}-- ${UI_WORDS.failed(1)}\nsecurechat: it ended (SC-306)\n`);
  });

  test('also when nothing told how it ended', async () => {
    const rig = wiping({ terminal: true });
    rig.show(message('hi'));
    await rig.ui.close();
    expect(rig.errors.text()).toBe(ERASE);
  });

  test('nothing of it is in a pipe or a file, nor on a terminal without it', async () => {
    const rig = wiping({});
    rig.show(message('hi'), ENDED);
    await rig.ui.close();
    expect(rig.errors.text()).not.toContain('\x1b');
    expect((await shown([message('hi'), ENDED], { terminal: true })).join('')).not.toContain('\x1b');
  });
});

describe('names', () => {
  const name = (text: string): string => Buffer.from(shownName(bytes(text), sanitize)).toString('utf8');

  test.each([
    ['', 'peer'],
    ['   ', 'peer'],
    ['alice', 'alice'],
    ['  alice \u00a0\u3000 b  ', 'alice b'],
    ['me', 'peer (me)'],
    ['12:02 ME', 'peer (12:02 ME)'],
    ['securechat:', 'peer (securechat:)'],
    ['James', 'James'],
    // Cyrillic, mathematical, fullwidth, with a mark, with digits, by a pair of letters, of several scripts.
    ['m\u0435', 'peer (m\u0435)'],
    ['\u{1d5c6}\u{1d5be}', 'peer (\u{1d5c6}\u{1d5be})'],
    ['\uff4d\uff45', 'peer (\uff4d\uff45)'],
    ['m\u00e9', 'peer (m\u00e9)'],
    ['y0u', 'peer (y0u)'],
    ['rne', 'peer (rne)'],
    ['secur\u0435ch\u0430t bot', 'peer (secur\u0435ch\u0430t bot)'],
    ['\u24dce', 'peer (\u24dce)'],
    ['me\u{1f44d}', 'peer (me\u{1f44d})'],
    ...['\u039cE', '\u039c\u0395', '\u03a5OU', '\u039dOTICE', 'RELA\u03a5', 'SECUREC\u0397AT', 'S\u03a5STEM'].map(
      (claim): [string, string] => [claim, `peer (${claim})`],
    ),
    ...['noti\u03f2e', 'm\u0454', 'M\u0404'].map((claim): [string, string] => [claim, `peer (${claim})`]),
    ['--', 'peer (--)'],
    ['notice', 'peer (notice)'],
    ['Мария', 'Мария'],
    ['Ελένη Π', 'Ελένη Π'],
    ['王伟', '王伟'],
    ['Zoë', 'Zoë'],
    ['Ann', 'Ann'],
    ['a\nb', 'a␊b'],
    [' \u0301x', '◌\u0301x'],
    ['םולש', 'םולש'],
    ['x'.repeat(100), 'x'.repeat(NAME_SHOWN)],
    [`${'x'.repeat(NAME_SHOWN - 2)}👨\u200d👩`, `${'x'.repeat(NAME_SHOWN - 2)}👨`],
  ])('%j is shown as %j', (given, expected) => {
    expect(name(given)).toBe(expected);
  });
});

describe('notices', () => {
  test('a code that is for a link only is not asked to be told', async () => {
    const [, err] = await shown([{ type: 'code', code: bytes(''), invite: bytes('securechat://#a-b') }]);
    expect(err).toBe(`-- ${UI_WORDS.sendLink}securechat://#a-b\n`);
  });

  test('are on stderr, each behind its mark', async () => {
    const [out, err] = await shown([
      { type: 'state', state: 'searching' },
      { type: 'code', code: bytes('482913-a-b-c'), invite: bytes('securechat://482913-a-b-c') },
      { type: 'peer', name: bytes('alice\x1b') },
      { type: 'peer-confirmed' },
      { type: 'notice', code: 'SC-315', text: 'held\nback' },
      { type: 'ended', code: 'SC-316', text: 'the peer left', exit: 0 },
    ]);
    expect(out).toBe('');
    expect(err.split('\n')).toEqual([
      `-- ${UI_WORDS.state.searching}`,
      `-- ${UI_WORDS.tellPeer}482913-a-b-c`,
      `-- ${UI_WORDS.orPaste}securechat://482913-a-b-c`,
      `-- ${UI_WORDS.peerName}alice␛`,
      `-- ${UI_WORDS.peerConfirmed}`,
      '-- held␊back (SC-315)',
      'securechat: the peer left (SC-316)',
      '',
    ]);
  });

  test('a line that is back is told as that, and a first one is not', async () => {
    const state = (name: 'reconnecting' | 'confirming'): UiView => ({ type: 'state', state: name });
    const [, err] = await shown([ACTIVE, state('reconnecting'), ACTIVE, state('confirming'), ACTIVE]);
    expect(err.split('\n').slice(0, -1)).toEqual([
      `-- ${UI_WORDS.state.active}`,
      `-- ${UI_WORDS.state.reconnecting}`,
      `-- ${UI_WORDS.activeAgain}`,
      `-- ${UI_WORDS.state.confirming}`,
      `-- ${UI_WORDS.state.active}`,
    ]);
  });

  test.each(['own', 'peer'] as const)('whose connection broke is said: %s', async (broken) => {
    const [, err] = await shown([ACTIVE, { type: 'state', state: 'reconnecting', broken }]);
    expect(err.split('\n')[1]).toBe(`-- ${UI_WORDS.broken[broken]}`);
  });

  test('are dim only on a terminal with colour', async () => {
    const views: UiView[] = [ACTIVE];
    const plain = `-- ${UI_WORDS.state.active}\n`;
    expect((await shown(views, { terminal: true, color: true }))[1]).toBe(`\x1b[2m${plain.slice(0, -1)}\x1b[22m\n`);
    expect((await shown(views, { terminal: true }))[1]).toBe(plain);
    expect((await shown(views, { color: true }))[1]).toBe(plain);
  });

  test('a yes to the safety words is answered', async () => {
    const rig = open({ terminal: true });
    rig.show(ACTIVE, OPTIONAL);
    await rig.person('/verify yes');
    await rig.settled();
    expect(rig.errors.text().endsWith(`-- ${UI_WORDS.status.verified}\n`)).toBe(true);
    await rig.ui.close();
  });

  test('an offer of several says the first name, and how many more', async () => {
    const offer = { type: 'offer', id: 1, incoming: true, bytes: 12e6, free: undefined, exists: false } as const;
    expect((await shown([{ ...offer, name: bytes('notes.txt'), count: 4 }]))[1]).toBe(
      '-- Your peer offers 12.0 MB: /accept 1 or /reject 1  notes.txt and 3 more\n',
    );
  });

  test('delivered is told once for everything sent so far; held and sent are not', async () => {
    const own = (id: number): UiView => ({ type: 'own', id, text: bytes('x'), at: 0 });
    const [, err] = await shown([
      own(0),
      own(1),
      { type: 'status', id: 0, status: 'held' },
      { type: 'status', id: 0, status: 'sent' },
      { type: 'status', id: 0, status: 'delivered' },
      { type: 'status', id: 1, status: 'delivered' },
      own(2),
      { type: 'status', id: 2, status: 'delivered' },
    ]);
    expect(err).toBe(`-- ${UI_WORDS.delivered(2)}\n-- ${UI_WORDS.delivered(1)}\n`);
  });

  test('failures are told with their number', async () => {
    const failed = (id: number): UiView => ({ type: 'status', id, status: 'failed' });
    expect((await shown([failed(0), failed(1), { type: 'state', state: 'destroyed' }]))[1]).toBe(
      `-- ${UI_WORDS.failed(2)}\n`,
    );
    expect((await shown([failed(0)]))[1]).toBe(`-- ${UI_WORDS.failed(1)}\n`);
  });
});

describe('input', () => {
  test('lines are messages, empty ones are nothing, // sends /', async () => {
    const rig = open();
    rig.show(ACTIVE);
    rig.input.type('hello\r\n\n שלום\n//quit\n///\n 😀');
    rig.input.end();
    const events = await rig.come(6);
    expect(events.slice(0, 5).map(textOf)).toEqual(['hello', ' שלום', '/quit', '//', ' 😀']);
    expect(events[5]).toEqual({ type: 'end-of-input' });
    await rig.ui.close();
  });

  test('any line of a person is a sign of life, what comes through a pipe is not', async () => {
    for (const terminal of [true, false]) {
      const rig = open({ terminal });
      rig.show(ACTIVE);
      rig.input.type('\n/help\nhello\n');
      await rig.come(1);
      expect(rig.activities()).toBe(terminal ? 3 : 0);
      await rig.ui.close();
    }
  });

  test('the buffer of a message is its own', async () => {
    const rig = open();
    rig.show(ACTIVE);
    rig.input.type('first\nsecond\n');
    const events = await rig.come(2);
    await rig.ui.close();
    expect(events.map(textOf)).toEqual(['first', 'second']);
  });

  test('commands, on a terminal and in a pipe', async () => {
    for (const terminal of [false, true]) {
      const rig = open({ terminal });
      rig.show(ACTIVE);
      const lines = [
        '/q',
        '/quit',
        '/QUIT ',
        '/help',
        '/verify',
        '/quit now',
        '/nothing secret',
        '/',
        '/verify maybe',
        '/clear',
        '/bell',
      ];
      if (terminal) await rig.person(...lines);
      else rig.input.type(`${lines.join('\n')}\n`);
      await rig.settled();
      const quits = rig.events.filter(({ type }) => type === 'quit');
      expect(quits).toHaveLength(3);
      const kinds = ['unknown', 'unknown', 'unknown', 'misused', 'absent', 'absent'] as const;
      // Nobody sits before a pipe to give it again.
      const lost = kinds.map((kind) => ({ type: 'malformed', why: UI_WORDS.malformed[kind], lost: true }));
      expect(rig.events.filter(({ type }) => type !== 'quit')).toEqual(terminal ? [] : lost);
      await rig.ui.close();
      expect(rig.errors.text().split('\n').slice(1, -1)).toEqual(
        [...UI_WORDS.help, UI_WORDS.noSafetyWords, ...(terminal ? kinds.map((kind) => UI_WORDS[kind]) : [])].map(
          (line) => `-- ${line}`,
        ),
      );
      expect(rig.output.text()).toBe('');
    }
  });

  test.each([
    ['hello\n/wipe\nmore\n', ['hello', '/wipe', 'more']],
    ['/quit\nmore\n', ['/quit', 'more']],
    ['/help\n//x\n/q\n', ['/help', '//x', '/q']],
  ])('what is pasted into a terminal is text, whatever it looks like: %j', async (pasted, texts) => {
    const rig = open({ terminal: true });
    rig.show(ACTIVE);
    // As a terminal hands it over.
    for (const line of pasted.split(/(?<=\n)/)) rig.input.type(line);
    await rig.settled();
    rig.clock.advance(PASTE_GAP_MS);
    expect(rig.events.map(textOf)).toEqual(texts);
    await rig.person('//x', '/quit');
    expect(rig.events.slice(texts.length).map(textOf)).toEqual(['/x', '(quit)']);
    await rig.ui.close();
  });

  test('a command before the end of the input is one', async () => {
    const rig = open({ terminal: true });
    rig.show(ACTIVE);
    rig.input.type('/wipe\n');
    rig.input.end();
    expect(await rig.come(2)).toEqual([{ type: 'wipe' }, { type: 'end-of-input' }]);
    await rig.ui.close();
  });

  test('/verify again asks for new words; until they come none are shown', async () => {
    const rig = open({ terminal: true });
    rig.show(OPTIONAL);
    await rig.person('/verify again');
    rig.show({ type: 'comparing', late: false });
    await rig.person('/verify');
    await rig.ui.close();
    expect(rig.events).toEqual([{ type: 'compare-again' }]);
    const said = rig.errors.text().split('\n');
    expect(said.slice(-3, -1)).toEqual([UI_WORDS.comparing, UI_WORDS.noSafetyWords].map((line) => `-- ${line}`));
  });

  test('/status and /name tell what is known', async () => {
    const rig = open({ terminal: true });
    const status = (id: number, to: MessageStatus): UiView => ({ type: 'status', id, status: to });
    await rig.person('/status', '/name');
    for (const id of [0, 1, 2]) rig.show({ type: 'own', id, text: bytes('x'), at: 0 }, status(id, 'held'));
    rig.show(status(0, 'sent'), status(0, 'delivered'), status(2, 'failed'));
    rig.show(OPTIONAL, { type: 'peer', name: bytes('alice') }, { type: 'round-trip', ms: 12 });
    await rig.person('/verify yes', '/status', '/name');
    await rig.ui.close();
    const said = rig.errors.text().split('\n');
    const { status: words } = UI_WORDS;
    const none = [
      words.unverified,
      words.messages({ held: 0, sent: 0, delivered: 0, failed: 0 }),
      UI_WORDS.peerNameless,
      UI_WORDS.ownName,
    ];
    expect(said.slice(0, 4)).toEqual(none.map((line) => `-- ${line}`));
    const known = [words.verified, words.messages({ held: 1, sent: 0, delivered: 1, failed: 1 }), words.roundTrip(12)];
    expect(said.slice(-6, -1)).toEqual(
      [...known, `${UI_WORDS.peerName}alice`, UI_WORDS.ownName].map((line) => `-- ${line}`),
    );
    expect(rig.events).toEqual([{ type: 'confirm', match: true }]);
  });

  test('a line over the limit is malformed and skipped; at the limit it is sent', async () => {
    const rig = open();
    rig.show(ACTIVE);
    rig.input.type(`${'a'.repeat(LINE_LIMIT)}\n${'b'.repeat(LINE_LIMIT + 1)}\nok\n`);
    const events = await rig.come(3);
    expect(events.map((event) => event.type)).toEqual(['send', 'malformed', 'send']);
    expect(textOf(events[0]).length).toBe(LINE_LIMIT);
    expect(events[1]).toEqual({ type: 'malformed', why: UI_WORDS.malformed.tooLong(LINE_LIMIT), lost: true });
    expect(textOf(events[2])).toBe('ok');
    await rig.ui.close();
  });

  test('on a terminal a line that may be cut is malformed: what is one byte shorter is sent', async () => {
    const rig = open({ terminal: true });
    rig.show(ACTIVE);
    rig.input.type(`${'a'.repeat(TERMINAL_LINE_LIMIT)}\n${'b'.repeat(TERMINAL_LINE_LIMIT + 1)}\nok\n`);
    const events = await rig.come(3);
    expect(events.map(textOf)).toEqual(['a'.repeat(TERMINAL_LINE_LIMIT), '(malformed)', 'ok']);
    expect(events[1]).toEqual({ type: 'malformed', why: UI_WORDS.malformed.cut(TERMINAL_LINE_LIMIT) });
    await rig.ui.close();
  });

  test('a line that is not UTF-8 is malformed', async () => {
    const rig = open();
    rig.show(ACTIVE);
    rig.input.type(Uint8Array.from([0x61, 0xff, 0x0a]));
    expect(await rig.come(1)).toEqual([{ type: 'malformed', why: UI_WORDS.malformed.notUtf8, lost: true }]);
    await rig.ui.close();
  });

  test('text in a pipe waits for the session; on a terminal it is taken at once', async () => {
    const pipe = open();
    pipe.input.type('one\n/quit\n');
    await pipe.settled();
    expect([pipe.events, pipe.input.paused()]).toEqual([[], true]);
    pipe.show({ type: 'input', welcome: false }, ACTIVE);
    expect(pipe.events).toEqual([]);
    pipe.show({ type: 'input', welcome: true });
    expect((await pipe.come(2)).map(textOf)).toEqual(['one', '(quit)']);
    await pipe.ui.close();

    const terminal = open({ terminal: true });
    terminal.show({ type: 'input', welcome: false });
    terminal.input.type('one\n');
    expect((await terminal.come(1)).map(textOf)).toEqual(['one']);
    await terminal.ui.close();
  });

  test('a command and the end of the input do not wait', async () => {
    const rig = open();
    rig.input.type('/quit\n');
    rig.input.end();
    expect(await rig.come(2)).toEqual([{ type: 'quit' }, { type: 'end-of-input' }]);
    await rig.ui.close();
  });
});

describe('safety words', () => {
  const question = `-- ${UI_WORDS.question}\n`;
  const words = [
    `-- ${UI_WORDS.safetyWords('anchor  river  copper  tunnel')}`,
    `-- ${UI_WORDS.safetyWordsRequired}`,
    '',
  ].join('\n');

  test.each([
    [CONFIRMING, WORDS],
    [WORDS, CONFIRMING],
  ])('are asked for once they must be compared, in either order', async (...views) => {
    const rig = open();
    rig.show(...views);
    await rig.ui.close();
    const asked = rig.errors.text().split(question).length - 1;
    expect([asked, rig.errors.text().includes(words)]).toEqual([1, true]);
  });

  test.each([
    ['yes', true],
    [' Y ', true],
    ['no', false],
    ['N', false],
  ])('%j is an answer', async (answer, match) => {
    for (const terminal of [false, true]) {
      const rig = open({ terminal });
      rig.show(CONFIRMING, WORDS);
      rig.input.type(`${answer}\n`);
      expect(await rig.come(1)).toEqual([{ type: 'confirm', match }]);
      await rig.ui.close();
    }
  });

  test('is asked for also while the line is down, and what is typed then is never sent', async () => {
    const rig = open({ terminal: true });
    rig.show(CONFIRMING, WORDS, { type: 'state', state: 'reconnecting' });
    await rig.person('hello?', 'no');
    expect(rig.events).toEqual([{ type: 'confirm', match: false }]);
    await rig.ui.close();
  });

  test('is none in the middle of a paste', async () => {
    const rig = open({ terminal: true });
    rig.show(CONFIRMING, WORDS);
    for (const line of ['one\n', 'y\n', 'two\n']) rig.input.type(line);
    await rig.settled();
    expect(rig.events).toEqual([]);
    await rig.ui.close();
  });

  test('can be given by a command when nothing was asked, and at the question', async () => {
    for (const [views, match] of [
      [[OPTIONAL, ACTIVE], false],
      [[WORDS, CONFIRMING], true],
    ] as const) {
      const rig = open({ terminal: true });
      rig.show(...views);
      await rig.person(`/verify ${match ? 'yes' : 'no'}`);
      expect(rig.events).toEqual([{ type: 'confirm', match }]);
      await rig.ui.close();
    }
  });

  test('anything else asks again and is never sent', async () => {
    const rig = open({ terminal: true });
    rig.show(CONFIRMING, WORDS);
    await rig.person('maybe', '', '//yes', 'yes please', '/verify', '/nothing');
    expect(rig.events).toEqual([]);
    rig.show({ type: 'notice', code: 'SC-312', text: 'x' });
    await rig.ui.close();
    expect(rig.errors.text().split(question).length - 1).toBe(8);
    expect(rig.errors.text().split(UI_WORDS.noAnswer).length - 1).toBe(3);
    expect(rig.errors.text().split(words).length - 1).toBe(2);
  });

  test('an answer in a pipe meets its question, and the text behind it waits', async () => {
    const rig = open();
    rig.input.type('yes\nhello\n');
    await rig.settled();
    rig.show({ type: 'state', state: 'handshaking' });
    expect(rig.events).toEqual([]);
    rig.show(CONFIRMING, WORDS);
    expect(rig.events).toEqual([{ type: 'confirm', match: true }]);
    rig.show(ACTIVE);
    expect((await rig.come(2)).map(textOf)).toEqual(['(confirm)', 'hello']);
    await rig.ui.close();
  });

  test('are told without a question when they need not be compared', async () => {
    const rig = open();
    rig.show({ ...WORDS, required: false }, ACTIVE);
    rig.input.type('yes\n/verify\n');
    expect((await rig.come(1)).map(textOf)).toEqual(['yes']);
    await rig.ui.close();
    expect(rig.errors.text()).not.toContain(question);
    expect(rig.errors.text().split(UI_WORDS.safetyWordsOptional).length - 1).toBe(2);
  });
});
