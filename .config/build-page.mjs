/**
 * The pages for browsers: one HTML file with script, style and WebAssembly inside, and a policy that allows these and nothing
 * else. The same sources give the same bytes. Nothing is written here.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { build } from 'esbuild';
import { licences } from './licences.mjs';

const TEMPLATE = 'adapters/ui/page/page.html';

/** `words` are exported by this file under this name; `connects`: what the page may connect to. */
export const PAGES = {
  page: {
    script: 'adapters/ui/page/main.ts',
    style: 'adapters/ui/page/page.css',
    words: { file: 'adapters/words/page.ts', name: 'PAGE_WORDS' },
    connects: 'ws: wss:',
  },
  /** Where the reader is the relay: docs/playground. */
  playground: {
    script: 'docs/playground/playground.ts',
    style: 'docs/playground/playground.css',
    words: { file: 'docs/playground/words.ts', name: 'WORDS' },
    connects: "'none'",
  },
};
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

/** `{ html, inputs }` of one of PAGES. */
export async function bundlePage(root, page) {
  const code = await build({ ...BUNDLE, absWorkingDir: root, entryPoints: [path.join(root, page.script)] });
  const looks = await build({ ...BUNDLE, absWorkingDir: root, entryPoints: [path.join(root, page.style)] });
  if (code.warnings.length + looks.warnings.length > 0) throw new Error('esbuild warned; the build must be silent');
  const inputs = Object.keys(code.metafile.inputs);
  const [script, style] = [code, looks].map(({ outputFiles: [file] }) => file.text.trim());
  for (const part of [script, style]) {
    if (/<\/(?:script|style)|<!--/i.test(part)) throw new Error('the page would end in the middle of its code');
  }
  const words = await wordsOf(root, page.words);
  // In a comment of HTML there may be no two dashes.
  const notes = (await licences(root, inputs)).join('\n').replace(/-{2,}/g, (dashes) => '='.repeat(dashes.length));
  const values = {
    title: words.title,
    noScript: words.noScript,
    policy: policy(script, style, page.connects),
    licenses: notes,
    script,
    style,
  };
  const template = await readFile(path.join(root, TEMPLATE), 'utf8');
  const html = template.replace(/\{\{(\w+)\}\}/g, (_whole, name) => {
    if (values[name] === undefined) throw new Error(`the page has no ${name}`);
    return values[name];
  });
  return { html, inputs };
}

/** 'wasm-unsafe-eval': WebAssembly may be compiled, and no code be made of strings. */
function policy(script, style, connects) {
  return [
    "default-src 'none'",
    `script-src ${hash(script)} 'wasm-unsafe-eval'`,
    `style-src ${hash(style)}`,
    'img-src data:',
    `connect-src ${connects}`,
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
}

/** The sentences are in one place, also those that stand in the HTML. */
async function wordsOf(root, { file, name }) {
  const { outputFiles } = await build({
    ...BUNDLE,
    absWorkingDir: root,
    format: 'esm',
    minify: false,
    entryPoints: [path.join(root, file)],
  });
  const made = await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString('base64')}`);
  return made[name];
}
