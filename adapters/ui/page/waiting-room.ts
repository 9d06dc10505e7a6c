/**
 * What is shown until the peer is here: the code that was made, its link, the relay. Nothing is copied unless the person
 * asks for it.
 */
import type { Sanitize } from '../../../plugins/kit/define.js';
import { PAGE_WORDS } from '../../words/page.js';
import { button, make, say, show, textOf } from './dom.js';
import { qrPicture } from './qr.js';

const WORDS = PAGE_WORDS.waiting;

export interface WaitingRoom {
  readonly element: HTMLElement;
  /** Neutralised. */
  relay(address: string): void;
  /** As they come; nothing of them is kept but what is shown. */
  code(code: Uint8Array, invite: Uint8Array): void;
  alone(room: string): void;
  clear(): void;
}

export function createWaitingRoom(options: { readonly sanitize: Sanitize; readonly cancel: () => void }): WaitingRoom {
  const { sanitize, cancel } = options;
  const heading = make('h2', {}, WORDS.heading);
  const relay = make('bdi');
  const at = make('p', { class: 'hint' }, WORDS.relay, relay);
  const qr = make('div', { class: 'qr' });
  const tell = make('p', {});
  const code = make('output', { class: 'code' });
  const or = make('p', {}, WORDS.link);
  const link = make('output', { class: 'link' });
  const copied = make('span', { class: 'hint', role: 'status' });
  const copy = button(WORDS.copy, {}, () => {
    navigator.clipboard.writeText(link.textContent).then(
      () => say(copied, WORDS.copied),
      () => say(copied, WORDS.notCopied),
    );
  });
  const made = make(
    'div',
    { class: 'made', hidden: true },
    make(
      'div',
      {},
      ...[tell, code, or, link],
      make('div', { class: 'buttons' }, copy, copied),
      make('p', { class: 'hint' }, WORDS.oneUse),
    ),
    qr,
  );
  const alone = make('p', { role: 'status' });
  const element = make(
    'section',
    { id: 'waiting', class: 'panel' },
    ...[heading, made, alone, at],
    make('div', { class: 'buttons' }, button(WORDS.cancel, {}, cancel)),
  );

  function put(place: HTMLElement, bytes: Uint8Array): void {
    const safe = sanitize(bytes);
    say(place, textOf(safe));
    safe.fill(0);
  }

  return {
    element,
    relay: (address) => say(relay, address),
    code(spoken, invite) {
      say(tell, spoken.length > 0 ? WORDS.tell : WORDS.onlyLink);
      put(code, spoken);
      put(link, invite);
      // Of the bytes that are shown: a link is ASCII, and what is not is no link.
      const picture = qrPicture(invite);
      qr.replaceChildren(...(picture === undefined ? [] : [picture]));
      say(heading, WORDS.invite);
      show(code, spoken.length > 0);
      show(or, spoken.length > 0);
      // Only where a page may write to the clipboard.
      show(copy, (navigator as { readonly clipboard?: unknown }).clipboard !== undefined);
      show(made, true);
    },
    alone: (room) => say(alone, WORDS.alone(room)),
    clear() {
      for (const place of [code, link, alone, relay]) say(place, '');
      qr.replaceChildren();
      say(heading, WORDS.heading);
      show(made, false);
    },
  };
}
