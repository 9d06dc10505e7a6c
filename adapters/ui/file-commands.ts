/**
 * The commands for files, with what stands behind them: paths and the numbers of transfers. Bytes only: no path becomes a
 * JavaScript string here. Whether a file may be read is not decided here either.
 */
import type { UiEvent } from '../../core/ports.js';
import { plainBuffer, plainCopy } from '../../core/protocol/bytes.js';

export type FileEvent = Extract<UiEvent, { type: 'offer' | 'accept' | 'reject' | 'cancel' }>;

/** Paths of one /send. */
export const PATHS_LIMIT = 1024;
/** Digits of the number of a transfer. */
const DIGITS = 6;

const NAMES = { '/send': 'offer', '/accept': 'accept', '/reject': 'reject', '/cancel': 'cancel' } as const;
type Name = keyof typeof NAMES;

const BACKSLASH = 0x5c;
const QUOTES: readonly (number | undefined)[] = [0x22, 0x27];

/** What a line asks for; undefined: it is none of these commands; `misused`: it says too little, or too much. */
export function fileCommand(line: Uint8Array): FileEvent | 'misused' | undefined {
  const blank = line.findIndex(isBlank);
  const word = blank < 0 ? line : line.subarray(0, blank);
  const name = (Object.keys(NAMES) as Name[]).find((each) => isName(word, each));
  if (name === undefined) return undefined;
  const rest = blank < 0 ? line.subarray(line.length) : line.subarray(blank);
  if (name === '/send') {
    const paths = readPaths(rest);
    return paths === undefined || paths.length === 0 ? 'misused' : { type: 'offer', paths };
  }
  const id = readNumber(rest);
  if (id === 'none') return name === '/cancel' ? 'misused' : { type: NAMES[name] };
  return id === undefined ? 'misused' : { type: NAMES[name], id };
}

/** Whether a path is being written at the end of the line. */
export function isSending(line: Uint8Array): boolean {
  return line.length > 5 && isName(line.subarray(0, 5), '/send') && isBlank(line[5] ?? 0);
}

function isName(word: Uint8Array, name: string): boolean {
  return (
    word.length === name.length &&
    word.every((byte, i) => (byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte) === name.charCodeAt(i))
  );
}

function readNumber(rest: Uint8Array): number | 'none' | undefined {
  const digits = rest.filter((byte) => !isBlank(byte));
  if (digits.length === 0) return 'none';
  const from = rest.findIndex((byte) => !isBlank(byte));
  const together = rest.subarray(from, from + digits.length).every((byte) => byte >= 0x30 && byte <= 0x39);
  return together && digits.length <= DIGITS ? digits.reduce((sum, byte) => sum * 10 + byte - 0x30, 0) : undefined;
}

/**
 * Paths between blanks; a backslash takes the next byte as it is, quotes take all up to the next one of theirs. Copies that
 * belong to the caller; undefined: a quote is not closed, a backslash is the last, or there are too many.
 */
export function readPaths(rest: Uint8Array): Uint8Array[] | undefined {
  const paths: Uint8Array[] = [];
  const path = plainBuffer(rest.length);
  let length = 0;
  let begun = false;
  let quote: number | undefined;
  const end = (): void => {
    if (begun) paths.push(plainCopy(path.subarray(0, length)));
    begun = false;
    length = 0;
  };
  for (let at = 0; at < rest.length; at++) {
    const byte = rest[at] ?? 0;
    if (quote === undefined && isBlank(byte)) {
      end();
      continue;
    }
    begun = true;
    if (byte === quote) quote = undefined;
    else if (quote === undefined && QUOTES.includes(byte)) quote = byte;
    else if (byte === BACKSLASH && quote === undefined) {
      at += 1;
      if (at === rest.length) quote = BACKSLASH;
      else path[length++] = rest[at] ?? 0;
    } else path[length++] = byte;
  }
  end();
  path.fill(0);
  if (quote === undefined && paths.length <= PATHS_LIMIT) return paths.filter((each) => each.length > 0);
  for (const each of paths) each.fill(0);
  return undefined;
}

/** A path as it must be written to be read so: blanks, quotes and backslashes behind a backslash. */
export function writtenPath(path: Uint8Array): Uint8Array {
  const out = plainBuffer(path.length * 2);
  let at = 0;
  for (const byte of path) {
    if (isBlank(byte) || byte === BACKSLASH || QUOTES.includes(byte)) out[at++] = BACKSLASH;
    out[at++] = byte;
  }
  const written = plainCopy(out.subarray(0, at));
  out.fill(0);
  return written;
}

/** Where the last path of the line begins, as it is written. */
export function lastPathAt(line: Uint8Array): number {
  let from = line.length;
  let quote: number | undefined;
  let inside = false;
  for (let at = 0; at < line.length; at++) {
    const byte = line[at] ?? 0;
    if (quote === undefined && isBlank(byte)) {
      inside = false;
      continue;
    }
    if (!inside) from = at;
    inside = true;
    if (byte === quote) quote = undefined;
    else if (quote === undefined && QUOTES.includes(byte)) quote = byte;
    else if (byte === BACKSLASH && quote === undefined) at += 1;
  }
  return inside ? from : line.length;
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x09;
}
