/**
 * Makes the release twice, the second time from a copy of the sources in another place with an installation of its own, and
 * compares: whoever builds the same sources gets the same bytes. With the SHA512SUMS of a published release as argument, also
 * with that. Prints the hashes. Run from the root after `npm ci`; nothing here is changed but dist/ and .build/.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const MADE = new Set(['node_modules', 'dist', '.build', '.git', 'coverage']);
const [published] = process.argv.slice(2);
const folder = mkdtempSync(path.join(tmpdir(), 'securechat-reproducible-'));

/** File → hash, of the release that a folder makes by its own scripts. */
function released(root) {
  const npm = (...args) => execFileSync('npm', args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  npm('run', '--silent', 'build');
  npm('run', '--silent', 'release');
  return sums(path.join(root, '.build/release/SHA512SUMS'));
}

function sums(file) {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return new Map(lines.map((line) => line.split('  ').reverse()));
}

/** What another system has built (its executable) is not here to be compared. */
function compare(here, there, what) {
  const common = [...here.keys()].filter((file) => there.has(file));
  if (common.length < 2) throw new Error(`${what}: nothing to compare`);
  for (const file of common)
    if (here.get(file) !== there.get(file))
      throw new Error(`${what}: ${file} differs: ${here.get(file)} ${there.get(file)}`);
  for (const file of common) process.stdout.write(`${what}: sha512 ${here.get(file)}  ${file}\n`);
}

try {
  const root = process.cwd();
  const copy = path.join(folder, 'another place');
  cpSync(root, copy, { recursive: true, filter: (file) => file === root || !MADE.has(path.basename(file)) });
  execFileSync('npm', ['ci', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', '--silent'], {
    cwd: copy,
  });
  const here = released(root);
  compare(here, released(copy), 'reproducible');
  if (published !== undefined) compare(here, sums(published), 'as published');
} finally {
  rmSync(folder, { recursive: true, force: true });
}
