/** The code, asked for again inside the chat: the same help as at the start, and bytes that are gone afterwards. */
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { describe, expect, test } from 'vitest';
import { createCodeHelp } from '../../../../adapters/cli/code-help.js';
import { CODE_LIMIT } from '../../../../adapters/ui/rich/code-entry.js';
import { CLI_WORDS } from '../../../../adapters/words/cli.js';
import { UI_WORDS } from '../../../../adapters/words/line.js';
import type { UiEvent } from '../../../../core/ports.js';
import { createWordlist } from '../../../../core/room/words.js';
import { openRich, type RichRig } from '../../../support/rich.js';
import { notice, state } from '../../../support/views.js';

const codeHelp = createCodeHelp(createWordlist(wordlist));

async function asked(same: boolean, size = { columns: 80, rows: 24 }): Promise<RichRig> {
  const rig = openRich({ ...size, codeHelp });
  rig.show(state('searching'), state('handshaking'), notice('The codes do not match.'), {
    type: 'code-wanted',
    same,
  });
  await rig.drawn();
  return rig;
}

const codes = (events: readonly UiEvent[]): string[] =>
  events.map((event) => (event.type === 'code' ? Buffer.from(event.code).toString() : `(${event.type})`));
const seen = async (rig: RichRig): Promise<string> => (await rig.screen()).join('\n');

describe.each([
  { columns: 80, rows: 24 },
  { columns: 40, rows: 10 },
])('the code is asked for again on %j', (size) => {
  test('with words completed and typos named; Enter gives it to the session', async () => {
    const rig = await asked(false, size);
    expect(await seen(rig)).toContain(UI_WORDS.codeWanted);
    await rig.type('482913-tunn');
    expect(await seen(rig)).toContain(CLI_WORDS.ask.tab('tunnel'));
    await rig.type('\tzz');
    expect(await seen(rig)).toContain('Word 2: no such word.');
    await rig.type('\x7f\x7fanch\tma');
    await rig.type('\t');
    expect(await seen(rig)).toContain('machine');
    await rig.type('ng\t\r');
    expect(codes(rig.events)).toEqual(['482913-tunnel-anchor-mango']);
    expect(await seen(rig)).not.toContain('tunnel');
    await rig.ui.close();
  });
});

test('a code that is probably mistyped is said once before it costs an attempt', async () => {
  const rig = await asked(false);
  await rig.type('482913-tunnel-anchor\r');
  expect(rig.events).toEqual([]);
  expect(await seen(rig)).toContain('this has 2.');
  await rig.type('\r');
  expect(codes(rig.events)).toEqual(['482913-tunnel-anchor']);
  await rig.ui.close();
});

test('Enter alone stands for the same one, where there is one', async () => {
  const rig = await asked(true);
  expect(await seen(rig)).toContain(UI_WORDS.codeWantedSame);
  await rig.type('\r');
  expect(codes(rig.events)).toEqual(['']);
  expect(await seen(rig)).not.toContain(UI_WORDS.codeWantedSame);
  await rig.ui.close();
});

test('it is asked as often as the session asks; what is typed is never a message, nor a command', async () => {
  const rig = await asked(false);
  await rig.type('/quit\r');
  rig.show({ type: 'code-wanted', same: false });
  await rig.type('hello there\r');
  expect(codes(rig.events)).toEqual(['/quit', 'hello there']);
  await rig.ui.close();
});

test('of a paste the first line is taken, and no more than a code can be', async () => {
  const rig = await asked(false);
  rig.input.type('\x1b[200~kitchen-blue horse\nsec');
  await rig.type('ond\nthird\x1b[201~');
  await rig.type('\r');
  expect(codes(rig.events)).toEqual(['kitchen-blue horse']);
  rig.show({ type: 'code-wanted', same: false });
  await rig.type(`\x1b[200~${'x'.repeat(CODE_LIMIT * 2)}\x1b[201~`);
  await rig.type('\r');
  expect(codes(rig.events)[1]?.length).toBeLessThanOrEqual(CODE_LIMIT);
  await rig.ui.close();
});

test('Esc twice and Ctrl-D leave, Ctrl-C asks once', async () => {
  const rig = await asked(false);
  await rig.type('\x1b');
  rig.clock.advance(1_000);
  await rig.type('\x1b');
  rig.clock.advance(1_000);
  await rig.drawn();
  expect(rig.events).toEqual([{ type: 'quit' }]);
  await rig.type('\x04');
  expect(rig.events).toHaveLength(2);
  await rig.type('\x03\x03');
  expect(rig.events.at(-1)).toEqual({ type: 'interrupt' });
  await rig.ui.close();
});

test('the next state takes the question away', async () => {
  const rig = await asked(false);
  rig.show(state('searching'));
  expect(await seen(rig)).not.toContain(UI_WORDS.codeWanted);
  await rig.ui.close();
});
