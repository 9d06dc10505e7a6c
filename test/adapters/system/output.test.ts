/** Standard output where Node would swallow what is written. */
import { closeSync, openSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import { openOutput } from '../../../adapters/system/output.js';

it('is the one of the process, but for what Node would not write to', async () => {
  expect(openOutput()).toBe(process.stdout);
  const fd = openSync(tmpdir(), 'r');
  const failed = await new Promise((resolve) => openOutput(fd).write('lost', resolve));
  closeSync(fd);
  expect(failed).toMatchObject({ code: 'EBADF' });
});
