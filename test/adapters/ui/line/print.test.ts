/** What the line UI writes of long messages: all of it outside a terminal, folded and unfoldable on one. */
import { describe, expect, test } from 'vitest';
import { createLineUi } from '../../../../adapters/ui/line/line.js';
import { FOLDED_BYTES } from '../../../../adapters/ui/line/print.js';
import { SHOWN_LIMIT } from '../../../../adapters/text/sanitize.js';
import { UI_WORDS } from '../../../../adapters/words/line.js';
import type { UiView } from '../../../../core/ports.js';
import { message, openUi, type RigOptions, type UiRig } from '../../../support/streams.js';

const open = (options: RigOptions = {}) => openUi((context) => createLineUi({}, context), options);
const LEFT: UiView = { type: 'ended', code: 'SC-316', text: 'The peer left.', exit: 0 };
const LENGTH = 65_000;
/** Every letter can be told from its neighbors. */
const LONG = Array.from({ length: LENGTH }, (_, i) => String.fromCharCode(0x61 + (i % 26))).join('');

/** What was written on stdout of the texts, without rows and headers. */
function written(rig: UiRig): string {
  return rig.output
    .text()
    .split('\n')
    .map((row) => row.replace(/^(\d\d:\d\d peer {2}| {6}\| )/, ''))
    .join('');
}

describe('a message of 65,000 characters', () => {
  test('is written whole where there is no terminal, with hostile characters in it as well', async () => {
    const rig = open();
    rig.show(message(LONG), message('\u202e'.repeat(21_000), '', 1));
    await rig.ui.close();
    const [first, second, ...more] = rig.output.text().split('\n');
    expect(first).toBe(`12:01 peer  ${LONG}`);
    expect(second).toBe(`12:01 peer  ${'<U+202E>'.repeat(21_000)}`);
    expect(more).toEqual(['']);
    expect(rig.errors.text()).toBe('');
  });

  test('is folded on a terminal; /more shows all of it, part by part', async () => {
    const rig = open({ terminal: true });
    rig.show({ type: 'state', state: 'active' }, message(LONG));
    await rig.settled();
    expect(written(rig)).toBe(LONG.slice(0, SHOWN_LIMIT));
    expect(rig.errors.text()).toContain(`-- ${UI_WORDS.more(LENGTH - SHOWN_LIMIT)}\n`);
    for (let shown = 2 * SHOWN_LIMIT; shown < LENGTH; shown += SHOWN_LIMIT) {
      await rig.person('/more');
      await rig.settled();
      expect(written(rig)).toBe(LONG.slice(0, shown));
      expect(rig.errors.text()).toContain(`-- ${UI_WORDS.more(LENGTH - shown)}\n`);
    }
    await rig.person('/more', '/more');
    await rig.settled();
    expect(written(rig)).toBe(LONG);
    expect(rig.errors.text().endsWith(`-- ${UI_WORDS.noMore}\n`)).toBe(true);
    await rig.ui.close();
  });

  test('is written to its end when the peer leaves, for nobody could ask any more', async () => {
    const rig = open({ terminal: true });
    rig.show(message(LONG), LEFT);
    await rig.ui.close();
    expect(written(rig)).toBe(LONG);
    expect(rig.errors.text().endsWith('securechat: The peer left. (SC-316)\n')).toBe(true);
  });

  test.each<[string, RigOptions, (rig: UiRig) => Promise<void> | void, UiView]>([
    ['who leaves', {}, (rig) => rig.person('/quit'), { ...LEFT, code: 'SC-317' }],
    ['the panic key', {}, (rig) => rig.person('/wipe'), { ...LEFT, code: 'SC-311', exit: 130 }],
    ['an interruption', {}, () => undefined, { ...LEFT, code: 'SC-311', exit: 130 }],
    ['--wipe-scrollback', { wipeScrollback: true }, () => undefined, LEFT],
  ])('is not written at the end for %s', async (_who, options, leave, ended) => {
    const rig = open({ terminal: true, ...options });
    rig.show(message(LONG));
    await leave(rig);
    rig.show(ended);
    await rig.ui.close();
    expect(written(rig)).toBe(LONG.slice(0, SHOWN_LIMIT));
  });
});

test('what waits is bounded: the oldest is written out, nothing is dropped, and the newest is unfolded first', async () => {
  const rig = open({ terminal: true });
  const count = Math.floor(FOLDED_BYTES / LENGTH) + 1;
  for (let id = 0; id < count; id++) rig.show(message(LONG, '', id));
  for (let i = 0; i < count; i++) await rig.settled();
  // Of the first one all, of the others the beginning.
  expect(written(rig).length).toBe(LENGTH + (count - 1) * SHOWN_LIMIT);
  rig.show(message('end'.padEnd(SHOWN_LIMIT, '.') + '!', '', count));
  await rig.person('/more');
  await rig.settled();
  expect(written(rig).endsWith('!')).toBe(true);
  await rig.ui.close();
});

test('a character is never cut, and its marks stay with it', async () => {
  const rig = open({ terminal: true });
  rig.show(message(`${'a'.repeat(SHOWN_LIMIT - 1)}e\u0301${'今'.repeat(10)}`), LEFT);
  await rig.ui.close();
  expect(written(rig)).toBe(`${'a'.repeat(SHOWN_LIMIT - 1)}e\u0301${'今'.repeat(10)}`);
});
