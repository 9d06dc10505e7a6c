#!/usr/bin/env node
/**
 * Runs a benchmark of this folder from its TypeScript source: `node bench/run.mjs chat`. Every figure is a ratio to a
 * bare forwarder measured in the same run, because absolute figures belong to one machine on one day.
 */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = path.dirname(fileURLToPath(import.meta.url));
const name = process.argv[2] ?? 'chat';
const outdir = path.join(here, '..', '.build', 'bench');
await build({
  entryPoints: [path.join(here, `${name}.ts`), path.join(here, 'forwarder.ts'), path.join(here, 'relay.ts')],
  outdir,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  packages: 'external',
  logLevel: 'error',
  outExtension: { '.js': '.mjs' },
});
process.exit(spawnSync(process.execPath, [path.join(outdir, `${name}.mjs`)], { stdio: 'inherit' }).status ?? 1);
