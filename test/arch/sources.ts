/**
 * The files of the checkout, for the tests of the architecture. No expectation may be in this file.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Folders of what is shipped. */
export const SHIPPED = ['core', 'adapters', 'plugins', 'relay-ws', 'relay-socketio'] as const;

/** Made, not written. */
const MADE = new Set(['node_modules', 'dist', '.build', '.git', 'coverage']);

function walk(folder: string): string[] {
  return readdirSync(path.join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    if (MADE.has(entry.name)) return [];
    const file = path.posix.join(folder, entry.name);
    return entry.isDirectory() ? walk(file) : [file];
  });
}

/** All files that were written by somebody, paths from the root with `/`. */
export const FILES: readonly string[] = walk('');

/** Those with code. */
export const SOURCES = FILES.filter((file) => /\.([cm]?[jt]s|sh)$/.test(file) || file === '.ci/run');

export function text(file: string): string {
  return readFileSync(path.join(ROOT, file), 'utf8');
}

/** The code without comments and without what is in strings; the line breaks stay. Good enough for our own style. */
export function bare(source: string): string {
  return source.replace(
    /\/\*[^]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"/g,
    (found) => (found.startsWith('/') ? '' : "''") + '\n'.repeat(found.split('\n').length - 1),
  );
}
