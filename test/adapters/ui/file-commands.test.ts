/** The commands for files: what each asks for, and paths as they are written and read. */
import { describe, expect, test } from 'vitest';
import {
  fileCommand,
  isSending,
  lastPathAt,
  PATHS_LIMIT,
  readPaths,
  writtenPath,
} from '../../../adapters/ui/file-commands.js';
import { fc, runs } from '../../support/chance.js';
import { bytes } from '../../support/streams.js';

const text = (path: Uint8Array): string => Buffer.from(path).toString('utf8');

describe('a command', () => {
  const asked = (line: string): unknown => {
    const command = fileCommand(bytes(line));
    if (command === undefined || command === 'misused' || command.type !== 'offer') return command;
    return command.paths.map(text);
  };

  test.each<[string, unknown]>([
    ['/send a.txt', ['a.txt']],
    ['/SEND  a  b ', ['a', 'b']],
    ['/send "two words" it\\ s \'x"y\'', ['two words', 'it s', 'x"y']],
    ['/send a"b c"d', ['ab cd']],
    ['/send今', undefined],
    ['/send', 'misused'],
    ['/send ""', 'misused'],
    ['/send "open', 'misused'],
    ['/send end\\', 'misused'],
    ['/accept', { type: 'accept' }],
    ['/accept 12 ', { type: 'accept', id: 12 }],
    ['/accept 1 2', 'misused'],
    ['/accept x', 'misused'],
    ['/accept -1', 'misused'],
    ['/accept 1234567', 'misused'],
    ['/reject 3', { type: 'reject', id: 3 }],
    ['/reject', { type: 'reject' }],
    ['/cancel 3', { type: 'cancel', id: 3 }],
    ['/cancel', 'misused'],
    ['/accepted', undefined],
    ['hello', undefined],
    ['', undefined],
  ])('%j', (line, expected) => {
    expect(asked(line)).toEqual(expected);
  });

  test('offers so many paths, and not one more', () => {
    expect(readPaths(bytes('a '.repeat(PATHS_LIMIT)))).toHaveLength(PATHS_LIMIT);
    expect(readPaths(bytes('a '.repeat(PATHS_LIMIT + 1)))).toBeUndefined();
  });
});

describe('a path', () => {
  test('that is written is read as it was, whatever is in it', () => {
    const path = fc.uint8Array({ minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(fc.array(path, { minLength: 1, maxLength: 4 }), (paths) => {
        const line = Buffer.concat(paths.flatMap((each) => [Buffer.from(' '), writtenPath(each)]));
        expect(readPaths(line)).toEqual(paths.map((each) => Uint8Array.from(each)));
        const last = line.subarray(lastPathAt(line));
        expect(readPaths(last)).toEqual([Uint8Array.from(paths.at(-1) ?? [])]);
      }),
      { numRuns: runs(100, 1_000) },
    );
  });

  test.each([
    ['/send ', 6],
    ['/send a', 6],
    ['/send a b\\ c', 8],
    ['/send "a b', 6],
    ['/send a ', 8],
  ])('the last one of %j begins at %i', (line, at) => {
    expect(isSending(bytes(line))).toBe(true);
    expect(lastPathAt(bytes(line))).toBe(at);
  });

  test.each(['/send', '/sendx y', 'x /send y', ''])('none is written in %j', (line) => {
    expect(isSending(bytes(line))).toBe(false);
  });
});
