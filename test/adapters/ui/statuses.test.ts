/** How own messages are counted, also where the peer never says what became of them. */
import { expect, test } from 'vitest';
import { createStatuses, TRACKED_LIMIT } from '../../../adapters/ui/statuses.js';

function counting() {
  const statuses = createStatuses();
  return {
    statuses,
    own: statuses.own,
    set: statuses.set,
    counts: () => (['held', 'sent', 'delivered', 'failed'] as const).map((each) => statuses.counts[each]),
  };
}

/** Each is held and sent, and nothing more is heard of it. */
function unheard(count: number) {
  const { own, set, counts, statuses } = counting();
  for (let id = 0; id < count; id++) {
    own(id);
    set(id, 'sent');
  }
  return { set, counts, statuses };
}

test('each counts once, in its last status; what is settled does not change', () => {
  const { own, set, counts } = counting();
  for (const id of [0, 1, 2]) own(id);
  set(3, 'delivered');
  expect(counts()).toEqual([3, 0, 0, 0]);
  for (const id of [0, 1]) set(id, 'sent');
  set(1, 'held');
  expect(counts()).toEqual([2, 1, 0, 0]);
  set(0, 'delivered');
  set(0, 'failed');
  set(2, 'failed');
  expect(counts()).toEqual([1, 0, 1, 1]);
});

test('of those that are sent only so many are kept, and all are counted', () => {
  const more = 3;
  const { set, counts, statuses } = unheard(TRACKED_LIMIT + more);
  expect([counts(), statuses.tracked]).toEqual([[0, TRACKED_LIMIT + more, 0, 0], TRACKED_LIMIT]);
  // Nothing is kept of the first: it is taken as sent, whatever becomes of it.
  set(0, 'delivered');
  set(0, 'delivered');
  set(1, 'held');
  set(1, 'sent');
  set(more, 'delivered');
  expect(counts()).toEqual([0, TRACKED_LIMIT + more - 2, 2, 0]);
  for (let id = more + 1; id < TRACKED_LIMIT + more; id++) set(id, 'failed');
  expect(counts()).toEqual([0, 2, 2, TRACKED_LIMIT - 1]);
});

test('what is held is never given up', () => {
  const { own, set, counts, statuses } = counting();
  for (let id = 0; id < TRACKED_LIMIT + 2; id++) own(id);
  expect(statuses.tracked).toBe(TRACKED_LIMIT + 2);
  set(0, 'sent');
  set(1, 'failed');
  expect([counts(), statuses.tracked]).toEqual([[TRACKED_LIMIT, 1, 0, 1], TRACKED_LIMIT]);
});
