/**
 * Scripts for a browser, bundled as the page is: the same settings, the same targets. No expectation may be in this file.
 */
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type BuildOptions, type Plugin } from 'esbuild';
import { ROOT } from './program.js';

/** One script cannot wait while it is loaded, as support/sodium.ts does: here each crypto is given. */
const withoutSodium: Plugin = {
  name: 'without sodium',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]test[\\/]support[\\/]sodium\.ts$/ }, () => ({
      contents: "export const createSodium = () => { throw new Error('a crypto is to be given'); };",
    }));
  },
};

/** One script of this source, which imports from the root of the repository. */
export async function bundleForPage(contents: string): Promise<string> {
  const file = pathToFileURL(path.join(ROOT, '.config/build-page.mjs')).href;
  const { BUNDLE } = (await import(file)) as { readonly BUNDLE: BuildOptions };
  const stdin = { contents, resolveDir: ROOT, sourcefile: 'inside.ts', loader: 'ts' } as const;
  const { outputFiles } = await build({
    ...BUNDLE,
    plugins: [...(BUNDLE.plugins ?? []), withoutSodium],
    stdin,
    write: false,
  });
  return outputFiles[0]?.text ?? '';
}
