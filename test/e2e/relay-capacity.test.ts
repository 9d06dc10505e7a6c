/**
 * The measurements of bench/ in small: they run, they judge, and a relay keeps nothing of who has come and gone. Too long
 * for a quick run.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { hasChromium } from '../support/browser.js';
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

  test('what a person and an operator feel: each section has its figures, every target of a relay is judged', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'securechat-bench-'));
    const { status, stdout, stderr } = bench('all', '--quick', '--out', folder);
    const files = readdirSync(folder).sort();
    const picture = readFileSync(path.join(folder, 'cost.svg'), 'utf8');
    rmSync(folder, { recursive: true });
    expect(status, stderr).toBe(0);
    expect(stdout).not.toContain('NaN');
    for (const figure of [
      'prompt on a terminal',
      'round trip p50, ws sodium',
      'messages a second, 300 through',
      'memory of a client',
      'pipe, 2 MiB, beside bare ws',
      'send and receive a file of 2 MiB',
      'pipe, 2 MiB, --direct, beside the relay',
      'both active again',
      'ws, 1,280 B, saturated: CPU a frame',
      'socketio, 64 KiB, paced: CPU a frame',
      'socketio, connects for a second of CPU',
    ])
      expect(stdout).toContain(`| ${figure}`);
    for (const target of ['≥ 3 ×', '≥ 0.95 ×', '≥ 1.7 ×', '≤ 1.05 ×', '≤ 1.1 ×', '≤ 7 KiB', '≤ 11.5 KiB'])
      expect(stdout).toContain(`| ${target}: `);
    expect(files).toEqual([
      'bulk.svg',
      'chat.svg',
      'cost.svg',
      'direct.svg',
      'figures.json',
      'figures.md',
      ...(hasChromium('how soon the page is there') ? ['page.svg'] : []),
      'relays.svg',
      'resume.svg',
      'start.svg',
    ]);
    expect(picture).toMatch(/^<svg [^]*<\/svg>\n$/);
    expect(picture).not.toContain('NaN');
    expect(picture.match(/<polyline /g)).toHaveLength(8);
  });
});
