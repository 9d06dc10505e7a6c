/**
 * Files as streams, both ways, between two sessions of the library: offers, refusals, ends on either side, and content that
 * is not what was said.
 */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Incoming, IncomingFile, Offer, OutgoingFile, Session } from '../../../adapters/library/api.js';
import { packSources, readSources } from '../../../adapters/library/sources.js';
import { createLibraryTransfers } from '../../../adapters/library/transfers.js';
import type { BulkEvent } from '../../../core/bulk-port.js';
import type { UiEvent } from '../../../core/ports.js';
import { runs, seededBytes } from '../../support/chance.js';
import { createRooms, failure } from '../../support/library.js';

const MIB = 1024 * 1024;
/** What is sent each way: 20 MiB, and less where time is short. */
const LARGE = runs(2, 20, 20) * MIB;
const utf8 = (text: string) => new TextEncoder().encode(text);

/** The next offer; the others are not waited for. */
async function offerTo(session: Session): Promise<Offer> {
  for await (const offer of session.offers) return offer;
  throw new Error('the session ended without an offer');
}

async function pair() {
  const [one, other] = await createRooms().meet();
  const leave = () => Promise.all([one.session.close(), other.session.close()]);
  return { one: one.session, other: other.session, leave };
}

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) {
    await Promise.resolve();
    yield bytes.subarray(at, at + size);
  }
}

async function sumOf(file: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of file) hash.update(bytes);
  return hash.digest('hex');
}

describe('arrive whole', () => {
  test('megabytes each way at once, with progress, and text in between', async () => {
    const { one, other, leave } = await pair();
    const content = { one: seededBytes('one')(LARGE), other: seededBytes('other')(LARGE) };
    const told: number[] = [];
    const receive = async (session: Session) => {
      const incoming = (await offerTo(session)).accept();
      const sums: string[] = [];
      for await (const file of incoming) sums.push(`${file.path} ${String(file.size)} ${await sumOf(file)}`);
      return { sums, done: await incoming.done };
    };
    const received = Promise.all([receive(one), receive(other)]);
    const sent = [
      one.sendFiles(
        { name: 'one', content: pieces(content.one, 100_000), size: LARGE },
        {
          progress: (bytes, total) => told.push(bytes / (total ?? 0)),
        },
      ),
      other.sendFiles({ name: 'other', content: new Blob([content.other]) }),
    ];
    await one.send('while it goes');
    const sums = [content.one, content.other].map((bytes) => createHash('sha256').update(bytes).digest('hex'));
    const done = await Promise.all(sent.map((each) => each.done));
    expect(done).toEqual(sums.map((sum) => ({ bytes: LARGE, sum })));
    const [atOne, atOther] = await received;
    expect(atOther).toEqual({ sums: [`one ${String(LARGE)} ${sums[0] ?? ''}`], done: done[0] });
    expect(atOne).toEqual({ sums: [`other ${String(LARGE)} ${sums[1] ?? ''}`], done: done[1] });
    expect([told[0], told.at(-1)]).toEqual([0, 1]);
    expect(told).toEqual([...told].sort((a, b) => a - b));
    await leave();
  });

  test('several, of each kind of content, and an empty one', async () => {
    const { one, other, leave } = await pair();
    const offering = offerTo(other);
    const files: OutgoingFile[] = [
      { name: 'bytes.txt', content: utf8('bytes'), modified: 1_700_000_000_999, mode: 0o600 },
      { name: 'empty', content: new Uint8Array(0) },
      { name: 'stream', content: new Blob(['a stream']).stream(), size: 8 },
      { name: 'evil\u202egnp.exe', content: utf8('name') },
    ];
    const transfer = one.sendFiles(files);
    const offer = await offering;
    expect(offer).toMatchObject({ name: 'bytes.txt', count: 4, bytes: 17 });
    const incoming = offer.accept();
    const got: [string, string][] = [];
    let first: IncomingFile | undefined;
    for await (const file of incoming) {
      first ??= file;
      got.push([file.path, new TextDecoder().decode(await file.bytes())]);
    }
    expect(got).toEqual([
      ['bytes.txt', 'bytes'],
      ['empty', ''],
      ['stream', 'a stream'],
      ['evil_gnp.exe', 'name'],
    ]);
    expect(first).toMatchObject({ size: 5, modified: 1_700_000_000_000, mode: 0o600, folder: false });
    expect(await incoming.done).toEqual(await transfer.done);
    await leave();
  });

  test('what is passed over is checked all the same', async () => {
    const { one, other, leave } = await pair();
    const offering = offerTo(other);
    const transfer = one.sendFiles([
      { name: 'a', content: new Uint8Array(MIB) },
      { name: 'b', content: utf8('wanted') },
    ]);
    const incoming = (await offering).accept();
    const paths: string[] = [];
    for await (const file of incoming) {
      paths.push(file.path);
      if (file.path === 'b') expect(new TextDecoder().decode(await file.bytes())).toBe('wanted');
    }
    expect(paths).toEqual(['a', 'b']);
    expect((await transfer.done).bytes).toBe(MIB + 6);
    await leave();
  });
});

test('nothing is given behind the last piece, however much is wanted', async () => {
  const asked: UiEvent[] = [];
  const events: BulkEvent[] = [];
  const transfers = createLibraryTransfers({
    tell: (event) => void asked.push(event),
    now: () => 0,
    sha256: () => createHash('sha256'),
  });
  transfers.port.open((event) => void events.push(event));
  transfers.sendFiles({ name: 'a', content: pieces(utf8('content'), 1), size: 7 });
  const [offer] = asked;
  transfers.port.tell({ type: 'prepare', id: 1, paths: offer?.type === 'offer' ? offer.paths : [] });
  transfers.port.tell({ type: 'taken', id: 1 });
  for (let n = 0; n < 3; n++) transfers.port.tell({ type: 'want', id: 1, count: 2 });
  for (let n = 0; n < 50; n++) await Promise.resolve();
  expect(events).toMatchObject([
    { type: 'ready', offer: { count: 1, bytes: 7 } },
    { type: 'data', last: true, content: 7 },
  ]);
});

test('whoever lets go of a transfer lets go of each stream, also beside one that is locked and one that hangs', async () => {
  let letGo = 0;
  const stream = (): ReadableStream<Uint8Array> =>
    new ReadableStream({
      cancel() {
        letGo += 1;
      },
    });
  const locked = stream();
  locked.getReader();
  const hangs: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise(() => undefined),
      return: () => new Promise(() => undefined),
    }),
  };
  const file = (name: string, content: OutgoingFile['content']): OutgoingFile => ({ name, content, size: 1 });
  const files = [file('a', hangs), file('b', locked), file('c', stream()), file('d', stream())];
  const packer = packSources(readSources(files, 0), () => createHash('sha256'));
  void packer.next();
  await Promise.resolve();
  void packer.close();
  await new Promise((resolve) => setImmediate(resolve));
  expect(letGo).toBe(2);
});

describe('do not arrive', () => {
  test('when nobody reads offers', async () => {
    const { one, other, leave } = await pair();
    expect(await failure(one.sendFiles({ name: 'a', content: utf8('a') }).done)).toMatchObject({ code: 'SC-342' });
    // Who has stopped reading does not keep others waiting: not those that come, and not those that wait.
    const reader = other.offers[Symbol.asyncIterator]();
    const waiting = one.sendFiles({ name: 'b', content: utf8('b') });
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (one.state === 'active') resolve();
        else setImmediate(look);
      };
      look();
    });
    await one.send('behind the offer');
    await reader.return?.();
    expect(await failure(waiting.done)).toMatchObject({ code: 'SC-342' });
    await leave();
  });

  test('when they are refused, and an answer counts once', async () => {
    const { one, other, leave } = await pair();
    const offering = offerTo(other);
    const transfer = one.sendFiles({ name: 'a', content: utf8('a') });
    const offer = await offering;
    offer.reject();
    expect(await failure(transfer.done)).toMatchObject({ code: 'SC-342' });
    expect(() => offer.accept()).toThrow(expect.objectContaining({ code: 'SC-356' }));
    expect(() => offer.reject()).toThrow(expect.objectContaining({ code: 'SC-356' }));
    await leave();
  });

  test.each<[string, OutgoingFile['content'], number, string, string]>([
    ['too short', pieces(new Uint8Array(10), 3), 11, 'SC-346', 'SC-346'],
    ['too long', pieces(new Uint8Array(10), 3), 9, 'SC-346', 'SC-346'],
    ['a stream of strings', Object.assign(pieces(utf8('x'), 1), words()), 1, 'SC-350', 'SC-346'],
    ['broken', broken(), 10, 'SC-350', 'SC-346'],
  ])('when the content is %s', async (what, content, size, here, there) => {
    const { one, other, leave } = await pair();
    const offering = offerTo(other);
    const transfer = one.sendFiles({ name: 'a', content, size });
    const incoming = (await offering).accept();
    const read = failure(
      (async () => {
        for await (const file of incoming) await file.bytes();
      })(),
    );
    const told = await failure(transfer.done);
    expect(told).toMatchObject({ code: here, name: 'ChatError' });
    if (what === 'broken') expect((told as Error).cause).toBeInstanceOf(Error);
    expect(await read).toMatchObject({ code: there });
    expect(await failure(incoming.done)).toMatchObject({ code: there });
    await leave();
  });

  test('when either side cancels, and the stream is let go of', async () => {
    for (const canceler of ['sender', 'receiver', 'reader'] as const) {
      const { one, other, leave } = await pair();
      const offering = offerTo(other);
      let open = true;
      const endless = (async function* () {
        try {
          for (;;) {
            await Promise.resolve();
            yield new Uint8Array(10_000);
          }
        } finally {
          open = false;
        }
      })();
      let flow = (): void => undefined;
      const flowing = new Promise<void>((resolve) => {
        flow = resolve;
      });
      const transfer = one.sendFiles(
        { name: 'a', content: endless, size: 1_000 * MIB },
        {
          progress: (bytes) => {
            if (bytes > 0) flow();
          },
        },
      );
      const incoming = (await offering).accept();
      const read = stopReading(incoming, canceler === 'reader');
      if (canceler !== 'reader') await flowing;
      if (canceler === 'sender') transfer.cancel();
      if (canceler === 'receiver') incoming.cancel();
      expect(await failure(transfer.done)).toMatchObject({ code: canceler === 'sender' ? 'SC-343' : 'SC-344' });
      expect(await failure(incoming.done)).toMatchObject({ code: canceler === 'sender' ? 'SC-344' : 'SC-343' });
      await read;
      await new Promise((resolve) => setImmediate(resolve));
      expect(open).toBe(false);
      transfer.cancel();
      incoming.cancel();
      await leave();
    }
  });

  test('when the session ends', async () => {
    const { one, other } = await pair();
    const offering = offerTo(other);
    const transfer = one.sendFiles({ name: 'a', content: new Uint8Array(MIB) });
    const never = one.sendFiles({ name: 'b', content: new Uint8Array(MIB) });
    const incoming = (await offering).accept();
    await one.wipe();
    expect(await failure(transfer.done)).toMatchObject({ code: 'SC-357' });
    expect(await failure(never.done)).toMatchObject({ code: 'SC-357' });
    await other.wipe();
    expect(await failure(incoming.done)).toMatchObject({ code: 'SC-357' });
    expect(await failure(sumsOf(incoming))).toMatchObject({ code: 'SC-357' });
    const offers: Offer[] = [];
    for await (const offer of other.offers) offers.push(offer);
    expect(offers).toEqual([]);
  });

  test('when more are offered than can wait, or none can be', async () => {
    const { enter } = createRooms();
    const { session } = await enter();
    const file = { name: 'a', content: utf8('a') };
    const waiting = [...Array(8).keys()].map(() => session.sendFiles(file));
    expect(() => session.sendFiles(file)).toThrow(expect.objectContaining({ code: 'SC-354' }));
    waiting[0]?.cancel();
    expect(await failure(waiting[0]!.done)).toMatchObject({ code: 'SC-343' });
    waiting.push(session.sendFiles(file));
    await session.wipe();
    for (const { done } of waiting.slice(1)) expect(await failure(done)).toMatchObject({ code: 'SC-357' });
  });
});

test.each<[string, unknown]>([
  ['no file', []],
  ['nothing', undefined],
  ['null in a list', [null]],
  ['no name', { content: utf8('a') }],
  ['a path', { name: 'a/b', content: utf8('a') }],
  ['a name that leads upwards', { name: '..', content: utf8('a') }],
  ['a device', { name: 'con', content: utf8('a') }],
  [
    'a hidden name behind another',
    [
      { name: 'a', content: utf8('a') },
      { name: '.b', content: utf8('b') },
    ],
  ],
  ['no content', { name: 'a' }],
  ['text for content', { name: 'a', content: 'text' }],
  ['a stream without a size', { name: 'a', content: pieces(utf8('a'), 1) }],
  ['a size that is none', { name: 'a', content: pieces(utf8('a'), 1), size: 1.5 }],
  ['a time that is none', { name: 'a', content: utf8('a'), modified: Number.NaN }],
  ['a mode that is none', { name: 'a', content: utf8('a'), mode: 0o1777 }],
])('%s cannot be offered', async (_what, files) => {
  const { enter } = createRooms();
  const { session } = await enter();
  expect(() => session.sendFiles(files as OutgoingFile)).toThrow(expect.objectContaining({ code: 'SC-360' }));
  await session.wipe();
});

async function stopReading(incoming: Incoming, early: boolean): Promise<void> {
  try {
    for await (const file of incoming) {
      if (early) break;
      await sumOf(file);
    }
  } catch {
    // What it is stopped with is looked at elsewhere.
  }
}

async function sumsOf(incoming: Incoming): Promise<string[]> {
  const sums: string[] = [];
  for await (const file of incoming) sums.push(await sumOf(file));
  return sums;
}

function words(): Partial<AsyncGenerator<Uint8Array>> {
  return { next: () => Promise.resolve({ done: false, value: 'x' as unknown as Uint8Array }) };
}

async function* broken(): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(3);
  await Promise.resolve();
  throw new Error('the disk is gone');
}
