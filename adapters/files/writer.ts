/**
 * What the peer sends, into one folder and nowhere else: folders made one by one inside a fresh top one, content in a part
 * file with a random name until its checksum fits, then linked to its own name, which fails where something is. Whatever
 * came is checked by core/session/bulk before; nothing is ever overwritten, and no link followed.
 */
import { createHash, randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import {
  chmod,
  type FileHandle,
  link,
  lstat,
  lutimes,
  mkdir,
  open,
  rename,
  rm,
  stat,
  statfs,
  unlink,
} from 'node:fs/promises';
import path from 'node:path';
import { SecurechatError } from '../../core/errors.js';
import { sameBytes } from '../../core/protocol/bytes.js';
import { type Announced, createEntryReader, type Entry, type EntryPart } from '../../core/session/bulk/entries.js';
import { partsOf } from '../../core/session/bulk/file-path.js';
import { numbered, storable } from './names.js';
import { createSums } from './sums.js';
import { whyOf } from './tree.js';

export type Collision = 'rename' | 'skip';

/** Names that are tried for one that is taken. */
export const NUMBERS_LIMIT = 1000;
const NEW = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);
/** Permission bits that are taken over: never setuid, setgid, or writable by everybody; the system takes the umask away. */
const MODES = 0o775;
const OWNER = 0o700;
/** The group, or everybody. */
const OTHERS_WRITE = 0o022;
/** In such a folder nobody moves what belongs to somebody else. */
const STICKY = 0o1000;
/** Where a file system has no hard links. */
const NO_LINKS: ReadonlySet<unknown> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EACCES']);

export interface Counted {
  readonly count: number;
  readonly name: string;
}

export interface Writer {
  /**
   * Writes what these bytes bring; calls follow one another. How many of them were content of files. Throws
   * SecurechatError SC-347, SC-348, SC-349, SC-351.
   */
  write(bytes: Uint8Array, last: boolean): Promise<number>;
  /** What was left out because its name is taken, and what got another name than it came with: how many, and the first. */
  readonly left: Counted;
  readonly renamed: Counted;
  /** After the last: SHA-256 in hex, of the one file, or of all sums in their order. */
  sum(): string;
  /** Removes what is half. */
  close(): Promise<void>;
}

/** A folder that was made here. */
interface Folder {
  /** As the peer calls it. */
  readonly name: Uint8Array;
  /** Undefined: it is left out, and so is what is in it. */
  readonly at: string | undefined;
  /** As it is to be in the end. */
  readonly mode: number;
  readonly mtime: number;
  /** Which one it was, where that is looked at again. */
  readonly number: bigint | undefined;
}

/** A file on its way. */
interface Part {
  readonly handle: FileHandle;
  readonly at: string;
  readonly folder: string;
  /** As the peer calls it, and as it is stored. */
  readonly given: Uint8Array;
  readonly name: string;
  readonly entry: Entry;
}

/** Bytes that are free for this program, or undefined. */
export async function freeIn(folder: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}

/** Whether nobody else (but root) can put something in the place of what is made in this folder. */
export async function isOwn(folder: string): Promise<boolean> {
  const { mode, uid } = await stat(folder);
  const me = process.getuid?.();
  if (me === undefined) return true;
  return (uid === me || uid === 0) && ((mode & OTHERS_WRITE) === 0 || (mode & STICKY) !== 0);
}

/**
 * `alone`: of the destination, `isOwn`. Where it is not, a folder that was made here is looked at again before anything is
 * made in it: a path is followed part by part, and somebody could have put a link there.
 */
export function createWriter(destination: string, announced: Announced, collision: Collision, alone: boolean): Writer {
  const reader = createEntryReader(announced);
  /** The folders that the next entry may be in, from the top one down. */
  let chain: Folder[] = [];
  let part: Part | undefined;
  const sums = createSums(() => createHash('sha256'));
  const left = { count: 0, name: '' };
  const renamed = { count: 0, name: '' };

  function note(counted: { count: number; name: string }, name: string): void {
    if (counted.count === 0) counted.name = name;
    counted.count += 1;
  }

  async function folder(entry: Entry, name: Uint8Array): Promise<void> {
    const inside = chain.length === 0 ? destination : chain.at(-1)?.at;
    const mode = (entry.mode & MODES) | OWNER;
    if (inside === undefined) note(left, storable(name));
    const at = inside === undefined ? undefined : await fresh(inside, name, (to) => mkdir(to, { mode }));
    const number = at === undefined || alone ? undefined : await numberOf(at);
    chain.push({ name, at, mode: entry.mode, mtime: entry.mtime, number });
  }

  async function look(): Promise<void> {
    for (const { at, number } of chain) {
      if (at !== undefined && number !== undefined && number !== (await numberOf(at))) {
        throw unwritable(path.basename(at), Object.assign(new Error(), { code: 'ELOOP' }));
      }
    }
  }

  /** Makes something new under this name, or under a free one beside it. Undefined: it is left out. */
  async function fresh(
    inside: string,
    given: Uint8Array,
    make: (at: string) => Promise<unknown>,
  ): Promise<string | undefined> {
    const name = storable(given);
    for (let number = 1; number <= NUMBERS_LIMIT; number++) {
      const stored = number === 1 ? name : numbered(name, number);
      const at = path.join(inside, stored);
      try {
        await make(at);
        if (!sameBytes(Buffer.from(stored), given)) note(renamed, stored);
        return at;
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') throw unwritable(name, error);
        if (collision === 'rename') continue;
        note(left, name);
        return undefined;
      }
    }
    throw unwritable(name, Object.assign(new Error(), { code: 'EEXIST' }));
  }

  /** Leaves the folders that this path is not in: with their modes and times, for nothing more comes into them. */
  async function enter(parts: readonly Uint8Array[]): Promise<void> {
    let depth = 0;
    while (
      depth < chain.length &&
      depth < parts.length - 1 &&
      sameBytes(chain[depth]?.name ?? EMPTY, parts[depth] ?? EMPTY)
    ) {
      depth += 1;
    }
    await leave(depth);
    await look();
    if (depth !== parts.length - 1)
      throw new SecurechatError('SC-348', { why: 'a file outside the folders that came' });
  }

  async function leave(depth: number): Promise<void> {
    while (chain.length > depth) {
      const last = chain.pop();
      if (last?.at !== undefined) await dress(last.at, last.mode, last.mtime);
    }
  }

  /**
   * A folder that its owner may not write becomes so only now. It is done by its path, which would follow a link that
   * somebody else has put there: so only where nobody can. (The permission model forbids fchmod.)
   */
  async function dress(at: string, mode: number, mtime: number): Promise<void> {
    try {
      if (alone && (mode & OWNER) !== OWNER) {
        const made = (await stat(at)).mode;
        await chmod(at, made & (mode | ~OWNER) & 0o777);
      }
      await lutimes(at, mtime, mtime);
    } catch (error) {
      throw unwritable(path.basename(at), error);
    }
  }

  async function file(entry: Entry, name: Uint8Array): Promise<void> {
    sums.begin();
    const inside = chain.length === 0 ? destination : chain.at(-1)?.at;
    const stored = storable(name);
    if (inside === undefined) return note(left, stored);
    const free = await freeIn(destination);
    if (free !== undefined && entry.size > free) {
      throw unwritable(stored, Object.assign(new Error(), { code: 'ENOSPC' }));
    }
    const at = path.join(inside, `.securechat-${randomBytes(12).toString('hex')}.part`);
    try {
      // With its mode from the start, so that no path has to be followed to change it.
      part = { handle: await open(at, NEW, entry.mode & MODES), at, folder: inside, given: name, name: stored, entry };
    } catch (error) {
      throw unwritable(stored, error);
    }
  }

  async function data(bytes: Uint8Array): Promise<void> {
    sums.update(bytes);
    for (let at = 0; part !== undefined && at < bytes.length; ) {
      try {
        at += (await part.handle.write(bytes, at, bytes.length - at, null)).bytesWritten;
      } catch (error) {
        throw unwritable(part.name, error);
      }
    }
  }

  async function finish(sum: Uint8Array): Promise<void> {
    if (!sameBytes(sums.end(), sum)) throw new SecurechatError('SC-347', { name: part?.name ?? '' });
    if (part === undefined) return;
    const { handle, at, folder: inside, given, name, entry } = part;
    try {
      await handle.close();
    } catch (error) {
      throw unwritable(name, error);
    }
    try {
      await lutimes(at, entry.mtime, entry.mtime);
    } catch (error) {
      throw unwritable(name, error);
    }
    await fresh(inside, given, (to) => publish(at, to));
    try {
      await rm(at, { force: true });
    } catch (error) {
      throw unwritable(name, error);
    }
    part = undefined;
  }

  async function entry(which: Entry): Promise<void> {
    const parts = partsOf(which.path);
    await enter(parts);
    const name = parts.at(-1) ?? which.path;
    if (which.kind === 'folder') await folder(which, name);
    else await file(which, name);
  }

  async function take(what: EntryPart): Promise<number> {
    switch (what.type) {
      case 'entry':
        await entry(what.entry);
        return 0;
      case 'data':
        await data(what.data);
        return what.data.length;
      case 'sum':
        await finish(what.sum);
        return 0;
      case 'end':
        await leave(0);
        return 0;
      case 'fault':
        throw new SecurechatError(what.fault === 'truncated' ? 'SC-349' : 'SC-348', { why: what.why });
    }
  }

  return {
    left,
    renamed,

    async write(bytes, last) {
      let content = 0;
      for (const what of reader.read(bytes, last)) content += await take(what);
      return content;
    },

    sum: () => sums.whole(),

    async close() {
      const half = part;
      part = undefined;
      chain = [];
      if (half === undefined) return;
      await half.handle.close().catch(() => undefined);
      await unlink(half.at).catch(() => undefined);
    },
  };
}

const EMPTY = new Uint8Array(0);

/** The inode of a folder; of what is no folder any more, none. */
async function numberOf(folder: string): Promise<bigint> {
  const found = await lstat(folder, { bigint: true }).catch(() => undefined);
  return found?.isDirectory() === true ? found.ino : -1n;
}

/** Gives the part its name: fails with EEXIST where something is, also where there are no hard links. */
async function publish(at: string, to: string): Promise<void> {
  try {
    await link(at, to);
  } catch (error) {
    if (!NO_LINKS.has(codeOf(error))) throw error;
    const placeholder = await open(to, NEW, 0o600);
    await placeholder.close();
    try {
      await rename(at, to);
    } catch (failed) {
      await unlink(to).catch(() => undefined);
      throw failed;
    }
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function unwritable(name: string, error: unknown): SecurechatError {
  return new SecurechatError('SC-351', { name, why: whyOf(error) });
}
