/**
 * A question on a terminal nobody else may see the answer to: the room code, its secret, a password. The answer is bytes from the key to
 * `accept`, and they are overwritten; what was typed does not stay on the screen. It settles in every case: answered,
 * Ctrl-C or Escape, Ctrl-D or end of input, called off. No answer may become a JavaScript string in this file.
 */
import { SecurechatError } from '../../core/errors.js';
import type { ClockPort } from '../../core/ports.js';
import { ascii, concat } from '../../core/protocol/bytes.js';
import { CANDIDATES, type Suggestion } from '../../core/room/completion.js';
import { createEditor, type Editor } from '../terminal/editor.js';
import type { Key } from '../terminal/keymap.js';
import { createKeys, type KeyEvent } from '../terminal/keys.js';
import { characterEnd, characterWidth, cut, worstWidthOf } from '../text/width.js';
import { sanitize } from '../text/sanitize.js';
import { brokenBy, fitted } from '../ui/rows.js';
import { utf8 } from '../text/utf8.js';
import { CLI_WORDS } from '../words/cli.js';
import { type TerminalInput, takeKeys } from '../terminal/raw-input.js';

export interface Question {
  readonly message: string;
  /** Nothing of the answer is shown but its length. */
  readonly hidden: boolean;
  /** Named in SC-310 when the input ends. */
  readonly what: 'code' | 'secret' | 'password';
  /**
   * Takes the answer, a view; returns a sentence when it is not acceptable: it is shown and the answer can be corrected.
   * `told` is the sentence about this very answer that stood on the screen when Enter was pressed.
   */
  accept(answer: Uint8Array, told: string | undefined): string | undefined;
  /** What may follow the answer so far. */
  suggest?(answer: Uint8Array): Suggestion;
}

export interface TerminalOutput {
  readonly columns?: number;
  write(bytes: Uint8Array, done?: () => void): unknown;
}

export interface LinePromptOptions {
  readonly input: TerminalInput;
  readonly output: TerminalOutput;
  readonly clock: ClockPort;
  readonly color: boolean;
  /** Nothing is painted: what is typed is echoed, what is deleted is rubbed out, every sentence is a line. */
  readonly plain: boolean;
  /** Calls the question off, with its reason, an error: the screen is as after an answer before `abort` returns. */
  readonly signal: AbortSignal;
}

/** Bytes of an answer; a link is longer than a code. */
export const ANSWER_LIMIT = 4096;
/** Cells that the answer has at least, however long the question is. */
const ANSWER_CELLS = 16;

const LF = 0x0a;
const SPACE = 0x20;
const DASH = ascii('-');
const CLEAR = ascii('\r\x1b[J');
const NEXT_ROW = ascii('\r\n');
const ROW_UP = ascii('\x1b[A\r');
const DIM = ascii('\x1b[2m');
const UNDIM = ascii('\x1b[22m');
const RUB_OUT = ascii('\b \b');

/** Resolves when the answer was accepted. Throws SecurechatError SC-311 (cancelled) and SC-310 (end of input). */
export function askLine(question: Question, options: LinePromptOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const { signal } = options;
    signal.throwIfAborted();
    const editor = createEditor();
    const screen = (options.plain ? plainScreen : paintedScreen)(question, options);
    let said: string | undefined;
    let pastedLine = false;
    let over = false;

    const keys = createKeys(options.clock, (event) => {
      if (!over) take(event);
    });
    const taken = takeKeys(options.input, keys.feed);
    void taken.ended.then(() => finish(new SecurechatError('SC-310', { what: question.what })));
    signal.addEventListener('abort', () => finish(signal.reason as Error));
    screen.begin();

    function take(event: KeyEvent): void {
      const told = said;
      said = undefined;
      if (event.type === 'key') press(event.key, told);
      else if (event.type === 'text') insert(event.text);
      else if (event.type === 'paste') paste(event.text);
      else pastedLine = false;
      if (!over) screen.draw(editor, said ?? (options.plain ? '' : hint()));
    }

    /** `told`: what was said about the answer as it stands. */
    function press(key: Key, told: string | undefined): void {
      switch (key) {
        case 'enter':
        case 'newline':
          return submit(told);
        case 'escape':
        case 'interrupt':
          return finish(new SecurechatError('SC-311'));
        case 'end-of-input':
          return finish(new SecurechatError('SC-310', { what: question.what }));
        case 'tab':
          return complete();
        default:
          edit(editor, key, options.plain);
      }
    }

    function insert(text: Uint8Array): void {
      if (editor.length + text.length <= ANSWER_LIMIT) editor.insert(text, false);
    }

    /** The first line of it, which may come in pieces: an answer has no second. */
    function paste(text: Uint8Array): void {
      if (pastedLine) return;
      const end = text.indexOf(LF);
      pastedLine = end >= 0;
      insert(pastedLine ? text.subarray(0, end) : text);
    }

    function submit(told: string | undefined): void {
      const answer = editor.copy();
      try {
        said = question.accept(answer, told);
        if (said === undefined) finish(undefined);
      } catch (error) {
        finish(error as Error);
      } finally {
        answer.fill(0);
      }
    }

    /** What may follow, only with the cursor at the end. */
    function suggestion(): Suggestion | undefined {
      return editor.after.length === 0 ? question.suggest?.(editor.before) : undefined;
    }

    function complete(): void {
      const { candidates, typed, last } = suggestion() ?? { candidates: [], typed: 0, last: true };
      const [only, more] = candidates;
      if (only === undefined) return;
      if (more !== undefined) {
        said = CLI_WORDS.ask.choices(candidates.slice(0, CANDIDATES), candidates.length > CANDIDATES);
        return;
      }
      const rest = ascii(only.slice(typed));
      insert(rest);
      rest.fill(0);
      if (!last) insert(DASH);
    }

    function hint(): string {
      const found = suggestion();
      if (found === undefined) return '';
      const { candidates, wrong } = found;
      if (wrong !== undefined) return CLI_WORDS.ask.notListed(wrong.position, wrong.nearest);
      return candidates.length === 1 ? CLI_WORDS.ask.tab(candidates[0] ?? '') : '';
    }

    function finish(error: Error | undefined): void {
      if (over) return;
      over = true;
      keys.close();
      editor.clear();
      screen.end(error === undefined);
      void taken.close().then(() => {
        if (error === undefined) resolve();
        else reject(error);
      });
    }
  });
}

function edit(editor: Editor, key: Key, atEnd: boolean): void {
  switch (key) {
    case 'backspace':
      return void editor.backspace();
    case 'delete-word':
      return void editor.deleteWord();
    case 'delete-to-start':
      return void editor.deleteToStart();
    default:
  }
  // Where nothing can be painted the cursor stays at the end.
  if (atEnd) return;
  switch (key) {
    case 'left':
      return void editor.left();
    case 'right':
      return void editor.right();
    case 'word-left':
      return void editor.wordLeft();
    case 'word-right':
      return void editor.wordRight();
    case 'home':
    case 'line-start':
      return editor.lineStart();
    case 'end':
    case 'line-end':
      return editor.lineEnd();
    case 'delete':
      return void editor.delete();
    case 'delete-to-end':
      return void editor.deleteToEnd();
    default:
  }
}

interface Screen {
  begin(): void;
  draw(editor: Editor, hint: string): void;
  end(accepted: boolean): void;
}

/** Every write is a buffer of its own, overwritten when it is out. */
function writer(output: TerminalOutput): (...parts: Uint8Array[]) => void {
  return (...parts) => {
    const bytes = concat(...parts);
    output.write(bytes, () => bytes.fill(0));
  };
}

/** Neutralised, or as many stars as characters. The caller wipes it. */
function shown(text: Uint8Array, hidden: boolean): Uint8Array {
  if (!hidden) return sanitize(text);
  let count = 0;
  for (let at = 0; at < text.length; at = characterEnd(text, at)) count += 1;
  return ascii('*'.repeat(count));
}

/** One row that is painted again with each key, and a row for what is said about it. */
function paintedScreen({ message, hidden }: Question, { output, color }: LinePromptOptions): Screen {
  const write = writer(output);
  const columns = (): number => Math.max(output.columns ?? 80, 2 * ANSWER_CELLS);
  const mark = utf8(` ${CLI_WORDS.ask.mark} `);
  /** The question, cut where the answer would have too little room. */
  const label = (): Uint8Array =>
    concat(ascii('? '), cut(utf8(message), columns() - ANSWER_CELLS - 2 - mark.length - 1), mark);

  /** Rows under the answer, and the way back to its row. */
  function below(hint: string): Uint8Array[] {
    const rows: Uint8Array[] = [];
    for (let rest = utf8(hint); rest.length > 0; ) {
      let row = cut(rest, columns() - 3);
      const blank = row.length < rest.length ? row.lastIndexOf(SPACE) + 1 : 0;
      if (blank > 0) row = row.subarray(0, blank);
      rest = rest.subarray(row.length);
      rows.push(NEXT_ROW, ascii('  '), ...(color ? [DIM, row, UNDIM] : [row]));
    }
    const count = rows.filter((part) => part === NEXT_ROW).length;
    return [...rows, ...Array<Uint8Array>(count).fill(ROW_UP)];
  }

  return {
    begin: () => write(CLEAR, label()),
    draw(editor, hint) {
      const question = label();
      const cells = columns() - worstWidthOf(question) - 1;
      const [before, after] = [shown(editor.before, hidden), shown(editor.after, hidden)];
      const head = lastCells(before, cells);
      const tail = cut(after, cells - worstWidthOf(head));
      const line = [question, head];
      if (hint === '') write(CLEAR, ...line, tail, ...(tail.length > 0 ? [ascii('\r'), ...line] : []));
      else write(CLEAR, ...line, tail, ...below(hint), ...line);
      for (const part of [before, after]) part.fill(0);
    },
    end(accepted) {
      const words = utf8(`${accepted ? CLI_WORDS.ask.done : '?'} ${message}`);
      write(CLEAR, cut(words, columns() - 1), NEXT_ROW);
    },
  };
}

/** What is typed at the end is written, what is deleted is rubbed out, and all of it before its row is left. */
function plainScreen(question: Question, { output }: LinePromptOptions): Screen {
  const write = writer(output);
  const label = utf8(`${question.message}: `);
  const told = (hint: string): Uint8Array =>
    brokenBy(NEXT_ROW, fitted(utf8(hint), { isTTY: true, columns: output.columns }));
  let on: Uint8Array = new Uint8Array(0);
  return {
    begin: () => write(label),
    draw(editor, hint) {
      const now = shown(editor.before, question.hidden);
      let same = 0;
      while (same < on.length && on[same] === now[same]) same += 1;
      write(...rubOut(on.subarray(same)), now.subarray(same));
      if (hint !== '') write(...rubOut(now), NEXT_ROW, told(hint), NEXT_ROW, label, now);
      on.fill(0);
      on = now;
    },
    end() {
      write(...rubOut(on), NEXT_ROW);
      on.fill(0);
    },
  };
}

function rubOut(text: Uint8Array): Uint8Array[] {
  return Array<Uint8Array>(worstWidthOf(text)).fill(RUB_OUT);
}

/** The longest end that fits. */
function lastCells(text: Uint8Array, cells: number): Uint8Array {
  let at = 0;
  for (let width = worstWidthOf(text); width > cells && at < text.length; ) {
    const end = characterEnd(text, at);
    width -= characterWidth(text, at, end);
    at = end;
  }
  return text.subarray(at);
}
