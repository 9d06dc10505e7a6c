/** The line UI on a pipe: what is read when, what is lost is told, an input without text only listens. */
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { createCodeHelp } from '../../../../adapters/cli/code-help.js';
import { createWordlist } from '../../../../core/room/words.js';
import { describe, expect, test } from 'vitest';
import { createLineUi, LINE_LIMIT } from '../../../../adapters/ui/line/line.js';
import { UI_WORDS } from '../../../../adapters/words/line.js';
import type { UiEvent, UiView } from '../../../../core/ports.js';
import { UNREAD_LIMIT } from '../../../../plugins/kit/outlet.js';
import { DEPTH } from '../../../support/chance.js';
import { bytes, openUi, type RigOptions, textOf } from '../../../support/streams.js';

const open = (options: RigOptions = {}) => openUi((context) => createLineUi({}, context), options);
const ACTIVE: UiView = { type: 'state', state: 'active' };
const RECONNECTING: UiView = { type: 'state', state: 'reconnecting' };
const CONFIRMING: UiView = { type: 'state', state: 'confirming' };
const WORDS: UiView = { type: 'safety-words', words: ['anchor', 'river', 'copper', 'tunnel'], required: true };

const lost = (why: string) => ({ type: 'malformed', why, lost: true });

describe('text', () => {
  test('waits for the peer, and is given to the session while it reconnects: there it is counted', async () => {
    const rig = open();
    rig.input.type('one\ntwo\n');
    await rig.settled();
    expect(rig.events).toEqual([]);
    rig.show(ACTIVE);
    expect((await rig.come(2)).map(textOf)).toEqual(['one', 'two']);
    rig.show(RECONNECTING);
    rig.input.type('three\n');
    rig.input.end();
    expect((await rig.come(4)).map(textOf)).toEqual(['one', 'two', 'three', '(end-of-input)']);
    await rig.ui.close();
  });

  test('waits in the pipe while the session takes no more', async () => {
    const rig = open();
    rig.show(ACTIVE, { type: 'input', welcome: false });
    rig.input.type('one\n');
    await rig.settled();
    expect(rig.events).toEqual([]);
    rig.show({ type: 'input', welcome: true });
    expect((await rig.come(1)).map(textOf)).toEqual(['one']);
    await rig.ui.close();
  });

  test('that cannot be sent is told as lost', async () => {
    const rig = open();
    rig.show(ACTIVE);
    rig.input.type(`${'a'.repeat(LINE_LIMIT + 1)}\n`);
    rig.input.type(Uint8Array.of(0xff, 0x0a));
    rig.input.type('/etc/passwd\n');
    rig.input.end();
    const { malformed } = UI_WORDS;
    expect(await rig.come(4)).toEqual([
      lost(malformed.tooLong(LINE_LIMIT)),
      lost(malformed.notUtf8),
      lost(malformed.unknown),
      { type: 'end-of-input' },
    ]);
    await rig.ui.close();
  });

  test.each<[string, string, UiView[]]>([
    ['behind the goodbye of the peer', '', [{ type: 'state', state: 'closing' }]],
    ['behind /quit', '/quit\n', []],
  ])('%s is told as lost, once', async (_when, before, views) => {
    const rig = open();
    rig.show(ACTIVE, ...views);
    rig.input.type(`${before}one\ntwo\n`);
    await rig.settled();
    const losses = rig.events.filter(({ type }) => type !== 'quit');
    expect(losses).toEqual([lost(UI_WORDS.malformed.afterEnd)]);
    await rig.ui.close();
  });

  test('with a blank before its slash is text: a script means what it writes', async () => {
    const rig = open();
    rig.show(ACTIVE);
    rig.input.type(' /status\n //x\n');
    expect((await rig.come(2)).map(textOf)).toEqual([' /status', ' //x']);
    await rig.ui.close();
  });
});

describe('an input without text', () => {
  test('is not the end of the chat: this side listens', async () => {
    const rig = open();
    rig.input.end();
    rig.show(ACTIVE, { type: 'message', id: 0, from: bytes(''), text: bytes('hi'), at: 0 });
    await rig.settled();
    expect(rig.events).toEqual([{ type: 'shown', id: 0 }]);
    expect(rig.errors.text()).toContain(UI_WORDS.listening);
    expect(rig.output.text()).toContain('hi');
    await rig.ui.close();
  });

  test('with an answer in it only listens then', async () => {
    const rig = open();
    rig.input.type('/verify yes\n');
    rig.input.end();
    await rig.settled();
    expect(rig.events).toEqual([]);
    rig.show(WORDS, CONFIRMING);
    expect(await rig.come(1)).toEqual([{ type: 'confirm', match: true }]);
    rig.show(ACTIVE);
    await rig.settled();
    expect(rig.events).toHaveLength(1);
    await rig.ui.close();
  });

  test.each([
    ['before the question', true],
    ['behind it', false],
  ])('is told where an answer is needed and cannot come: it ended %s', async (_when, before) => {
    const rig = open();
    if (before) rig.input.end();
    await rig.settled();
    rig.show(WORDS, CONFIRMING);
    if (!before) rig.input.end();
    expect(await rig.come(1)).toEqual([{ type: 'end-of-input' }]);
    rig.show(RECONNECTING, CONFIRMING);
    await rig.settled();
    expect(rig.events).toHaveLength(1);
    await rig.ui.close();
  });

  test('on a terminal it is the end: somebody pressed Ctrl-D', async () => {
    const rig = open({ terminal: true });
    rig.show(ACTIVE);
    rig.input.end();
    expect(await rig.come(1)).toEqual([{ type: 'end-of-input' }]);
    await rig.ui.close();
  });
});

test.each([false, true])('the commands for files ask the session; on a terminal: %j', async (terminal) => {
  const rig = open({ terminal });
  rig.show(ACTIVE);
  const lines = ['/send a.txt', '/accept', '/reject 2', '/cancel 3', '/cancel'];
  if (terminal) await rig.person(...lines);
  else rig.input.type(`${lines.join('\n')}\n`);
  const wrong = terminal ? [] : [lost(UI_WORDS.malformed.filesMisused)];
  expect(await rig.come(4 + wrong.length)).toEqual([
    { type: 'offer', paths: [bytes('a.txt')] },
    { type: 'accept' },
    { type: 'reject', id: 2 },
    { type: 'cancel', id: 3 },
    ...wrong,
  ]);
  await rig.ui.close();
  if (terminal) expect(rig.errors.text()).toContain(UI_WORDS.filesMisused);
});

describe('on a terminal', () => {
  test('a blank before a slash is a slip of the hand, and /verify says what it takes', async () => {
    const rig = open({ terminal: true });
    rig.show(ACTIVE);
    await rig.person(' /status', '/verify maybe', ' //x', '  x');
    expect(rig.events.map(textOf)).toEqual(['/x', '  x']);
    expect(rig.errors.text()).toContain(UI_WORDS.status.unverified);
    expect(rig.errors.text()).toContain(UI_WORDS.misused);
    await rig.ui.close();
  });

  test('while one leaves nothing is sent, and it is said; what /quit does without a connection is said, too', async () => {
    const rig = open({ terminal: true });
    rig.show(ACTIVE, RECONNECTING);
    await rig.person('/quit', 'too late', '/quit');
    expect(rig.events).toEqual([{ type: 'quit' }, { type: 'quit' }]);
    await rig.settled();
    const said = rig.errors.text().split('\n').slice(-4, -1);
    expect(said).toEqual([UI_WORDS.leavingUnheard, UI_WORDS.leaving, UI_WORDS.leavingNow].map((line) => `-- ${line}`));
    await rig.ui.close();
  });
});

describe('the code is asked for again', () => {
  const WANTED: UiView = { type: 'code-wanted', same: false };
  const doubt = (typed: Uint8Array): string | undefined => (typed.length === 3 ? 'Is that so?' : undefined);
  const listed = createCodeHelp(createWordlist(wordlist));
  const asked = (terminal: boolean) =>
    openUi((context) => createLineUi({}, context, true, { ...listed, doubt }), { terminal });
  const codes = (events: readonly UiEvent[]): string[] =>
    events.map((event) => (event.type === 'code' ? Buffer.from(event.code).toString() : `(${event.type})`));

  test('on a terminal: a doubt is said once, a command is one, the next line is a message again', async () => {
    const rig = asked(true);
    rig.show(WANTED);
    await rig.person('a-b', '/status', 'a-b');
    rig.show({ type: 'code-wanted', same: true });
    await rig.person('');
    rig.show(ACTIVE);
    await rig.person('hello');
    expect(codes(rig.events)).toEqual(['a-b', '', '(send)']);
    await rig.ui.close();
    expect(rig.errors.text().match(/Is that so\?/g)).toHaveLength(1);
    expect(rig.errors.text()).toContain(UI_WORDS.codeWantedSame);
  });

  test('on a terminal: what is not finished, with Tab or without, is answered with the words it may become', async () => {
    const rig = asked(true);
    rig.show(WANTED);
    await rig.person('482913-tunnel-anchor-zo\t', '482913-tunnel-anchor-zoo\t\t');
    expect(codes(rig.events)).toEqual(['482913-tunnel-anchor-zoo']);
    await rig.ui.close();
    expect(rig.errors.text()).toContain(UI_WORDS.codeUnfinished('zone zoo'));
  });

  test('in a pipe the next line is it, without a doubt', async () => {
    const rig = asked(false);
    rig.show(WANTED);
    rig.input.type('a-b\n');
    expect(codes(await rig.come(1))).toEqual(['a-b']);
    await rig.ui.close();
  });
});

describe('words of the present', () => {
  const OPTIONAL: UiView = { type: 'safety-words', words: ['anchor', 'river', 'copper', 'tunnel'], required: false };

  test('are asked for by /verify again; until they are there no yes counts, and older ones are shown nowhere', async () => {
    const rig = open({ terminal: true });
    rig.show(ACTIVE, OPTIONAL);
    await rig.person('/verify yes', '/verify again');
    rig.show({ type: 'comparing', late: false });
    await rig.person('/verify yes', '/verify');
    rig.show({ type: 'safety-words', words: ['one', 'two', 'three', 'four'], required: false });
    await rig.person('/verify yes', '/status', '/verify no');
    expect(rig.events).toEqual([
      { type: 'confirm', match: true },
      { type: 'compare-again' },
      { type: 'confirm', match: false },
    ]);
    await rig.ui.close();
    const said = rig.errors.text();
    expect(said.match(/anchor/g)).toHaveLength(1);
    expect(said.match(new RegExp(UI_WORDS.comparing, 'g'))?.length).toBeGreaterThan(1);
    expect(said).toContain(UI_WORDS.status.verified);
  });
});

// 64 MiB of text: some ten seconds of CPU. The bound itself is tried in test/plugins/kit/lines.
test.skipIf(DEPTH === 'quick')('while nobody reads, so much is kept and no more', async () => {
  const rig = open();
  rig.output.hold();
  const text = bytes('x'.repeat(60_000));
  for (let id = 0; id * text.length < UNREAD_LIMIT; id++)
    rig.show({ type: 'message', id, from: bytes(''), text, at: 0 });
  expect(await rig.come(1)).toEqual([{ type: 'gone', why: 'unread' }]);
  await rig.ui.close();
});
