#!/usr/bin/env node
/**
 * Runs spin over the models of this folder: every configuration must hold, and every planted fault must be found. Prints
 * a table; exit status 1 when something is not as it should be. Without spin and gcc it says so and checks nothing.
 * `node check.mjs numbers` runs one model.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Each configuration is searched whole. `live`: also for cycles in which nothing that must happen ever happens. */
const MODELS = {
  delivery: {
    live: false,
    holds: [
      'TEXTS=1 CUTS=0 REKEYS=1 LEAVERS=3',
      'TEXTS=1 CUTS=1 REKEYS=0 LEAVERS=1',
      'TEXTS=1 CUTS=1 REKEYS=1 LEAVERS=1',
      'TEXTS=1 CUTS=1 REKEYS=0 LEAVERS=3',
      'TEXTS=2 CUTS=1 REKEYS=0 LEAVERS=1',
      'TEXTS=1 CUTS=2 REKEYS=0 LEAVERS=1',
      'TEXTS=1 CUTS=0 DROPS=1 REKEYS=1 LEAVERS=1',
      'TEXTS=1 CUTS=1 REKEYS=0 LEAVERS=1 GIVEUPS=1',
    ],
    faults: [
      ['BREAK_RETRANSMIT TEXTS=1 CUTS=1 REKEYS=0 LEAVERS=1', 'what was missed is not sent again'],
      ['BREAK_BEFORE TEXTS=1 CUTS=0 REKEYS=1 LEAVERS=1', 'B drops its old receiving chain too early'],
      ['BREAK_PROOF TEXTS=1 CUTS=1 REKEYS=1 LEAVERS=1', 'B drops RS_e with its answer'],
      ['BREAK_WINDOW TEXTS=1 CUTS=1 REKEYS=1 LEAVERS=1', 'one window for text and acks'],
      ['BREAK_DUPLICATE TEXTS=1 CUTS=1 REKEYS=0 LEAVERS=1', 'what was opened is sent and opened again'],
      ['BREAK_TOLD TEXTS=1 CUTS=1 REKEYS=0 LEAVERS=1', 'text that is sealed counts as delivered'],
    ],
  },
  numbers: {
    live: false,
    holds: [
      'D=1 R=1 MAXC=1 MAXL=1 HONEST',
      'D=1 R=1 MAXC=1 MAXU=1',
      'D=1 R=1 MAXC=1 MAXO=1',
      'D=1 R=1 MAXC=1 MAXD=1',
      'D=1 R=2 MAXC=1 MAXL=1 HONEST',
    ],
    faults: [
      ['LITERAL D=1 R=1 MAXC=1 MAXL=1 HONEST', 'a frame before the proof is a gap'],
      ['NOSEQ D=1 R=1 MAXC=1 MAXD=1', 'no number in the AD: the end of an epoch is cut off unseen'],
      ['BADDROP D=1 R=1 MAXC=1', 'B drops its old chain when it answers'],
      ['NOTRIAL D=1 R=1 MAXC=1', 'B does not try the next epoch'],
      ['COMMIT D=1 R=1 MAXC=1 MAXU=1', 'the trial drops the old chain before the tag is known'],
    ],
  },
  establishment: {
    live: true,
    holds: [
      'MAXCUT=3 MAXLATE=1 STRICT',
      'MAXCUT=3 MAXLATE=1 NOBURN',
      'L=3 MAXCUT=2 MAXINJ=1 STRICT',
      'L=3 MAXCUT=1 MAXINJ=1 GUESS STRICT',
      'L=3 MAXCUT=1 MAXLATE=1 MAXRST=1 STRICTL',
      'L=3 MAXCUT=1 MAXLATE=1 MAXEXP=1 STRICT',
    ],
    faults: [
      ['BREAK_KEPT MAXCUT=1 NOBURN', 'an attempt ends with its connection: a cut burns a code'],
      ['BREAK_PROVISIONAL L=3 MAXCUT=1 MAXINJ=1 STRICT', 'any M0 takes the provisional state: a stranger strands both'],
      ['NOALT MAXCUT=1 STRICT', 'a provisional side looks only in the resume room'],
    ],
  },
};

/** More than half a minute each: at night, or when asked for with DEPTH=nightly. */
const LONG = new Set([
  'L=3 MAXCUT=2 MAXINJ=1 STRICT',
  'L=3 MAXCUT=1 MAXINJ=1 GUESS STRICT',
  'BREAK_PROVISIONAL L=3 MAXCUT=1 MAXINJ=1 STRICT',
]);
const NIGHTLY = process.env.DEPTH === 'nightly';

function has(program) {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined;
}

/** The end of a program: its status and all that it said. */
async function run(program, args, cwd) {
  const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => said.push(bytes));
  const [status] = await once(child, 'close');
  return { status, text: Buffer.concat(said).toString() };
}

/** Whether spin found nothing, and how many states it saw. */
async function search(name, defines, live) {
  const model = fileURLToPath(new URL(`${name}.pml`, import.meta.url));
  const folder = mkdtempSync(path.join(tmpdir(), 'securechat-spin-'));
  try {
    const made = await run('spin', ['-a', ...defines.map((define) => `-D${define}`), model], folder);
    if (made.status !== 0) throw new Error(made.text);
    const kind = live ? ['-DNOFAIR'] : ['-DSAFETY'];
    const flags = ['-O1', '-w', '-DCOLLAPSE', '-DVECTORSZ=2048', '-DMEMLIM=4096'];
    const compiled = await run('gcc', [...flags, ...kind, '-o', 'pan', 'pan.c'], folder);
    if (compiled.status !== 0) throw new Error(compiled.text);
    const { text } = await run('./pan', live ? ['-a', '-m2000000'] : ['-m2000000'], folder);
    const [, errors] = /errors: (\d+)/.exec(text) ?? [];
    if (
      errors === undefined ||
      /max search depth too small|Search not completed/.test(text.replace(/pan:1:[^]*/, ''))
    ) {
      throw new Error(text);
    }
    return { holds: errors === '0', states: Number(/(\d+) states, stored/.exec(text)?.[1] ?? 0) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Every search there is: what stands in the table, the defines, and whether the model must hold. */
function searches(only) {
  return Object.entries(MODELS)
    .filter(([name]) => only === undefined || only === name)
    .flatMap(([name, { live, holds, faults }]) => [
      ...holds.map((defines) => ({ name, live, what: defines, defines, wanted: true })),
      ...faults.map(([defines, says]) => {
        const what = `${defines.split(' ')[0]}: ${says}`;
        return { name, live, what, defines, wanted: false };
      }),
    ]);
}

/** The row of one; whether it came out as it must. */
async function row({ name, live, what, defines, wanted }) {
  const begin = `${name.padEnd(14)} ${what.padEnd(74)}`;
  if (LONG.has(defines) && !NIGHTLY) {
    console.log(`${begin} left for the night (DEPTH=nightly)`);
    return true;
  }
  const started = performance.now();
  const { holds, states } = await search(name, defines.split(' '), live);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const verdict = `${holds ? 'holds' : 'violated'}${holds === wanted ? '' : '  <- NOT AS IT SHOULD BE'}`;
  console.log(`${begin} ${String(states).padStart(10)} states ${seconds.padStart(6)} s  ${verdict}`);
  return holds === wanted;
}

if (!has('spin') || !has('gcc')) {
  console.log('SKIPPED: the models are not checked, because spin or gcc is not here');
  process.exit(0);
}
const left = searches(process.argv[2]);
let wrong = left.length === 0;
async function worker() {
  for (let next = left.shift(); next !== undefined; next = left.shift()) {
    if (!(await row(next))) wrong = true;
  }
}
// One for each core; a search keeps one busy.
await Promise.all(Array.from({ length: availableParallelism() }, worker));
process.exit(wrong ? 1 : 0);
