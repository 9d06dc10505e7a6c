/**
 * Which faults in the core does no test find? `npm run mutation`, or `npm run mutation -- core/protocol/frame.ts` for some
 * files; docs/contributing.md says how to read what it prints.
 *
 * All faults are planted at once by Stryker's own instrumenter, each behind a switch. The tests are loaded once
 * (mutation-process.mjs); each is run once, to see which faults it reaches; then the faults are switched on one after the
 * other (mutation-runner.mjs). A process that comes to no end is ended, and another goes on behind that fault.
 */
import { fork } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Instrumenter } from '@stryker-mutator/instrumenter';
import { wording } from './mutation-wording.mjs';

/** Whoever measures lets the runs of others stand still by this name. */
process.title = 'mutation-run';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FOLDERS = ['core/protocol', 'core/session'];
/** What judges them, if nobody says otherwise: their own tests, and those that break the adapters around a session. */
const TESTS = ['{protocol,session}/**/*', 'checked-ports'];

/** Long searches by chance: what they alone would find, no test names. And a test that compares with files, which is vitest's. */
const WITHOUT = [
  'session/network-properties',
  'session/network-changes',
  'session/session-properties',
  'session/thief',
  'session/path-transfers',
  'protocol/kit',
];

/** Of all faults in the files that were named, and of those in each file, percent. */
const LEAST = { together: 85, each: 75 };

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    // Which tests judge: session/rekey,session/unacked.
    tests: { type: 'string' },
    // What the tests of one fault may take together, milliseconds; the quickest come first, and one is always tried.
    budget: { type: 'string', default: '2000' },
    // Only what the last run of the same files has left; what it has found counts as found.
    again: { type: 'boolean', default: false },
    workers: { type: 'string', default: String(availableParallelism()) },
  },
});

const sourcesOf = (folder) =>
  readdirSync(`${ROOT}${folder}`, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${folder}/${name}`)
    .toSorted();

/** What is reached is counted in the first run only: it takes longer than most tests. */
const counting = (content) => content.replace('function cover() {', 'function cover() { if (ns.judging) return;');

async function plant(names) {
  const files = names.map((name) => ({ name: ROOT + name, content: readFileSync(ROOT + name, 'utf8'), mutate: true }));
  const log = { debug() {}, info() {}, isDebugEnabled: () => false };
  const how = { ignorers: [wording], plugins: null, excludedMutations: [] };
  const planted = await new Instrumenter(log).instrument(files, how);
  return { mutants: planted.mutants, sources: planted.files.map(({ name, content }) => [name, counting(content)]) };
}

/** Starts a process with the tests, and hears what it tells until it ends. */
function tried(job, heard) {
  return new Promise((resolve) => {
    const child = fork(`${ROOT}.config/mutation-process.mjs`, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    child.on('message', heard);
    child.on('exit', resolve);
    child.send(job);
  });
}

/** Calls `tell` with a verdict on each of `ids`, in their order. */
async function judge(job, ids, tell) {
  const left = [...ids];
  let again;
  while (left.length > 0) {
    let last;
    await tried({ ...job, mutants: left }, (message) => {
      last = message;
      if (message.verdict === undefined) return;
      // What a fault before it has left behind is gone in a new process, where it is the first.
      if (message.verdict === 'unclear' && message.mutant !== again) again = message.mutant;
      else tell({ ...message, mutant: left.shift() });
    });
    if (last === undefined) throw new Error('the tests cannot be loaded');
    // The process has ended with this one on: it came to no end, or took too much.
    if (left.length > 0 && last.verdict !== 'unclear') tell({ mutant: left.shift(), verdict: 'endless' });
  }
}

function placeOf({ fileName, location: { start, end }, replacement }) {
  const name = fileName.slice(ROOT.length);
  const lines = readFileSync(fileName, 'utf8')
    .split('\n')
    .slice(start.line, end.line + 1);
  lines[lines.length - 1] = lines.at(-1).slice(0, end.column);
  lines[0] = lines[0].slice(start.column);
  const line = (text) => {
    const flat = text.replaceAll(/\s+/g, ' ');
    return flat.length > 70 ? `${flat.slice(0, 67)}...` : flat;
  };
  return `${name}:${start.line + 1}:${start.column + 1}  ${line(lines.join('\n'))}  ->  ${line(replacement)}`;
}

const names = positionals.length > 0 ? positionals : FOLDERS.flatMap(sourcesOf);
const planted = await plant(names);
const folder = `${ROOT}.build/mutation`;
mkdirSync(folder, { recursive: true });
writeFileSync(`${folder}/planted.json`, JSON.stringify(planted.sources));

const job = {
  root: ROOT,
  planted: `${folder}/planted.json`,
  reached: `${folder}/reached.json`,
  tests: (options.tests?.split(',') ?? TESTS).map((name) => `test/core/${name}.test.ts`),
  without: WITHOUT.map((name) => `test/core/${name}.test.ts`),
  budget: Number(options.budget),
};

const red = [];
let looked = false;
await tried(job, (message) => {
  if (message.red !== undefined) red.push(message.red);
  looked ||= message.reached === true;
});
if (!looked || red.length > 0) throw new Error(`without a fault, tests fail: ${red.join('; ')}`);
const { tests, still } = JSON.parse(readFileSync(job.reached, 'utf8'));
const reached = new Set(tests.flatMap(({ hits }) => Object.keys(hits)));

const figures = new Map(names.map((name) => [name, { found: 0, of: 0, open: 0, left: [] }]));
const figureOf = (mutant) => figures.get(mutant.fileName.slice(ROOT.length));
const percent = ({ found, of }) => (of === 0 ? 100 : (100 * found) / of);
const row = (name, figure) =>
  `${name.padEnd(40)}${String(figure.found).padStart(6)}${String(figure.of).padStart(6)}  ${percent(figure).toFixed(1).padStart(5)} %`;

const byId = new Map(planted.mutants.map((mutant) => [mutant.id, mutant]));
function settle(mutant, verdict) {
  const figure = figureOf(mutant);
  if (verdict === 'found' || verdict === 'endless') figure.found += 1;
  else figure.left.push(`${placeOf(mutant)}${verdict === 'survived' ? '' : `  (${verdict})`}`);
  figure.open -= 1;
  if (figure.open === 0) console.log([row(mutant.fileName.slice(ROOT.length), figure), ...figure.left].join('\n  '));
}

// Left alone: what a rule ignores, and what is only reached when the modules are loaded.
const counted = planted.mutants.filter(
  ({ id, status }) => status !== 'Ignored' && (reached.has(id) || !still.includes(id)),
);
for (const mutant of counted) {
  figureOf(mutant).of += 1;
  figureOf(mutant).open += 1;
}
const report = `${folder}/report.json`;
const before = options.again ? JSON.parse(readFileSync(report, 'utf8')) : { names, found: [] };
if (before.names.join() !== names.join()) throw new Error(`the last run was of ${before.names.join(' ')}`);
const found = new Set(before.found);
for (const mutant of counted) {
  if (found.has(mutant.id)) settle(mutant, 'found');
  else if (!reached.has(mutant.id)) settle(mutant, 'no test reaches it');
}
const ids = counted.filter(({ id }) => reached.has(id) && !found.has(id)).map(({ id }) => id);
const workers = Number(options.workers);
await Promise.all(
  Array.from({ length: workers }, (_, worker) =>
    judge(
      { ...job, judging: true },
      ids.filter((__, index) => index % workers === worker),
      (told) => {
        if (told.verdict === 'found' || told.verdict === 'endless') found.add(told.mutant);
        settle(byId.get(told.mutant), told.verdict);
      },
    ),
  ),
);

const together = { found: 0, of: 0 };
for (const figure of figures.values()) {
  together.found += figure.found;
  together.of += figure.of;
}
const files = Object.fromEntries(figures);
writeFileSync(report, JSON.stringify({ names, found: [...found], together, files }, undefined, 1));
console.log(row('together', together));
const low = [...figures].filter(([, figure]) => percent(figure) < LEAST.each).map(([name]) => name);
if (percent(together) < LEAST.together || low.length > 0) {
  console.error(
    `error: at least ${LEAST.together} % must be found, and ${LEAST.each} % in each file: ${low.join(', ')}`,
  );
  process.exitCode = 1;
}
