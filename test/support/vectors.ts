/**
 * Official vectors, read from the folder `shared` beside the repository and never copied into it. When it is absent the
 * tests that need it skip, and say so.
 */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FOLDER = new URL('../../../shared/vectors/', import.meta.url);

/** True when the vectors are there; otherwise says on the console what is skipped. */
export function haveVectors(what: string): boolean {
  if (existsSync(FOLDER)) return true;
  console.warn(`SKIPPED: ${what} (no vectors at ${fileURLToPath(new URL('.', FOLDER))})`);
  return false;
}

export function readVectors(path: string): unknown {
  return JSON.parse(readFileSync(new URL(path, FOLDER), 'utf8'));
}

/** A file of Wycheproof: each group has the fields `G`, each of its tests the fields `T`. */
export interface Wycheproof<T, G = unknown> {
  readonly numberOfTests: number;
  readonly testGroups: readonly (G & { readonly tests: readonly (T & WycheproofCase)[] })[];
}

export interface WycheproofCase {
  readonly tcId: number;
  readonly result: 'valid' | 'acceptable' | 'invalid';
  readonly flags?: readonly string[];
  readonly comment?: string;
}

export function readWycheproof<T, G = unknown>(name: string): Wycheproof<T, G> {
  return readVectors(`wycheproof/${name}`) as Wycheproof<T, G>;
}
