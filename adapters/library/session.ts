/**
 * The session as an object: a UiPort on one side, what api.ts promises on the other. No decision about the session may be
 * in this file: that is in the core.
 */
import { EXIT, SecurechatError } from '../../core/errors.js';
import type { State, UiEvent, UiPort, UiView } from '../../core/ports.js';
import { plainCopy } from '../../core/protocol/bytes.js';
import { LIBRARY_WORDS } from '../words/library.js';
import { WRITE_COST } from '../../plugins/kit/outlet.js';
import type { End, Message, SafetyWords, Session } from './api.js';
import { ChatError, toldOf } from './chat-error.js';
import { createDeliveries } from './deliveries.js';
import { createEvents } from './events.js';
import { createMailbox } from './mailbox.js';
import { createSettled, type Settled } from './settled.js';
import type { LibraryTransfers } from './transfers.js';

export interface SessionUiOptions {
  /** A code was made here, and is told once the room is there. */
  readonly created: boolean;
  readonly unreadLimit: number;
  readonly signal: AbortSignal | undefined;
  readonly transfers: (tell: (event: UiEvent) => void) => LibraryTransfers;
  /** Ends the session with this error. */
  readonly fail: (error: SecurechatError) => void;
}

export interface SessionUi {
  readonly port: UiPort;
  readonly session: Session;
  readonly transfers: LibraryTransfers;
  /** Resolves when the relay has the room. */
  readonly met: Promise<void>;
  /** Why the session ended, for who waits for something of it. */
  readonly reason: unknown;
  /** Everything is wiped and closed: `ended` may say so. After `port.close()`. */
  over(): void;
}

type View<Type extends UiView['type']> = Extract<UiView, { type: Type }>;

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

export function createSessionUi({ created, unreadLimit, signal, fail, ...given }: SessionUiOptions): SessionUi {
  let sink: ((event: UiEvent) => void) | undefined;
  let state: State = 'idle';
  let code: string | undefined;
  let link: string | undefined;
  let words: SafetyWords | undefined;
  let answered = false;
  let peer = '';
  let peerConfirmed = false;
  let comparing: Settled<SafetyWords> | undefined;
  /** This side has asked for the end. */
  let leaving = false;
  let end: End | undefined;
  let reason: unknown;
  let unread = 0;
  const met = createSettled<undefined>();
  const ready = createSettled<undefined>();
  const ended = createSettled<End>();
  const events = createEvents();
  const deliveries = createDeliveries();
  const messages = createMailbox<View<'message'>, Message>({ open: read, drop });
  const transfers = given.transfers(tell);

  function tell(event: UiEvent): void {
    if (sink !== undefined && end === undefined) sink(event);
    else if (event.type === 'send') event.text.fill(0);
  }

  // -- messages

  const weightOf = ({ text }: View<'message'>): number => text.length + WRITE_COST;

  function drop(message: View<'message'>): void {
    unread -= weightOf(message);
    message.text.fill(0);
    message.from.fill(0);
  }

  function read(message: View<'message'>): Message {
    const { id, text, from, at } = message;
    const opened = { id, text: decoder.decode(text), from: decoder.decode(from), at };
    drop(message);
    return opened;
  }

  function keep(view: View<'message'>): void {
    const message = { ...view, text: plainCopy(view.text), from: plainCopy(view.from) };
    unread += weightOf(message);
    messages.put(message);
    if (unread > unreadLimit) return fail(new SecurechatError('SC-363', { limit: unreadLimit }));
    // Two programs that both wait for an answer before they read would wait for ever: it is told when it is kept here.
    tell({ type: 'shown', id: view.id });
  }

  // -- what is shown

  function show(view: UiView): void {
    switch (view.type) {
      case 'state':
        state = view.state;
        if (state === 'active') ready.resolve(undefined);
        return events.emit('state', state);
      case 'relay': {
        const { address, attempt, joined } = view;
        if (joined && !created) met.resolve(undefined);
        return events.emit('relay', { address, attempt, joined });
      }
      case 'code':
        code = view.code.length === 0 ? undefined : decoder.decode(view.code);
        link = decoder.decode(view.invite);
        return met.resolve(undefined);
      case 'safety-words':
        return showWords({ words: [...view.words], required: view.required });
      case 'comparing':
        words = undefined;
        if (view.late) unanswered(new ChatError('SC-329'));
        return events.emit('comparing', { late: view.late });
      case 'message':
        return keep(view);
      case 'own':
        return deliveries.taken(view.id);
      case 'status':
        return deliveries.status(view.id, view.status);
      case 'peer':
        peer = decoder.decode(view.name);
        return events.emit('peer', peer);
      case 'peer-confirmed':
        peerConfirmed = true;
        return events.emit('confirmed', undefined);
      case 'round-trip':
        return events.emit('roundTrip', view.ms);
      case 'path':
        return showPath(view);
      case 'offer':
      case 'progress':
      case 'file-done':
      case 'file-failed':
        return transfers.show(view);
      case 'notice':
        return notice(view);
      case 'ended':
        return finish(view);
      default:
        // What only a person has use for.
        return;
    }
  }

  function showWords(shown: SafetyWords): void {
    words = shown;
    answered = false;
    comparing?.resolve(shown);
    comparing = undefined;
    events.emit('words', shown);
  }

  function showPath(view: View<'path'>): void {
    // Nothing of a program's own can ask for it.
    if (view.path === 'local network') return;
    events.emit(
      'path',
      view.path === 'direct' ? { path: view.path, address: view.address } : { path: view.path, why: view.why },
    );
  }

  function unanswered(error: unknown): void {
    comparing?.reject(error);
    comparing = undefined;
  }

  function notice({ code: about, text }: View<'notice'>): void {
    // What else could be refused is refused before it is asked for.
    if (about === 'SC-312') unanswered(new ChatError('SC-312'));
    const { sentence, remedy } = toldOf(text);
    events.emit('notice', { code: about, text: sentence, remedy });
  }

  function finish({ code: why, exit, text }: View<'ended'>): void {
    const told = toldOf(text);
    end = { code: why, exit, reason: told.sentence, remedy: told.remedy };
    reason = signal?.aborted === true ? (signal.reason as unknown) : new ChatError(why, {}, told);
    const orderly = exit === EXIT.ok || (leaving && signal?.aborted !== true);
    const forReaders = orderly ? undefined : reason;
    deliveries.end(exit === EXIT.ok ? new ChatError('SC-362') : reason);
    if (leaving) messages.clear();
    messages.end(forReaders);
    transfers.end(forReaders);
    ready.reject(reason);
    unanswered(reason);
  }

  // -- what is done

  const gone = (): boolean => end !== undefined || state === 'closing';
  const refuse = (): ChatError =>
    new ChatError('SC-312', {}, leaving || gone() ? { sentence: LIBRARY_WORDS.over, remedy: '' } : undefined);

  function confirm(match: boolean): void {
    if (words === undefined || gone() || (match && answered)) throw refuse();
    answered = true;
    tell({ type: 'confirm', match });
  }

  function leave(event: UiEvent): Promise<End> {
    leaving = true;
    if (end !== undefined) messages.clear();
    tell(event);
    return ended.promise;
  }

  let closing: Promise<End> | undefined;
  const close = (): Promise<End> => (closing ??= leave({ type: 'quit' }));
  const abort = (): void => tell({ type: 'interrupt' });

  const session: Session = {
    get code() {
      return code;
    },
    get link() {
      return link;
    },
    get state() {
      return state;
    },
    get words() {
      return words;
    },
    get peer() {
      return peer;
    },
    get peerConfirmed() {
      return peerConfirmed;
    },
    ready: ready.promise,
    ended: ended.promise,
    messages: { [Symbol.asyncIterator]: () => messages[Symbol.asyncIterator]() },
    offers: { [Symbol.asyncIterator]: () => transfers.offers[Symbol.asyncIterator]() },
    send(text) {
      if (gone() || leaving) return Promise.reject(refuse());
      return deliveries.send(text, (bytes) => tell({ type: 'send', text: bytes }));
    },
    sendFiles(files, options) {
      if (gone() || leaving) throw refuse();
      return transfers.sendFiles(files, options);
    },
    confirm: () => confirm(true),
    deny: () => confirm(false),
    compareAgain() {
      if (state !== 'active' || leaving) return Promise.reject(refuse());
      comparing ??= createSettled();
      const { promise } = comparing;
      tell({ type: 'compare-again' });
      return promise;
    },
    on: events.on,
    close,
    wipe: () => leave({ type: 'wipe' }),
    async [Symbol.asyncDispose]() {
      await close();
    },
  };

  let closed = false;
  return {
    session,
    transfers,
    met: met.promise,
    get reason() {
      return reason;
    },
    port: {
      open(to) {
        sink = to;
        if (signal?.aborted === true) queueMicrotask(abort);
        signal?.addEventListener('abort', abort);
      },
      show(view) {
        if (!closed) show(view);
      },
      close() {
        // Whoever waits for something is not left waiting, also where no end was shown.
        if (end === undefined) finish({ type: 'ended', code: 'SC-501', exit: EXIT.internal, text: '' });
        closed = true;
        sink = undefined;
        signal?.removeEventListener('abort', abort);
        return Promise.resolve();
      },
    },
    over() {
      if (end === undefined) return;
      ended.resolve(end);
      events.emit('end', end);
      events.end();
    },
  };
}
