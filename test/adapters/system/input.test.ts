/** What standard input keeps of what it reads, on a named pipe in place of descriptor 0. */
import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openInput, type StandardInput } from '../../../adapters/system/input.js';

let folder: string;
let fd: number;
let input: StandardInput;
let chunks: Uint8Array[];

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'securechat-test-'));
  execFileSync('mkfifo', [path.join(folder, 'pipe')]);
  fd = openSync(path.join(folder, 'pipe'), constants.O_RDWR | constants.O_NONBLOCK);
  input = openInput(fd);
  chunks = [];
  const push = input.push.bind(input);
  input.push = (chunk: Uint8Array | null) => {
    if (chunk !== null) {
      chunks.push(chunk);
      pushed();
    }
    return push(chunk);
  };
});
afterEach(() => {
  input.destroy();
  rmSync(folder, { recursive: true });
});

let pushed: () => void = () => undefined;
const another = (): Promise<void> => new Promise((resolve) => (pushed = resolve));

it('hands on each chunk as it was read', async () => {
  const got: unknown[] = [];
  input.on('data', (chunk) => got.push(chunk));
  for (const text of ['one', 'two']) {
    const next = another();
    writeSync(fd, text);
    await next;
  }
  expect(got).toEqual(chunks);
  expect(got[0]).toBe(chunks[0]);
});

it('overwrites what came when nobody listened any more', async () => {
  const deaf = (): void => undefined;
  input.on('data', deaf);
  input.off('data', deaf);
  input.pause();
  const next = another();
  input.read();
  writeSync(fd, 'typed too late');
  await next;
  expect(Buffer.from(chunks[0] ?? []).toString()).toBe('typed too late');
  await input.discard?.();
  expect(chunks.map((chunk) => chunk.every((byte) => byte === 0))).toEqual([true]);
});

it('overwrites what is left when it is destroyed', async () => {
  const next = another();
  input.read();
  writeSync(fd, 'not taken');
  await next;
  input.destroy();
  await new Promise((resolve) => input.once('close', resolve));
  expect(chunks[0]?.every((byte) => byte === 0)).toBe(true);
});

it('does not begin to read when it is only to forget', async () => {
  await input.discard?.();
  expect(chunks).toEqual([]);
  closeSync(fd);
});

it('what Node would take for an empty input is read, or told as broken', async () => {
  const handle = openSync(folder, 'r');
  const read = openInput(handle);
  const end = await new Promise((resolve) => {
    read.on('error', (error: NodeJS.ErrnoException) => resolve(error.code));
    read.on('end', () => resolve('end'));
    read.resume();
  });
  closeSync(handle);
  expect(end).toBe('EISDIR');
});
