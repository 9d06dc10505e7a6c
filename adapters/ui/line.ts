/**
 * The line UI: for pipes, dumb terminals and screen readers. The rules:
 *  - Append-only: one event a line, no cursor movement, nothing is ever drawn twice.
 *  - The peer's messages are on stdout, `HH:MM name  text`; everything else is on stderr behind `-- `. Further lines of a
 *    message begin with spaces and a bar, so that no peer can write a line that begins like a speaker or a notice.
 *  - Everything from outside goes through `context.sanitize`; words carry the meaning, dimming is only decoration.
 *  - A line of input is a message; an empty one is nothing. Commands begin with `/`, on a terminal and in a pipe alike;
 *    an unknown one is an error and is never sent; `//x` sends `/x`.
 *  - While the safety words must be compared, a line is the answer to the question (or a command) and is never sent.
 *  - A pipe is read only as far as it can be used: text waits in the pipe until the session is active, so that an answer
 *    in it meets its question. A terminal is always read.
 *  - `delivered` is told once everything sent so far has arrived, `failed` with its number; `sent` is not shown.
 *  - With --wipe-scrollback a terminal is erased at the end, all that can be scrolled back to as well.
 * No message text may become a JavaScript string here.
 */

import type { State, UiEvent, UiPort, UiView } from '../../core/ports.js';
import { ascii, concat, plainBuffer, plainCopy } from '../../core/protocol/bytes.js';
import { MESSAGE_LIMIT } from '../../core/protocol/text.js';
import type { FlagValues, UiContext } from '../../plugins/define.js';
import { UI_WORDS } from '../cli/messages.js';
import { isLine, lineKind } from './line-input.js';
import { createLineReader } from './lines.js';
import { shownName } from './name.js';
import { createOutlet } from './outlet.js';
import { timeOfDay } from './time.js';
import { isUtf8, utf8 } from './utf8.js';

/** Bytes of one line of input. */
export const LINE_LIMIT = MESSAGE_LIMIT;
/** On a terminal: Linux hands over 4095 bytes of a longer line and says nothing, so that a line of 4095 may be cut. */
export const TERMINAL_LINE_LIMIT = 4094;

const LF = 0x0a;
/** Before every further line of a message. */
const CONTINUATION = ascii('      | ');
const NOTICE = ascii('-- ');
const DIM = ascii('\x1b[2m');
const UNDIM = ascii('\x1b[22m');
/** To the first place, then the screen, then what can be scrolled back to. */
const ERASE = ascii('\x1b[H\x1b[2J\x1b[3J');

export function createLineUi(options: FlagValues, context: UiContext): UiPort {
  const { input, output, errors, sanitize, clock } = context;
  const dim = context.color && errors.isTTY === true;
  const terminal = input.isTTY === true;
  let sink: (event: UiEvent) => void = () => undefined;
  let closing: Promise<void> | undefined;

  let state: State = 'idle';
  let welcome = true;
  let words: readonly string[] | undefined;
  let required = false;
  /** The question is open: the next line is its answer. */
  let asking = false;
  let lastOwn = -1;
  let lastDelivered = -1;
  let failed = 0;
  let toErase = options['wipe-scrollback'] === true;

  function tell(event: UiEvent): void {
    if (closing === undefined) sink(event);
    else if (event.type === 'send') event.text.fill(0);
  }

  let goneTold = false;
  function gone(): void {
    if (!goneTold) tell({ type: 'gone' });
    goneTold = true;
  }

  const messages = createOutlet(output, clock, gone);
  // Without a place for notices a pipe still works; on a terminal it means that the terminal is closed.
  const notices = createOutlet(errors, clock, errors.isTTY === true ? gone : () => undefined);
  const limit = terminal ? TERMINAL_LINE_LIMIT : LINE_LIMIT;
  const { tooLong, cut } = UI_WORDS.malformed;
  const reader = createLineReader(input, limit, {
    line: takeLine,
    tooLong: () => tell({ type: 'malformed', why: (terminal ? cut : tooLong)(limit) }),
    end: () => tell({ type: 'end-of-input' }),
  });

  // -- input

  function takeLine(line: Uint8Array): boolean {
    const kind = lineKind(line);
    if (terminal) tell({ type: 'activity' });
    if (kind === 'empty' && !asking) return true;
    if (kind === 'text' || kind === 'slash' || kind === 'empty') {
      if (asking) answer(line);
      else if (!terminal && (state !== 'active' || !welcome)) return false;
      else send(kind === 'slash' ? line.subarray(1) : line);
      return true;
    }
    command(kind);
    return true;
  }

  function send(text: Uint8Array): void {
    if (isUtf8(text)) tell({ type: 'send', text: plainCopy(text) });
    else tell({ type: 'malformed', why: UI_WORDS.malformed.notUtf8 });
  }

  function answer(line: Uint8Array): void {
    const yes = isLine(line, 'yes', 'y');
    if (!yes && !isLine(line, 'no', 'n')) {
      ask();
      return;
    }
    asking = false;
    tell({ type: 'confirm', match: yes });
  }

  function command(kind: 'quit' | 'wipe' | 'help' | 'verify' | 'unknown'): void {
    if (kind === 'quit') {
      tell({ type: 'quit' });
      return;
    }
    if (kind === 'wipe') {
      tell({ type: 'wipe' });
      return;
    }
    if (kind === 'help') for (const line of UI_WORDS.help) notice(ascii(line));
    else if (kind === 'verify') sayWords();
    else notice(ascii(UI_WORDS.unknownCommand));
    if (asking) ask();
  }

  // -- output

  /** One line on stderr; the parts are wiped. They are neutralised already or words of this program. */
  function notice(...parts: Uint8Array[]): void {
    const line = dim
      ? concat(DIM, NOTICE, ...parts, UNDIM, Uint8Array.of(LF))
      : concat(NOTICE, ...parts, Uint8Array.of(LF));
    for (const part of parts) part.fill(0);
    notices.write(line);
  }

  function ask(): void {
    asking = true;
    notices.write(concat(NOTICE, ascii(UI_WORDS.question), Uint8Array.of(LF)));
  }

  function sayWords(): void {
    if (words === undefined) {
      notice(ascii(UI_WORDS.noSafetyWords));
      return;
    }
    notice(sanitize(utf8(UI_WORDS.safetyWords(words.join('  ')))));
    notice(ascii(required ? UI_WORDS.safetyWordsRequired : UI_WORDS.safetyWordsOptional));
  }

  /** Once. Whichever stream is the terminal: only one may be. */
  function erase(): void {
    if (!toErase) return;
    toErase = false;
    if (errors.isTTY === true) notices.write(concat(ERASE));
    else if (output.isTTY === true) messages.write(concat(ERASE));
  }

  function message(view: Extract<UiView, { type: 'message' }>): void {
    const text = sanitize(view.text, { lines: true });
    const name = shownName(view.from, sanitize);
    const body = withContinuations(text);
    messages.write(concat(timeOfDay(view.at), ascii(' '), name, ascii('  '), body, Uint8Array.of(LF)));
    for (const used of [text, name, body]) used.fill(0);
  }

  function status(view: Extract<UiView, { type: 'status' }>): void {
    if (view.status === 'failed') failed += 1;
    if (view.status !== 'delivered' || view.id !== lastOwn) return;
    notice(ascii(UI_WORDS.delivered(view.id - lastDelivered)));
    lastDelivered = view.id;
  }

  /** Messages fail together: one line for all of them. */
  function tellFailed(): void {
    if (failed > 0) notice(ascii(UI_WORDS.failed(failed)));
    failed = 0;
  }

  function enter(next: State): void {
    const again = next === 'active' && state === 'reconnecting';
    state = next;
    asking = false;
    const sentence = again ? UI_WORDS.activeAgain : UI_WORDS.state[state];
    if (sentence !== undefined) notice(ascii(sentence));
    if (state === 'confirming' && required) ask();
  }

  function draw(view: UiView): void {
    switch (view.type) {
      case 'state':
        enter(view.state);
        return;
      case 'code':
        notice(ascii(UI_WORDS.tellPeer), sanitize(view.code));
        notice(ascii(UI_WORDS.orPaste), sanitize(view.invite));
        return;
      case 'safety-words':
        words = view.words;
        required = view.required;
        sayWords();
        if (state === 'confirming' && required && !asking) ask();
        return;
      case 'message':
        message(view);
        return;
      case 'own':
        lastOwn = view.id;
        return;
      case 'status':
        status(view);
        return;
      case 'round-trip':
        return;
      case 'input':
        welcome = view.welcome;
        return;
      case 'peer':
        notice(ascii(UI_WORDS.peerName), shownName(view.name, sanitize));
        return;
      case 'peer-confirmed':
        notice(ascii(UI_WORDS.peerConfirmed));
        return;
      case 'notice':
        notice(sanitize(utf8(`${view.text} (${view.code})`)));
        if (asking) ask();
        return;
      case 'ended':
        asking = false;
        notices.write(
          concat(ascii(`${UI_WORDS.program}: `), sanitize(utf8(`${view.text} (${view.code})`)), Uint8Array.of(LF)),
        );
    }
  }

  return {
    open(to) {
      sink = to;
      reader.open();
    },
    show(view) {
      if (closing !== undefined) return;
      // How it ended stays to be read.
      if (view.type === 'ended') erase();
      if (view.type !== 'status') tellFailed();
      draw(view);
      reader.again();
    },
    close() {
      if (closing !== undefined) return closing;
      erase();
      tellFailed();
      reader.close();
      words = undefined;
      closing = Promise.all([messages.flush(), notices.flush()]).then(() => undefined);
      return closing;
    },
  };
}

function withContinuations(text: Uint8Array): Uint8Array {
  const breaks = text.reduce((count, byte) => (byte === LF ? count + 1 : count), 0);
  const out = plainBuffer(text.length + breaks * CONTINUATION.length);
  let at = 0;
  for (const byte of text) {
    out[at++] = byte;
    if (byte !== LF) continue;
    out.set(CONTINUATION, at);
    at += CONTINUATION.length;
  }
  return out;
}
