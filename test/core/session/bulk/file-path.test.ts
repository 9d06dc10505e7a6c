/**
 * Paths that a receiver takes and refuses, on every system alike.
 */
import { expect, test } from 'vitest';
import { isText, PATH_LIMIT, partsOf, PARTS_LIMIT, pathFault } from '../../../../core/session/bulk/file-path.js';
import { fc } from '../../../support/chance.js';
import { utf8 } from '../../../support/pair.js';

/** Parts as long as they may be, of this many bytes together with what is between them. */
const long = (length: number): string =>
  [...Array.from({ length: 15 }, () => 'p'.repeat(255)), 'p'.repeat(200), 'p'.repeat(length - 4041)].join('/');

test.each([
  'a',
  'a/b/c.txt',
  '.hidden',
  '...x',
  'ends.with.dots/x',
  'über/日本語/😀',
  'con1',
  'console',
  'com10',
  'x/.y',
  `${'p'.repeat(255)}/q`,
  'a\u{a0}b',
  `${'a/'.repeat(PARTS_LIMIT - 1)}b`,
  long(PATH_LIMIT),
])('%s is taken', (path) => {
  expect(pathFault(utf8(path))).toBeUndefined();
});

test.each([
  ['', 'empty'],
  ['/etc/passwd', 'empty'],
  ['a/', 'empty'],
  ['a//b', 'empty'],
  ['.', 'dots'],
  ['..', 'dots'],
  ['a/../b', 'dots'],
  ['a/./b', 'dots'],
  ['a\\b', 'separator'],
  ['C:', 'separator'],
  ['a/b:stream', 'separator'],
  ['a\0b', 'control character'],
  ['a\nb', 'control character'],
  ['\x1b[2J', 'control character'],
  ['a\x7f', 'control character'],
  ['a\u{85}', 'control character'],
  ['a\u{9b}b', 'control character'],
  ['a\u{80}b', 'control character'],
  ['a\u{9f}b', 'control character'],
  ['a.', 'ending'],
  ['a ', 'ending'],
  ['a./b', 'ending'],
  ['...', 'ending'],
  ['CON', 'device'],
  ['con.txt', 'device'],
  ['AUX', 'device'],
  ['x/NUL .tar.gz', 'device'],
  ['Com1', 'device'],
  ['LPT9.log', 'device'],
  ['com¹', 'device'],
  ['conout$', 'device'],
  ['p'.repeat(256), 'too long'],
  ['a/'.repeat(PARTS_LIMIT) + 'b', 'too deep'],
  [long(PATH_LIMIT + 1), 'too long'],
])('%j is refused: %s', (path, fault) => {
  expect(pathFault(utf8(path))).toBe(fault);
});

test.each([
  ...[[0xff], [0xc0, 0x80], [0x80], [0xbf, 0x80], [0x61, 0xe2, 0x82], [0xe2, 0x82, 0xc0], [0xe2, 0x82, 0x7f]].map(
    (each) => [each],
  ),
  // Longer than they need be, surrogates, beyond U+10FFFF.
  ...[
    [0xc1, 0xbf],
    [0xe0, 0x9f, 0xbf],
    [0xf0, 0x8f, 0xbf, 0xbf],
    [0xed, 0xa0, 0x80],
  ].map((each) => [each]),
  ...[
    [0xf4, 0x90, 0x80, 0x80],
    [0xf5, 0x80, 0x80, 0x80],
    [0xf5, 0x80],
  ].map((each) => [each]),
])('bytes %j are no text', (bytes) => {
  expect(pathFault(Uint8Array.from(bytes))).toBe('not UTF-8');
});

test.each(['\u{80}', '\u{7ff}', '\u{800}', '\u{d7ff}', '\u{e000}', '\u{ffff}', '\u{10000}', '\u{10ffff}'])(
  '%j, at an end of its length, is text',
  (text) => {
    expect(isText(utf8(text))).toBe(true);
  },
);

test('what is text is decided as the platform does', () => {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const accepts = (bytes: Uint8Array): boolean => {
    try {
      decoder.decode(bytes);
      return true;
    } catch {
      return false;
    }
  };
  const byte = fc.oneof(fc.constantFrom(0x61, 0x80, 0xc2, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xa0, 0x9f, 0xbf), fc.nat(255));
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 8 }), (bytes) => {
      const all = Uint8Array.from(bytes);
      expect(isText(all)).toBe(accepts(all));
    }),
  );
});

test('whatever is taken leads nowhere but down', () => {
  const part = fc.oneof(
    fc.constantFrom('..', '.', '', 'a', 'aux', 'b.', '\\', ':', 'c\u{202e}'),
    fc.string({ unit: 'grapheme', maxLength: 6 }),
  );
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 6 }), (parts) => {
      const path = utf8(parts.join('/'));
      if (pathFault(path) !== undefined) return;
      const taken = partsOf(path).map((each) => new TextDecoder().decode(each));
      expect(taken.every((each) => each !== '' && each !== '.' && each !== '..' && !/[\\/:]/.test(each))).toBe(true);
    }),
  );
});
