/**
 * Entering the code: from every source, with and without a terminal, every question to its end.
 */
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { describe, expect, it } from 'vitest';
import { type CodeEntry, enterCode } from '../../../adapters/cli/code-entry.js';
import type { CodeSource } from '../../../adapters/cli/options.js';
import { ANSWER_LIMIT } from '../../../adapters/cli/line-prompt.js';
import { CLI_WORDS } from '../../../adapters/words/cli.js';
import { createPrompter, type PrompterOptions } from '../../../adapters/cli/prompt.js';
import { parseRelayAddress } from '../../../adapters/cli/relay-address.js';
import { createClock } from '../../../adapters/system/clock.js';
import { createWordlist } from '../../../core/room/words.js';
import { PASTE_PAUSE_MS } from '../../../adapters/terminal/keys.js';
import { createFakeClock } from '../../../plugins/testing/clock.js';
import { seededBytes } from '../../support/chance.js';
import { createEmulator } from '../../support/emulator.js';
import {
  createFakeInput,
  createFakeOutput,
  type FakeInput,
  type FakeOutput,
} from '../../../plugins/testing/streams.js';

const words = createWordlist(wordlist);
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (utf8: Uint8Array): string => new TextDecoder().decode(utf8);
const argument = (code: string): CodeSource => ({ type: 'argument', bytes: bytes(code), meant: false });
const ask: CodeSource = { type: 'ask' };

const CODE_QUESTION = 'Room code';
const SECRET_QUESTION = 'Shared secret';
const DONE = `- ${CLI_WORDS.ask.code}`;
const CHOICE = CLI_WORDS.ask.compare;
const ENTER = '\r';
const DOWN = '\u001b[B';
const TAB = '\t';

interface Rig {
  readonly input: FakeInput;
  readonly output: FakeOutput;
  readonly entered: ReturnType<typeof enterCode>;
  /** What was asked of the terminal: raw or not, in order. */
  readonly rawModes: boolean[];
  /** What was looked up in the list, as views of what holds it. */
  readonly lookedUp: Uint8Array[];
  callOff(error: Error): void;
  /** Waits for the text on the terminal, then types. */
  type(behind: string, keys: string): Promise<void>;
}

function prompter(input: FakeInput, output: FakeOutput, options: Partial<PrompterOptions> = {}) {
  const streams = { input: input.stream, output: output.stream };
  const { signal } = new AbortController();
  const usual = { clock: createClock(), color: false, plain: false, unicode: true, signal };
  return createPrompter({ ...streams, ...usual, ...options });
}

function enter(
  source: CodeSource,
  {
    terminal = false,
    plain = false,
    unicode = true,
    columns = 80,
    calledOff = new AbortController(),
    clock = createClock(),
    lan = false,
  } = {},
): Rig {
  const input = createFakeInput(terminal);
  const output = createFakeOutput(terminal);
  const rawModes: boolean[] = [];
  const lookedUp: Uint8Array[] = [];
  Object.assign(input.stream, { setRawMode: (raw: boolean) => rawModes.push(raw) });
  Object.assign(output.stream, { columns });
  const entry: CodeEntry = {
    source,
    words: {
      ...words,
      complete(prefix, limit) {
        lookedUp.push(prefix);
        return words.complete(prefix, limit);
      },
      indexOf(typed) {
        lookedUp.push(typed);
        return words.indexOf(typed);
      },
    },
    random: seededBytes('code entry'),
    lan,
    input: input.stream,
    prompter: terminal ? prompter(input, output, { plain, unicode, clock, signal: calledOff.signal }) : undefined,
    checkRelay: (address) => parseRelayAddress(address, false),
  };
  const entered = enterCode(entry);
  entered.catch(() => undefined);
  return {
    input,
    output,
    entered,
    rawModes,
    lookedUp,
    callOff: (error) => calledOff.abort(error),
    type: async (behind, keys) => {
      await output.until((shown) => shown.includes(behind));
      input.type(keys);
    },
  };
}

describe('without a terminal nothing is asked', () => {
  it('and a new code is made', async () => {
    const { entered, output } = enter(ask);
    const { code, created, notices } = await entered;
    expect([code.form, created, notices]).toEqual(['generated', true, []]);
    expect(text(code.secret)).toMatch(/^[a-z]+-[a-z]+-[a-z]+$/);
    expect(output.text()).toBe('');
  });

  it('a code on the command line is told to be visible, and overwritten', async () => {
    const source = { type: 'argument', bytes: bytes('482913-Tunnel-anchor-mango'), meant: false } as const;
    const { code, created, notices } = await enter(source).entered;
    expect([code.nameplate, text(code.secret), created, notices]).toEqual([
      '482913',
      'tunnel-anchor-mango',
      false,
      ['SC-319'],
    ]);
    expect(source.bytes.every((byte) => byte === 0)).toBe(true);
  });

  it('an invitation for the local network is followed where that is asked, and told as one elsewhere', async () => {
    const source = () => ({ type: 'argument', bytes: bytes('securechat:///?lan#kitchen-x'), meant: false }) as const;
    await expect(enter(source()).entered).rejects.toMatchObject({ code: 'SC-376' });
    const { code, meeting } = await enter(source(), { lan: true }).entered;
    expect([code.nameplate, meeting]).toEqual(['kitchen', undefined]);
  });

  it('a name that is like a command is refused, unless it is said to be a room', async () => {
    for (const [name, near] of [
      ['docter', 'doctor'],
      ['Recieve', 'receive'],
      ['sent', 'send'],
      ['man', 'help man'],
      ['codes', 'help codes'],
    ] as const)
      await expect(enter(argument(name)).entered).rejects.toMatchObject({ code: 'SC-514', detail: { name, near } });
    const { code } = await enter({ type: 'argument', bytes: bytes('docter'), meant: true }).entered;
    expect([code.nameplate, code.form]).toEqual(['docter', 'none']);
    for (const name of ['frobnicate', 'kitchen', 'sender_1', 'docter-x'])
      expect((await enter(argument(name)).entered).code.nameplate).toBe(name.replace('-x', ''));
    for (const name of ['doctor', 'PIPE'])
      await expect(enter({ type: 'argument', bytes: bytes(name), meant: true }).entered).rejects.toMatchObject({
        code: 'SC-511',
      });
  });

  it('a room name alone has no secret, and that is told', async () => {
    const { code, created, notices } = await enter(argument('SECRET123')).entered;
    expect([code.form, created, notices]).toEqual(['none', false, ['SC-318']]);
  });

  it('a link may name a relay, which is checked', async () => {
    const secure = await enter(argument('securechat://relay.example#kitchen-x')).entered;
    expect(secure.meeting?.relay.href).toBe('wss://relay.example/');
    await expect(enter(argument('securechat://relay.example/?plain#kitchen-x')).entered).rejects.toThrow('SC-110');
    await expect(enter(argument('securechat://%#kitchen-x')).entered).rejects.toThrow('SC-301');
    const page = await enter(argument('https://relay.example/#kitchen-x')).entered;
    expect(page.meeting?.relay.href).toBe('wss://relay.example/');
    await expect(enter(argument('http://relay.example/#kitchen-x')).entered).rejects.toThrow('SC-110');
    await expect(enter(argument('https://relay.example/')).entered).rejects.toThrow('SC-301');
  });

  it('--code-stdin: the first line, and the rest stays', async () => {
    const { input, entered } = enter({ type: 'stdin' });
    input.type('kitchen-blue horse\r\n{"do":"quit"}\n');
    const { code, created, notices, input: rest } = await entered;
    expect([text(code.secret), created, notices]).toEqual(['blue horse', false, []]);
    expect(String(rest.read())).toBe('{"do":"quit"}\n');
  });

  it.each([
    ['ab\n', 'SC-301'],
    ['\n', 'SC-301'],
    ['482913-tunel-anchor-mango\n', 'SC-302'],
    ['', 'SC-310'],
  ])('--code-stdin with %j ends with %s', async (typed, code) => {
    const { input, entered } = enter({ type: 'stdin' });
    if (typed !== '') input.type(typed);
    input.end();
    await expect(entered).rejects.toMatchObject({ code });
  });
});

describe('on a terminal', () => {
  const terminal = { terminal: true };

  it('Enter makes a new code', async () => {
    const rig = enter(ask, terminal);
    await rig.type(CODE_QUESTION, ENTER);
    expect(await rig.entered).toMatchObject({ created: true, code: { form: 'generated' }, notices: [] });
  });

  it('a code that is typed is taken, a typo is told with the nearest word and can be corrected', async () => {
    const rig = enter(ask, terminal);
    await rig.type(CODE_QUESTION, `482913-tunel-anchor-mango${ENTER}`);
    await rig.type('Did you mean "tunnel"?', `\u0001${'\u001b[C'.repeat(10)}n${ENTER}`);
    const { code, created, notices } = await rig.entered;
    expect([text(code.secret), created, notices]).toEqual(['tunnel-anchor-mango', false, []]);
  });

  it('a malformed code is told and asked again', async () => {
    const rig = enter(ask, terminal);
    await rig.type(CODE_QUESTION, `k${ENTER}`);
    await rig.type('must have 3', `itchen-x${ENTER}`);
    expect(text((await rig.entered).code.secret)).toBe('x');
  });

  it('keys pasted behind Enter do not change the code', async () => {
    const clock = createFakeClock();
    const rig = enter(ask, { ...terminal, clock });
    await rig.type(CODE_QUESTION, `kitchen-blue${ENTER}hello`);
    await rig.output.until((shown) => shown.includes('kitchen-blue'));
    clock.advance(PASTE_PAUSE_MS);
    rig.input.type(ENTER);
    expect(text((await rig.entered).code.secret)).toBe('blue');
  });

  it('a room name alone asks for a secret, which is not shown', async () => {
    const rig = enter(ask, terminal);
    await rig.type(CODE_QUESTION, `kitchen${ENTER}`);
    await rig.type(CHOICE, `${DOWN}${ENTER}`);
    await rig.type(SECRET_QUESTION, `blue Hörse${ENTER}`);
    const { code, notices } = await rig.entered;
    expect([code.nameplate, text(code.secret), code.form, notices]).toEqual(['kitchen', 'blue Hörse', 'chosen', []]);
    expect(rig.output.text()).not.toMatch(/blue|rse/);
  });

  it('also when it was an argument; Enter means to compare words, and that is told', async () => {
    const rig = enter(argument('kitchen'), terminal);
    await rig.type(CHOICE, ENTER);
    expect(await rig.entered).toMatchObject({ code: { form: 'none' }, notices: ['SC-318'] });
    expect(rig.output.text()).not.toContain(CODE_QUESTION);
    const second = enter(argument('kitchen'), terminal);
    await second.type(CHOICE, `${DOWN}${ENTER}`);
    await second.type(SECRET_QUESTION, ENTER);
    expect(await second.entered).toMatchObject({ code: { form: 'none' }, notices: ['SC-318'] });
  });

  it('a generated secret is checked like a generated code', async () => {
    const rig = enter(argument('482913'), terminal);
    await rig.type(CHOICE, `${DOWN}${ENTER}`);
    await rig.type(SECRET_QUESTION, `tunnel-ancor-mango${ENTER}`);
    await rig.type('Did you mean "anchor"?', `${'\u007f'.repeat(11)}anchor-mango${ENTER}`);
    expect(await rig.entered).toMatchObject({ code: { form: 'generated' } });
  });

  it('nothing is asked for a whole code, nor with --code-stdin', async () => {
    const rig = enter(argument('kitchen-x'), terminal);
    expect((await rig.entered).notices).toEqual(['SC-319']);
    const piped = enter({ type: 'stdin' }, terminal);
    piped.input.type('kitchen\n');
    expect((await piped.entered).notices).toEqual(['SC-318']);
    expect(rig.output.text() + piped.output.text()).toBe('');
  });

  it.each([
    ['Ctrl-C', '\u0003', 'SC-311'],
    ['Escape', '\u001b', 'SC-311'],
    ['Ctrl-D', '\u0004', 'SC-310'],
  ])('%s ends every question', async (_key, bytesOfKey, code) => {
    const rig = enter(ask, terminal);
    await rig.type(CODE_QUESTION, `kitch${bytesOfKey}`);
    await expect(rig.entered).rejects.toMatchObject({ code });
    const second = enter(argument('kitchen'), terminal);
    await second.type(CHOICE, bytesOfKey);
    await expect(second.entered).rejects.toMatchObject({ code });
    const third = enter(argument('kitchen'), terminal);
    await third.type(CHOICE, `${DOWN}${ENTER}`);
    await third.type(SECRET_QUESTION, bytesOfKey);
    await expect(third.entered).rejects.toMatchObject({ code });
  });

  it.each(['end', 'fail'] as const)('%s of the input ends every question with SC-310', async (how) => {
    const rig = enter(ask, terminal);
    await rig.output.until((shown) => shown.includes(CODE_QUESTION));
    rig.input[how]();
    await expect(rig.entered).rejects.toMatchObject({ code: 'SC-310', detail: { what: 'code' } });
    const second = enter(argument('kitchen'), terminal);
    await second.output.until((shown) => shown.includes(CHOICE));
    second.input[how]();
    await expect(second.entered).rejects.toMatchObject({ code: 'SC-310', detail: { what: 'secret' } });
    const third = enter(argument('kitchen'), terminal);
    await third.type(CHOICE, `${DOWN}${ENTER}`);
    await third.output.until((shown) => shown.includes(SECRET_QUESTION));
    third.input[how]();
    await expect(third.entered).rejects.toMatchObject({ code: 'SC-310', detail: { what: 'secret' } });
    // One that had ended before the question.
    const late = createFakeInput(true);
    late.stream.resume();
    late.end();
    await new Promise((resolve) => late.stream.once('end', resolve));
    const question = { message: 'x', hidden: false, what: 'code', accept: () => undefined } as const;
    const asking = prompter(late, createFakeOutput(true)).ask(question);
    await expect(asking).rejects.toMatchObject({ code: 'SC-310' });
  });

  it('the input is handed over as it was: nobody listens, and what is typed next arrives', async () => {
    const rig = enter(ask, terminal);
    await rig.type(CODE_QUESTION, `kitchen-x${ENTER}`);
    const { input } = await rig.entered;
    expect(input.listenerCount('data') + input.listenerCount('readable') + input.listenerCount('keypress')).toBe(0);
    rig.input.type('next');
    expect(String(await new Promise((resolve) => input.once('data', resolve)))).toBe('next');
  });

  it('a word is offered while it is typed, and Tab takes it', async () => {
    const rig = enter(ask, terminal);
    await rig.type(CODE_QUESTION, '482913-tunn');
    await rig.type('Tab: tunnel', TAB);
    await rig.type('482913-tunnel-', `an${TAB}`);
    // More than one word begins like that: they are listed, and none is taken.
    await rig.type('anchor ancient anger angle angry', `cho${TAB}mang`);
    await rig.type('Tab: mango', `${TAB}${ENTER}`);
    expect(text((await rig.entered).code.secret)).toBe('tunnel-anchor-mango');
  });

  it('a word that cannot be one is told while it is typed; of a code of one\u2019s own nothing is said', async () => {
    const rig = enter(ask, terminal);
    await rig.type(CODE_QUESTION, '482913-tunel');
    await rig.type('Word 1: no such word. Did you mean "tunnel"?', '\u0015kitchen-blue');
    await rig.output.until((shown) => shown.includes('kitchen-blue'));
    rig.input.type(ENTER);
    await rig.entered;
    expect(rig.output.text().slice(rig.output.text().indexOf('kitchen'))).not.toMatch(/no such|Tab/);
  });

  it('a code with blanks for its dashes is a code', async () => {
    const rig = enter(ask, terminal);
    await rig.type(CODE_QUESTION, `482913 tunnel  anchor mango${ENTER}`);
    const { code } = await rig.entered;
    expect([code.nameplate, text(code.secret), code.form]).toEqual(['482913', 'tunnel-anchor-mango', 'generated']);
  });

  it.each(['help', 'Relay', 'pipe', 'send', 'receive', 'page', 'completion', 'version', 'doctor'])(
    'no room is called %s, wherever it is typed',
    async (name) => {
      const rig = enter(ask, terminal);
      await rig.type(CODE_QUESTION, `${name}${ENTER}`);
      await rig.type('is the name of a command', `-x${ENTER}`);
      expect((await rig.entered).code.nameplate).toBe(name);
      await expect(enter(argument(name)).entered).rejects.toMatchObject({ code: 'SC-511', detail: { name } });
      const piped = enter({ type: 'stdin' });
      piped.input.type(`${name}\n`);
      await expect(piped.entered).rejects.toMatchObject({ code: 'SC-511' });
    },
  );

  it('what was typed does not stay on the screen', async () => {
    const emulator = createEmulator(40, 10);
    const rig = enter(ask, { ...terminal, columns: 40 });
    await rig.type(CODE_QUESTION, `482913-tunnel-anchor-mango and more than fits in a row${'\u007f'.repeat(28)}`);
    rig.input.type(ENTER);
    await rig.entered;
    await rig.output.until((shown) => shown.includes(DONE));
    await emulator.write(bytes(rig.output.text()));
    expect(emulator.screen().filter((row) => row !== '')).toEqual([DONE]);
  });

  it('a text that is longer than a row is shown by its end, in one row', async () => {
    const emulator = createEmulator(80, 4);
    const rig = enter(ask, terminal);
    await rig.type(CODE_QUESTION, `kitchen-${'x'.repeat(200)}end`);
    await rig.output.until((shown) => shown.includes('xend'));
    await emulator.write(bytes(rig.output.text()));
    const [first, ...rest] = emulator.screen();
    expect(first).toMatch(/^\? Room code .* > x+end$/);
    expect(rest.every((row) => row === '')).toBe(true);
    rig.input.type('\u0003');
    await expect(rig.entered).rejects.toMatchObject({ code: 'SC-311' });
  });

  it('of a paste the first line is taken, however it comes', async () => {
    const clock = createFakeClock();
    const rig = enter(ask, { ...terminal, clock });
    await rig.type(CODE_QUESTION, '\u001b[200~kitchen-\n');
    await rig.type('kitchen-', 'second line\nthird\u001b[201~');
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(PASTE_PAUSE_MS);
    rig.input.type('\u001b[200~bl');
    await rig.type('kitchen-bl', '\u001b[201~');
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(PASTE_PAUSE_MS);
    rig.input.type('ue');
    await rig.type('kitchen-blue', ENTER);
    expect(text((await rig.entered).code.secret)).toBe('blue');
  });

  it.each([
    ['482913-tunnel-anchor', 'tunnel-anchor', 'has 3 words; this has 2'],
    ['482913-tunnel-anchor-mango-zebra-zoo', 'tunnel-anchor-mango-zebra-zoo', 'has 3 words; this has 5'],
    ['482913-tunnel anchor mango', 'tunnel anchor mango', 'a dash before each word'],
    ['482913-tunnelanchormango', 'tunnelanchormango', 'a dash before each word'],
    ['482913-zz', 'zz', 'Did you mean "zoo"? Enter again'],
    ['482913-tunnel-anchor-mang0', 'tunnel-anchor-mang0', 'Word 3: no such word. Did you mean "mango"? Enter again'],
    ['48291-tunnel-anchor-mango', 'tunnel-anchor-mango', 'has 6 digits; this has 5'],
    ['4829130-tunnel-anchor-mango', 'tunnel-anchor-mango', 'has 6 digits; this has 7'],
  ])(
    '%j looks like a generated code: asked about once, then it is a secret of one’s own',
    async (typed, secret, doubt) => {
      const rig = enter(ask, { ...terminal, columns: 200 });
      await rig.type(CODE_QUESTION, `${typed}${ENTER}`);
      // An Enter behind a change does not count.
      await rig.type(doubt, `x\u007f${ENTER}`);
      const asked = (shown: string): number => shown.split(doubt).length - 1;
      await rig.output.until((shown) => asked(shown) === 2);
      rig.input.type(ENTER);
      const { code } = await rig.entered;
      expect([text(code.secret), code.form]).toEqual([secret, 'chosen']);
      // What was looked at and not taken is overwritten.
      const left = rig.lookedUp.filter((part) => part.buffer !== code.secret.buffer);
      expect(left.length).toBeGreaterThan(0);
      expect(left.every((part) => part.every((byte) => byte === 0))).toBe(true);
      // Nothing is left to be called off.
      rig.callOff(new Error('too late'));
      await new Promise<void>((resolve) => rig.output.stream.write('next', () => resolve()));
      expect(rig.output.text()).toMatch(/\r\nnext$/);
    },
  );

  it('it can be completed as well, and a secret is looked at in the same way', async () => {
    const rig = enter(ask, terminal);
    await rig.type(CODE_QUESTION, `482913-tunnel-anchor${ENTER}`);
    await rig.type('3 words', `-mango${ENTER}`);
    expect((await rig.entered).code.form).toBe('generated');
    const second = enter(argument('482913'), terminal);
    await second.type(CHOICE, `${DOWN}${ENTER}`);
    await second.type(SECRET_QUESTION, `tunnel${ENTER}`);
    await second.type('3 words', ENTER);
    expect((await second.entered).code.form).toBe('chosen');
  });

  it('without a question it is taken as it is', async () => {
    expect((await enter(argument('482913-tunnel-anchor')).entered).code.form).toBe('chosen');
  });

  it('more than an answer can be is not taken', async () => {
    const rig = enter(ask, terminal);
    await rig.type(CODE_QUESTION, 'kitchen-x');
    await rig.type('> kitchen-x', 'y'.repeat(ANSWER_LIMIT));
    await new Promise((resolve) => setImmediate(resolve));
    rig.input.type(ENTER);
    expect(text((await rig.entered).code.secret)).toMatch(/^xy*$/);
  });
});

describe('where nothing may be painted', () => {
  const plain = { terminal: true, plain: true };
  const ESCAPES = /\u001b/;
  const NUMBER = CLI_WORDS.ask.number(2);

  it('what is typed is echoed, what is deleted is rubbed out, and what was refused is a line', async () => {
    const rig = enter(ask, { ...plain, columns: 200 });
    await rig.type(CODE_QUESTION, `k${ENTER}`);
    await rig.type('3 to 64 characters', `itchen-ab\u007fc\u001b[D${ENTER}`);
    expect(text((await rig.entered).code.secret)).toBe('ac');
    await rig.output.until((shown) => shown.endsWith('\b\r\n'));
    expect(rig.output.text()).not.toMatch(ESCAPES);
    expect(rig.output.text()).toContain('itchen-ab\b \bc');
  });

  it('what is said breaks between words on a narrow terminal', async () => {
    const rig = enter(ask, { ...plain, columns: 60 });
    await rig.type(CODE_QUESTION, `/help${ENTER}`);
    await rig.type('(SC-301)', `\u0003`);
    await expect(rig.entered).rejects.toThrow('SC-311');
    const rows = rig.output.text().split('\r\n');
    const said = rows.filter((row) => !row.startsWith(CODE_QUESTION) && row !== '');
    expect(said.length).toBeGreaterThan(2);
    expect(said.every((row, i) => row.length < 60 && row.startsWith('      | ') === i > 0)).toBe(true);
    expect(said.join(' ')).toContain('482913-tunnel-anchor-mango');
  });

  it('nothing of it stays on the screen, and no word is offered between the keys', async () => {
    const emulator = createEmulator(80, 10);
    const rig = enter(ask, plain);
    await rig.type(CODE_QUESTION, `482913-tunel-anchor-mango${ENTER}`);
    await rig.type('Did you mean', `\u0015482913-tunn${TAB}anch${TAB}mang${TAB}${ENTER}`);
    expect(text((await rig.entered).code.secret)).toBe('tunnel-anchor-mango');
    await rig.output.until((shown) => shown.endsWith('\b\r\n'));
    await emulator.write(bytes(rig.output.text()));
    expect(emulator.screen().join('\n')).not.toMatch(/482913|anchor|Tab/);
  });

  it.each([plain, { terminal: true, unicode: false }])('a choice is asked by number: %j', async (options) => {
    const rig = enter(argument('kitchen'), options);
    await rig.type(NUMBER, `3${ENTER}`);
    await rig.type(CLI_WORDS.ask.noNumber(2), `\u007f${ENTER}`);
    expect(await rig.entered).toMatchObject({ code: { form: 'none' } });
    const shown = rig.output.text();
    expect(shown).toContain(
      `${CLI_WORDS.ask.open('kitchen')}\r\n  1  ${CHOICE}\r\n  2  ${CLI_WORDS.ask.withSecret}\r\n`,
    );
    expect(shown).toMatch(/^[\u0000-\u007f]*$/);
    expect(ESCAPES.test(shown)).toBe(!('plain' in options));
    const second = enter(argument('kitchen'), options);
    await second.type(NUMBER, `22\u007f${ENTER}`);
    await second.type(SECRET_QUESTION, `blue${ENTER}`);
    expect(text((await second.entered).code.secret)).toBe('blue');
    expect(second.output.text()).not.toContain('blue');
    const third = enter(argument('kitchen'), options);
    await third.type(NUMBER, `1${ENTER}`);
    expect(await third.entered).toMatchObject({ code: { form: 'none' } });
  });
});

describe('a question that is called off', () => {
  const why = new Error('called off');
  const questions: readonly [string, CodeSource, readonly [string, string][]][] = [
    ['the code', ask, [[CODE_QUESTION, '482913-tunnel-se']]],
    ['the choice', argument('kitchen'), [[CHOICE, DOWN]]],
    [
      'the secret',
      argument('kitchen'),
      [
        [CHOICE, `${DOWN}${ENTER}`],
        [SECRET_QUESTION, 'open sesame'],
      ],
    ],
  ];

  it.each(questions)('%s: the screen is left clean before the abort returns', async (_name, source, typed) => {
    const rig = enter(source, { terminal: true });
    for (const [behind, keys] of typed) await rig.type(behind, keys);
    const last = typed.at(-1)?.[1] ?? '';
    await rig.output.until((shown) =>
      shown.includes(last === 'open sesame' ? '***********' : last === DOWN ? 'Type a secret' : last),
    );
    rig.callOff(why);
    // What is written next comes behind it.
    rig.output.stream.write('next');
    expect(rig.rawModes.at(-1)).toBe(false);
    await expect(rig.entered).rejects.toBe(why);
    await rig.output.until((shown) => shown.endsWith('next'));
    const emulator = createEmulator(80, 10);
    await emulator.write(bytes(rig.output.text().replaceAll('\n', '\r\n')));
    const screen = emulator.screen().join('\n');
    expect(screen).not.toMatch(/tunnel-se|\*/);
    expect(screen).toMatch(/^next$/m);
    const shown = rig.output.text();
    expect(shown.lastIndexOf('\u001b[?25h')).toBeGreaterThanOrEqual(shown.lastIndexOf('\u001b[?25l'));
    const { stream } = rig.input;
    expect(stream.listenerCount('data') + stream.listenerCount('readable')).toBe(0);
  });

  it.each([{}, { plain: true }])('before it is asked, it is not: %j', async (options) => {
    const calledOff = new AbortController();
    calledOff.abort(why);
    for (const source of [ask, argument('kitchen')]) {
      const rig = enter(source, { terminal: true, ...options, calledOff });
      await expect(rig.entered).rejects.toBe(why);
      // What was written before would be out with this.
      await new Promise<void>((resolve) => rig.output.stream.write('next', () => resolve()));
      expect(rig.output.text()).toBe('next');
    }
  });
});
