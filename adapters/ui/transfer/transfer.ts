/**
 * The UI of `pipe`, `send` and `receive`: lines on stderr, a progress that is drawn over only on a terminal, and a yes or no
 * where somebody is asked. stdout is never touched. No text of a person goes through here; what comes from outside never
 * begins a row of a terminal, nor is it more than the terminal can show.
 */
import type { ClockPort, UiEvent, UiPort, UiView } from '../../../core/ports.js';
import { ascii, concat } from '../../../core/protocol/bytes.js';
import type { UiContext } from '../../../plugins/kit/define.js';
import { FILE_WORDS, others } from '../../words/files.js';
import { UI_WORDS } from '../../words/line.js';
import { createLineReader, type LineReader } from '../../../plugins/kit/lines.js';
import { createOutlet } from '../../../plugins/kit/outlet.js';
import { shownBy } from '../../text/ascii.js';
import { cut } from '../../text/width.js';
import { utf8 } from '../../text/utf8.js';
import { cells, fitted } from '../rows.js';
import { createWay } from '../way.js';
import { createRate, type Rate } from './rate.js';

/** Bytes of an answer. */
const ANSWER_LIMIT = 4096;
/** Milliseconds that a question stands before it is answered, where another one that stood there was taken back. */
export const REACTION = 1_000;
/** Milliseconds between two pictures of a pipe's progress. */
export const PICTURE_EVERY = 250;
const LF = Uint8Array.of(0x0a);
const OVER = ascii('\r\x1b[K');

export interface TransferUiOptions {
  /** Who is asked about offers and words: whoever writes on the input. */
  readonly asks: boolean;
  /** Offers are taken without asking. */
  readonly yes: boolean;
  /** What is a terminal shows more than ASCII. */
  readonly unicode: boolean;
  /** What the peer must type, beside the code. */
  readonly peerTypes?: string | undefined;
}

export interface TransferUi extends UiPort {
  /** What a pipe has moved since its start. */
  moved(sent: number, received: number): void;
}

type Context = Pick<UiContext, 'input' | 'errors' | 'sanitize'> & { readonly clock: ClockPort };

interface Question {
  /** The transfer that it is about. */
  readonly id?: number;
  /** What it is about is told when its turn comes: "it" is what was told last. */
  readonly tell?: () => void;
  readonly text: string;
  readonly answers: readonly (readonly [word: string, then: () => void])[];
  /** Nobody answers any more. */
  readonly silence: () => void;
}

export function createTransferUi({ input, errors, sanitize, clock }: Context, options: TransferUiOptions): TransferUi {
  const terminal = errors.isTTY === true;
  let sink: (event: UiEvent) => void = () => undefined;
  let closing: Promise<void> | undefined;
  let reader: LineReader | undefined;
  let inputEnded = false;
  /** A picture stands in the last row. */
  let drawn = false;
  const questions: Question[] = [];
  /** The one that is asked now: the first. */
  let standing: Question | undefined;
  let answering = false;
  /** A question was taken back: who was about to answer must see the next one. */
  let takenBack = false;
  let answerFrom = 0;
  const rates = new Map<number, Rate>();
  const pipe = {
    sent: 0,
    received: 0,
    up: createRate(),
    down: createRate(),
    cancel: (): void => undefined,
    due: false,
  };

  const way = createWay((told) => outside('', utf8(told)));

  function tell(event: UiEvent): void {
    if (closing === undefined) sink(event);
  }

  const out = createOutlet(errors, clock, (why) => (terminal ? tell({ type: 'gone', why }) : undefined));

  function line(...parts: readonly Uint8Array[]): void {
    const row = concat(shownBy(errors, options.unicode, concat(...parts)), LF);
    out.write(drawn ? concat(OVER, row) : row);
    drawn = false;
    ask();
  }

  function say(text: string): void {
    line(fitted(ascii(text), errors));
  }

  function outside(begin: string, text: Uint8Array): void {
    line(fitted(concat(ascii(begin), sanitize(text)), errors));
  }

  // -- questions

  function open(question: Question, first = false): void {
    if (first) questions.unshift(question);
    else questions.push(question);
    if (!answering) begin();
    if (inputEnded || !options.asks) silence();
    else listen();
  }

  /** The first question stands, if it does not yet. */
  function begin(): void {
    const [question] = questions;
    if (question === undefined || question === standing) return;
    standing = question;
    if (takenBack) answerFrom = clock.now() + REACTION;
    if (question.tell === undefined) ask();
    else question.tell();
  }

  function ask(): void {
    if (standing !== undefined) out.write(concat(ascii(standing.text), terminal ? new Uint8Array(0) : LF));
  }

  function silence(): void {
    const [told, all] = [standing, questions.splice(0)];
    standing = undefined;
    for (const question of all) {
      if (question !== told) question.tell?.();
      question.silence();
    }
  }

  function listen(): void {
    reader ??= createLineReader(input, ANSWER_LIMIT, {
      line(given) {
        if (questions.length === 0) return false;
        answer(Buffer.from(given).toString('utf8').trim().toLowerCase());
        return true;
      },
      tooLong: () => undefined,
      end() {
        inputEnded = true;
        silence();
      },
    });
    if (reading) reader.again();
    else reader.open();
    reading = true;
  }
  let reading = false;

  function answer(word: string): void {
    const found = standing?.answers.find(([each]) => word === each || (word !== '' && each.startsWith(word)));
    if (found === undefined) return say(FILE_WORDS.noAnswer);
    if (terminal && clock.now() < answerFrom) return say(FILE_WORDS.otherOffer);
    takenBack = false;
    standing = undefined;
    questions.shift();
    answering = true;
    found[1]();
    answering = false;
    begin();
  }

  /** The peer has taken back what a question is about. False: the person was not told of it yet. */
  function withdraw(id: number): boolean {
    const at = questions.findIndex((question) => question.id === id);
    const [question] = at < 0 ? [] : questions.splice(at, 1);
    if (question === undefined) return true;
    if (question !== standing) return false;
    standing = undefined;
    takenBack = true;
    return true;
  }

  // -- what is shown

  function offer(view: Extract<UiView, { type: 'offer' }>): void {
    const begins = (view.incoming ? FILE_WORDS.asked : FILE_WORDS.sending)(view);
    const name = concat(view.name, ascii(others(view.count)));
    const told = (): void => outside(begins, name);
    if (!view.incoming) return told();
    const { id } = view;
    const reject = (): void => tell({ type: 'reject', id });
    const accept = (): void => (view.exists && !options.yes ? collide() : tell({ type: 'accept', id }));
    const answers = [
      ['rename', () => tell({ type: 'accept', id, collision: 'rename' })],
      ['skip', () => tell({ type: 'accept', id, collision: 'skip' })],
    ] as const;
    const collide = (): void => open({ id, text: FILE_WORDS.exists, answers, silence: reject }, true);
    if (options.yes) {
      told();
      return accept();
    }
    open({
      id,
      tell: told,
      text: FILE_WORDS.question,
      answers: [
        ['yes', accept],
        ['no', reject],
      ],
      silence: reject,
    });
  }

  function compare(view: Extract<UiView, { type: 'safety-words' }>): void {
    if (!view.required) return;
    line(sanitize(utf8(UI_WORDS.safetyWords(view.words.join('  ')))));
    say(UI_WORDS.safetyWordsRequired);
    open({
      text: UI_WORDS.question,
      answers: [
        ['yes', () => tell({ type: 'confirm', match: true })],
        ['no', () => tell({ type: 'confirm', match: false })],
      ],
      silence: () => tell({ type: 'end-of-input' }),
    });
  }

  function draw(text: string): void {
    if (!terminal || questions.length > 0) return;
    out.write(concat(OVER, cut(ascii(text), cells(errors))));
    drawn = true;
  }

  function progress({ id, bytes, total }: Extract<UiView, { type: 'progress' }>): void {
    const rate = rates.get(id) ?? createRate();
    rates.set(id, rate);
    rate.at(bytes, clock.now());
    const left = total === undefined || rate.value === 0 ? undefined : Math.max(0, total - bytes) / rate.value;
    draw(FILE_WORDS.bar(bytes, total, rate.value, left));
  }

  function picture(): void {
    const now = clock.now();
    pipe.up.at(pipe.sent, now);
    pipe.down.at(pipe.received, now);
    draw(FILE_WORDS.pipe(pipe.sent, pipe.received, pipe.up.value, pipe.down.value));
  }

  function show(view: UiView): void {
    switch (view.type) {
      case 'state':
        if (view.state !== 'reconnecting') return;
        return say(FILE_WORDS.reconnecting[view.broken ?? 'unknown']);
      case 'code':
        // Whole, to be copied.
        if (view.code.length > 0) line(ascii(UI_WORDS.tellPeer), sanitize(view.code));
        line(ascii(view.code.length > 0 ? UI_WORDS.orPaste : UI_WORDS.sendLink), sanitize(view.invite));
        if (options.peerTypes !== undefined) line(ascii(options.peerTypes));
        return;
      case 'path':
        return way.take(view);
      case 'safety-words':
        return compare(view);
      case 'offer':
        return offer(view);
      case 'progress':
        return progress(view);
      case 'file-done':
        rates.delete(view.id);
        return say(FILE_WORDS.received(view.bytes, view.sum));
      case 'file-failed':
        rates.delete(view.id);
        if (withdraw(view.id)) outside('', utf8(`${view.text} (${view.code})`));
        return begin();
      case 'notice':
        return outside('', utf8(`${view.text} (${view.code})`));
      case 'ended':
        questions.length = 0;
        standing = undefined;
        return outside(`${UI_WORDS.program}: `, utf8(`${view.text} (${view.code})`));
      default:
        return;
    }
  }

  return {
    open(to) {
      sink = to;
    },
    show(view) {
      if (closing === undefined) show(view);
    },
    moved(sent, received) {
      pipe.sent += sent;
      pipe.received += received;
      if (!terminal || pipe.due || closing !== undefined) return;
      pipe.due = true;
      pipe.cancel = clock.wakeAt(clock.now() + PICTURE_EVERY, () => {
        pipe.due = false;
        picture();
      });
    },
    close() {
      pipe.cancel();
      if (drawn) out.write(concat(LF));
      drawn = false;
      reader?.close();
      closing ??= out.flush();
      return closing;
    },
  };
}
