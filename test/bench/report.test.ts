/** What `npm run bench` writes: targets judged, changes told by the ratio, pictures without holes. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { figureOf, quantile, type Series } from '../../bench/figures.js';
import { bars, reportOf, type Section, table, write } from '../../bench/report.js';

const folder = mkdtempSync(path.join(tmpdir(), 'securechat-report-'));
afterAll(() => rmSync(folder, { recursive: true }));

const series = (ours: number[], anchor: number[], bound?: number): Series => ({
  name: 'first <byte>',
  unit: 'ms',
  ours,
  anchor: { name: 'node', values: anchor },
  ...(bound === undefined ? {} : { target: { of: 'ratio', sign: '≤', bound } }),
});
const section = (...all: Series[]): Section => ({ title: 'Start', name: 'start', figures: all.map(figureOf) });

test('medians, the middle half, and the ratio of the medians', () => {
  expect(quantile([3, 1, 2], 0.5)).toBe(2);
  expect(figureOf(series([40, 10, 30, 20], [10, 10, 1]))).toMatchObject({ median: 30, spread: [20, 40], ratio: 3 });
});

test('where each round has both, the ratio is the median of those of the rounds', () => {
  // The machine is ten times slower in the second round, and twice as slow in the third.
  expect(figureOf(series([20, 200, 60], [10, 100, 20])).ratio).toBe(2);
});

test('what is a multiple of nothing has no ratio', () => {
  expect(figureOf(series([20], [0])).ratio).toBeUndefined();
});

test.each([
  [1.9, 'missed'],
  [2, 'met'],
])('a ratio of 2 with the target %d is %s', (bound, said) => {
  const figure = figureOf(series([20], [10], bound));
  expect(figure.met).toBe(said === 'met');
  expect(table(section(series([20], [10], bound)), new Map())).toContain(`≤ ${String(bound)} ×: `);
  expect(table(section(series([20], [10], bound)), new Map())).toContain(said);
});

test('a target of the value itself, from below', () => {
  const rate = (value: number) =>
    figureOf({ name: 'rate', unit: '1/s', ours: [value], target: { of: 'value', sign: '≥', bound: 5_000 } });
  expect([rate(4_999).met, rate(5_000).met]).toEqual([false, true]);
  expect(rate(1).target).toBe('≥ 5000 1/s');
});

test('the second run is compared with the first, by the ratio', () => {
  const first = write(reportOf([section(series([20], [10]))], false), folder);
  expect(first).not.toContain('The run before');
  expect(first).not.toContain('%');
  // Twice as slow a machine, and a tenth slower.
  const second = write(reportOf([section(series([44], [20]))], true), folder);
  expect(second).toContain('The run before');
  expect(second).toContain('+10.0 %');
  expect(second).toContain('**A quick run');
  expect(readdirSync(folder).sort()).toEqual(['figures.json', 'figures.md', 'start.svg']);
  expect(readFileSync(path.join(folder, 'figures.md'), 'utf8')).toBe(second);
});

test('a picture has a bar for each ratio, a stroke for each target, and nothing that breaks it', () => {
  const picture = bars(section(series([20], [10], 1.5), series([10], [10])));
  expect(picture).toMatch(/^<svg [^]*<\/svg>\n$/);
  expect(picture.match(/<rect x=/g)).toHaveLength(2);
  expect(picture.match(/<path /g)).toHaveLength(1);
  expect(picture).toContain('first &lt;byte>');
  expect(picture).not.toContain('NaN');
});
