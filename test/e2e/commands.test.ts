/**
 * Commands of the real program: what they print, where, with which exit status; an output that cannot take it is no success.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { repeats } from '../support/chance.js';
import { ENV, PROGRAM, ROOT } from '../support/program.js';

const sh = (script: string, env: NodeJS.ProcessEnv = {}) =>
  spawnSync('sh', ['-c', script], { env: { ...ENV, ...env }, encoding: 'utf8', cwd: ROOT, timeout: 120_000 });

describe('a command', () => {
  it.each([
    ['--help', /^securechat: two people/],
    ['help', /^securechat: two people/],
    ['--version', /^\d+\.\d+\.\d+\n$/],
    ['version', /^\d+\.\d+\.\d+\n$/],
    ['help codes', /^Room codes\n/],
    ['help man', /^\.TH SECURECHAT 1 /],
    ['completion bash', /complete -F _securechat securechat\n$/],
    ['relay --help', /^securechat relay/],
    ['page --help', /^Usage: securechat page/],
    ['page --hash', /^[0-9a-f]{64}\n$/],
    ['doctor --help', /^Usage: securechat doctor/],
    ['help --help', /^Usage: securechat help/],
    ['version --help', /^Usage: securechat version/],
    ['completion --help', /^Usage: securechat completion/],
  ] as const)('%s: on stdout, exit 0', (args, says) => {
    const { stdout, stderr, status } = sh(`'${PROGRAM}' ${args}`);
    expect([stderr, status]).toEqual(['', 0]);
    expect(stdout).toMatch(says);
  });

  it('names itself as it was started', () => {
    const { stdout } = sh(`'${PROGRAM}' --help`, { SECURECHAT_COMMAND: './run.sh' });
    expect(stdout).toContain('Usage: ./run.sh [flags] [ROOM]');
    expect(stdout).not.toMatch(/\bsecurechat [a-z[-]/);
    const { stderr } = sh(`'${PROGRAM}' --nonsense`, { SECURECHAT_COMMAND: './run.sh' });
    expect(stderr).toContain('hint: See ./run.sh --help.');
  });

  it.each(['--verify page', '--verify relay', '--quiet pipe', '--verify send', '--verify receive'])(
    '%s: no room has that name',
    (name) => {
      const { stdout, stderr, status } = sh(`'${PROGRAM}' ${name} </dev/null`);
      expect([stdout, status]).toEqual(['', 2]);
      expect(stderr).toContain('(SC-511)');
    },
  );
});

describe('an output that cannot take it', () => {
  const asked = repeats(
    ['--help', 'help options', 'doctor', '--version', 'help', 'completion bash', '--quiet --help'],
    3,
  );

  it.skipIf(!existsSync('/dev/full')).each(asked)('full: %s is an error', (args) => {
    const { stderr, status } = sh(`'${PROGRAM}' ${args} >/dev/full`);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^securechat: error: .*ENOSPC.*\(SC-505\)\nsecurechat: hint: /);
  });

  it.each(asked)('closed: %s is an error', (args) => {
    const { stderr, status } = sh(`'${PROGRAM}' ${args} >&-`);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^securechat: error: .*\(SC-505\)\nsecurechat: hint: /);
  });
});
