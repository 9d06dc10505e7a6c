/** Lines from a stream, whatever the chunks; bounds, pauses and wiping; and the output that breaks or stands still. */
import { describe, expect, test } from 'vitest';
import { createLineReader } from '../../../plugins/kit/lines.js';
import { createOutlet, FLUSH_LIMIT, UNREAD_LIMIT, WRITE_COST } from '../../../plugins/kit/outlet.js';
import { createFakeInput, createFakeOutput } from '../../../plugins/testing/streams.js';
import { fc, runs } from '../../support/chance.js';
import { bytes } from '../../support/streams.js';

const LIMIT = 8;

function reader(options: { taking?: () => boolean; limit?: number } = {}) {
  const input = createFakeInput();
  const told: string[] = [];
  const views: Uint8Array[] = [];
  let finish = (): void => undefined;
  const ended = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const lines = createLineReader(input.stream, options.limit ?? LIMIT, {
    line(line) {
      if (options.taking?.() === false) return false;
      told.push(Buffer.from(line).toString('latin1'));
      views.push(line);
      return true;
    },
    tooLong: () => void told.push('(too long)'),
    end() {
      told.push('(end)');
      finish();
    },
  });
  lines.open();
  return { input, told, views, ended, lines };
}

const turns = async (): Promise<void> => {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
};

describe('lines', () => {
  test.each([
    [['a\nb\r\n\nc'], ['a', 'b', '', 'c', '(end)']],
    [
      ['a', 'b', '\n', 'c\n'],
      ['ab', 'c', '(end)'],
    ],
    [
      ['a\r', '\nb\rc\n'],
      ['a', 'b\rc', '(end)'],
    ],
    [['12345678\n12345678\r\n'], ['12345678', '12345678', '(end)']],
    [['123456789\nok\n'], ['(too long)', 'ok', '(end)']],
    [
      ['1234567', '89', '0'.repeat(100), '\nok'],
      ['(too long)', 'ok', '(end)'],
    ],
    [['1234567890'], ['(too long)', '(end)']],
    [[''], ['(end)']],
    [['\r'], ['', '(end)']],
  ])('%j', async (chunks, expected) => {
    const { input, told, ended } = reader();
    for (const chunk of chunks) input.type(chunk);
    input.end();
    await ended;
    expect(told).toEqual(expected);
  });

  test('the chunks do not matter', async () => {
    const text = fc
      .array(fc.constantFrom('a', 'b', '\n', '\r\n', '\r'), { maxLength: 60 })
      .map((parts) => parts.join(''));
    await fc.assert(
      fc.asyncProperty(
        text,
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 60, maxLength: 60 }),
        async (all, cuts) => {
          const [one, many] = [reader(), reader()];
          one.input.type(all);
          let at = 0;
          for (const cut of cuts) {
            if (at < all.length) many.input.type(all.slice(at, at + cut));
            at += cut;
          }
          if (at < all.length) many.input.type(all.slice(at));
          for (const { input } of [one, many]) input.end();
          await Promise.all([one.ended, many.ended]);
          expect(many.told).toEqual(one.told);
        },
      ),
      { numRuns: runs(50, 100) },
    );
  });

  test('a line and the chunk it came in are wiped after use', async () => {
    const { input, views, told, lines } = reader({ limit: 100 });
    const chunk = Buffer.from('secret\nhalf');
    (input.stream as unknown as { push(bytes: Buffer): void }).push(chunk);
    await turns();
    expect(told).toEqual(['secret']);
    expect([...chunk]).toEqual(Array(chunk.length).fill(0));
    const buffer = new Uint8Array(views[0]?.buffer ?? new ArrayBuffer(0));
    expect(Buffer.from(buffer.subarray(0, 8)).toString('latin1')).toBe('half\0\0\0\0');
    lines.close();
    expect(buffer.every((byte) => byte === 0)).toBe(true);
  });

  test('a line that is not taken stops the input and is offered again', async () => {
    let taking = false;
    const { input, told, ended, lines } = reader({ taking: () => taking });
    input.type('one\ntwo\n');
    input.end();
    await turns();
    expect([told, input.paused()]).toEqual([[], true]);
    lines.again();
    expect(told).toEqual([]);
    taking = true;
    lines.again();
    await ended;
    expect(told).toEqual(['one', 'two', '(end)']);
  });

  test('taking from within a line does not take it twice', async () => {
    const input = createFakeInput();
    const told: string[] = [];
    const lines = createLineReader(input.stream, LIMIT, {
      line(line) {
        told.push(Buffer.from(line).toString());
        lines.again();
        return true;
      },
      tooLong: () => undefined,
      end: () => void told.push('(end)'),
    });
    lines.open();
    input.type('a\nb\n');
    input.end();
    await turns();
    expect(told).toEqual(['a', 'b', '(end)']);
  });

  test('after close nothing is told, what waits is wiped, and the input rests', async () => {
    const { input, told, lines } = reader({ taking: () => false });
    const chunk = Buffer.from('one\ntwo\n');
    (input.stream as unknown as { push(bytes: Buffer): void }).push(chunk);
    await turns();
    lines.close();
    lines.close();
    input.type('three\n');
    input.end();
    await turns();
    expect([told, input.paused()]).toEqual([[], true]);
    expect([...chunk]).toEqual(Array(chunk.length).fill(0));
  });

  test('an input that was over before is told as over', async () => {
    const input = createFakeInput();
    input.end();
    input.stream.resume();
    await turns();
    const told: string[] = [];
    createLineReader(input.stream, LIMIT, {
      line: () => true,
      tooLong: () => undefined,
      end: () => void told.push('(end)'),
    }).open();
    expect(told).toEqual([]);
    await turns();
    expect(told).toEqual(['(end)']);
  });
});

describe('the outlet', () => {
  const clock = (wakes: { at: number; wake: () => void }[] = []) => ({
    now: () => 0,
    wallTime: () => 0,
    wakeAt: (at: number, wake: () => void) => {
      wakes.push({ at, wake });
      return () => undefined;
    },
  });

  test('a buffer is wiped when it is written, not before', async () => {
    const output = createFakeOutput();
    const outlet = createOutlet(output.stream, clock(), () => undefined);
    output.hold();
    const text = bytes('text');
    outlet.write(text);
    expect(Buffer.from(text).toString()).toBe('text');
    output.release();
    await outlet.flush();
    expect(output.text()).toBe('text');
    expect([...text]).toEqual([0, 0, 0, 0]);
  });

  test('a broken stream is told once, later, and everything is wiped', async () => {
    const output = createFakeOutput();
    let broken = 0;
    const outlet = createOutlet(output.stream, clock(), () => broken++);
    output.fail();
    const [first, second] = [bytes('first'), bytes('second')];
    outlet.write(first);
    outlet.write(second);
    expect(broken).toBe(0);
    await turns();
    const third = bytes('third');
    outlet.write(third);
    await turns();
    await outlet.flush();
    expect(broken).toBe(1);
    expect([...first, ...second, ...third].every((byte) => byte === 0)).toBe(true);
  });

  test('flush gives up on a reader that does not read', async () => {
    const output = createFakeOutput();
    const wakes: { at: number; wake: () => void }[] = [];
    const outlet = createOutlet(output.stream, clock(wakes), () => undefined);
    output.hold();
    const text = bytes('text');
    outlet.write(text);
    const flushed = outlet.flush();
    expect(wakes.map(({ at }) => at)).toEqual([FLUSH_LIMIT]);
    wakes[0]?.wake();
    await flushed;
    expect([...text]).toEqual([0, 0, 0, 0]);
  });

  test.each([64 * 1024, 0])(
    'what nobody reads is bounded, in writes of %i bytes: then the stream is gone',
    async (size) => {
      const output = createFakeOutput();
      output.hold();
      const told: unknown[] = [];
      const outlet = createOutlet(output.stream, clock(), (why) => told.push(why));
      const first = bytes('first');
      outlet.write(first);
      const most = Math.floor((UNREAD_LIMIT - first.length - WRITE_COST) / (size + WRITE_COST));
      for (let i = 0; i < most; i++) outlet.write(new Uint8Array(size));
      await turns();
      expect([told, Buffer.from(first).toString()]).toEqual([[], 'first']);
      const last = bytes('x'.repeat(size + 1));
      outlet.write(last);
      await turns();
      expect(told).toEqual(['unread']);
      expect([...first, ...last].every((byte) => byte === 0)).toBe(true);
    },
  );

  test('what was read does not count any more', async () => {
    const output = createFakeOutput();
    const told: unknown[] = [];
    const outlet = createOutlet(output.stream, clock(), (why) => told.push(why));
    for (let round = 0; round < 3; round++) {
      output.hold();
      outlet.write(new Uint8Array(UNREAD_LIMIT - WRITE_COST));
      output.release();
      await outlet.flush();
    }
    expect(told).toEqual([]);
  });

  test('what is written when something is out, is flushed with the rest', async () => {
    const output = createFakeOutput();
    const outlet = createOutlet(output.stream, clock(), () => undefined);
    outlet.write(bytes('one '), () => outlet.write(bytes('two')));
    await outlet.flush();
    expect(output.text()).toBe('one two');
  });
});
