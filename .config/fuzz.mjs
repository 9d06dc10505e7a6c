/**
 * Coverage-guided fuzzing of every parser (test/support/parsers.ts) by Jazzer.js, which is fetched for it: `npm run fuzz --
 * [seconds for each] [name...]`. Fails when one of them throws, and keeps the input. What it has found stays in
 * .build/fuzz/; with --keep, what is left of it when nothing is said twice goes to test/support/corpus/, where the
 * tests take it from.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const JAZZER = '@jazzer.js/core@4.0.0';
const FOLDER = path.join(ROOT, '.build', 'fuzz');
const KEPT = path.join(ROOT, 'test', 'support', 'corpus');
/** Inputs of one parser that are kept at most, the shortest first. */
const KEPT_LIMIT = 150;

const words = process.argv.slice(2);
const keep = words.includes('--keep');
const seconds = Number(words.find((each) => /^\d+$/.test(each)) ?? 60);
const wanted = words.filter((each) => each !== '--keep' && !/^\d+$/.test(each));

mkdirSync(FOLDER, { recursive: true });
const bundle = path.join(FOLDER, 'parsers.cjs');
await build({
  absWorkingDir: ROOT,
  entryPoints: ['test/support/parsers.ts'],
  outfile: bundle,
  bundle: true,
  format: 'cjs',
  platform: 'node',
  logLevel: 'error',
  define: { 'import.meta.url': '__url' },
  banner: { js: "const __url = require('node:url').pathToFileURL(__filename).href;" },
  external: ['bufferutil', 'utf-8-validate'],
});
const targets = Object.entries(createRequire(import.meta.url)(bundle).TARGETS);

let failed = 0;
for (const [name, { corpus, limit }] of targets) {
  if (wanted.length > 0 && !wanted.some((each) => name.includes(each))) continue;
  const place = path.join(FOLDER, name.replaceAll(' ', '-'));
  const at = (...parts) => path.join(place, ...parts);
  mkdirSync(at('corpus'), { recursive: true });
  corpus.forEach((input, i) => writeFileSync(at('corpus', `given-${i}`), input));
  for (const [i, input] of read(name).entries()) writeFileSync(at('corpus', `kept-${i}`), Buffer.from(input, 'base64'));
  const target = `const { TARGETS } = require(${JSON.stringify(bundle)});
module.exports.fuzz = (data) => { const way = TARGETS[${JSON.stringify(name)}].run(new Uint8Array(data)); return way instanceof Promise ? way.then(() => undefined) : undefined; };\n`;
  writeFileSync(at('target.cjs'), target);
  const jazzer = (folders, ...options) =>
    spawnSync(
      'npx',
      [
        '-y',
        '-p',
        JAZZER,
        'jazzer',
        at('target.cjs'),
        ...folders,
        '--includes',
        'parsers.cjs',
        '--',
        `-max_len=${limit}`,
        ...options,
      ],
      { cwd: place, encoding: 'utf8', maxBuffer: 2 ** 28 },
    );
  const done = jazzer(
    [at('corpus')],
    `-max_total_time=${seconds}`,
    '-print_final_stats=1',
    `-artifact_prefix=${place}/`,
  );
  const told = done.stderr + done.stdout;
  const covered = [...told.matchAll(/ cov: (\d+) ft: (\d+) corp: (\d+)/g)].at(-1);
  const runs = /number_of_executed_units: *(\d+)/.exec(told)?.[1];
  if (told.includes('ERR_DLOPEN_FAILED')) {
    console.log(
      'SKIPPED, loudly: Jazzer.js does not load on this system (on Linux it needs glibc 2.38); nothing was tried',
    );
    process.exit(0);
  }
  const ran = done.status === 0 && covered !== undefined && Number(runs) > corpus.length;
  if (!ran) failed += 1;
  console.log(
    `${name}: ${ran ? `${runs} runs, ${covered[1]} edges, ${covered[3]} inputs kept` : `FAILED\n${told.slice(-3000)}`}`,
  );
  if (ran && keep) {
    rmSync(at('merged'), { recursive: true, force: true });
    mkdirSync(at('merged'));
    jazzer([at('merged'), at('corpus')], '-merge=1');
    const inputs = readdirSync(at('merged')).map((file) => readFileSync(at('merged', file)));
    const shortest = inputs.sort((a, b) => a.length - b.length || a.compare(b)).slice(0, KEPT_LIMIT);
    mkdirSync(KEPT, { recursive: true });
    const texts = shortest.map((input) => input.toString('base64'));
    writeFileSync(kept(name), `${JSON.stringify(texts, undefined, 1)}\n`);
  }
}
process.exit(failed === 0 ? 0 : 1);

function kept(name) {
  return path.join(KEPT, `${name.replaceAll(' ', '-')}.json`);
}

function read(name) {
  try {
    return JSON.parse(readFileSync(kept(name), 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return [];
    throw error;
  }
}
