/** The measurements of bench/ in small: they run, they judge, and a relay keeps nothing of who has come and gone. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../support/program.js';

function bench(...args: string[]) {
  return spawnSync(process.execPath, ['bench/run.mjs', ...args], { cwd: ROOT, encoding: 'utf8' });
}

test('both relays: idle connections, chat, joins and leaves; memory is flat and no descriptor is left', () => {
  const { status, stdout, stderr } = bench('capacity', '--quick');
  expect(stdout + stderr).not.toMatch(/FAILED|SKIPPED/);
  expect(status).toBe(0);
  expect(stdout.match(/^holds {3}/gm)).toHaveLength(8);
}, 120_000);

test('the table of ratios has every target, and the plot is drawn', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'securechat-bench-'));
  const plot = path.join(folder, 'plot.svg');
  const { status, stdout } = bench('relays', '--quick', '--plot', plot);
  expect(status).toBe(0);
  for (const target of ['≥ 3×', '≥ 0.95×', '≥ 1.7×', '≤ 1.05×', '≤ 1.1×', '≤ 7', '≤ 11.5'])
    expect(stdout).toContain(target);
  const picture = readFileSync(plot, 'utf8');
  rmSync(folder, { recursive: true });
  expect(picture).toMatch(/^<svg [^]*<\/svg>\n$/);
  expect(picture).not.toContain('NaN');
  expect(picture.match(/<polyline /g)).toHaveLength(8);
}, 120_000);
