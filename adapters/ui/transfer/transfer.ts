/**
 * The UI of `pipe`, `send` and `receive`: lines on stderr, a progress that is drawn over only on a terminal, and a yes or no
 * where somebody is asked. stdout is never touched. No text of a person goes through here.
 */
import type { ClockPort, UiEvent, UiPort, UiView } from '../../../core/ports.js';
import { ascii, concat } from '../../../core/protocol/bytes.js';
import type { UiContext } from '../../../plugins/kit/define.js';
import { FILE_WORDS } from '../../words/files.js';
import { UI_WORDS } from '../../words/line.js';
import { createLineReader, type LineReader } from '../../../plugins/kit/lines.js';
import { createOutlet } from '../../../plugins/kit/outlet.js';
import { cut } from '../../text/width.js';
import { utf8 } from '../../text/utf8.js';
import { createWay } from '../way.js';
import { createRate, type Rate } from './rate.js';

/** Bytes of an answer. */
const ANSWER_LIMIT = 4096;
/** Milliseconds between two pictures of a pipe's progress. */
export const PICTURE_EVERY = 250;
const LF = Uint8Array.of(0x0a);
const OVER = ascii('\r\x1b[K');
const COLUMNS = 80;

export interface TransferUiOptions {
  /** Who is asked about offers and words: whoever writes on the input. */
  readonly asks: boolean;
  /** Offers are taken without asking. */
  readonly yes: boolean;
}

export interface TransferUi extends UiPort {
  /** What a pipe has moved since its start. */
  moved(sent: number, received: number): void;
}

type Context = Pick<UiContext, 'input' | 'errors' | 'sanitize'> & { readonly clock: ClockPort };

interface Question {
  /** The transfer that it is about. */
  readonly id?: number;
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
    const row = concat(...parts, LF);
    out.write(drawn ? concat(OVER, row) : row);
    drawn = false;
    if (questions.length > 0) ask();
  }

  function say(text: string): void {
    line(ascii(text));
  }

  function outside(begin: string, text: Uint8Array): void {
    line(ascii(begin), sanitize(text));
  }

  // -- questions

  function open(question: Question): void {
    questions.push(question);
    if (questions.length === 1) ask();
    if (inputEnded || !options.asks) silence();
    else listen();
  }

  function ask(): void {
    const [question] = questions;
    if (question !== undefined) out.write(concat(ascii(question.text), terminal ? new Uint8Array(0) : LF));
  }

  function silence(): void {
    for (const question of questions.splice(0)) question.silence();
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
    const [question] = questions;
    const found = question?.answers.find(([each]) => word === each || (word !== '' && each.startsWith(word)));
    if (found === undefined) return say(FILE_WORDS.noAnswer);
    questions.shift();
    found[1]();
    if (questions.length > 0) ask();
  }

  // -- what is shown

  function offer(view: Extract<UiView, { type: 'offer' }>): void {
    outside((view.incoming ? FILE_WORDS.asked : FILE_WORDS.sending)(view), view.name);
    if (!view.incoming) return;
    const { id } = view;
    const reject = (): void => tell({ type: 'reject', id });
    const accept = (): void => (view.exists && !options.yes ? collide() : tell({ type: 'accept', id }));
    const collide = (): void =>
      open({
        id,
        text: FILE_WORDS.exists,
        answers: [
          ['rename', () => tell({ type: 'accept', id, collision: 'rename' })],
          ['skip', () => tell({ type: 'accept', id, collision: 'skip' })],
        ],
        silence: reject,
      });
    if (options.yes) return accept();
    open({
      id,
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
    const columns = 'columns' in errors && typeof errors.columns === 'number' ? errors.columns : COLUMNS;
    out.write(concat(OVER, cut(ascii(text), Math.max(1, columns - 1))));
    drawn = true;
  }

  function progress({ id, bytes, total }: Extract<UiView, { type: 'progress' }>): void {
    const rate = rates.get(id) ?? createRate();
    rates.set(id, rate);
    rate.at(bytes, clock.now());
    const left = total === undefined || rate.value === 0 ? undefined : (total - bytes) / rate.value;
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
        say(view.broken === undefined ? UI_WORDS.state.reconnecting : UI_WORDS.broken[view.broken]);
        return;
      case 'code':
        if (view.code.length > 0) outside(UI_WORDS.tellPeer, view.code);
        outside(view.code.length > 0 ? UI_WORDS.orPaste : UI_WORDS.sendLink, view.invite);
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
        // Nothing is left to decide; whatever waited behind it is asked with the next line.
        for (let i = questions.length - 1; i >= 0; i--) if (questions[i]?.id === view.id) questions.splice(i, 1);
        return outside('', utf8(`${view.text} (${view.code})`));
      case 'notice':
        return outside('', utf8(`${view.text} (${view.code})`));
      case 'ended':
        questions.length = 0;
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
