/**
 * Entries of a stream of files: whatever was written is read, in pieces of any size, and whatever disagrees with the offer is
 * never whole.
 */
import { describe, expect, test } from 'vitest';
import { concat } from '../../../../core/protocol/bytes.js';
import {
  type Announced,
  createEntryReader,
  type Entry,
  type EntryPart,
  writeEntry,
} from '../../../../core/session/bulk/entries.js';
import { fc } from '../../../support/chance.js';
import { fromUtf8, utf8 } from '../../../support/pair.js';

const SUM = new Uint8Array(32).fill(9);

interface Given {
  readonly path: string;
  readonly content?: Uint8Array;
}

function entryOf({ path, content }: Given): Entry {
  return {
    kind: content === undefined ? 'folder' : 'file',
    mode: 0o640,
    mtime: 1_700_000_000,
    size: content?.length ?? 0,
    path: utf8(path),
  };
}

function written(given: readonly Given[]): Uint8Array {
  return concat(
    ...given.flatMap((each) => [writeEntry(entryOf(each)), ...(each.content === undefined ? [] : [each.content, SUM])]),
  );
}

function announced(given: readonly Given[]): Announced {
  const bytes = given.reduce((sum, { content }) => sum + (content?.length ?? 0), 0);
  return { count: given.length, bytes, name: utf8(given[0]?.path.split('/')[0] ?? '') };
}

/** What comes out; `cuts` are where the bytes are cut. */
function read(offer: Announced, bytes: Uint8Array, cuts: readonly number[] = []): EntryPart[] {
  const reader = createEntryReader(offer);
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return at.slice(1).flatMap((end, i) => {
    const parts = [...reader.read(bytes.slice(at[i], end), i === at.length - 2)];
    return parts.map((part) => (part.type === 'data' ? { ...part, data: part.data.slice() } : part));
  });
}

const fault = (parts: readonly EntryPart[]): string | undefined => {
  const last = parts.at(-1);
  return last?.type === 'fault' ? last.fault : last?.type;
};

const TREE: readonly Given[] = [
  { path: 'top' },
  { path: 'top/a', content: utf8('hello') },
  { path: 'top/empty', content: new Uint8Array(0) },
  { path: 'top/sub' },
  { path: 'top/sub/b', content: utf8('world!') },
];

test('what was written is read, wherever it is cut', () => {
  const name = fc.stringMatching(/^[a-z]{1,8}$/).filter((each) => !['con', 'prn', 'aux', 'nul'].includes(each));
  const file = fc.record({ path: name.map((each) => `top/${each}`), content: fc.uint8Array({ maxLength: 40 }) });
  fc.assert(
    fc.property(fc.array(file, { maxLength: 5 }), fc.array(fc.nat(), { maxLength: 12 }), (files, cuts) => {
      const given = [{ path: 'top' }, ...files];
      const parts = read(announced(given), written(given), cuts);
      expect(parts.flatMap((part) => (part.type === 'entry' ? [fromUtf8(part.entry.path)] : []))).toEqual(
        given.map(({ path }) => path),
      );
      const contents = concat(...parts.flatMap((part) => (part.type === 'data' ? [part.data] : [])));
      expect(contents).toEqual(concat(...files.map(({ content }) => content)));
      expect(parts.filter(({ type }) => type === 'sum')).toHaveLength(files.length);
      expect(parts.at(-1)).toEqual({ type: 'end' });
    }),
  );
});

test('one byte at a time', () => {
  const bytes = written(TREE);
  const parts = read(
    announced(TREE),
    bytes,
    Array.from(bytes, (_, i) => i),
  );
  expect(parts.at(-1)).toEqual({ type: 'end' });
  expect(parts.filter(({ type }) => type === 'entry')).toHaveLength(TREE.length);
});

test('an entry says what it is', () => {
  const [part] = read(announced(TREE), written(TREE).slice(0, 24));
  expect(part).toEqual({ type: 'entry', entry: entryOf({ path: 'top' }) });
});

describe('it disagrees with what was offered', () => {
  const offer = announced(TREE);
  const bytes = written(TREE);

  test('the end comes at any other place: truncated', () => {
    for (let length = 0; length < bytes.length; length++) {
      expect(fault(read(offer, bytes.slice(0, length)))).toBe('truncated');
    }
    expect(fault(read(offer, concat(bytes, Uint8Array.of(0))))).toBe('truncated');
  });

  test('fewer or more entries', () => {
    expect(fault(read({ ...offer, count: TREE.length + 1 }, bytes))).toBe('truncated');
    expect(fault(read({ ...offer, count: TREE.length - 1 }, bytes))).toBe('truncated');
  });

  test('fewer bytes', () => {
    expect(fault(read({ ...offer, bytes: 12 }, bytes))).toBe('truncated');
  });

  test('more bytes: told before the entry is, so that nothing of it is written', () => {
    const parts = read({ ...offer, bytes: 10 }, bytes);
    expect(fault(parts)).toBe('disagrees');
    expect(parts.filter(({ type }) => type === 'entry')).toHaveLength(4);
  });

  test('sizes that add up to more than a number holds', () => {
    const huge = { ...entryOf({ path: 'top', content: new Uint8Array(0) }), size: Number.MAX_SAFE_INTEGER };
    expect(fault(read({ count: 1, bytes: undefined, name: utf8('top') }, writeEntry(huge)))).toBe('truncated');
    const two = concat(
      writeEntry(entryOf({ path: 'top', content: utf8('x') })),
      utf8('x'),
      SUM,
      writeEntry({ ...huge, path: utf8('other') }),
    );
    expect(fault(read({ count: 2, bytes: undefined, name: utf8('top') }, two))).toBe('disagrees');
  });

  test('unknown bytes are any bytes', () => {
    expect(fault(read({ ...offer, bytes: undefined }, bytes))).toBe('end');
  });

  test('another name', () => {
    expect(fault(read({ ...offer, name: utf8('other') }, bytes))).toBe('disagrees');
  });

  test('another top-level name that begins with a dot', () => {
    const given = [
      { path: 'a', content: utf8('x') },
      { path: '.bashrc', content: utf8('y') },
    ];
    expect(fault(read(announced(given), written(given)))).toBe('disagrees');
    const offered = [
      { path: '.bashrc', content: utf8('x') },
      { path: 'b', content: utf8('y') },
    ];
    expect(fault(read(announced(offered), written(offered)))).toBe('end');
  });
});

describe('it is malformed', () => {
  const head = written([{ path: 'top' }]);
  const changed = (at: number, ...values: number[]): Uint8Array => {
    const copy = head.slice();
    copy.set(values, at);
    return copy;
  };

  test.each([
    ['a length without a path', changed(0, 0, 19)],
    ['a length that is less than the head', changed(0, 0, 3)],
    ['a path above the limit', changed(0, 0x10, 0x14)],
    ['an unknown kind', changed(2, 2)],
    ['a folder with content', changed(20, 1)],
    ['a time out of range', changed(5, 0xff)],
    ['a size out of range', changed(13, 0xff)],
    ['a path that is refused', changed(21, 0x2e, 0x2e, 0x2f)],
  ])('%s', (_what, bytes) => {
    expect(fault(read({ count: 1, bytes: undefined, name: utf8('top') }, bytes))).toBe('malformed');
  });

  test('whatever bytes come: it ends with one fault or the end, and says nothing after it', () => {
    const any = fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.constant(written(TREE)));
    fc.assert(
      fc.property(any, any, fc.nat(8), (first, second, count) => {
        const offer = { ...announced(TREE), count };
        const parts = read(offer, concat(first, second), [first.length]);
        const over = parts.findIndex(({ type }) => type === 'end' || type === 'fault');
        expect(over).toBe(parts.length - 1);
      }),
    );
  });

  test('after a fault nothing is read', () => {
    const reader = createEntryReader({ ...announced(TREE), name: utf8('other') });
    expect([...reader.read(written(TREE), false)].map(({ type }) => type)).toEqual(['fault']);
    expect([...reader.read(written(TREE), true)]).toEqual([]);
  });
});

test('a path that no peer takes is not written', () => {
  expect(() => writeEntry(entryOf({ path: '../x' }))).toThrow();
});
