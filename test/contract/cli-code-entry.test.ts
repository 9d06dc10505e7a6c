/**
 * Entering the code: from every source, with and without a terminal, every question to its end.
 */
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { describe, expect, it } from 'vitest';
import { type CodeEntry, enterCode } from '../../adapters/cli/code-entry.js';
import type { CodeSource } from '../../adapters/cli/options.js';
import { createPrompter } from '../../adapters/cli/prompt.js';
import { parseRelayAddress } from '../../adapters/cli/relay-address.js';
import { createWordlist } from '../../core/room/words.js';
import { createFakeInput, createFakeOutput, type FakeInput, type FakeOutput } from '../../plugins/testing-streams.js';

const words = createWordlist(wordlist);
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (utf8: Uint8Array): string => new TextDecoder().decode(utf8);
const argument = (code: string): CodeSource => ({ type: 'argument', bytes: bytes(code) });
const ask: CodeSource = { type: 'ask' };

const CODE_QUESTION = 'Room code';
const PASSPHRASE_QUESTION = 'Shared passphrase';
const ENTER = '\r';

interface Rig {
  readonly input: FakeInput;
  readonly output: FakeOutput;
  readonly entered: ReturnType<typeof enterCode>;
  /** Waits for the text on the terminal, then types. */
  type(behind: string, keys: string): Promise<void>;
}

function enter(source: CodeSource, { terminal = false } = {}): Rig {
  const input = createFakeInput(terminal);
  const output = createFakeOutput(terminal);
  const entry: CodeEntry = {
    source,
    words,
    random: (n) => crypto.getRandomValues(new Uint8Array(n)),
    input: input.stream,
    prompter: terminal ? createPrompter(input.stream, output.stream, false) : undefined,
    checkRelay: (address) => parseRelayAddress(address, false),
  };
  const entered = enterCode(entry);
  entered.catch(() => undefined);
  return {
    input,
    output,
    entered,
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
    const source = { type: 'argument', bytes: bytes('482913-Tunnel-anchor-mango') } as const;
    const { code, created, notices } = await enter(source).entered;
    expect([code.nameplate, text(code.secret), created, notices]).toEqual([
      '482913',
      'tunnel-anchor-mango',
      false,
      ['SC-319'],
    ]);
    expect(source.bytes.every((byte) => byte === 0)).toBe(true);
  });

  it('a room name alone has no secret, and that is told', async () => {
    const { code, created, notices } = await enter(argument('SECRET123')).entered;
    expect([code.form, created, notices]).toEqual(['none', false, ['SC-318']]);
  });

  it('a link may name a relay, which is checked', async () => {
    const secure = await enter(argument('securechat://kitchen-x?relay=https://relay.example')).entered;
    expect(secure.relay?.href).toBe('wss://relay.example/');
    await expect(enter(argument('securechat://kitchen-x?relay=ws://relay.example')).entered).rejects.toThrow('SC-110');
    await expect(enter(argument('securechat://kitchen-x?relay=relay')).entered).rejects.toThrow('SC-109');
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
    await rig.type('3 to 64 characters', `itchen-x${ENTER}`);
    expect(text((await rig.entered).code.secret)).toBe('x');
  });

  it('keys pasted behind Enter do not change the code', async () => {
    const rig = enter(ask, terminal);
    await rig.type(CODE_QUESTION, `kitchen-blue${ENTER}hello`);
    expect(text((await rig.entered).code.secret)).toBe('blue');
  });

  it('a room name alone asks for a passphrase, which is not shown', async () => {
    const rig = enter(ask, terminal);
    await rig.type(CODE_QUESTION, `kitchen${ENTER}`);
    await rig.type(PASSPHRASE_QUESTION, `blue Hörse${ENTER}`);
    const { code, notices } = await rig.entered;
    expect([code.nameplate, text(code.secret), code.form, notices]).toEqual(['kitchen', 'blue Hörse', 'chosen', []]);
    expect(rig.output.text()).not.toMatch(/blue|rse/);
  });

  it('also when it was an argument; Enter means none, and that is told', async () => {
    const rig = enter(argument('kitchen'), terminal);
    await rig.type(PASSPHRASE_QUESTION, ENTER);
    expect(await rig.entered).toMatchObject({ code: { form: 'none' }, notices: ['SC-318'] });
    expect(rig.output.text()).not.toContain(CODE_QUESTION);
  });

  it('a generated passphrase is checked like a generated code', async () => {
    const rig = enter(argument('482913'), terminal);
    await rig.type(PASSPHRASE_QUESTION, `tunnel-ancor-mango${ENTER}`);
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
    await second.type(PASSPHRASE_QUESTION, bytesOfKey);
    await expect(second.entered).rejects.toMatchObject({ code });
  });

  it.each(['end', 'fail'] as const)('%s of the input ends every question with SC-310', async (how) => {
    const rig = enter(ask, terminal);
    await rig.output.until((shown) => shown.includes(CODE_QUESTION));
    rig.input[how]();
    await expect(rig.entered).rejects.toMatchObject({ code: 'SC-310', detail: { what: 'code' } });
    const second = enter(argument('kitchen'), terminal);
    await second.output.until((shown) => shown.includes(PASSPHRASE_QUESTION));
    second.input[how]();
    await expect(second.entered).rejects.toMatchObject({ code: 'SC-310', detail: { what: 'passphrase' } });
    // One that had ended before the question.
    const late = createFakeInput(true);
    late.stream.resume();
    late.end();
    await new Promise((resolve) => late.stream.once('end', resolve));
    const question = { message: 'x', hidden: false, what: 'code', accept: () => undefined } as const;
    const asking = createPrompter(late.stream, createFakeOutput(true).stream, false).ask(question);
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
});
