/**
 * What a stream of files holds (protocol.md section 8): entries one after the other, each checked before anything of it is
 * used. Writers and one streaming reader; no file, no hash and no stream may be in this file.
 */
import { LocalProtocolError } from '../../errors.js';
import { concat, plainBuffer, plainCopy, putUint, readUint, sameBytes } from '../../protocol/bytes.js';
import { PATH_LIMIT, partsOf, pathFault } from './file-path.js';

/** length(2) ‖ kind(1) ‖ mode(2) ‖ mtime(8) ‖ size(8), before the path. `length` counts what follows it. */
const HEAD = 21;
const LENGTH = 2;
/** Bytes of an entry besides the path, as `length` counts them. */
const FIXED = HEAD - LENGTH;
/** SHA-256, behind the content of a file. */
export const SUM = 32;
const DOT = 0x2e;

export interface Entry {
  readonly kind: 'file' | 'folder';
  /** Permission bits. */
  readonly mode: number;
  /** Unix seconds. */
  readonly mtime: number;
  /** Bytes; 0 of a folder. */
  readonly size: number;
  readonly path: Uint8Array;
}

/** What was offered, and must agree with what comes. */
export interface Announced {
  readonly count: number;
  /** Of all files; undefined: unknown. */
  readonly bytes: number | undefined;
  /** Of the first file, or the folder. */
  readonly name: Uint8Array;
}

/** The bytes before the content of a file, or all of a folder. */
export function writeEntry({ kind, mode, mtime, size, path }: Entry): Uint8Array<ArrayBuffer> {
  if (pathFault(path) !== undefined) throw new LocalProtocolError('an entry has a path that no peer takes');
  const head = plainBuffer(HEAD);
  putUint(head, 0, LENGTH, FIXED + path.length);
  head[2] = kind === 'file' ? 0 : 1;
  putUint(head, 3, 2, mode);
  putUint(head, 5, 8, mtime);
  putUint(head, 13, 8, size);
  return concat(head, path);
}

/** Why a stream is not what it should be. `truncated`: its end came too early or too late. */
export type EntryFault = 'malformed' | 'disagrees' | 'truncated';

export type EntryPart =
  /** A file or folder begins. */
  | { readonly type: 'entry'; readonly entry: Entry }
  /** Content of the file that began last: a view. */
  | { readonly type: 'data'; readonly data: Uint8Array }
  /** The file has all its bytes, and this SHA-256. */
  | { readonly type: 'sum'; readonly sum: Uint8Array }
  /** Everything is there, and agrees with what was offered. */
  | { readonly type: 'end' }
  /** Nothing follows. */
  | { readonly type: 'fault'; readonly fault: EntryFault; readonly why: string };

export interface EntryReader {
  /**
   * Reads on; parts are handed over as soon as they are known. `last`: nothing follows. After a fault or the end nothing is
   * read any more. Never throws for what the bytes are.
   */
  read(bytes: Uint8Array, last: boolean): Generator<EntryPart, void, undefined>;
}

export function createEntryReader(announced: Announced): EntryReader {
  /** The entry, or the sum, as far as it has come. */
  let gathered = plainBuffer(HEAD);
  let filled = 0;
  let needed = HEAD;
  let state: 'head' | 'path' | 'content' | 'sum' | 'over' = announced.count > 0 ? 'head' : 'over';
  let rest = 0;
  let entries = 0;
  let sum = 0;

  function expect(next: typeof state, bytes: number): void {
    state = next;
    filled = 0;
    needed = bytes;
    gathered = plainBuffer(bytes);
  }

  function fault(kind: EntryFault, why: string): EntryPart {
    state = 'over';
    return { type: 'fault', fault: kind, why };
  }

  function entryOf(path: Uint8Array, head: Uint8Array): Entry {
    return {
      kind: head[2] === 0 ? 'file' : 'folder',
      mode: readUint(head, 3, 2),
      mtime: readUint(head, 5, 8),
      size: readUint(head, 13, 8),
      path,
    };
  }

  let head = plainBuffer(HEAD);

  function takeHead(): EntryPart | undefined {
    head = plainCopy(gathered);
    const path = readUint(head, 0, LENGTH) - FIXED;
    if (path < 1 || path > PATH_LIMIT) return fault('malformed', 'an entry has a path of a wrong length');
    if (head[2] !== 0 && head[2] !== 1) return fault('malformed', 'an entry is neither a file nor a folder');
    const { kind, mtime, size } = entryOf(gathered, head);
    if (Number.isNaN(mtime) || Number.isNaN(size)) return fault('malformed', 'an entry has a number out of range');
    if (kind === 'folder' && size !== 0) return fault('malformed', 'a folder has content');
    // Added up before anything of the entry is written.
    sum += size;
    if (!(sum <= (announced.bytes ?? Number.MAX_SAFE_INTEGER)))
      return fault('disagrees', 'more bytes than were offered');
    expect('path', path);
    return undefined;
  }

  function takePath(): EntryPart {
    const entry = entryOf(plainCopy(gathered), head);
    const wrong = pathFault(entry.path);
    if (wrong !== undefined) return fault('malformed', `a path is refused: ${wrong}`);
    const top = partsOf(entry.path)[0] ?? entry.path;
    const offered = sameBytes(top, announced.name);
    if (entries === 0 && !offered) return fault('disagrees', 'another name than was offered');
    if (!offered && top[0] === DOT) return fault('disagrees', 'a name that begins with a dot and was not offered');
    entries += 1;
    rest = entry.size;
    if (entry.kind === 'folder') following();
    else if (rest === 0) expect('sum', SUM);
    else state = 'content';
    return { type: 'entry', entry };
  }

  /** After an entry: the next one, or the end. */
  function following(): void {
    if (entries < announced.count) expect('head', HEAD);
    else state = 'over';
  }

  /** What follows the last entry: nothing. */
  function finish(last: boolean, extra: boolean): EntryPart | undefined {
    if (extra) return fault('truncated', 'something follows the last entry');
    if (!last) return undefined;
    if (sum !== (announced.bytes ?? sum)) return fault('truncated', 'fewer bytes than were offered');
    return { type: 'end' };
  }

  let done = false;

  return {
    *read(bytes, last) {
      let at = 0;
      while (!done) {
        if (state === 'over') {
          const part = finish(last, at < bytes.length);
          if (part === undefined) return;
          done = true;
          yield part;
          return;
        }
        if (at === bytes.length) {
          if (!last) return;
          done = true;
          yield fault('truncated', 'the end came in the middle of an entry, or before the last one');
          return;
        }
        if (state === 'content') {
          const data = bytes.subarray(at, at + rest);
          at += data.length;
          rest -= data.length;
          if (rest === 0) expect('sum', SUM);
          yield { type: 'data', data };
          continue;
        }
        const piece = bytes.subarray(at, at + needed - filled);
        gathered.set(piece, filled);
        filled += piece.length;
        at += piece.length;
        if (filled < needed) continue;
        const part = state === 'head' ? takeHead() : state === 'path' ? takePath() : takeSum();
        if (part?.type === 'fault') done = true;
        if (part !== undefined) yield part;
      }
    },
  };

  function takeSum(): EntryPart {
    const value = plainCopy(gathered);
    following();
    return { type: 'sum', sum: value };
  }
}
