/**
 * Sending and receiving real files, adapter to adapter, without a session: names, links, collisions, modes, what changes while
 * it is read, and what a hostile sender tries.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
  chmod,
  lstat,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createFiles } from '../../../adapters/files/files.js';
import { createWriter, isOwn } from '../../../adapters/files/writer.js';
import type { BulkEvent, BulkPort } from '../../../core/bulk-port.js';
import { concat } from '../../../core/protocol/bytes.js';
import { type Entry, writeEntry } from '../../../core/session/bulk/entries.js';
import { utf8 } from '../../support/pair.js';

const UMASK = process.umask(0o022);
process.umask(UMASK);

let root: string;
let from: string;
let to: string;

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'securechat-files-'));
  [from, to] = [path.join(root, 'from'), path.join(root, 'to')];
  await Promise.all([mkdir(from), mkdir(to)]);
});

afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

/** A port with its events in order, each awaited by its type. */
function watched(port: BulkPort): {
  port: BulkPort;
  next(type: BulkEvent['type']): Promise<BulkEvent>;
  events: BulkEvent[];
} {
  const events: BulkEvent[] = [];
  const waiting: { readonly type: string; readonly found: (event: BulkEvent) => void }[] = [];
  port.open((event) => {
    const index = waiting.findIndex(({ type }) => type === event.type || event.type === 'failed');
    if (index === -1) events.push(event);
    else waiting.splice(index, 1)[0]?.found(event);
  });
  return {
    port,
    events,
    next(type) {
      const index = events.findIndex((event) => event.type === type || event.type === 'failed');
      const [event] = index === -1 ? [] : events.splice(index, 1);
      return event === undefined ? new Promise((found) => waiting.push({ type, found })) : Promise.resolve(event);
    },
  };
}

interface Result {
  readonly notices: readonly BulkEvent[];
  readonly end: BulkEvent;
  readonly sent: string | undefined;
}

/** Everything from one side to the other. `before`: after the offer, before the first byte. */
async function transfer(
  paths: readonly string[],
  {
    collision = 'rename',
    before = () => Promise.resolve(),
  }: {
    readonly collision?: 'rename' | 'skip';
    readonly before?: () => Promise<unknown>;
  } = {},
): Promise<Result> {
  const sender = watched(createFiles({ source: from, destination: undefined }));
  const receiver = watched(createFiles({ source: undefined, destination: to }));
  try {
    sender.port.tell({ type: 'prepare', id: 1, paths: paths.map(utf8) });
    const ready = await sender.next('ready');
    const notices = sender.events.filter(({ type }) => type === 'notice');
    if (ready.type !== 'ready') return { notices, end: ready, sent: undefined };
    receiver.port.tell({ type: 'offered', id: 1, offer: ready.offer });
    await receiver.next('examined');
    receiver.port.tell({ type: 'take', id: 1, collision });
    const accept = await receiver.next('accept');
    if (accept.type !== 'accept') return { notices, end: accept, sent: undefined };
    await before();
    for (;;) {
      sender.port.tell({ type: 'want', id: 1, count: 1 });
      const data = await sender.next('data');
      if (data.type !== 'data') return { notices, end: data, sent: undefined };
      receiver.port.tell({ type: 'data', id: 1, data: data.data, last: data.last });
      const used = await receiver.next('used');
      if (used.type !== 'used') return { notices, end: used, sent: undefined };
      if (!data.last) continue;
      const end = await receiver.next('whole');
      return { notices: [...notices, ...receiver.events.filter(({ type }) => type === 'notice')], end, sent: data.sum };
    }
  } finally {
    for (const { port } of [sender, receiver]) port.tell({ type: 'over', id: 1, whole: false, code: undefined });
    await Promise.all([sender.port.close(), receiver.port.close()]);
  }
}

const sha = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');
const codeOf = ({ end }: Result): string => (end.type === 'failed' ? end.code : end.type);

test('a file: content, mode, time and checksum', async () => {
  const content = Buffer.alloc(200_000, 'abc');
  await writeFile(path.join(from, 'a.bin'), content);
  await chmod(path.join(from, 'a.bin'), 0o750);
  await utimes(path.join(from, 'a.bin'), 1_600_000_000, 1_600_000_000);
  const { end, sent } = await transfer(['a.bin']);
  expect(end).toMatchObject({ type: 'whole', sum: sha(content) });
  expect(sent).toBe(sha(content));
  expect(Buffer.compare(await readFile(path.join(to, 'a.bin')), content)).toBe(0);
  const { mode, mtimeMs } = await stat(path.join(to, 'a.bin'));
  expect([mode & 0o7777, mtimeMs]).toEqual([0o750 & ~UMASK, 1_600_000_000_000]);
  expect(await readdir(to)).toEqual(['a.bin']);
});

test('a tree with empty files and folders; modes of folders that nobody may write', async () => {
  await mkdir(path.join(from, 'top/sub/empty'), { recursive: true });
  await writeFile(path.join(from, 'top/a'), 'A');
  await writeFile(path.join(from, 'top/sub/nothing'), '');
  await chmod(path.join(from, 'top/sub'), 0o555);
  const { end } = await transfer(['top']);
  await chmod(path.join(from, 'top/sub'), 0o755);
  expect(end.type).toBe('whole');
  expect((await readdir(to, { recursive: true })).sort()).toEqual([
    'top',
    'top/a',
    'top/sub',
    'top/sub/empty',
    'top/sub/nothing',
  ]);
  expect((await stat(path.join(to, 'top/sub'))).mode & 0o777).toBe(0o555 & ~UMASK);
  await chmod(path.join(to, 'top/sub'), 0o755);
});

test('setuid, setgid, sticky and world-write are not taken over', async () => {
  await writeFile(path.join(from, 'x'), 'x');
  await chmod(path.join(from, 'x'), 0o7777);
  await transfer(['x']);
  expect((await stat(path.join(to, 'x'))).mode & 0o7002).toBe(0);
});

describe('nothing is overwritten', () => {
  test('rename: a free name beside it', async () => {
    await writeFile(path.join(from, 'a.txt'), 'new');
    await writeFile(path.join(to, 'a.txt'), 'old');
    await writeFile(path.join(to, 'a (2).txt'), 'older');
    const { end, notices } = await transfer(['a.txt']);
    expect(end.type).toBe('whole');
    expect(notices).toMatchObject([{ code: 'SC-336', detail: { count: 1, name: 'a (3).txt' } }]);
    expect(await readFile(path.join(to, 'a.txt'), 'utf8')).toBe('old');
    expect(await readFile(path.join(to, 'a (3).txt'), 'utf8')).toBe('new');
  });

  test('skip: refused before a byte is sent', async () => {
    await writeFile(path.join(from, 'a'), 'new');
    await writeFile(path.join(to, 'a'), 'old');
    expect((await transfer(['a'], { collision: 'skip' })).end).toMatchObject({ type: 'failed', reason: 'refused' });
    expect(await readFile(path.join(to, 'a'), 'utf8')).toBe('old');
  });

  test('a folder of that name, and a link to elsewhere: another folder is made', async () => {
    await mkdir(path.join(from, 'top'));
    await writeFile(path.join(from, 'top/a'), 'A');
    await mkdir(path.join(root, 'elsewhere'));
    await symlink(path.join(root, 'elsewhere'), path.join(to, 'top'));
    expect((await transfer(['top'])).end.type).toBe('whole');
    expect(await readdir(path.join(root, 'elsewhere'))).toEqual([]);
    expect(await readFile(path.join(to, 'top (2)/a'), 'utf8')).toBe('A');
  });

  test('skip of a folder leaves out all that is in it', async () => {
    await mkdir(path.join(from, 'top'));
    await writeFile(path.join(from, 'top/a'), 'A');
    await mkdir(path.join(to, 'top'));
    const { end, notices } = await transfer(['top'], { collision: 'skip' });
    expect(end.type).toBe('whole');
    expect(notices).toMatchObject([{ code: 'SC-335', detail: { count: 2, name: 'top' } }]);
    expect(await readdir(path.join(to, 'top'))).toEqual([]);
  });

  test('a link that dangles is there, too', async () => {
    await writeFile(path.join(from, 'a'), 'new');
    await symlink(path.join(root, 'nowhere'), path.join(to, 'a'));
    expect((await transfer(['a'])).end.type).toBe('whole');
    await expect(lstat(path.join(root, 'nowhere'))).rejects.toThrow();
    expect(await readFile(path.join(to, 'a (2)'), 'utf8')).toBe('new');
  });
});

describe('the sender', () => {
  test('leaves links out and says so', async () => {
    await mkdir(path.join(from, 'top'));
    await writeFile(path.join(from, 'top/a'), 'A');
    await symlink('/etc/passwd', path.join(from, 'top/link'));
    const { notices, end } = await transfer(['top']);
    expect(notices).toEqual([{ type: 'notice', code: 'SC-352', detail: { count: 1, name: 'link' } }]);
    expect(end.type).toBe('whole');
    expect(await readdir(path.join(to, 'top'))).toEqual(['a']);
  });

  test('replaces what a receiver refuses in a name and says so', async () => {
    await mkdir(path.join(from, 'top'));
    for (const name of ['a\nb', 'c:d', 'con', 'dot.', 'e\\f']) await writeFile(path.join(from, 'top', name), name);
    await writeFile(Buffer.concat([Buffer.from(`${from}/top/`), Buffer.from([0x67, 0xff])]), 'g');
    const { notices, end } = await transfer(['top']);
    expect(notices).toMatchObject([{ code: 'SC-359', detail: { count: 6 } }]);
    expect(end.type).toBe('whole');
    expect((await readdir(path.join(to, 'top'))).sort()).toEqual(['_con', 'a_b', 'c_d', 'dot_', 'e_f', 'g\u{fffd}']);
  });

  test('names with a bidi control or invisible characters are stored without', async () => {
    await writeFile(path.join(from, 'invoice\u{202e}fdp.exe'), 'x');
    expect((await transfer(['invoice\u{202e}fdp.exe'])).end.type).toBe('whole');
    expect(await readdir(to)).toEqual(['invoice_fdp.exe']);
  });

  test.each([
    ['grew', (at: string) => writeFile(at, 'more than before')],
    ['shrank', (at: string) => truncate(at, 1)],
    ['vanished', (at: string) => rm(at)],
    [
      'is another one of the same size',
      async (at: string) => (await writeFile(`${at}2`, 'before'), rename(`${at}2`, at)),
    ],
    ['became a link', async (at: string) => (await rm(at), symlink('/etc/passwd', at))],
  ])('ends it when a file %s', async (_what, change) => {
    await writeFile(path.join(from, 'a'), 'before');
    const result = await transfer(['a'], { before: () => change(path.join(from, 'a')) });
    expect(codeOf(result)).toBe('SC-346');
    expect(result.end).toMatchObject({ reason: 'changed' });
    expect(await readdir(to)).toEqual([]);
  });

  test('says what it cannot read', async () => {
    const result = await transfer(['missing']);
    expect(result.end).toMatchObject({ code: 'SC-350', detail: { name: 'missing', why: 'no such file or folder' } });
  });
});

describe('a hostile sender', () => {
  const entry = (name: string, size: number, kind: Entry['kind'] = 'file'): Uint8Array =>
    writeEntry({ kind, mode: kind === 'folder' ? 0o755 : 0o644, mtime: 1, size, path: utf8(name) });
  const sumOf = (content: string): Uint8Array => new Uint8Array(createHash('sha256').update(content).digest());

  async function receive(count: number, name: string, bytes: Uint8Array): Promise<string> {
    const writer = createWriter(to, { count, bytes: undefined, name: utf8(name) }, 'rename', true);
    try {
      await writer.write(bytes, true);
      return 'whole';
    } catch (error) {
      return (error as { code: string }).code;
    } finally {
      await writer.close();
    }
  }

  test('gives another checksum: nothing is left under any name', async () => {
    expect(await receive(1, 'a', concat(entry('a', 3), utf8('abc'), new Uint8Array(32)))).toBe('SC-347');
    expect(await readdir(to)).toEqual([]);
  });

  test('stops in the middle of a file', async () => {
    expect(await receive(1, 'a', concat(entry('a', 30), utf8('abc')))).toBe('SC-349');
    expect(await readdir(to)).toEqual([]);
  });

  test('names a folder that it did not make', async () => {
    await mkdir(path.join(to, 'there'));
    const bytes = concat(entry('there/a', 1), utf8('a'), sumOf('a'));
    expect(await receive(1, 'there', bytes)).toBe('SC-348');
    expect(await readdir(path.join(to, 'there'))).toEqual([]);
  });

  test('comes back to a folder that was left: another one is made', async () => {
    const file = (name: string): Uint8Array => concat(entry(name, 1), utf8('a'), sumOf('a'));
    const folder = (name: string): Uint8Array => entry(name, 0, 'folder');
    const bytes = concat(folder('t'), folder('t/x'), file('t/x/1'), folder('t/y'), folder('t/x'), file('t/x/2'));
    expect(await receive(6, 't', bytes)).toBe('whole');
    expect((await readdir(path.join(to, 't'))).sort()).toEqual(['x', 'x (2)', 'y']);
    expect(await receive(3, 'u', concat(folder('u'), file('u/1'), file('t/x/3')))).toBe('SC-348');
  });

  test('is helped by somebody who puts a link in the place of a folder that was made', async () => {
    const elsewhere = path.join(root, 'elsewhere');
    await mkdir(elsewhere);
    const writer = createWriter(to, { count: 2, bytes: undefined, name: utf8('t') }, 'rename', false);
    await writer.write(entry('t', 0, 'folder'), false);
    await rename(path.join(to, 't'), path.join(to, 'moved'));
    await symlink(elsewhere, path.join(to, 't'));
    await expect(writer.write(concat(entry('t/a', 1), utf8('a'), sumOf('a')), true)).rejects.toMatchObject({
      code: 'SC-351',
    });
    await writer.close();
    expect(await readdir(elsewhere)).toEqual([]);
  });

  test.each([
    [0o755, true],
    [0o775, false],
    [0o777, false],
    [0o1777, true],
  ])("a destination of mode %o is this user's alone: %s", async (mode, own) => {
    await chmod(to, mode);
    expect(await isOwn(to)).toBe(own);
  });

  test('in a folder that others may write, modes are given when things are made, and never by path', async () => {
    const folder = writeEntry({ kind: 'folder', mode: 0o555, mtime: 1, size: 0, path: utf8('t') });
    const file = writeEntry({ kind: 'file', mode: 0o4456, mtime: 1, size: 1, path: utf8('t/a') });
    for (const [alone, mode] of [
      [true, 0o555],
      [false, 0o755],
    ] as const) {
      const writer = createWriter(to, { count: 2, bytes: undefined, name: utf8('t') }, 'rename', alone);
      await writer.write(concat(folder, file, utf8('a'), sumOf('a')), true);
      await writer.close();
      const at = path.join(to, alone ? 't' : 't (2)');
      expect((await stat(at)).mode & 0o7777).toBe(mode & ~UMASK);
      expect((await stat(path.join(at, 'a'))).mode & 0o7777).toBe(0o454 & ~UMASK);
      await chmod(at, 0o755);
    }
  });

  test('offers more than fits: no byte of it is written', async () => {
    expect(await receive(1, 'a', entry('a', Number.MAX_SAFE_INTEGER))).toBe('SC-351');
    expect(await readdir(to)).toEqual([]);
  });
});

/** Small file systems of their own; only root may have them. */
const canMount =
  process.platform === 'linux' && process.getuid?.() === 0 && spawnSync('unshare', ['-m', 'true']).status === 0;
if (!canMount) console.warn('SKIPPED, loudly: not root here, full and read-only disks were not tried');

describe.skipIf(!canMount)('a disk', () => {
  const mount = (...options: string[]): void => {
    expect(spawnSync('mount', ['-t', 'tmpfs', '-o', options.join(','), 'tmpfs', to]).status).toBe(0);
  };
  afterEach(() => void spawnSync('umount', [to]));

  test('that is too small is refused before a byte is sent', async () => {
    mount('size=1m');
    await writeFile(path.join(from, 'a'), Buffer.alloc(2 * 2 ** 20));
    const { end } = await transfer(['a']);
    expect(end).toMatchObject({ code: 'SC-351', reason: 'disk', detail: { name: 'a', why: 'no space left' } });
    expect(await readdir(to)).toEqual([]);
  });

  test('that fills up on the way ends it; nothing half is left', async () => {
    mount('size=4m');
    await writeFile(path.join(from, 'a'), Buffer.alloc(3 * 2 ** 20));
    const others = path.join(to, 'others');
    const { end } = await transfer(['a'], { before: () => writeFile(others, Buffer.alloc(2 * 2 ** 20)) });
    expect(end).toMatchObject({ code: 'SC-351', reason: 'disk', detail: { name: 'a', why: 'no space left' } });
    expect(await readdir(to)).toEqual(['others']);
  });

  test('whose files run out ends it in the middle of a folder', async () => {
    mount('size=4m', 'nr_inodes=6');
    await mkdir(path.join(from, 'top'));
    for (let i = 0; i < 10; i++) await writeFile(path.join(from, 'top', String(i)), 'x');
    expect((await transfer(['top'])).end).toMatchObject({ code: 'SC-351', detail: { why: 'no space left' } });
    const left = await readdir(path.join(to, 'top'));
    expect(left.filter((name) => name.endsWith('.part'))).toEqual([]);
    for (const name of left) expect(await readFile(path.join(to, 'top', name), 'utf8')).toBe('x');
  });

  test('that may only be read is told', async () => {
    mount('size=1m', 'ro');
    await writeFile(path.join(from, 'a'), 'x');
    expect((await transfer(['a'])).end).toMatchObject({ code: 'SC-351', detail: { why: 'read-only file system' } });
  });
});

test.skipIf(process.getuid?.() === 0)('a destination without rights is told', async () => {
  await chmod(to, 0o555);
  await writeFile(path.join(from, 'a'), 'x');
  expect((await transfer(['a'])).end).toMatchObject({ code: 'SC-351', detail: { why: 'permission denied' } });
});

test('a destination that is not there is told when it is taken', async () => {
  await writeFile(path.join(from, 'a'), 'x');
  await rm(to, { recursive: true });
  expect((await transfer(['a'])).end).toMatchObject({ code: 'SC-351', reason: 'disk' });
});

test('what is wanted after the last piece is not given', async () => {
  await writeFile(path.join(from, 'a'), 'x');
  const sender = watched(createFiles({ source: from, destination: undefined }));
  sender.port.tell({ type: 'prepare', id: 1, paths: [utf8('a')] });
  await sender.next('ready');
  sender.port.tell({ type: 'want', id: 1, count: 2 });
  sender.port.tell({ type: 'want', id: 1, count: 2 });
  expect(await sender.next('data')).toMatchObject({ last: true, sum: sha('x') });
  await sender.port.close();
  expect(sender.events).toEqual([]);
});

test('what is half is removed when a transfer ends', async () => {
  const receiver = watched(createFiles({ source: undefined, destination: to }));
  receiver.port.tell({ type: 'offered', id: 1, offer: { kind: 'files', count: 1, bytes: 10, name: utf8('a') } });
  await receiver.next('examined');
  receiver.port.tell({ type: 'take', id: 1, collision: 'rename' });
  await receiver.next('accept');
  const begun = concat(writeEntry({ kind: 'file', mode: 0o644, mtime: 1, size: 10, path: utf8('a') }), utf8('abc'));
  receiver.port.tell({ type: 'data', id: 1, data: begun, last: false });
  await receiver.next('used');
  expect(await readdir(to)).toHaveLength(1);
  await receiver.port.close();
  expect(await readdir(to)).toEqual([]);
});
