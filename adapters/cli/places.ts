/**
 * Whether the files and folders that the command line names are there: asked before a code is made or typed for nothing.
 * No content is read, and no sentence may be in this file.
 */
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import path from 'node:path';
import { SecurechatError } from '../../core/errors.js';
import { shown, whyOf } from '../files/tree.js';
import { realName } from '../system/folder.js';
import { CLI_WORDS } from '../words/cli.js';
import type { Task } from './task.js';

/** Throws SecurechatError SC-503. */
export async function checkPlaces(task: Task, cwd: string): Promise<void> {
  const place = (named: string): string => realName(path.resolve(cwd, named));
  if (task.kind === 'send') for (const each of task.paths) await checkFile(place(each));
  if (task.kind === 'receive') await checkFolder('--output', place(task.folder));
  if (task.kind === 'chat' && task.files !== undefined) await checkFolder('--files', place(task.files));
}

async function checkFile(at: string): Promise<void> {
  try {
    await access(at, constants.R_OK);
  } catch (error) {
    throw new SecurechatError('SC-503', { about: 'file', why: CLI_WORDS.notReadable(shown(at), whyOf(error)) });
  }
}

/** It is not named: behind --files it may be a room code. */
async function checkFolder(flag: string, at: string): Promise<void> {
  let why: string | undefined;
  try {
    if (!(await stat(at)).isDirectory()) why = CLI_WORDS.notFolder;
    else await access(at, constants.W_OK);
  } catch (error) {
    why = whyNoFolder(error);
  }
  if (why !== undefined) throw new SecurechatError('SC-503', { about: 'folder', flag, why });
}

/** What is not there the launcher has not allowed. */
export function whyNoFolder(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ERR_ACCESS_DENIED' ? CLI_WORDS.noFolder : whyOf(error);
}
