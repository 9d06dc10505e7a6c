/**
 * JSON (RFC 8259) for the json UI, on bytes: a strict reader of one command. Message text goes through here as UTF-8 and
 * never becomes a JavaScript string; JSON.parse may not be used in this file.
 */
import { ascii, plainBuffer, plainCopy, sameBytes } from '../../../core/protocol/bytes.js';
import { UI_WORDS } from '../../words/line.js';
import { isUtf8, putPoint } from '../../text/utf8.js';

/** Bytes of one line of input: 64 KiB of text fit however they are escaped. */
export const COMMAND_LIMIT = 1024 * 1024;
/** Objects and arrays in one another, the command itself included. */
export const DEPTH_LIMIT = 32;
/** Characters of a number that are read: no id is longer. */
const NUMBER_LENGTH = 32;

export type Command =
  /** The text is a buffer of its own: it belongs to the caller. */
  | { readonly do: 'send'; readonly text: Uint8Array }
  /** The same holds for the code, and for the paths. */
  | { readonly do: 'code'; readonly code: Uint8Array }
  | { readonly do: 'offer'; readonly paths: readonly Uint8Array[] }
  | { readonly do: 'accept' | 'reject' | 'cancel'; readonly id: number }
  | { readonly do: 'confirm'; readonly match: boolean }
  | { readonly do: 'compare-again' }
  | { readonly do: 'quit' }
  | { readonly do: 'wipe' }
  | { readonly do: 'malformed'; readonly why: string };

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_ARRAY, CLOSE_ARRAY] = [0x7b, 0x7d, 0x5b, 0x5d] as const;

const NAMES = {
  do: ascii('do'),
  text: ascii('text'),
  match: ascii('match'),
  code: ascii('code'),
  paths: ascii('paths'),
  id: ascii('id'),
};
const DOINGS = {
  send: ascii('send'),
  code: ascii('code'),
  offer: ascii('offer'),
  accept: ascii('accept'),
  reject: ascii('reject'),
  cancel: ascii('cancel'),
  confirm: ascii('confirm'),
  'compare-again': ascii('compare-again'),
  quit: ascii('quit'),
  wipe: ascii('wipe'),
};
const LITERALS = { true: ascii('true'), false: ascii('false'), null: ascii('null') };
/** After a backslash, and what it stands for. */
const SHORT_ESCAPES: Readonly<Record<number, number>> = {
  0x22: 0x22,
  0x5c: 0x5c,
  0x2f: 0x2f,
  0x62: 0x08,
  0x66: 0x0c,
  0x6e: 0x0a,
  0x72: 0x0d,
  0x74: 0x09,
};

/** Stops reading; `why` is for the person and never holds content. */
class Malformed extends Error {
  readonly why: string;
  constructor(why: string) {
    super(why);
    this.why = why;
  }
}

/** A value as far as commands need it. */
type Value = Uint8Array | readonly Uint8Array[] | boolean | number | undefined;

/**
 * The command in one line of input. Keys come in any order, unknown ones are ignored with whatever they hold; a known key
 * twice, a lone surrogate and ill-formed UTF-8 are malformed: no two readers could agree on what was meant.
 */
export function readCommand(line: Uint8Array): Command {
  const fields = new Map<keyof typeof NAMES, Value>();
  let kept: Value;
  try {
    if (!isUtf8(line)) throw new Malformed(UI_WORDS.malformed.notUtf8);
    readObject(line, fields);
    const command = commandOf(fields);
    if (command.do === 'send') kept = command.text;
    if (command.do === 'code') kept = command.code;
    if (command.do === 'offer') kept = command.paths;
    return command;
  } catch (error) {
    if (error instanceof Malformed) return { do: 'malformed', why: error.why };
    throw error;
  } finally {
    for (const value of fields.values()) if (value !== kept) wipe(value);
  }
}

function commandOf(fields: ReadonlyMap<keyof typeof NAMES, Value>): Command {
  const doing = fields.get('do');
  const is = (name: Uint8Array): boolean => doing instanceof Uint8Array && sameBytes(doing, name);
  for (const plain of ['quit', 'wipe', 'compare-again'] as const) if (is(DOINGS[plain])) return { do: plain };
  for (const about of ['accept', 'reject', 'cancel'] as const) {
    if (!is(DOINGS[about])) continue;
    const id = fields.get('id');
    if (typeof id !== 'number' || !Number.isSafeInteger(id) || id < 0) throw new Malformed(UI_WORDS.malformed.noId);
    return { do: about, id };
  }
  if (is(DOINGS.code)) {
    const code = fields.get('code');
    if (!(code instanceof Uint8Array)) throw new Malformed(UI_WORDS.malformed.noCode);
    return { do: 'code', code };
  }
  if (is(DOINGS.offer)) {
    const paths = fields.get('paths');
    if (!Array.isArray(paths) || paths.length === 0) throw new Malformed(UI_WORDS.malformed.noPaths);
    return { do: 'offer', paths };
  }
  if (is(DOINGS.send)) {
    const text = fields.get('text');
    if (!(text instanceof Uint8Array)) throw new Malformed(UI_WORDS.malformed.noText);
    return { do: 'send', text };
  }
  if (is(DOINGS.confirm)) {
    const match = fields.get('match');
    if (typeof match !== 'boolean') throw new Malformed(UI_WORDS.malformed.noMatch);
    return { do: 'confirm', match };
  }
  throw new Malformed(UI_WORDS.malformed.unknownDo);
}

function wipe(value: Value): void {
  if (value instanceof Uint8Array) value.fill(0);
  else if (Array.isArray(value)) for (const each of value as readonly Uint8Array[]) each.fill(0);
}

/** Reads the whole line as one object and keeps the known fields of it. */
function readObject(line: Uint8Array, fields: Map<keyof typeof NAMES, Value>): void {
  let at = 0;

  function fail(why: string = UI_WORDS.malformed.notJson): never {
    throw new Malformed(why);
  }

  function space(): void {
    while (line[at] === 0x20 || line[at] === 0x09 || line[at] === 0x0a || line[at] === 0x0d) at++;
  }

  function expect(byte: number): void {
    if (line[at] !== byte) fail();
    at++;
  }

  /** Skips spaces; true, and past it, when `byte` is next. */
  function taken(byte: number): boolean {
    space();
    if (line[at] !== byte) return false;
    at++;
    return true;
  }

  function members(keep: boolean, depth: number): void {
    if (depth > DEPTH_LIMIT) fail(UI_WORDS.malformed.tooDeep);
    expect(OPEN_OBJECT);
    if (taken(CLOSE_OBJECT)) return;
    do {
      space();
      const key = string();
      const name = keep ? nameOf(key) : undefined;
      key.fill(0);
      space();
      expect(COLON);
      const read = value(depth);
      if (name === undefined || fields.has(name)) wipe(read);
      if (name !== undefined) {
        if (fields.has(name)) fail(UI_WORDS.malformed.twice);
        fields.set(name, read);
      }
    } while (taken(COMMA));
    expect(CLOSE_OBJECT);
  }

  /** The strings in it; undefined: there is something else in it. */
  function elements(depth: number): readonly Uint8Array[] | undefined {
    if (depth > DEPTH_LIMIT) fail(UI_WORDS.malformed.tooDeep);
    const strings: Uint8Array[] = [];
    let others = false;
    expect(OPEN_ARRAY);
    if (taken(CLOSE_ARRAY)) return strings;
    try {
      do {
        const read = value(depth);
        if (read instanceof Uint8Array) strings.push(read);
        else wipe(read);
        others ||= !(read instanceof Uint8Array);
      } while (taken(COMMA));
      expect(CLOSE_ARRAY);
    } catch (error) {
      wipe(strings);
      throw error;
    }
    if (others) wipe(strings);
    return others ? undefined : strings;
  }

  function value(depth: number): Value {
    space();
    switch (line[at]) {
      case QUOTE:
        return string();
      case OPEN_OBJECT:
        members(false, depth + 1);
        return undefined;
      case OPEN_ARRAY:
        return elements(depth + 1);
      case LITERALS.true[0]:
        literal(LITERALS.true);
        return true;
      case LITERALS.false[0]:
        literal(LITERALS.false);
        return false;
      case LITERALS.null[0]:
        literal(LITERALS.null);
        return undefined;
      default:
        return number();
    }
  }

  function literal(word: Uint8Array): void {
    for (const byte of word) expect(byte);
  }

  function digits(): void {
    const from = at;
    while (isDigit(line[at])) at++;
    if (at === from) fail();
  }

  function number(): number {
    const from = at;
    if (line[at] === 0x2d) at++;
    if (line[at] === 0x30) at++;
    else digits();
    if (line[at] === 0x2e) {
      at++;
      digits();
    }
    if (line[at] === 0x45 || line[at] === 0x65) {
      at++;
      if (line[at] === 0x2b || line[at] === 0x2d) at++;
      digits();
    }
    return Number(String.fromCharCode(...line.subarray(from, Math.min(at, from + NUMBER_LENGTH))));
  }

  /** A string, decoded. An escape is never shorter than what it stands for. */
  function string(): Uint8Array {
    expect(QUOTE);
    const scratch = plainBuffer(stringEnd() - at);
    let length = 0;
    try {
      while (line[at] !== QUOTE) {
        const byte = line[at++] ?? 0;
        if (byte < 0x20) fail();
        if (byte === BACKSLASH) length = putPoint(scratch, length, escaped());
        else scratch[length++] = byte;
      }
      at++;
      return plainCopy(scratch.subarray(0, length));
    } finally {
      scratch.fill(0);
    }
  }

  /** Where the string that `at` is in ends: at its closing quote. */
  function stringEnd(): number {
    let end = at;
    while (end < line.length && line[end] !== QUOTE) end += line[end] === BACKSLASH ? 2 : 1;
    if (end >= line.length) fail();
    return end;
  }

  function escaped(): number {
    const letter = line[at++] ?? 0;
    if (letter !== 0x75) return SHORT_ESCAPES[letter] ?? fail();
    const unit = hex();
    if (unit < 0xd800 || unit > 0xdfff) return unit;
    if (unit > 0xdbff || line[at] !== BACKSLASH || line[at + 1] !== 0x75) fail(UI_WORDS.malformed.surrogate);
    at += 2;
    const low = hex();
    if (low < 0xdc00 || low > 0xdfff) fail(UI_WORDS.malformed.surrogate);
    return 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
  }

  function hex(): number {
    let unit = 0;
    for (let i = 0; i < 4; i++) {
      const byte = line[at++] ?? 0;
      const lower = byte | 0x20;
      if (isDigit(byte)) unit = unit * 16 + byte - 0x30;
      else if (lower >= 0x61 && lower <= 0x66) unit = unit * 16 + lower - 0x57;
      else fail();
    }
    return unit;
  }

  space();
  members(true, 1);
  space();
  if (at < line.length) fail();
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

function nameOf(key: Uint8Array): keyof typeof NAMES | undefined {
  return (Object.keys(NAMES) as (keyof typeof NAMES)[]).find((name) => sameBytes(key, NAMES[name]));
}
