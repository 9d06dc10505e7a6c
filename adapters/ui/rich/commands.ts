/**
 * What a finished text is: a message or a command. Bytes only: of a text that is not one of the fixed words nothing
 * becomes a JavaScript string. What a command does may not be in this file.
 */
import type { Origin } from '../../terminal/editor.js';
import { type FileEvent, fileCommand } from '../file-commands.js';
import { blanksBefore, firstWord, isLine } from '../line/commands.js';

/** Commands that take nothing behind them. */
const PLAIN = [
  'help',
  'quit',
  'verify',
  'verify yes',
  'verify no',
  'verify again',
  'more',
  'clear',
  'status',
  'bell',
  'wipe',
] as const;
/** Commands with an argument. */
const WITH_ARGUMENT = ['name'] as const;

export type CommandName = (typeof PLAIN)[number] | (typeof WITH_ARGUMENT)[number];

export type Meaning =
  /** Nothing but blanks: nothing happens. */
  | { readonly type: 'nothing' }
  /** To be sent: a view of the text. */
  | { readonly type: 'message'; readonly text: Uint8Array }
  | { readonly type: 'command'; readonly name: CommandName }
  | { readonly type: 'file'; readonly event: FileEvent }
  /** A command with something behind it that it does not take; the sentence that says what it takes. */
  | { readonly type: 'misused'; readonly usage: 'misused' | 'filesMisused' }
  /** A command with something pasted behind it. */
  | { readonly type: 'pasted' }
  /** Begins like a command and is none: an error, never sent. */
  | { readonly type: 'unknown' };

const SLASH = 0x2f;
const LF = 0x0a;

export function meaningOf(whole: Uint8Array, { startPasted, pasted }: Origin): Meaning {
  if (whole.every(isBlank)) return { type: 'nothing' };
  // Blanks before a slash are a slip of the hand, unless something was pasted.
  const text = pasted ? whole : whole.subarray(blanksBefore(whole));
  if (text[0] !== SLASH || startPasted) return { type: 'message', text: whole };
  if (text[1] === SLASH) return { type: 'message', text: text.subarray(1) };
  const file = text.includes(LF) ? undefined : fileCommand(text);
  if (file !== undefined) {
    if (pasted) return { type: 'pasted' };
    return file === 'misused' ? { type: 'misused', usage: 'filesMisused' } : { type: 'file', event: file };
  }
  if (pasted || text.includes(LF)) return { type: 'unknown' };
  if (isLine(text, '/q')) return { type: 'command', name: 'quit' };
  for (const name of PLAIN) if (isLine(text, `/${name}`)) return { type: 'command', name };
  const word = firstWord(text);
  if (isLine(word, '/verify')) return { type: 'misused', usage: 'misused' };
  for (const name of WITH_ARGUMENT) if (isLine(word, `/${name}`)) return { type: 'command', name };
  return { type: 'unknown' };
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === LF;
}
