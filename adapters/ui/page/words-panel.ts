/**
 * The safety words and the answer to them. Which answer counts is the session's; no sentence may be in this file.
 */
import type { UiEvent } from '../../../core/ports.js';
import { PAGE_WORDS } from '../../words/page.js';
import { button, make, say, show } from './dom.js';

const WORDS = PAGE_WORDS.words;

export interface WordsPanel {
  readonly element: HTMLElement;
  /** The words were compared here, and match. */
  readonly verified: boolean;
  /** Others were asked for and have not come. */
  readonly comparing: boolean;
  /** They must be compared before anything is said. */
  readonly required: boolean;
  words(words: readonly string[], required: boolean): void;
  coming(late: boolean): void;
  open(): void;
  answer(match: boolean): void;
  forget(): void;
}

/** `changed` is called when what it knows has changed. */
export function createWordsPanel(tell: (event: UiEvent) => void, changed: () => void): WordsPanel {
  const list = make('ol', { class: 'safety' });
  const note = make('p', { class: 'hint', role: 'status' });
  const match = button(WORDS.match, { class: 'primary' }, () => answer(true));
  const differ = button(WORDS.differ, { class: 'danger' }, () => answer(false));
  const again = button(WORDS.again, {}, () => tell({ type: 'compare-again' }));
  const shut = button(WORDS.close, {}, () => close());
  const heading = make('h2', { id: 'words-heading', tabindex: '-1' }, WORDS.heading);
  const element = make(
    'section',
    { id: 'words', class: 'panel', 'aria-labelledby': heading.id, hidden: true },
    ...[heading, make('p', {}, WORDS.read), list, note],
    make('div', { class: 'buttons' }, match, differ, again, shut),
  );
  let known = false;
  let required = false;
  let verified = false;
  let comparing = false;
  /** The session heard a yes: it takes one, and of words of the present only a no concerns it. */
  let confirmed = false;

  function draw(why?: string): void {
    const open = known && !verified;
    show(match, open);
    show(differ, known);
    show(again, known && !required && !comparing);
    show(shut, !required);
    say(note, why ?? (verified ? WORDS.verified : ''));
    changed();
  }

  function answer(yes: boolean): void {
    if (!known) return;
    if (!yes) {
      tell({ type: 'confirm', match: false });
      return;
    }
    const waits = required;
    verified = true;
    required = false;
    if (!confirmed) tell({ type: 'confirm', match: true });
    confirmed = true;
    draw(waits ? WORDS.answered : undefined);
    if (!waits) close();
  }

  function close(): void {
    if (!required) show(element, false);
  }

  return {
    element,
    get verified() {
      return verified;
    },
    get comparing() {
      return comparing;
    },
    get required() {
      return required;
    },
    words(words, must) {
      list.replaceChildren(...words.map((word) => make('li', {}, word)));
      known = true;
      required = must;
      verified = comparing = false;
      draw();
      if (must) {
        show(element, true);
        heading.focus();
      }
    },
    coming(late) {
      list.replaceChildren();
      known = verified = false;
      comparing = true;
      show(element, true);
      draw(late ? WORDS.late : WORDS.coming);
    },
    open() {
      if (!known && !comparing) draw(WORDS.none);
      show(element, true);
      heading.focus();
    },
    answer,
    forget() {
      list.replaceChildren();
      known = required = false;
      show(element, false);
    },
  };
}
