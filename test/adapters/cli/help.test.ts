/**
 * Help, the man page and the table that both are made from.
 */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { builtins } from '../../../adapters/cli/builtins.js';
import { answer } from '../../../adapters/cli/commands.js';
import { COMMANDS, FLAGS, OWN_FLAGS, SHELLS, TOPICS } from '../../../adapters/cli/flags.js';
import { shortHelp, topicHelp } from '../../../adapters/cli/help.js';
import { manPage } from '../../../adapters/cli/man.js';
import { CLI_WORDS } from '../../../adapters/words/cli.js';
import { CODES, EXIT } from '../../../core/errors.js';
import { createRegistry } from '../../../plugins/kit/registry.js';

const registry = createRegistry(OWN_FLAGS);
registry.register(builtins);
const here = { stdin: {}, stdout: {}, env: {} };
const ask = (command: Parameters<typeof answer>[0], ...argv: string[]) => answer(command, argv, here);

/** Rows and columns of a text, all of them printable ASCII. */
function size(text: string): [rows: number, columns: number] {
  expect(text).toMatch(/^[\x20-\x7e\n]+\n$/);
  const rows = text.split('\n').slice(0, -1);
  return [rows.length, Math.max(...rows.map((row) => row.length))];
}

describe('help', () => {
  it('in its short form fits 80 by 24, prompt included, with three examples first', () => {
    const text = shortHelp(registry);
    const [rows, columns] = size(text);
    expect(rows).toBeLessThanOrEqual(23);
    expect(columns).toBeLessThanOrEqual(79);
    expect(text.split('\n').filter((row) => /^ {2}securechat /.test(row))).toHaveLength(3);
    expect(text.indexOf('Examples:')).toBeLessThan(text.indexOf('Usage:'));
    for (const topic of TOPICS) expect(text).toContain(topic);
    for (const command of COMMANDS) expect(text).toContain(command);
  });

  it.each(TOPICS)('on %s fits 80 columns, and one screen if it is not the list of all flags', (topic) => {
    const [rows, columns] = size(topicHelp(topic, registry));
    expect(columns).toBeLessThanOrEqual(80);
    if (topic !== 'options') expect(rows).toBeLessThanOrEqual(23);
  });

  it('on options lists every flag, every command and every setting', () => {
    const text = topicHelp('options', registry);
    for (const { long, setting } of FLAGS) {
      expect(text).toMatch(new RegExp(`--${long}\\b`));
      if (setting !== undefined) expect(text).toContain(setting);
    }
    for (const command of COMMANDS) expect(text).toMatch(new RegExp(`^ {2}${command} `, 'm'));
    expect(text).not.toContain('undefined');
  });

  it('on exit lists every status there is', () => {
    const text = topicHelp('exit', registry);
    for (const status of new Set([...Object.values(CODES), EXIT.interrupted]))
      expect(text).toMatch(new RegExp(`^ +${String(status)}  `, 'm'));
  });

  it('explains every flag and every command', () => {
    expect(FLAGS.map(({ long }) => long).sort()).toEqual(Object.keys(CLI_WORDS.flags).sort());
    expect([...COMMANDS].sort()).toEqual(Object.keys(CLI_WORDS.commands).sort());
  });
});

describe('a command', () => {
  it.each(['doctor', 'completion', 'help', 'version'] as const)('%s explains itself', async (command) => {
    for (const flag of ['--help', '-h']) {
      const text = await ask(command, flag);
      expect(text).toMatch(new RegExp(`^Usage: securechat ${command}`));
      expect(size(text)[1]).toBeLessThanOrEqual(80);
    }
    expect(await ask('help', command)).toBe(await ask(command, '--help'));
  });

  it('help and version do what they say', async () => {
    expect(await ask('help')).toBe(shortHelp(registry));
    expect(await ask('version')).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(await ask('help', 'codes')).toBe(topicHelp('codes', registry));
    for (const shell of SHELLS) expect(await ask('completion', shell)).toContain('securechat');
  });

  it.each([
    ['help', 'me', 'options, codes'],
    ['help', 'codes exit', 'options, codes'],
    ['version', 'x', 'takes no arguments'],
    ['completion', '', 'bash, zsh, fish, powershell'],
    ['completion', 'tcsh', 'bash, zsh, fish, powershell'],
    ['doctor', 'kitchen', '--relay'],
  ] as const)('%s %s is refused', async (command, argv, says) => {
    await expect(ask(command, ...argv.split(' ').filter((word) => word !== ''))).rejects.toMatchObject({
      code: 'SC-503',
      detail: { why: expect.stringContaining(says) as string },
    });
  });
});

describe('the man page', () => {
  const page = manPage(registry);

  it('has every flag and every setting', () => {
    const plain = page.replaceAll('\\-', '-');
    for (const { long, setting } of FLAGS) {
      expect(plain).toContain(`\\fB--${long}\\fR`);
      if (setting !== undefined) expect(plain).toContain(`.B ${setting}`);
    }
  });

  it.each([
    ['mandoc', ['-Tlint']],
    ['man', ['--warnings', '-l', '-']],
  ] as const)('%s finds nothing wrong', (program, args) => {
    const { error, status, stderr, stdout } = spawnSync(program, args, {
      input: page,
      encoding: 'utf8',
      env: { ...process.env, MANWIDTH: '80' },
    });
    if (error !== undefined)
      return console.warn(`SKIPPED: there is no ${program}, the man page is not checked with it`);
    expect([status, stderr]).toEqual([0, '']);
    if (program === 'mandoc') expect(stdout).toBe('');
    else expect(stdout).toContain('securechat');
  });
});
