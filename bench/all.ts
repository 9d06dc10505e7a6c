/**
 * `npm run bench`: everything that a person feels, in one run. Writes docs/performance; `--quick` takes a minute, says
 * nothing reliable and writes to .build/performance; `--out <folder>` writes elsewhere. No measurement may be in this file.
 */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { measureChat } from './chat.js';
import { figureOf, type Series } from './figures.js';
import { measureMessages, measureStart } from './programs.js';
import { reportOf, type Section, write } from './report.js';

const { quick, out } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, out: { type: 'string' } },
}).values;

async function section(title: string, name: string, measure: (quick: boolean) => Promise<Series[]>): Promise<Section> {
  process.stderr.write(`${title} …\n`);
  return { title, name, figures: (await measure(quick)).map(figureOf) };
}

const sections = [
  await section('Start', 'start', measureStart),
  await section('Chat', 'chat', measureChat),
  await section('Programs', 'programs', measureMessages),
];
const folder = out ?? path.join(quick ? '.build' : 'docs', 'performance');
process.stdout.write(write(reportOf(sections, quick), folder));
process.exit(0);
