/**
 * The model on a screen of a given size: bars above and below, between them the page of the state, below it the text that
 * is being written. Pure: the same model gives the same frame. No byte for a terminal and no key may be in this file.
 */
import { concat } from '../../../core/protocol/bytes.js';
import type { Sanitize } from '../../../plugins/kit/define.js';
import { UI_WORDS } from '../../words/line.js';
import { SCREEN_WORDS } from '../../words/screen.js';
import { utf8 } from '../../text/utf8.js';
import { cut } from '../../text/width.js';
import { LEAST_COLUMNS, LEAST_ROWS } from './capable.js';
import { chatRows, isBeginning, nameColumn, type Place, WIDE_FROM } from './chat-rows.js';
import type { Editor } from '../../terminal/editor.js';
import { writing } from './editor-rows.js';
import { type Frame, type Row, repeat, type Style, span } from './frame.js';
import type { Glyphs } from './glyphs.js';
import type { Model } from './model.js';
import { panelRows } from './panel.js';
import type { QrCode } from './qr.js';
import { connectingPage, helpPage, type Page, paragraph, waitingPage, wordsPage } from './screens.js';

/** The largest part of one that is used. */
export const MOST_COLUMNS = 1000;
export const MOST_ROWS = 400;
/** A border and a blank at each side. */
const SIDE = 2;

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

export interface Scene {
  readonly model: Model;
  readonly editor: Editor;
  readonly glyphs: Glyphs;
  readonly sanitize: Sanitize;
  readonly qr: QrCode | undefined;
  /** What is told about the code that is typed; empty: nothing. */
  readonly codeHint: string;
  /** Monotonic ms, for what runs. */
  readonly now: number;
}

export function layout(scene: Scene, size: Size): Frame {
  const columns = Math.min(size.columns, MOST_COLUMNS);
  const height = Math.min(size.rows, MOST_ROWS);
  if (isTooSmall(size)) return tooSmall(columns, height);
  const place = placeOf(scene, columns);
  const page = pageOf(scene, place, height - 2);
  const body = fitting(page.rows, height - 2);
  while (body.length < height - 2) body.push([]);
  return {
    columns,
    rows: [topBar(scene, columns), ...body.map((row) => sided(row, scene.glyphs, columns)), bottomBar(scene, columns)],
    scratch: page.scratch,
  };
}

/** On a low screen what is said comes before the air around it. */
function fitting(rows: readonly Row[], height: number): Row[] {
  const dense = rows.length > height ? rows.filter((row) => row.length > 0) : rows;
  return dense.slice(0, height);
}

export function isTooSmall({ columns, rows }: Size): boolean {
  return columns < LEAST_COLUMNS || rows < LEAST_ROWS;
}

export function placeOf({ glyphs, model }: Scene, columns: number): Place {
  const names = nameColumn(model.peerName);
  return { column: SIDE, width: columns - 2 * SIDE, wide: columns >= WIDE_FROM, names, glyphs };
}

/** Rows of the scrollback that are seen at once. */
export function chatHeight(scene: Scene, size: Size): number {
  const { editor, sanitize } = scene;
  const columns = Math.min(size.columns, MOST_COLUMNS);
  const height = Math.min(size.rows, MOST_ROWS);
  const place = placeOf(scene, columns);
  const { rows, scratch } = writing(editor, place, Math.floor(height / 3), sanitize);
  for (const used of scratch) used.fill(0);
  return Math.max(1, height - 3 - rows.length - panelOf(scene, place, height - 2).length);
}

function pageOf(scene: Scene, place: Place, height: number): Page {
  const { model } = scene;
  if (model.overlay === 'help') return helpPage(model, place);
  if (model.overlay === 'words') return wordsPage(model, place);
  switch (model.screen) {
    case 'chat':
      return chatPage(scene, place, height);
    case 'code':
      return withNotices(codePage(scene, place, height), model, place, height);
    case 'words':
      return withNotices(wordsPage(model, place), model, place, height);
    case 'waiting':
      return withNotices(waitingPage(model, place, height, scene.qr), model, place, height);
    case 'connecting':
      return withNotices(connectingPage(model, place), model, place, height);
  }
}

/** The code is asked for again. */
function codePage({ model, editor, sanitize, codeHint }: Scene, place: Place, height: number): Page {
  const asked = model.codeWanted?.same === true ? UI_WORDS.codeWantedSame : UI_WORDS.codeWanted;
  const written = writing(editor, place, Math.max(1, Math.floor(height / 3)), sanitize);
  const rows = [...paragraph(place, 'bold', asked), [], ...written.rows, ...paragraph(place, 'dim', codeHint)];
  return { rows, scratch: written.scratch };
}

/** On a low screen what is said comes first. */
function panelOf({ model }: Scene, place: Place, height: number): Row[] {
  return panelRows(model.transfers.all, place, Math.floor(height / 4));
}

function chatPage(scene: Scene, place: Place, height: number): Page {
  const { model, editor, glyphs, sanitize } = scene;
  const written = writing(editor, place, Math.floor((height + 2) / 3), sanitize);
  const panel = panelOf(scene, place, height);
  const room = height - 1 - written.rows.length - panel.length;
  const said = chatRows(model.scrollback, place, room);
  while (said.length < room) said.push([]);
  return { rows: [...said, ...panel, divider(model, glyphs, place), ...written.rows], scratch: written.scratch };
}

/** What is told meanwhile stands at the bottom, as far as there is room. */
function withNotices(page: Page, model: Model, place: Place, height: number): Page {
  const rows = [...page.rows];
  const room = Math.min(height - rows.length - 1, 6);
  const said = newestWhole(model, place, room);
  while (said.length > 0 && rows.length < height - said.length) rows.push([]);
  return { rows: [...rows, ...said], scratch: page.scratch };
}

/** As many of the newest entries as fit; of one that does not fit its beginning. None stands there without it. */
function newestWhole({ scrollback }: Model, place: Place, room: number): Row[] {
  if (room <= 0) return [];
  const rows = chatRows(scrollback, place, 4 * room);
  const begins = rows.flatMap((row, i) => (isBeginning(row) ? [i] : []));
  const from = begins.find((i) => rows.length - i <= room) ?? begins.at(-1) ?? rows.length;
  return rows.slice(from, from + room);
}

function divider(model: Model, glyphs: Glyphs, { width }: Place): Row {
  const { unread, anchor } = model.scrollback;
  const right =
    unread > 0
      ? concat(utf8(' '), glyphs.arrow, utf8(` ${SCREEN_WORDS.unread(unread)} `))
      : utf8(anchor === undefined ? '' : ` ${SCREEN_WORDS.older} `);
  const label: Label | undefined = right.length > 0 ? ['accent', right] : undefined;
  return bar(width + 2 * SIDE, [glyphs.left, glyphs.right], glyphs, undefined, label);
}

/** A row between the borders. Whatever the text does, the border stands in the last column. */
function sided(row: Row, glyphs: Glyphs, columns: number): Row {
  if (row[0]?.column === 0) return row;
  return [span(0, 'dim', glyphs.down), ...row, span(columns - 1, 'dim', glyphs.down)];
}

/** Cells of words of this program: its signs take one. Where a terminal gives them two, the line is cut at the corner. */
function signs(text: Uint8Array = new Uint8Array(0)): number {
  return text.reduce((count, byte) => ((byte & 0xc0) === 0x80 ? count : count + 1), 0);
}

type Label = readonly [Style, Uint8Array];

/** A line with words in it, one behind the other: only the corner has its column. */
function bar(
  columns: number,
  [first, last]: readonly [Uint8Array, Uint8Array],
  glyphs: Glyphs,
  left: Label | undefined,
  right: Label | undefined,
): Row {
  const fill = columns - 4 - signs(left?.[1]) - signs(right?.[1]);
  const spans = [span(0, 'dim', concat(first, glyphs.across))];
  if (left !== undefined) spans.push(span(undefined, ...left));
  spans.push(span(undefined, 'dim', repeat(glyphs.across, fill)));
  if (right !== undefined) spans.push(span(undefined, ...right));
  spans.push(span(undefined, 'dim', glyphs.across), span(columns - 1, 'dim', last));
  return spans;
}

function topBar(scene: Scene, columns: number): Row {
  const { glyphs } = scene;
  const [style, said, more] = stateOf(scene);
  const room = columns - TITLE.length - 5;
  let text = concat(utf8(' '), said, utf8(' '));
  for (const each of more) {
    const longer = concat(text, glyphs.dot, utf8(' '), each, utf8(' '));
    if (signs(longer) > room) break;
    text = longer;
  }
  return bar(columns, [glyphs.topLeft, glyphs.topRight], glyphs, ['bold', utf8(TITLE)], [style, text]);
}

const TITLE = ` ${UI_WORDS.program} `;

/** What the bar says about the state, and what it adds as far as there is room. Nothing from outside is in it. */
function stateOf({ model, glyphs, now }: Scene): readonly [Style, Uint8Array, readonly Uint8Array[]] {
  const { bar: words } = SCREEN_WORDS;
  const circled = (text: string): Uint8Array => concat(glyphs.circle, utf8(` ${text}`));
  const held = model.scrollback.counts.held;
  const waiting = held > 0 ? [utf8(words.queued(held))] : [];
  switch (model.state) {
    case 'idle':
    case 'handshaking':
      return ['warn', circled(words.connecting), []];
    case 'searching':
      return ['warn', circled(model.joined || model.invite.length > 0 ? words.waiting : words.connecting), []];
    case 'confirming':
      return ['bad', utf8(words.unverified), []];
    case 'active':
      if (model.comparing === 'late') return ['bad', utf8(words.unverified), waiting];
      return ['good', utf8(words.active), [...waiting, ...known(model, glyphs)]];
    case 'reconnecting': {
      if (model.quitting) return ['warn', utf8(words.leaving), waiting];
      const seconds = Math.max(0, Math.floor((now - model.since) / 1000));
      const unverified = model.unverified || model.comparing === 'late' ? [utf8(words.unverified)] : [];
      const broken = model.broken === undefined ? [] : [utf8(words.broken[model.broken])];
      return ['warn', utf8(words.reconnecting(seconds)), [...unverified, ...waiting, ...broken]];
    }
    case 'closing':
      return ['warn', utf8(words.closing), waiting];
    case 'destroyed':
      return ['dim', utf8(words.ended), []];
  }
}

/** How the peer was recognised, and how far away it is. */
function known({ coded, verified, comparing, way }: Model, glyphs: Glyphs): readonly Uint8Array[] {
  const { bar: words } = SCREEN_WORDS;
  const code = coded ? [concat(utf8(words.code), utf8(' '), glyphs.check)] : [];
  const unknown = comparing === undefined ? code : [utf8(words.comparing)];
  const proof = verified ? [utf8(words.verified)] : unknown;
  const path = way.path === undefined ? [] : [utf8(words.path[way.path])];
  return [...proof, ...path, ...(way.roundTrip === undefined ? [] : [utf8(words.roundTrip(way.roundTrip))])];
}

function bottomBar({ model, glyphs }: Scene, columns: number): Row {
  const parts = footOf(model, columns);
  const dotted = concat(utf8(' '), glyphs.dot, utf8(' '));
  const text = concat(utf8(' '), ...parts.flatMap((part, i) => [i === 0 ? utf8('') : dotted, utf8(part)]), utf8(' '));
  return bar(columns, [glyphs.bottomLeft, glyphs.bottomRight], glyphs, ['dim', cut(text, columns - 4)], undefined);
}

function footOf(model: Model, columns: number): readonly string[] {
  const { foot } = SCREEN_WORDS;
  if (model.leaving !== undefined) return [SCREEN_WORDS.again(model.leaving)];
  const behind = model.behind > 0 ? [SCREEN_WORDS.unread(model.behind)] : [];
  if (model.overlay === 'help') return [foot.help, ...behind];
  if (model.overlay === 'words') return [foot.words, ...behind];
  if (model.screen === 'words') return [foot.confirm, ...(columns >= WIDE_FROM ? foot.chat.slice(0, 1) : [])];
  if (model.screen === 'code') return columns >= WIDE_FROM ? foot.code : foot.code.slice(1);
  if (model.screen !== 'chat') return [foot.cancel];
  if (model.state === 'closing' || model.quitting) return [foot.closing];
  return columns >= WIDE_FROM ? foot.chat : foot.chatNarrow;
}

function tooSmall(columns: number, height: number): Frame {
  const text = utf8(SCREEN_WORDS.tooSmall(LEAST_COLUMNS, LEAST_ROWS));
  const rows: Row[] = [[span(0, 'plain', cut(text, columns))]];
  while (rows.length < height) rows.push([]);
  return { columns, rows: rows.slice(0, height), scratch: [] };
}
