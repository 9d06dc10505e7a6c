/**
 * Files of a peer that is hostile: whatever the stream holds, in whatever pieces it comes, a reader gets what was offered and
 * nothing else, and every buffer is wiped.
 */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createIncomingFiles } from '../../../adapters/library/incoming.js';
import { concat } from '../../../core/protocol/bytes.js';
import { writeEntry } from '../../../core/session/bulk/entries.js';
import { fc } from '../../support/chance.js';
import { failure } from '../../support/library.js';

const utf8 = (text: string) => new TextEncoder().encode(text);
const sumOf = (bytes: Uint8Array) => new Uint8Array(createHash('sha256').update(bytes).digest());

function entry(path: string, content: Uint8Array | undefined): Uint8Array {
  const kind = content === undefined ? 'folder' : 'file';
  return writeEntry({ kind, mode: 0o644, mtime: 1, size: content?.length ?? 0, path: utf8(path) });
}

const file = (path: string, text: string): Uint8Array => concat(entry(path, utf8(text)), utf8(text), sumOf(utf8(text)));

function receive(announced: { name: string; count: number; bytes: number }, stream: Uint8Array, cuts: number[] = []) {
  const told: string[] = [];
  let used = 0;
  const incoming = createIncomingFiles({
    announced: { ...announced, name: utf8(announced.name) },
    sha256: () => createHash('sha256'),
    used: () => {
      used += 1;
    },
    whole: (sum) => told.push(`whole ${sum.slice(0, 8)}`),
    failed: (reason, { code }) => told.push(`${reason} ${code}`),
    stopped: () => told.push('stopped'),
  });
  const places = [...new Set([0, ...cuts.filter((at) => at < stream.length), stream.length])].sort((a, b) => a - b);
  const pieces = places.slice(1).map((end, n) => new Uint8Array(stream.slice(places[n], end)));
  for (const [n, piece] of pieces.entries()) incoming.add(piece, n === pieces.length - 1);
  return { incoming, told, pieces, used: () => used };
}

async function read(files: ReturnType<typeof receive>['incoming']['files'], all: string[] = []): Promise<string[]> {
  for await (const each of files)
    all.push(each.folder ? each.path : `${each.path}=${new TextDecoder().decode(await each.bytes())}`);
  return all;
}

const TREE = concat(entry('photos', undefined), file('photos/a', 'first'), file('photos/b', ''));
const ANNOUNCED = { name: 'photos', count: 3, bytes: 5 };

describe('what was offered', () => {
  test('comes whole, in any pieces, and each is wiped when it was read', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(TREE.length), { maxLength: 20 }), async (cuts) => {
        const { incoming, told, pieces, used } = receive(ANNOUNCED, TREE, cuts);
        expect(await read(incoming.files)).toEqual(['photos', 'photos/a=first', 'photos/b=']);
        expect(told).toEqual([expect.stringMatching(/^whole [0-9a-f]{8}$/)]);
        expect(used()).toBe(pieces.length);
        expect(pieces.every((piece) => piece.every((byte) => byte === 0))).toBe(true);
      }),
    );
  });

  test('is whole as soon as the content of the only file was read', async () => {
    const { incoming, told } = receive({ name: 'a', count: 1, bytes: 5 }, file('a', 'hello'));
    const { value } = await incoming.files.next();
    expect(new TextDecoder().decode(await value?.bytes())).toBe('hello');
    expect(told).toEqual([expect.stringContaining('whole')]);
    expect(await incoming.files.next()).toMatchObject({ done: true });
    expect(told).toHaveLength(1);
  });

  test('is read once: neither twice, nor behind the next file, nor by two at once', async () => {
    const { incoming } = receive({ name: 'a', count: 2, bytes: 6 }, concat(file('a', 'abc'), file('b', 'def')));
    const first = (await incoming.files.next()).value;
    const second = (await incoming.files.next()).value;
    expect(await failure(first!.bytes())).toMatchObject({ code: 'SC-360' });
    expect(new TextDecoder().decode(await second?.bytes())).toBe('def');
    expect(await failure(second!.bytes())).toMatchObject({ code: 'SC-360' });
    const both = receive({ name: 'a', count: 1, bytes: 3 }, file('a', 'abc')).incoming;
    const { value } = await both.files.next();
    const [one, other] = [value!.bytes(), failure(value!.bytes())];
    expect(new TextDecoder().decode(await one)).toBe('abc');
    expect(await other).toMatchObject({ code: 'SC-360' });
  });

  test('is not taken into memory above the limit, and can still be read piece by piece', async () => {
    const { incoming } = receive({ name: 'a', count: 1, bytes: 5 }, file('a', 'hello'));
    const { value } = await incoming.files.next();
    expect(await failure(value!.bytes(4))).toMatchObject({ code: 'SC-351' });
    const got: Uint8Array[] = [];
    for await (const bytes of value!) got.push(bytes);
    expect(new TextDecoder().decode(concat(...got))).toBe('hello');
  });
});

describe('anything else', () => {
  const hello = file('a', 'hello');
  const wrongSum = concat(entry('a', utf8('hello')), utf8('hello'), sumOf(utf8('other')));
  const one = { name: 'a', count: 1, bytes: 5 };
  test.each([
    ['a checksum that does not fit', one, wrongSum, 'bad hash SC-347'],
    ['another name', { ...one, name: 'b' }, hello, 'disagrees SC-348'],
    ['more bytes', { ...one, bytes: 4 }, hello, 'disagrees SC-348'],
    ['fewer bytes', { ...one, bytes: 6 }, hello, 'truncated SC-349'],
    ['an end in the middle', one, hello.slice(0, -1), 'truncated SC-349'],
    ['something behind the end', one, concat(hello, utf8('x')), 'truncated SC-349'],
    ['nothing', one, new Uint8Array(1).subarray(1), 'truncated SC-349'],
    ['no entry at all', one, new Uint8Array(64), 'disagrees SC-348'],
  ])('%s ends it for the reader, and is told once', async (_what, announced, stream, wanted) => {
    const { incoming, told } = receive(announced, stream);
    if (stream.length === 0) incoming.add(stream, true);
    expect(await failure(read(incoming.files))).toMatchObject({ code: wanted.slice(-6), name: 'ChatError' });
    expect(told).toEqual([wanted, 'stopped']);
  });

  test('no stream makes it throw anything but a ChatError', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.nat(TREE.length), async (bytes, at) => {
        const stream = concat(TREE.slice(0, at), bytes);
        if (stream.length === 0) return;
        const { incoming, told } = receive(ANNOUNCED, stream);
        const how = await read(incoming.files).then(
          () => 'whole',
          (error: unknown) => (error as Error).name,
        );
        expect(['whole', 'ChatError']).toContain(how);
        expect(told.length).toBeGreaterThan(0);
      }),
    );
  });

  test('an end of the session reaches a reader that waits, and wipes what was not read', async () => {
    const { incoming, pieces } = receive(ANNOUNCED, TREE, [30, 40]);
    const error = new Error('the session has ended');
    const reading = failure(read(incoming.files));
    incoming.end(error);
    expect(await reading).toBe(error);
    expect(pieces.every((piece) => piece.every((byte) => byte === 0))).toBe(true);
    const late = utf8('late');
    incoming.add(late, true);
    expect(late).toEqual(new Uint8Array(4));
  });
});

test('a name that deceives is shown as what it is not', async () => {
  const { incoming } = receive({ name: 'a\u202egnp.exe', count: 1, bytes: 1 }, file('a\u202egnp.exe', 'x'));
  expect((await incoming.files.next()).value?.path).toBe('a_gnp.exe');
});
