/**
 * The scrollback as rows of the screen, from where one looks upwards; only what is seen is laid out. The rules:
 *  - What the peer writes never begins a row: before it stand time and name, or blanks and a bar. A notice begins with
 *    `--`, where neither can be, and goes on behind a bar.
 *  - A status stands where no text can be: in a gutter at the right, or on a narrow screen in a row without text.
 */
import { ascii } from '../../../core/protocol/bytes.js';
import { UI_WORDS } from '../../words/line.js';
import { SCREEN_WORDS } from '../../words/screen.js';
import { timeOfDay } from '../../text/time.js';
import { type Row, type Span, type Style, spaces, span } from './frame.js';
import type { Glyphs } from './glyphs.js';
import type { Anchor, Entry, Scrollback } from './scrollback.js';
import { cut, worstWidthOf } from '../../text/width.js';
import { rowCount, type Rows, wrap } from '../../text/wrap.js';

/** From this width on, texts stand beside their names. */
export const WIDE_FROM = 60;
/** The longest status and the gap before it. */
const GUTTER = 'delivered'.length + 2;
/** Cells of a name beside a text. */
const NAME_WIDTH = 16;
/** So that texts stand in one column when the peer gives no name. */
const NAME_LEAST = UI_WORDS.peer.length;
const TIME = 'HH:MM '.length;
const NOTICE = ascii('-- ');
const INDENT = 2;
/** Where the bar before further rows of a text stands, and where the text goes on. */
const WIDE_BAR = 6;
const WIDE_TEXT = 8;

export interface Place {
  /** The first cell that rows may use, and how many there are. */
  readonly column: number;
  readonly width: number;
  /** The whole screen is at least WIDE_FROM wide. */
  readonly wide: boolean;
  /** Cells of a name: the texts of both sides stand in one column behind it. */
  readonly names: number;
  readonly glyphs: Glyphs;
}

/** Cells for the names when the peer is called so. It says it once: no message of it moves what stands there. */
export function nameColumn(peerName: Uint8Array): number {
  return Math.max(NAME_LEAST, worstWidthOf(cut(peerName, NAME_WIDTH)));
}

/** The last `count` rows up to where one looks, fewer when there are no more, topmost first. */
export function chatRows(scrollback: Scrollback, place: Place, count: number): Row[] {
  const rows: Row[] = [];
  const bottom = bottomOf(scrollback, place);
  for (let at = bottom; at !== undefined && rows.length < count; at = above(scrollback, place, at)) {
    const entry = scrollback.entry(at.sequence);
    if (entry !== undefined) rows.push(drawRow(entry, place, at.row));
  }
  rows.reverse();
  // Above there is nothing more: the window is filled below.
  for (let at = bottom; at !== undefined && rows.length < count; ) {
    at = below(scrollback, place, at);
    const entry = at && scrollback.entry(at.sequence);
    if (at !== undefined && entry !== undefined) rows.push(drawRow(entry, place, at.row));
  }
  return rows;
}

/** Where one looks after moving by `delta` rows, upwards when it is negative, in a window of `height` rows. */
export function moved(scrollback: Scrollback, place: Place, delta: number, height: number): Anchor | undefined {
  let at = bottomOf(scrollback, place);
  if (at === undefined) return undefined;
  for (let i = 0; i < -delta; i++) at = above(scrollback, place, at) ?? at;
  for (let i = 0; i < delta; i++) at = below(scrollback, place, at) ?? at;
  // The window is filled, if there is enough to fill it.
  let missing = height - 1;
  for (let top: Anchor | undefined = at; missing > 0; missing--) {
    top = above(scrollback, place, top);
    if (top === undefined) break;
  }
  for (; missing > 0; missing--) at = below(scrollback, place, at) ?? at;
  return below(scrollback, place, at) === undefined ? undefined : at;
}

/** Shows all of the newest folded message where one looks or above, and how it goes on. False: there is none. */
export function unfold(scrollback: Scrollback, place: Place, rows: number): boolean {
  const entry = scrollback.foldedUpTo(bottomOf(scrollback, place)?.sequence ?? -1);
  if (entry === undefined) return false;
  // Above the row that said how much is folded.
  const row = height(entry, place) - 2;
  entry.shown = entry.text.length;
  entry.folded = 0;
  delete entry.rows;
  scrollback.look({ sequence: entry.sequence, row });
  scrollback.look(moved(scrollback, place, rows - 2, rows));
  return true;
}

/** The first row of a notice. */
export function isBeginning([first]: Row): boolean {
  return first?.text === NOTICE;
}

function bottomOf(scrollback: Scrollback, place: Place): Anchor | undefined {
  const { anchor } = scrollback;
  const sequence = anchor?.sequence ?? scrollback.end - 1;
  const entry = scrollback.entry(sequence);
  if (entry === undefined) return undefined;
  const last = height(entry, place) - 1;
  // The width may have changed since.
  return { sequence, row: Math.min(anchor?.row ?? last, last) };
}

function above(scrollback: Scrollback, place: Place, { sequence, row }: Anchor): Anchor | undefined {
  if (row > 0) return { sequence, row: row - 1 };
  const entry = scrollback.entry(sequence - 1);
  return entry === undefined ? undefined : { sequence: sequence - 1, row: height(entry, place) - 1 };
}

function below(scrollback: Scrollback, place: Place, { sequence, row }: Anchor): Anchor | undefined {
  const entry = scrollback.entry(sequence);
  if (entry !== undefined && row + 1 < height(entry, place)) return { sequence, row: row + 1 };
  return scrollback.entry(sequence + 1) === undefined ? undefined : { sequence: sequence + 1, row: 0 };
}

/** Rows that the entry takes. */
function height(entry: Entry, place: Place): number {
  return rowCount(rowsOf(entry, place)) + (hasHeader(entry, place) ? 1 : 0) + (entry.folded > 0 ? 1 : 0);
}

function hasHeader(entry: Entry, { wide }: Place): boolean {
  return !wide && entry.type !== 'notice';
}

/** Made once for a width. */
function rowsOf(entry: Entry, place: Place): Rows {
  const [first, rest] = widths(entry, place);
  if (entry.rows?.first !== first || entry.rows.rest !== rest) {
    entry.rows = { first, rest, rows: wrap(entry.text.subarray(0, entry.shown), first, rest) };
  }
  return entry.rows.rows;
}

function widths(entry: Entry, { width, wide, names }: Place): readonly [number, number] {
  if (entry.type === 'notice') return [width - NOTICE.length, width - NOTICE.length];
  if (!wide) return [width - INDENT, width - INDENT];
  const first = width - GUTTER - TIME - Math.max(names, worstWidthOf(nameOf(entry))) - 2;
  return [first, width - GUTTER - WIDE_TEXT];
}

function nameOf(entry: Exclude<Entry, { type: 'notice' }>): Uint8Array {
  return cut(entry.type === 'own' ? ascii(SCREEN_WORDS.me) : entry.name, NAME_WIDTH);
}

function drawRow(entry: Entry, place: Place, row: number): Row {
  const { column, glyphs } = place;
  const header = hasHeader(entry, place);
  const rows = rowsOf(entry, place);
  const at = (header ? row - 1 : row) * 2;
  const text = entry.text.subarray(rows[at], rows[at + 1]);
  if (entry.type === 'notice') {
    // What the peer has a part in never begins a row here, either.
    const begin = span(column, 'dim', row === 0 ? NOTICE : glyphs.down);
    return [begin, span(column + NOTICE.length, 'dim', text)];
  }
  if (entry.folded > 0 && row === height(entry, place) - 1) {
    const bar = column + (place.wide ? WIDE_BAR : 0);
    return [span(bar, 'dim', glyphs.down), span(bar + 2, 'accent', SCREEN_WORDS.more(entry.folded))];
  }
  if (row > 0) {
    const bar = column + (place.wide ? WIDE_BAR : 0);
    return [span(bar, 'dim', glyphs.down), span(bar + 2, 'plain', text)];
  }
  const spans = [
    span(column, 'dim', timeOfDay(entry.at)),
    span(column + TIME, entry.type === 'own' ? 'bold' : 'accent', nameOf(entry)),
  ];
  if (!header) {
    const gap = Math.max(0, place.names - worstWidthOf(nameOf(entry))) + 2;
    spans.push(span(undefined, 'plain', spaces(gap)), span(undefined, 'plain', text));
  }
  if (entry.type === 'own') spans.push(statusSpan(entry, place));
  return spans;
}

const STATUS_STYLES: Readonly<Record<Extract<Entry, { type: 'own' }>['status'], Style>> = {
  held: 'warn',
  sent: 'dim',
  delivered: 'dim',
  failed: 'bad',
};

function statusSpan({ status }: Extract<Entry, { type: 'own' }>, { column, width }: Place): Span {
  const word = SCREEN_WORDS.status[status];
  return span(column + width - word.length, STATUS_STYLES[status], word);
}
