/**
 * What the status line says. The rules:
 *  - stdout: `securechat: <state>`, then what there is to say about it; a line is written only when it differs from the
 *    one before. Notices and a new code are on stderr, where a bar does not look.
 *  - A bar cannot show a message whole: the peer is told that it was delivered when somebody says `seen`.
 *  - Text and names from outside are shown only when that was asked for, pass through `context.sanitize` first, and are cut.
 *  - Bars give `#`, `<` and `&` a meaning (tmux styles, Pango markup): of text from outside they are shown full-width.
 * Text is bytes from the core to the stream, never a JavaScript string, and is overwritten when it is out.
 */
import { createOutlet, type State, type UiContext, type UiEvent, type UiPort, type UiView } from 'securechat/plugin';
import { readCommands } from './commands.js';
import { createNewest } from './newest.js';

/** Characters of a name, of a message, and of the program's last sentence. */
export const NAME_SHOWN = 20;
export const TEXT_SHOWN = 60;
export const SENTENCE_SHOWN = 300;

/** Of `destroyed` the program's last sentence tells more. */
const STATES: Readonly<Record<Exclude<State, 'destroyed'>, string>> = {
  idle: 'starting',
  searching: 'waiting',
  handshaking: 'connecting',
  confirming: 'do the words match?',
  active: 'active',
  reconnecting: 'reconnecting',
  closing: 'leaving',
};

export function createStatusLine(options: { readonly text: boolean }, context: UiContext): UiPort {
  const { input, output, errors, sanitize, clock } = context;
  let sink: (event: UiEvent) => void = () => undefined;
  let state: keyof typeof STATES = 'idle';
  let unread = 0;
  let received: number | undefined;
  let words = '';
  /** `name: text` of the newest message, neutralised and cut. */
  let newest = new Uint8Array(0);
  let last = new Uint8Array(0);
  let closing: Promise<void> | undefined;

  const tell = (event: UiEvent): void => {
    if (closing === undefined) sink(event);
  };
  const bar = createNewest(createOutlet(output, clock, (why) => tell({ type: 'gone', why })));
  const notices = createNewest(createOutlet(errors, clock, () => undefined));
  const commands = readCommands(input, (command) => {
    if (command === 'seen') seen();
    else if (command === 'unknown') tell({ type: 'malformed', why: 'this UI knows: seen, yes, no, quit' });
    else if (command === 'quit' || command === 'end-of-input') tell({ type: command });
    else tell({ type: 'confirm', match: command === 'yes' });
  });

  function seen(): void {
    unread = 0;
    if (received !== undefined) tell({ type: 'shown', id: received });
    newest.fill(0);
    newest = new Uint8Array(0);
    draw();
  }

  function draw(): void {
    const parts = [STATES[state]];
    if (state === 'confirming' && words !== '') parts.push(words);
    if (unread > 0) parts.push(`${String(unread)} unread`);
    const text = sanitize(utf8(`securechat: ${parts.join(', ')}`));
    line(newest.length > 0 ? join(text, utf8(', '), newest) : text);
  }

  /** Takes `text` over. */
  function line(text: Uint8Array): void {
    const whole = join(text, utf8('\n'));
    text.fill(0);
    if (Buffer.compare(whole, last) === 0) return;
    last.fill(0);
    last = Uint8Array.from(whole);
    bar.write(whole);
  }

  function message({ id, from, text }: Extract<UiView, { type: 'message' }>): void {
    unread += 1;
    received = id;
    if (!options.text) return;
    const [who, what] = [shown(from, NAME_SHOWN), shown(text, TEXT_SHOWN)];
    newest.fill(0);
    newest = join(who.length > 0 ? who : utf8('peer'), utf8(': '), what);
    who.fill(0);
    what.fill(0);
  }

  function shown(text: Uint8Array, characters: number): Uint8Array {
    const safe = sanitize(text);
    const short = cut(safe, characters);
    const plain = withoutMarkup(short);
    for (const used of [safe, short]) used.fill(0);
    return plain;
  }

  /** A line for stderr. */
  function notice(...parts: Uint8Array[]): void {
    notices.write(join(utf8('-- '), ...parts, utf8('\n')));
    for (const part of parts) part.fill(0);
  }

  function show(view: UiView): void {
    switch (view.type) {
      case 'state':
        if (view.state === 'destroyed') return;
        state = view.state;
        return draw();
      case 'message':
        message(view);
        return draw();
      case 'safety-words':
        words = view.required ? view.words.join(' ') : '';
        return draw();
      case 'comparing':
        words = '';
        return draw();
      case 'code':
        if (view.code.length > 0) return notice(utf8('Tell your peer:  '), sanitize(view.code));
        return notice(utf8('Send your peer this link:  '), sanitize(view.invite));
      case 'code-wanted':
        // Nobody can type one into a bar.
        return tell({ type: 'end-of-input' });
      case 'notice':
        return notice(sanitize(utf8(`${view.text} (${view.code})`)));
      case 'ended':
        return line(shown(utf8(`securechat: ${view.text} (${view.code})`), SENTENCE_SHOWN));
      // Nothing is sent from here, and a bar is no place for the rest.
      case 'own':
      case 'relay':
      case 'path':
      case 'status':
      case 'input':
      case 'round-trip':
      case 'peer':
      case 'peer-confirmed':
      case 'offer':
      case 'progress':
      case 'file-done':
      case 'file-failed':
    }
  }

  return {
    open(to) {
      sink = to;
      commands.open();
    },
    show(view) {
      if (closing === undefined) show(view);
    },
    close() {
      closing ??= (async () => {
        commands.close();
        newest.fill(0);
        last.fill(0);
        await Promise.all([bar.flush(), notices.flush()]);
      })();
      return closing;
    },
  };
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** One buffer of its own. Buffer.concat would take it from a shared pool. */
function join(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** The first characters of well-formed UTF-8, and `…` when there are more. */
export function cut(text: Uint8Array, characters: number): Uint8Array {
  let seen = 0;
  for (let at = 0; at < text.length; at++) {
    const isFirstByte = ((text[at] ?? 0) & 0xc0) !== 0x80;
    if (isFirstByte && seen++ === characters) return join(text.subarray(0, at), utf8('…'));
  }
  return text.slice();
}

/** U+FF03, U+FF1C, U+FF06 in place of `#`, `<`, `&`. */
export function withoutMarkup(text: Uint8Array): Uint8Array {
  const meant = text.reduce((count, byte) => count + (byte in MARKUP ? 1 : 0), 0);
  const out = new Uint8Array(text.length + 2 * meant);
  let at = 0;
  for (const byte of text) {
    const wide = MARKUP[byte];
    out.set(wide ?? [byte], at);
    at += wide?.length ?? 1;
  }
  return out;
}

const MARKUP: Readonly<Record<number, readonly number[]>> = {
  0x23: [0xef, 0xbc, 0x83],
  0x3c: [0xef, 0xbc, 0x9c],
  0x26: [0xef, 0xbc, 0x86],
};
