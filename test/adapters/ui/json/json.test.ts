/** The json UI: the contract, every event as the documentation has it, and commands. */
import { describe, expect, test } from 'vitest';
import { UI_WORDS } from '../../../../adapters/words/line.js';
import { createJsonUi } from '../../../../adapters/ui/json/json.js';
import { COMMAND_LIMIT } from '../../../../adapters/ui/json/ndjson.js';
import { sanitize } from '../../../../adapters/text/sanitize.js';
import type { UiView } from '../../../../core/ports.js';
import { uiContract } from '../../../../plugins/testing/ui.js';
import { UNREAD_LIMIT } from '../../../../plugins/kit/outlet.js';
import { DEPTH } from '../../../support/chance.js';
import { bytes, openUi, textOf } from '../../../support/streams.js';

uiContract({ name: 'json', test, create: (context) => createJsonUi({}, context), sanitize });

const open = () => openUi((context) => createJsonUi({}, context));

const EVENTS: readonly (readonly [UiView, string])[] = [
  [{ type: 'state', state: 'searching' }, '{"v":1,"event":"state","state":"searching"}'],
  [
    { type: 'state', state: 'reconnecting', broken: 'own' },
    '{"v":1,"event":"state","state":"reconnecting","broken":"own"}',
  ],
  [
    { type: 'code', code: bytes('482913-a-b-c'), invite: bytes('securechat://x') },
    '{"v":1,"event":"code","code":"482913-a-b-c","invite":"securechat://x"}',
  ],
  [
    { type: 'safety-words', words: ['a', 'b', 'c', 'd'], required: true },
    '{"v":1,"event":"safety-words","words":["a","b","c","d"],"required":true}',
  ],
  [
    { type: 'message', id: 3, from: new Uint8Array(0), text: bytes('hi\n\x1b"é'), at: 1700000000123 },
    '{"v":1,"event":"message","id":3,"from":"peer","text":"hi\\u000a\\u001b\\"é","at":1700000000123}',
  ],
  [
    { type: 'message', id: 4, from: bytes('me'), text: bytes(''), at: 0 },
    '{"v":1,"event":"message","id":4,"from":"me","text":"","at":0}',
  ],
  [{ type: 'status', id: 1, status: 'held' }, '{"v":1,"event":"held","id":1}'],
  [{ type: 'status', id: 1, status: 'sent' }, '{"v":1,"event":"sent","id":1}'],
  [{ type: 'status', id: 1, status: 'delivered' }, '{"v":1,"event":"delivered","id":1}'],
  [{ type: 'status', id: 1, status: 'failed' }, '{"v":1,"event":"failed","id":1}'],
  [{ type: 'peer', name: bytes('alice') }, '{"v":1,"event":"peer","name":"alice"}'],
  [{ type: 'peer-confirmed' }, '{"v":1,"event":"peer-confirmed"}'],
  [{ type: 'notice', code: 'SC-315', text: 'held' }, '{"v":1,"event":"notice","code":"SC-315","text":"held"}'],
  [
    { type: 'ended', code: 'SC-316', text: 'the peer left', exit: 0 },
    '{"v":1,"event":"ended","reason":"the peer left","exit":0,"code":"SC-316"}',
  ],
];

describe('events', () => {
  test.each(EVENTS)('%j', async (view, line) => {
    const rig = open();
    rig.show(view);
    await rig.ui.close();
    expect([rig.output.text(), rig.errors.text()]).toEqual([`${line}\n`, '']);
    JSON.parse(line);
  });

  test('own text and the flow of input are no events', async () => {
    const rig = open();
    rig.show({ type: 'own', id: 0, text: bytes('mine'), at: 0 }, { type: 'input', welcome: false });
    await rig.ui.close();
    expect(rig.output.text()).toBe('');
  });

  // In a quick run only with the real program: test/e2e/line-pipe.test.ts.
  test.skipIf(DEPTH === 'quick')(
    'while nobody reads, so much is kept and no more; then stderr has the end',
    async () => {
      const rig = open();
      rig.output.hold();
      const text = new Uint8Array(60_000).fill(1);
      for (let id = 0; id * 6 * text.length < UNREAD_LIMIT; id++)
        rig.show({ type: 'message', id, from: text, text, at: 0 });
      expect(await rig.come(1)).toEqual([{ type: 'gone', why: 'unread' }]);
      rig.show({ type: 'ended', code: 'SC-513', text: 'nobody reads', exit: 1 });
      await rig.ui.close();
      expect(rig.errors.text()).toBe('securechat: nobody reads (SC-513)\n');
    },
  );

  test('the text is not neutralised, only escaped', async () => {
    const text = `${'\u202e\u{e0069}\u200d\ue000'.repeat(2000)}${'a\u0301\u0301\u0301\u0301\u0301\u0301'.repeat(1000)}`;
    const rig = open();
    rig.show({ type: 'message', id: 0, from: bytes('\u202eme'), text: bytes(text), at: 0 });
    await rig.ui.close();
    expect(JSON.parse(rig.output.text())).toMatchObject({ text, from: '\u202eme' });
  });
});

describe('commands', () => {
  test('send, confirm and quit; blank lines are nothing', async () => {
    const rig = open();
    rig.input.type(
      '{"do":"send","text":"hé\\n"}\n\n \t\r\n{"do":"confirm","match":false}\n{"do":"compare-again"}\n{"do":"quit"}',
    );
    rig.input.end();
    const events = await rig.come(4);
    expect(textOf(events[0])).toBe('hé\n');
    expect(events.slice(1)).toEqual([
      { type: 'confirm', match: false },
      { type: 'compare-again' },
      { type: 'quit' },
      { type: 'end-of-input' },
    ]);
    await rig.ui.close();
  });

  test('a malformed line is told and the next one is taken', async () => {
    const rig = open();
    rig.input.type('hello\n{"do":"dance"}\n{"do":"quit"}\n{"do":"wipe"}\n');
    expect(await rig.come(4)).toEqual([
      { type: 'malformed', why: UI_WORDS.malformed.notJson },
      { type: 'malformed', why: UI_WORDS.malformed.unknownDo },
      { type: 'quit' },
      { type: 'wipe' },
    ]);
    await rig.ui.close();
  });

  test('a line over the limit is malformed and skipped', async () => {
    const rig = open();
    rig.input.type(`{"do":"send","text":"${'a'.repeat(COMMAND_LIMIT)}"}\n{"do":"quit"}\n`);
    expect(await rig.come(2)).toEqual([
      { type: 'malformed', why: UI_WORDS.malformed.tooLong(COMMAND_LIMIT) },
      { type: 'quit' },
    ]);
    await rig.ui.close();
  });

  test('while input is not welcome none is read, but for the answer that is waited for', async () => {
    const rig = open();
    rig.show({ type: 'input', welcome: false });
    rig.input.type('{"do":"send","text":"a"}\n{"do":"confirm","match":true}\n{"do":"quit"}\n');
    await rig.settled();
    expect([rig.events, rig.input.paused()]).toEqual([[], true]);
    rig.show({ type: 'state', state: 'confirming' });
    expect((await rig.come(3)).map(textOf)).toEqual(['a', '(confirm)', '(quit)']);
    await rig.ui.close();
  });
});
