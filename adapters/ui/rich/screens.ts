/**
 * What stands on each screen between its bars: rows of words, top to bottom. The bars are layout.ts. No key and no state
 * of the session may be changed in this file.
 */
import { concat } from '../../../core/protocol/bytes.js';
import { UI_WORDS } from '../../words/line.js';
import { SCREEN_WORDS } from '../../words/screen.js';
import { utf8 } from '../../text/utf8.js';
import type { Place } from './chat-rows.js';
import { type Row, type Style, span } from './frame.js';
import type { Model } from './model.js';
import type { QrCode } from './qr.js';
import { cut, worstWidthOf } from '../../text/width.js';
import { wrap } from '../../text/wrap.js';

export interface Page {
  readonly rows: readonly Row[];
  /** Copies to be overwritten. */
  readonly scratch: readonly Uint8Array[];
}

/** Cells between the text and the QR code. */
const GAP = 2;
/** Cells that the text needs beside the QR code: a code, and a link in few rows. */
const TEXT_BESIDE = 36;
const WORD_GAP = '   ';
/** Cells of the keys in the help, with the gap behind them. */
const HELP_KEYS = 13;

/** A text in as many rows as it needs. */
export function paragraph({ column, width }: Place, style: Style, text: Uint8Array | string): Row[] {
  const bytes = typeof text === 'string' ? utf8(text) : text;
  const rows = wrap(bytes, width, width);
  const out: Row[] = [];
  for (let i = 0; i < rows.length; i += 2) out.push([span(column, style, bytes.subarray(rows[i], rows[i + 1]))]);
  return out;
}

export function connectingPage(model: Model, place: Place): Page {
  const { idle, handshaking } = SCREEN_WORDS.connecting;
  return page(place, model.state === 'handshaking' ? handshaking : idle);
}

function page(place: Place, said: Uint8Array | string): Page {
  return plain([...paragraph(place, 'plain', said), ...paragraph(place, 'dim', SCREEN_WORDS.nothingWritten)]);
}

function reaching({ relay, attempt }: Model): Uint8Array | string {
  const { searching, searchingAt, again } = SCREEN_WORDS.connecting;
  if (relay.length === 0) return searching;
  return concat(utf8(searchingAt), relay, utf8(attempt > 1 ? again(attempt) : ''));
}

function waitingFor({ way }: Model): string {
  return way.path === 'local network' ? SCREEN_WORDS.connecting.joinedLocal : SCREEN_WORDS.connecting.joined;
}

/** With the QR code where it fits: beside the text, or below it. */
export function waitingPage(model: Model, place: Place, height: number, qr: QrCode | undefined): Page {
  if (model.invite.length === 0) {
    return page(place, model.joined ? waitingFor(model) : reaching(model));
  }
  const beside = qr !== undefined && qr.rows.length <= height && place.width >= TEXT_BESIDE + GAP + qr.width;
  const text = beside ? { ...place, width: place.width - GAP - qr.width } : place;
  const airy = height >= 14;
  const air: Row[] = airy ? [[]] : [];
  /** A code that is too long to be said is in the link only. */
  const said = model.code.length > 0;
  const around = (link: readonly Row[]): Row[] => [
    ...air,
    ...(said ? [...paragraph(text, 'plain', SCREEN_WORDS.tellPeer), ...air] : []),
    ...(said ? [...paragraph(text, 'accent', model.code), ...air] : []),
    ...link,
    ...air,
    ...paragraph(text, 'dim', SCREEN_WORDS.oneUse),
  ];
  const asked = said ? SCREEN_WORDS.orPaste : SCREEN_WORDS.sendLink;
  const link = [...paragraph(text, 'plain', asked), ...air, ...paragraph(text, 'plain', model.invite)];
  const whole = around(link);
  // Half a link is of no use, and looks like a whole one.
  const rows = whole.length > height ? around(paragraph(text, 'plain', SCREEN_WORDS.linkHidden)) : whole;
  if (qr === undefined) return plain(rows);
  if (beside) {
    const column = place.column + place.width - qr.width;
    for (const [i, row] of qr.rows.entries()) rows[i] = [...(rows[i] ?? []), span(column, 'inverse', row)];
  } else if (rows.length + 1 + qr.rows.length <= height && qr.width <= place.width) {
    rows.push([], ...qr.rows.map((row): Row => [span(place.column, 'inverse', row)]));
  }
  return plain(rows);
}

/** The safety words: to be compared now, or shown because they were asked for. */
export function wordsPage(model: Model, place: Place): Page {
  const { words } = SCREEN_WORDS;
  if (model.words.length === 0)
    return plain(paragraph(place, 'plain', model.comparing === 'late' ? words.late : UI_WORDS.comparing));
  const rows: Row[] = [...paragraph(place, 'plain', place.wide ? words.read : words.readShort), []];
  const gap = utf8(WORD_GAP);
  const line = joined(model.words, gap);
  const lines =
    worstWidthOf(line) <= place.width
      ? [line]
      : [joined(model.words.slice(0, 2), gap), joined(model.words.slice(2), gap)];
  for (const each of lines) rows.push([span(place.column, 'accent', cut(each, place.width))]);
  rows.push([]);
  if (model.screen === 'words' && !model.answered) {
    const short = words.match.length + WORD_GAP.length + words.differ.length > place.width;
    if (short) rows.push(...paragraph(place, 'bold', words.match), ...paragraph(place, 'bold', words.differ));
    else rows.push(...paragraph(place, 'bold', `${words.match}${WORD_GAP}${words.differ}`));
  } else if (!model.answered) {
    rows.push(...paragraph(place, 'plain', UI_WORDS.tellVerified));
  } else if (model.screen !== 'words') {
    rows.push(...paragraph(place, 'plain', UI_WORDS.status.verified));
  } else if (!model.peerConfirmed) {
    rows.push(...paragraph(place, 'plain', words.answered));
  }
  if (model.peerConfirmed) rows.push(...paragraph(place, 'good', UI_WORDS.peerConfirmed));
  return { rows, scratch: [line, ...lines] };
}

/** What a key does goes on below itself, not below the key. */
function helpRows(line: string, place: Place): readonly Row[] {
  const { column, width } = place;
  const does = { ...place, column: column + HELP_KEYS, width: width - HELP_KEYS };
  const [first = [], ...others] = paragraph(does, 'plain', line.slice(HELP_KEYS));
  return [[span(column, 'plain', line.slice(0, HELP_KEYS)), ...first], ...others];
}

export function helpPage(model: Model, place: Place): Page {
  return plain(SCREEN_WORDS.help.slice(model.helpTop).flatMap((line) => helpRows(line, place)));
}

function plain(rows: readonly Row[]): Page {
  return { rows, scratch: [] };
}

function joined(words: readonly Uint8Array[], gap: Uint8Array): Uint8Array {
  return concat(...words.flatMap((word, i) => (i === 0 ? [word] : [gap, word])));
}
