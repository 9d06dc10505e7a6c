#!/usr/bin/env node
/**
 * Runs proverif over the models of this folder and compares what it says of each question with expected.txt. Prints a
 * table; exit status 1 when something is not as it should be. Without proverif it says so and checks nothing.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const HERE = new URL('.', import.meta.url);

/** true, false or unproved for each question of one run, in their order; "(even …" and "(but …" only explain. */
export function verdicts(output) {
  return output
    .split('\n')
    .filter((line) => /^RESULT (?!\()/.test(line))
    .map((line) => (/ is true\.$/.test(line) ? 'true' : / is false\.$/.test(line) ? 'false' : 'unproved'));
}

/** What each model must say. */
export function expected() {
  const lines = readFileSync(new URL('expected.txt', HERE), 'utf8').trim().split('\n');
  return new Map(lines.map((line) => line.split(' ')).map(([name, ...wanted]) => [name, wanted.join(' ')]));
}

function run() {
  if (spawnSync('proverif', ['--help'], { stdio: 'ignore' }).error !== undefined) {
    console.log('SKIPPED: the symbolic models are not checked, because proverif is not here');
    return 0;
  }
  let wrong = 0;
  for (const [name, wanted] of expected()) {
    const file = fileURLToPath(new URL(`${name}.pv`, HERE));
    const { stdout } = spawnSync('proverif', [file], { encoding: 'utf8', maxBuffer: 2 ** 28 });
    const found = verdicts(stdout).join(' ');
    if (found !== wanted) wrong += 1;
    console.log(`${name.padEnd(26)} ${found}${found === wanted ? '' : `  <- NOT AS IT SHOULD BE: ${wanted}`}`);
  }
  return wrong === 0 ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exit(run());
