/**
 * Where a message is written: Enter sends, Shift+Enter breaks the line, a command is never sent, pasted text is never part
 * of one. What a command does may not be in this file.
 */
import { MESSAGE_LIMIT } from '../../../core/protocol/text.js';
import { utf8 } from '../../text/utf8.js';
import { PAGE_WORDS } from '../../words/page.js';
import { meaningOf } from '../rich/commands.js';
import { button, make, show } from './dom.js';

const WORDS = PAGE_WORDS.chat;

export type PageCommand = 'quit' | 'wipe' | 'clear' | 'help' | 'verify' | 'verify yes' | 'verify no' | 'verify again';

export interface ComposerOptions {
  /** Takes the text over; undefined: it was taken, otherwise why it stays. */
  readonly send: (text: Uint8Array) => string | undefined;
  readonly command: (name: PageCommand) => void;
  readonly files: (files: readonly File[]) => void;
  readonly say: (sentence: string) => void;
  readonly typed: () => void;
}

export interface Composer {
  readonly element: HTMLElement;
  readonly input: HTMLTextAreaElement;
  clear(): void;
}

const COMMANDS: readonly string[] = [
  ...['quit', 'wipe', 'clear', 'help', 'verify', 'verify yes', 'verify no', 'verify again'],
];

export function createComposer(options: ComposerOptions): Composer {
  const input = make('textarea', {
    ...{ id: 'message', rows: '1', 'aria-label': WORDS.message, placeholder: WORDS.message, enterkeyhint: 'send' },
    ...{ autocomplete: 'off', autocorrect: 'off', spellcheck: 'false' },
  });
  const pick = make('input', { type: 'file', multiple: true, hidden: true, 'aria-label': WORDS.files });
  const attach = button(WORDS.files, {}, () => pick.click());
  const send = make('button', { type: 'submit', class: 'primary' }, WORDS.send);
  const element = make('form', { id: 'composer', autocomplete: 'off' }, input, pick, attach, send);
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
      case 'command':
        if (!COMMANDS.includes(meaning.name)) {
          options.say(WORDS.unknown);
          break;
        }
        clear();
        options.command(meaning.name as PageCommand);
        break;
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
    options.files(files);
  });
  pick.addEventListener('change', () => {
    options.files([...(pick.files ?? [])]);
    pick.value = '';
  });

  return { element, input, clear };
}

/** Takes files that are dropped anywhere on the page; a browser would open them in its place. */
export function takeDrops(target: HTMLElement, ready: () => boolean, take: (files: readonly File[]) => void): void {
  const veil = make('div', { class: 'veil', hidden: true, 'aria-hidden': 'true' }, WORDS.drop);
  target.append(veil);
  let depth = 0;
  const over = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') === true;
  target.addEventListener('dragenter', (event) => {
    if (!over(event)) return;
    depth += 1;
    show(veil, ready());
  });
  target.addEventListener('dragleave', (event) => {
    if (!over(event)) return;
    depth = Math.max(0, depth - 1);
    if (depth === 0) show(veil, false);
  });
  target.addEventListener('dragover', (event) => {
    if (over(event)) event.preventDefault();
  });
  target.addEventListener('drop', (event) => {
    if (!over(event)) return;
    event.preventDefault();
    depth = 0;
    show(veil, false);
    if (ready()) take([...(event.dataTransfer?.files ?? [])]);
  });
}
