/**
 * The folder that relative names of the command line belong to: the one in which the person has started the program. Nothing
 * may be read or changed here.
 */
import path from 'node:path';

let known: string | undefined;
let alias: { readonly name: string; readonly real: string } | undefined;

/** The working folder of this process is another one. */
export function startedIn(folder: string): void {
  known = folder;
}

/** It may have been deleted; then only the program's own node_modules are left to look into. */
export function startFolder(): string {
  try {
    return known ?? process.cwd();
  } catch {
    return path.dirname(process.execPath);
  }
}

/** `name` leads to `real` by links that this process may not follow. */
export function isReally(name: string, real: string): void {
  alias = { name, real };
}

/** An absolute path without the links that are known. */
export function realName(at: string): string {
  if (alias === undefined) return at;
  const inside = path.relative(alias.name, at);
  return inside === '..' || inside.startsWith(`..${path.sep}`) || path.isAbsolute(inside)
    ? at
    : path.join(alias.real, inside);
}
