/** What relays of a cluster write to each other comes out as it went in, and what is cut off or forged harms nobody. */
import { describe, expect, it } from 'vitest';
import {
  BATCH_LIMIT,
  createBatches,
  FRAME,
  NAME_LENGTH,
  NEIGHBOR,
  readBatch,
} from '../../../core/relay/cluster-batches.js';
import { fc, runs } from '../../support/chance.js';

const NAME = 'a'.repeat(NAME_LENGTH);

function batches() {
  const sent: { readonly to: string; readonly message: Uint8Array }[] = [];
  let deferred = 0;
  const made = createBatches({
    name: () => NAME,
    publish: (to, message) => void sent.push({ to, message: message.slice() }),
    defer: () => void (deferred += 1),
  });
  return { batches: made, sent, deferred: () => deferred };
}

function read(message: Uint8Array): unknown[] {
  const found: unknown[] = [];
  readBatch(message, (...record) => void found.push([...record.slice(0, 5), [...record[5]]]));
  return found;
}

describe('a turn of records', () => {
  it('is one message for each relay, at its end', () => {
    const { batches: made, sent, deferred } = batches();
    made.put('b', FRAME, 1, 2, 3, Uint8Array.of(9, 8));
    made.put('c', NEIGHBOR, 4, 5, 6);
    made.put('b', NEIGHBOR, 7, 8, 2 ** 32 - 1);
    expect([sent, deferred()]).toEqual([[], 1]);
    made.flush();
    expect(sent.map(({ to, message }) => [to, read(message)])).toEqual([
      [
        'b',
        [
          [NAME, FRAME, 1, 2, 3, [9, 8]],
          [NAME, NEIGHBOR, 7, 8, 2 ** 32 - 1, []],
        ],
      ],
      ['c', [[NAME, NEIGHBOR, 4, 5, 6, []]]],
    ]);
    made.flush();
    expect(sent).toHaveLength(2);
    made.put('b', NEIGHBOR, 1, 2, 3);
    expect(deferred()).toBe(2);
  });

  it('goes out before its end when it is large, also with the largest frame on top', () => {
    const { batches: made, sent } = batches();
    const frame = new Uint8Array(65_536);
    for (let order = 0; order < 3; order++) made.put('b', FRAME, 1, 2, order, frame);
    expect(sent).toHaveLength(1);
    expect(sent[0]?.message.length).toBeGreaterThan(BATCH_LIMIT);
    made.flush();
    expect(sent.map(({ message }) => read(message).length)).toEqual([2, 1]);
  });

  it('is dropped for a relay that is no more', () => {
    const { batches: made, sent } = batches();
    made.put('b', NEIGHBOR, 1, 2, 3);
    made.put('c', NEIGHBOR, 1, 2, 3);
    made.drop((instance) => instance === 'b');
    made.flush();
    expect(sent.map(({ to }) => to)).toEqual(['c']);
  });
});

it('a message that is cut off gives its whole records, and anything else none that reaches behind its end', () => {
  const { batches: made, sent } = batches();
  made.put('b', FRAME, 1, 2, 3, Uint8Array.of(9, 8));
  made.put('b', NEIGHBOR, 4, 5, 6);
  made.flush();
  const [{ message } = { message: new Uint8Array(0) }] = sent;
  expect(read(message.subarray(0, -1))).toEqual([[NAME, FRAME, 1, 2, 3, [9, 8]]]);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      readBatch(bytes, (_instance, _kind, _from, _to, _value, frame) => {
        expect(new DataView(frame.buffer, frame.byteOffset - 4).getUint32(0)).toBe(frame.length);
      });
    }),
    { numRuns: runs(200, 5_000) },
  );
});
