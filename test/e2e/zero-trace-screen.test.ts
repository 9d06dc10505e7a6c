/**
 * What a terminal still holds when the chat is over (docs/zero-trace.md, proof 5): both screens and everything that can be
 * scrolled back to, read from an emulator. Two planted leaks show that it would be found.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CONTROLS } from '../support/chance.js';
import { buildVariant, type Change } from '../support/planted.js';
import { killAll, PROGRAM, start } from '../support/program.js';
import { type RelayProcess, startRelayProcess } from '../support/relay.js';
import { hasPty, killTerminals, startInTerminal, type Terminal } from '../support/terminal.js';

const ACTIVE = /end-to-end encrypted/;
const SAID = /Zq7Wm/;

let relay: RelayProcess;
let rooms = 0;
beforeAll(async () => {
  relay = await startRelayProcess(['--port', '0', '--joins-per-minute', '100000', '--connections-per-address', '1000']);
});
afterEach(() => {
  killTerminals();
  killAll();
});
afterAll(() => relay.stop());

/** A chat of more than a screen, in `program`; what one side's terminal keeps of it after `end`. */
async function kept(end: (side: Terminal) => void, program = PROGRAM, ui = ['rich']) {
  const code = `dune${process.pid}x${(rooms += 1)}-tunnel-anchor`;
  const flags = ['--relay', relay.url.href, '--ui', ...ui, code];
  const side = startInTerminal(flags, { file: program });
  const other = start(['--relay', relay.url.href, '--ui', 'json', code]);
  await Promise.all([side.shows(ACTIVE), other.event('state', ({ state }) => state === 'active')]);
  for (let i = 0; i < 40; i++) other.command({ do: 'send', text: `Zq7Wm ${i}` });
  await side.shows('Zq7Wm 39');
  side.type('written Zq7Wm');
  await side.shows('written Zq7Wm');
  end(side);
  await side.exit;
  const rows = side.emulator.everything();
  // What a terminal keeps that does not forget its other screen.
  await side.emulator.write(Buffer.from('\x1b[?47h'));
  return { rows: [...rows, ...side.emulator.everything()], side };
}

describe.skipIf(!hasPty)('after the end', () => {
  it.each<[string, (side: Terminal) => void]>([
    ['/quit', (side) => side.type('\x15/quit\r')],
    ['/wipe', (side) => side.type('\x15/wipe\r')],
    ['SIGTERM', (side) => side.kill('SIGTERM')],
    ['SIGHUP', (side) => side.kill('SIGHUP')],
  ])('by %s: one line of the program, nothing of the chat', async (_name, end) => {
    const { rows } = await kept(end);
    expect(rows.filter((row) => SAID.test(row))).toEqual([]);
    expect(rows.filter((row) => row !== '' && !/^securechat: |^ *\S*.*\(SC-\d+\)$/.test(row))).toEqual([]);
  });

  const TYPED = '482913-tunnel-Zq7Wm';
  it.each(['SIGTERM', 'SIGHUP'] as const)('by %s at the prompt: the question, and how it ended', async (signal) => {
    const side = startInTerminal(['--relay', relay.url.href, '--ui', 'rich']);
    await side.shows('Room code');
    side.type(TYPED);
    await side.shows(TYPED);
    side.kill(signal);
    expect(await side.exit).toBe(130);
    const [question, ...rest] = side.emulator.everything().filter((row) => row !== '');
    expect(question).toBe('? Room code (Enter for a new one)');
    expect(rest.join('\n')).toMatch(/^securechat: .*\(SC-311\)$/);
  });

  it.each(['SIGTERM', 'SIGHUP'] as const)('by %s at the choice of a secret: the cursor is shown', async (signal) => {
    const side = startInTerminal(['--relay', relay.url.href, '--ui', 'rich', 'dune']);
    await side.shows('Type a secret');
    side.kill(signal);
    expect(await side.exit).toBe(130);
    const written = Buffer.from(side.written()).toString();
    expect(written.lastIndexOf('\x1b[?25h')).toBeGreaterThan(written.lastIndexOf('\x1b[?25l'));
    expect(side.emulator.everything().join('\n')).toMatch(/^securechat: .*\(SC-311\)$/m);
  });

  const ENDS: readonly [string, (side: Terminal) => void][] = [
    ['/quit', (side) => side.type('\x15/quit\n')],
    ['/wipe', (side) => side.type('\x15/wipe\n')],
    ['SIGTERM', (side) => side.kill('SIGTERM')],
  ];
  it.each(ENDS)('of the line UI with --wipe-scrollback, by %s: how it ended', async (_name, end) => {
    const { rows } = await kept(end, PROGRAM, ['line', '--wipe-scrollback']);
    expect(rows.filter((row) => SAID.test(row))).toEqual([]);
    expect(rows.filter((row) => row !== '' && !/^securechat: |^ *\S*.*\(SC-\d+\)$/.test(row))).toEqual([]);
  });

  it('of the line UI without it: all that was said, as is told at the start', async () => {
    const { rows } = await kept((side) => side.kill('SIGTERM'), PROGRAM, ['line']);
    const wanted = Array.from({ length: 40 }, (_, i) => `Zq7Wm ${i}`);
    expect([...new Set(rows.flatMap((row) => /Zq7Wm \d+$/.exec(row)?.[0] ?? []))]).toEqual(wanted);
    expect(rows.filter((row) => row.includes('SC-510')).length).toBeGreaterThan(0);
  });

  it.each(['line', 'rich'])('no half a line of the %s UI becomes a command of the shell', async (ui) => {
    const code = `dune${process.pid}x${(rooms += 1)}-tunnel-anchor`;
    // The shell waits at the end: what a process writes last may be lost with it.
    const line = `"$0" --relay ${relay.url.href} --ui ${ui} ${code}; echo over; read -r rest; echo "left: <$rest>"; read -r end`;
    const side = startInTerminal(['-c', line, PROGRAM], { file: '/bin/sh' });
    const other = start(['--relay', relay.url.href, '--ui', 'json', code]);
    await Promise.all([side.shows(ACTIVE), other.event('state', ({ state }) => state === 'active')]);
    side.type('written Zq7Wm');
    await side.shows('written Zq7Wm');
    other.command({ do: 'quit' });
    // Before that the program may still throw away what is typed.
    await side.shows(/^over$/m);
    side.type('\n');
    await side.shows('left: <>');
  });

  const FILE = 'adapters/ui/rich/terminal.ts';
  it.runIf(CONTROLS).each<[string, readonly Change[]]>([
    [
      'the normal screen is used and not cleared: either alone leaves nothing',
      [
        { file: FILE, from: "ENTER = '\\x1b[?1049h", to: "ENTER = '" },
        { file: FILE, from: '\\x1b[0m\\x1b[2J\\x1b[?7h', to: '\\x1b[0m\\x1b[?7h' },
      ],
    ],
    ['the screen is not left', [{ file: FILE, from: 'if (entered) write(ascii(LEAVE));', to: '' }]],
  ])('a planted leak is found: %s', async (_name, changes) => {
    const variant = await buildVariant(changes);
    try {
      const { rows } = await kept((side) => side.kill('SIGTERM'), variant.launcher);
      expect(rows.some((row) => SAID.test(row))).toBe(true);
    } finally {
      variant.remove();
    }
  });
});
