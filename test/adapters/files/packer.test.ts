/** What a packer owes to what it reads: nothing stays open, whenever it is closed, and no size is taken on trust. */
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { createPacker, type Packable } from '../../../adapters/files/packer.js';
import { utf8 } from '../../../adapters/text/utf8.js';

const log: string[] = [];

function source(name: string, size: number, given: number, opens: Promise<void> = Promise.resolve()): Packable {
  let left = given;
  return {
    name,
    entry: { kind: 'file', mode: 0o644, mtime: 0, size, path: utf8(name) },
    async open() {
      await opens;
      log.push(`open ${name}`);
      return {
        read(into) {
          const length = Math.min(left, into.length);
          left -= length;
          return Promise.resolve(length);
        },
        close: () => Promise.resolve(void log.push(`close ${name}`)),
      };
    },
    drop: () => Promise.resolve(void log.push(`drop ${name}`)),
  };
}

const pack = (...sources: readonly Packable[]) =>
  createPacker({ sources, sha256: () => createHash('sha256'), failure: (error) => error });

test('what is opened when nobody wants it any more is closed', async () => {
  log.length = 0;
  let open = (): void => undefined;
  const opening = new Promise<void>((resolve) => {
    open = resolve;
  });
  const packer = pack(source('a', 1, 1, opening), source('b', 1, 1));
  const next = packer.next();
  await packer.close();
  open();
  expect((await next).content).toBe(0);
  expect(log).toEqual(['drop a', 'drop b', 'open a', 'close a']);
});

test('what is read is closed, and what never was is dropped', async () => {
  log.length = 0;
  const packer = pack(source('a', 100_000, 100_000), source('b', 1, 1));
  expect((await packer.next()).last).toBe(false);
  await packer.close();
  expect(log).toEqual(['open a', 'close a', 'drop b']);
});

test.each([
  ['shorter', 9],
  ['longer', 11],
])('a file that is %s than it was offered ends it', async (_what, given) => {
  await expect(pack(source('a', 10, given)).next()).rejects.toMatchObject({ code: 'SC-346', detail: { name: 'a' } });
});

test('of several files the sum is that of their sums, in their order', async () => {
  const packer = pack(source('a', 2, 2), source('b', 0, 0));
  expect((await packer.next()).last).toBe(true);
  const of = (length: number) => createHash('sha256').update(Buffer.alloc(length)).digest();
  expect(packer.sum()).toBe(createHash('sha256').update(of(2)).update(of(0)).digest('hex'));
});
