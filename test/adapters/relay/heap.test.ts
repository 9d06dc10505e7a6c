/** The heap of a relay's process: what V8 is told, and that it knows the flag. */
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { collectLess } from '../../../adapters/relay/heap.js';

describe('the heap of a relay', () => {
  const MIB = 2 ** 20;

  it('may grow by 48 MiB, or to four times what is in use, on each version of Node that is known', () => {
    const set: string[] = [];
    for (const [version, mib] of [
      ['20.19.0', 8],
      ['26.0.0', 100],
      ['27.0.0', 8],
    ] as const) {
      collectLess(
        version,
        (flag) => set.push(flag),
        () => mib * MIB,
      );
    }
    expect(set).toEqual(['--heap-growing-percent=600', '--heap-growing-percent=300']);
  });

  it('is measured anew after each collection', async () => {
    const set: string[] = [];
    let used = 4 * MIB;
    collectLess(
      '20.19.0',
      (flag) => set.push(flag),
      () => used,
    );
    used = 8 * MIB;
    while (set.length < 2) {
      Array.from({ length: 10_000 }, (_, n) => ({ n }));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(set.slice(0, 2)).toEqual(['--heap-growing-percent=1200', '--heap-growing-percent=600']);
  });

  it('by a flag that this V8 has', () => {
    expect(execFileSync(process.execPath, ['--v8-options'], { encoding: 'utf8' })).toContain('--heap-growing-percent ');
  });
});
