/**
 * Completion in the real shells, in a terminal of tmux: what Tab makes of what is typed. The program itself is not on the
 * PATH: a script that started it to complete would be found out.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { ENV, PROGRAM } from '../support/program.js';

const folder = mkdtempSync(path.join(tmpdir(), 'securechat-test-'));
const SOCKET = path.join(folder, 'tmux');
const tmux = (...args: string[]): string =>
  spawnSync('tmux', ['-S', SOCKET, '-f', '/dev/null', ...args], { encoding: 'utf8', env: { ...ENV, HOME: folder } })
    .stdout;
afterAll(async () => {
  tmux('kill-server');
  // A shell that ends writes its last words into the folder.
  await vi.waitFor(() => rmSync(folder, { recursive: true, force: true }), { timeout: 10_000, interval: 50 });
});

/** How each shell starts without anybody's settings, loads the script, and says that it is ready. */
const SHELLS = {
  bash: ['bash --norc --noprofile', (file: string) => `PS1='$ '; source '${file}'; clear`],
  zsh: ['zsh -f', (file: string) => `PS1='$ '; autoload -U compinit; compinit -D; source '${file}'; clear`],
  fish: [
    'fish --no-config',
    (file: string) =>
      `function fish_prompt; echo -n '$ '; end; set -g fish_autosuggestion_enabled 0; source '${file}'; clear`,
  ],
} as const;

const TYPED: readonly (readonly [typed: string, becomes: string])[] = [
  ['securechat --tran', 'securechat --transport'],
  ['securechat --ui js', 'securechat --ui json'],
  ['securechat -c tw', 'securechat -c tweetnacl'],
  ['securechat doc', 'securechat doctor'],
  ['securechat help saf', 'securechat help safety'],
  ['securechat completion po', 'securechat completion powershell'],
  ['securechat 482913-tunn', 'securechat 482913-tunnel'],
  ['securechat 482913-tunnel-anch', 'securechat 482913-tunnel-anchor'],
  ['securechat 482913-tunnel-anchor-mang', 'securechat 482913-tunnel-anchor-mango'],
];

describe.each(Object.entries(SHELLS))('%s', (shell, [command, load]) => {
  const missing = [shell, 'tmux'].filter((program) => spawnSync(program, ['--version']).error !== undefined);
  if (missing.length > 0)
    console.warn(`SKIPPED: there is no ${missing.join(' and no ')}, completion of ${shell} is not tried`);

  it.skipIf(missing.length > 0)('completes flags, values, commands and the words of a code', async () => {
    const file = path.join(folder, `securechat.${shell}`);
    writeFileSync(file, spawnSync(PROGRAM, ['completion', shell], { encoding: 'utf8', env: ENV }).stdout);
    tmux('new-session', '-d', '-s', shell, '-x', '100', '-y', '40', '-c', folder, command);
    const screen = (): string => tmux('capture-pane', '-p', '-t', shell).trimEnd();
    const shows = async (fits: RegExp): Promise<void> => {
      // tmux tells nobody when a screen changes.
      await expect.poll(screen, { interval: 50 }).toMatch(fits);
    };
    tmux('send-keys', '-t', shell, load(file), 'Enter');
    await shows(/^\$$/);
    for (const [typed, becomes] of TYPED) {
      tmux('send-keys', '-t', shell, '-l', typed);
      await shows(new RegExp(`^\\$ ${typed}$`, 'm'));
      tmux('send-keys', '-t', shell, 'Tab');
      await shows(new RegExp(`^\\$ ${becomes}[- ]?(\\s|$)`, 'm'));
      tmux('send-keys', '-t', shell, 'C-u');
      await shows(/^\$\s*$/m);
      tmux('send-keys', '-t', shell, 'C-l');
      await shows(/^\$$/);
    }
  });
});

it('PowerShell is given a script as well', () => {
  const { stdout, status } = spawnSync(PROGRAM, ['completion', 'powershell'], { encoding: 'utf8', env: ENV });
  expect(status).toBe(0);
  expect(stdout).toContain('Register-ArgumentCompleter -Native -CommandName securechat');
  if (spawnSync('pwsh', ['--version']).error !== undefined)
    return console.warn('SKIPPED: there is no pwsh, completion of PowerShell is not tried');
  const asked = "(TabExpansion2 'securechat --tran' 17).CompletionMatches.CompletionText";
  const ran = spawnSync('pwsh', ['-NoProfile', '-Command', `${stdout}\n${asked}`], { encoding: 'utf8', env: ENV });
  expect(ran.stdout.trim()).toBe('--transport');
});
