/**
 * The first line of an input: whole whatever the chunks, nothing lost behind it, bounded, wiped at its origin.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, describe, expect, it } from 'vitest';
import {
  FIRST_LINE_LIMIT,
  type Input,
  OWN_DESCRIPTORS,
  readFirstLine,
  takeFirstLine,
} from '../../../adapters/cli/input.js';
import { createFakeInput } from '../../../plugins/testing/streams.js';
import { fc, runs } from '../../support/chance.js';

const folder = mkdtempSync(path.join(tmpdir(), 'securechat-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

function readAll(input: Input): Promise<string> {
  return new Promise((resolve) => {
    let all = '';
    input.on('data', (chunk: Buffer) => {
      all += chunk.toString('latin1');
    });
    input.on('end', () => resolve(all));
    input.resume();
  });
}

describe('the first line of a stream', () => {
  it('is whole and the rest is untouched, however the bytes come and wherever they end', async () => {
    const line = fc.stringMatching(/^[a-z -]{1,20}$/);
    const rest = fc.option(fc.stringMatching(/^[a-z\n]{0,30}$/), { nil: undefined });
    await fc.assert(
      fc.asyncProperty(
        line,
        rest,
        fc.boolean(),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 60, maxLength: 60 }),
        async (a, b, cr, sizes) => {
          const input = createFakeInput();
          const all = b === undefined ? a : `${a}${cr ? '\r' : ''}\n${b}`;
          const taken = takeFirstLine(input.stream);
          for (let at = 0; at < all.length; ) {
            const size = sizes.pop() ?? 1;
            input.type(all.slice(at, at + size));
            at += size;
            if (size % 2 === 0) await new Promise((resolve) => setImmediate(resolve));
          }
          input.end();
          const { line: found, rest: behind } = await taken;
          expect(text(found)).toBe(a);
          expect(await readAll(behind)).toBe(b ?? '');
        },
      ),
      { numRuns: runs(30, 60) },
    );
  });

  it('may be empty', async () => {
    const input = createFakeInput();
    input.type('\nrest');
    expect((await takeFirstLine(input.stream)).line).toHaveLength(0);
  });

  it('leaves a stream that nobody has read yet: it rests until the next reader comes', async () => {
    const input = createFakeInput();
    input.type('code\nrest');
    const { rest } = await takeFirstLine(input.stream);
    expect(rest).toBe(input.stream);
    expect(rest.listenerCount('readable') + rest.listenerCount('data') + rest.listenerCount('end')).toBe(0);
    const got = new Promise((resolve) => rest.once('data', resolve));
    expect(String(await got)).toBe('rest');
  });

  it('SC-310 at the end of an empty input, also one that had ended before', async () => {
    const input = createFakeInput();
    input.end();
    await expect(takeFirstLine(input.stream)).rejects.toMatchObject({ code: 'SC-310', detail: { what: 'code' } });
    await expect(takeFirstLine(input.stream)).rejects.toMatchObject({ code: 'SC-310' });
  });

  it('SC-505 when reading fails', async () => {
    const input = createFakeInput();
    const taken = takeFirstLine(input.stream);
    input.fail();
    await expect(taken).rejects.toMatchObject({ code: 'SC-505', detail: { why: 'EIO' } });
  });

  it('SC-301 for a line that is too long, before its end has come', async () => {
    const whole = createFakeInput();
    whole.type(`${'x'.repeat(FIRST_LINE_LIMIT)}\n`);
    expect((await takeFirstLine(whole.stream)).line).toHaveLength(FIRST_LINE_LIMIT);
    const input = createFakeInput();
    const taken = takeFirstLine(input.stream);
    input.type('x'.repeat(FIRST_LINE_LIMIT));
    input.type('x');
    await expect(taken).rejects.toMatchObject({ code: 'SC-301', detail: { rule: 'too-long' } });
  });

  it('is overwritten where it was read from', async () => {
    const input = new PassThrough();
    const chunk = Buffer.from(Uint8Array.from(Buffer.from('secret\nrest')).buffer);
    input.write(chunk);
    await takeFirstLine(input);
    expect(text(chunk)).toBe(`${'\0'.repeat(7)}rest`);
  });
});

describe('the first line of a descriptor', () => {
  it('of a file', async () => {
    const file = path.join(folder, 'code');
    writeFileSync(file, `${'k'.repeat(3)}-${'x'.repeat(4000)}\nmore`);
    expect(text(await readFirstLine(openSync(file, 'r')))).toBe(`kkk-${'x'.repeat(4000)}`);
  });

  it('of a pipe, without waiting for its end; a pipe of the runtime itself is refused', async (context) => {
    const pipe = path.join(folder, 'pipe');
    if (spawnSync('mkfifo', [pipe]).status !== 0) {
      console.warn('SKIPPED: there is no mkfifo, descriptors of pipes are not tested');
      return context.skip();
    }
    // Open for both: with it a pipe is opened without waiting for its other end.
    const writer = openSync(pipe, 'r+');
    const [fd, twice] = [openSync(pipe, 'r'), openSync(pipe, 'r')];
    writeSync(writer, 'kitchen-blue horse\nmore');
    const both = Math.max(fd, twice, writer) < OWN_DESCRIPTORS;
    if (both) await expect(readFirstLine(fd)).rejects.toMatchObject({ code: 'SC-503' });
    closeSync(writer);
    // As bash hands over `3< <(command)`: the same end twice.
    expect(text(await readFirstLine(fd))).toBe('kitchen-blue horse');
    closeSync(twice);
    expect(both).toBe(true);
  });

  it('SC-503 when it is not open, a folder, or write only', async () => {
    const missing = { code: 'SC-503', detail: { flag: '--code-fd 9999' } };
    await expect(readFirstLine(9999)).rejects.toMatchObject(missing);
    await expect(readFirstLine(openSync(folder, 'r'))).rejects.toMatchObject({ code: 'SC-503' });
    const writable = openSync(path.join(folder, 'writable'), 'w');
    await expect(readFirstLine(writable)).rejects.toMatchObject({ code: 'SC-505', detail: { why: 'EBADF' } });
  });

  it('SC-310 when it is empty', async () => {
    const file = path.join(folder, 'empty');
    writeFileSync(file, '');
    await expect(readFirstLine(openSync(file, 'r'))).rejects.toMatchObject({ code: 'SC-310' });
  });
});
