/**
 * Scripts for a browser, bundled as the page is: the same settings, the same targets. No expectation may be in this file.
 */
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type BuildOptions } from 'esbuild';
import { ROOT } from './program.js';

/** One script of this source, which imports from the root of the repository. */
export async function bundleForPage(contents: string): Promise<string> {
  const file = pathToFileURL(path.join(ROOT, '.config/build-page.mjs')).href;
  const { BUNDLE } = (await import(file)) as { readonly BUNDLE: BuildOptions };
  const stdin = { contents, resolveDir: ROOT, sourcefile: 'inside.ts', loader: 'ts' } as const;
  const { outputFiles } = await build({ ...BUNDLE, stdin, write: false });
  return outputFiles[0]?.text ?? '';
}
