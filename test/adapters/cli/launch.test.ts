/** What of the file system Node may touch, for each command line: what is sent, where it is written, and links on the way. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { flagsOf } from '../../../adapters/cli/launch.js';
import { CLI_WORDS } from '../../../adapters/words/cli.js';

const APP = '/an/app';
let here: string;
beforeEach(() => {
  here = realpathSync(mkdtempSync(path.join(tmpdir(), 'securechat-launch-')));
  for (const folder of ['in', 'real']) mkdirSync(path.join(here, folder));
  for (const file of ['a', 'b', 'real/c']) writeFileSync(path.join(here, file), '');
  symlinkSync('real', path.join(here, 'link'));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(here, { recursive: true, force: true });
});

/** What is allowed beside the program itself; the folder of the test is left out. */
function allowed(...argv: readonly string[]): string[] {
  const flags = flagsOf(argv, APP, here, 'v26.0.0').flatMap(
    (flag) => /^--allow-fs-((?:read|write)=.*)$/s.exec(flag)?.[1] ?? [],
  );
  expect(flags).toContain(`read=${APP}/`);
  return flags.filter((flag) => flag !== `read=${APP}/`).map((flag) => flag.replace(`${here}/`, ''));
}

describe('send', () => {
  test('what is named, to read, each once', () => {
    expect(allowed('send', 'a', './a', 'real/../b', `${here}/a`)).toEqual(['read=a', 'read=b']);
  });

  test('a link, and where it leads', () => {
    expect(allowed('send', 'link', 'link/c')).toEqual(['read=link', 'read=real']);
  });

  test('what is not there, by its name: the program says so', () => {
    expect(allowed('send', 'missing')).toEqual(['read=missing']);
  });

  test('no value of a flag, and everything behind two dashes', () => {
    expect(allowed('send', '--room', 'a', '--relay', 'in', 'b')).toEqual(['read=b']);
    expect(allowed('send', '--', '--room', 'a')).toEqual(['read=--room', 'read=a']);
  });

  test('nothing where nothing is named', () => {
    expect(allowed('send')).toEqual([]);
  });
});

describe.each([
  ['receive', ['receive', '-o']],
  ['receive', ['receive', '--output']],
  ['a chat', ['--files']],
])('%s: %j', (_what, [...words]) => {
  test('its folder, to read and to write, and nothing beside it', () => {
    expect(allowed(...words, 'in')).toEqual(['read=in/', 'write=in/']);
    expect(allowed(...words, 'a')).toEqual([]);
  });

  test('behind a link: where it leads, and the link to see that', () => {
    expect(allowed(...words, 'link')).toEqual(['read=link', 'read=real/', 'write=real/']);
  });

  test('of a folder that is not there nothing', () => {
    expect(allowed(...words, 'missing')).toEqual([]);
  });
});

test('receive without a folder has the working folder; a chat and a pipe have none', () => {
  expect(allowed('receive')).toEqual(['read=', 'write=']);
  expect(allowed()).toEqual([]);
  expect(allowed('482913-tunnel-anchor-mango')).toEqual([]);
  expect(allowed('pipe', 'a')).toEqual([]);
});

test('a path that Node would widen is refused before anything starts', () => {
  const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  vi.spyOn(process, 'exit').mockImplementation((status) => {
    throw new Error(`exit ${String(status)}`);
  });
  mkdirSync(path.join(here, 'all*'));
  for (const argv of [
    ['send', 'a*'],
    ['receive', '-o', 'all*'],
    ['--files', 'all*'],
  ]) {
    expect(() => allowed(...argv)).toThrow('exit 2');
    expect(said).toHaveBeenLastCalledWith(`${CLI_WORDS.star}\n`);
  }
});
