/**
 * What is offered: the files and folders behind the paths that a person named, depth first. Links and special files are
 * left out and counted. No content is read in this file.
 */
import type { BigIntStats } from 'node:fs';
import { lstat, readdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import { SecurechatError } from '../../core/errors.js';
import { ENTRIES_LIMIT } from '../../core/protocol/bulk-records.js';
import { pathFault } from '../../core/session/bulk/file-path.js';
import { FILE_FAULTS } from '../words/files.js';
import { sendable } from './names.js';

export interface Listed {
  readonly kind: 'file' | 'folder';
  /** In this file system; bytes where its name is no UTF-8. */
  readonly at: string | Buffer;
  /** As it is sent. */
  readonly path: Uint8Array;
  readonly mode: number;
  readonly mtime: number;
  readonly size: number;
  /** Which file it is: another one under its name is not what was offered. */
  readonly number: bigint;
}

export interface Tree {
  readonly entries: readonly Listed[];
  readonly bytes: number;
  /** Links and special files: how many, and the first of them. */
  readonly left: { count: number; name: string };
  /** Names that are sent with other characters. */
  readonly renamed: { count: number; name: string };
}

/** Whether the paths may still be wanted: false ends the walk. */
export type Wanted = () => boolean;

/**
 * Throws SecurechatError SC-350 for a path that cannot be read, for nothing at all, and for too much. A named path that is a
 * link is followed: the person means what it leads to.
 */
export async function listTree(paths: readonly string[], wanted: Wanted): Promise<Tree> {
  const entries: Listed[] = [];
  const left = { count: 0, name: '' };
  const renamed = { count: 0, name: '' };
  let bytes = 0;

  function note(counted: { count: number; name: string }, name: string): void {
    if (counted.count === 0) counted.name = name;
    counted.count += 1;
  }

  function nameOf(real: string, first: boolean): string {
    const name = path.basename(real);
    let sent = sendable(name);
    // Only the name that is offered may begin with a dot.
    if (!first && sent.startsWith('.')) sent = `_${sent.slice(1)}`;
    if (sent !== name) note(renamed, name);
    return sent;
  }

  async function add(at: string | Buffer, sent: string): Promise<void> {
    if (!wanted()) return;
    const stats = await read(at, () => lstat(at, { bigint: true }));
    if (stats.isDirectory()) {
      push(entryOf('folder', at, sent, stats, 0));
      for (const name of await namesIn(at)) {
        const text = name.toString('utf8');
        const next = sendable(text);
        const exact = Buffer.from(text).equals(name);
        if (next !== text || !exact) note(renamed, text);
        const below = typeof at === 'string' && exact ? path.join(at, text) : joined(at, name);
        await add(below, `${sent}/${next}`);
      }
    } else if (stats.isFile()) {
      const size = Number(stats.size);
      push(entryOf('file', at, sent, stats, size));
      bytes += size;
    } else {
      note(left, shown(at));
    }
  }

  function push(entry: Listed): void {
    const fault = pathFault(entry.path);
    if (fault !== undefined) throw unreadable(entry.at, FILE_FAULTS.path(fault));
    if (entries.length >= ENTRIES_LIMIT) throw unreadable(entry.at, FILE_FAULTS.tooMany(ENTRIES_LIMIT));
    entries.push(entry);
  }

  for (const each of paths) {
    const real = await read(each, () => realpath(each));
    await add(real, nameOf(real, entries.length === 0));
  }
  if (wanted() && entries.length === 0) throw unreadable(paths[0] ?? '', 'neither a file nor a folder');
  return { entries, bytes, left, renamed };
}

function entryOf(kind: Listed['kind'], at: string | Buffer, sent: string, stats: BigIntStats, size: number): Listed {
  const seconds = Number(stats.mtimeNs / 1_000_000_000n);
  return {
    kind,
    at,
    path: Uint8Array.from(Buffer.from(sent)),
    mode: Number(stats.mode) & 0o777,
    mtime: Math.max(0, seconds),
    size,
    number: stats.ino,
  };
}

async function read<T>(at: string | Buffer, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw unreadable(at, whyOf(error));
  }
}

/** In order, so that the same tree is the same stream. */
async function namesIn(folder: string | Buffer): Promise<Buffer[]> {
  const names = await read(folder, () => readdir(folder, { encoding: 'buffer' }));
  return names.sort((a, b) => Buffer.compare(a, b));
}

function joined(folder: string | Buffer, name: Buffer): Buffer {
  return Buffer.concat([Buffer.from(folder), Buffer.from(path.sep), name]);
}

/** The last part of a path, for a sentence. */
export function shown(at: string | Buffer): string {
  return path.basename(at.toString('utf8'));
}

function unreadable(at: string | Buffer, why: string): SecurechatError {
  return new SecurechatError('SC-350', { name: shown(at), why });
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ERR_ACCESS_DENIED: 'outside the folders this program may use',
  ENOSPC: 'no space left',
  EDQUOT: 'disk quota exceeded',
  EFBIG: 'larger than the file system allows',
  EROFS: 'read-only file system',
  EEXIST: 'the name is taken',
  ENAMETOOLONG: 'the name is too long',
  ELOOP: 'a link',
  ENOTDIR: 'not a folder',
  EIO: 'input/output error',
};

/** What the system said, in words. */
export function whyOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return REASONS[code] ?? (code === '' ? 'unknown error' : code);
}
