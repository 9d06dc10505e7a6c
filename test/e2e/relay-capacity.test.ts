/**
 * The measurements of bench/ in small: they run, they judge, and a relay keeps nothing of who has come and gone. Too long
 * for a quick run.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { DEPTH } from '../support/chance.js';
import { ROOT } from '../support/program.js';

function bench(...args: string[]) {
  return spawnSync(process.execPath, ['bench/run.mjs', ...args], { cwd: ROOT, encoding: 'utf8' });
}

describe.skipIf(DEPTH === 'quick')('in small', () => {
  test('both relays: idle connections, chat, joins and leaves; memory is flat and no descriptor is left', () => {
    const { status, stdout, stderr } = bench('capacity', '--quick');
    expect(stdout + stderr).not.toMatch(/FAILED|SKIPPED/);
    expect(status).toBe(0);
    expect(stdout.match(/^holds {3}/gm)).toHaveLength(8);
  });

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
  });

  test('what a person feels: each section has its figures', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'securechat-bench-'));
    const { status, stdout } = bench('all', '--quick', '--out', folder);
    const files = readdirSync(folder).sort();
    rmSync(folder, { recursive: true });
    expect(status).toBe(0);
    expect(stdout).not.toContain('NaN');
    for (const figure of [
      'prompt on a terminal',
      'round trip p50, ws sodium',
      'messages a second, 300 through',
      'memory of a client',
    ])
      expect(stdout).toContain(`| ${figure}`);
    expect(files).toEqual(['chat.svg', 'figures.json', 'figures.md', 'start.svg']);
  });
});
