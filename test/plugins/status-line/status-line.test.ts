/** The UI plugin status-line: the contract, and what it says and takes. */
import { expect, test } from 'vitest';
import { createFakeClock, createFakeInput, createFakeOutput, uiContract } from 'securechat/testing';
import type { UiEvent, UiView } from 'securechat/plugin';
import { sanitize } from '../../../adapters/text/sanitize.js';
import plugin from '../../../plugins/status-line/index.js';
import { COMMAND_LIMIT } from '../../../plugins/status-line/commands.js';
import { FLUSH_LIMIT } from '../../../plugins/kit/outlet.js';
import { LINES_HELD } from '../../../plugins/status-line/newest.js';
import {
  createStatusLine,
  cut,
  NAME_SHOWN,
  SENTENCE_SHOWN,
  TEXT_SHOWN,
  withoutMarkup,
} from '../../../plugins/status-line/status.js';

// The contract looks for the text of messages; without --status-text there is none to find.
for (const terminal of [false, true]) {
  uiContract({
    name: terminal ? 'status-line on a terminal' : 'status-line',
    test,
    terminal,
    create: (context) => createStatusLine({ text: true }, context),
    sanitize,
    look: 'seen\n',
  });
}

const bytes = (text: string) => new Uint8Array(Buffer.from(text));
const ACTIVE: UiView = { type: 'state', state: 'active' };
const message = (text: string, from = ''): UiView => ({
  type: 'message',
  id: 0,
  from: bytes(from),
  text: bytes(text),
  at: 0,
});

function start(text = false) {
  const [input, output, errors, clock] = [createFakeInput(), createFakeOutput(), createFakeOutput(), createFakeClock()];
  const context = {
    clock,
    sanitize,
    color: false,
    wipeScrollback: false,
    input: input.stream,
    output: output.stream,
    errors: errors.stream,
  };
  const ui = createStatusLine({ text }, context);
  const events: UiEvent[] = [];
  ui.open((event) => events.push(event));
  return { ui, input, output, errors, clock, events };
}

async function shown(text: boolean, ...views: UiView[]): Promise<[string[], string[]]> {
  const { ui, output, errors } = start(text);
  for (const view of views) ui.show(view);
  await ui.close();
  const lines = (all: string) => all.split('\n').slice(0, -1);
  return [lines(output.text()), lines(errors.text())];
}

test('counts, never text or names, unless they were asked for', async () => {
  const [out, err] = await shown(false, ACTIVE, message('secret', 'alice'), message('again', 'alice'));
  expect(out).toEqual(['securechat: active', 'securechat: active, 1 unread', 'securechat: active, 2 unread']);
  expect(err).toEqual([]);
});

test('with --status-text the newest message, neutralised, cut, without markup', async () => {
  const [out] = await shown(
    true,
    ACTIVE,
    message('hello'),
    message('a\nb\x1b[2J #[fg=red]<b>&', 'alice'),
    message('x'.repeat(TEXT_SHOWN + 1), 'n'.repeat(NAME_SHOWN + 1)),
  );
  expect(out).toEqual([
    'securechat: active',
    'securechat: active, 1 unread, peer: hello',
    'securechat: active, 2 unread, alice: a␊b␛[2J ＃[fg=red]＜b>＆',
    `securechat: active, 3 unread, ${'n'.repeat(NAME_SHOWN)}…: ${'x'.repeat(TEXT_SHOWN)}…`,
  ]);
});

test('every state is one line; the same line is not repeated', async () => {
  const states = ['idle', 'searching', 'searching', 'handshaking', 'confirming', 'active', 'closing', 'destroyed'];
  const [out] = await shown(false, ...states.map((state) => ({ type: 'state', state }) as UiView));
  expect(out).toEqual([
    'securechat: starting',
    'securechat: waiting',
    'securechat: connecting',
    'securechat: do the words match?',
    'securechat: active',
    'securechat: leaving',
  ]);
});

test('safety words are shown while they must be compared, and only then', async () => {
  const words = ['anchor', 'river', 'copper', 'tunnel'];
  const confirming: UiView = { type: 'state', state: 'confirming' };
  const [asked] = await shown(false, { type: 'safety-words', words, required: true }, confirming, ACTIVE);
  expect(asked).toEqual([
    'securechat: starting',
    'securechat: do the words match?, anchor river copper tunnel',
    'securechat: active',
  ]);
  const [told] = await shown(false, { type: 'safety-words', words, required: false }, ACTIVE);
  expect(told).toEqual(['securechat: starting', 'securechat: active']);
});

test('a code that is for a link only is a link', async () => {
  const [, err] = await shown(false, { type: 'code', code: bytes(''), invite: bytes('securechat://#a-b') });
  expect(err).toEqual(['-- Send your peer this link:  securechat://#a-b']);
});

test('a code and notices are on stderr, the last sentence in the bar', async () => {
  const [out, err] = await shown(
    false,
    { type: 'code', code: bytes('482913-a-b-c'), invite: bytes('securechat://482913-a-b-c') },
    { type: 'notice', code: 'SC-315', text: 'held back' },
    { type: 'ended', code: 'SC-316', text: `the peer left <#> ${'x'.repeat(SENTENCE_SHOWN)}`, exit: 0 },
  );
  expect(err).toEqual(['-- Tell your peer:  482913-a-b-c', '-- held back (SC-315)']);
  const sentence = `securechat: the peer left ＜＃> ${'x'.repeat(SENTENCE_SHOWN)}`;
  expect(out).toEqual([`${sentence.slice(0, SENTENCE_SHOWN)}…`]);
});

test('seen, yes, no, quit, the end; anything else is malformed and nothing is ever sent', async () => {
  const { ui, input, output, events } = start(true);
  ui.show(message('hello'));
  input.type(`hello\n\n seen \r\nyes\nno\nqu`);
  input.type(`it\n${'y'.repeat(COMMAND_LIMIT + 1)}\nseen${' '.repeat(COMMAND_LIMIT)}\nquit`);
  input.end();
  await expect.poll(() => events.at(-1)?.type).toBe('end-of-input');
  const malformed = { type: 'malformed', why: 'this UI knows: seen, yes, no, quit' };
  expect(events).toEqual([
    malformed,
    { type: 'shown', id: 0 },
    { type: 'confirm', match: true },
    { type: 'confirm', match: false },
    { type: 'quit' },
    malformed,
    malformed,
    { type: 'quit' },
    { type: 'end-of-input' },
  ]);
  await ui.close();
  expect(output.text()).toBe('securechat: starting, 1 unread, peer: hello\nsecurechat: starting\n');
});

test('a reader that does not keep up misses the lines between, not the last', async () => {
  const { ui, output } = start();
  output.hold();
  for (let i = 0; i < 3 * LINES_HELD; i++) ui.show(message('x'));
  output.release();
  await ui.close();
  const lines = output.text().split('\n').slice(0, -1);
  expect(lines).toHaveLength(LINES_HELD + 1);
  expect(lines.at(-2)).toBe(`securechat: starting, ${String(LINES_HELD)} unread`);
  expect(lines.at(-1)).toBe(`securechat: starting, ${String(3 * LINES_HELD)} unread`);
});

test('close waits FLUSH_LIMIT for a reader, and no timer outlives it', async () => {
  const { ui, output, clock } = start(true);
  output.hold();
  ui.show(message('nobody reads this'));
  let closed = false;
  const closing = ui.close().then(() => {
    closed = true;
  });
  clock.advance(FLUSH_LIMIT - 1);
  await new Promise((resolve) => setImmediate(resolve));
  expect(closed).toBe(false);
  clock.advance(1);
  await closing;
  // What was not read is wiped: whoever reads now reads zeros.
  output.release();
  await output.until((text) => text.length > 0);
  expect(/^\0+$/.test(output.text())).toBe(true);

  const quick = start();
  quick.ui.show(ACTIVE);
  await quick.ui.close();
  expect(quick.clock.waiting).toBe(0);
});

test('characters are cut whole', () => {
  const text = (input: string, characters: number) => Buffer.from(cut(bytes(input), characters)).toString();
  expect([text('añ🧵x', 3), text('añ🧵', 3), text('añ🧵', 2), text('', 1)]).toEqual(['añ🧵…', 'añ🧵', 'añ…', '']);
  expect(Buffer.from(withoutMarkup(bytes('#<&>'))).toString()).toBe('＃＜＆>');
});

test('the plugin has its flag', async () => {
  const spec = plugin.uis?.['status-line'];
  expect(Object.keys(spec?.flags ?? {})).toEqual(['status-text']);
  for (const [options, wanted] of [
    [{}, 'securechat: starting, 1 unread\n'],
    [{ 'status-text': true }, 'securechat: starting, 1 unread, peer: hi\n'],
  ] as const) {
    const { clock, input, output, errors } = start();
    const context = {
      clock,
      sanitize,
      color: false,
      wipeScrollback: false,
      input: input.stream,
      output: output.stream,
      errors: errors.stream,
    };
    const ui = await spec?.create(options, context);
    ui?.show(message('hi'));
    await ui?.close();
    expect(output.text()).toBe(wanted);
  }
});
