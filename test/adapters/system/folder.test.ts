/** The folder that names belong to, and the names that links have. */
import { beforeEach, expect, it, vi } from 'vitest';

import type * as Folder from '../../../adapters/system/folder.js';

let folder: typeof Folder;
beforeEach(async () => {
  vi.resetModules();
  folder = await import('../../../adapters/system/folder.js');
});

it('is the working folder, unless another one is known', () => {
  expect(folder.startFolder()).toBe(process.cwd());
  folder.startedIn('/people/ann');
  expect(folder.startFolder()).toBe('/people/ann');
});

it('is that of Node where there is none any more', () => {
  const gone = vi.spyOn(process, 'cwd').mockImplementation(() => {
    throw new Error('ENOENT');
  });
  expect(process.execPath.startsWith(folder.startFolder())).toBe(true);
  gone.mockRestore();
});

it('a link that is known is left out of names below it, and of no others', () => {
  expect(folder.realName('/link/a')).toBe('/link/a');
  folder.isReally('/link', '/real/place');
  expect(folder.realName('/link/a')).toBe('/real/place/a');
  expect(folder.realName('/link')).toBe('/real/place');
  expect(folder.realName('/links')).toBe('/links');
  expect(folder.realName('/link/..x')).toBe('/real/place/..x');
});
