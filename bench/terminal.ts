/** How long a program takes until it shows something, on a pseudo-terminal. No figure is judged in this file. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';

/** Milliseconds until the first output that contains the mark; then the program is killed. */
export async function shown(command: string, mark: string): Promise<number> {
  const began = performance.now();
  const child = spawn('script', ['-qfec', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'ignore'] });
  let out = '';
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString();
      if (out.includes(mark)) resolve();
    });
    child.on('error', reject);
    child.on('close', () => reject(new Error(`ended without ${mark}: ${out}`)));
  });
  const took = performance.now() - began;
  const closed = once(child, 'close');
  child.kill('SIGKILL');
  await closed;
  return took;
}
