/**
 * The program with a change that a test plants in its sources: a place to hold it, a leak that a proof must find. Built
 * beside its launcher in a folder of its own; nothing of it is ever shipped. No expectation may be in this file.
 */
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build, type Plugin } from 'esbuild';
import { IS_EXECUTABLE, ROOT } from './program.js';

/** A text of a source file, which must be there exactly once, and what stands in its place. */
export interface Change {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

export interface Variant {
  /** The launcher, as installed, and the program that it starts; where the executable is tested, that in its place. */
  readonly launcher: string;
  readonly program: string;
  remove(): void;
}

interface ExecutableBuild {
  bundleExecutable(plugins: readonly Plugin[]): Promise<string>;
  makeExecutable(bundle: string, target: string): void;
}

export async function buildVariant(changes: readonly Change[]): Promise<Variant> {
  const folder = mkdtempSync(path.join(tmpdir(), 'securechat variant-'));
  const dist = path.join(folder, 'dist');
  mkdirSync(dist);
  const left = new Set(changes);
  const plant: Plugin = {
    name: 'plant',
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, ({ path: file }) => {
        const planted = changes.filter((change) => path.join(ROOT, change.file) === file);
        if (planted.length === 0) return undefined;
        let contents = readFileSync(file, 'utf8');
        for (const change of planted) {
          if (contents.split(change.from).length !== 2) throw new Error(`${change.file} has not once: ${change.from}`);
          contents = contents.replace(change.from, () => change.to);
          left.delete(change);
        }
        return { contents, loader: 'ts' as const };
      });
    },
  };
  await build({
    absWorkingDir: ROOT,
    entryPoints: { securechat: 'adapters/cli/main.ts' },
    outdir: dist,
    bundle: true,
    outExtension: { '.js': '.cjs' },
    format: 'cjs',
    platform: 'node',
    target: 'node20.19',
    define: {
      'process.env.WS_NO_BUFFER_UTIL': '"1"',
      'process.env.WS_NO_UTF_8_VALIDATE': '"1"',
      'import.meta.url': '__url',
    },
    external: ['bufferutil', 'utf-8-validate'],
    logLevel: 'error',
    banner: { js: "const __url = require('node:url').pathToFileURL(__filename).href;" },
    plugins: [plant],
  });
  if (IS_EXECUTABLE) {
    const { bundleExecutable, makeExecutable } = (await import(
      path.join(ROOT, '.config/build-executable.mjs')
    )) as ExecutableBuild;
    makeExecutable(await bundleExecutable([plant]), path.join(dist, 'securechat'));
  } else {
    cpSync(path.join(ROOT, 'adapters/cli/launcher.sh'), path.join(dist, 'securechat'));
    chmodSync(path.join(dist, 'securechat'), 0o755);
  }
  if (left.size > 0) throw new Error(`not planted: ${[...left].map(({ file }) => file).join(' ')}`);
  cpSync(path.join(ROOT, 'package.json'), path.join(folder, 'package.json'));
  return {
    launcher: path.join(dist, 'securechat'),
    program: path.join(dist, 'securechat.cjs'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
