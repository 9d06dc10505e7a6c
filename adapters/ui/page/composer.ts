/**
 * Where a message is written: Enter sends, Shift+Enter breaks the line, a command is never sent, pasted text is never part
 * of one. What a command does may not be in this file.
 */
import { MESSAGE_LIMIT } from '../../../core/limits.js';
import { utf8 } from '../../text/utf8.js';
import { picked } from '../../web/folders.js';
import type { Chosen } from '../../web/shelf.js';
import { PAGE_WORDS } from '../../words/page.js';
import { meaningOf } from '../rich/commands.js';
import { button, make, show } from './dom.js';

const WORDS = PAGE_WORDS.chat;

const COMMANDS = ['quit', 'wipe', 'clear', 'help', 'verify', 'verify yes', 'verify no', 'verify again'] as const;
export type PageCommand = (typeof COMMANDS)[number];

export interface ComposerOptions {
  /** Takes the text over; undefined: it was taken, otherwise why it stays. */
  readonly send: (text: Uint8Array) => string | undefined;
  readonly command: (name: PageCommand) => void;
  readonly files: (chosen: readonly Chosen[]) => void;
  readonly say: (sentence: string) => void;
  readonly typed: () => void;
}

export interface Composer {
  readonly element: HTMLElement;
  readonly input: HTMLTextAreaElement;
  clear(): void;
}

export function createComposer(options: ComposerOptions): Composer {
  const input = make('textarea', {
    ...{ id: 'message', rows: '1', 'aria-label': WORDS.message, placeholder: WORDS.message, enterkeyhint: 'send' },
    ...{ autocomplete: 'off', autocorrect: 'off', spellcheck: 'false' },
  });
  const pick = make('input', { type: 'file', multiple: true, hidden: true, 'aria-label': WORDS.files });
  const attach = button(WORDS.files, {}, () => pick.click());
  const pickFolder = make('input', { type: 'file', webkitdirectory: true, hidden: true, 'aria-label': WORDS.folder });
  const attachFolder = button(WORDS.folder, {}, () => pickFolder.click());
  // Not every phone can.
  show(attachFolder, 'webkitdirectory' in pickFolder);
  const send = make('button', { type: 'submit', class: 'primary' }, WORDS.send);
  const element = make(
    'form',
    { id: 'composer', autocomplete: 'off' },
    input,
    pick,
    attach,
    pickFolder,
    attachFolder,
    send,
  );
  let pasted = false;
  let startPasted = false;

  function clear(): void {
    input.value = '';
    pasted = startPasted = false;
    fit();
  }

  /** As high as its text, up to what the style allows. */
  function fit(): void {
    input.rows = Math.min(8, Math.max(1, input.value.split('\n', 9).length));
  }

  function enter(): void {
    const whole = utf8(input.value);
    const meaning = meaningOf(whole, { pasted, startPasted });
    switch (meaning.type) {
      case 'nothing':
        break;
      case 'misused':
        options.say(meaning.usage === 'misused' ? WORDS.misused : WORDS.useButton);
        break;
      case 'pasted':
        options.say(WORDS.pasted);
        break;
      case 'file':
        options.say(WORDS.useButton);
        break;
      case 'unknown':
        options.say(WORDS.unknown);
        break;
      case 'command': {
        const known = COMMANDS.find((name) => name === meaning.name);
        if (known === undefined) {
          options.say(WORDS.unknown);
          break;
        }
        clear();
        options.command(known);
        break;
      }
      case 'message': {
        const over = meaning.text.length - MESSAGE_LIMIT;
        const why = over > 0 ? WORDS.tooLong(over) : options.send(new Uint8Array(meaning.text));
        if (why === undefined) clear();
        else options.say(why);
      }
    }
    whole.fill(0);
  }

  element.addEventListener('submit', (event) => {
    event.preventDefault();
    enter();
    input.focus();
  });
  input.addEventListener('keydown', (event) => {
    // While an input method composes, Enter chooses a character.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    enter();
  });
  input.addEventListener('beforeinput', (event) => {
    if (event.inputType !== 'insertFromPaste' && event.inputType !== 'insertFromDrop') return;
    pasted = true;
    if (input.selectionStart === 0) startPasted = true;
  });
  input.addEventListener('input', () => {
    if (input.value === '') pasted = startPasted = false;
    fit();
    options.typed();
  });
  input.addEventListener('paste', (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    options.files(picked(files));
  });
  for (const each of [pick, pickFolder]) {
    each.addEventListener('change', () => {
      const files = [...(each.files ?? [])];
      if (files.length > 0) options.files(picked(files));
      each.value = '';
    });
  }

  return { element, input, clear };
}
