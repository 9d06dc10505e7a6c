/**
 * Tab behind /send: the path is completed as far as it is clear. Which paths there are is injected: no file may be looked at
 * in this file.
 */
import { concat } from '../../../core/protocol/bytes.js';
import { SCREEN_WORDS } from '../../words/screen.js';
import type { Editor } from '../../terminal/editor.js';
import { isSending, lastPathAt, readPaths, writtenPath } from '../file-commands.js';
import type { Model } from './model.js';

/**
 * Paths that begin like this one, folders with a slash behind. Never throws; bytes in, bytes out, which belong to the
 * caller.
 */
export type CompletePath = (path: Uint8Array) => readonly Uint8Array[];

/** Paths that are told when there are several. */
const CANDIDATES_SHOWN = 8;

/** `complete` absent: this chat reads no files. */
export function completePathIn(editor: Editor, model: Model, complete: CompletePath | undefined): void {
  if (!isSending(editor.before) || editor.after.length > 0 || editor.pasted) return;
  if (complete === undefined) return model.say(SCREEN_WORDS.files.noCompletion);
  const at = lastPathAt(editor.before);
  const [path = new Uint8Array(0)] = readPaths(editor.before.subarray(at)) ?? [];
  const found = complete(path);
  const common = commonBeginning(found);
  if (found.length === 0) model.say(SCREEN_WORDS.files.noneFound);
  else if (common.length > path.length) rewrite(editor, at, common);
  else model.sayNames(found.slice(0, CANDIDATES_SHOWN));
  path.fill(0);
}

function rewrite(editor: Editor, at: number, path: Uint8Array): void {
  const written = writtenPath(path);
  const text = concat(editor.before.subarray(0, at), written);
  editor.replace(text, { pasted: false, startPasted: false });
  for (const used of [written, text]) used.fill(0);
}

function commonBeginning([first = new Uint8Array(0), ...others]: readonly Uint8Array[]): Uint8Array {
  let length = first.length;
  for (const other of others) {
    let same = 0;
    while (same < length && other[same] === first[same]) same += 1;
    length = same;
  }
  // Not within a character.
  while (length < first.length && length > 0 && ((first[length] ?? 0) & 0xc0) === 0x80) length -= 1;
  return first.subarray(0, length);
}
