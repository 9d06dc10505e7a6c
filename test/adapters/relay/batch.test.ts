/** The batch of frames that one read brings: whole, in order, in one write, and never in memory that is still in use. */
import { Duplex } from 'node:stream';
import { expect, test, vi } from 'vitest';
import { COPY_LIMIT, createBatch, FRAME_OVERHEAD, type Outlet } from '../../../adapters/relay/batch.js';
import { FRAME_LIMIT } from '../../../core/wire/control.js';

/** A line that takes what is written at once, or when it is told to. */
function outlet() {
  const writes: Buffer[] = [];
  const owed: { chunk: Buffer; done: () => void }[] = [];
  let slow = false;
  const raw = new Duplex({
    read: () => undefined,
    write(chunk: Buffer, _encoding, done) {
      const take = () => {
        writes.push(Buffer.from(chunk));
        done();
      };
      if (slow) owed.push({ chunk, done: take });
      else take();
    },
    writev(chunks: { chunk: Buffer }[], done) {
      this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), 'binary', done);
    },
  });
  const to: Outlet = { outlet: raw, overhead: 0 };
  return {
    to,
    raw,
    writes,
    stall: () => void (slow = true),
    go() {
      slow = false;
      for (const { done } of owed.splice(0)) done();
    },
  };
}

/** The contents of the WebSocket frames in these bytes. */
function contents(bytes: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    expect(bytes[at]).toBe(0x82);
    const short = bytes[at + 1] ?? 0;
    const [head, length] =
      short < 126
        ? [2, short]
        : short === 126
          ? [4, bytes.readUInt16BE(at + 2)]
          : [10, Number(bytes.readBigUInt64BE(at + 2))];
    found.push(bytes.subarray(at + head, at + head + length));
    at += head + length;
  }
  return found;
}

const frame = (n: number, length: number) => new Uint8Array(length).fill(n);
const nothing = (): void => undefined;
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test('frames of one read are one write, in order, of every length', async () => {
  const line = outlet();
  const told: unknown[] = [];
  const batch = createBatch<Outlet>((to, from) => told.push([to, from]), nothing);
  const lengths = [1, 125, 126, 127, 128, 255, 256, COPY_LIMIT];
  const from: Outlet = { outlet: undefined, overhead: 0 };
  for (const [n, length] of lengths.entries()) expect(batch.add(frame(n, length), from, line.to)).toBe(true);
  expect(line.writes).toHaveLength(0);
  await turn();
  expect(line.writes).toHaveLength(1);
  expect(contents(line.writes[0]!)).toEqual(lengths.map((length, n) => Buffer.from(frame(n, length))));
  expect(told).toEqual([[line.to, from]]);
});

test('another receiver, or flush, ends the batch', () => {
  const [a, b] = [outlet(), outlet()];
  const batch = createBatch<Outlet>(nothing, nothing);
  batch.add(frame(1, 10), undefined, a.to);
  batch.add(frame(2, 10), undefined, b.to);
  expect(a.writes.flatMap(contents)).toEqual([Buffer.from(frame(1, 10))]);
  batch.flush();
  expect(b.writes.flatMap(contents)).toEqual([Buffer.from(frame(2, 10))]);
});

test('large frames of one read are one write, in order with small ones, and nothing of them is copied', async () => {
  const line = outlet();
  const told: unknown[] = [];
  const batch = createBatch<Outlet>((to, from) => told.push([to, from]), nothing);
  const write = vi.spyOn(line.raw, 'write');
  const from: Outlet = { outlet: undefined, overhead: 0 };
  const large = [COPY_LIMIT + 1, 0xffff, 0x10000, FRAME_LIMIT].map((length, n) => frame(n, length));
  for (const each of large) expect(batch.add(each, from, line.to)).toBe(true);
  batch.add(frame(9, 10), from, line.to);
  expect(line.writes).toHaveLength(0);
  expect(told).toEqual(large.map(() => [line.to, from]));
  await turn();
  expect(line.writes).toHaveLength(1);
  const sent = contents(line.writes[0]!);
  expect(sent.map(({ length }) => length)).toEqual([...large, frame(9, 10)].map(({ length }) => length));
  expect(Buffer.concat(sent).equals(Buffer.concat([...large, frame(9, 10)]))).toBe(true);
  for (const each of large) expect(write.mock.calls.some(([chunk]) => chunk === each)).toBe(true);
  batch.add(frame(1, 10), from, line.to);
  batch.add(large[0]!, from, line.to);
  await turn();
  expect(contents(Buffer.concat(line.writes.slice(1)))).toEqual(
    [frame(1, 10), large[0]!].map((each) => Buffer.from(each)),
  );
});

test('what must go by the library is not taken', () => {
  const batch = createBatch<Outlet>(nothing, nothing);
  for (const length of [10, COPY_LIMIT + 1]) {
    expect(batch.add(frame(1, length), undefined, { outlet: undefined, overhead: 0 })).toBe(false);
  }
});

test('a large frame ends the batch of another receiver, and to a line that is gone it goes nowhere', async () => {
  const [a, b] = [outlet(), outlet()];
  const told: Outlet[] = [];
  const batch = createBatch<Outlet>((to) => told.push(to), nothing);
  batch.add(frame(1, 10), undefined, a.to);
  batch.add(frame(2, COPY_LIMIT + 1), undefined, b.to);
  expect(a.writes.flatMap(contents)).toEqual([Buffer.from(frame(1, 10))]);
  b.raw.destroy();
  expect(batch.add(frame(3, COPY_LIMIT + 1), undefined, b.to)).toBe(true);
  await turn();
  expect(b.writes).toEqual([]);
  expect(told).toEqual([a.to, b.to]);
});

test('what waits is a piece of its own, charged until it has left, in order', async () => {
  const line = outlet();
  const left: Outlet[] = [];
  const batch = createBatch<Outlet>(nothing, (to) => left.push(to));
  line.stall();
  batch.add(frame(1, 10), undefined, line.to);
  batch.flush();
  const write = vi.spyOn(line.raw, 'write');
  for (const n of [2, 3]) batch.add(frame(n, 10), undefined, line.to);
  batch.flush();
  batch.add(frame(4, 1), undefined, line.to);
  batch.flush();
  // Neither a slab nor the read that they came with is kept for them.
  const pieces = write.mock.calls.map(([chunk]) => chunk as Buffer);
  expect(pieces.map(({ length }) => length)).toEqual([24, 3]);
  expect(pieces.map(({ buffer }) => buffer.byteLength)).toEqual([24, 3]);
  expect(line.to.overhead).toBe(3 * FRAME_OVERHEAD);
  expect(left).toEqual([]);
  line.go();
  await turn();
  expect(line.to.overhead).toBe(0);
  expect(left).toEqual([line.to, line.to]);
  expect(line.writes.flatMap(contents).map((content) => content[0])).toEqual([1, 2, 3, 4]);
});

test('memory that a slow line has not taken yet is not written over', async () => {
  const [slow, fast] = [outlet(), outlet()];
  const batch = createBatch<Outlet>(nothing, nothing);
  slow.stall();
  batch.add(frame(7, 100), undefined, slow.to);
  for (let n = 0; n < 2_000; n++) {
    batch.add(frame(n & 0xff, 100), undefined, fast.to);
    if (n % 50 === 0) batch.flush();
  }
  batch.flush();
  slow.go();
  expect(slow.writes.flatMap(contents)).toEqual([Buffer.from(frame(7, 100))]);
  expect(fast.writes.flatMap(contents).map((content) => content[99])).toEqual(
    Array.from({ length: 2_000 }, (_, n) => n & 0xff),
  );
  // A batch to a line that is gone meanwhile goes nowhere.
  batch.add(frame(1, 10), undefined, fast.to);
  fast.raw.destroy();
  await turn();
  batch.add(frame(2, 10), undefined, slow.to);
  batch.flush();
  expect(slow.writes).toHaveLength(2);
});
