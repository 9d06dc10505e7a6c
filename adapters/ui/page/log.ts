/**
 * The conversation: rows of messages and notices, the newest at the end, bounded. Texts are neutralised before they become
 * text nodes, and each stays inside its own row. What is said by whom may not be decided in this file.
 */
import type { MessageStatus } from '../../../core/ports.js';
import { foldAt, pointsIn } from '../../text/fold.js';
import { timeOfDay } from '../../text/time.js';
import { PAGE_WORDS } from '../../words/page.js';
import { button, make, say, show, textOf } from './dom.js';

/** Rows that are kept; the oldest are dropped. */
export const ROWS_LIMIT = 2_000;
/** Bytes of their texts together. */
export const ROWS_BYTES = 8 * 1024 * 1024;
/** Pixels from the end within which one is at the end. */
const NEAR = 40;

export interface Said {
  readonly by: 'me' | 'peer';
  /** Neutralised. */
  readonly name: string;
  readonly at: number;
  /** Neutralised, whole; the buffer belongs to the log. */
  readonly text: Uint8Array;
  /** Of an own message. */
  readonly id?: number;
}

export interface Log {
  readonly element: HTMLElement;
  add(message: Said): void;
  /** A sentence of this program, or of the session: neutralised. */
  notice(text: string): void;
  status(id: number, status: MessageStatus): void;
  /** Own messages that wait here. */
  readonly held: number;
  /** Overwrites what can be overwritten and drops the rest. */
  clear(): void;
}

interface Row {
  readonly element: HTMLElement;
  readonly text: Uint8Array;
  /** Of an own message. */
  readonly id?: number | undefined;
}

const NOTHING = new Uint8Array(0);

export function createLog(): Log {
  const rows = make('div', {
    ...{ id: 'log', role: 'log', 'aria-live': 'polite', 'aria-label': PAGE_WORDS.chat.log, tabindex: '0' },
  });
  const newer = button('', { class: 'newer', hidden: true }, () => toEnd());
  const element = make('div', { class: 'conversation' }, rows, newer);
  const kept: Row[] = [];
  let bytes = 0;
  let unseen = 0;
  /** One looks at the end. Kept, not asked at each message: an answer costs a layout of all. */
  let follows = true;
  let due = 0;
  /** Where the status of an own message stands, until it is settled or its row is dropped. */
  const open = new Map<number, HTMLElement>();
  const waiting = new Set<number>();

  function atEnd(): boolean {
    return rows.scrollHeight - rows.scrollTop - rows.clientHeight < NEAR;
  }

  function toEnd(): void {
    rows.scrollTop = rows.scrollHeight;
    unseen = 0;
    follows = true;
    show(newer, false);
  }

  rows.addEventListener('scroll', () => {
    if (due !== 0) return;
    follows = atEnd();
    if (follows && unseen > 0) toEnd();
  });

  /** However many come, once for what is drawn next. */
  function follow(): void {
    follows = true;
    if (due !== 0) return;
    due = requestAnimationFrame(() => {
      due = 0;
      toEnd();
    });
  }

  function put(row: Row, own: boolean): void {
    rows.append(row.element);
    kept.push(row);
    bytes += row.text.length;
    while (kept.length > 1 && (kept.length > ROWS_LIMIT || bytes > ROWS_BYTES)) drop();
    if (own || follows) return follow();
    unseen += 1;
    say(newer, PAGE_WORDS.chat.newer(unseen));
    show(newer, true);
  }

  function drop(): void {
    const first = kept.shift();
    if (first === undefined) return;
    bytes -= first.text.length;
    first.text.fill(0);
    first.element.remove();
    // A peer that tells nothing as delivered would keep it here.
    if (first.id !== undefined) open.delete(first.id);
  }

  return {
    element,
    add({ by, name, at, text, id }) {
      const shown = foldAt(text);
      const folded = pointsIn(text, shown);
      const said = make('span', { class: 'text', dir: 'auto' }, textOf(text.subarray(0, shown)));
      const row = make(
        'div',
        { class: `row ${by}` },
        make('span', { class: 'name' }, name),
        make('span', { class: 'time' }, textOf(timeOfDay(at))),
        said,
      );
      if (folded > 0) {
        const whole = button(PAGE_WORDS.chat.whole(folded), { class: 'whole' }, () => {
          say(said, textOf(text));
          whole.remove();
        });
        row.append(whole);
      }
      if (id !== undefined) {
        const status = make('span', { class: 'state held' }, PAGE_WORDS.chat.statuses.held);
        row.append(status);
        open.set(id, status);
        waiting.add(id);
      }
      put({ element: row, text, id }, by === 'me');
    },
    notice(text) {
      const row = make('div', { class: 'row notice' }, make('span', { class: 'text' }, text));
      put({ element: row, text: NOTHING }, false);
    },
    status(id, status) {
      if (status === 'held') waiting.add(id);
      else waiting.delete(id);
      const place = open.get(id);
      if (place === undefined) return;
      say(place, PAGE_WORDS.chat.statuses[status]);
      place.className = `state ${status}`;
      if (status === 'delivered' || status === 'failed') open.delete(id);
    },
    get held() {
      return waiting.size;
    },
    clear() {
      while (kept.length > 0) drop();
      unseen = 0;
      show(newer, false);
    },
  };
}
