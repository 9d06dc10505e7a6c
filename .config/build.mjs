/**
 * Builds dist/ from the sources: programs, library entries, their declarations, licences of what is bundled; and dist/ of
 * each plugin in plugins/. Run from the root after `tsc -b`; with --programs the libraries are left out, and nothing needs
 * to be checked before. Nothing is downloaded and nothing outside these folders and .build/ is written.
 *
 * Everything is bundled: reading hundreds of small files is most of the start-up time. What is imported with `import()`
 * becomes a chunk of its own, loaded only when it is chosen.
 */
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { bundleClient } from './build-client.mjs';
import { bundlePage, PAGES } from './build-page.mjs';
import { licences } from './licences.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DIST = path.join(ROOT, 'dist');
const BUILD = path.join(ROOT, '.build');
const TYPES = path.join(BUILD, 'types');
const PROGRAMS_ONLY = process.argv.includes('--programs');

/** The client and what plugins import, name in dist/ → source: they share their chunks (build-client.mjs). */
const CLIENT = {
  programs: { securechat: 'adapters/cli/main.ts' },
  libraries: { plugin: 'plugins/kit/define.ts', testing: 'plugins/testing/testing.ts' },
  // ws must not look for native addons in the client: one that lies about in a node_modules above would be loaded.
  define: { 'process.env.WS_NO_BUFFER_UTIL': '"1"', 'process.env.WS_NO_UTF_8_VALIDATE': '"1"' },
};

/** Programs that are one file: easy to put on a machine. What a relay loads later is inside, and still run only then. */
const SINGLE = {
  'securechat-node': 'adapters/cli/launch.ts',
  'relay-ws': 'relay-ws/main.ts',
  'relay-socketio': 'relay-socketio/main.ts',
};

/** The library, as a stranger imports it. Apart from the programs: it brings nothing of theirs along, and reads no environment. */
const LIBRARY = {
  library: { source: 'adapters/library/library.ts' },
  browser: { source: 'adapters/library/browser.ts', platform: 'browser', target: 'es2022' },
};

/** socket.io writes every packet and address to stderr when this is set: not with us. */
const SILENT = { 'process.env.DEBUG': 'undefined' };

/** Addons that ws takes when they are there. */
const EXTERNAL = ['bufferutil', 'utf-8-validate'];

const COMMON = {
  bundle: true,
  write: false,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  charset: 'utf8',
  // The whole licences are in THIRD-PARTY-LICENSES.txt. No source maps: the bundle is not minified, and a place in it
  // says enough.
  legalComments: 'none',
  sourcemap: false,
  logLevel: 'warning',
};

const SHEBANG = '#!/usr/bin/env node\n';
/** CommonJS packages ask for Node's own modules by `require`, which an ES module has not. */
const REQUIRE =
  "import { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);\n";

const written = new Set();
const inputs = new Set();

async function put(file, text, mode = 0o644) {
  written.add(file);
  await mkdir(path.dirname(file), { recursive: true });
  // Never half a file: another program may be starting from it.
  const fresh = `${file}.${process.pid}.new`;
  await writeFile(fresh, text);
  await chmod(fresh, mode);
  await rename(fresh, file);
}

/**
 * The plugins that come with the sources, each to where its package.json says. `securechat/plugin` goes inside: a checkout
 * is in nobody's node_modules, where a stranger's plugin finds it.
 */
async function plugins() {
  for (const entry of await readdir(path.join(ROOT, 'plugins'), { withFileTypes: true })) {
    if (!entry.isDirectory() || entry.name === 'kit' || entry.name === 'testing') continue;
    const folder = path.join(entry.parentPath, entry.name);
    const { outputFiles, warnings } = await build({
      absWorkingDir: ROOT,
      entryPoints: [path.join(folder, 'index.ts')],
      outfile: path.join(folder, 'dist', 'index.js'),
      alias: { 'securechat/plugin': path.join(ROOT, 'plugins/kit/define.ts') },
      ...COMMON,
    });
    if (warnings.length > 0) throw new Error('esbuild warned; the build must be silent');
    for (const { path: file, text } of outputFiles) await put(file, text);
  }
}

async function write(name, text, program, outputs, { imports, inputs: made }) {
  const asks = name.endsWith('.js') && !name.includes('browser') && /\btypeof require\b/.test(text);
  const head = (program ? SHEBANG : '') + (asks ? REQUIRE : '');
  await put(path.join(DIST, name), head === '' ? text : head + text, program ? 0o755 : 0o644);
  for (const input of made) inputs.add(input);
  outputs[`dist/${name}`] = { imports, inputs: Object.fromEntries(made.map((input) => [input, {}])) };
}

async function client(outputs) {
  const { programs, define } = CLIENT;
  const libraries = PROGRAMS_ONLY ? {} : CLIENT.libraries;
  const common = { root: ROOT, dist: DIST, external: EXTERNAL, define: { ...define, ...SILENT } };
  for (const file of await bundleClient({ ...common, programs, libraries }))
    await write(file.name, file.text, file.program, outputs, file);
  for (const source of Object.values(libraries)) await declare(source);
}

async function library(outputs) {
  for (const [name, { source, ...special }] of Object.entries(LIBRARY)) {
    const result = await build({
      ...COMMON,
      absWorkingDir: ROOT,
      entryPoints: { [name]: source },
      outdir: path.join(DIST, 'library'),
      chunkNames: `${name}-chunks/[name]-[hash]`,
      splitting: true,
      metafile: true,
      define: { ...CLIENT.define, 'process.env': '{}' },
      external: EXTERNAL,
      ...special,
    });
    if (result.warnings.length > 0) throw new Error('esbuild warned; the build must be silent');
    for (const { path: file, text } of result.outputFiles) {
      const own = path.relative(DIST, file);
      const { imports, inputs: made } = result.metafile.outputs[`dist/${own}`];
      await write(own, text, false, outputs, { imports, inputs: Object.keys(made) });
    }
    await declare(source);
  }
}

async function single(outputs) {
  const result = await build({
    absWorkingDir: ROOT,
    entryPoints: SINGLE,
    outdir: DIST,
    splitting: false,
    metafile: true,
    define: SILENT,
    external: EXTERNAL,
    ...COMMON,
  });
  if (result.warnings.length > 0) throw new Error('esbuild warned; the build must be silent');
  for (const { path: file, text } of result.outputFiles) {
    const name = path.relative(DIST, file);
    const { imports, inputs: made } = result.metafile.outputs[`dist/${name}`];
    await write(name, text, true, outputs, { imports, inputs: Object.keys(made) });
  }
}

/** Copies the declarations of a source and of all that they name. */
async function declare(source) {
  const file = source.replace(/\.ts$/, '.d.ts');
  const target = path.join(DIST, 'types', file);
  if (written.has(target)) return;
  const text = await readFile(path.join(TYPES, file), 'utf8');
  await put(target, text.replace(/\n\/\/# sourceMappingURL=.*/, ''));
  for (const [, name] of text.matchAll(/\b(?:from|import\()\s*['"](\.[^'"]+)\.js['"]/g))
    await declare(path.join(path.dirname(source), `${name}.ts`));
}

/** The page for browsers, with the licences of what is in it. */
async function page() {
  const made = await bundlePage(ROOT, PAGES.page);
  await put(path.join(DIST, 'page.html'), made.html);
  for (const input of made.inputs) inputs.add(input);
}

/** Removes what an earlier build left: last, so that a program that starts meanwhile finds all its chunks. */
async function sweep() {
  for (const entry of await readdir(DIST, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    if (entry.isFile() && !written.has(file)) await rm(file, { force: true });
  }
}

/** What is built from, so that run.sh knows when to build again; nothing where there is no POSIX shell. */
function fingerprint() {
  try {
    return execFileSync('sh', ['.config/fingerprint.sh'], { cwd: ROOT, encoding: 'utf8' });
  } catch {
    return '';
  }
}

// Before the sources are read: a change meanwhile must not be taken for built.
const before = fingerprint();
const noted = path.join(BUILD, 'fingerprint');
await rm(noted, { force: true });
const outputs = {};
await client(outputs);
if (!PROGRAMS_ONLY) await library(outputs);
await single(outputs);
await put(path.join(DIST, 'securechat'), await readFile(path.join(ROOT, 'adapters/cli/launcher.sh'), 'utf8'), 0o755);
// Without plugins the help is always the same: told without loading what makes it. `--quiet`: not from the file itself.
const say = (...args) => {
  const { SECURECHAT_COMMAND, ...env } = process.env;
  return execFileSync(process.execPath, [path.join(DIST, 'securechat.cjs'), ...args], { env });
};
await put(path.join(DIST, 'help.txt'), say('--quiet', '--help'));
await put(path.join(DIST, 'securechat.1'), say('help', 'man'));
await plugins();
await page();
const notes = await licences(ROOT, inputs);
await put(path.join(DIST, 'THIRD-PARTY-LICENSES.txt'), notes.join(`\n${'-'.repeat(80)}\n\n`));
await sweep();
await mkdir(BUILD, { recursive: true });
await writeFile(path.join(BUILD, 'bundle.json'), `${JSON.stringify(outputs, undefined, 1)}\n`);
if (before !== '') await writeFile(noted, before);
