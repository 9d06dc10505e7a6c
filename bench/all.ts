/**
 * `npm run bench`: everything that a person or an operator feels, in one run. Writes docs/performance, and the picture of
 * docs/relay. `--only <section>` takes that one alone, `--quick` a few minutes and says nothing reliable: both write to
 * .build/performance. `--out <folder>` writes elsewhere; `--before <subject.mjs>` compares the relays with those of another
 * state of the sources. No measurement may be in this file.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { measureBulk } from './bulk.js';
import { measureChat } from './chat.js';
import { measureDirect } from './direct.js';
import { figureOf, type Series } from './figures.js';
import { measurePage } from './page.js';
import { measureMessages, measureStart } from './programs.js';
import { measureRelays } from './relays.js';
import { reportOf, type Section, write } from './report.js';
import { measureResume } from './resume.js';

const {
  quick,
  out,
  only = [],
  before,
} = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    out: { type: 'string' },
    only: { type: 'string', multiple: true },
    before: { type: 'string' },
  },
}).values;
const whole = !quick && only.length === 0;
const folder = out ?? path.join(whole ? 'docs' : '.build', 'performance');

async function relays(): Promise<readonly Series[]> {
  const { series, picture } = await measureRelays({ quick, before });
  const at = whole && out === undefined ? path.join('docs', 'relay') : folder;
  mkdirSync(at, { recursive: true });
  writeFileSync(path.join(at, 'cost.svg'), picture);
  return series;
}

/** In this order; by the names of their files. */
const SECTIONS: Readonly<Record<string, readonly [string, () => Promise<readonly Series[]>]>> = {
  start: ['Start', () => measureStart(quick)],
  chat: ['Chat', () => measureChat(quick)],
  programs: ['Messages through the programs', () => measureMessages(quick)],
  page: ['The page in Chromium', () => measurePage(quick)],
  bulk: ['Pipe and files', () => measureBulk(quick)],
  direct: ['The direct path', () => measureDirect(quick)],
  resume: ['Resume', () => measureResume(quick)],
  relays: ['Relays', relays],
};

const sections: Section[] = [];
for (const [name, [title, measure]] of Object.entries(SECTIONS)) {
  if (only.length > 0 && !only.includes(name)) continue;
  process.stderr.write(`${title} …\n`);
  sections.push({ title, name, figures: (await measure()).map(figureOf) });
}
process.stdout.write(write(reportOf(sections, quick), folder));
process.exit(0);
