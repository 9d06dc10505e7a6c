/**
 * What waits for its reader: once, in order, for one after another, and nothing of it is forgotten unseen.
 */
import { expect, test } from 'vitest';
import { createMailbox } from '../../../adapters/library/mailbox.js';
import { fc } from '../../support/chance.js';

function box() {
  const dropped: number[] = [];
  let left = 0;
  const mailbox = createMailbox<number, string>({
    open: String,
    drop: (item) => void dropped.push(item),
    left: () => {
      left += 1;
    },
  });
  return { mailbox, dropped, left: () => left };
}

test('whoever asks first gets the first, whatever comes first', async () => {
  const { mailbox } = box();
  const [a, b] = [mailbox[Symbol.asyncIterator](), mailbox[Symbol.asyncIterator]()];
  const asked = [a.next(), b.next(), a.next()];
  for (let n = 0; n < 4; n++) mailbox.put(n);
  expect(await Promise.all([...asked, b.next()])).toEqual(
    ['0', '1', '2', '3'].map((value) => ({ done: false, value })),
  );
});

test('a reader that leaves while it waits takes nothing along', async () => {
  const { mailbox, left } = box();
  const reader = mailbox[Symbol.asyncIterator]();
  const asked = reader.next();
  await reader.return?.();
  expect(await asked).toEqual({ done: true, value: undefined });
  expect([mailbox.readers, left()]).toEqual([0, 1]);
  mailbox.put(1);
  expect(mailbox.length).toBe(1);
  expect(await reader.next()).toEqual({ done: true, value: undefined });
  expect(await mailbox[Symbol.asyncIterator]().next()).toEqual({ done: false, value: '1' });
});

test('the end comes after all that waits; what comes later is dropped', async () => {
  const { mailbox, dropped } = box();
  const error = new Error('the end');
  const waiting = mailbox[Symbol.asyncIterator]().next();
  mailbox.put(0);
  expect(await waiting).toMatchObject({ value: '0' });
  mailbox.put(1);
  mailbox.end(error);
  mailbox.put(2);
  const reader = mailbox[Symbol.asyncIterator]();
  expect(await reader.next()).toMatchObject({ value: '1' });
  await expect(reader.next()).rejects.toBe(error);
  expect(await reader.next()).toEqual({ done: true, value: undefined });
  expect(dropped).toEqual([2]);
  mailbox.clear();
  expect(mailbox.readers).toBe(0);
});

test('each item is read once or dropped once, in order', async () => {
  const step = fc.constantFrom('put', 'next', 'leave', 'clear');
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const { mailbox, dropped } = box();
      const read: Promise<IteratorResult<string, unknown>>[] = [];
      let reader = mailbox[Symbol.asyncIterator]();
      let put = 0;
      for (const each of steps) {
        if (each === 'put') mailbox.put(put++);
        else if (each === 'next') read.push(reader.next());
        else if (each === 'clear') mailbox.clear();
        else {
          void reader.return?.();
          reader = mailbox[Symbol.asyncIterator]();
        }
      }
      mailbox.clear();
      mailbox.end();
      const results = await Promise.all(read);
      const given = results.flatMap(({ done, value }) => (done === true ? [] : [Number(value)]));
      expect(given).toEqual([...given].sort((a, b) => a - b));
      expect([...given, ...dropped].sort((a, b) => a - b)).toEqual([...Array(put).keys()]);
    }),
  );
});
