/** What the executable may touch, for each command line. */
import { describe, expect, it } from 'vitest';
import { isSecurechatError } from '../../../core/errors.js';
import { COOKIES, rightsOf } from '../../../adapters/cli/rights.js';
import { fc } from '../../support/chance.js';

const HOME = '/people/ann';

describe('rightsOf', () => {
  it.each([
    ['', 'none'],
    ['482913-tunnel-anchor-mango', 'none'],
    ['pipe 482913-tunnel-anchor-mango', 'none'],
    ['--relay wss://relay.example --ui json', 'none'],
    ['send', 'none'],
    ['receive', 'write /people/ann'],
    ['receive -o ../bob', 'write /people/bob'],
    ['receive --output=/tmp/x CODE', 'write /tmp/x'],
    ['--files', 'write /people/ann'],
    ['--files=in CODE', 'write /people/ann/in'],
    ['--files in', 'write /people/ann/in'],
    ['send a', 'read /people/ann/a'],
    ['send a b', 'read /people/ann'],
    ['send a/b a/c /people/ann/a/d/e', 'read /people/ann/a'],
    ['send a ab', 'read /people/ann'],
    ['send a /etc/hosts', 'read /'],
    ['send -- -p', 'read /people/ann/-p'],
    ['--onion', 'none + cookies'],
    ['--onion --tor-cookie ../tor/cookie', 'read /people/tor/cookie'],
    ['--onion --tor-cookie=/run/tor/c', 'read /run/tor/c'],
    ['--onion --files=in', 'write /people/ann/in + cookies'],
    ['--tor-cookie=/run/tor/c', 'none'],
    ['doctor', 'read /proc'],
    ['relay ws', 'write /'],
  ])('%s: %s', (line, wanted) => {
    const { files, folder, cookies } = rightsOf(line === '' ? [] : line.split(' '), HOME);
    expect(`${files}${files === 'none' ? '' : ` ${folder}`}${cookies ? ' + cookies' : ''}`).toBe(wanted);
  });

  it.each(['-p x', '-p./x', '--plugin x', '--plugin=x CODE', 'send a -p x', 'pipe --plugin x'])(
    '%s: refused',
    (line) => {
      expect(() => rightsOf(line.split(' '), HOME)).toThrow(expect.objectContaining({ code: 'SC-520' }) as Error);
    },
  );

  it('whatever the command line: no right but those of a task, and a folder that holds what is named', () => {
    const word = fc.oneof(
      fc.constantFrom(
        'send',
        'receive',
        'pipe',
        '--files',
        '--files=x',
        '-o',
        '--',
        '--onion',
        '-p',
        '--tor-cookie',
        'a/b',
      ),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(word), (argv) => {
        try {
          const { files, folder } = rightsOf(argv, HOME);
          expect(folder.startsWith('/')).toBe(true);
          const asks = ['send', 'receive', 'relay', 'doctor'].includes(argv[0] ?? '');
          if (!asks && !argv.some((each) => each.startsWith('--files') || each === '--onion'))
            expect(files).toBe('none');
        } catch (error) {
          if (!isSecurechatError(error)) throw error;
          expect(error.code).toBe('SC-520');
        }
      }),
    );
  });

  it('the usual places of the cookie are those that the build allows', async () => {
    const { readFile } = await import('node:fs/promises');
    const build = await readFile(new URL('../../../.config/build-executable.mjs', import.meta.url), 'utf8');
    const launcher = await readFile(new URL('../../../adapters/cli/launcher.sh', import.meta.url), 'utf8');
    for (const each of COOKIES) for (const text of [build, launcher]) expect(text).toContain(each);
  });
});
