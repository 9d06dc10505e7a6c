/** Giving a received file its name where the file system has no hard links, and what is left when that fails. */
import { createHash } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createWriter } from '../../../adapters/files/writer.js';
import { concat } from '../../../core/protocol/bytes.js';
import { writeEntry } from '../../../core/session/bulk/entries.js';
import { utf8 } from '../../support/pair.js';

const failing = (code: string) => (): Promise<never> => Promise.reject(Object.assign(new Error(code), { code }));

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof fs>();
  return { ...real, link: vi.fn(real.link), rename: vi.fn(real.rename) };
});

let to: string;
beforeEach(async () => {
  to = await fs.mkdtemp(path.join(tmpdir(), 'securechat-writer-'));
  vi.mocked(fs.link).mockImplementation(failing('EPERM'));
});
afterEach(async () => {
  vi.mocked(fs.rename).mockReset();
  await fs.rm(to, { recursive: true, force: true });
});

/** One file with this content comes. */
async function receive(name: string, content: string): Promise<void> {
  const head = writeEntry({ kind: 'file', mode: 0o644, mtime: 1, size: content.length, path: utf8(name) });
  const sum = new Uint8Array(createHash('sha256').update(content).digest());
  const writer = createWriter(to, { count: 1, bytes: undefined, name: utf8(name) }, 'rename', true);
  try {
    await writer.write(concat(head, utf8(content), sum), true);
  } finally {
    await writer.close();
  }
}

test('without hard links a file gets its name all the same, and beside one that is there another', async () => {
  await receive('a.txt', 'first');
  await receive('a.txt', 'second');
  expect((await fs.readdir(to)).sort()).toEqual(['a (2).txt', 'a.txt']);
  expect(await fs.readFile(path.join(to, 'a.txt'), 'utf8')).toBe('first');
  expect(vi.mocked(fs.rename)).toHaveBeenCalledTimes(2);
});

test('when that fails nothing is left: neither the part nor the empty file that held the name', async () => {
  let held: string[] = [];
  vi.mocked(fs.rename).mockImplementation(async () => {
    held = await fs.readdir(to);
    await failing('EIO')();
  });
  await expect(receive('a.txt', 'first')).rejects.toMatchObject({ code: 'SC-351', detail: { name: 'a.txt' } });
  expect(held).toContain('a.txt');
  expect(await fs.readdir(to)).toEqual([]);
});

test('an error that is none of missing links is told, and holds no name', async () => {
  vi.mocked(fs.link).mockImplementation(failing('EIO'));
  await expect(receive('a.txt', 'first')).rejects.toMatchObject({ code: 'SC-351' });
  expect(vi.mocked(fs.rename)).not.toHaveBeenCalled();
  expect(await fs.readdir(to)).toEqual([]);
});
