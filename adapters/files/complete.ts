/**
 * Which paths begin like one that is being written, for Tab behind /send: names in one folder, as bytes. No content is read
 * in this file, and nothing is looked at that the launcher did not allow.
 */
import { isUtf8 } from 'node:buffer';
import { type Dirent, opendirSync } from 'node:fs';
import path from 'node:path';

/** Names of a folder that are looked at, and paths that are given. */
export const LOOKED_AT = 10_000;
export const GIVEN = 100;
const SLASH = 0x2f;
const DOT = 0x2e;

/**
 * For paths that begin in `folder`. Folders have a slash behind. Names that begin with a dot are given when that dot is
 * written, names that no line can hold (no UTF-8, control characters) never. Never throws.
 */
export function createPathCompletion(folder: string): (begun: Uint8Array) => readonly Uint8Array[] {
  return (begun) => {
    const split = begun.lastIndexOf(SLASH) + 1;
    const [above, name] = [begun.subarray(0, split), begun.subarray(split)];
    // Where it is looked is a path of the system, and thereby a string.
    const inside = path.resolve(folder, Buffer.from(above).toString('utf8'));
    const found = namesIn(inside)
      .filter(({ bytes }) => begins(bytes, name) && (bytes[0] !== DOT || name[0] === DOT))
      .sort((a, b) => Buffer.compare(a.bytes, b.bytes))
      .slice(0, GIVEN);
    return found.map(({ bytes, isFolder }) => {
      return Uint8Array.from(Buffer.concat([above, bytes, Buffer.from(isFolder ? '/' : '')]));
    });
  };
}

function namesIn(folder: string): { readonly bytes: Buffer; readonly isFolder: boolean }[] {
  const names: { readonly bytes: Buffer; readonly isFolder: boolean }[] = [];
  try {
    // As bytes, whatever they are: the declarations know of strings only.
    const all = opendirSync(folder, { encoding: 'buffer' as BufferEncoding });
    try {
      for (let i = 0; i < LOOKED_AT; i++) {
        const entry = all.readSync() as (Omit<Dirent, 'name'> & { readonly name: unknown }) | null;
        if (entry === null) break;
        const bytes = Buffer.from(entry.name as Buffer);
        if (isUtf8(bytes) && !hasControls(bytes)) names.push({ bytes, isFolder: entry.isDirectory() });
      }
    } finally {
      all.closeSync();
    }
  } catch {
    // Not there, or not allowed: nothing begins like this.
  }
  return names;
}

function begins(name: Uint8Array, beginning: Uint8Array): boolean {
  return beginning.every((byte, i) => name[i] === byte);
}

/** C0, DEL, and C1 as UTF-8. */
function hasControls(name: Uint8Array): boolean {
  return name.some((byte, i) => byte < 0x20 || byte === 0x7f || (byte === 0xc2 && (name[i + 1] ?? 0) < 0xa0));
}
