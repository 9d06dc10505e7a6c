/**
 * The line UI: for pipes, dumb terminals and screen readers. The rules:
 *  - Append-only: one event a line, no cursor movement, nothing is ever drawn twice.
 *  - The peer's messages are on stdout, `HH:MM name  text`; everything else is on stderr behind `-- `. Further lines of a
 *    message begin with spaces and a bar, so that no peer can write a line that begins like a speaker or a notice; nor by
 *    a line that is longer than the terminal is wide.
 *  - Everything from outside goes through `context.sanitize`; words carry the meaning, dimming is only decoration.
 *  - A line of input is a message; an empty one is nothing. Commands begin with `/`, on a terminal and in a pipe alike;
 *    an unknown one is an error and is never sent; `//x` sends `/x`.
 *    On a terminal lines that come together were pasted, and a pasted line is never a command.
 *  - While the safety words must be compared, a line is the answer to the question (or a command) and is never sent, also
 *    while the line is down.
 *  - A pipe is read only as far as it can be used: text waits in the pipe until the session is active, so that an answer
 *    in it meets its question. A terminal is always read.
 *  - `delivered` is told once everything sent so far has arrived, `failed` with its number; `sent` is not shown.
 *  - With --wipe-scrollback a terminal is erased at the end, all that can be scrolled back to as well.
 * No message text may become a JavaScript string here.
 */

import type { State, UiEvent, UiPort, UiView } from '../../../core/ports.js';
import { ascii, concat, plainBuffer, plainCopy } from '../../../core/protocol/bytes.js';
import { MESSAGE_LIMIT } from '../../../core/protocol/text.js';
import type { FlagValues, UiContext } from '../../../plugins/kit/define.js';
import { UI_WORDS } from '../../words/line.js';
import { asAscii } from '../../text/ascii.js';
import { isLine, type LineCommand, lineKind } from './commands.js';
import { createPasteGuard } from './pastes.js';
import { CONTINUATION, cells, inRows, LEAST_TEXT, type Stream } from './rows.js';
import { createLineReader } from '../../terminal/lines.js';
import { shownName } from '../../text/names.js';
import { createOutlet, ERASE_TERMINAL } from '../../terminal/writer.js';
import { cut, worstWidthOf } from '../../text/width.js';
import { timeOfDay } from '../../text/time.js';
import { isUtf8, utf8 } from '../../text/utf8.js';

/** Bytes of one line of input. */
export const LINE_LIMIT = MESSAGE_LIMIT;
/** On a terminal: Linux hands over 4095 bytes of a longer line and says nothing, so that a line of 4095 may be cut. */
export const TERMINAL_LINE_LIMIT = 4094;

/** Cells of a name on a terminal. */
const NAME_WIDTH = 16;

const LF = 0x0a;
const NOTICE = ascii('-- ');
const DIM = ascii('\x1b[2m');
const UNDIM = ascii('\x1b[22m');

/** `unicode`: what is a terminal shows more than ASCII. */
export function createLineUi(_options: FlagValues, context: UiContext, unicode = true): UiPort {
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
  let compared: boolean | undefined;
  let peerName: Uint8Array = plainBuffer(0);
  let roundTrip: number | undefined;
  const counts = { held: 0, sent: 0, delivered: 0, failed: 0 };
  const statuses = new Map<number, keyof typeof counts>();
  let lastOwn = -1;
  let lastDelivered = -1;
  let failed = 0;
  /** How far each transfer was said to be. */
  const steps = new Map<number, number>();
  let toErase = context.wipeScrollback;

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
  const { malformed } = UI_WORDS;
  const reader = createLineReader(input, limit, {
    line: takeLine,
    tooLong: () => tell({ type: 'malformed', why: (terminal ? malformed.cut : malformed.tooLong)(limit) }),
    end() {
      pastes.flush();
      tell({ type: 'end-of-input' });
    },
  });
  const pastes = createPasteGuard(clock, { typed: takeTyped, pasted: takePasted });

  // -- input

  function takeLine(line: Uint8Array): boolean {
    if (!terminal) return takeTyped(line);
    tell({ type: 'activity' });
    pastes.take(line);
    return true;
  }

  function takeTyped(line: Uint8Array): boolean {
    const kind = lineKind(line);
    if (kind === 'empty' && !asking) return true;
    if (kind === 'text' || kind === 'slash' || kind === 'empty') {
      return takeText(kind === 'slash' ? line.subarray(1) : line);
    }
    command(kind);
    return true;
  }

  /** No answer and no command, whatever it looks like. */
  function takePasted(line: Uint8Array): void {
    if (asking) ask();
    else if (line.length > 0) send(line);
  }

  function takeText(text: Uint8Array): boolean {
    if (asking) answer(text);
    else if (!terminal && (state !== 'active' || !welcome)) return false;
    else send(text);
    return true;
  }

  function send(text: Uint8Array): void {
    if (isUtf8(text)) tell({ type: 'send', text: plainCopy(text) });
    else tell({ type: 'malformed', why: UI_WORDS.malformed.notUtf8 });
  }

  function answer(line: Uint8Array): void {
    const yes = isLine(line, 'yes', 'y');
    if (!yes && !isLine(line, 'no', 'n')) {
      if (line.length > 0) notice(ascii(UI_WORDS.noAnswer));
      ask();
      return;
    }
    confirm(yes);
  }

  function confirm(match: boolean): void {
    asking = false;
    if (words !== undefined) compared = match;
    tell({ type: 'confirm', match });
  }

  function command(kind: LineCommand): void {
    switch (kind) {
      case 'quit':
        return tell({ type: 'quit' });
      case 'wipe':
        return tell({ type: 'wipe' });
      case 'verify yes':
      case 'verify no':
        return confirm(kind === 'verify yes');
      case 'help':
        for (const line of UI_WORDS.help) notice(ascii(line));
        break;
      case 'verify':
        sayWords();
        break;
      case 'status':
        sayStatus();
        break;
      case 'name':
        if (peerName.length > 0) notice(ascii(UI_WORDS.peerName), plainCopy(peerName));
        else notice(ascii(UI_WORDS.peerNameless));
        notice(ascii(UI_WORDS.ownName));
        break;
      case 'absent':
      case 'unknown':
        notice(ascii(kind === 'absent' ? UI_WORDS.notHere : UI_WORDS.unknownCommand));
    }
    if (asking) ask();
  }

  function sayStatus(): void {
    const { status: said } = UI_WORDS;
    notice(ascii(compared === true ? said.verified : said.unverified));
    notice(ascii(said.messages(counts.held, counts.sent, counts.delivered, counts.failed)));
    if (roundTrip !== undefined) notice(ascii(said.roundTrip(roundTrip)));
  }

  // -- output

  /** One line on stderr; the parts are wiped. They are neutralised already or words of this program. */
  function notice(...parts: Uint8Array[]): void {
    const line = dim
      ? concat(DIM, NOTICE, ...parts, UNDIM, Uint8Array.of(LF))
      : concat(NOTICE, ...parts, Uint8Array.of(LF));
    for (const part of parts) part.fill(0);
    notices.write(fit(line, errors));
  }

  /** The same with words from outside in it, neutralised; wiped. On a terminal it does not go on at the first column. */
  function outside(begin: Uint8Array, text: Uint8Array): void {
    const whole = concat(begin, text);
    const width = cells(errors) - NOTICE.length;
    notice(inRows(whole, Math.min(width, cells(errors) - CONTINUATION.length)));
    for (const used of [begin, text, whole]) used.fill(0);
  }

  /** As the stream can show it; where that is a copy, the bytes are wiped. */
  function fit(bytes: Uint8Array, stream: Stream): Uint8Array {
    if (unicode || stream.isTTY !== true) return bytes;
    const fitting = asAscii(bytes);
    bytes.fill(0);
    return fitting;
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
    if (!required && compared === undefined) notice(ascii(UI_WORDS.tellVerified));
  }

  /** Once. Whichever stream is the terminal: only one may be. */
  function erase(): void {
    if (!toErase) return;
    toErase = false;
    if (errors.isTTY === true) notices.write(concat(ERASE_TERMINAL));
    else if (output.isTTY === true) messages.write(concat(ERASE_TERMINAL));
  }

  function message(view: Extract<UiView, { type: 'message' }>): void {
    const text = sanitize(view.text, { lines: true });
    const whole = shownName(view.from, sanitize);
    const name = output.isTTY === true ? cut(whole, Math.min(NAME_WIDTH, cells(output) - LEAST_TEXT)) : whole;
    const begin = concat(timeOfDay(view.at), ascii(' '), name, ascii('  '));
    const beside = cells(output) - worstWidthOf(begin);
    // On a narrow terminal the text stands below the name.
    const below = beside < LEAST_TEXT;
    const body = inRows(text, below ? cells(output) - CONTINUATION.length : beside);
    const gap = below ? concat(Uint8Array.of(LF), CONTINUATION) : plainBuffer(0);
    messages.write(fit(concat(begin, gap, body, Uint8Array.of(LF)), output));
    for (const used of [text, whole, name, begin, body]) used.fill(0);
  }

  function status(view: Extract<UiView, { type: 'status' }>): void {
    const before = statuses.get(view.id);
    if (before !== undefined) counts[before] -= 1;
    counts[view.status] += 1;
    if (view.status === 'delivered' || view.status === 'failed') statuses.delete(view.id);
    else statuses.set(view.id, view.status);
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
    const unanswered = required && compared === undefined;
    asking = unanswered && (state === 'confirming' || state === 'reconnecting');
    const sentence = again ? UI_WORDS.activeAgain : UI_WORDS.state[state];
    if (sentence !== undefined) notice(ascii(sentence));
    if (asking) ask();
  }

  function lastLine({ text, code }: Extract<UiView, { type: 'ended' }>): Uint8Array {
    const whole = concat(ascii(`${UI_WORDS.program}: `), sanitize(utf8(`${text} (${code})`)));
    return inRows(whole, cells(errors) - CONTINUATION.length);
  }

  /** A line for each tenth of a transfer; with an unknown end for each doubling. */
  function progress({ id, bytes, total }: Extract<UiView, { type: 'progress' }>): void {
    const step = total === undefined ? Math.floor(Math.log2(bytes + 1)) : Math.floor((bytes * 10) / Math.max(total, 1));
    if (steps.get(id) === step) return;
    steps.set(id, step);
    notice(ascii(UI_WORDS.files.progress(id, bytes, total)));
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
        compared = undefined;
        sayWords();
        if (state === 'confirming' && required) ask();
        return;
      case 'comparing':
        words = compared = undefined;
        if (!view.late) notice(ascii(UI_WORDS.comparing));
        return;
      case 'relay':
        if (view.joined) notice(ascii(UI_WORDS.joined));
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
        roundTrip = view.ms;
        return;
      case 'input':
        welcome = view.welcome;
        return;
      case 'peer':
        peerName.fill(0);
        peerName = shownName(view.name, sanitize);
        outside(ascii(UI_WORDS.peerName), plainCopy(peerName));
        return;
      case 'peer-confirmed':
        notice(ascii(UI_WORDS.peerConfirmed));
        return;
      case 'offer':
        outside(ascii((view.incoming ? UI_WORDS.files.offered : UI_WORDS.files.offering)(view)), sanitize(view.name));
        return;
      case 'progress':
        progress(view);
        return;
      case 'file-done':
        notice(ascii(UI_WORDS.files.done(view)));
        return;
      case 'file-failed':
      case 'notice':
        outside(plainBuffer(0), sanitize(utf8(`${view.text} (${view.code})`)));
        if (asking) ask();
        return;
      case 'ended':
        asking = false;
        notices.write(fit(concat(lastLine(view), Uint8Array.of(LF)), errors));
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
      pastes.close();
      peerName.fill(0);
      words = undefined;
      closing = Promise.all([messages.flush(), notices.flush()]).then(() => undefined);
      return closing;
    },
  };
}
