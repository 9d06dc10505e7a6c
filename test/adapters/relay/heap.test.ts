/** The heap of a relay's process: what V8 is told, and that it knows the flag. */
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { collectLess } from '../../../adapters/relay/heap.js';

describe('the heap of a relay', () => {
  it('may grow, on each version of Node that is known', () => {
    const set: string[] = [];
    for (const version of ['20.19.0', '26.0.0', '27.0.0']) collectLess(version, (flag) => set.push(flag));
    expect(set).toEqual(Array(2).fill('--heap-growing-percent=300'));
  });

  it('by a flag that this V8 has', () => {
    expect(execFileSync(process.execPath, ['--v8-options'], { encoding: 'utf8' })).toContain('--heap-growing-percent ');
  });
});
