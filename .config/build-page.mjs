/**
 * The page for browsers: one HTML file with script, style and WebAssembly inside, and a policy that allows these and nothing
 * else. The same sources give the same bytes. Nothing is written here.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { build } from 'esbuild';

const FOLDER = 'adapters/ui/page';
/** The oldest browsers that have all that is used. */
const TARGET = ['chrome111', 'firefox113', 'safari16.4'];

/** How every script for a browser is bundled. */
export const BUNDLE = {
  bundle: true,
  write: false,
  format: 'iife',
  platform: 'browser',
  charset: 'utf8',
  legalComments: 'none',
  logLevel: 'warning',
  metafile: true,
  minify: true,
  target: TARGET,
  // The name of the program in its sentences comes from the environment, which a page has not.
  define: { 'process.env': '{}' },
};

const hash = (text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** `{ html, inputs }`; `licenses` is asked for the text about the packages of these inputs. */
export async function bundlePage({ root, licenses }) {
  const at = (name) => path.join(root, FOLDER, name);
  const code = await build({
    ...BUNDLE,
    absWorkingDir: root,
    entryPoints: [at('main.ts')],
  });
  const looks = await build({ ...BUNDLE, absWorkingDir: root, entryPoints: [at('page.css')] });
  if (code.warnings.length + looks.warnings.length > 0) throw new Error('esbuild warned; the build must be silent');
  const inputs = Object.keys(code.metafile.inputs);
  const [script, style] = [code, looks].map(({ outputFiles: [file] }) => file.text.trim());
  for (const part of [script, style]) {
    if (/<\/(?:script|style)|<!--/i.test(part)) throw new Error('the page would end in the middle of its code');
  }
  const { PAGE_WORDS: words } = await wordsOf(root);
  const notes = await licenses(inputs);
  if (notes.includes('--')) throw new Error('the licenses would end their comment');
  const values = {
    title: words.title,
    noScript: words.noScript,
    policy: policy(script, style),
    licenses: notes,
    script,
    style,
  };
  const template = await readFile(at('page.html'), 'utf8');
  const html = template.replace(/\{\{(\w+)\}\}/g, (_whole, name) => {
    if (values[name] === undefined) throw new Error(`the page has no ${name}`);
    return values[name];
  });
  return { html, inputs };
}

/** 'wasm-unsafe-eval': WebAssembly may be compiled, and no code be made of strings. */
function policy(script, style) {
  return [
    "default-src 'none'",
    `script-src ${hash(script)} 'wasm-unsafe-eval'`,
    `style-src ${hash(style)}`,
    'img-src data:',
    'connect-src ws: wss:',
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
}

/** The sentences are in one place, also those that stand in the HTML. */
async function wordsOf(root) {
  const { outputFiles } = await build({
    ...BUNDLE,
    absWorkingDir: root,
    format: 'esm',
    minify: false,
    entryPoints: [path.join(root, 'adapters/words/page.ts')],
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString('base64')}`);
}
