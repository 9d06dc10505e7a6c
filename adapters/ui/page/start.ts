/**
 * What is asked before there is a chat: the code, unless the link brought it, the relay, a name. What a code is and how the
 * chat is made may not be in this file.
 */
import { NAME_LIMIT } from '../../../core/limits.js';
import { PAGE_WORDS } from '../../words/page.js';
import type { CodeHelp } from '../code-help.js';
import { createCodeField } from './code-field.js';
import { button, make, say, show } from './dom.js';
import type { Frame } from './frame.js';

const WORDS = PAGE_WORDS.start;

export interface Answers {
  /** What was typed, or undefined: the code of the link, or a new one. The bytes belong to the caller. */
  readonly typed: Uint8Array | undefined;
  readonly fresh: boolean;
  readonly relay: string;
  readonly name: string;
  readonly verify: boolean;
}

export interface StartOptions {
  readonly frame: Frame;
  readonly codeHelp: CodeHelp;
  /** The name of the room that the link named; undefined: a code is asked for. */
  readonly room: string | undefined;
  /** What stands in the field for the relay at first. */
  readonly relay: string;
  /** Called until it gives nothing back: why the answers cannot be used, and of which field. */
  readonly use: (answers: Answers) => { readonly why: string; readonly field: 'code' | 'relay' | 'name' } | undefined;
  /** The person does not want the code of the link. */
  readonly otherCode: () => void;
}

export function askStart({ frame, codeHelp, room, relay, use, otherCode }: StartOptions): void {
  frame.status(PAGE_WORDS.status.start, 'idle');
  let linked = room !== undefined;
  const code = createCodeField('code', WORDS.code, codeHelp);
  const place = make('input', {
    ...{ id: 'relay', type: 'url', placeholder: WORDS.relayHint, autocomplete: 'off', spellcheck: 'false' },
    ...{ 'aria-describedby': 'why', autocapitalize: 'none', autocorrect: 'off' },
  });
  place.value = relay;
  const name = make('input', {
    ...{ id: 'name', type: 'text', maxlength: String(NAME_LIMIT), autocomplete: 'off', spellcheck: 'false' },
    'aria-describedby': 'why',
  });
  const verify = make('input', { id: 'verify', type: 'checkbox' });
  const why = make('p', { id: 'why', class: 'hint', role: 'alert' });
  const join = make('button', { type: 'submit', class: 'primary' }, WORDS.join);
  const fromLink = make(
    'div',
    {},
    make('p', {}, WORDS.fromLink(room ?? '')),
    make('p', { class: 'hint' }, WORDS.linkKept),
  );
  const other = button(WORDS.otherCode, {}, () => {
    linked = false;
    otherCode();
    arrange();
    code.input.focus();
  });
  const fresh = button(WORDS.make, {}, () => answer(true));
  const heading = make('h2');
  const anew = make('div', { class: 'anew' }, make('p', { class: 'hint' }, WORDS.noCode), fresh);
  const more = make(
    'details',
    relay === '' ? { open: true } : {},
    make('summary', {}, WORDS.options),
    make('div', { class: 'field' }, make('label', { for: place.id }, WORDS.relay), place),
    make('div', { class: 'field' }, make('label', { for: name.id }, WORDS.name), name),
    make('p', {}, verify, ' ', make('label', { for: verify.id }, WORDS.verify)),
  );
  const form = make(
    'form',
    { id: 'start', class: 'panel', autocomplete: 'off' },
    ...[heading, fromLink, code.element],
    make('div', { class: 'buttons' }, join, other),
    ...[anew, more, why],
  );

  function arrange(): void {
    say(heading, linked ? WORDS.invited : WORDS.heading);
    show(fromLink, linked);
    show(other, linked);
    show(code.element, !linked);
    show(anew, !linked);
  }

  function answer(made: boolean): void {
    say(why, '');
    const typed = made || linked ? undefined : code.typed();
    if (typed !== undefined && !code.mayUse(typed)) return;
    const wrong = use({ typed, fresh: made, relay: place.value, name: name.value, verify: verify.checked });
    if (wrong === undefined) {
      code.clear();
      return;
    }
    if (wrong.field === 'code' && !linked) return code.refuse(wrong.why);
    say(why, wrong.why);
    if (wrong.field === 'code') return;
    more.open = true;
    (wrong.field === 'relay' ? place : name).focus();
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    answer(false);
  });
  arrange();
  frame.main.replaceChildren(make('p', { class: 'lead' }, WORDS.lead), form, trust());
  (linked ? join : code.input).focus();
}

/** What is promised, and what cannot be. */
function trust(): HTMLElement {
  const { heading, points } = PAGE_WORDS.trust;
  return make(
    'section',
    { id: 'trust', class: 'panel', 'aria-labelledby': 'trust-heading' },
    make('h2', { id: 'trust-heading' }, heading),
    make('ul', {}, ...points.map((point) => make('li', {}, point))),
  );
}
