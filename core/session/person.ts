/**
 * The person at this side: what is typed and taken or refused, patience, absence, the end of the input. What that leads to
 * is returned, and a session is ended in session.ts alone. No connection and no key may be in this file.
 */
import { MESSAGE_LIMIT } from '../limits.js';
import type { Code } from '../errors.js';
import type { UiEvent } from '../ports.js';
import type { Host } from './events.js';
import type { Ending, Goodbye } from './goodbye.js';
import type { Meeting } from './meeting.js';
import type { Outgoing } from './outgoing.js';
import type { Talk } from './talk.js';
import { createTimers } from '../timers.js';
import type { Transfers } from './transfers.js';
import type { Transition } from './transitions.js';
import { quick } from '../quick.js';

export interface PersonOptions {
  readonly meeting: Meeting;
  /** Once there are keys. */
  readonly talk: () => Talk | undefined;
  readonly sender: Outgoing;
  readonly goodbye: Goodbye;
  readonly transfers: Transfers;
  /** Whether the table has such a way from here. */
  readonly may: (transition: Transition) => boolean;
  /** Without a sign of the person goodbye is said after this many milliseconds; NEVER: it is not. */
  readonly idleTimeout: number;
}

export interface Person {
  /** Texts of a script that could not be taken: what ends so is no success. */
  readonly unsent: number;
  /** From now on there is a session. */
  open(now: number): void;
  handle(event: UiEvent, now: number): Ending | undefined;
  tick(now: number): Ending | undefined;
  wakeAt(): number;
}

export function createPerson(host: Host, options: PersonOptions): Person {
  const { meeting, talk, sender, goodbye, transfers, may } = options;
  const timers = createTimers<'idle'>();
  let opened = false;
  let inputEnded = false;
  let fullTold = false;
  let interrupts = 0;
  let unsent = 0;

  const parting = (): boolean => !goodbye.open || goodbye.refused;

  function present(now: number): void {
    timers.set('idle', now + options.idleTimeout);
  }

  function send(text: Uint8Array, now: number): undefined {
    const closed = !opened || inputEnded || parting();
    if (!closed && text.length > 0 && text.length <= MESSAGE_LIMIT) {
      sender.add(text, now);
      if (may('resumed') && sender.full && !fullTold) host.notice('SC-327');
      fullTold = sender.full;
      talk()?.said();
      return;
    }
    if (closed) host.notice('SC-312');
    else if (text.length > 0) host.notice('SC-309', { bytes: text.length, limit: MESSAGE_LIMIT });
    text.fill(0);
  }

  function confirm(match: boolean, now: number): undefined {
    const possible = may(match ? 'wordsMatch' : 'wordsDiffer') && talk()?.confirm(match, now) === true;
    if (!possible) host.notice('SC-312');
  }

  function compareAgain(now: number): undefined {
    const possible = may('leave') && talk()?.compareAgain(now) === true;
    if (!possible) host.notice('SC-312');
  }

  /** Goodbye when there is somebody to say it to; otherwise the end. */
  function leave(code: Code, now: number): Ending | undefined {
    transfers.cancelAll();
    const somebody = talk();
    if (somebody !== undefined) return somebody.leave(code, now);
    const count = sender.undelivered;
    const owed = (code === 'SC-317' || code === 'SC-326') && count > 0;
    return owed ? { code: 'SC-306', detail: { count } } : { code, detail: {} };
  }

  /** Nobody is left to compare the words, or nothing was given to send: both must be told, not hang. */
  function endOfInput(now: number): Ending | undefined {
    inputEnded = true;
    const unasked = meeting.inputEnded();
    if (unasked !== undefined) return unasked;
    const somebody = talk();
    if (somebody?.trusted === false) return leave('SC-310', now);
    // What was offered is waited for.
    if (transfers.busy) return undefined;
    if (somebody !== undefined) return leave('SC-317', now);
    return sender.held === 0 ? { code: 'SC-310', detail: { what: 'peer' } } : undefined;
  }

  /** The first one says goodbye, the second one does not wait; whoever is leaving already, or has been left, has waited. */
  function interrupt(code: Code, leaving: boolean, now: number): Ending | undefined {
    interrupts += 1;
    if (interrupts === 1 && !leaving) return leave(code, now);
    // What there was to say is said, and how it ended does not change any more.
    if (goodbye.over) return goodbye.ending(sender.undelivered);
    talk()?.abort(now, goodbye.reason);
    return { code, detail: {} };
  }

  return quick({
    get unsent() {
      return unsent;
    },

    open(now) {
      opened = true;
      present(now);
    },

    handle(event, now) {
      // What the UI shows by itself is no sign of a person.
      if (event.type !== 'shown') present(now);
      switch (event.type) {
        case 'send':
          return send(event.text, now);
        case 'confirm':
          return confirm(event.match, now);
        case 'code':
          return meeting.typed(event.code, now);
        case 'compare-again':
          return compareAgain(now);
        case 'offer':
        case 'accept':
        case 'reject':
        case 'cancel':
          transfers.ui(event, now);
          return undefined;
        case 'quit':
          return leave('SC-317', now);
        case 'end-of-input':
          return endOfInput(now);
        case 'interrupt':
          return interrupt('SC-311', goodbye.phase !== 'none', now);
        case 'wipe':
          return { code: 'SC-311', detail: {} };
        case 'gone':
          return interrupt(event.why === 'unread' ? 'SC-513' : 'SC-505', false, now);
        case 'shown':
          talk()?.shown(event.id);
          return undefined;
        case 'activity':
          return undefined;
        case 'malformed':
          if (event.lost === true) unsent += 1;
          return host.notice('SC-313', { why: event.why });
      }
    },

    tick(now) {
      const absent = timers.rings('idle', now) && !parting() ? leave('SC-326', now) : undefined;
      if (absent !== undefined) return absent;
      return inputEnded && goodbye.phase === 'none' && talk() !== undefined ? endOfInput(now) : undefined;
    },

    wakeAt: () => timers.next(),
  });
}
