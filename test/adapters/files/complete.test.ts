/**
 * Which paths are found for a beginning: in a real folder, with names of every kind.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPathCompletion, GIVEN } from '../../../adapters/files/complete.js';
import { utf8 } from '../../support/pair.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'securechat complete-'));
  mkdirSync(path.join(folder, 'photos/2024'), { recursive: true });
  mkdirSync(path.join(folder, 'many'));
  const names = [
    'photo.jpg',
    'über.txt',
    '.hidden',
    'with space',
    'esc\x1b[2Jape',
    'new\nline',
    'c1\u{9b}x',
    'photos/a',
  ];
  for (const name of names) writeFileSync(path.join(folder, name), '');
  writeFileSync(Buffer.concat([Buffer.from(`${folder}/bad`), Buffer.of(0xff)]), '');
  for (let i = 0; i < GIVEN + 50; i++) writeFileSync(path.join(folder, 'many', String(i)), '');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const found = (begun: string): string[] =>
  createPathCompletion(folder)(utf8(begun)).map((each) => Buffer.from(each).toString('utf8'));

test.each([
  ['ph', ['photo.jpg', 'photos/']],
  ['photos', ['photos/']],
  ['photos/', ['photos/2024/', 'photos/a']],
  ['photos/2', ['photos/2024/']],
  ['ü', ['über.txt']],
  ['with', ['with space']],
  ['.', ['.hidden']],
  ['./ph', ['./photo.jpg', './photos/']],
  ['', ['many/', 'photo.jpg', 'photos/', 'with space', 'über.txt']],
  ['nothing', []],
  ['nowhere/x', []],
  ['photo.jpg/', []],
  ['esc', []],
  ['new', []],
  ['c1', []],
  ['bad', []],
])('%s', (begun, paths) => {
  expect(found(begun)).toEqual(paths);
});

test('of very many so many are given', () => {
  expect(found('many/')).toHaveLength(GIVEN);
});

test('a path from the root on, and one with a zero in it', () => {
  expect(found(`${folder}/photo.`)).toEqual([`${folder}/photo.jpg`]);
  expect(found('a\0b/')).toEqual([]);
});
