/**
 * The line UI: for pipes, dumb terminals and screen readers. The rules:
 *  - Append-only: one event a line, no cursor movement, nothing is ever drawn twice.
 *  - The peer's messages are on stdout, `HH:MM name  text`; everything else is on stderr behind `-- `. Further lines of a
 *    message begin with spaces and a bar, so that no peer can write a line that begins like a speaker or a notice; nor by
 *    a line that is longer than the terminal is wide.
 *  - Outside a terminal every message is written whole. On a terminal a long one is folded: /more shows the rest, and what
 *    the person has not asked for is written when the peer ends the chat.
 *  - Everything from outside goes through `context.sanitize`; words carry the meaning, dimming is only decoration.
 *  - A line of input is a message; an empty one is nothing. Commands begin with `/`, on a terminal and in a pipe alike;
 *    an unknown one is an error and is never sent; `//x` sends `/x`.
 *    On a terminal lines that come together were pasted, and a pasted line is never a command.
 *  - While the safety words must be compared, a line is the answer to the question (or a command) and is never sent, also
 *    while the connection is down.
 *  - A pipe is read only as far as it can be used: text waits in the pipe until the session has been active once, so that
 *    an answer in it meets its question. A line of it that cannot be sent is told as lost: the chat is no success then. A
 *    terminal is always read.
 *  - A pipe that ends without any text has nothing to send: this side listens until the peer leaves.
 *  - `delivered` is told once everything sent so far has arrived, `failed` with its number; `sent` is not shown.
 *  - With --wipe-scrollback a terminal is erased at the end, all that can be scrolled back to as well.
 * No message text may become a JavaScript string here.
 */

import { MESSAGE_LIMIT } from '../../../core/limits.js';
import { EXIT } from '../../../core/errors.js';
import type { Broken, State, UiEvent, UiPort, UiView } from '../../../core/ports.js';
import { ascii, plainBuffer, plainCopy } from '../../../core/protocol/bytes.js';
import type { FlagValues, UiContext } from '../../../plugins/kit/define.js';
import { createLineReader } from '../../../plugins/kit/lines.js';
import type { Unread } from '../../../plugins/kit/outlet.js';
import { shownName } from '../../text/names.js';
import { isUtf8, utf8 } from '../../text/utf8.js';
import { UI_WORDS } from '../../words/line.js';
import type { CodeHelp } from '../code-help.js';
import { type FileEvent, fileCommand } from '../file-commands.js';
import { createCodeAsked } from './code.js';
import { createWaiting } from '../waiting.js';
import { createWay } from '../way.js';
import { blanksBefore, isLine, type LineCommand, lineKind } from './commands.js';
import { createPasteGuard } from './pastes.js';
import { createPrinter } from './print.js';
import { createTally } from './tally.js';
import { createTransferLines } from './transfers.js';

/** Bytes of one line of input. */
export const LINE_LIMIT = MESSAGE_LIMIT;
/** On a terminal: Linux hands over 4095 bytes of a longer line and says nothing, so that a line of 4095 may be cut. */
export const TERMINAL_LINE_LIMIT = 4094;

const SLASH = 0x2f;

/** `unicode`: what is a terminal shows more than ASCII. */
export function createLineUi(_options: FlagValues, context: UiContext, unicode = true, codeHelp?: CodeHelp): UiPort {
  const { input, sanitize, clock } = context;
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
  /** The session heard that the words match: it takes a yes once. */
  let confirmed = false;
  let comparing = false;
  let peerName: Uint8Array = plainBuffer(0);
  const way = createWay((told) => say(told));
  /** There was text in the input. */
  let given = false;
  /** The input has ended, and there was none: the session is not told unless an answer is needed. */
  let listening = false;
  /** The person wants to leave. */
  let leaving = false;
  let lossTold = false;

  function tell(event: UiEvent): void {
    if (closing === undefined) sink(event);
    else if (event.type === 'send') event.text.fill(0);
    else if (event.type === 'code') event.code.fill(0);
  }

  let goneTold = false;
  function gone(why: Unread): void {
    if (!goneTold) tell({ type: 'gone', why });
    goneTold = true;
  }

  const printer = createPrinter(context, unicode, gone);
  const { notice, unbroken } = printer;
  const say = (sentence: string): void => notice(ascii(sentence));
  const code = createCodeAsked(terminal ? codeHelp : undefined, say, tell);
  const tally = createTally(say);
  const waiting = createWaiting(clock, (room) => {
    notice(sanitize(utf8(UI_WORDS.alone(room))));
    say(way.aloneHint);
  });
  const transfers = createTransferLines(printer, sanitize);
  const limit = terminal ? TERMINAL_LINE_LIMIT : LINE_LIMIT;
  const { malformed } = UI_WORDS;
  const reader = createLineReader(input, limit, {
    line: takeLine,
    tooLong: () => refuse((terminal ? malformed.cut : malformed.tooLong)(limit)),
    end(broken) {
      pastes.flush();
      listening = !broken && !terminal && !given && !leaving && !asking;
      if (listening) say(UI_WORDS.listening);
      else tell({ type: 'end-of-input' });
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
    if (code.wanted && line[0] !== SLASH) {
      code.take(line);
      return true;
    }
    const file = fileCommand(terminal ? line.subarray(blanksBefore(line)) : line);
    if (file !== undefined) return takeFile(file);
    const kind = lineKind(line, terminal);
    if (kind === 'empty' && !asking) return true;
    if (kind === 'text' || kind === 'empty') return takeText(line);
    if (kind === 'slash') return takeText(line.subarray(blanksBefore(line) + 1));
    // An answer in a pipe waits for its question.
    if (!terminal && words === undefined && (kind === 'verify yes' || kind === 'verify no')) return false;
    command(kind);
    return true;
  }

  function takeFile(command: FileEvent | 'misused'): boolean {
    if (command !== 'misused') tell(command);
    else if (terminal) say(UI_WORDS.filesMisused);
    else refuse(malformed.filesMisused);
    if (asking) ask();
    return true;
  }

  /** No answer and no command, whatever it looks like; a code may be pasted. */
  function takePasted(line: Uint8Array): void {
    if (code.wanted) code.take(line);
    else if (asking) ask();
    else if (line.length > 0) send(line);
  }

  function takeText(text: Uint8Array): boolean {
    if (asking) answer(text);
    else if (terminal) send(text);
    else if (state === 'closing' || leaving) return lose(text);
    else if ((state !== 'active' && state !== 'reconnecting') || !welcome) return false;
    else send(text);
    return true;
  }

  function send(text: Uint8Array): void {
    if (leaving) return say(UI_WORDS.leaving);
    given = true;
    if (isUtf8(text)) tell({ type: 'send', text: plainCopy(text) });
    else refuse(malformed.notUtf8);
  }

  /** A line that is not sent. Nobody sits before a pipe to send it again. */
  function refuse(why: string): void {
    given ||= !terminal;
    tell({ type: 'malformed', why, ...(terminal ? {} : { lost: true }) });
  }

  /** Text behind the end of the chat stays in the pipe: once is enough to tell it. */
  function lose(text: Uint8Array): boolean {
    if (text.length > 0 && !lossTold) refuse(malformed.afterEnd);
    lossTold = true;
    return false;
  }

  function answer(line: Uint8Array): void {
    const yes = isLine(line, 'yes', 'y');
    if (!yes && !isLine(line, 'no', 'n')) {
      if (line.length > 0) say(UI_WORDS.noAnswer);
      ask();
      return;
    }
    confirm(yes);
  }

  function confirm(match: boolean): void {
    // The words on the screen are not those of now.
    if (match && comparing) return say(UI_WORDS.comparing);
    asking = false;
    if (words !== undefined) compared = match;
    // Of words of the present only a no concerns the session.
    if (match && confirmed && words !== undefined && !required) return say(UI_WORDS.status.verified);
    confirmed ||= match && words !== undefined;
    if (match && words !== undefined) say(UI_WORDS.status.verified);
    tell({ type: 'confirm', match });
  }

  function command(kind: LineCommand): void {
    switch (kind) {
      case 'quit':
        return quit();
      case 'wipe':
        printer.forget();
        return tell({ type: 'wipe' });
      case 'verify yes':
      case 'verify no':
        return confirm(kind === 'verify yes');
      case 'verify again':
        return tell({ type: 'compare-again' });
      case 'help':
        UI_WORDS.help.forEach(say);
        break;
      case 'verify':
        sayWords();
        break;
      case 'more':
        if (!printer.more()) say(UI_WORDS.noMore);
        break;
      case 'status':
        sayStatus();
        break;
      case 'name':
        if (peerName.length > 0) notice(ascii(UI_WORDS.peerName), plainCopy(peerName));
        else say(UI_WORDS.peerNameless);
        say(UI_WORDS.ownName);
        break;
      case 'absent':
      case 'misused':
      case 'unknown':
        if (terminal) say(UI_WORDS[kind]);
        else refuse(malformed[kind]);
    }
    if (asking) ask();
  }

  function quit(): void {
    // Of text that waits the session tells.
    const waits = tally.counts.held + tally.counts.sent > 0;
    if (state === 'reconnecting' && leaving) say(UI_WORDS.leavingNow);
    else if (state === 'reconnecting' && !waits) say(UI_WORDS.leavingUnheard);
    leaving = true;
    tell({ type: 'quit' });
  }

  function sayStatus(): void {
    const { status: said } = UI_WORDS;
    say(compared === true ? said.verified : said.unverified);
    say(said.messages(tally.counts));
    for (const told of way.lines(state)) say(told);
  }

  // -- output

  /** Where nothing can answer any more the session hears that the input has ended. */
  function ask(): void {
    asking = true;
    say(UI_WORDS.question);
    if (listening) tell({ type: 'end-of-input' });
    listening = false;
  }

  function sayWords(): void {
    if (words === undefined) {
      say(UI_WORDS.noSafetyWords);
      return;
    }
    notice(sanitize(utf8(UI_WORDS.safetyWords(words.join('  ')))));
    say(required ? UI_WORDS.safetyWordsRequired : UI_WORDS.safetyWordsOptional);
    if (!required && compared === undefined) say(UI_WORDS.tellVerified);
  }

  function enter(next: State, broken: Broken | undefined): void {
    const again = next === 'active' && state === 'reconnecting';
    state = next;
    const unanswered = required && compared === undefined;
    asking = unanswered && (state === 'confirming' || state === 'reconnecting');
    const changed = broken === undefined ? UI_WORDS.state[state] : UI_WORDS.broken[broken];
    const sentence = again ? UI_WORDS.activeAgain : changed;
    if (sentence !== undefined) say(sentence);
    if (asking) ask();
  }

  function end({ text, code, exit }: Extract<UiView, { type: 'ended' }>): void {
    asking = false;
    // Who leaves knows of the rest; who is left, or is erased, would never see it.
    if (leaving || context.wipeScrollback || exit === EXIT.interrupted) printer.forget();
    else printer.unfold();
    // How it ended stays to be read.
    printer.erase();
    tally.tellFailed();
    printer.ending(sanitize(utf8(`${text} (${code})`)));
  }

  function draw(view: UiView): void {
    switch (view.type) {
      case 'state':
        enter(view.state, view.broken);
        return;
      case 'code':
        if (view.code.length > 0) unbroken(ascii(UI_WORDS.tellPeer), sanitize(view.code));
        unbroken(ascii(view.code.length > 0 ? UI_WORDS.orPaste : UI_WORDS.sendLink), sanitize(view.invite));
        return;
      case 'code-wanted':
        code.want(view.same);
        return;
      case 'safety-words':
        words = view.words;
        comparing = false;
        required = view.required;
        compared = undefined;
        sayWords();
        if (state === 'confirming' && required) ask();
        return;
      case 'comparing':
        words = compared = undefined;
        comparing = true;
        if (!view.late) say(UI_WORDS.comparing);
        return;
      case 'relay':
        if (view.joined) say(way.path === 'local network' ? UI_WORDS.joinedLocal : UI_WORDS.joined);
        return;
      case 'message':
        printer.message(view, () => tell({ type: 'shown', id: view.id }));
        return;
      case 'own':
        tally.own(view.id);
        return;
      case 'status':
        tally.status(view);
        return;
      case 'path':
      case 'round-trip':
        return way.take(view);
      case 'input':
        welcome = view.welcome;
        return;
      case 'peer':
        peerName.fill(0);
        peerName = shownName(view.name, sanitize);
        notice(ascii(UI_WORDS.peerName), plainCopy(peerName));
        return;
      case 'peer-confirmed':
        say(UI_WORDS.peerConfirmed);
        return;
      case 'offer':
      case 'progress':
      case 'file-done':
        transfers.show(view);
        return;
      case 'file-failed':
      case 'notice':
        if (view.type === 'file-failed') transfers.over(view.id);
        notice(sanitize(utf8(`${view.text} (${view.code})`)));
        if (asking) ask();
        return;
      case 'ended':
        end(view);
    }
  }

  return {
    open(to) {
      sink = to;
      reader.open();
    },
    show(view) {
      if (closing !== undefined) return;
      if (view.type !== 'status' && view.type !== 'ended') tally.tellFailed();
      draw(view);
      waiting.see(view);
      reader.again();
    },
    close() {
      if (closing !== undefined) return closing;
      printer.forget();
      printer.erase();
      tally.tellFailed();
      reader.close();
      waiting.close();
      pastes.close();
      peerName.fill(0);
      words = undefined;
      closing = printer.flush();
      return closing;
    },
  };
}
