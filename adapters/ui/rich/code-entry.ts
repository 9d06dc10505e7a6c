/**
 * The code, asked again inside the chat: what each key does while it is typed. Bytes from the key to the session, which are
 * overwritten here; no typed word may become a string in this file. How it looks is screens.ts.
 */
import { ascii } from '../../../core/protocol/bytes.js';
import type { UiEvent } from '../../../core/ports.js';
import type { Suggestion } from '../../../core/room/completion.js';
import type { Editor } from '../../terminal/editor.js';
import type { Key } from '../../terminal/keymap.js';
import type { CodeHelp } from '../code-help.js';
import type { Model } from './model.js';

/** Bytes of a code; a link is longer than one. */
export const CODE_LIMIT = 4096;
const LF = 0x0a;

export interface CodeEntry {
  /** What is told about the code as it stands, ASCII; empty: nothing. */
  readonly hint: string;
  text(text: Uint8Array, pasted: boolean): void;
  /** What is pasted next is another paste. */
  pasteEnd(): void;
  /** True: the key is done with. */
  key(key: Key): boolean;
}

export function createCodeEntry(
  model: Model,
  editor: Editor,
  help: CodeHelp | undefined,
  tell: (event: UiEvent) => void,
): CodeEntry {
  /** Said about this very code; it is taken when Enter is pressed once more. */
  let said = '';
  let doubted: string | undefined;
  /** The first line of a paste is in: a code has no second. */
  let lineEnded = false;

  function suggestion(): Suggestion | undefined {
    return editor.after.length === 0 ? help?.suggest(editor.before) : undefined;
  }

  function insert(text: Uint8Array): void {
    if (editor.length + text.length <= CODE_LIMIT) editor.insert(text, false);
  }

  function complete(): void {
    const found = suggestion();
    const [only, more] = found?.candidates ?? [];
    if (help === undefined || found === undefined || only === undefined) return;
    if (more !== undefined) {
      said = help.choices(found);
      return;
    }
    const rest = ascii(`${only.slice(found.typed)}${found.last ? '' : '-'}`);
    insert(rest);
    rest.fill(0);
  }

  function submit(): void {
    const code = editor.copy();
    const doubt = code.length === 0 ? undefined : help?.doubt(code);
    if (doubt !== undefined && doubt !== doubted) {
      said = doubted = doubt;
      code.fill(0);
      return;
    }
    said = '';
    doubted = undefined;
    editor.clear();
    model.codeTyped();
    tell({ type: 'code', code });
  }

  return {
    get hint() {
      if (said !== '') return said;
      const found = suggestion();
      return found === undefined || help === undefined ? '' : help.hint(found);
    },
    text(text, pasted) {
      said = '';
      doubted = undefined;
      if (!pasted) return insert(text);
      if (lineEnded) return;
      const end = text.indexOf(LF);
      lineEnded = end >= 0;
      insert(lineEnded ? text.subarray(0, end) : text);
    },
    pasteEnd() {
      lineEnded = false;
    },
    key(key) {
      if (key === 'enter') submit();
      else {
        const before = said;
        said = '';
        if (key === 'tab') complete();
        else said = before;
      }
      return key === 'enter' || key === 'tab' || key === 'newline' || key === 'up' || key === 'down';
    },
  };
}
