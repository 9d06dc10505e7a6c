/**
 * What a person chose in a browser, as it is sent: files and folders in an order that every receiver takes, each with a name
 * of its own, read as they are asked for. No protocol state may be in this file.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { isSecurechatError, SecurechatError } from '../../core/errors.js';
import { ENTRIES_LIMIT } from '../../core/protocol/bulk-records.js';
import { plainBuffer } from '../../core/protocol/bytes.js';
import { pathFault } from '../../core/session/bulk/file-path.js';
import { sendable } from '../files/names.js';
import { type Content, createPacker, type Packable, type Packer } from '../files/packer.js';
import { neutral } from '../text/neutral.js';
import { utf8 } from '../text/utf8.js';
import { FILE_FAULTS } from '../words/files.js';
import type { Chosen, ChosenFile } from './shelf.js';

/** Read at once, bytes: a browser takes long for each read. */
export const READ_BYTES = 1024 * 1024;
/** What a browser does not tell: readable by everybody, written by its owner. */
const MODES = { file: 0o644, folder: 0o755 } as const;

interface Folder {
  readonly path: string;
  /** In the order in which they were chosen. */
  readonly inside: (Folder | { readonly path: string; readonly file: ChosenFile })[];
  /** By the names that they had here. */
  readonly folders: Map<string, Folder>;
  /** Names that are given in it. */
  readonly taken: Set<string>;
}

const emptyFolder = (path: string): Folder => ({ path, inside: [], folders: new Map(), taken: new Set() });

/**
 * What is sent of it: folders before what is in them, depth first. Each has another name than what is beside it, and only the
 * first may begin with a dot. Throws SecurechatError SC-350 for a path that no receiver takes, and for too much.
 */
export function listed(chosen: readonly Chosen[]): Packable[] {
  const top = emptyFolder('');
  for (const { folders, file } of chosen) {
    const into = folders.reduce(folderIn, top);
    if (file !== undefined) into.inside.push({ file, path: fresh(into, file.name) });
  }
  const sources = inOrder(top);
  if (sources.length > ENTRIES_LIMIT)
    throw new SecurechatError('SC-350', { name: sources[0]?.name ?? '', why: FILE_FAULTS.tooMany(ENTRIES_LIMIT) });
  return sources;
}

function folderIn(outer: Folder, name: string): Folder {
  const known = outer.folders.get(name);
  if (known !== undefined) return known;
  const made = emptyFolder(fresh(outer, name));
  outer.folders.set(name, made);
  outer.inside.push(made);
  return made;
}

function fresh({ path, taken }: Folder, name: string): string {
  const plain = sendable(name);
  const bare = path !== '' || taken.size === 0 || !plain.startsWith('.');
  const base = bare ? plain : `_${plain.slice(1)}`;
  let sent = base;
  for (let number = 2; taken.has(sent); number++) sent = sendable(`${String(number)}_${base}`);
  taken.add(sent);
  return path === '' ? sent : `${path}/${sent}`;
}

function inOrder({ inside }: Folder): Packable[] {
  return inside.flatMap((each) => {
    if ('file' in each) {
      const mtime = Math.max(0, Math.floor(each.file.lastModified / 1000));
      return [packable('file', each.path, mtime, each.file.size, each.file)];
    }
    const below = inOrder(each);
    // A browser does not tell when a folder was changed: as its newest content.
    const mtime = below.reduce((newest, { entry }) => Math.max(newest, entry.mtime), 0);
    return [packable('folder', each.path, mtime, 0), ...below];
  });
}

function packable(kind: 'file' | 'folder', sent: string, mtime: number, size: number, file?: ChosenFile): Packable {
  const path = utf8(sent);
  const name = neutral(file?.name ?? sent);
  const fault = pathFault(path);
  if (fault !== undefined) throw new SecurechatError('SC-350', { name, why: FILE_FAULTS.path(fault) });
  return {
    ...{ name, entry: { kind, mode: MODES[kind], size, path, mtime } },
    open: () => Promise.resolve(contentOf(file)),
  };
}

/** Its pieces throw SecurechatError SC-346 and SC-350. */
export function packChosen(sources: readonly Packable[]): Packer {
  return createPacker({
    sources,
    sha256: () => sha256.create(),
    failure(error, { name }) {
      if (isSecurechatError(error)) return error;
      // A file that has another size or time now can no longer be read.
      if (error instanceof Error && error.name === 'NotReadableError') return new SecurechatError('SC-346', { name });
      return new SecurechatError('SC-350', { name, why: error instanceof Error ? error.name : '' });
    },
  });
}

function contentOf(file: ChosenFile | undefined): Content {
  let at = 0;
  let ahead: Uint8Array = plainBuffer(0);
  return {
    async read(into) {
      if (ahead.length === 0 && file !== undefined && at < file.size) {
        ahead = new Uint8Array(await file.slice(at, Math.min(file.size, at + READ_BYTES)).arrayBuffer());
        at += ahead.length;
      }
      const part = ahead.subarray(0, into.length);
      into.set(part);
      ahead = ahead.subarray(part.length);
      return part.length;
    },
    close() {
      ahead.fill(0);
      return Promise.resolve();
    },
  };
}
