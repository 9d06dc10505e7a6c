/**
 * Start-up of the built program as a whole process, as ratios to `node -e 0` in the same interleaved run. The prompt is
 * measured on a pseudo-terminal (`script`), until its first line is there. Build first: npm run build.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { quantile, row } from './figures.js';

const ROUNDS = 25;
const PROGRAM = 'dist/securechat';

function whole(program: string, args: readonly string[]): number {
  const start = performance.now();
  const { status } = spawnSync(program, args, { stdio: 'ignore' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${String(status)}`);
  return performance.now() - start;
}

/** Until the first output that contains the mark, on a pseudo-terminal. */
async function until(command: string, mark: string): Promise<number> {
  const start = performance.now();
  const child = spawn('script', ['-qfec', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'ignore'] });
  let out = '';
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString();
      if (out.includes(mark)) resolve();
    });
    child.on('close', () => reject(new Error(`ended without ${mark}: ${out}`)));
  });
  const took = performance.now() - start;
  const closed = once(child, 'close');
  child.kill('SIGKILL');
  await closed;
  return took;
}

const figures = {
  version: [] as number[],
  help: [] as number[],
  node: [] as number[],
  prompt: [] as number[],
  bare: [] as number[],
};
for (let i = 0; i < ROUNDS; i++) {
  figures.node.push(whole(process.execPath, ['-e', '0']));
  figures.version.push(whole(PROGRAM, ['--version']));
  figures.help.push(whole(PROGRAM, ['--help']));
  figures.bare.push(await until(`${process.execPath} -e 'console.log("ready")'`, 'ready'));
  figures.prompt.push(await until(PROGRAM, 'Room code'));
}
const median = (values: readonly number[]): number => quantile(values, 0.5);
console.log(`start-up, medians of ${ROUNDS} interleaved rounds, Node ${process.version}`);
console.log(`${''.padEnd(34)}  ${'securechat'.padStart(10)}  ${'node -e 0'.padStart(10)}  ${'ratio'.padStart(8)}`);
console.log(row('--version', 'ms', median(figures.version), median(figures.node)));
console.log(row('--help', 'ms', median(figures.help), median(figures.node)));
console.log(row('prompt on a terminal', 'ms', median(figures.prompt), median(figures.bare)));
