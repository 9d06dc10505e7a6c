/** Files on their way: rate and time left, and the panel that shows them. */
import { describe, expect, test } from 'vitest';
import { createTransfers, timeLeft, TRANSFERS_LIMIT } from '../../../../adapters/ui/rich/transfers.js';
import { PANEL_ROWS } from '../../../../adapters/ui/rich/panel.js';
import { SCREEN_WORDS } from '../../../../adapters/words/screen.js';
import type { UiView } from '../../../../core/ports.js';
import { openRich, type RichOptions, type RichRig } from '../../../support/rich.js';
import { bytes, message } from '../../../support/streams.js';
import { state } from '../../../support/views.js';

type Offer = Extract<UiView, { type: 'offer' }>;
type Progress = Extract<UiView, { type: 'progress' }>;

function offer(id: number, more: Partial<Offer> = {}): Offer {
  return {
    ...{ type: 'offer', id, incoming: true, name: bytes(`file-${String(id)}`), count: 1, bytes: 1000 },
    ...{ free: undefined, exists: false, ...more },
  };
}

function progress(id: number, done: number, total: number | undefined = 1000): Progress {
  return { type: 'progress', id, bytes: done, total };
}

describe('a transfer', () => {
  test('has a rate and a time left once both are known', () => {
    const transfers = createTransfers();
    transfers.offer(offer(1), bytes('a'));
    const [first] = transfers.all;
    if (first === undefined) throw new Error('no transfer');
    expect(timeLeft(first)).toBeUndefined();
    transfers.progress(progress(1, 0), 1_000);
    expect(timeLeft(first)).toBeUndefined();
    transfers.progress(progress(1, 100), 2_000);
    expect([first.rate, timeLeft(first)]).toEqual([100, 9]);
    // The newest measurement counts, but not alone; one that comes at once does not count.
    transfers.progress(progress(1, 400), 3_000);
    transfers.progress(progress(1, 999), 3_001);
    expect([first.rate, first.bytes]).toEqual([160, 999]);
  });

  test('that stands still has no end; one that is more than it should be has none left', () => {
    const transfers = createTransfers();
    transfers.offer(offer(1), bytes('a'));
    transfers.progress(progress(1, 0), 0);
    transfers.progress(progress(1, 0), 1_000);
    expect(transfers.all.map(timeLeft)).toEqual([undefined]);
    transfers.progress(progress(1, 5_000), 2_000);
    expect(transfers.all.map(timeLeft)).toEqual([0]);
  });

  test('is forgotten at its end, and when there are too many; its name is overwritten', () => {
    const transfers = createTransfers();
    const names = Array.from({ length: TRANSFERS_LIMIT + 3 }, (_, i) => bytes(`name ${String(i)}`));
    for (const [id, name] of names.entries()) transfers.offer(offer(id), name);
    transfers.end(TRANSFERS_LIMIT);
    expect(transfers.all.map(({ id }) => id)).toEqual(
      [...names.keys()].slice(3).filter((id) => id !== TRANSFERS_LIMIT),
    );
    transfers.progress(progress(99, 1), 0);
    transfers.wipe();
    expect(transfers.all).toEqual([]);
    expect(names.every((name) => name.every((byte) => byte === 0))).toBe(true);
  });
});

describe('the panel', () => {
  async function chatting(options: RichOptions = {}): Promise<RichRig> {
    const rig = openRich(options);
    rig.show(state('active'));
    return rig;
  }

  test('shows name, bar, share, rate and time left', async () => {
    const rig = await chatting({ rows: 12 });
    rig.show(offer(1, { name: bytes('draft.pdf'), bytes: 4_000_000 }), progress(1, 0, 4_000_000));
    rig.clock.advance(1_000);
    rig.show(progress(1, 1_000_000, 4_000_000));
    const row = (await rig.screen()).find((each) => each.includes('%')) ?? '';
    expect(row).toContain('in  1 draft.pdf');
    for (const part of ['[###.........]', ' 25%', '1.00 MB', 'MB/s', 'left']) expect(row).toContain(part);
    rig.show({ type: 'file-done', id: 1, bytes: 4_000_000, sum: 'ab'.repeat(32) });
    expect((await rig.screen()).join('\n')).not.toContain('[###');
    await rig.ui.close();
  });

  test.each([
    { columns: 80, rows: 24 },
    { columns: 40, rows: 10 },
  ])('leaves room for the chat on %j, and stays within the borders', async (size) => {
    const rig = await chatting(size);
    rig.show(message('what was said'));
    for (let id = 1; id <= 8; id++) {
      rig.show(
        offer(id, { incoming: id % 2 === 0, name: bytes('今日は '.repeat(20)) }),
        progress(id, 500, id === 3 ? undefined : 1_000),
      );
    }
    rig.show(message('what was said last'));
    const screen = await rig.screen();
    expect(screen.every((row) => row.length <= size.columns)).toBe(true);
    expect(screen.filter((row) => /%|\d B/.test(row)).length).toBeLessThanOrEqual(PANEL_ROWS);
    expect(screen.join('\n')).toContain('what was said last');
    expect(screen.join('\n')).toMatch(/\d more transfers/);
    await rig.ui.close();
  });

  test('an id is never cut, and everything stands in one column, however wide a name is drawn', async () => {
    const rig = await chatting({ columns: 40, rows: 12 });
    // A terminal gives it one cell or two.
    rig.show(offer(1000, { name: bytes('\u2460'.repeat(9)), bytes: 999_000_000 }), offer(1001, { bytes: 999_000_000 }));
    const rows = (await rig.screen()).filter((each) => /^│ in  \d/.test(each));
    expect(rows.map((row) => /\/accept \d+/.exec(row)?.[0])).toEqual(['/accept 1000', '/accept 1001']);
    expect(new Set(rows.map((row) => row.indexOf('999 MB'))).size).toBe(1);
    expect(rows.every((row) => row.endsWith('│'))).toBe(true);
    await rig.ui.close();
  });

  test('a name cannot pass for another row, nor give an order to the terminal', async () => {
    const rig = await chatting({ rows: 12 });
    const name = bytes('a\n12:01 me  hi\x1b[2J\u202e\x07');
    rig.show(offer(1, { name }), progress(1, 10));
    const screen = await rig.screen();
    expect(screen.filter((row) => row.startsWith('│ 12:01'))).toEqual([]);
    expect(screen.join('\n')).not.toContain('\u202e');
    expect(rig.emulator.effects).toEqual([]);
    await rig.ui.close();
  });

  test('an offer waits there with what to type, until it ends', async () => {
    const rig = await chatting({ rows: 12 });
    rig.show(offer(7, { name: bytes('holiday'), bytes: undefined }));
    const row = (await rig.screen()).find((each) => each.includes('in  7')) ?? '';
    expect(row).toContain(SCREEN_WORDS.files.offered(7, undefined));
    rig.show({ type: 'file-failed', id: 7, code: 'SC-340', text: 'it ended' });
    expect((await rig.screen()).join('\n')).not.toContain('in  7');
    await rig.ui.close();
  });
});
