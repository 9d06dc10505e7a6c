/**
 * Files on their way as rows above the text that is being written: name, bar, share, rate, time left. ASCII bars: a terminal
 * may draw others two cells wide. No state may be changed in this file.
 */
import { SCREEN_WORDS } from '../../words/screen.js';
import { cut } from '../../text/width.js';
import type { Place } from './chat-rows.js';
import { type Row, span } from './frame.js';
import { type Transfer, timeLeft } from './transfers.js';

/** Rows of the panel at most; the newest transfers are seen. */
export const PANEL_ROWS = 3;
/** Cells of a name, and of a bar between its brackets. */
const NAME = { wide: 18, narrow: 10 };
const BAR = { wide: 12, narrow: 6 };

export function panelRows(transfers: readonly Transfer[], place: Place, most: number): Row[] {
  const count = Math.max(0, Math.min(PANEL_ROWS, most));
  const hidden = transfers.length - count;
  const rows = count === 0 ? [] : transfers.slice(-count).map((each) => row(each, place));
  if (hidden > 0 && count > 1) rows[0] = [span(place.column, 'dim', SCREEN_WORDS.files.more(hidden + 1))];
  return rows;
}

function row(transfer: Transfer, place: Place): Row {
  const { id, incoming, bytes, total, rate } = transfer;
  const { files } = SCREEN_WORDS;
  const size = place.wide ? 'wide' : 'narrow';
  const begin = `${incoming ? files.incoming : files.outgoing} ${String(id)} `;
  const said =
    bytes === undefined
      ? (incoming ? files.offered : files.offering)(id, total)
      : [
          ...(total === undefined || total === 0 ? [] : [bar(bytes / total, BAR[size]), files.share(bytes, total)]),
          ...(total === undefined || place.wide ? [files.size(bytes)] : []),
          ...(rate === undefined || !place.wide ? [] : [files.rate(rate)]),
          ...left(transfer),
        ].join(' ');
  // An id that is cut would be another one: the name gives way.
  const most = Math.max(0, Math.min(NAME[size], place.width - begin.length - said.length - 1));
  return [
    span(place.column, 'dim', begin),
    span(undefined, 'plain', cut(transfer.name, most)),
    span(place.column + begin.length + most + 1, 'dim', said),
  ];
}

function left(transfer: Transfer): string[] {
  const seconds = timeLeft(transfer);
  return seconds === undefined ? [] : [SCREEN_WORDS.files.left(seconds)];
}

function bar(share: number, cells: number): string {
  const done = Math.max(0, Math.min(cells, Math.floor(share * cells)));
  return `[${'#'.repeat(done)}${'.'.repeat(cells - done)}]`;
}
