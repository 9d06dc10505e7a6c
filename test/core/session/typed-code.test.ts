/** The code of a session: other nameplates, and the question for it after a wrong guess. */
import { describe, expect, it } from 'vitest';
import { createTweetnaclCrypto } from '../../../adapters/crypto/tweetnacl.js';
import { SecurechatError } from '../../../core/errors.js';
import type { CodeForm, Nameplate, RoomCode } from '../../../core/room/code.js';
import { createTypedCode, NAMEPLATES } from '../../../core/session/typed-code.js';
import { utf8 } from '../../support/pair.js';
import { createStage } from '../../support/stage.js';

function typed(form: CodeForm = 'generated', reads?: (text: Uint8Array) => RoomCode, reroll?: () => Nameplate) {
  const stage = createStage();
  const crypto = createTweetnaclCrypto();
  const code = createTypedCode(stage.host, {
    crypto,
    nameplate: '482913' as Nameplate,
    form,
    prs: crypto.take(utf8('tunnel-anchor-mango')),
    retype: reads,
    reroll,
  });
  return { stage, crypto, code, wanted: () => stage.views('code-wanted').map(({ same }) => same) };
}

const reads =
  (secret: string, nameplate = '482913') =>
  (): RoomCode => ({ nameplate: nameplate as Nameplate, form: 'generated', secret: utf8(secret) });

describe('another nameplate', () => {
  it('names another room, and there are only so many', () => {
    let n = 0;
    const { code } = typed('generated', undefined, () => String(100_000 + n++) as Nameplate);
    const rooms = new Set([code.roomId.join()]);
    for (let i = 1; i < NAMEPLATES; i++) {
      expect(code.reroll()).toBe(true);
      rooms.add(code.roomId.join());
    }
    expect([code.reroll(), rooms.size, code.nameplate]).toEqual([false, NAMEPLATES, '100006']);
  });

  it('is only for who made the code', () => {
    expect(typed().code.reroll()).toBe(false);
  });
});

describe('the code again', () => {
  it('is not taken where it was not asked for', () => {
    const { code, stage } = typed('generated', reads('tunnel-anchor-zoo'));
    const bytes = utf8('x');
    expect([code.typed(bytes), stage.codes(), bytes[0]]).toEqual(['none', ['SC-312'], 0]);
  });

  it('nothing typed stands for a generated one', () => {
    const { code, wanted } = typed('generated', reads('never read'));
    code.ask();
    expect([code.asking, wanted(), code.typed(new Uint8Array(0)), code.asking]).toEqual([true, [true], 'same', false]);
  });

  it('nothing typed is nothing where it was chosen', () => {
    const { code, wanted, stage } = typed('chosen', (bytes) => {
      throw new SecurechatError('SC-301', { rule: bytes.length === 0 ? 'empty' : 'other' });
    });
    code.ask();
    expect([code.typed(new Uint8Array(0)), wanted(), stage.codes()]).toEqual(['none', [false, false], ['SC-301']]);
    expect(code.asking).toBe(true);
  });

  it.each([
    ['the same one', reads('tunnel-anchor-mango'), 'same'],
    ['another secret', reads('tunnel-anchor-zoo'), 'another'],
    ['another room', reads('tunnel-anchor-mango', '482914'), 'another'],
  ] as const)('%s', (_name, read, what) => {
    const { code, crypto } = typed('generated', read);
    const room = code.roomId.join();
    code.ask();
    const bytes = utf8('typed');
    expect([code.typed(bytes), bytes.every((byte) => byte === 0), crypto.live]).toEqual([what, true, 1]);
    expect(code.roomId.join() === room).toBe(code.nameplate === '482913');
    code.wipe();
    expect(crypto.live).toBe(0);
  });

  it('is asked of nobody after the end of the input', () => {
    const { code } = typed('generated', reads('x'));
    expect(code.askable).toBe(true);
    code.inputEnded();
    expect(code.askable).toBe(false);
    expect(typed().code.askable).toBe(false);
  });
});
