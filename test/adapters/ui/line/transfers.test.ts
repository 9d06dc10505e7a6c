/** Lines about files on their way: one for each tenth, and nothing is remembered of a transfer that is over. */
import { expect, it } from 'vitest';
import { createTransferLines } from '../../../../adapters/ui/line/transfers.js';
import { sanitize } from '../../../../adapters/text/sanitize.js';

function lines() {
  const told: string[] = [];
  const text = (...parts: readonly Uint8Array[]): void => void told.push(Buffer.concat(parts).toString());
  const notice: (...parts: readonly Uint8Array[]) => void = text;
  return { told, transfers: createTransferLines({ notice, outside: text } as never, sanitize) };
}

const at = (bytes: number) => ({ type: 'progress', id: 1, bytes, total: 1000 }) as const;

it('a line for each tenth', () => {
  const { told, transfers } = lines();
  for (let bytes = 0; bytes <= 1000; bytes += 25) transfers.show(at(bytes));
  expect(told).toHaveLength(11);
});

it('each end of a transfer forgets how far it was', () => {
  const { told, transfers } = lines();
  transfers.show(at(500));
  transfers.over(1);
  transfers.show(at(500));
  transfers.show({ type: 'file-done', id: 1, bytes: 1000, sum: 'abc' });
  transfers.show(at(500));
  expect(told).toHaveLength(4);
});
