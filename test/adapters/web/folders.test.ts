/** Folders that are dropped or picked: what is found in them, bounded; what is sent of it, in an order that receivers take. */
import { describe, expect, it } from 'vitest';
import { type DroppedEntry, DROPPED_LIMIT, dropped, picked } from '../../../adapters/web/folders.js';
import { listed } from '../../../adapters/web/packing.js';
import type { Chosen, ChosenFile } from '../../../adapters/web/shelf.js';
import { PARTS_LIMIT } from '../../../core/session/bulk/file-path.js';

const file = (name: string, lastModified = 0): ChosenFile => ({
  ...{ name, size: 0, lastModified },
  slice: () => new Blob([]),
});
const leaf = (name: string): DroppedEntry => ({ name, isDirectory: false, file: (take) => take(file(name)) });

/** A folder that gives what is in it `some` at a time. */
function folder(name: string, inside: readonly DroppedEntry[], some = 2): DroppedEntry {
  return {
    name,
    isDirectory: true,
    createReader() {
      let at = 0;
      return {
        readEntries(take) {
          take(inside.slice(at, at + some));
          at += some;
        },
      };
    },
  };
}

const paths = (chosen: readonly Chosen[]): string[] =>
  listed(chosen).map(({ entry: { kind, path } }) => `${kind} ${new TextDecoder().decode(path)}`);

describe('what is dropped', () => {
  it('is found in all folders, however many parts a browser tells it in', async () => {
    const tree = folder('top', [leaf('a'), leaf('b'), folder('inner', [leaf('c')]), folder('empty', []), leaf('d')]);
    expect(paths(await dropped([leaf('first'), tree]))).toEqual([
      ...['file first', 'folder top', 'file top/a', 'file top/b', 'folder top/inner', 'file top/inner/c'],
      ...['folder top/empty', 'file top/d'],
    ]);
  });

  it('is not looked through without end: not deeper, and not further', async () => {
    let deep = leaf('x');
    for (let i = 0; i < PARTS_LIMIT; i++) deep = folder('in', [deep]);
    await expect(dropped([deep])).rejects.toMatchObject({ code: 'SC-350' });
    let given = 0;
    const endless: DroppedEntry = {
      name: 'endless',
      isDirectory: true,
      createReader: () => ({ readEntries: (take) => take([leaf(String(given++))]) }),
    };
    await expect(dropped([endless])).rejects.toMatchObject({ code: 'SC-350' });
    expect(given).toBe(DROPPED_LIMIT);
  });

  it('that cannot be read ends it with its name', async () => {
    const broken: DroppedEntry = {
      name: 'secret\u202e',
      isDirectory: false,
      file: (_take, fail) => fail(new DOMException('no', 'NotFoundError')),
    };
    await expect(dropped([broken])).rejects.toMatchObject({ code: 'SC-350', detail: { why: 'NotFoundError' } });
  });
});

describe('what is sent', () => {
  it('of files that were picked with their folder has its folders first', () => {
    const files = ['top/a', 'top/in/b', 'top/c', ''].map((webkitRelativePath, i) => ({
      ...file(webkitRelativePath.split('/').at(-1) || 'alone', i * 1000),
      webkitRelativePath,
    }));
    const sources = listed(picked(files));
    expect(sources.map(({ entry: { path } }) => new TextDecoder().decode(path))).toEqual([
      ...['top', 'top/a', 'top/in', 'top/in/b', 'top/c', 'alone'],
    ]);
    expect(sources.map(({ entry: { mtime } }) => mtime)).toEqual([2, 0, 1, 1, 2, 3]);
  });

  it('has names that a receiver takes, each another one', () => {
    const chosen: Chosen[] = [
      { folders: ['.git', 'con'], file: file('a:b') },
      { folders: ['.git', 'con'], file: file('a_b') },
      { folders: ['.git'], file: file('.hidden') },
      { folders: ['.other'] },
      { folders: [], file: file('.other') },
    ];
    expect(paths(chosen)).toEqual([
      ...['folder .git', 'folder .git/_con', 'file .git/_con/a_b', 'file .git/_con/2_a_b', 'file .git/.hidden'],
      ...['folder _other', 'file 2__other'],
    ]);
  });

  it('has no path that is too long', () => {
    const folders = Array.from({ length: 20 }, () => 'x'.repeat(250));
    expect(() => listed([{ folders, file: file('a') }])).toThrow(expect.objectContaining({ code: 'SC-350' }));
  });
});
