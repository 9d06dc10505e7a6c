/**
 * What a program and all that it starts open for writing, or make in the file system, as strace tells it. No expectation
 * may be in this file.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

export const hasStrace = spawnSync('strace', ['-V']).status === 0;
if (!hasStrace) console.warn('SKIPPED, loudly: strace is not installed, what the program opens was not looked at');

const OPENING = ['open', 'openat', 'openat2', 'creat'];
const MAKING = ['mkdir', 'mkdirat', 'mknod', 'mknodat', 'link', 'linkat', 'symlink', 'symlinkat', 'memfd_create'];
const MOVING = ['rename', 'renameat', 'renameat2', 'truncate', 'unlink', 'unlinkat', 'rmdir'];

/** strace and its arguments in front of a command. The command is the child itself, so that signals reach it. */
export function straced(file: string): readonly [string, ...string[]] {
  const calls = [...OPENING, ...MAKING, ...MOVING].map((name) => `?${name}`).join(',');
  return ['strace', '-D', '-f', '-qq', '--seccomp-bpf', '-s', '300', '-e', `trace=${calls}`, '-o', file];
}

/** Terminals and nowhere: what is written there is not kept. */
const NOT_KEPT = /"\/dev\/(?:null|tty|pts\/\d+|ptmx)"/;
const WRITING = /O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND|\bcreat\(/;

/** Every call that asked for a place to write, whether it was granted or not. */
export function writesIn(file: string): string[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => {
      const name = /^\d+\s+(\w+)\(/.exec(line)?.[1] ?? '';
      if (NOT_KEPT.test(line)) return false;
      return OPENING.includes(name) ? WRITING.test(line) : MAKING.includes(name) || MOVING.includes(name);
    });
}
