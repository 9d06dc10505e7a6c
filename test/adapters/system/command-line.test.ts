/**
 * The words of a command line: every form in which a flag is written, and what is wrong, in order.
 */
import { expect, test } from 'vitest';
import { readCommandLine } from '../../../adapters/system/command-line.js';

const KNOWN = [
  { long: 'relay', short: 'r', takesValue: true },
  { long: 'verify', takesValue: false },
  { long: 'version', short: 'V', takesValue: false },
  { long: 'ui', short: 'u', takesValue: true },
];
const read = (...argv: string[]) => readCommandLine(argv, KNOWN);

test('every form of a flag, the words between them, and what is behind two dashes', () => {
  expect(
    read('one', '--relay', 'a', '--relay=b', '-r', 'c', '-rd', '--verify', '-Vr', 'e', 'two', '--', '-x', '--'),
  ).toEqual({
    flags: [
      ...['a', 'b', 'c', 'd'].map((value) => ({ long: 'relay', value })),
      { long: 'verify', value: true },
      { long: 'version', value: true },
      { long: 'relay', value: 'e' },
    ],
    words: ['one', 'two', '-x', '--'],
    faults: [],
  });
});

test('a value may be empty or begin with a dash; a dash alone is a word', () => {
  expect(read('--relay=', '--ui', '--other', '--ui', '-V', '--ui=--verify', '-')).toEqual({
    flags: [
      { long: 'relay', value: '' },
      { long: 'ui', value: '--other' },
      { long: 'ui', value: '-V' },
      { long: 'ui', value: '--verify' },
    ],
    words: ['-'],
    faults: [],
  });
});

test('a flag in the place of a value: the value was forgotten', () => {
  expect(read('--ui', '--verify', 'one')).toEqual({
    flags: [],
    words: ['one'],
    faults: [{ type: 'no value', flag: '--ui' }],
  });
});

test.each([
  ['--relay', { type: 'no value', flag: '--relay' }],
  ['-r', { type: 'no value', flag: '--relay' }],
  ['--verify=1', { type: 'needs none', flag: '--verify' }],
  ['--verfy', { type: 'unknown', flag: '--verfy', near: '--verify' }],
  ['--evrify', { type: 'unknown', flag: '--evrify', near: '--verify' }],
  ['--iu', { type: 'unknown', flag: '--iu', near: '--ui' }],
  ['--io', { type: 'unknown', flag: '--io', near: undefined }],
  ['--é', { type: 'unknown', flag: '--é', near: undefined }],
  ['--__proto__', { type: 'unknown', flag: '--__proto__', near: undefined }],
  ['-v', { type: 'unknown', flag: '-v', near: '-V' }],
  ['-z', { type: 'unknown', flag: '-z', near: undefined }],
])('%s is told', (word, fault) => {
  expect(read(word)).toEqual({ flags: [], words: [], faults: [fault] });
});

test('what is wrong is told in order', () => {
  expect(read('-zV', '--verify=', '--relay').faults.map(({ flag }) => flag)).toEqual(['-z', '--verify', '--relay']);
});
