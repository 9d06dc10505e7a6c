/**
 * The examples of a page as its reader has them: every named block of it in an empty folder far from the sources, and the packed
 * package installed there by the page's own command, with today's versions of what npm installs beside it. Nothing is run
 * and nothing is expected in this file. Used after a build, from the root.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
/** What the page installs. */
const PACKED = `../securechat/securechat-${version}.tgz`;

/** `{ folder, example, run, install, remove }`: `folder` is for whatever else is needed. */
export function createExample(page) {
  const folder = mkdtempSync(path.join(tmpdir(), 'securechat-example-'));
  const example = path.join(folder, 'an empty folder');

  function run(file, args, options = {}) {
    try {
      return execFileSync(file, args, { cwd: example, encoding: 'utf8', stdio: 'pipe', ...options });
    } catch (error) {
      throw new Error(`${file} ${args.join(' ')}\n${error.stdout ?? ''}${error.stderr ?? ''}`, { cause: error });
    }
  }

  return {
    folder,
    example,
    run,
    install() {
      run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], { cwd: process.cwd() });
      const tarball = path.join(
        folder,
        readdirSync(folder).find((name) => name.endsWith('.tgz')),
      );
      mkdirSync(example);
      // npm looks for the package that it is in, and would find none.
      writeFileSync(path.join(example, 'package.json'), '{}');
      const blocks = [...readFileSync(page, 'utf8').matchAll(/^```\w+ (\S+)\n(.*?)^```$/gms)];
      for (const [, name, code] of blocks) if (name !== 'install') writeFileSync(path.join(example, name), code);
      const [, , command] = blocks.find(([, name]) => name === 'install');
      const [npm, ...args] = command.trim().split(' ');
      if (!args.includes(PACKED)) throw new Error(`${page} does not install ${PACKED}`);
      run(npm, [...args.map((word) => (word === PACKED ? tarball : word)), '--no-audit', '--no-fund']);
    },
    remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }),
  };
}
