/** The files of a page: what goes out of one comes into another as it was, and nothing else; bounds; what is half is gone. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type BrowserFilesOptions, createBrowserFiles } from '../../../adapters/web/files.js';
import type { ChosenFile } from '../../../adapters/web/shelf.js';
import { utf8 } from '../../../adapters/text/utf8.js';
import type { BulkEvent, BulkOffer } from '../../../core/bulk-port.js';
import { CHUNK_DATA } from '../../../core/protocol/chunk.js';
import { plainCopy } from '../../../core/protocol/bytes.js';
import { writeEntry } from '../../../core/session/bulk/entries.js';
import { seededBytes } from '../../support/chance.js';

const bytesOf = seededBytes('files of a page');
const sumOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();

function file(name: string, content: Uint8Array, size = content.length): ChosenFile {
  const blob = new Blob([new Uint8Array(content)]);
  return { name, size, lastModified: 1_700_000_000_123, slice: (start, end) => blob.slice(start, end) };
}

const alone = (files: readonly ChosenFile[]) => files.map((each) => ({ folders: [], file: each }));

function open(options: Partial<BrowserFilesOptions> = {}) {
  const saved = new Map<string, Uint8Array>();
  const events: BulkEvent[] = [];
  const waiting = new Set<() => void>();
  const files = createBrowserFiles({
    addresses: {
      make(parts) {
        const address = `blob:${String(saved.size)}`;
        saved.set(address, Buffer.concat(parts));
        return address;
      },
      revoke: (address) => void saved.delete(address),
    },
    ...options,
  });
  files.open((event) => {
    // The buffer is the session's from here on.
    events.push(event.type === 'data' ? { ...event, data: plainCopy(event.data) } : event);
    for (const look of waiting) look();
  });
  const event = <Type extends BulkEvent['type']>(type: Type): Promise<Extract<BulkEvent, { type: Type }>> =>
    new Promise((resolve) => {
      const look = (): void => {
        const found = events.find((each) => each.type === type);
        if (found === undefined) return;
        waiting.delete(look);
        events.splice(events.indexOf(found), 1);
        resolve(found as Extract<BulkEvent, { type: Type }>);
      };
      waiting.add(look);
      look();
    });
  return { files, event, events, saved };
}

/** Sends what was chosen, and gives back all pieces. */
async function sent(chosen: readonly ChosenFile[]) {
  const { files, event } = open();
  files.tell({ type: 'prepare', id: 1, paths: files.give(alone(chosen)) });
  const { offer } = await event('ready');
  const pieces: Uint8Array[] = [];
  for (;;) {
    files.tell({ type: 'want', id: 1, count: 1 });
    const { data, last, sum } = await event('data');
    pieces.push(data);
    if (last) return { offer, pieces, sum };
  }
}

async function received(
  offer: BulkOffer,
  pieces: readonly Uint8Array[],
  options: Partial<BrowserFilesOptions> = {},
): Promise<ReturnType<typeof open>> {
  const side = open(options);
  side.files.tell({ type: 'offered', id: 1, offer });
  await side.event('examined');
  side.files.tell({ type: 'take', id: 1, collision: 'rename' });
  for (const [i, data] of pieces.entries())
    side.files.tell({ type: 'data', id: 1, data: plainCopy(data), last: i === pieces.length - 1 });
  return side;
}

describe('from one page to another', () => {
  it.each([[0], [1], [CHUNK_DATA], [3 * 1024 * 1024 + 17]])('%i bytes arrive as they were', async (size) => {
    const content = bytesOf(size);
    const { offer, pieces, sum } = await sent([file('a file.bin', content)]);
    expect(offer).toMatchObject({ kind: 'files', count: 1, bytes: size });
    for (const piece of pieces.slice(0, -1)) expect(piece.length).toBe(CHUNK_DATA);
    const { files, event, saved } = await received(offer, pieces);
    expect((await event('whole')).sum).toBe(sum);
    expect(sum).toBe(sumOf(content).toString('hex'));
    const [kept] = files.kept(1);
    expect([kept?.name, kept?.size]).toEqual(['a file.bin', size]);
    expect(Buffer.from(saved.get(kept?.address ?? '') ?? []).equals(content)).toBe(true);
  });

  it('several files keep their order, and each has a name of its own that a receiver takes', async () => {
    const chosen = ['a', 'a', '.b', 'c:d', 'con'].map((name) => file(name, utf8(`content of ${name}`)));
    const { offer, pieces } = await sent(chosen);
    const { files, event, saved } = await received(offer, pieces);
    await event('whole');
    expect(files.kept(1).map(({ name }) => name)).toEqual(['a', '2_a', '_b', 'c_d', '_con']);
    expect(files.kept(1).map(({ address }) => Buffer.from(saved.get(address) ?? []).toString())).toEqual(
      ['a', 'a', '.b', 'c:d', 'con'].map((name) => `content of ${name}`),
    );
  });
});

describe('what comes', () => {
  const content = bytesOf(1_000);
  const entry = writeEntry({ kind: 'file', mode: 0o644, mtime: 0, size: content.length, path: utf8('x') });
  const whole = Buffer.concat([entry, content, sumOf(content)]);
  const offer: BulkOffer = { kind: 'files', count: 1, bytes: content.length, name: utf8('x') };

  it('comes one byte at a time', async () => {
    const { files, event } = await received(
      offer,
      Array.from(whole, (byte) => Uint8Array.of(byte)),
    );
    await event('whole');
    expect(files.kept(1)).toHaveLength(1);
  });

  it('is refused when it is larger than what is left of the memory, and when it only turns out to be', async () => {
    const side = open({ memoryLimit: 999 });
    side.files.tell({ type: 'offered', id: 1, offer });
    expect((await side.event('examined')).free).toBe(999);
    side.files.tell({ type: 'take', id: 1, collision: 'rename' });
    expect(await side.event('failed')).toMatchObject({ code: 'SC-367', reason: 'disk', detail: { limit: 999 } });
    const { event, files } = await received({ ...offer, bytes: undefined }, [whole], { memoryLimit: 999 });
    expect(await event('failed')).toMatchObject({ code: 'SC-367' });
    expect(files.kept(1)).toEqual([]);
  });

  it('leaves room again when it is dropped', async () => {
    const { files, event, saved } = await received(offer, [whole], { memoryLimit: 1_500 });
    await event('whole');
    files.tell({ type: 'offered', id: 2, offer });
    expect((await event('examined')).free).toBe(500);
    files.forget();
    expect([saved.size, files.kept(1)]).toEqual([0, []]);
    files.tell({ type: 'offered', id: 3, offer });
    expect((await event('examined')).free).toBe(1_500);
  });

  it.each([
    ['a wrong checksum', Buffer.concat([entry, content, Buffer.alloc(32)]), 'SC-347'],
    ['an end in the middle', whole.subarray(0, 500), 'SC-349'],
    ['another name than was offered', Buffer.concat([entry.subarray(0, -1), utf8('y'), content]), 'SC-348'],
    ['more than was offered', Buffer.concat([whole, Buffer.of(1)]), 'SC-349'],
  ])('%s: it ends, and nothing is kept', async (_what, bytes, code) => {
    const { files, event, saved } = await received(offer, [bytes]);
    expect(await event('failed')).toMatchObject({ code });
    files.tell({ type: 'over', id: 1, whole: false, code: undefined });
    await files.close();
    expect([saved.size, files.kept(1)]).toEqual([0, []]);
  });

  it('goes to a place as it comes; a wrong sum takes the place back', async () => {
    for (const [bytes, ended] of [
      [whole, 'closed'],
      [Buffer.concat([entry, content, Buffer.alloc(32)]), 'aborted'],
    ] as const) {
      const told: string[] = [];
      const written: Uint8Array[] = [];
      const side = open({
        askPlace: () =>
          Promise.resolve({
            createWritable: () =>
              Promise.resolve({
                write: (data: Uint8Array) => Promise.resolve(void written.push(plainCopy(data))),
                close: () => Promise.resolve(void told.push('closed')),
                abort: () => Promise.resolve(void told.push('aborted')),
              }),
          }),
      });
      expect(side.files.bound).toBeUndefined();
      side.files.tell({ type: 'offered', id: 1, offer });
      expect((await side.event('examined')).free).toBeUndefined();
      expect(await side.files.choosePlace(1, 'x', 1)).toBe(true);
      side.files.tell({ type: 'take', id: 1, collision: 'rename' });
      side.files.tell({ type: 'data', id: 1, data: plainCopy(bytes), last: true });
      await side.event(ended === 'closed' ? 'whole' : 'failed');
      await side.files.close();
      expect(told).toEqual([ended]);
      expect(Buffer.concat(written).equals(content)).toBe(true);
      expect(side.files.kept(1)).toEqual([]);
    }
  });
});

it('a file that is shorter than it was, or cannot be read, ends the transfer', async () => {
  for (const [broken, code] of [
    [file('short', bytesOf(10), 20), 'SC-346'],
    [{ ...file('gone', bytesOf(10)), slice: () => ({ arrayBuffer: () => Promise.reject(new Error('no')) }) }, 'SC-350'],
  ] as const) {
    const { files, event } = open();
    files.tell({ type: 'prepare', id: 1, paths: files.give(alone([broken])) });
    await event('ready');
    files.tell({ type: 'want', id: 1, count: 4 });
    expect(await event('failed')).toMatchObject({ code });
  }
});

it('a name that nobody was given is no file', async () => {
  const { files, event } = open();
  files.tell({ type: 'prepare', id: 1, paths: [utf8('/etc/passwd')] });
  expect(await event('failed')).toMatchObject({ code: 'SC-340' });
});
