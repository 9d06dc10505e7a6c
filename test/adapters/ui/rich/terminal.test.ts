/** Frames onto a terminal: when, how much, and that the terminal is as it was in every case. */
import { describe, expect, test } from 'vitest';
import { createBytes, encodeRow } from '../../../../adapters/ui/rich/encode.js';
import { type Frame, type Row, type Span, span } from '../../../../adapters/ui/rich/frame.js';
import { createPainter } from '../../../../adapters/ui/rich/painter.js';
import { createSchedule, FRAME_MS } from '../../../../adapters/ui/rich/schedule.js';
import { createTerminal, ENTER, LEAVE, SUSPEND_MS } from '../../../../adapters/ui/rich/terminal.js';
import { hasUnicode } from '../../../../adapters/text/locale.js';
import { LEAST_COLUMNS, LEAST_ROWS, whyNotRich } from '../../../../adapters/ui/rich/capable.js';
import { utf8 } from '../../../../adapters/text/utf8.js';
import { createFakeClock } from '../../../../plugins/testing/clock.js';
import { createFakeInput, createFakeOutput } from '../../../../plugins/testing/streams.js';
import { createEmulator } from '../../../support/emulator.js';
import { createFakeHost } from '../../../support/rich.js';
import { bytes } from '../../../support/streams.js';

const LOOK = { color: false, unicode: true };
const text = (found: Uint8Array | undefined): string => Buffer.from(found ?? []).toString('utf8');
const frame = (rows: readonly Row[], columns = 20, scratch: readonly Uint8Array[] = []): Frame => ({
  columns,
  rows,
  scratch,
});
const row = (...parts: (Span | string)[]): Row =>
  parts.map((part, i) => (typeof part === 'string' ? span(i === 0 ? 0 : undefined, 'plain', utf8(part)) : part));

describe('the schedule', () => {
  const open = (busy: () => boolean = () => false) => {
    const clock = createFakeClock();
    const drawn: number[] = [];
    const schedule = createSchedule(clock, () => {
      if (busy()) return false;
      drawn.push(clock.now());
      return true;
    });
    return { clock, schedule, drawn };
  };

  test('draws at once after a pause, then at most once in a while, and nothing that was not asked for', () => {
    const { clock, schedule, drawn } = open();
    for (let i = 0; i < 100; i++) {
      schedule.request();
      clock.advance(1);
    }
    clock.advance(1000);
    expect(drawn).toEqual([0, 1, 2, 3, 4].map((frames) => frames * FRAME_MS));
    const before = drawn.length;
    clock.advance(1000);
    expect(drawn.length).toBe(before);
    schedule.request();
    expect(drawn.length).toBe(before + 1);
  });

  test('what could not be drawn is drawn as soon as it can be, once', () => {
    let busy = true;
    const { clock, schedule, drawn } = open(() => busy);
    schedule.request();
    schedule.request();
    clock.advance(1000);
    expect(drawn).toEqual([]);
    busy = false;
    schedule.again();
    schedule.again();
    clock.advance(1000);
    expect(drawn).toHaveLength(1);
  });

  test('what changes by itself is asked for in time; after close nothing is drawn', () => {
    const { clock, schedule, drawn } = open();
    schedule.requestAt(500);
    clock.advance(500);
    expect(drawn).toEqual([500]);
    schedule.requestAt(2000);
    schedule.request();
    schedule.close();
    schedule.request();
    clock.advance(5000);
    expect(drawn).toEqual([500]);
  });
});

describe('the painter', () => {
  test('paints only rows that differ, and nothing when none does', () => {
    const painter = createPainter(LOOK);
    expect(text(painter.paint(frame([row('one'), row('two')])))).toContain('two');
    expect(painter.paint(frame([row('one'), row('two')]))).toBeUndefined();
    const second = text(painter.paint(frame([row('one'), row('TWO')])));
    expect([second.includes('one'), second.includes('TWO'), second.includes('\x1b[2J')]).toEqual([false, true, false]);
  });

  test('paints everything anew when the screen is not known any more', () => {
    const painter = createPainter(LOOK);
    painter.paint(frame([row('one')]));
    painter.forget();
    expect(text(painter.paint(frame([row('one')])))).toMatch(/\x1b\[2J.*one/);
  });

  test('is one synchronized update', () => {
    expect(text(createPainter(LOOK).paint(frame([row('one')])))).toMatch(/^\x1b\[\?2026h.*\x1b\[\?2026l$/);
  });

  test('overwrites the copies that a layout made', () => {
    const scratch = bytes('secret');
    createPainter(LOOK).paint(frame([], 20, [scratch]));
    expect(scratch.every((byte) => byte === 0)).toBe(true);
  });

  test.each(['6', '11'] as const)(
    'the cursor stands where the terminal put it, in the widths of Unicode %s',
    async (widths) => {
      const emulator = createEmulator(20, 3, widths);
      const painter = createPainter(LOOK);
      const at = async (before: string): Promise<number> => {
        const cursor: Span = { ...span(undefined, 'plain', utf8('behind')), cursor: true };
        await emulator.write(painter.paint(frame([row('x'), row(before, cursor), row('y')])) ?? new Uint8Array(0));
        const drawn = emulator.screen()[1] ?? '';
        expect(drawn.startsWith(`${before}behind`)).toBe(true);
        return emulator.cursor.column;
      };
      expect(await at('abc')).toBe(3);
      const family = await at('👨\u200d👩\u200d👧');
      expect(await at('今日')).toBe(4);
      expect(family).toBe(widths === '6' ? 3 : 6);
      expect(emulator.cursor.row).toBe(1);
    },
  );
});

describe('a row as bytes', () => {
  const drawn = async (spans: Row, look = LOOK, before = ''): Promise<string[]> => {
    const emulator = createEmulator(20, 3);
    const out = createBytes(16);
    await emulator.write(bytes(`\x1b[?7l\x1b[2;1H${before}`));
    encodeRow(out, spans, 1, 20, look);
    await emulator.write(out.copy());
    return emulator.screen();
  };

  test('leaves nothing of what was there', async () => {
    expect(await drawn(row('new'), LOOK, 'something old')).toEqual(['', 'new', '']);
    expect(await drawn([span(0, 'plain', 'a'), span(10, 'plain', 'b')], LOOK, 'something old here')).toEqual([
      '',
      'a         b',
      '',
    ]);
  });

  test('a text that is too long does not reach the next row, and the last column stays', async () => {
    const border = span(19, 'plain', '|');
    expect(await drawn([span(0, 'plain', 'x'.repeat(50)), border])).toEqual(['', `${'x'.repeat(19)}|`, '']);
    expect(await drawn([span(0, 'plain', utf8('今'.repeat(50))), border])).toEqual(['', `${'今'.repeat(9)} |`, '']);
  });

  test('without Unicode there is ASCII only', () => {
    const out = createBytes(16);
    encodeRow(out, row('aä今e\u0301👨\u200d👩'), 0, 20, { color: false, unicode: false });
    expect(text(out.view())).toBe('\x1b[1;1Ha??e??\x1b[K');
  });

  test('colours only where they are wanted, and no look goes on behind its text', () => {
    const styles = ['plain', 'bold', 'dim', 'good', 'warn', 'bad', 'accent', 'inverse'] as const;
    for (const color of [false, true]) {
      const out = createBytes(16);
      encodeRow(
        out,
        styles.map((style, i) => span(i, style, 'x')),
        0,
        20,
        { color, unicode: true },
      );
      const looks = text(out.view()).match(/\x1b\[[\d;]*m/g) ?? [];
      expect(looks.filter((_, i) => i % 2 === 1).every((each) => each === '\x1b[0m')).toBe(true);
      expect(looks.some((each) => /3\d|9\d|4\d/.test(each))).toBe(color);
    }
  });

  test('the bytes are overwritten when they are not needed any more', () => {
    const out = createBytes(4);
    out.add(bytes('abc'));
    const first = out.view();
    out.add(bytes('defghi'));
    const second = out.view();
    out.clear();
    expect([...first, ...second].every((byte) => byte === 0)).toBe(true);
  });
});

describe('the terminal', () => {
  function open() {
    const [input, output] = [createFakeInput(true), createFakeOutput(true)];
    const clock = createFakeClock();
    const host = createFakeHost();
    const raw: boolean[] = [];
    Object.assign(input.stream, { setRawMode: (on: boolean) => raw.push(on) });
    const said: string[] = [];
    const terminal = createTerminal({ input: input.stream, output: output.stream }, clock, host, {
      keys: (chunk) => said.push(`keys ${text(chunk)}`),
      end: () => said.push('end'),
      gone: () => said.push('gone'),
      resumed: () => said.push('resumed'),
      changed: () => said.push('changed'),
      ready: () => said.push('ready'),
    });
    return { input, output, clock, host, raw, said, terminal };
  }
  const settled = async (): Promise<void> => {
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
  };

  test('is taken and given back, with the last words on the normal screen', async () => {
    const { terminal, output, raw, host, input } = open();
    terminal.open();
    await terminal.close(bytes('bye\n'));
    expect(output.text()).toBe(`${ENTER}${LEAVE}bye\n`);
    expect(raw).toEqual([true, false]);
    expect((['SIGTSTP', 'SIGCONT', 'exit'] as const).map((event) => host.listening(event))).toEqual([0, 0, 0]);
    expect(input.paused()).toBe(true);
    await terminal.close(bytes('again\n'));
    expect(output.text()).not.toContain('again');
  });

  test('in an emulator every mode is as it was, and the screen that is left is empty', async () => {
    const emulator = createEmulator(20, 5);
    const before = emulator.modes;
    await emulator.write(bytes('$ before\r\n'));
    await emulator.write(bytes(ENTER));
    expect([emulator.alternate, emulator.modes === before]).toEqual([true, false]);
    await emulator.write(bytes('\x1b[?2026h\x1b[?25lsecret\x1b[31m'));
    await emulator.write(bytes(LEAVE));
    expect([emulator.alternate, emulator.modes]).toEqual([false, before]);
    expect(emulator.screen()).toEqual(['$ before', '', '', '', '']);
  });

  test('its wheel sends no keys meanwhile; afterwards it does what it did, or what is usual', () => {
    expect(ENTER).toContain('\x1b[?1007s\x1b[?1007l');
    expect(LEAVE).toContain('\x1b[?1007h\x1b[?1007r');
  });

  test('is given back when the process ends in whatever way', async () => {
    const { terminal, output, raw, host } = open();
    terminal.open();
    await settled();
    host.raise('exit');
    await settled();
    expect([output.text(), raw]).toEqual([`${ENTER}${LEAVE}`, [true, false]]);
  });

  test.each(['its key', 'a signal'])(
    'is given back while the process is suspended by %s, and taken again',
    async (by) => {
      const { terminal, output, raw, host, clock, said } = open();
      terminal.open();
      if (by === 'its key') terminal.suspend();
      else host.raise('SIGTSTP');
      await settled();
      expect([output.text(), raw, host.stops]).toEqual([`${ENTER}${LEAVE}`, [true, false], 1]);
      // The signal must find nobody who listens, or it would not stop the process.
      expect(host.listening('SIGTSTP')).toBe(0);
      expect(terminal.busy).toBe(true);
      host.raise('SIGCONT');
      await settled();
      expect(output.text()).toBe(`${ENTER}${LEAVE}${ENTER}`);
      expect([raw.at(-1), host.listening('SIGTSTP'), said.filter((each) => each !== 'ready')]).toEqual([
        true,
        1,
        ['resumed', 'changed'],
      ]);
      clock.advance(1000);
      expect(host.stops).toBe(1);
    },
  );

  test('a suspension that does not happen is over at once', async () => {
    const { terminal, output, clock } = open();
    terminal.open();
    terminal.suspend();
    clock.advance(SUSPEND_MS);
    await settled();
    expect(output.text()).toBe(`${ENTER}${LEAVE}${ENTER}`);
    await terminal.close(bytes(''));
  });

  test('after SIGSTOP, which nobody sees, the modes are set anew', () => {
    const { terminal, raw, host, said } = open();
    terminal.open();
    host.raise('SIGCONT');
    expect([raw, said]).toEqual([
      [true, false, true],
      ['resumed', 'changed'],
    ]);
  });

  test('tells keys, the end once, a new size, and when it is ready', async () => {
    const { terminal, input, output, said } = open();
    terminal.open();
    await settled();
    input.type('ab');
    Object.assign(output.stream, { columns: 100, rows: 50 }).emit('resize');
    await settled();
    input.end();
    await settled();
    expect(said).toEqual(['ready', 'keys ab', 'changed', 'end']);
    expect(terminal.size).toEqual({ columns: 100, rows: 50 });
    Object.assign(output.stream, { columns: 0, rows: 0 });
    expect(terminal.size).toEqual({ columns: 80, rows: 24 });
  });

  test('is busy until the bytes are out; a broken one is told once', async () => {
    const { terminal, output, said } = open();
    terminal.open();
    expect(terminal.busy).toBe(true);
    await settled();
    expect(terminal.busy).toBe(false);
    output.fail();
    terminal.write(bytes('x'));
    terminal.write(bytes('y'));
    await settled();
    expect(said.filter((each) => each === 'gone')).toEqual(['gone']);
  });
});

describe('where rich can work', () => {
  const tty = { isTTY: true, setRawMode: () => undefined, columns: 80, rows: 24 };
  const why = (
    more: { input?: object; output?: object; env?: Record<string, string>; platform?: string } = {},
  ): string | undefined =>
    whyNotRich({
      input: { ...tty, ...more.input },
      output: { ...tty, ...more.output },
      env: { TERM: 'xterm', ...more.env },
      platform: more.platform ?? 'linux',
    });

  test('is a terminal at both ends that is large enough and not dumb', () => {
    expect(why()).toBeUndefined();
    expect(why({ output: { columns: LEAST_COLUMNS, rows: LEAST_ROWS } })).toBeUndefined();
    expect(why({ output: { columns: 0, rows: 0 } })).toBeUndefined();
    const not = [
      why({ input: { isTTY: false } }),
      why({ output: { isTTY: false } }),
      why({ input: { setRawMode: undefined } }),
      why({ env: { TERM: 'dumb' } }),
      why({ env: { TERM: '' } }),
      why({ output: { columns: LEAST_COLUMNS - 1 } }),
      why({ output: { rows: LEAST_ROWS - 1 } }),
    ];
    expect(new Set(not).size).toBe(7);
    expect(why({ env: { TERM: '' }, platform: 'win32' })).toBeUndefined();
    expect(not).not.toContain(undefined);
  });

  test.each([
    [{ LANG: 'en_US.UTF-8' }, 'linux', true],
    [{ LANG: 'C' }, 'linux', false],
    [{}, 'linux', false],
    [{}, 'darwin', true],
    [{}, 'win32', true],
    [{ LC_ALL: 'C', LANG: 'en_US.UTF-8' }, 'linux', false],
    [{ LC_ALL: '', LC_CTYPE: 'C.utf8', LANG: 'C' }, 'linux', true],
  ])('%j on %s: Unicode %s', (env, platform, expected) => {
    expect(hasUnicode(env, platform)).toBe(expected);
  });
});
