/**
 * A screen of the emulator as an SVG picture: for the documentation. Lines and blocks are drawn, everything else is text of
 * a fixed width. No expectation may be in this file.
 */
import type { Cell, Emulator } from './emulator.js';

const WIDTH = 9;
const HEIGHT = 19;
const MARGIN = 14;
const BACKGROUND = '#16181d';
const PLAIN = '#d8dce3';
/** The colours of the terminal that are used, by their number. */
const COLORS: Readonly<Record<number, string>> = {
  0: '#000000',
  1: '#f2777a',
  2: '#8fce8f',
  3: '#f0c674',
  6: '#7fd0d9',
  15: '#ffffff',
};
/** The arms of a line: left, right, up, down. */
const LINES: Readonly<Record<string, string>> = {
  '─': 'lr',
  '│': 'ud',
  '┌': 'rd',
  '┐': 'ld',
  '└': 'ru',
  '┘': 'lu',
  '├': 'rud',
  '┤': 'lud',
};
/** Upper and lower half of a cell. */
const BLOCKS: Readonly<Record<string, readonly [number, number]>> = { '█': [0, 1], '▀': [0, 0.5], '▄': [0.5, 0.5] };

const color = (cell: Cell): string => (cell.color === undefined ? PLAIN : (COLORS[cell.color] ?? PLAIN));
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

function line(arms: string, x: number, y: number): string {
  const [middle, centre] = [x + WIDTH / 2, y + HEIGHT / 2];
  const ends: Readonly<Record<string, string>> = {
    l: `H${x}`,
    r: `H${x + WIDTH}`,
    u: `V${y}`,
    d: `V${y + HEIGHT}`,
  };
  return [...arms].map((arm) => `M${middle} ${centre}${ends[arm] ?? ''}`).join('');
}

export function svgOf(emulator: Emulator, title: string, showCursor: boolean): string {
  const grid = emulator.grid();
  const columns = Math.max(...grid.map((row) => row.length));
  const [width, height] = [columns * WIDTH + 2 * MARGIN, grid.length * HEIGHT + 2 * MARGIN];
  const lines: string[] = [];
  const shapes: string[] = [];
  const texts: string[] = [];
  for (const [rowAt, row] of grid.entries()) {
    const y = MARGIN + rowAt * HEIGHT;
    let run: { x: number; cells: number; text: string; cell: Cell } | undefined;
    const flush = (): void => {
      if (run !== undefined && run.text.trim() !== '') texts.push(textOf(run, y));
      run = undefined;
    };
    for (const [columnAt, cell] of row.entries()) {
      const x = MARGIN + columnAt * WIDTH;
      const [arms, block] = [LINES[cell.text], BLOCKS[cell.text]];
      if (cell.background !== undefined) {
        shapes.push(rect(x, y, cell.width * WIDTH, HEIGHT, COLORS[cell.background] ?? PLAIN));
      }
      if (arms !== undefined) lines.push(line(arms, x, y));
      else if (block !== undefined) {
        shapes.push(rect(x, y + block[0] * HEIGHT, WIDTH, block[1] * HEIGHT, color(cell)));
      }
      const same =
        run !== undefined && run.cell.color === cell.color && run.cell.bold === cell.bold && run.cell.dim === cell.dim;
      if (arms !== undefined || block !== undefined || !same || cell.width !== 1) flush();
      if (arms !== undefined || block !== undefined || cell.width === 0) continue;
      run ??= { x, cells: 0, text: '', cell };
      run.text += cell.text === '' ? ' ' : cell.text;
      run.cells += cell.width;
      // A wide character has its own place: fonts do not agree on its width.
      if (cell.width !== 1) flush();
    }
    flush();
  }
  if (showCursor) {
    const { column, row } = emulator.cursor;
    shapes.push(rect(MARGIN + column * WIDTH, MARGIN + row * HEIGHT, WIDTH, HEIGHT, PLAIN));
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${width}" height="${height}" rx="8" fill="${BACKGROUND}"/>`,
    `<g shape-rendering="crispEdges">${merged(shapes).join('')}</g>`,
    `<path d="${lines.join('')}" stroke="#6b7280" fill="none"/>`,
    `<g font-family="ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace" font-size="15" xml:space="preserve">`,
    ...texts,
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}

function textOf({ x, cells, text, cell }: { x: number; cells: number; text: string; cell: Cell }, y: number): string {
  const trimmed = text.trimEnd();
  const length = (cells - (text.length - trimmed.length)) * WIDTH;
  const look = `${cell.bold ? ' font-weight="bold"' : ''}${cell.dim ? ' fill-opacity="0.6"' : ''}`;
  return `<text x="${x}" y="${y + 14}" fill="${color(cell)}"${look} textLength="${length}">${escaped(trimmed)}</text>`;
}

function rect(x: number, y: number, width: number, height: number, fill: string): string {
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${fill}"/>`;
}

/** Neighbours of one look as one. */
function merged(rects: readonly string[]): string[] {
  const out: string[] = [];
  const pattern = /^<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" (.*)$/;
  for (const each of rects) {
    const [now, last] = [pattern.exec(each), pattern.exec(out.at(-1) ?? '')];
    if (
      now !== null &&
      last !== null &&
      now[2] === last[2] &&
      now[4] === last[4] &&
      Number(last[1]) + Number(last[3]) === Number(now[1])
    ) {
      out[out.length - 1] =
        `<rect x="${last[1]}" y="${last[2]}" width="${Number(last[3]) + Number(now[3])}" ${last[4]}`;
    } else out.push(each);
  }
  return out;
}
