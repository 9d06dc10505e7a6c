/**
 * The rich UI: keys → editor and commands → model → layout → rows → bytes → terminal. The rules:
 *  - Only Enter sends, and only what was typed or pasted here; a pasted line is never a command, an unknown command is an
 *    error and never sent. While the safety words must be compared, only [m] and [x] answer, and Enter does nothing.
 *  - What comes in never moves the text that is being written, nor what one looks at.
 *  - Message text is bytes from the keyboard to the session and from the session to the screen, never a JavaScript
 *    string, and is overwritten in `close()`.
 * What a layer does is in its own file; this one only connects them.
 */
import type { UiEvent, UiPort, UiView } from '../../../core/ports.js';
import { ascii, concat } from '../../../core/protocol/bytes.js';
import type { FlagValues, UiContext } from '../../../plugins/kit/define.js';
import { UI_WORDS } from '../../words/line.js';
import { ERASE_TERMINAL } from '../../../plugins/kit/outlet.js';
import { shownBy } from '../../text/ascii.js';
import { utf8 } from '../../text/utf8.js';
import type { CodeHelp } from '../code-help.js';
import { brokenBy, fitted } from '../rows.js';
import { createWaiting } from '../waiting.js';
import { createActions } from './actions.js';
import type { CompletePath } from './path-completion.js';
import { createEditor } from '../../terminal/editor.js';
import { createGlyphs } from './glyphs.js';
import { createHistory } from './history.js';
import { createKeys } from '../../terminal/keys.js';
import { layout, type Scene } from './layout.js';
import { createModel } from './model.js';
import { createPainter } from './painter.js';
import { type QrCode, qrCode } from './qr.js';
import { createSchedule } from './schedule.js';
import { createTerminal, type Host } from './terminal.js';

export interface RichSurroundings {
  readonly host: Host;
  /** The terminal shows more than ASCII. */
  readonly unicode: boolean;
  /** Absent: this chat reads no files. */
  readonly completePath?: CompletePath | undefined;
  readonly codeHelp?: CodeHelp | undefined;
}

/** Milliseconds in which one key says as much as many. */
export const ACTIVITY_MS = 1000;

const LF = 0x0a;
const NEXT_ROW = ascii('\n\x1b[G');
const BELL = Uint8Array.of(0x07);

export function createRichUi(_options: FlagValues, context: UiContext, surroundings: RichSurroundings): UiPort {
  const { host, unicode, completePath, codeHelp } = surroundings;
  const { clock, sanitize, color } = context;
  const glyphs = createGlyphs(unicode);
  const model = createModel(sanitize);
  const editor = createEditor();
  const history = createHistory();
  const painter = createPainter({ color, unicode });
  let sink: (event: UiEvent) => void = () => undefined;
  let closing: Promise<void> | undefined;
  let opened = false;
  let goneTold = false;
  let qr: QrCode | undefined;
  let ring = false;
  /** The newest message of the peer that was not drawn yet. */
  let undrawn: number | undefined;
  let quietUntil = Number.NEGATIVE_INFINITY;

  function tell(event: UiEvent): void {
    if (closing === undefined) sink(event);
    else if (event.type === 'send') event.text.fill(0);
    else if (event.type === 'code') event.code.fill(0);
  }

  const scene = (): Scene => ({ model, editor, glyphs, sanitize, qr, codeHint: actions.codeHint, now: clock.now() });

  function draw(): boolean {
    // A terminal that does not keep up gets the newest state when it is ready, not all those before.
    if (!opened || terminal.busy) return false;
    const bytes = painter.paint(layout(scene(), terminal.size));
    const drawn = shownUpTo(undrawn);
    undrawn = undefined;
    if (bytes !== undefined) terminal.write(bytes, drawn);
    else drawn();
    if (ring) terminal.write(Uint8Array.from(BELL));
    ring = false;
    if (model.state === 'reconnecting') schedule.requestAt(nextSecond());
    return true;
  }

  /** A message that something covers, or that one looks above of, is in the count of new ones. */
  const shownUpTo = (id: number | undefined) => (): void => {
    if (id !== undefined) tell({ type: 'shown', id });
  };

  /** When the time in the bar is the next one. */
  function nextSecond(): number {
    return model.since + (Math.floor((clock.now() - model.since) / 1000) + 1) * 1000;
  }

  const schedule = createSchedule(clock, draw);
  const actions = createActions({
    clock,
    model,
    editor,
    history,
    scene,
    size: () => terminal.size,
    tell,
    completePath,
    codeHelp,
  });
  const waiting = createWaiting(clock, (room) => {
    model.say(UI_WORDS.alone(room), model.way.aloneHint);
    schedule.request();
  });
  const keys = createKeys(clock, (event) => {
    noticePerson();
    const done = actions.take(event);
    if (done === 'suspend') terminal.suspend();
    if (done === 'repaint') painter.forget();
    schedule.request();
  });

  /** Every key says that somebody is there; the session need not hear of each. */
  function noticePerson(): void {
    if (clock.now() < quietUntil) return;
    quietUntil = clock.now() + ACTIVITY_MS;
    tell({ type: 'activity' });
  }

  const terminal = createTerminal(context, clock, host, {
    keys: (chunk) => keys.feed(chunk),
    end: () => tell({ type: 'end-of-input' }),
    gone(why) {
      if (!goneTold) tell({ type: 'gone', why });
      goneTold = true;
    },
    resumed: () => keys.reset(),
    changed() {
      painter.forget();
      schedule.request();
    },
    ready: () => schedule.again(),
  });

  /** On the normal screen, where a row that is too long goes on at the first column. */
  function lastLine(sentence: Uint8Array): Uint8Array {
    const whole = concat(utf8(`${UI_WORDS.program}: `), sentence);
    const rows = fitted(shownBy(context.output, unicode, whole), context.output);
    return concat(brokenBy(NEXT_ROW, rows), Uint8Array.of(LF));
  }

  function wipeQr(): void {
    for (const row of qr?.rows ?? []) row.fill(0);
    qr = undefined;
  }

  return {
    open(to) {
      sink = to;
      opened = true;
      terminal.open();
      schedule.request();
    },
    show(view: UiView) {
      if (closing !== undefined) return;
      const { screen } = model;
      model.show(view, clock.now());
      waiting.see(view);
      // What was asked on one screen is not answered on another.
      if (model.screen !== screen) model.leaving = undefined;
      if (view.type === 'code' && unicode) {
        wipeQr();
        qr = qrCode(model.link, glyphs);
      }
      if (model.link.length === 0) wipeQr();
      if (view.type === 'message') {
        undrawn = view.id;
        ring ||= actions.bell;
      }
      schedule.request();
    },
    close() {
      if (closing !== undefined) return closing;
      // What was shown last is seen, if only for a moment.
      if (opened) {
        const bytes = painter.paint(layout(scene(), terminal.size));
        if (bytes !== undefined) terminal.write(bytes);
      }
      const ending = model.ending === undefined ? utf8('') : lastLine(model.ending);
      const last = context.wipeScrollback ? concat(ERASE_TERMINAL, ending) : ending;
      schedule.close();
      waiting.close();
      keys.close();
      editor.clear();
      history.clear();
      model.wipe();
      wipeQr();
      painter.forget();
      closing = terminal.close(last);
      return closing;
    },
  };
}
