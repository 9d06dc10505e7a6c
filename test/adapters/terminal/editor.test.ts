/** The text that is being written, what was sent before, and what a finished text is. */
import { MESSAGE_LIMIT } from '../../../core/limits.js';
import { describe, expect, test } from 'vitest';
import { meaningOf } from '../../../adapters/ui/rich/commands.js';
import { createEditor, type Editor } from '../../../adapters/terminal/editor.js';
import { createHistory, HISTORY_BYTES, HISTORY_LIMIT, type History } from '../../../adapters/ui/rich/history.js';
import { characterEnd } from '../../../adapters/text/width.js';
import { isUtf8 } from '../../../adapters/text/utf8.js';
import { fc } from '../../support/chance.js';
import { bytes } from '../../support/streams.js';

const TYPED = { pasted: false, startPasted: false };

const string = (text: Uint8Array | undefined): string => Buffer.from(text ?? []).toString('utf8');
/** The text with a bar where the cursor is. */
const seen = (editor: Editor): string => `${string(editor.before)}|${string(editor.after)}`;

/** An editor with this text, the cursor where the bar is. */
function at(text: string): Editor {
  const editor = createEditor();
  const [before = '', after = ''] = text.split('|');
  editor.insert(bytes(after), false);
  while (editor.left());
  editor.insert(bytes(before), false);
  return editor;
}

type Doing = { [K in keyof Editor]: Editor[K] extends () => unknown ? K : never }[keyof Editor];

describe('the editor', () => {
  const cases: readonly (readonly [Doing, string, string])[] = [
    ['left', 'ab|', 'a|b'],
    ['left', 'x👨\u200d👩\u200d👧|', 'x|👨\u200d👩\u200d👧'],
    ['left', 'e\u0301|', '|e\u0301'],
    ['left', '|a', '|a'],
    ['right', 'a|🇩🇪b', 'a🇩🇪|b'],
    ['right', 'a|', 'a|'],
    ['backspace', 'e\u0301|x', '|x'],
    ['backspace', 'a\n|b', 'a|b'],
    ['backspace', '|b', '|b'],
    ['delete', '|👍🏽b', '|b'],
    ['delete', 'a|', 'a|'],
    ['deleteWord', 'one two  |three', 'one |three'],
    ['deleteWord', 'one|', '|'],
    ['deleteWord', 'one \u0301two|', '|'],
    ['deleteToStart', 'a\nbcd|e', 'a\n|e'],
    ['deleteToStart', 'a\n|e', 'a|e'],
    ['deleteToEnd', 'a|bc\nd', 'a|\nd'],
    ['deleteToEnd', 'a|\nd', 'a|d'],
    ['deleteToEnd', 'a|', 'a|'],
    ['wordLeft', 'one two |', 'one |two '],
    ['wordRight', 'one| two three', 'one two| three'],
    ['wordRight', 'one|', 'one|'],
    ['lineStart', 'a\nbc|d', 'a\n|bcd'],
    ['lineEnd', 'a|b\ncd', 'ab|\ncd'],
    ['up', 'abc\ndef\ngh|i', 'abc\nde|f\nghi'],
    ['up', 'a\ndef|', 'a|\ndef'],
    ['up', '今日は\nabcd|', '今日|は\nabcd'],
    ['up', '\nab|', '|\nab'],
    ['down', 'ab|c\nd\nefg', 'abc\nd|\nefg'],
    ['down', 'a|b\ncd', 'ab\nc|d'],
    ['clear', 'ab|c', '|'],
  ];
  test.each(cases)('%s: %j becomes %j', (name, before, after) => {
    const editor = at(before);
    const does = editor[name];
    does();
    expect(seen(editor)).toBe(after);
  });

  test('says when there is no line above or below', () => {
    expect([at('ab|c').up(), at('ab|c').down(), at('a\n|').up(), at('|\na').down()]).toEqual([
      false,
      false,
      true,
      true,
    ]);
  });

  test('takes as much as a message holds, at the boundary of a code point, and says what it did not take', () => {
    const editor = createEditor();
    expect(editor.insert(bytes('x'.repeat(70_000)), true)).toBe(70_000 - MESSAGE_LIMIT);
    expect(editor.length).toBe(MESSAGE_LIMIT);
    editor.clear();
    editor.insert(bytes('x'), false);
    expect(editor.insert(bytes('ä'.repeat(MESSAGE_LIMIT)), true)).toBe(MESSAGE_LIMIT * 2 - (MESSAGE_LIMIT - 2));
    expect([editor.length, isUtf8(editor.copy())]).toEqual([MESSAGE_LIMIT - 1, true]);
    expect([editor.insert(bytes('ä'), false), editor.insert(bytes('x'), false)]).toEqual([2, 0]);
    expect(editor.insert(bytes('x'), false)).toBe(1);
  });

  test('behind two typed slashes one byte more fits: the first one is not sent', () => {
    const editor = createEditor();
    editor.insert(bytes('/'), false);
    editor.insert(bytes('/'), false);
    expect(editor.insert(bytes('x'.repeat(MESSAGE_LIMIT)), true)).toBe(1);
    expect(editor.length).toBe(MESSAGE_LIMIT + 1);
    editor.lineStart();
    expect(editor.insert(bytes('x'), false)).toBe(1);
    editor.clear();
    expect(editor.insert(bytes(`//${'x'.repeat(MESSAGE_LIMIT)}`), true)).toBe(2);
  });

  test('leaves nothing of what was deleted, moved or cleared in its memory', () => {
    const editor = createEditor();
    editor.insert(bytes('SECRET other'), false);
    const memory = new Uint8Array(editor.before.buffer);
    const holds = (text: string): boolean => Buffer.from(memory).includes(text);
    while (editor.left());
    expect(Buffer.from(memory).indexOf('SECRET')).toBe(Buffer.from(memory).lastIndexOf('SECRET'));
    for (let i = 0; i < 6; i++) editor.delete();
    expect([holds('SECRET'), holds('other')]).toEqual([false, true]);
    editor.clear();
    expect(memory.every((byte) => byte === 0)).toBe(true);
  });

  test('overwrites the buffer that it outgrows', () => {
    const editor = createEditor();
    editor.insert(bytes('SECRET'), false);
    const memory = new Uint8Array(editor.before.buffer);
    editor.insert(bytes('x'.repeat(10_000)), false);
    expect(memory.every((byte) => byte === 0)).toBe(true);
  });

  test('does what a list of characters would do, and holds whole characters always', () => {
    const step = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 4 }).map((text) => ({ insert: text })),
      fc
        .constantFrom<Doing>('left', 'right', 'backspace', 'delete', 'lineStart', 'lineEnd', 'wordLeft', 'wordRight')
        .map((name) => ({ name })),
      fc.constantFrom<Doing>('deleteWord', 'deleteToStart', 'deleteToEnd', 'up', 'down').map((name) => ({ name })),
      fc.constant({ insert: '\n' }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const editor = createEditor();
        for (const each of steps) {
          const before = string(editor.copy());
          if ('insert' in each) editor.insert(bytes(each.insert), false);
          else editor[each.name]();
          const [head, tail] = [string(editor.before), string(editor.after)];
          expect(isUtf8(editor.before) && isUtf8(editor.after)).toBe(true);
          expect(editor.length).toBe(bytes(head + tail).length);
          const moves = !('insert' in each) && !each.name.startsWith('d') && each.name !== 'backspace';
          if (moves || ('name' in each && each.name === 'down')) expect(head + tail).toBe(before);
          if ('insert' in each) expect(head.endsWith(each.insert)).toBe(true);
        }
      }),
    );
  });

  test('a paste of 64 KiB of mixed scripts is intact', () => {
    const part = 'Grüße 今日は שלום مرحبا नमस्ते 👩\u200d👩\u200d👧 e\u0301\n';
    const all = bytes(part.repeat(Math.ceil(MESSAGE_LIMIT / bytes(part).length))).subarray(0, MESSAGE_LIMIT);
    let length = 0;
    for (let end = 0; end < all.length; end = characterEnd(all, end)) length = end;
    const text = all.slice(0, length);
    const editor = createEditor();
    for (let from = 0; from < text.length; ) {
      const to = Math.min(text.length, from + 4000);
      let whole = to;
      while (whole < text.length && ((text[whole] ?? 0) & 0xc0) === 0x80) whole--;
      expect(editor.insert(text.subarray(from, whole), true)).toBe(0);
      from = whole;
    }
    expect(Buffer.compare(editor.copy(), text)).toBe(0);
  });
});

describe('what was sent', () => {
  test('comes back, oldest last, and then what was being written', () => {
    const history = createHistory();
    for (const text of ['one', 'two', 'two']) history.add(bytes(text));
    const told: (string | undefined)[] = [];
    let current = bytes('draft');
    for (const way of ['older', 'older', 'older', 'newer', 'newer', 'newer'] as const) {
      const found = history[way](current);
      told.push(found && string(found.text));
      if (found !== undefined) current = found.text.slice();
    }
    expect(told).toEqual(['two', 'one', undefined, 'two', 'draft', undefined]);
  });

  test('what was changed or written since is the draft then, and is not lost', () => {
    const history = createHistory();
    for (const text of ['one', 'two']) history.add(bytes(text));
    history.older(bytes('first draft'));
    const changed = bytes('two, changed');
    expect(history.newer(changed)).toBeUndefined();
    expect(string(history.older(changed)?.text)).toBe('two');
    expect(string(history.newer(bytes('two'))?.text)).toBe('two, changed');
  });

  test('is bounded in number and bytes', () => {
    const history = createHistory();
    for (let i = 0; i < HISTORY_LIMIT + 5; i++) history.add(bytes(`text ${i}`));
    const all = (from: History): string[] => {
      const texts: string[] = [];
      for (let found = from.older(bytes('')); found !== undefined; found = from.older(found.text)) {
        texts.push(string(found.text));
      }
      return texts;
    };
    expect([all(history).length, all(history).at(-1)]).toEqual([HISTORY_LIMIT, 'text 5']);
    const large = createHistory();
    for (let i = 0; i < 9; i++) large.add(bytes(`${i}${'x'.repeat(HISTORY_BYTES / 8)}`));
    expect(all(large)).toHaveLength(7);
  });

  test('is overwritten when it is cleared', () => {
    const history = createHistory();
    history.add(bytes('secret'));
    const kept = history.older(bytes(''))?.text;
    history.clear();
    expect(kept?.every((byte) => byte === 0)).toBe(true);
    expect(history.older(bytes(''))).toBeUndefined();
  });
});

describe('a finished text', () => {
  const meaning = (text: string, origin = TYPED): string => {
    const found = meaningOf(bytes(text), origin);
    if (found.type === 'message') return `message ${string(found.text)}`;
    if (found.type === 'file') return `file ${found.event.type}`;
    return found.type === 'command' ? `/${found.name}` : found.type;
  };

  test.each([
    ['', 'nothing'],
    [' \n\t', 'nothing'],
    ['hello', 'message hello'],
    [' /quit', '/quit'],
    [' hello', 'message  hello'],
    ['//quit', 'message /quit'],
    ['//x\ny', 'message /x\ny'],
    ['/quit', '/quit'],
    ['/q', '/quit'],
    ['/QUIT ', '/quit'],
    ['/help', '/help'],
    ['/verify', '/verify'],
    ['/clear', '/clear'],
    ['/status', '/status'],
    ['/bell', '/bell'],
    ['/wipe', '/wipe'],
    ['/accept', 'file accept'],
    ['/reject 2', 'file reject'],
    ['/accept two', 'misused'],
    ['/name', '/name'],
    ['/name alice', '/name'],
    ['/send a file', 'file offer'],
    ['/quit now', 'unknown'],
    ['/nothing', 'unknown'],
    ['/', 'unknown'],
    ['/sendfile', 'unknown'],
    ['/quit\n', 'unknown'],
    ['/help\nhello', 'unknown'],
  ])('%j is %j', (text, expected) => {
    expect(meaning(text)).toBe(expected);
  });

  test('a pasted line is never a command', () => {
    const pasted = { pasted: true, startPasted: true };
    expect(meaning('/quit', pasted)).toBe('message /quit');
    expect(meaning('//quit', pasted)).toBe('message //quit');
    // The slash was typed: it is not sent, and it does nothing.
    expect(meaning('/quit', { pasted: true, startPasted: false })).toBe('unknown');
  });

  test('where it comes from is known through all edits', () => {
    const origin = (...doing: ((editor: Editor) => unknown)[]): string => {
      const editor = createEditor();
      for (const each of doing) each(editor);
      return meaning(string(editor.copy()), editor);
    };
    const type = (text: string) => (editor: Editor) => editor.insert(bytes(text), false);
    const paste = (text: string) => (editor: Editor) => editor.insert(bytes(text), true);
    expect(origin(paste('/quit'))).toBe('message /quit');
    expect(origin(type('/'), paste('quit'))).toBe('unknown');
    expect(
      origin(
        paste('x/quit'),
        (editor) => editor.lineStart(),
        (editor) => editor.delete(),
      ),
    ).toBe('message /quit');
    expect(origin(paste('x'), (editor) => editor.backspace(), type('/quit'))).toBe('/quit');
    expect(origin(paste('quit'), (editor) => editor.lineStart(), type('/'))).toBe('unknown');
    expect(origin(paste('x'), (editor) => editor.clear(), type('/quit'))).toBe('/quit');
  });
});
