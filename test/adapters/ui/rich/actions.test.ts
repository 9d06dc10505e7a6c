/** What each key and each command of the rich UI does, and what the person sees of it. */
import { MESSAGE_LIMIT } from '../../../../core/limits.js';
import { describe, expect, test } from 'vitest';
import { PASTE_LIMIT_MS } from '../../../../adapters/terminal/keys.js';
import { ACTIVITY_MS } from '../../../../adapters/ui/rich/rich.js';
import { UI_WORDS } from '../../../../adapters/words/line.js';
import { SCREEN_WORDS } from '../../../../adapters/words/screen.js';
import { openRich, type RichOptions, type RichRig } from '../../../support/rich.js';
import { bytes, message, textOf } from '../../../support/streams.js';
import { CODE, own, state, status, words } from '../../../support/views.js';

const PASTE = (text: string): string => `\x1b[200~${text}\x1b[201~`;

async function chatting(options: RichOptions = {}): Promise<RichRig> {
  const rig = openRich(options);
  rig.show(state('active'));
  await rig.drawn();
  return rig;
}

const sent = (rig: RichRig): string[] => rig.events.map(textOf);
const seen = async (rig: RichRig): Promise<string> => (await rig.screen()).join('\n');

describe('writing', () => {
  test('Enter sends, once, and the line is empty again', async () => {
    const rig = await chatting();
    await rig.type('hello ünïcödé\r');
    expect(sent(rig)).toEqual(['hello ünïcödé']);
    expect(await seen(rig)).not.toContain('hello');
    for (const text of ['\r', '\r', '  \r']) await rig.type(text);
    expect(rig.events).toHaveLength(1);
  });

  test('Alt-Enter and Ctrl-J make a new line; all lines are one message', async () => {
    const rig = await chatting();
    await rig.type('one\x1b\rtwo\nthree');
    expect(await seen(rig)).toMatch(/│ > one +│\n│ {3}two +│\n│ {3}three +│/);
    await rig.type('\r');
    expect(sent(rig)).toEqual(['one\ntwo\nthree']);
  });

  test('a paste is not sent, stays one message, and is never a command', async () => {
    const rig = await chatting();
    await rig.type(PASTE('/quit\r/wipe\r'));
    expect(rig.events).toEqual([]);
    await rig.type('\r');
    expect(sent(rig)).toEqual(['/quit\n/wipe\n']);
    await rig.type(PASTE('/quit'));
    await rig.type('\r');
    expect(sent(rig).at(-1)).toBe('/quit');
  });

  test('where the terminal sends no brackets, a paste is one message too, and no command', async () => {
    const rig = await chatting();
    await rig.type('/quit\r\tfoo\r/wipe\r');
    expect(rig.events).toEqual([]);
    await rig.type('\r');
    expect(sent(rig)).toEqual(['/quit\n\tfoo\n/wipe\n']);
  });

  test('what forges the end of a paste sends nothing, runs nothing and does not leave', async () => {
    const rig = await chatting();
    rig.input.type(`${PASTE('evil')}\x03\x03`);
    rig.input.type('\x15/wipe\r');
    await rig.drawn();
    expect(rig.events).toEqual([]);
    await rig.type('\r');
    expect(sent(rig)).toEqual(['evil/wipe\n']);
  });

  test('after a paste that was broken off the keys are keys again: by the time, or with the terminal', async () => {
    const rig = await chatting();
    await rig.type('\x1b[200~half');
    rig.clock.advance(PASTE_LIMIT_MS);
    await rig.type('\r');
    await rig.type('\x1b[200~again');
    rig.host.raise('SIGCONT');
    await rig.type('\r');
    expect(sent(rig)).toEqual(['half', 'again']);
  });

  test('a paste of 64 KiB of mixed scripts is sent as one message, intact; what does not fit is told', async () => {
    const rig = await chatting();
    const part = 'Grüße 今日は שלום مرحبا नमस्ते 👩\u200d👩\u200d👧 e\u0301\n';
    const all = part.repeat(Math.floor(MESSAGE_LIMIT / bytes(part).length));
    const rest = 'x'.repeat(MESSAGE_LIMIT - bytes(all).length);
    rig.input.type(PASTE(all + rest));
    await rig.type('');
    await rig.type('\r');
    expect(sent(rig)).toEqual([all + rest]);
    rig.input.type(PASTE(`${all}${rest}yz`));
    await rig.type('');
    expect(await seen(rig)).toContain(SCREEN_WORDS.full(2));
    await rig.type('\r');
    expect(sent(rig)).toEqual([all + rest, all + rest]);
  });

  test('typing while messages arrive never loses or moves the input', async () => {
    const rig = await chatting();
    const text = 'a text that is written while a hundred messages come in';
    for (const [i, letter] of [...text].entries()) {
      rig.input.type(letter);
      rig.show(message(`message ${i}`, '', i), message(`and ${i}`));
      if (i % 10 !== 0) continue;
      await rig.drawn();
      expect(rig.emulator.screen()[22]).toBe(`│ > ${text.slice(0, i + 1)}`.padEnd(79) + '│');
      expect(rig.emulator.cursor).toEqual({ column: 5 + i, row: 22 });
    }
    await rig.type('\r');
    expect(sent(rig)).toEqual([text]);
  });

  test('every editing key, and one that is not defined', async () => {
    const rig = await chatting();
    await rig.type('one two three');
    await rig.type('\x01>\x05<');
    await rig.type('\x1bä');
    await rig.type('\x17');
    await rig.type('\x1b[D\x1b[D\x1b[3~\x1b[C\x1b[C');
    await rig.type('\x1b[15~\t\x02\x1bz');
    await rig.type('\x01\x1bf\x0b');
    await rig.type('\r');
    expect(sent(rig)).toEqual(['>one']);
    await rig.type('abc\x15x\x7f\x1b[H\x1b[F\x1b[1;5D\x1b[1;5C\r');
    expect(rig.events).toHaveLength(1);
  });

  test('Up and Down recall what was sent here, and what was being written comes back', async () => {
    const rig = await chatting();
    await rig.type('first\r');
    await rig.type('second\r');
    await rig.type('draft');
    await rig.type('\x1b[A\x1b[A');
    expect(await seen(rig)).toContain('> first');
    await rig.type('\x1b[B\x1b[B');
    expect(await seen(rig)).toContain('> draft');
    await rig.type('\x15\x1b[A!\r');
    expect(sent(rig)).toEqual(['first', 'second', 'second!']);
  });

  test('a recalled message is not a command, a recalled draft may be one', async () => {
    const rig = await chatting();
    await rig.type(PASTE('/quit'));
    await rig.type('\r');
    await rig.type('\x1b[A\r');
    expect(sent(rig)).toEqual(['/quit', '/quit']);
    await rig.type('/quit\x1b[A\x1b[B\r');
    expect(rig.events.at(-1)).toEqual({ type: 'quit' });
  });

  test('up and down move within several lines first', async () => {
    const rig = await chatting();
    await rig.type('first\r');
    await rig.type('a\nb');
    await rig.type('\x1b[Ax\r');
    expect(sent(rig)).toEqual(['first', 'ax\nb']);
  });
});

test('keys tell that somebody is there, not more often than needed', async () => {
  const rig = await chatting();
  rig.input.type('abc');
  rig.input.type('\x1b[5~');
  await rig.drawn();
  expect(rig.activities()).toBe(1);
  rig.clock.advance(ACTIVITY_MS);
  await rig.type('d');
  expect(rig.activities()).toBe(2);
  rig.show(message('hello'));
  rig.clock.advance(ACTIVITY_MS);
  await rig.drawn();
  expect(rig.activities()).toBe(2);
});

describe('leaving', () => {
  test('Ctrl-C once says what twice does; another key takes it back', async () => {
    const rig = await chatting();
    await rig.type('\x03');
    expect((await rig.screen()).at(-1)).toContain('Press Ctrl-C again to leave');
    await rig.type('x');
    expect((await rig.screen()).at(-1)).not.toContain('again to leave');
    await rig.type('\x03');
    await rig.type('\x1b[D');
    await rig.type('\x03');
    expect(rig.events).toEqual([]);
    await rig.type('\x03');
    expect(rig.events).toEqual([{ type: 'interrupt' }]);
  });

  test('Ctrl-C does not wait while goodbye is said', async () => {
    const rig = await chatting();
    rig.show(state('closing'));
    await rig.type('\x03');
    expect(rig.events).toEqual([{ type: 'interrupt' }]);
  });

  test('Ctrl-D leaves with nothing written, and deletes otherwise', async () => {
    const rig = await chatting();
    await rig.type('ab\x01\x04\r');
    expect(sent(rig)).toEqual(['b']);
    await rig.type('\x04');
    expect(rig.events.at(-1)).toEqual({ type: 'quit' });
  });

  test.each(['idle', 'searching', 'handshaking'] as const)(
    'Ctrl-C and Ctrl-D cancel while %s; text does nothing',
    async (name) => {
      for (const [key, type] of [
        ['\x04', 'quit'],
        ['\x03', 'interrupt'],
      ] as const) {
        const rig = openRich();
        rig.show(state(name), CODE);
        await rig.type('hello\r');
        await rig.type('/quit\r');
        expect(rig.events).toEqual([]);
        await rig.type(key);
        expect(rig.events).toEqual([{ type }]);
      }
    },
  );

  test.each(['idle', 'searching', 'handshaking'] as const)(
    'Esc cancels while %s the second time: an arrow key that comes in two parts does not',
    async (name) => {
      const rig = openRich();
      rig.show(state(name), CODE);
      await rig.type('\x1b');
      expect((await rig.screen()).at(-1)).toContain('Press Esc again to leave');
      await rig.type('[A');
      expect((await rig.screen()).at(-1)).not.toContain('again to leave');
      await rig.type('\x1b');
      expect(rig.events).toEqual([]);
      await rig.type('\x1b');
      expect(rig.events).toEqual([{ type: 'quit' }]);
    },
  );

  test('what was asked on one screen is not answered on another', async () => {
    const rig = openRich();
    rig.show(state('searching'), CODE);
    await rig.type('\x1b');
    rig.show(state('active'));
    expect((await rig.screen()).at(-1)).not.toContain('again to leave');
    await rig.type('\x03');
    rig.show(message('hello'), state('reconnecting'));
    expect(rig.events).toEqual([]);
    await rig.type('\x03');
    expect(rig.events).toEqual([{ type: 'interrupt' }]);
  });

  test('while goodbye is said a text is not sent, and stays', async () => {
    const rig = await chatting();
    rig.show(state('closing'));
    await rig.type('too late\r');
    expect(rig.events).toEqual([]);
    expect(await seen(rig)).toMatch(/-- You are leaving. This was not sent.[^]*> too late/);
  });

  test('while one leaves without a connection a text is not sent, the bar says it, and Ctrl-C leaves at once', async () => {
    const rig = await chatting();
    rig.show(state('reconnecting'));
    await rig.type('/quit\r');
    await rig.type('too late\r');
    expect(rig.events).toEqual([{ type: 'quit' }]);
    const said = await seen(rig);
    expect(said).toContain(UI_WORDS.leavingUnheard);
    expect(said).toContain(SCREEN_WORDS.bar.leaving);
    expect(said).toContain(SCREEN_WORDS.foot.closing);
    expect(said).toMatch(/You are leaving. This was not sent.[^]*> too late/);
    await rig.type('\x15/quit\r');
    expect(await seen(rig)).toContain(UI_WORDS.leavingNow);
    await rig.type('\x03');
    expect(rig.events).toEqual([{ type: 'quit' }, { type: 'quit' }, { type: 'interrupt' }]);
  });

  test('a blank before a slash is a slip of the hand, before what was pasted it is not; /verify says what it takes', async () => {
    const rig = await chatting();
    await rig.type(' /status\r');
    expect(await seen(rig)).toContain(UI_WORDS.status.unverified);
    await rig.type('/verify maybe\r');
    expect(await seen(rig)).toContain(UI_WORDS.misused);
    await rig.type('\x15 //x\r');
    rig.input.type(' ');
    await rig.type(PASTE('/usr/bin'));
    await rig.type('\r');
    expect(sent(rig)).toEqual(['/x', ' /usr/bin']);
  });

  test('the help of the safety words tells the keys that answer', async () => {
    const rig = openRich({ rows: 40 });
    rig.show(state('confirming'), words(true));
    await rig.type('\x1bOP');
    expect(await seen(rig)).toContain('m, x');
    await rig.ui.close();
  });

  test('on a narrow screen what a key does goes on below itself', async () => {
    const rig = await chatting({ columns: 40, rows: 10 });
    await rig.type('\x1bOP');
    expect((await seen(rig)).split('\n')).toContainEqual(expect.stringMatching(/^│ {14}the newest +│$/));
    await rig.ui.close();
  });

  test('Ctrl-Z gives the terminal back and stops the process; afterwards everything is there again', async () => {
    const rig = await chatting();
    rig.show(message('hello'));
    await rig.type('being written');
    const before = await rig.screen();
    rig.input.type('\x1a');
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
    expect([rig.host.stops, rig.rawModes]).toEqual([1, [true, false]]);
    rig.show(message('meanwhile', '', 1));
    rig.host.raise('SIGCONT');
    const after = await rig.screen();
    expect(rig.rawModes.at(-1)).toBe(true);
    expect(after).toEqual(before.map((row, i) => (i === 2 ? '│ 12:01 peer  meanwhile'.padEnd(79) + '│' : row)));
  });
});

describe('safety words', () => {
  test.each([
    ['m', true],
    ['M', true],
    ['x', false],
  ])('%j answers', async (key, match) => {
    const rig = openRich();
    rig.show(state('confirming'), words(true));
    await rig.type(key);
    expect(rig.events).toEqual([{ type: 'confirm', match }]);
  });

  test('nothing else answers: Enter, a paste, other letters, commands', async () => {
    const rig = openRich();
    rig.show(state('confirming'), words(true));
    await rig.type('\r\r');
    await rig.type(PASTE('m'));
    await rig.type('y\x1b[Aq ');
    await rig.type('/quit\r');
    rig.clock.advance(100);
    expect(rig.events).toEqual([]);
    expect(await seen(rig)).toContain('Enter does nothing');
  });

  test('the answer is given once, and the peer is waited for', async () => {
    const rig = openRich();
    rig.show(state('confirming'), words(true));
    await rig.type('m');
    await rig.type('x');
    expect(rig.events).toEqual([{ type: 'confirm', match: true }]);
    expect(await seen(rig)).toContain(SCREEN_WORDS.words.answered);
    rig.show({ type: 'peer-confirmed' });
    expect(await seen(rig)).toContain(UI_WORDS.peerConfirmed);
  });

  test('/verify shows them at any time, Esc goes back, and what is typed is not lost', async () => {
    const rig = await chatting();
    await rig.type('/verify\r');
    expect(await seen(rig)).toContain(UI_WORDS.noSafetyWords);
    rig.show(words(false));
    expect(await seen(rig)).toContain(UI_WORDS.safetyWords('anchor  river  copper  tunnel'));
    await rig.type('/verify\r');
    expect(await seen(rig)).toMatch(/Read these words aloud[^]*anchor {3}river {3}copper {3}tunnel[^]*Esc back/);
    await rig.type('\x1b');
    rig.clock.advance(100);
    expect(await seen(rig)).not.toContain('Read these words aloud');
    await rig.type('/verify\r');
    await rig.type('m');
    expect(await seen(rig)).toContain('> m');
    expect(rig.events).toEqual([]);
  });
});

describe('commands', () => {
  test('/quit and /q say goodbye', async () => {
    const rig = await chatting();
    await rig.type('/quit\r');
    await rig.type('/q\r');
    expect(rig.events).toEqual([{ type: 'quit' }, { type: 'quit' }]);
  });

  test('an unknown one is an error, is not sent and can be corrected; //x sends /x', async () => {
    const rig = await chatting();
    await rig.type('/nothing secret\r');
    expect(rig.events).toEqual([]);
    expect(await seen(rig)).toMatch(/-- Unknown command[^]*> \/nothing secret/);
    await rig.type('\x01/\r');
    expect(sent(rig)).toEqual(['/nothing secret']);
  });

  test('/help and F1 show every key and command; it can be scrolled, and Esc goes back', async () => {
    const rig = await chatting({ columns: 80, rows: 30 });
    await rig.type('/help\r');
    const help = await seen(rig);
    for (const line of SCREEN_WORDS.help) expect(help).toContain(line);
    await rig.type('\x1b[6~');
    expect(await seen(rig)).not.toContain(SCREEN_WORDS.help[0]);
    await rig.type('\x1b[5~');
    expect(await seen(rig)).toContain(SCREEN_WORDS.help[0]);
    await rig.type('\x1bOP');
    expect(await seen(rig)).not.toContain(SCREEN_WORDS.help[1]);
    await rig.type('\x1bOP');
    expect(await seen(rig)).toContain(SCREEN_WORDS.help[1]);
    expect(rig.events).toEqual([]);
  });

  test('/clear wipes what was said from the screen', async () => {
    const rig = await chatting();
    rig.show(message('a secret'));
    expect(await seen(rig)).toContain('a secret');
    await rig.type('/clear\r');
    expect(await seen(rig)).not.toContain('a secret');
    rig.show(message('later'));
    expect(await seen(rig)).toContain('later');
  });

  test('/status tells the states of all messages', async () => {
    const rig = await chatting();
    rig.show(own(0, 'a'), own(1, 'b'), own(2, 'c'), status(0, 'sent'), status(0, 'delivered'), status(1, 'failed'));
    await rig.type('/clear\r');
    rig.show(status(2, 'sent'));
    await rig.type('/status\r');
    expect(await seen(rig)).toContain(UI_WORDS.status.messages({ held: 0, sent: 1, delivered: 1, failed: 1 }));
    expect(await seen(rig)).toContain(UI_WORDS.status.unverified);
  });

  test('/bell: off by default, then a sound for each message, without content', async () => {
    const rig = await chatting();
    rig.show(message('one'));
    await rig.drawn();
    await rig.type('/bell\r');
    expect(rig.emulator.effects).toEqual([]);
    rig.show(message('two'));
    await rig.drawn();
    expect(rig.emulator.effects).toEqual(['bell']);
    await rig.type('/bell\r');
    rig.show(message('three'));
    await rig.drawn();
    expect(rig.emulator.effects).toEqual(['bell']);
  });

  test('/name tells how the peer is called', async () => {
    const rig = await chatting();
    await rig.type('/name\r');
    expect(await seen(rig)).toContain(UI_WORDS.peerNameless);
    rig.show({ type: 'peer', name: bytes('alice') });
    await rig.type('/name bob\r');
    expect((await seen(rig)).match(/-- Your peer is called alice/g)).toHaveLength(2);
    expect(rig.events).toEqual([]);
  });

  test('/send, /accept, /reject and /cancel ask the session; what they do not take is said', async () => {
    const rig = await chatting();
    for (const line of ['/send a.txt "b c"', '/accept', '/accept 2', '/reject 3', '/cancel 4'])
      await rig.type(`${line}\r`);
    expect(rig.events).toEqual([
      { type: 'offer', paths: [bytes('a.txt'), bytes('b c')] },
      { type: 'accept' },
      { type: 'accept', id: 2 },
      { type: 'reject', id: 3 },
      { type: 'cancel', id: 4 },
    ]);
    await rig.type('/cancel\r');
    expect(await seen(rig)).toContain(UI_WORDS.filesMisused);
    expect(rig.events).toHaveLength(5);
  });

  test('what is pasted behind /send offers nothing', async () => {
    const rig = await chatting();
    await rig.type('/send ');
    await rig.type(PASTE('/etc/passwd'));
    await rig.type('\r');
    expect(rig.events).toEqual([]);
    expect(await seen(rig)).toContain(SCREEN_WORDS.pasted);
  });

  test('Tab completes a path behind /send, and tells what there is', async () => {
    const files = ['draft one.txt', 'draft two.txt', 'notes/'];
    const completePath = (path: Uint8Array): Uint8Array[] =>
      files.filter((file) => file.startsWith(Buffer.from(path).toString())).map(bytes);
    const rig = openRich({ completePath });
    rig.show(state('active'));
    await rig.type('/send d\t');
    expect(await seen(rig)).toContain('> /send draft\\ ');
    await rig.type('\t');
    expect(await seen(rig)).toMatch(/-- draft one.txt[^]*-- draft two.txt/);
    await rig.type('t\t');
    await rig.type(' n\t');
    await rig.type('\r');
    expect(rig.events).toEqual([{ type: 'offer', paths: [bytes('draft two.txt'), bytes('notes/')] }]);
    await rig.type('/send x\t');
    expect(await seen(rig)).toContain(SCREEN_WORDS.files.noneFound);
    await rig.ui.close();
  });

  test('where no file may be read Tab says so; elsewhere it does nothing', async () => {
    const rig = await chatting();
    await rig.type('hello\t');
    expect(await seen(rig)).not.toContain('--files');
    await rig.type('\x15/send d\t');
    expect(await seen(rig)).toContain(SCREEN_WORDS.files.noCompletion);
  });

  test('/wipe: everything is gone at once, and the session ends without waiting', async () => {
    const rig = await chatting();
    rig.show(words(false), message('a secret'));
    await rig.type('mine\r');
    await rig.drawn();
    await rig.type('/wipe\r');
    expect(rig.events.slice(1)).toEqual([{ type: 'wipe' }]);
    const screen = await seen(rig);
    expect(['a secret', 'mine', 'anchor'].filter((each) => screen.includes(each))).toEqual([]);
  });
});

describe('the scrollback', () => {
  const filled = async (): Promise<RichRig> => {
    const rig = await chatting({ rows: 12 });
    for (let id = 0; id < 100; id++) rig.show(message(`message ${id}.`, '', id));
    await rig.drawn();
    return rig;
  };

  test('PgUp and PgDn move by a page, End goes to the newest', async () => {
    const rig = await filled();
    expect(await seen(rig)).toContain('message 99.');
    await rig.type('\x1b[5~');
    const page = await seen(rig);
    expect([page.includes('message 91.'), page.includes('message 92.')]).toEqual([true, true]);
    expect(page).not.toContain('message 93.');
    expect(page).toContain(SCREEN_WORDS.older);
    await rig.type('\x1b[6~');
    expect(await seen(rig)).toContain('message 99.');
    for (let i = 0; i < 30; i++) await rig.type('\x1b[5~');
    expect((await rig.screen())[1]).toContain('message 0.');
    await rig.type('\x1b[F');
    expect(await seen(rig)).toContain('message 99.');
  });

  test('what comes in does not move what one looks at; it is counted, and read at the end', async () => {
    const rig = await filled();
    await rig.type('\x1b[5~');
    const before = (await rig.screen()).slice(1, 9);
    rig.show(message('new one'), own(0, 'mine'), message('new two'));
    const after = await rig.screen();
    expect(after.slice(1, 9)).toEqual(before);
    expect(after[9]).toContain(' ↓ 2 new ─┤');
    await rig.type('\x1b[F');
    expect(await seen(rig)).toContain('new two');
    expect(await seen(rig)).not.toContain('↓');
  });

  test('what one sends is seen', async () => {
    const rig = await filled();
    await rig.type('\x1b[5~');
    await rig.type('hello\r');
    rig.show(own(0, 'hello'));
    expect(await seen(rig)).toContain('hello');
  });
});
