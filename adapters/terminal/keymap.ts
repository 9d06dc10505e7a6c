/**
 * Which bytes are which key: tables only. What a key does may not be in this file.
 */

export type Key =
  | 'enter'
  | 'newline'
  | 'escape'
  | 'up'
  | 'down'
  | 'left'
  | 'right'
  | 'word-left'
  | 'word-right'
  | 'home'
  | 'end'
  | 'line-start'
  | 'line-end'
  | 'page-up'
  | 'page-down'
  | 'backspace'
  | 'delete'
  | 'delete-word'
  | 'delete-to-start'
  | 'delete-to-end'
  | 'repaint'
  | 'help'
  | 'words'
  | 'more'
  | 'interrupt'
  | 'end-of-input'
  | 'suspend'
  | 'tab'
  /** A key that nothing is said about: it does nothing. */
  | 'unknown';

/** C0 and DEL. */
export const CONTROL_KEYS: ReadonlyMap<number, Key> = new Map([
  [0x01, 'line-start'],
  [0x03, 'interrupt'],
  [0x04, 'end-of-input'],
  [0x05, 'line-end'],
  [0x08, 'backspace'],
  [0x09, 'tab'],
  [0x0a, 'newline'],
  [0x0b, 'delete-to-end'],
  [0x0c, 'repaint'],
  [0x0d, 'enter'],
  [0x15, 'delete-to-start'],
  [0x17, 'delete-word'],
  [0x1a, 'suspend'],
  [0x7f, 'backspace'],
]);

/** The byte behind Esc. */
export const ALT_KEYS: ReadonlyMap<number, Key> = new Map([
  [0x08, 'delete-word'],
  [0x0a, 'newline'],
  [0x0d, 'newline'],
  [0x62, 'word-left'],
  [0x66, 'word-right'],
  [0x7f, 'delete-word'],
]);

/** The byte behind Esc O. */
export const SS3_KEYS: ReadonlyMap<string, Key> = new Map([
  ['A', 'up'],
  ['B', 'down'],
  ['C', 'right'],
  ['D', 'left'],
  ['F', 'end'],
  ['H', 'home'],
  ['M', 'enter'],
  ['P', 'help'],
  ['Q', 'words'],
  ['R', 'more'],
]);

/** What is behind Esc [, for xterm, VT220, rxvt, the Linux console, and those that send Enter with its modifiers. */
export const CSI_KEYS: ReadonlyMap<string, Key> = new Map([
  ['A', 'up'],
  ['B', 'down'],
  ['C', 'right'],
  ['D', 'left'],
  ['F', 'end'],
  ['H', 'home'],
  ['1~', 'home'],
  ['7~', 'home'],
  ['4~', 'end'],
  ['8~', 'end'],
  ['3~', 'delete'],
  ['5~', 'page-up'],
  ['6~', 'page-down'],
  ['11~', 'help'],
  ['12~', 'words'],
  ['13~', 'more'],
  ...['3', '5'].flatMap((modifier): [string, Key][] => [
    [`1;${modifier}C`, 'word-right'],
    [`1;${modifier}D`, 'word-left'],
    [`3;${modifier}~`, 'delete'],
  ]),
  ...['2', '3', '4', '5', '6', '7', '8'].flatMap((modifier): [string, Key][] => [
    [`13;${modifier}u`, 'newline'],
    [`27;${modifier};13~`, 'newline'],
  ]),
]);
