/**
 * Files on their way: one row for each transfer, with the buttons that answer it. Names are neutralised before they get
 * here; which bytes go where is adapters/web/files.ts.
 */
import type { UiEvent, UiView } from '../../../core/ports.js';
import type { FileShelf } from '../../web/shelf.js';
import { others } from '../../words/files.js';
import { PAGE_WORDS } from '../../words/page.js';
import { button, make, say, show } from './dom.js';

const WORDS = PAGE_WORDS.files;

/** Rows of transfers that are over and are kept. */
export const OVER_LIMIT = 16;

export interface Transfers {
  readonly element: HTMLElement;
  offer(view: Extract<UiView, { type: 'offer' }>, name: string): void;
  progress(view: Extract<UiView, { type: 'progress' }>): void;
  done(view: Extract<UiView, { type: 'file-done' }>): void;
  failed(id: number, text: string): void;
  /** The chat is over: only what waits to be saved stays. Whether there is any. */
  finish(): boolean;
  clear(): void;
}

interface Row {
  readonly element: HTMLElement;
  readonly state: HTMLElement;
  readonly bar: HTMLProgressElement;
  readonly buttons: HTMLElement;
  readonly name: string;
}

export function createTransfers(shelf: FileShelf, tell: (event: UiEvent) => void): Transfers {
  const list = make('ul', { 'aria-label': WORDS.list });
  const element = make('section', { id: 'transfers', hidden: true }, list);
  const rows = new Map<number, Row>();
  const over: Row[] = [];

  function settle(id: number, text: string): Row | undefined {
    const row = rows.get(id);
    if (row === undefined) return undefined;
    rows.delete(id);
    say(row.state, text);
    row.buttons.replaceChildren();
    show(row.bar, false);
    over.push(row);
    while (over.length > OVER_LIMIT) over.shift()?.element.remove();
    return row;
  }

  return {
    element,
    offer({ id, incoming, count, bytes }, name) {
      show(element, true);
      const state = make('span', { class: 'hint', role: 'status' });
      const bar = make('progress', { 'aria-label': name, hidden: true });
      const buttons = make('div', { class: 'buttons' });
      const said = (incoming ? WORDS.incoming : WORDS.outgoing)(bytes);
      const row = make(
        'li',
        {},
        make('span', {}, said),
        ' ',
        make('bdi', { class: 'file' }, name),
        others(count),
        bar,
        state,
        buttons,
      );
      rows.set(id, { element: row, state, bar, buttons, name });
      list.append(row);
      const cancel = button(WORDS.cancel, { 'aria-label': `${WORDS.cancel} ${name}` }, () =>
        tell({ type: 'cancel', id }),
      );
      if (!incoming) {
        buttons.append(cancel);
        return;
      }
      if (shelf.bound !== undefined) say(state, WORDS.bound(shelf.bound));
      const save = button(WORDS.save, { class: 'primary', 'aria-label': `${WORDS.save} ${name}` }, () => {
        void shelf.choosePlace(id, name, count).then((chosen) => {
          if (!rows.has(id)) return;
          if (!chosen) return say(state, WORDS.notChosen);
          buttons.replaceChildren(cancel);
          say(state, '');
          tell({ type: 'accept', id });
        });
      });
      const decline = button(WORDS.decline, { 'aria-label': `${WORDS.decline} ${name}` }, () =>
        tell({ type: 'reject', id }),
      );
      buttons.append(save, decline);
    },
    progress({ id, bytes, total }) {
      const row = rows.get(id);
      if (row === undefined) return;
      show(row.bar, true);
      if (total !== undefined && total > 0) {
        row.bar.max = total;
        row.bar.value = Math.min(bytes, total);
      }
      say(row.state, WORDS.progress(bytes, total));
    },
    done({ id, bytes, sum }) {
      const row = settle(id, WORDS.done(bytes, sum));
      for (const { name, address } of shelf.kept(id)) {
        const link = make(
          'a',
          { class: 'save', href: address, download: name },
          `${WORDS.kept}: `,
          make('bdi', {}, name),
        );
        row?.buttons.append(link);
        // The person has pressed Save already; the link stays, for a browser that asks once more.
        link.click();
      }
    },
    failed: (id, text) => void settle(id, text),
    finish() {
      for (const { element: row, buttons } of [...rows.values(), ...over]) {
        if (buttons.querySelector('a') === null) row.remove();
      }
      return list.childElementCount > 0;
    },
    clear() {
      rows.clear();
      over.length = 0;
      list.replaceChildren();
      show(element, false);
    },
  };
}
