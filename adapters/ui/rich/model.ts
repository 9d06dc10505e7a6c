/**
 * What the rich UI knows: the state and since when, the code, the safety words, what was said, what is asked of the person.
 * Texts from outside are neutralised before they get here. Nothing about rows, keys or a terminal may be in this file.
 */
import type { Broken, State, UiView } from '../../../core/ports.js';
import { concat, plainCopy } from '../../../core/protocol/bytes.js';
import type { Sanitize } from '../../../plugins/kit/define.js';
import { others } from '../../words/files.js';
import { UI_WORDS } from '../../words/line.js';
import { createWay, type Way } from '../way.js';
import { shownName } from '../../text/names.js';
import { utf8 } from '../../text/utf8.js';
import { createScrollback, type Scrollback } from './scrollback.js';
import { createTransfers, type Transfers } from './transfers.js';

export type Screen = 'connecting' | 'waiting' | 'code' | 'words' | 'chat';

/**
 * Which screen a state has; while the safety words are not compared that is their screen, also when the line is down. A new
 * state needs its line here, and nowhere else in this folder.
 */
const SCREENS: Readonly<Record<State, Screen>> = {
  idle: 'connecting',
  searching: 'waiting',
  handshaking: 'connecting',
  confirming: 'words',
  active: 'chat',
  reconnecting: 'chat',
  closing: 'chat',
  destroyed: 'chat',
};

/** Milliseconds before an answer when the words take the place of a chat in which somebody may be writing. */
export const LOOK_MS = 2000;

/** Messages are kept whole: what is folded can be unfolded. */
const WHOLE = { lines: true, whole: true } as const;

/** What covers the screen until the person goes back. */
export type Overlay = 'help' | 'words' | undefined;

export interface Model {
  readonly state: State;
  readonly screen: Screen;
  /** `now` of the moment when the state was entered, monotonic ms. */
  readonly since: number;
  /** Whose connection broke, while reconnecting and where that is known. */
  readonly broken: Broken | undefined;
  /** The relay that is asked, neutralised; empty: none is needed, or it is not known yet. */
  readonly relay: Uint8Array;
  /** How often it was asked since it answered. */
  readonly attempt: number;
  /** It has answered: only the peer is missing. */
  readonly joined: boolean;
  /** Neutralised UTF-8; empty: no code was made here. */
  readonly code: Uint8Array;
  readonly invite: Uint8Array;
  /** As it came, for the QR code. */
  readonly link: Uint8Array;
  /** Neutralised UTF-8, four of them, or none yet. */
  readonly words: readonly Uint8Array[];
  /** The peer has shown that it knows the code. */
  readonly coded: boolean;
  /** The words were compared here, and match. */
  readonly verified: boolean;
  /** The words must be compared here first, and are not yet. */
  readonly unverified: boolean;
  /** The person has answered; the peer's answer is missing. */
  readonly answered: boolean;
  readonly peerConfirmed: boolean;
  /** Neutralised; empty: the peer gave none. */
  readonly peerName: Uint8Array;
  readonly scrollback: Scrollback;
  /** Files on their way. */
  readonly transfers: Transfers;
  /** Over what the two talk. */
  readonly way: Way;
  /** The session takes more text. */
  readonly welcome: boolean;
  /** The last sentence; undefined: it is not the end. Neutralised. */
  readonly ending: Uint8Array | undefined;
  /** The code must be typed again; `same`: nothing typed stands for the same one. */
  readonly codeWanted: { readonly same: boolean } | undefined;
  /** Words of the present were asked for: `late`, they did not come in time. Undefined: those that are there count. */
  readonly comparing: 'asked' | 'late' | undefined;
  overlay: Overlay;
  /** A letter before that is no answer about the safety words. */
  answerableAt: number;
  /** Messages of the peer that came while something covered them. */
  readonly behind: number;
  /** The first row of the help that is seen. */
  helpTop: number;
  /** The key that was pressed once, and leaves when it is pressed again. */
  leaving: 'Ctrl-C' | 'Esc' | undefined;
  /** The person has asked to leave: nothing more is sent. */
  quitting: boolean;

  show(view: UiView, now: number): void;
  /** Puts words of this program, neutralised, into the scrollback, and looks there. */
  say(...sentences: readonly string[]): void;
  /** The same with names from outside, one a line. */
  sayNames(names: readonly Uint8Array[]): void;
  /** The same with how the peer is called. */
  sayPeerName(): void;
  answer(): void;
  /** The code was typed again. */
  codeTyped(): void;
  /** Overwrites everything. */
  wipe(): void;
}

export function createModel(sanitize: Sanitize): Model {
  const scrollback = createScrollback();
  const transfers = createTransfers();
  const nothing = new Uint8Array(0);
  const model = {
    state: 'idle' as State,
    screen: 'connecting' as Screen,
    since: 0,
    broken: undefined as Broken | undefined,
    relay: nothing as Uint8Array,
    attempt: 0,
    joined: false,
    code: nothing as Uint8Array,
    invite: nothing as Uint8Array,
    link: nothing as Uint8Array,
    words: [] as readonly Uint8Array[],
    coded: false,
    verified: false,
    unverified: false,
    answered: false,
    peerConfirmed: false,
    peerName: nothing as Uint8Array,
    scrollback,
    transfers,
    way: createWay((told) => notice(told)),
    welcome: true,
    ending: undefined as Uint8Array | undefined,
    codeWanted: undefined as { readonly same: boolean } | undefined,
    again: false,
    comparing: undefined as 'asked' | 'late' | undefined,
    covered: undefined as Overlay,
    get overlay() {
      return model.covered;
    },
    set overlay(overlay: Overlay) {
      if (overlay !== model.covered) model.behind = 0;
      model.covered = overlay;
    },
    answerableAt: 0,
    behind: 0,
    helpTop: 0,
    leaving: undefined as 'Ctrl-C' | 'Esc' | undefined,
    quitting: false,
    show,
    say,
    sayNames(names: readonly Uint8Array[]): void {
      for (const name of names) sayBytes(sanitize(name));
    },
    sayPeerName: () => sayBytes(peerCalled()),
    codeTyped() {
      model.codeWanted = undefined;
      model.screen = SCREENS[model.state];
    },
    answer() {
      model.answered = true;
      model.verified = true;
      model.unverified = false;
    },
    wipe() {
      scrollback.clear();
      transfers.wipe();
      wipeCode();
      for (const word of model.words) word.fill(0);
      model.words = [];
      model.peerName.fill(0);
      model.ending?.fill(0);
    },
  };

  function wipeCode(): void {
    for (const bytes of [model.code, model.invite, model.link]) bytes.fill(0);
    model.code = model.invite = model.link = nothing;
  }

  const peerCalled = (): Uint8Array => concat(utf8(UI_WORDS.peerName), model.peerName);

  function sayBytes(text: Uint8Array): void {
    scrollback.add({ type: 'notice', text });
    scrollback.look(undefined);
  }

  function say(...sentences: readonly string[]): void {
    for (const sentence of sentences) sayBytes(sanitize(utf8(sentence)));
  }

  /** A sentence from the session: it does not move what one looks at. */
  function notice(text: string): void {
    scrollback.add({ type: 'notice', text: sanitize(utf8(text)) });
  }

  function enter({ state, broken }: Extract<UiView, { type: 'state' }>, now: number): void {
    if (state === model.state) return;
    model.codeWanted = undefined;
    const screen = model.unverified && state === 'reconnecting' ? 'words' : SCREENS[state];
    if (screen !== model.screen) {
      model.overlay = undefined;
      // Who was writing has not seen them yet.
      if (screen === 'words') model.answerableAt = model.screen === 'chat' ? now + LOOK_MS : now;
    }
    model.state = state;
    model.broken = broken;
    model.screen = screen;
    model.since = now;
    // The code has done its work: it is good for one handshake.
    if (screen === 'chat' || screen === 'words') wipeCode();
  }

  function show(view: UiView, now: number): void {
    switch (view.type) {
      case 'state':
        return enter(view, now);
      case 'code':
        wipeCode();
        model.code = sanitize(view.code);
        model.invite = sanitize(view.invite);
        model.link = plainCopy(view.invite);
        return;
      case 'code-wanted':
        model.codeWanted = { same: view.same };
        model.screen = 'code';
        model.overlay = undefined;
        return;
      case 'safety-words':
        model.comparing = undefined;
        model.words = view.words.map((word) => sanitize(utf8(word)));
        // Of other words than before nothing is known.
        model.answered = model.verified = model.peerConfirmed = false;
        model.unverified = view.required;
        // What the code proved says nothing about words of the present.
        model.coded = !view.required && !model.again;
        if (!view.required) {
          notice(UI_WORDS.safetyWords(view.words.join('  ')));
          notice(UI_WORDS.safetyWordsOptional);
        }
        return;
      case 'comparing':
        for (const word of model.words) word.fill(0);
        model.words = [];
        model.answered = model.verified = model.peerConfirmed = model.coded = false;
        model.again = true;
        model.comparing = view.late ? 'late' : 'asked';
        if (!view.late) notice(UI_WORDS.comparing);
        return;
      case 'message': {
        const name = shownName(view.from, sanitize);
        if (model.overlay !== undefined) model.behind += 1;
        scrollback.add({ type: 'peer', at: view.at, name, text: sanitize(view.text, WHOLE) });
        return;
      }
      case 'own': {
        const text = sanitize(view.text, WHOLE);
        scrollback.add({ type: 'own', at: view.at, id: view.id, text, status: 'held' });
        return;
      }
      case 'status':
        return scrollback.status(view.id, view.status);
      case 'input':
        model.welcome = view.welcome;
        return;
      case 'relay':
        model.relay = sanitize(utf8(view.address));
        model.attempt = view.attempt;
        model.joined = view.joined;
        return;
      case 'path':
      case 'round-trip':
        return model.way.take(view);
      case 'peer': {
        model.peerName.fill(0);
        model.peerName = view.name.length > 0 ? shownName(view.name, sanitize) : nothing;
        if (view.name.length > 0) scrollback.add({ type: 'notice', text: peerCalled() });
        return;
      }
      case 'peer-confirmed':
        model.peerConfirmed = true;
        return notice(UI_WORDS.peerConfirmed);
      case 'file-failed':
        transfers.end(view.id);
        return notice(`${view.text} (${view.code})`);
      case 'notice':
        return notice(`${view.text} (${view.code})`);
      case 'offer':
        transfers.offer(view, sanitize(view.name));
        scrollback.add({
          type: 'notice',
          text: concat(
            utf8((view.incoming ? UI_WORDS.files.offered : UI_WORDS.files.offering)(view)),
            sanitize(view.name),
            utf8(others(view.count)),
          ),
        });
        return;
      case 'progress':
        return transfers.progress(view, now);
      case 'file-done':
        transfers.end(view.id);
        return notice(UI_WORDS.files.done(view));
      case 'ended':
        model.ending = sanitize(utf8(`${view.text} (${view.code})`));
    }
  }

  return model;
}
