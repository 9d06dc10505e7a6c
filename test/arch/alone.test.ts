/** Files share processes (.config/vitest.config.ts): who changes what others would meet there has one of its own. */
import { expect, test } from 'vitest';
import { ALONE } from '../../.config/vitest.config.js';
import { SOURCES, text } from './sources.js';

/** Modules, globals and timers. */
const CHANGES = /\bvi\.(mock|doMock|resetModules|stubGlobal|useFakeTimers)\(|Object\.defineProperty\(globalThis/;

test('who replaces modules, globals or timers is alone', () => {
  const changing = SOURCES.filter((file) => /^test\/.*\.test\.ts$/.test(file) && CHANGES.test(text(file)));
  expect(changing.length).toBeGreaterThan(5);
  expect(changing.filter((file) => !ALONE.includes(file))).toEqual([]);
});

test('who is alone is there', () => {
  expect(ALONE.filter((file) => !SOURCES.includes(file))).toEqual([]);
});
