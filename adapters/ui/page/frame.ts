/**
 * What stands around everything on the page: the name of the program, its state, the buttons of a chat. What is inside may
 * not be in this file.
 */
import { PAGE_WORDS } from '../../words/page.js';
import { make, say } from './dom.js';

/** Notices that are shown above what is asked; the oldest are dropped. */
export const NOTICES_LIMIT = 8;

export interface Frame {
  readonly main: HTMLElement;
  readonly actions: HTMLElement;
  /** Said by a screen reader. `mood` is for the style only. */
  status(text: string, mood: string): void;
  /** Beside it, and not said. */
  aside(text: string): void;
  /** Neutralised. */
  notice(text: string): void;
}

/** Takes the page over: nothing else may be in its body. */
export function createFrame(): Frame {
  const status = make('p', { id: 'status', role: 'status' });
  const aside = make('p', { id: 'aside' });
  const actions = make('div', { class: 'buttons actions' });
  const notices = make('div', { id: 'notices', role: 'status' });
  const main = make('main');
  const header = make('header', {}, make('h1', {}, PAGE_WORDS.title), status, aside, actions);
  document.body.replaceChildren(header, notices, main);
  return {
    main,
    actions,
    status(text, mood) {
      say(status, text);
      status.dataset['mood'] = mood;
    },
    aside: (text) => say(aside, text),
    notice(text) {
      notices.append(make('p', {}, text));
      while (notices.childElementCount > NOTICES_LIMIT) notices.firstElementChild?.remove();
    },
  };
}
