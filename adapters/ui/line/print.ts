/**
 * What the line UI writes: messages on stdout, notices on stderr, in rows that nobody else can begin. Of a long message a
 * terminal is shown the beginning; the rest waits until it is asked for, and is written out rather than dropped. No input
 * and no state of the session may be known here.
 */
import type { UiView } from '../../../core/ports.js';
import { ascii, concat, plainBuffer } from '../../../core/protocol/bytes.js';
import type { UiContext } from '../../../plugins/kit/define.js';
import { createOutlet, ERASE_TERMINAL, type Unread } from '../../../plugins/kit/outlet.js';
import { shownBy } from '../../text/ascii.js';
import { foldAt, pointsIn } from '../../text/fold.js';
import { shownName } from '../../text/names.js';
import { timeOfDay } from '../../text/time.js';
import { utf8 } from '../../text/utf8.js';
import { cut, worstWidthOf } from '../../text/width.js';
import { UI_WORDS } from '../../words/line.js';
import { CONTINUATION, cells, fitted, inRows, LEAST_TEXT, type Stream } from '../rows.js';

/** Bytes of all texts of which a rest waits; what was there first is written out when there are more. */
export const FOLDED_BYTES = 512 * 1024;
/** Cells of a name on a terminal. */
const NAME_WIDTH = 16;

const LF = Uint8Array.of(0x0a);
const NOTICE = ascii('-- ');
const DIM = ascii('\x1b[2m');
const UNDIM = ascii('\x1b[22m');

type Message = Extract<UiView, { type: 'message' }>;

export interface Printer {
  /**
   * One line on stderr; the parts are neutralised or words of this program, and are wiped. On a terminal it breaks between
   * words, and does not go on at the first column.
   */
  notice(...parts: Uint8Array[]): void;
  /** The same in one piece, to be copied; nobody else's words. */
  unbroken(...parts: Uint8Array[]): void;
  /** `out`: it is on the terminal, as far as it is not folded, or whoever reads the output has taken all of it. */
  message(view: Message, out: () => void): void;
  /** Writes the next part of the newest text that is not shown whole; false: there is none. */
  more(): boolean;
  /** Writes all that was not shown. */
  unfold(): void;
  /** Drops it. */
  forget(): void;
  /** The last line, neutralised. */
  ending(text: Uint8Array): void;
  /** Erases the terminal where --wipe-scrollback asks for it, once. */
  erase(): void;
  /** Resolves when everything is out, or nobody reads. */
  flush(): Promise<void>;
}

interface Folded {
  readonly begin: Uint8Array;
  /** Neutralised; shown up to `at`. */
  readonly text: Uint8Array;
  at: number;
}

/** `gone`: the output is broken, or nobody reads it. */
export function createPrinter(context: UiContext, unicode: boolean, gone: (why: Unread) => void): Printer {
  const { output, errors, sanitize, clock } = context;
  const dim = context.color && errors.isTTY === true;
  const messages = createOutlet(output, clock, gone);
  // Without a place for notices a pipe still works; on a terminal it means that the terminal is closed.
  const notices = createOutlet(errors, clock, errors.isTTY === true ? gone : () => undefined);
  let folded: Folded[] = [];
  let toErase = context.wipeScrollback;

  const fit = (bytes: Uint8Array, stream: Stream): Uint8Array => shownBy(stream, unicode, bytes);

  function unbroken(...parts: Uint8Array[]): void {
    tell(concat(...parts));
    for (const part of parts) part.fill(0);
  }

  function notice(...parts: Uint8Array[]): void {
    const whole = concat(...parts);
    tell(fitted(whole, errors, NOTICE.length));
    for (const used of [whole, ...parts]) used.fill(0);
  }

  function tell(rows: Uint8Array): void {
    notices.write(fit(dim ? concat(DIM, NOTICE, rows, UNDIM, LF) : concat(NOTICE, rows, LF), errors));
    rows.fill(0);
  }

  /** A text behind time and name. */
  function write(begin: Uint8Array, text: Uint8Array, out?: () => void): void {
    const beside = cells(output) - worstWidthOf(begin);
    // On a narrow terminal the text stands below the name.
    const below = beside < LEAST_TEXT;
    const body = inRows(text, below ? cells(output) - CONTINUATION.length : beside);
    const gap = below ? concat(LF, CONTINUATION) : plainBuffer(0);
    messages.write(fit(concat(begin, gap, body, LF), output), out);
    body.fill(0);
  }

  function next(entry: Folded, out?: () => void): void {
    const end = foldAt(entry.text, entry.at);
    write(entry.begin, entry.text.subarray(entry.at, end), out);
    entry.at = end;
  }

  function wipe({ begin, text }: Folded): void {
    begin.fill(0);
    text.fill(0);
  }

  function writeOut(entry: Folded): void {
    while (entry.at < entry.text.length) next(entry);
    wipe(entry);
  }

  function tellRest({ text, at }: Folded): void {
    notice(ascii(UI_WORDS.more(pointsIn(text, at))));
  }

  function keep(entry: Folded): void {
    tellRest(entry);
    folded.push(entry);
    while (folded.reduce((sum, { text }) => sum + text.length, 0) > FOLDED_BYTES) {
      const [oldest] = folded.splice(0, 1);
      if (oldest !== undefined) writeOut(oldest);
    }
  }

  return {
    notice,
    unbroken,
    message(view, out) {
      const whole = shownName(view.from, sanitize);
      const name = output.isTTY === true ? cut(whole, Math.min(NAME_WIDTH, cells(output) - LEAST_TEXT)) : whole;
      const entry: Folded = {
        begin: concat(timeOfDay(view.at), ascii(' '), name, ascii('  ')),
        text: sanitize(view.text, { lines: true, whole: true }),
        at: 0,
      };
      for (const used of [whole, name]) used.fill(0);
      if (output.isTTY !== true) {
        write(entry.begin, entry.text, out);
        return wipe(entry);
      }
      next(entry, out);
      if (entry.at < entry.text.length) keep(entry);
      else wipe(entry);
    },
    more() {
      const newest = folded.at(-1);
      if (newest === undefined) return false;
      next(newest);
      if (newest.at < newest.text.length) tellRest(newest);
      else wipe(folded.pop() ?? newest);
      return true;
    },
    unfold() {
      for (const entry of folded) writeOut(entry);
      folded = [];
    },
    forget() {
      for (const entry of folded) wipe(entry);
      folded = [];
    },
    ending(text) {
      const whole = concat(utf8(`${UI_WORDS.program}: `), text);
      notices.write(fit(concat(fitted(whole, errors), LF), errors));
      text.fill(0);
    },
    erase() {
      if (!toErase) return;
      toErase = false;
      // Whichever stream is the terminal: only one may be.
      if (errors.isTTY === true) notices.write(concat(ERASE_TERMINAL));
      else if (output.isTTY === true) messages.write(concat(ERASE_TERMINAL));
    },
    async flush() {
      await Promise.all([messages.flush(), notices.flush()]);
    },
  };
}
