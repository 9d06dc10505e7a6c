/**
 * The executable: the client in one file, inside a Node that nothing outside can give other flags. Run from the root by
 * the Node that is to be in it, after a build (`npm run executable`); writes .build/release/ and nothing else.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const RELEASE = path.join(ROOT, '.build', 'release');
/** From here on there are --build-sea and process.permission.drop. */
const LEAST_NODE = 26;

/** What every start has; executable.ts gives up what it does not need. No addon, no thread, no inspector, no WASI. */
const FLAGS = [
  ...['--permission', '--allow-net', '--allow-child-process', '--allow-fs-read=.', '--allow-fs-write=.'],
  ...['/proc/self/limits', '/run/tor/control.authcookie', '/var/lib/tor/control_auth_cookie'].map(
    (file) => `--allow-fs-read=${file}`,
  ),
  ...['--disable-sigusr1', '--disallow-code-generation-from-strings'],
  // launcher.sh says why.
  ...['--no-concurrent-sparkplug', '--no-maglev'],
  // That a flag is experimental, and that whoever may start programs may do anything: it may not, when it reads this.
  ...['--disable-warning=ExperimentalWarning', '--disable-warning=SecurityWarning'],
];

/** The bundle, one file. `plugins` are those of esbuild. */
export async function bundleExecutable(plugins = []) {
  const { outputFiles, warnings } = await build({
    absWorkingDir: ROOT,
    entryPoints: ['adapters/cli/executable.ts'],
    bundle: true,
    write: false,
    format: 'cjs',
    platform: 'node',
    target: `node${LEAST_NODE}`,
    charset: 'utf8',
    legalComments: 'none',
    logLevel: 'warning',
    define: {
      'process.env.WS_NO_BUFFER_UTIL': '"1"',
      'process.env.WS_NO_UTF_8_VALIDATE': '"1"',
      'process.env.DEBUG': 'undefined',
      'import.meta.url': '__url',
    },
    external: ['bufferutil', 'utf-8-validate'],
    banner: { js: "const __url = require('node:url').pathToFileURL(process.execPath).href;" },
    plugins,
  });
  if (warnings.length > 0) throw new Error('esbuild warned; the build must be silent');
  return outputFiles[0].text;
}

/** Puts the bundle into a copy of this Node, at `target`. */
export function makeExecutable(bundle, target) {
  if (Number(process.versions.node.split('.')[0]) < LEAST_NODE)
    throw new Error(`Node ${LEAST_NODE} is needed: npm run executable fetches it`);
  const folder = mkdtempSync(path.join(tmpdir(), 'securechat-executable-'));
  try {
    const file = (name) => path.join(folder, name);
    // Never half a file, and never one that is being executed.
    mkdirSync(path.dirname(target), { recursive: true });
    const fresh = path.resolve(`${target}.${process.pid}.new`);
    writeFileSync(file('securechat.cjs'), bundle);
    const configuration = {
      main: 'securechat.cjs',
      mainFormat: 'commonjs',
      output: fresh,
      disableExperimentalSEAWarning: true,
      // Two builds would differ, and Node refuses it beside these flags.
      useCodeCache: false,
      useSnapshot: false,
      assets: { 'page.html': path.join(ROOT, 'dist', 'page.html') },
      execArgv: FLAGS,
      execArgvExtension: 'none',
    };
    writeFileSync(file('configuration.json'), JSON.stringify(configuration));
    execFileSync(process.execPath, ['--build-sea', 'configuration.json'], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    renameSync(fresh, target);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
  const target = path.join(RELEASE, `securechat-${version}-${process.platform}-${process.arch}`);
  makeExecutable(await bundleExecutable(), target);
  const hash = createHash('sha512').update(readFileSync(target)).digest('hex');
  process.stdout.write(`sha512 ${hash}  ${path.relative(ROOT, target)} (Node ${process.version})\n`);
}
