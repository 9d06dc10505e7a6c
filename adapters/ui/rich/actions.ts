/**
 * What each key does, on each screen. It changes the model and the editor and tells the session; when and how that is drawn
 * may not be decided in this file.
 */
import type { ClockPort, UiEvent } from '../../../core/ports.js';
import { plainCopy } from '../../../core/protocol/bytes.js';
import { UI_WORDS } from '../../words/line.js';
import { SCREEN_WORDS } from '../../words/screen.js';
import { moved, unfold } from './chat-rows.js';
import type { CodeHelp } from '../code-help.js';
import { createCodeEntry } from './code-entry.js';
import { type CommandName, meaningOf } from './commands.js';
import type { Editor, Origin } from '../../terminal/editor.js';
import type { History } from './history.js';
import type { Key } from '../../terminal/keymap.js';
import type { KeyEvent } from '../../terminal/keys.js';
import { chatHeight, isTooSmall, placeOf, type Scene, type Size } from './layout.js';
import type { Model } from './model.js';
import { type CompletePath, completePathIn } from './path-completion.js';

export interface ActionsOptions {
  readonly clock: ClockPort;
  readonly model: Model;
  readonly editor: Editor;
  readonly history: History;
  readonly scene: () => Scene;
  readonly size: () => Size;
  readonly tell: (event: UiEvent) => void;
  /** Paths that begin like this one, folders with a slash behind; absent: this chat reads no files. */
  readonly completePath?: CompletePath | undefined;
  readonly codeHelp?: CodeHelp | undefined;
}

export interface Actions {
  /** A sound is wanted for each message. */
  readonly bell: boolean;
  /** What is told about a code that is typed again. */
  readonly codeHint: string;
  /** What is left to be done with the terminal, if anything. */
  take(event: KeyEvent): 'suspend' | 'repaint' | undefined;
}

/** What is recalled was sent as it stands: it does not become a command by being recalled. */
const RECALLED: Origin = { pasted: true, startPasted: true };
/** Milliseconds without a letter after which the next one is an answer. */
const PAUSE_MS = 1000;
const MATCH = 0x6d;
const DIFFER = 0x78;

export function createActions(options: ActionsOptions): Actions {
  const { model, editor, history, tell } = options;
  let bell = false;
  /** Bytes of the paste that found no room. */
  let lost = 0;
  let draft: Origin = { pasted: false, startPasted: false };
  /** The session heard that the words match: it takes a yes once. */
  let confirmed = false;
  const code = createCodeEntry(model, editor, options.codeHelp, tell);

  function take(event: KeyEvent): 'suspend' | 'repaint' | undefined {
    if (event.type !== 'key') {
      model.leaving = undefined;
      write(event);
      return undefined;
    }
    const { key } = event;
    if (key === 'suspend' || key === 'repaint') return key;
    if (key === 'unknown') return undefined;
    const again = model.leaving !== undefined;
    model.leaving = undefined;
    if (key === 'interrupt') interrupt(again);
    else if (model.overlay !== undefined && covered(key)) return undefined;
    else if (key === 'help') openHelp();
    else if (key === 'more' && model.screen === 'chat') more();
    else if (key === 'words' && model.screen === 'chat') openWords();
    else if (model.screen === 'code') codeKey(key, again);
    else if (model.screen === 'chat') chatKey(key);
    else startKey(key, again);
    return undefined;
  }

  // -- text

  function write(event: Exclude<KeyEvent, { type: 'key' }>): void {
    if (model.screen === 'words' && model.overlay === undefined) {
      // A paste is no answer.
      if (event.type === 'text' && !isTooSmall(options.size())) answer(event.text);
      return;
    }
    if (event.type === 'paste-end') code.pasteEnd();
    else if (model.screen === 'code') code.text(event.text, event.type === 'paste');
    if (model.screen !== 'chat') return;
    model.overlay = undefined;
    if (event.type !== 'paste-end') lost += editor.insert(event.text, event.type === 'paste');
    if (event.type === 'paste' || lost === 0) return;
    model.say(SCREEN_WORDS.full(lost));
    lost = 0;
  }

  function answer(text: Uint8Array): void {
    const now = options.clock.now();
    if (now < model.answerableAt) {
      // Still writing: only after a pause it is an answer.
      model.answerableAt = Math.max(model.answerableAt, now + PAUSE_MS);
      return;
    }
    if (text.length !== 1 || model.answered) return;
    // Small letters and capitals.
    const letter = (text[0] ?? 0) | 0x20;
    if (letter === MATCH) {
      confirm();
    } else if (letter === DIFFER) {
      tell({ type: 'confirm', match: false });
    }
  }

  function confirm(): void {
    // The words on the screen are not those of now.
    if (model.comparing !== undefined) return model.say(UI_WORDS.comparing);
    const known = model.words.length > 0;
    if (known) model.answer();
    // Of words of the present only a no concerns the session.
    if (known && confirmed && model.screen !== 'words') return model.say(UI_WORDS.status.verified);
    confirmed ||= known;
    if (known && model.screen !== 'words') model.say(UI_WORDS.status.verified);
    tell({ type: 'confirm', match: true });
  }

  // -- keys

  /** The first time it is only said what the second time does, where there is something to lose. */
  function interrupt(again: boolean): void {
    const { screen, state, quitting } = model;
    const atOnce = screen === 'connecting' || screen === 'waiting' || state === 'closing' || quitting;
    if (atOnce || again) tell({ type: 'interrupt' });
    model.leaving = atOnce ? undefined : 'Ctrl-C';
  }

  /** A key while something covers the screen. False: it means what it always means, and the screen is free again. */
  function covered(key: Key): boolean {
    const help = model.overlay === 'help';
    if (help && (key === 'page-down' || key === 'down')) model.helpTop = Math.min(model.helpTop + 5, LAST_HELP);
    else if (help && (key === 'page-up' || key === 'up')) model.helpTop = Math.max(0, model.helpTop - 5);
    else if (!help && key === 'words') {
      // Pressed once more it asks for words of the present.
      model.overlay = undefined;
      tell({ type: 'compare-again' });
    } else {
      model.overlay = undefined;
      return key === 'escape' || key === 'help' || key === 'words' || key === 'enter';
    }
    return true;
  }

  function openHelp(): void {
    model.overlay = 'help';
    model.helpTop = 0;
  }

  function openWords(): void {
    if (model.words.length === 0 && model.comparing === undefined) model.say(UI_WORDS.noSafetyWords);
    else model.overlay = 'words';
  }

  /** Before there is a chat, and while the words are compared: Enter does nothing. */
  function startKey(key: Key, again: boolean): void {
    if (key === 'end-of-input') tell({ type: 'quit' });
    else if (key === 'escape' && model.screen !== 'words') cancel(again);
  }

  function codeKey(key: Key, again: boolean): void {
    if (code.key(key)) return;
    if (key === 'escape') return cancel(again);
    if (key === 'end-of-input' && editor.length === 0) return tell({ type: 'quit' });
    EDITING[key]?.(editor);
  }

  /** An Esc may be what a slow line left of another key: a code that was told to somebody is not lost by it. */
  function cancel(again: boolean): void {
    if (again) tell({ type: 'quit' });
    model.leaving = 'Esc';
  }

  function chatKey(key: Key): void {
    switch (key) {
      case 'enter':
        return enter();
      case 'tab':
        return completePathIn(editor, model, options.completePath);
      case 'newline':
        lost += editor.insert(Uint8Array.of(0x0a), false);
        return;
      case 'end-of-input':
        if (editor.length === 0) quit();
        else editor.delete();
        return;
      case 'page-up':
        return scroll(-1);
      case 'page-down':
        return scroll(1);
      case 'end':
        if (model.scrollback.anchor === undefined) editor.lineEnd();
        else model.scrollback.look(undefined);
        return;
      case 'up':
        if (!editor.up()) older();
        return;
      case 'down':
        if (!editor.down()) newer();
        return;
      default:
        EDITING[key]?.(editor);
    }
  }

  function scroll(pages: number): void {
    const size = options.size();
    const height = chatHeight(options.scene(), size);
    const place = placeOf(options.scene(), size.columns);
    model.scrollback.look(moved(model.scrollback, place, pages * Math.max(1, height - 1), height));
  }

  /** Unfolds what one looks at, and stays where the text went on. */
  function more(): void {
    const size = options.size();
    const place = placeOf(options.scene(), size.columns);
    const found = unfold(model.scrollback, place, chatHeight(options.scene(), size));
    if (!found) model.say(UI_WORDS.noMore);
  }

  function older(): void {
    const current = editor.copy();
    if (!history.recalls(current)) draft = { pasted: editor.pasted, startPasted: editor.startPasted };
    const found = history.older(current);
    current.fill(0);
    if (found !== undefined) editor.replace(found.text, RECALLED);
  }

  function newer(): void {
    const current = editor.copy();
    const found = history.newer(current);
    current.fill(0);
    if (found !== undefined) editor.replace(found.text, found.draft ? draft : RECALLED);
  }

  // -- Enter

  function enter(): void {
    const text = editor.copy();
    const meaning = meaningOf(text, editor);
    switch (meaning.type) {
      case 'nothing':
        break;
      case 'misused':
        model.say(UI_WORDS[meaning.usage]);
        break;
      case 'pasted':
        model.say(SCREEN_WORDS.pasted);
        break;
      case 'unknown':
        model.say(UI_WORDS.unknown);
        break;
      case 'file':
        editor.clear();
        tell(meaning.event);
        break;
      case 'command':
        editor.clear();
        perform(meaning.name);
        break;
      case 'message':
        send(meaning.text);
        break;
    }
    text.fill(0);
  }

  /** What cannot be sent stays where it is. */
  function send(text: Uint8Array): void {
    const { state, quitting } = model;
    if (state === 'closing' || state === 'destroyed' || quitting) return model.say(SCREEN_WORDS.notNow);
    if (!model.welcome) return model.say(SCREEN_WORDS.held);
    history.add(text);
    editor.clear();
    model.scrollback.look(undefined);
    tell({ type: 'send', text: plainCopy(text) });
  }

  function perform(name: CommandName): void {
    switch (name) {
      case 'help':
        return openHelp();
      case 'quit':
        return quit();
      case 'more':
        return more();
      case 'verify':
        return openWords();
      case 'verify yes':
        return confirm();
      case 'verify again':
        return tell({ type: 'compare-again' });
      case 'verify no':
        return tell({ type: 'confirm', match: false });
      case 'clear':
        // What was sent is something that was said.
        history.clear();
        return model.scrollback.clear();
      case 'status':
        return status();
      case 'bell':
        bell = !bell;
        return model.say(SCREEN_WORDS.bell(bell));
      case 'name':
        if (model.peerName.length > 0) model.sayPeerName();
        else model.say(UI_WORDS.peerNameless);
        return model.say(UI_WORDS.ownName);
      case 'wipe':
        return wipe();
    }
  }

  function quit(): void {
    const { held, sent } = model.scrollback.counts;
    if (model.state === 'reconnecting' && model.quitting) model.say(UI_WORDS.leavingNow);
    // Of text that waits the session tells.
    else if (model.state === 'reconnecting' && held + sent === 0) model.say(UI_WORDS.leavingUnheard);
    model.quitting = true;
    tell({ type: 'quit' });
  }

  function status(): void {
    const { scrollback } = model;
    const words = UI_WORDS.status;
    const proof = model.verified ? words.verified : words.unverified;
    model.say(proof, words.messages(scrollback.counts), ...model.way.lines(model.state));
  }

  /** The panic key: what is here is gone before anything else happens, and the session does not wait for the peer. */
  function wipe(): void {
    history.clear();
    model.wipe();
    tell({ type: 'wipe' });
  }

  return {
    get bell() {
      return bell;
    },
    get codeHint() {
      return code.hint;
    },
    take,
  };
}

const LAST_HELP = SCREEN_WORDS.help.length - 1;

const EDITING: Partial<Readonly<Record<Key, (editor: Editor) => unknown>>> = {
  backspace: (editor) => editor.backspace(),
  delete: (editor) => editor.delete(),
  'delete-word': (editor) => editor.deleteWord(),
  'delete-to-start': (editor) => editor.deleteToStart(),
  'delete-to-end': (editor) => editor.deleteToEnd(),
  left: (editor) => editor.left(),
  right: (editor) => editor.right(),
  'word-left': (editor) => editor.wordLeft(),
  'word-right': (editor) => editor.wordRight(),
  home: (editor) => editor.lineStart(),
  'line-start': (editor) => editor.lineStart(),
  'line-end': (editor) => editor.lineEnd(),
};
