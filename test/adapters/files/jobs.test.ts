/** What the peer called an offer is overwritten, whatever becomes of the offer. */
import { afterEach, expect, it, vi } from 'vitest';
import { createJobs, type Jobs } from '../../../adapters/files/jobs.js';
import type { BulkEvent } from '../../../core/bulk-port.js';
import { utf8 } from '../../support/pair.js';

const NAME = 'Zq7Wm.pdf';
const offer = () => ({ kind: 'files', count: 1, bytes: 1, name: utf8(NAME) }) as const;

afterEach(() => void vi.restoreAllMocks());

/** What stood in the buffers that are overwritten from now on. */
function overwritten(): string[] {
  const before: string[] = [];
  const fill = Uint8Array.prototype.fill;
  vi.spyOn(Uint8Array.prototype, 'fill').mockImplementation(function (this: Uint8Array, ...given) {
    before.push(Buffer.from(this).toString());
    return fill.apply(this, given);
  });
  return before;
}

it.each<[string, boolean, boolean]>([
  ['that nobody takes', false, false],
  ['that is over before it is looked at', true, true],
  ['that is over later', true, false],
])('one %s', async (_what, taken, atOnce) => {
  const events: BulkEvent[] = [];
  const jobs: Jobs = createJobs(taken, {
    prepare: () => Promise.resolve(),
    examine: ({ id }) => jobs.emit({ type: 'examined', id, free: undefined, exists: false }),
    take: () => undefined,
  });
  const answered = new Promise<void>((resolve) => {
    jobs.open((event) => {
      events.push(event);
      resolve();
    });
  });
  const before = overwritten();
  jobs.tell({ type: 'offered', id: 1, offer: offer() });
  if (!atOnce) await answered;
  jobs.tell({ type: 'over', id: 1, whole: false, code: undefined });
  await jobs.close();
  expect(before).toEqual([NAME]);
  expect(events.map(({ type }) => type)).toEqual(atOnce ? [] : [taken ? 'examined' : 'failed']);
});
