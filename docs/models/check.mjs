#!/usr/bin/env node
/**
 * Runs spin over delivery.pml: every configuration must hold, and every planted fault must be found. Prints a table;
 * exit status 1 when something is not as it should be. Without spin and gcc it says so and checks nothing.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const MODEL = fileURLToPath(new URL('delivery.pml', import.meta.url));

/** Each is searched whole. */
const CONFIGURATIONS = [
  'TEXTS=1 CUTS=0 REKEYS=1 LEAVERS=3',
  'TEXTS=1 CUTS=1 REKEYS=0 LEAVERS=1',
  'TEXTS=1 CUTS=1 REKEYS=1 LEAVERS=1',
  'TEXTS=1 CUTS=1 REKEYS=0 LEAVERS=3',
  'TEXTS=2 CUTS=1 REKEYS=0 LEAVERS=1',
  'TEXTS=1 CUTS=2 REKEYS=0 LEAVERS=1',
  'TEXTS=1 CUTS=0 DROPS=1 REKEYS=1 LEAVERS=1',
];
/** Each plants one fault, and spin must find it. */
const CONTROLS = [
  ['BREAK_RETRANSMIT', 'TEXTS=1 CUTS=1 REKEYS=0 LEAVERS=1', 'what was missed is not sent again'],
  ['BREAK_BEFORE', 'TEXTS=1 CUTS=0 REKEYS=1 LEAVERS=1', 'B drops its old receiving chain too early'],
  ['BREAK_PROOF', 'TEXTS=1 CUTS=1 REKEYS=1 LEAVERS=1', 'B drops RS_e with its answer'],
  ['BREAK_WINDOW', 'TEXTS=1 CUTS=1 REKEYS=1 LEAVERS=1', 'one window for text and acks'],
  ['BREAK_DUPLICATE', 'TEXTS=1 CUTS=1 REKEYS=0 LEAVERS=1', 'what was opened is sent and opened again'],
  ['BREAK_TOLD', 'TEXTS=1 CUTS=1 REKEYS=0 LEAVERS=1', 'text that is sealed counts as delivered'],
];

function has(program) {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined;
}

/** Whether spin found nothing, and how many states it saw. */
function search(defines, folder) {
  const run = (program, args) => {
    const done = spawnSync(program, args, { cwd: folder, encoding: 'utf8', maxBuffer: 2 ** 28 });
    return { status: done.status, text: `${done.stdout}${done.stderr}` };
  };
  const made = run('spin', ['-a', ...defines.map((define) => `-D${define}`), MODEL]);
  if (made.status !== 0) throw new Error(made.text);
  const compiled = run('gcc', ['-O1', '-w', '-DSAFETY', '-DCOLLAPSE', '-DMEMLIM=4096', '-o', 'pan', 'pan.c']);
  if (compiled.status !== 0) throw new Error(compiled.text);
  const { text } = run('./pan', ['-m2000000']);
  const [, errors] = /errors: (\d+)/.exec(text) ?? [];
  if (errors === undefined || /max search depth too small|Search not completed/.test(text.replace(/pan:1:[^]*/, ''))) {
    throw new Error(text);
  }
  return { holds: errors === '0', states: Number(/(\d+) states, stored/.exec(text)?.[1] ?? 0) };
}

if (!has('spin') || !has('gcc')) {
  console.log('SKIPPED: the model is not checked, because spin or gcc is not here');
  process.exit(0);
}
const folder = mkdtempSync(path.join(tmpdir(), 'securechat-spin-'));
let wrong = 0;
function row(what, defines, wanted) {
  const started = performance.now();
  const { holds, states } = search(defines, folder);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  if (holds !== wanted) wrong += 1;
  const verdict = `${holds ? 'holds' : 'violated'}${holds === wanted ? '' : '  <- NOT AS IT SHOULD BE'}`;
  console.log(`${what.padEnd(50)} ${String(states).padStart(10)} states ${seconds.padStart(6)} s  ${verdict}`);
}
try {
  for (const each of CONFIGURATIONS) row(each, each.split(' '), true);
  for (const [fault, defines, says] of CONTROLS) row(`${fault}: ${says}`, [fault, ...defines.split(' ')], false);
} finally {
  rmSync(folder, { recursive: true });
}
process.exit(wrong === 0 ? 0 : 1);
