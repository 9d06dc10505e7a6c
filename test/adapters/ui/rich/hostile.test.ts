/**
 * Text from outside on the screen, in both tables of widths of the emulator: no cell outside its rows changes, no mode, no
 * title, no answer; and it cannot look like a status, a notice or another speaker.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { createEditor } from '../../../../adapters/terminal/editor.js';
import { createGlyphs } from '../../../../adapters/ui/rich/glyphs.js';
import { layout, type Size } from '../../../../adapters/ui/rich/layout.js';
import { createModel } from '../../../../adapters/ui/rich/model.js';
import { createPainter } from '../../../../adapters/ui/rich/painter.js';
import { ENTER } from '../../../../adapters/ui/rich/terminal.js';
import { sanitize } from '../../../../adapters/text/sanitize.js';
import type { UiView } from '../../../../core/ports.js';
import { fc, runs } from '../../../support/chance.js';
import { createEmulator } from '../../../support/emulator.js';
import { ROOT } from '../../../support/program.js';
import { bytes } from '../../../support/streams.js';
import { notice, own, state, status } from '../../../support/views.js';

const AT = new Date(2030, 0, 1, 12, 1).getTime();
const TABLES = ['6', '11'] as const;
/** Strings that are made, in each table; NUMBER of them in each run of a property. */
const MADE = runs(200, 20_000);
const NUMBER = 20;

function said(text: Uint8Array, name: Uint8Array): UiView {
  return { type: 'message', id: 0, from: name, text, at: AT };
}

/** A screen that is drawn as the UI does it, with nothing in between. */
function openScreen(size: Size, widths: '6' | '11') {
  const emulator = createEmulator(size.columns, size.rows, widths);
  const model = createModel(sanitize);
  const editor = createEditor();
  const glyphs = createGlyphs(true);
  const painter = createPainter({ color: true, unicode: true });
  let entered = false;
  return {
    emulator,
    editor,
    model,
    show(...views: UiView[]): void {
      for (const view of views) model.show(view, 0);
    },
    async draw(): Promise<string[]> {
      if (!entered) await emulator.write(bytes(ENTER));
      entered = true;
      const painted = painter.paint(
        layout({ model, editor, glyphs, sanitize, qr: undefined, codeHint: '', now: 0 }, size),
      );
      if (painted !== undefined) await emulator.write(painted);
      return emulator.screen();
    },
  };
}

/** What terminals were attacked with before; a part of it in a quick run. */
const CORPUS = path.join(ROOT, 'test/support/hostile-strings.json');
const corpus = (JSON.parse(readFileSync(CORPUS, 'utf8')) as { readonly id: string; readonly input: string }[]).filter(
  (_, n) => n % runs(4, 1, 1) === 0,
);

describe.each(TABLES)('the corpus in the widths of Unicode %s', (widths) => {
  const sizes: readonly Size[] = [
    { columns: 80, rows: 200 },
    { columns: 40, rows: 399 },
  ];
  test.each(sizes)('as text and as name, on %j: only its own rows change', async (size) => {
    for (const { id, input } of corpus) {
      const screen = openScreen(size, widths);
      screen.show(state('active'), own(0, 'before'), status(0, 'delivered'));
      const text = await screen.draw();
      const used = text.filter((row) => row.includes('before') || row.includes('delivered')).length;
      const before = screen.emulator.cells();
      const { modes } = screen.emulator;
      screen.show(said(bytes(input), bytes(input)));
      await screen.draw();
      const after = screen.emulator.cells();
      const changed = after.flatMap((cells, row) => (cells === before[row] ? [] : [row]));
      // From the first free row on, without a gap.
      expect([id, changed]).toEqual([id, changed.map((_, i) => 1 + used + i)]);
      expect([id, screen.emulator.modes, screen.emulator.effects, screen.emulator.scrolledAway]).toEqual([
        id,
        modes,
        [],
        0,
      ]);
      for (const row of changed) {
        expect([id, after[row]?.split(' ')[0]]).toEqual([id, before[row]?.split(' ')[0]]);
        expect([id, screen.emulator.screen()[row]?.endsWith('│')]).toEqual([id, true]);
      }
    }
  });

  test('pasted into the text that is being written: only its own rows change', async () => {
    for (const { id, input } of corpus) {
      const screen = openScreen({ columns: 80, rows: 40 }, widths);
      screen.show(state('active'), own(0, 'before'), status(0, 'delivered'));
      const before = await screen.draw();
      screen.editor.insert(bytes(input), true);
      const after = await screen.draw();
      // The divider moves up; above it nothing changes.
      const divider = after.findIndex((row) => row.startsWith('├'));
      expect([id, after.slice(0, divider)]).toEqual([id, before.slice(0, divider)]);
      expect([id, after.at(-1), screen.emulator.effects]).toEqual([id, before.at(-1), []]);
      for (const row of after.slice(divider + 1, -1)) expect([id, row[0], row.at(-1)]).toEqual([id, '│', '│']);
      expect(screen.emulator.cursor.row).toBeGreaterThan(divider);
    }
  });
});

/** What sequences are made of, and what one would write to look like somebody else. */
const token = fc.oneof(
  fc.constantFrom('\x1b', '\x1b[', '\x1b]', '\x1bP', '\x1b_', '\x9b', '\x9d', '\x90', '\x9c', '\x07', '\x1b\\', '\x18'),
  fc.constantFrom(
    '[',
    ']',
    ';',
    '?',
    '2J',
    'H',
    '31m',
    '1;1H',
    '?1049l',
    '?25l',
    '0;title',
    '52;c;cm0=',
    '6n',
    'c',
    '8',
  ),
  fc.constantFrom('\r', '\n', '\r\n', '\t', '\b', '\v', '\0', '\u0085', '\u2028', '\u2029', ' ', '          '),
  fc.constantFrom(
    '\u202e',
    '\u2066',
    '\u2069',
    '\u200f',
    '\u200b',
    '\u2060',
    '\ufeff',
    '\u00ad',
    '\u{e0041}',
    '\u061c',
  ),
  fc.constantFrom(
    '\u0301',
    '\u0301\u0301\u0301\u0301\u0301',
    '\u200d',
    '\ufe0f',
    '\u20e3',
    '\u1160',
    '\u11a8',
    '\u302a',
  ),
  fc.constantFrom(
    '今',
    '한',
    '\u1100',
    '👩\u200d👩\u200d👧',
    '🏳\ufe0f\u200d🌈',
    '👍🏽',
    '🇩🇪',
    '❤\ufe0f',
    '■',
    '﷽',
    '𒐫',
    'क्ष',
  ),
  fc.constantFrom('שלום', 'مرحبا', 'abc', 'x', 'ä', '#'),
  fc.constantFrom('12:01 me    ', '12:01 peer  ', '-- ', 'delivered', '│ ', '─┐', 'securechat', '      │ ', '> '),
  fc.string({ unit: 'binary', maxLength: 6 }),
);
const text = fc.array(token, { maxLength: 12 }).map((parts) => parts.join(''));
const batch = fc.array(fc.record({ text, name: fc.oneof(fc.constant(''), text) }), {
  minLength: NUMBER,
  maxLength: NUMBER,
});

describe.each(TABLES)('strings that are made, in the widths of Unicode %s', (widths) => {
  test(`${MADE} of them have no effect, and look like nothing else`, async () => {
    const size = { columns: 80, rows: 400 };
    const marker = (id: number): string => `│ 12:01 me    marker ${id}`.padEnd(68) + ' delivered │';
    await fc.assert(
      fc.asyncProperty(batch, async (strings) => {
        const screen = openScreen(size, widths);
        screen.show(state('active'), notice('one'));
        for (const [id, each] of strings.entries()) {
          screen.show(said(bytes(each.text), bytes(each.name)), own(id, `marker ${id}`), status(id, 'delivered'));
        }
        screen.editor.insert(bytes(strings[0]?.text ?? ''), true);
        const rows = await screen.draw();
        const divider = rows.findIndex((row) => row.startsWith('├'));
        expect(rows[0]).toBe('┌─ securechat ────────────────────────────────────────── end-to-end encrypted ─┐');
        expect(rows.at(-1)).toBe('└─ F1 help · Alt-Enter new line · /quit ───────────────────────────────────────┘');
        expect(rows[divider]).toBe(`├${'─'.repeat(78)}┤`);
        expect([screen.emulator.effects, screen.emulator.scrolledAway]).toEqual([[], 0]);
        const chat = rows.slice(1, divider);
        // Each marker stands where it was put, whole, and nothing else looks like it.
        expect(chat.filter((row) => row.startsWith('│ 12:01 me '))).toEqual(strings.map((_, id) => marker(id)));
        expect(chat.filter((row) => row.startsWith('│ --'))).toEqual(['│ -- one (SC-320)'.padEnd(79) + '│']);
        // With the gutter of the statuses.
        const theirs = /^│ (12:01 (?!me |securechat )\S|      │ |  {3,}).* {11}│$/u;
        const others = chat.filter((each) => !each.includes('marker ') && !each.startsWith('│ -- one'));
        expect(others.filter((row) => !theirs.test(row))).toEqual([]);
      }),
      { numRuns: MADE / NUMBER, endOnFailure: true },
    );
  });
});
