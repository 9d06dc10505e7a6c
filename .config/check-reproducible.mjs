/**
 * Builds and packs twice, the second time from a copy of the sources in another place with an installation of its own, and compares: whoever builds the
 * same sources gets the same package. Prints its hash. Run from the root after `npm ci`; nothing here is changed but dist/.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const MADE = new Set(['node_modules', 'dist', '.build', '.git', 'coverage']);
const folder = mkdtempSync(path.join(tmpdir(), 'securechat-reproducible-'));

/** The hash of the package that a folder packs, built by its own scripts. */
function packed(root, name) {
  const target = path.join(folder, name);
  mkdirSync(target);
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  execFileSync('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', target], { cwd: root });
  const [file] = readdirSync(target);
  return {
    file,
    hash: createHash('sha512')
      .update(readFileSync(path.join(target, file)))
      .digest('hex'),
  };
}

try {
  const root = process.cwd();
  const copy = path.join(folder, 'another place');
  cpSync(root, copy, { recursive: true, filter: (file) => file === root || !MADE.has(path.basename(file)) });
  execFileSync('npm', ['ci', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', '--silent'], {
    cwd: copy,
  });
  const [here, there] = [packed(root, 'here'), packed(copy, 'there')];
  if (here.hash !== there.hash) throw new Error(`the two packages differ: ${here.hash} ${there.hash}`);
  process.stdout.write(`reproducible: sha512 ${here.hash}  ${here.file}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
