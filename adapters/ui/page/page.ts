/**
 * The UI of the page, on the DOM: what the session shows becomes elements, what the person does becomes events. Every text
 * from outside passes `sanitize` and becomes a text node. No transport, no key and no sentence may be in this file.
 */
import type { ClockPort, State, UiEvent, UiPort, UiView } from '../../../core/ports.js';
import type { Sanitize } from '../../../plugins/kit/define.js';
import { shownName } from '../../text/names.js';
import { utf8 } from '../../text/utf8.js';
import { PAGE_WORDS } from '../../words/page.js';
import { UI_WORDS } from '../../words/line.js';
import type { CodeHelp } from '../code-help.js';
import { createWaiting } from '../waiting.js';
import type { Chosen, FileShelf } from '../../web/shelf.js';
import { createCodeField } from './code-field.js';
import { createComposer, type PageCommand } from './composer.js';
import { button, make, show, textOf } from './dom.js';
import { takeDrops } from './drops.js';
import { createLog } from './log.js';
import type { Frame } from './frame.js';
import { createTransfers } from './transfers.js';
import { createWaitingRoom } from './waiting-room.js';
import { createWordsPanel } from './words-panel.js';

const WORDS = PAGE_WORDS;
/** Messages are kept whole: what is folded can be unfolded. */
const WHOLE = { lines: true, whole: true } as const;

export interface PageUiOptions {
  readonly frame: Frame;
  readonly clock: ClockPort;
  readonly sanitize: Sanitize;
  readonly codeHelp: CodeHelp;
  readonly shelf: FileShelf;
  /** The person wants to begin anew, after the end. */
  readonly again: () => void;
}

export function createPageUi({ frame, clock, sanitize, codeHelp, shelf, again }: PageUiOptions): UiPort {
  let sink: (event: UiEvent) => void = () => undefined;
  let state: State = 'idle';
  let welcome = true;
  let leaving = false;
  let closed = false;
  let joined = false;
  let attempt = 0;
  let since = 0;
  let cancelTick = (): void => undefined;

  function tell(event: UiEvent): void {
    if (!closed) sink(event);
    else if (event.type === 'send') event.text.fill(0);
  }

  const clean = (text: string, lines = false): string => {
    const bytes = utf8(text);
    const safe = sanitize(bytes, { lines });
    const shown = textOf(safe);
    bytes.fill(0);
    safe.fill(0);
    return shown;
  };

  const log = createLog();
  const panel = createWordsPanel(tell, () => drawStatus());
  const transfers = createTransfers(shelf, tell);
  const composer = createComposer({
    send,
    command,
    files: offer,
    say: (sentence) => log.notice(sentence),
    typed: () => tell({ type: 'activity' }),
  });
  const room = createWaitingRoom({ sanitize, cancel: () => tell({ type: 'quit' }) });
  const field = createCodeField('again', WORDS.start.code, codeHelp);
  const same = make('p', { class: 'hint' }, WORDS.again.same);
  const retry = make(
    'form',
    { id: 'again-form', class: 'panel', hidden: true, autocomplete: 'off' },
    ...[make('h2', {}, WORDS.again.heading), same, field.element],
    make('div', { class: 'buttons' }, make('button', { type: 'submit', class: 'primary' }, WORDS.again.go)),
  );
  const chat = make('section', { id: 'chat', hidden: true }, log.element, transfers.element, composer.element);
  const waiting = createWaiting(clock, (named) => room.alone(clean(named)));
  const words = button(WORDS.words.open, { 'aria-controls': 'words' }, () => panel.open());
  const leave = button(
    WORDS.chat.leave,
    { 'aria-keyshortcuts': WORDS.chat.leaveKey, title: WORDS.chat.leaveKey },
    quit,
  );
  const wipeNow = button(
    WORDS.chat.wipe,
    { class: 'danger', 'aria-keyshortcuts': WORDS.chat.wipeKey, title: WORDS.chat.wipeKey },
    wipe,
  );

  retry.addEventListener('submit', (event) => {
    event.preventDefault();
    const typed = field.typed();
    if (typed.length > 0 && !field.mayUse(typed)) return;
    field.clear();
    show(retry, false);
    tell({ type: 'code', code: typed });
  });

  function keys(event: KeyboardEvent): void {
    if (!event.altKey || !event.shiftKey || event.ctrlKey || event.metaKey) return;
    if (event.code === 'KeyQ') quit();
    else if (event.code === 'KeyW') wipe();
    else return;
    event.preventDefault();
  }

  function send(text: Uint8Array): string | undefined {
    if (panel.required) return refuse(text, WORDS.chat.notYet);
    if (leaving || state === 'closing' || state === 'destroyed') return refuse(text, WORDS.chat.notNow);
    if (!welcome) return refuse(text, WORDS.chat.held);
    tell({ type: 'send', text });
    return undefined;
  }

  function refuse(text: Uint8Array, why: string): string {
    text.fill(0);
    return why;
  }

  function offer(chosen: readonly Chosen[] | Promise<readonly Chosen[]>): void {
    if (!closed) tell({ type: 'offer', paths: shelf.give(chosen) });
  }

  function command(name: PageCommand): void {
    switch (name) {
      case 'quit':
        return quit();
      case 'wipe':
        return wipe();
      case 'clear':
        log.clear();
        return log.notice(WORDS.chat.cleared);
      case 'help':
        return log.notice(WORDS.chat.commands);
      case 'verify':
        return panel.open();
      case 'verify yes':
        return panel.answer(true);
      case 'verify no':
        return tell({ type: 'confirm', match: false });
      case 'verify again':
        return tell({ type: 'compare-again' });
    }
  }

  function quit(): void {
    leaving = true;
    tell({ type: 'quit' });
  }

  /** What is here is gone before anything else happens. */
  function wipe(): void {
    forget();
    transfers.clear();
    shelf.forget();
    tell({ type: 'wipe' });
  }

  function forget(): void {
    log.clear();
    composer.clear();
    room.clear();
    field.clear();
    panel.forget();
  }

  function statusText(): string {
    switch (state) {
      case 'searching':
        if (joined) return WORDS.status.waiting;
        return attempt > 1 ? WORDS.status.again(attempt) : WORDS.status.searching;
      case 'active':
        if (panel.comparing) return WORDS.status.comparing;
        return panel.verified ? WORDS.status.verified : WORDS.status.active;
      case 'reconnecting':
        return WORDS.status.reconnecting(log.held);
      case 'destroyed':
        return WORDS.status.ended;
      default:
        return WORDS.status[state];
    }
  }

  function drawStatus(): void {
    frame.status(statusText(), state === 'active' ? (panel.verified ? 'verified' : 'active') : state);
  }

  /** How long it has been looking for the connection, once a second; not said aloud. */
  function tick(): void {
    cancelTick();
    if (state !== 'reconnecting') return frame.aside('');
    frame.aside(WORDS.status.since(Math.floor((clock.now() - since) / 1000)));
    cancelTick = clock.wakeAt(clock.now() + 1000, tick);
  }

  function enter(next: State): void {
    if (next === state) return;
    const talking = next === 'active' || next === 'reconnecting' || next === 'confirming' || next === 'closing';
    state = next;
    since = clock.now();
    show(retry, false);
    show(room.element, next === 'searching' || next === 'handshaking' || next === 'idle');
    if (talking) room.clear();
    const first = chat.hidden;
    show(chat, talking && next !== 'confirming' && !panel.required);
    show(words, talking);
    show(wipeNow, talking);
    show(leave, talking);
    drawStatus();
    tick();
    if (first && !chat.hidden) composer.input.focus();
  }

  function view(shown: UiView): void {
    waiting.see(shown);
    switch (shown.type) {
      case 'state':
        return enter(shown.state);
      case 'relay':
        joined = shown.joined;
        attempt = shown.attempt;
        room.relay(clean(shown.address));
        return drawStatus();
      case 'code':
        return room.code(shown.code, shown.invite);
      case 'code-wanted':
        show(same, shown.same);
        show(room.element, false);
        show(retry, true);
        return field.input.focus();
      case 'safety-words':
        panel.words(
          shown.words.map((word) => clean(word)),
          shown.required,
        );
        return drawStatus();
      case 'comparing':
        return panel.coming(shown.late);
      case 'message': {
        const name = shownName(shown.from, sanitize);
        log.add({ by: 'peer', name: textOf(name), at: shown.at, text: sanitize(shown.text, WHOLE) });
        return tell({ type: 'shown', id: shown.id });
      }
      case 'own': {
        const { id, at, text } = shown;
        log.add({ by: 'me', name: WORDS.chat.me, at, text: sanitize(text, WHOLE), id });
        return drawStatus();
      }
      case 'status':
        log.status(shown.id, shown.status);
        return drawStatus();
      case 'round-trip':
        return frame.aside(state === 'active' ? WORDS.roundTrip(shown.ms) : '');
      case 'input':
        welcome = shown.welcome;
        return;
      case 'peer':
        if (shown.name.length === 0) return;
        return log.notice(`${UI_WORDS.peerName}${textOf(shownName(shown.name, sanitize))}`);
      case 'peer-confirmed':
        return log.notice(UI_WORDS.peerConfirmed);
      case 'notice':
        return (chat.hidden ? frame.notice : log.notice)(clean(`${shown.text} (${shown.code})`));
      case 'offer':
        return transfers.offer(shown, textOf(sanitize(shown.name)));
      case 'progress':
        return transfers.progress(shown);
      case 'file-done':
        return transfers.done(shown);
      case 'file-failed':
        return transfers.failed(shown.id, clean(`${shown.text} (${shown.code})`));
      case 'path':
        // A page has no other way than the relay.
        return;
      case 'ended':
        return end(clean(`${shown.text} (${shown.code})`));
    }
  }

  /** The messages go, the last sentence stays, and files that wait to be saved. */
  function end(why: string): void {
    forget();
    state = 'destroyed';
    for (const part of [chat, panel.element, retry, room.element, words, leave, wipeNow]) show(part, false);
    drawStatus();
    frame.aside('');
    const heading = make('h2', { tabindex: '-1' }, WORDS.ended.heading);
    frame.main.append(
      make(
        'section',
        { id: 'ended', class: 'panel' },
        ...[heading, make('p', { role: 'alert' }, why)],
        ...(transfers.finish() ? [transfers.element] : []),
        make('div', { class: 'buttons' }, button(WORDS.ended.again, { class: 'primary' }, again)),
      ),
    );
    heading.focus();
  }

  return {
    open(to) {
      sink = to;
      frame.actions.replaceChildren(words, leave, wipeNow);
      for (const each of [words, leave, wipeNow]) show(each, false);
      frame.main.replaceChildren(room.element, retry, panel.element, chat);
      takeDrops(document.body, () => !chat.hidden && state !== 'closing', offer);
      document.addEventListener('keydown', keys);
      drawStatus();
    },
    show(shown) {
      if (!closed) view(shown);
    },
    close() {
      closed = true;
      cancelTick();
      waiting.close();
      document.removeEventListener('keydown', keys);
      return Promise.resolve();
    },
  };
}
