/**
 * The pipe's own ends: pieces as they are wanted, each direction over by itself, nothing read that nobody takes.
 */
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { createPipe, READ_LIMIT } from '../../../adapters/files/pipe.js';
import type { BulkEvent } from '../../../core/bulk-port.js';
import { CHUNK_DATA } from '../../../core/protocol/chunk.js';

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

function opened() {
  const [input, output] = [new PassThrough({ highWaterMark: 1 }), new PassThrough({ highWaterMark: 64 * 1024 })];
  const events: BulkEvent[] = [];
  let over = 0;
  const pipe = createPipe({ input, output, moved: () => undefined, over: () => (over += 1) });
  pipe.open((event) => void events.push(event));
  pipe.tell({ type: 'active' });
  return {
    input,
    output,
    pipe,
    events,
    get over() {
      return over;
    },
    data: () => events.flatMap((event) => (event.type === 'data' ? [event] : [])),
  };
}

const offer = (id: number) => ({ type: 'offered', id, offer: { kind: 'pipe' } }) as const;

test('it offers a pipe, takes one, and refuses files and a second one', () => {
  const { pipe, events } = opened();
  expect(events).toEqual([{ type: 'ready', id: undefined, offer: { kind: 'pipe' } }]);
  pipe.tell(offer(2));
  pipe.tell(offer(3));
  pipe.tell({ type: 'offered', id: 4, offer: { kind: 'files', count: 1, bytes: 1, name: new Uint8Array(1) } });
  expect(events.slice(1)).toMatchObject([
    { type: 'accept', id: 2 },
    { type: 'failed', id: 3, reason: 'refused' },
    { type: 'failed', id: 4, reason: 'refused' },
  ]);
});

test('nothing is read before it is taken; single bytes become one piece; the end is marked', async () => {
  const { pipe, input, data } = opened();
  for (let i = 0; i < 1000; i++) input.write(Uint8Array.of(i & 0xff));
  await turn();
  expect(data()).toEqual([]);
  pipe.tell({ type: 'taken', id: 1 });
  pipe.tell({ type: 'want', id: 1, count: 2 });
  await turn();
  input.end();
  await turn();
  const pieces = data();
  expect(pieces.length).toBeLessThanOrEqual(2);
  expect(pieces.map(({ last }) => last).at(-1)).toBe(true);
  expect(Buffer.concat(pieces.map((each) => each.data))).toEqual(
    Buffer.from(Array.from({ length: 1000 }, (_, i) => i & 0xff)),
  );
});

test('what is not wanted is not read', async () => {
  const { pipe, input, data } = opened();
  pipe.tell({ type: 'taken', id: 1 });
  let accepted = 0;
  const push = (): void => {
    while (accepted < 3 * READ_LIMIT && input.write(Buffer.alloc(16_384), () => undefined)) accepted += 16_384;
    accepted += 16_384;
  };
  input.on('drain', push);
  push();
  await turn();
  expect(input.isPaused()).toBe(true);
  expect(data()).toEqual([]);
  pipe.tell({ type: 'want', id: 1, count: 1 });
  await turn();
  expect(data().map((each) => each.data.length)).toEqual([CHUNK_DATA]);
});

test('an empty input is one last piece of nothing', async () => {
  const { pipe, input, data } = opened();
  pipe.tell({ type: 'taken', id: 1 });
  pipe.tell({ type: 'want', id: 1, count: 4 });
  input.end();
  await turn();
  expect(data()).toMatchObject([{ last: true, content: 0 }]);
});

test('what comes is written, wiped and then used; its end ends the output and not the input', async () => {
  const { pipe, output, input, events } = opened();
  pipe.tell(offer(2));
  const bytes = new Uint8Array([1, 2, 3]);
  pipe.tell({ type: 'data', id: 2, data: bytes, last: false });
  pipe.tell({ type: 'data', id: 2, data: new Uint8Array(0), last: true });
  const written: Buffer[] = [];
  output.on('data', (chunk: Buffer) => void written.push(Buffer.from(chunk)));
  await turn();
  expect(events.slice(2).map(({ type }) => type)).toEqual(['used', 'used', 'whole']);
  expect(output.writableEnded).toBe(true);
  expect(input.destroyed).toBe(false);
});

test('a reader that is gone ends its direction alone; the pipe is not whole', async () => {
  const one = opened();
  one.pipe.tell(offer(2));
  one.output.destroy(new Error('EPIPE'));
  await turn();
  expect(one.events.at(-1)).toMatchObject({ type: 'failed', id: 2, reason: 'cancelled' });
  one.pipe.tell({ type: 'over', id: 2, whole: false, code: 'SC-349' });
  expect(one.over).toBe(0);
  one.pipe.tell({ type: 'taken', id: 1 });
  one.pipe.tell({ type: 'over', id: 1, whole: true, code: undefined });
  expect([one.over, one.pipe.failure?.code]).toEqual([1, 'SC-349']);
});

test('both directions whole is the end, and no failure', () => {
  const one = opened();
  expect(one.pipe.failure?.code).toBe('SC-349');
  one.pipe.tell(offer(2));
  one.pipe.tell({ type: 'taken', id: 1 });
  one.pipe.tell({ type: 'over', id: 2, whole: true, code: undefined });
  one.pipe.tell({ type: 'over', id: 1, whole: true, code: undefined });
  expect([one.over, one.pipe.failure]).toEqual([1, undefined]);
});

test('who leaves is not told to leave', () => {
  const one = opened();
  one.pipe.tell({ type: 'over', id: 1, whole: false, code: 'SC-343' });
  expect(one.over).toBe(0);
});

test('a peer that refuses takes no pipe', () => {
  const one = opened();
  one.pipe.tell({ type: 'over', id: 1, whole: false, code: 'SC-342' });
  expect([one.over, one.pipe.failure?.code]).toEqual([1, 'SC-358']);
});
