/**
 * The figures of a run as a table in Markdown, as bars in SVG, and as JSON that the next run is compared with. No
 * measurement may be in this file.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import path from 'node:path';
import type { Figure } from './figures.js';

export interface Section {
  readonly title: string;
  /** Of its files: letters and hyphens. */
  readonly name: string;
  readonly figures: readonly Figure[];
}

export interface Report {
  readonly node: string;
  readonly machine: string;
  readonly date: string;
  readonly quick: boolean;
  /** How many processes wanted to run at the end, of this bench two or three. */
  readonly load: number;
  readonly sections: readonly Section[];
}

export function reportOf(sections: readonly Section[], quick: boolean): Report {
  const [cpu] = cpus();
  const machine = `${String(cpus().length)} × ${cpu?.model.trim() ?? 'unknown'}, ${process.platform}`;
  return {
    node: process.version,
    machine,
    date: new Date().toISOString().slice(0, 10),
    quick,
    load: loadavg()[0] ?? 0,
    sections,
  };
}

/** Processes for each core that cannot all be those of a bench. */
const BUSY = 3;

function short(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString('en', { maximumFractionDigits: digits, minimumFractionDigits: digits });
}

/** How a figure has changed: its ratio where it has one, because that holds on another machine. */
function change(now: Figure, before: Figure | undefined): string {
  if (before === undefined) return '';
  const [is, was] = [now.ratio ?? now.median, before.ratio ?? before.median];
  const percent = (is / was - 1) * 100;
  return `${percent >= 0 ? '+' : '−'}${short(Math.abs(percent))} %`;
}

export function table({ title, figures }: Section, before: ReadonlyMap<string, Figure>): string {
  const head = ['', 'median', 'middle half', 'anchor', 'ratio', 'target', 'since the run before'];
  const rows = figures.map((each) => [
    each.name,
    `${short(each.median)} ${each.unit}`,
    `${short(each.spread[0])} to ${short(each.spread[1])}`,
    each.anchor === undefined ? '' : `${short(each.anchor.median)} ${each.unit}, ${each.anchor.name}`,
    each.ratio === undefined ? '' : `${short(each.ratio)} ×`,
    each.target === undefined ? '' : `${each.target}: ${each.met === true ? 'met' : '**missed**'}`,
    change(each, before.get(each.name)),
  ]);
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [`## ${title}`, '', line(head), line(head.map((_, n) => (n === 0 ? '---' : '--:'))), ...rows.map(line)].join(
    '\n',
  );
}

export function markdown(report: Report, before: Report | undefined): string {
  const known = new Map((before?.sections ?? []).flatMap(({ figures }) => figures.map((each) => [each.name, each])));
  const picture = ({ title, name, figures }: Section): string =>
    figures.some(({ ratio }) => ratio !== undefined) ? `\n\n![${title}: ratios to the anchors](${name}.svg)` : '';
  return [
    '# Figures',
    '',
    'Written by `npm run bench`; do not edit. Every round measures the program and its anchor one after the other, each in',
    'processes of its own. The ratios hold on other machines, the figures do not.',
    '',
    `Node ${report.node} on ${report.machine}, ${report.date}.${report.quick ? ' **A quick run: it says nothing reliable.**' : ''}`,
    ...(report.load > BUSY * cpus().length
      ? [
          '',
          `**The machine was busy with other things: ${short(report.load)} processes at once. Times are too long, and spreads wide.**`,
        ]
      : []),
    ...(before === undefined ? [] : ['', `The run before: Node ${before.node} on ${before.machine}, ${before.date}.`]),
    ...report.sections.map((each) => `\n${table(each, known)}${picture(each)}`),
    '',
  ].join('\n');
}

const [WIDTH, ROW, LABEL, BAR] = [760, 26, 330, 330];
const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** A bar for each ratio; a stroke where its target is. */
export function bars({ title, figures }: Section): string {
  const shown = figures.filter(({ ratio }) => ratio !== undefined);
  const bound = ({ target }: Figure): number =>
    target?.endsWith('×') === true ? Number(/[\d.]+/.exec(target)?.[0]) : Number.NaN;
  const most = Math.max(...shown.flatMap((each) => [each.ratio ?? 0, bound(each) || 0]));
  const x = (ratio: number): string => (LABEL + (ratio / most) * BAR).toFixed(1);
  const height = 56 + shown.length * ROW;
  const rows = shown.flatMap((each, n) => {
    const y = 44 + n * ROW;
    const color = each.met === false ? '#b5541c' : '#1f5fa8';
    const at = bound(each);
    return [
      `<text x="${String(LABEL - 8)}" y="${String(y + 13)}" font-size="12" fill="#333" text-anchor="end">${escape(each.name)}</text>`,
      `<rect x="${String(LABEL)}" y="${String(y)}" width="${(Number(x(each.ratio ?? 0)) - LABEL).toFixed(1)}" height="18" fill="${color}"/>`,
      `<text x="${String(Number(x(each.ratio ?? 0)) + 6)}" y="${String(y + 13)}" font-size="12" fill="#333">${short(each.ratio ?? 0)} ×</text>`,
      ...(Number.isNaN(at) ? [] : [`<path d="M${x(at)} ${String(y - 3)}v24" stroke="#222" stroke-width="2"/>`]),
    ];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${String(WIDTH)} ${String(height)}" font-family="sans-serif">`,
    `<rect width="${String(WIDTH)}" height="${String(height)}" fill="#ffffff"/>`,
    `<text x="16" y="26" font-size="15" fill="#222">${escape(title)}: ratios to the anchors; a stroke is the target</text>`,
    ...rows,
    '</svg>\n',
  ].join('\n');
}

/** Writes figures.md, figures.json and a picture of each section into the folder, and returns the table. */
export function write(report: Report, folder: string): string {
  const data = path.join(folder, 'figures.json');
  const before = existsSync(data) ? (JSON.parse(readFileSync(data, 'utf8')) as Report) : undefined;
  const text = markdown(report, before);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'figures.md'), text);
  writeFileSync(data, `${JSON.stringify(report, undefined, 1)}\n`);
  for (const each of report.sections)
    if (each.figures.some(({ ratio }) => ratio !== undefined))
      writeFileSync(path.join(folder, `${each.name}.svg`), bars(each));
  return text;
}
