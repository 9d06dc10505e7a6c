/**
 * `--code-fd` as people write it: each kind of descriptor from each shell that is here.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { repeats } from '../support/chance.js';
import { ENV, PROGRAM, start } from '../support/program.js';

const folder = mkdtempSync(path.join(tmpdir(), 'securechat-test-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = path.join(folder, 'code');
writeFileSync(file, 'kitchen\n');

/** The room is told to be public, so its name was read; there is no relay and no more input, so it ends. */
const CHAT = `'${PROGRAM}' --ui json --relay ws://127.0.0.1:1 --code-fd 3`;
const POSIX = {
  'a file': `${CHAT} 3<'${file}'`,
  'a pipe': `echo kitchen | ${CHAT} 3<&0`,
  'a here-document': `${CHAT} 3<<END\nkitchen\nEND`,
} as const;
const MORE = {
  'a here-string': `${CHAT} 3<<<kitchen`,
  'the output of a command': `${CHAT} 3< <(echo kitchen)`,
} as const;

describe.each([
  ['bash', { ...POSIX, ...MORE }],
  ['zsh', { ...POSIX, ...MORE }],
  ['dash', POSIX],
] as const)('in %s', (shell, ways) => {
  const missing = spawnSync(shell, ['-c', ':']).error !== undefined;
  if (missing) console.warn(`SKIPPED: there is no ${shell}, --code-fd is not tried from it`);
  it.skipIf(missing).each(Object.entries(ways))('%s', (_what, script) => {
    const { stdout, stderr } = spawnSync(shell, ['-c', script], { env: ENV, encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(stdout).toContain('"code":"SC-318"');
  });
});

it('a socket', async () => {
  // A pipe of Node's child_process is a socket.
  const side = start(['--ui', 'json', '--relay', 'ws://127.0.0.1:1', '--code-fd', '3'], { extraFds: 1 });
  (side.child.stdio[3] as unknown as NodeJS.WritableStream).end('kitchen\n');
  expect((await side.event('notice'))['code']).toBe('SC-318');
  expect(await side.exit).toBe(3);
});

it.each(repeats([4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20], 4))(
  'descriptor %d of Node is refused, or is at its end',
  (fd) => {
    const { status, stderr } = spawnSync(PROGRAM, ['--ui', 'json', '--code-fd', String(fd)], {
      env: ENV,
      encoding: 'utf8',
    });
    expect(stderr).toMatch(/\(SC-(503|310)\)/);
    expect(status).toBe(2);
  },
);
