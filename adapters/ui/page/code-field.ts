/**
 * A field for a room code: words that the last one may become, a doubt before a typo costs an attempt. What a code is may
 * not be decided in this file.
 */
import { CANDIDATES } from '../../../core/room/completion.js';
import type { CodeHelp } from '../code-help.js';
import { utf8 } from '../../text/utf8.js';
import { PAGE_WORDS } from '../../words/page.js';
import { make, say } from './dom.js';

export interface CodeField {
  readonly element: HTMLElement;
  readonly input: HTMLInputElement;
  /** What is typed, as bytes of the caller. */
  typed(): Uint8Array;
  /** Tells why it was not taken. */
  refuse(why: string): void;
  /** Whether it may be used: a code that looks mistyped is asked about once. */
  mayUse(typed: Uint8Array): boolean;
  clear(): void;
}

/** `id` makes the names by which its parts refer to each other. */
export function createCodeField(id: string, label: string, help: CodeHelp): CodeField {
  const words = make('datalist', { id: `${id}-words` });
  const hint = make('p', { id: `${id}-hint`, class: 'hint', role: 'status' });
  const input = make('input', {
    ...{ id, type: 'text', list: words.id, 'aria-describedby': hint.id, enterkeyhint: 'go' },
    placeholder: PAGE_WORDS.start.example,
    ...{ autocomplete: 'off', autocapitalize: 'none', autocorrect: 'off', spellcheck: 'false' },
  });
  const element = make('div', { class: 'field' }, make('label', { for: id }, label), input, words, hint);
  let told: string | undefined;

  input.addEventListener('input', () => {
    told = undefined;
    input.removeAttribute('aria-invalid');
    const typed = utf8(input.value);
    const suggestion = help.suggest(typed);
    typed.fill(0);
    const { candidates, wrong } = suggestion;
    const before = input.value.slice(0, input.value.length - suggestion.typed);
    const offered = candidates.slice(0, CANDIDATES);
    words.replaceChildren(...offered.map((word) => make('option', { value: `${before}${word}` })));
    say(hint, wrong === undefined ? '' : help.hint(suggestion));
  });

  // Completes the word where only one is left; otherwise Tab goes on to the next field, as everywhere.
  input.addEventListener('keydown', (event) => {
    if (event.key !== 'Tab' || event.shiftKey || event.ctrlKey || event.altKey || event.metaKey) return;
    const typed = utf8(input.value);
    const { candidates, typed: letters, last } = help.suggest(typed);
    typed.fill(0);
    const [only] = candidates;
    if (only === undefined || candidates.length > 1) return;
    event.preventDefault();
    input.value = `${input.value.slice(0, input.value.length - letters)}${only}${last ? '' : '-'}`;
    words.replaceChildren();
  });

  function refuse(why: string): void {
    say(hint, why);
    input.setAttribute('aria-invalid', 'true');
    input.focus();
  }

  return {
    element,
    input,
    typed: () => utf8(input.value),
    refuse,
    mayUse(typed) {
      const doubt = help.doubt(typed);
      if (doubt === undefined || doubt === told) return true;
      refuse(doubt);
      told = doubt;
      return false;
    },
    clear() {
      input.value = '';
      told = undefined;
      words.replaceChildren();
      say(hint, '');
      input.removeAttribute('aria-invalid');
    },
  };
}
