/**
 * What stands in the memory of another process: every copy of a needle in all that it may write, read through /proc. Only
 * on Linux, and only for who may trace that process. No expectation may be in this file.
 */
import { closeSync, existsSync, openSync, readFileSync, readSync } from 'node:fs';

export const canReadMemory = existsSync(`/proc/${process.pid}/mem`);

const CHUNK = 8 * 1024 * 1024;
/** Most of a process was never written: pages of zeros are passed over. */
const PAGE = new Uint8Array(4096);

/** How often each needle (at least 2 bytes, not all zero) occurs. A copy that crosses the end of a chunk is found too. */
export function copiesIn(pid: number, needles: ReadonlyMap<string, Uint8Array>): Map<string, number> {
  const found = new Map([...needles.keys()].map((name) => [name, 0]));
  const longest = Math.max(0, ...[...needles.values()].map(({ length }) => length));
  /** By the first two bytes, so that one pass looks for all of them; and whether there is any, which is asked most often. */
  const byHead = new Map<number, (readonly [string, Uint8Array])[]>();
  const heads = new Uint8Array(65_536);
  for (const [name, needle] of needles) {
    const head = (needle[0] ?? 0) * 256 + (needle[1] ?? 0);
    heads[head] = 1;
    byHead.set(head, [...(byHead.get(head) ?? []), [name, needle]]);
  }
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  const chunk = Buffer.allocUnsafe(CHUNK + longest);
  try {
    for (const { start, end } of regions(pid)) {
      for (let at = start; at < end; at += CHUNK) {
        const read = readAt(memory, chunk, Math.min(CHUNK + longest, end - at), at);
        // What begins behind CHUNK is found in the next one.
        const last = Math.min(read, CHUNK);
        for (let i = 0; i < last; i++) {
          // What begins in a page of zeros and is not all zero ends behind it.
          if (
            i % PAGE.length === 0 &&
            i + PAGE.length <= last &&
            chunk.compare(PAGE, 0, PAGE.length, i, i + PAGE.length) === 0
          )
            i += Math.max(0, PAGE.length - longest);
          const head = ((chunk[i] ?? 0) << 8) | (chunk[i + 1] ?? 0);
          if (heads[head] === 0) continue;
          for (const [name, needle] of byHead.get(head) ?? [])
            if (i + needle.length <= read && chunk.compare(needle, 0, needle.length, i, i + needle.length) === 0)
              found.set(name, (found.get(name) ?? 0) + 1);
        }
      }
    }
  } finally {
    closeSync(memory);
    chunk.fill(0);
  }
  return found;
}

function regions(pid: number): { start: number; end: number }[] {
  return readFileSync(`/proc/${pid}/maps`, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, start, end] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line) ?? [];
      return start === undefined || end === undefined
        ? []
        : [{ start: Number.parseInt(start, 16), end: Number.parseInt(end, 16) }];
    });
}

/** Pages that were never touched, or of a device, cannot be read: they hold nothing of ours. */
function readAt(memory: number, into: Buffer, length: number, at: number): number {
  try {
    return readSync(memory, into, 0, length, at);
  } catch {
    return 0;
  }
}
