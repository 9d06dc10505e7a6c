#!/usr/bin/env node
/**
 * Runs a benchmark of this folder from its TypeScript source: `node bench/run.mjs crypto`. Every figure is a ratio to a
 * bare forwarder measured in the same run, because absolute figures belong to one machine on one day.
 */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = path.dirname(fileURLToPath(import.meta.url));
const name = process.argv[2] ?? 'all';
const outdir = path.join(here, '..', '.build', 'bench');
await build({
  entryPoints: [name, 'peer', 'subject', 'pipe'].map((each) => path.join(here, `${each}.ts`)),
  outdir,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  packages: 'external',
  logLevel: 'error',
  outExtension: { '.js': '.mjs' },
});
const program = [path.join(outdir, `${name}.mjs`), ...process.argv.slice(3)];
process.exit(spawnSync(process.execPath, program, { stdio: 'inherit' }).status ?? 1);
