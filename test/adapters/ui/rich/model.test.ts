/** What the rich UI remembers: bounded, overwritten when it goes, and read by a camera. */
import jsqr from 'jsqr';
import { describe, expect, test } from 'vitest';
import { createGlyphs } from '../../../../adapters/ui/rich/glyphs.js';
import { createModel } from '../../../../adapters/ui/rich/model.js';
import { QR_LIMIT } from '../../../../adapters/ui/qr.js';
import { qrCode } from '../../../../adapters/ui/rich/qr.js';
import { createScrollback, SCROLLBACK_BYTES, SCROLLBACK_LIMIT } from '../../../../adapters/ui/rich/scrollback.js';
import { sanitize } from '../../../../adapters/text/sanitize.js';
import { openRich } from '../../../support/rich.js';
import { bytes, message } from '../../../support/streams.js';
import { CODE, own, state, words } from '../../../support/views.js';

const isWiped = (buffers: readonly Uint8Array[]): boolean => buffers.every((each) => each.every((byte) => byte === 0));

test('what it says itself is neutralised, whoever named what is in it', () => {
  const model = createModel(sanitize);
  model.say('room a\x1b[2J');
  expect(Buffer.from(model.scrollback.entry(0)?.text ?? []).toString()).toBe('room a\u241b[2J');
});

describe('the scrollback', () => {
  const peer = (text: Uint8Array) => ({ type: 'peer', at: 0, name: bytes('alice'), text }) as const;

  test('holds so many entries, and overwrites what it drops', () => {
    const scrollback = createScrollback();
    const first = peer(bytes('first'));
    scrollback.add(first);
    for (let i = 0; i < SCROLLBACK_LIMIT; i++) scrollback.add(peer(bytes('x')));
    expect([scrollback.first, scrollback.end - scrollback.first]).toEqual([1, SCROLLBACK_LIMIT]);
    expect(scrollback.entry(0)).toBeUndefined();
    expect(isWiped([first.text, first.name])).toBe(true);
    // The memory of what was dropped is given back now and then; the numbers stay.
    for (let i = 0; i < SCROLLBACK_LIMIT * 2; i++) scrollback.add(peer(bytes(`${i}`)));
    expect(Buffer.from(scrollback.entry(scrollback.end - 1)?.text ?? []).toString()).toBe(
      `${SCROLLBACK_LIMIT * 2 - 1}`,
    );
    expect(scrollback.entry(scrollback.first)?.sequence).toBe(scrollback.first);
  });

  test('holds so many bytes, and the newest in any case', () => {
    const scrollback = createScrollback();
    for (let i = 0; i < 5; i++) scrollback.add(peer(new Uint8Array(SCROLLBACK_BYTES / 2)));
    expect(scrollback.end - scrollback.first).toBe(2);
    scrollback.add(peer(new Uint8Array(SCROLLBACK_BYTES * 2)));
    expect(scrollback.end - scrollback.first).toBe(1);
  });

  test('who looks at what is dropped looks at the oldest that is left', () => {
    const scrollback = createScrollback();
    scrollback.add(peer(bytes('x')));
    scrollback.look({ sequence: 0, row: 0 });
    for (let i = 0; i < SCROLLBACK_LIMIT + 5; i++) scrollback.add(peer(bytes('x')));
    expect(scrollback.anchor).toEqual({ sequence: scrollback.first, row: 0 });
    expect(scrollback.unread).toBe(SCROLLBACK_LIMIT + 5);
    scrollback.look(undefined);
    expect(scrollback.unread).toBe(0);
  });

  test('counts each own message in one state, also when it is not there any more', () => {
    const scrollback = createScrollback();
    const count = (): number[] =>
      (['held', 'sent', 'delivered', 'failed'] as const).map((each) => scrollback.counts[each]);
    for (const id of [0, 1, 2]) scrollback.add({ type: 'own', at: 0, id, text: bytes('x'), status: 'held' });
    scrollback.status(0, 'sent');
    scrollback.clear();
    scrollback.status(0, 'delivered');
    scrollback.status(1, 'failed');
    scrollback.status(1, 'delivered');
    scrollback.status(9, 'delivered');
    expect(count()).toEqual([1, 0, 1, 1]);
  });
});

describe('the model', () => {
  test('overwrites the code when it is used up, and everything at the end', () => {
    const model = createModel(sanitize);
    model.show(CODE, 0);
    const code = [model.code, model.invite, model.link];
    expect(code.some((each) => isWiped([each]))).toBe(false);
    model.show(state('handshaking'), 0);
    expect(isWiped(code)).toBe(false);
    model.show(state('active'), 0);
    expect(isWiped(code)).toBe(true);
    for (const view of [words(true), message('a secret', 'alice'), own(0, 'mine')]) model.show(view, 0);
    const kept = [0, 1].map((sequence) => model.scrollback.entry(sequence)?.text ?? bytes('missing'));
    const shown = [...kept, ...model.words];
    model.wipe();
    expect(isWiped(shown)).toBe(true);
  });

  test('nothing of what was written or said is left in the buffers of a UI that was closed', async () => {
    const rig = openRich();
    rig.show(state('active'), message('a secret', 'alice'));
    await rig.type('being written');
    await rig.ui.close();
    const text = rig.output.text();
    // What the terminal was given last is an empty screen and the modes.
    expect(text.slice(text.lastIndexOf('\x1b[2J'))).not.toMatch(/secret|written/);
  });
});

describe('the QR code', () => {
  test('is read by a reader, from the cells of the screen', async () => {
    const rig = openRich({ color: true });
    rig.show(state('searching'), CODE);
    await rig.drawn();
    const cells = rig.emulator.grid().map((row) => row.filter(({ background }) => background === 0));
    const rows = cells.filter(({ length }) => length > 0);
    const width = rows[0]?.length ?? 0;
    const scale = 4;
    const pixels = new Uint8ClampedArray(width * scale * rows.length * 2 * scale * 4).fill(255);
    const put = (x: number, y: number, light: boolean): void => {
      for (let i = 0; i < scale * scale; i++) {
        const at = ((y * scale + Math.floor(i / scale)) * width * scale + x * scale + (i % scale)) * 4;
        pixels.fill(light ? 255 : 0, at, at + 3);
      }
    };
    for (const [y, row] of rows.entries()) {
      for (const [x, { text }] of row.entries()) {
        put(x, 2 * y, text === '█' || text === '▀');
        put(x, 2 * y + 1, text === '█' || text === '▄');
      }
    }
    const read = jsqr.default(pixels, width * scale, rows.length * 2 * scale);
    expect(read?.data).toBe('securechat://#482913-tunnel-anchor-mango');
  });

  test('there is none for what is too long, or nothing', () => {
    const glyphs = createGlyphs(true);
    const made = (length: number): boolean => qrCode(new Uint8Array(length).fill(0x61), glyphs) !== undefined;
    expect([made(0), made(1), made(QR_LIMIT), made(QR_LIMIT + 1)]).toEqual([false, true, true, false]);
  });
});
