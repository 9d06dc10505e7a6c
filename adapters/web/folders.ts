/**
 * What a person dropped on a page or picked in it, with the folders that it is in, as a browser tells of them. No content is
 * read and no name is judged in this file.
 */
import { SecurechatError } from '../../core/errors.js';
import { PARTS_LIMIT } from '../../core/session/bulk/file-path.js';
import { neutral } from '../text/neutral.js';
import { FILE_FAULTS } from '../words/files.js';
import type { Chosen, ChosenFile } from './shelf.js';

/** Files and folders that are looked for in what is dropped; more are not sent. */
export const DROPPED_LIMIT = 10_000;

/** The platform's FileSystemEntry, as far as it is used. */
export interface DroppedEntry {
  readonly name: string;
  readonly isDirectory: boolean;
  /** Of a file. */
  file?(take: (file: ChosenFile) => void, fail: (error: Error) => void): void;
  /** Of a folder; it gives what is in it in parts, and at the end none. */
  createReader?(): { readEntries(take: (some: readonly DroppedEntry[]) => void, fail: (error: Error) => void): void };
}

/** Of a file that was picked with its folder: `webkitRelativePath`, empty for one that was picked alone. */
export interface PickedFile extends ChosenFile {
  readonly webkitRelativePath: string;
}

export function picked(files: readonly PickedFile[]): Chosen[] {
  return files.map((file) => ({ file, folders: file.webkitRelativePath.split('/').slice(0, -1) }));
}

/** Rejects with SecurechatError SC-350 for what cannot be read, for too much and for too deep. */
export async function dropped(entries: readonly DroppedEntry[]): Promise<Chosen[]> {
  const found: Chosen[] = [];

  async function add(entry: DroppedEntry, folders: readonly string[]): Promise<void> {
    if (found.length >= DROPPED_LIMIT) throw unreadable(entry, FILE_FAULTS.tooMany(DROPPED_LIMIT));
    if (folders.length >= PARTS_LIMIT) throw unreadable(entry, FILE_FAULTS.path('too deep'));
    if (!entry.isDirectory) {
      const file = await told<ChosenFile>(entry, (take, fail) => entry.file?.(take, fail));
      return void found.push({ folders, file });
    }
    const inside = [...folders, entry.name];
    found.push({ folders: inside });
    const reader = entry.createReader?.();
    for (;;) {
      const some = await told<readonly DroppedEntry[]>(entry, (take, fail) => reader?.readEntries(take, fail));
      if (some.length === 0) return;
      for (const each of some) await add(each, inside);
    }
  }

  for (const entry of entries) await add(entry, []);
  return found;
}

async function told<T>(
  entry: DroppedEntry,
  ask: (take: (value: T) => void, fail: (error: Error) => void) => void,
): Promise<T> {
  try {
    return await new Promise<T>(ask);
  } catch (error) {
    throw unreadable(entry, error instanceof Error ? error.name : '');
  }
}

function unreadable({ name }: DroppedEntry, why: string): SecurechatError {
  return new SecurechatError('SC-350', { name: neutral(name), why });
}
