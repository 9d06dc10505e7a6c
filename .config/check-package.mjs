/**
 * The package as a stranger gets it: packed, judged by publint and attw, unpacked far from the sources, and started there.
 * Run after a build, from the root.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const folder = mkdtempSync(path.join(tmpdir(), 'securechat-package-'));
const run = (file, args, options = {}) => execFileSync(file, args, { encoding: 'utf8', ...options });
const loud = (file, args) => run(file, args, { stdio: 'inherit' });

try {
  run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder]);
  const [name] = readdirSync(folder);
  const tarball = path.join(folder, name);
  loud('npx', ['--no-install', 'publint', 'run', '--strict', tarball]);
  loud('npx', ['--no-install', 'attw', tarball, '--profile', 'esm-only', '--format', 'ascii', '--no-emoji']);

  run('tar', ['-xzf', tarball, '-C', folder]);
  const unpacked = path.join(folder, 'package');
  for (const [program, wanted] of [
    ['dist/securechat.cjs', /^\d+\.\d+\.\d+/],
    ['dist/relay-ws.js', /securechat-relay-ws/],
    ['dist/relay-socketio.js', /securechat-relay-socketio/],
  ]) {
    // Without anybody's node_modules: everything must be inside.
    const said = run(path.join(unpacked, program), [program.includes('relay') ? '--help' : '--version'], {
      cwd: folder,
    });
    if (!wanted.test(said)) throw new Error(`${program} said: ${said}`);
  }
  const help = run(path.join(unpacked, 'dist/securechat.cjs'), ['--help'], { cwd: folder });
  if (!help.includes('--relay')) throw new Error(`--help said: ${help}`);
  const plugin =
    "import { definePlugin } from 'securechat/plugin'; definePlugin({ name: 'x', api: { major: 1, minor: 0 } });";
  run(process.execPath, ['--input-type=module', '-e', plugin], { cwd: unpacked });
  // npm links what is installed globally to where `man` finds it, when the manual is in a list.
  const prefix = path.join(folder, 'prefix');
  const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline', '--omit=optional'];
  run('npm', ['install', '--global', '--prefix', prefix, ...quiet, tarball], { stdio: 'pipe' });
  const page = readFileSync(path.join(prefix, 'share/man/man1/securechat.1'), 'utf8');
  if (!page.startsWith('.TH SECURECHAT 1 ')) throw new Error('the manual page is not one');
  process.stdout.write(`package: ${name} holds what it says and starts\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
