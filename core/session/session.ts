/**
 * The session: one pure machine from the room code to the wipe. `handle` takes what happened, the time, and what waits in
 * the transport, and returns what is to be done; `wakeAt` says when it wants to be called again. Each step may return how
 * the session ends, and only `handle` ends it, after that step. No I/O, no clock, no sentence may be in this file; states
 * and their changes are in transitions.ts.
 *
 *   idle ──▶ meeting (meeting.ts) ──▶ talking (talk.ts) ──▶ over
 */
import { CODES, type Code, EXIT, isSecurechatError } from '../errors.js';
import type { State, UiEvent } from '../ports.js';
import type { Established } from '../protocol/handshake-keys.js';
import { MESSAGE_LIMIT } from '../protocol/text.js';
import type { Effect, Host, SessionEvent } from './events.js';
import { createTransfers } from './transfers.js';
import { createGoodbye, type Ending } from './goodbye.js';
import { createLine, type LineEvent } from './line.js';
import { createMeeting, type MeetingEvent, type MeetingOptions } from './meeting.js';
import { createOutgoing } from './outgoing.js';
import { createTalk, type Talk } from './talk.js';
import { createTimers, NEVER } from './timers.js';
import { move, next } from './transitions.js';

export interface SessionOptions extends MeetingOptions {
  readonly receipts: boolean;
  /** Without a sign of the person the session says goodbye after this many milliseconds; NEVER: it does not. */
  readonly idleTimeout: number;
  /** Hold own messages to the rate meant for people. */
  readonly pace: boolean;
  /** The list of 2048 words. */
  readonly words: readonly string[];
  /** There is an adapter for files or a pipe. */
  readonly bulk?: boolean;
}

/** A wake-up that comes this many milliseconds late: this process was stopped or the machine slept. */
export const SLEPT = 10_000;
/** A provisional side is found again by a new handshake at most this often. */
export const REPLACED_LIMIT = 5;

export interface Session {
  readonly state: State;
  /** When `handle({type: 'wake'})` is wanted; NEVER: not before something else happens. */
  wakeAt(now: number): number;
  /** `waiting`: bytes that the connection has taken and the system has not, at this moment. Never throws. */
  handle(event: SessionEvent, now: number, waiting?: number): readonly Effect[];
}

type Phase = { readonly at: 'idle' | 'meeting' | 'over' } | { readonly at: 'talking'; readonly talk: Talk };

export function createSession(options: SessionOptions): Session {
  let state: State = 'idle';
  let phase: Phase = { at: 'idle' };
  let effects: Effect[] = [];
  /** When this session wanted to be called last. */
  let wanted = NEVER;
  let inputEnded = false;
  let fullTold = false;
  let interrupts = 0;
  let replaced = 0;
  /** Texts of a script that could not be taken: what ends so is no success. */
  let unsent = 0;
  const gaps = { count: 0 };
  const timers = createTimers<'idle'>();

  const host: Host = {
    emit: (effect) => void effects.push(effect),
    notice(code, detail = {}) {
      host.emit({ type: 'show', view: { type: 'notice', code, detail } });
    },
    move(transition) {
      const to = move(state, transition);
      if (to === state) return;
      state = to;
      host.emit({ type: 'show', view: { type: 'state', state } });
    },
  };
  const line = createLine(host, options.crypto, options.direct);
  const sender = createOutgoing(host, options.pace);
  const goodbye = createGoodbye();
  const meeting = createMeeting(host, line, options);
  const transfers = createTransfers(host, options.bulk === true);

  // -- what happens

  function step(event: SessionEvent, now: number): Ending | undefined {
    switch (event.type) {
      case 'start':
        return start(now);
      case 'ui':
        // Text waits for the end of the turn: what else comes in it goes into the same frame.
        return ui(event.event, now) ?? (event.event.type === 'send' ? undefined : tick(now));
      case 'transport':
        return arrived(line.handle(event.event, now), now);
      case 'bulk':
        transfers.bulk(event.event, now);
        return tick(now);
      case 'path':
        return phase.at === 'talking' ? (reached(phase.talk.path(event.event, now), now) ?? tick(now)) : undefined;
      case 'wake':
        return tick(now);
      case 'failed':
        throw event.error;
    }
  }

  function start(now: number): undefined {
    timers.set('idle', now + options.idleTimeout);
    host.move('start');
    phase = { at: 'meeting' };
    meeting.start(now);
  }

  function arrived(event: LineEvent | undefined, now: number): Ending | undefined {
    if (event === undefined) return undefined;
    if (phase.at === 'meeting') return reached(meeting.handle(event, now), now);
    return phase.at === 'talking' ? reached(phase.talk.handle(event, now), now) : undefined;
  }

  function tick(now: number): Ending | undefined {
    const idle = timers.rings('idle', now) && state !== 'closing' ? leave('SC-326', now) : undefined;
    const given = inputEnded && goodbye.phase === 'none' && phase.at === 'talking' ? endOfInput(now) : undefined;
    const ending = idle ?? given ?? arrived(line.tick(now), now);
    if (ending !== undefined) return ending;
    if (phase.at === 'meeting') return reached(meeting.tick(now), now);
    return phase.at === 'talking' ? reached(phase.talk.tick(now), now) : undefined;
  }

  function reached(event: MeetingEvent | undefined, now: number): Ending | undefined {
    return event?.type === 'established' ? established(event.result, now) : event;
  }

  function established(result: Established, now: number): Ending | undefined {
    line.worked(now);
    if (phase.at === 'talking') {
      // Provisional A found its peer by a new handshake: what it had before was known to nobody.
      replaced += 1;
      phase.talk.wipe();
      sender.restart();
      goodbye.resumed(true);
    }
    const talk = createTalk(
      host,
      line,
      { ...options, established: result, meeting, sender, goodbye, transfers, gaps },
      now,
    );
    phase = { at: 'talking', talk };
    if (replaced > REPLACED_LIMIT) return { code: 'SC-410', detail: {} };
    if (inputEnded && goodbye.phase === 'none') endOfInput(now);
    return reached(talk.tick(now), now);
  }

  /** A connection that nobody looked after for so long is not believed to be up. */
  function slept(now: number): void {
    if (phase.at === 'meeting') meeting.slept(now);
    if (phase.at === 'talking') phase.talk.slept(now);
  }

  // -- the person

  function ui(event: UiEvent, now: number): Ending | undefined {
    timers.set('idle', now + options.idleTimeout);
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
        return interrupt('SC-311', now);
      case 'wipe':
        return { code: 'SC-311', detail: {} };
      case 'gone':
        return interrupt(event.why === 'unread' ? 'SC-513' : 'SC-505', now);
      case 'activity':
        return undefined;
      case 'malformed':
        if (event.lost === true) unsent += 1;
        return host.notice('SC-313', { why: event.why });
    }
  }

  function send(text: Uint8Array, now: number): undefined {
    const closed = state === 'idle' || state === 'closing' || inputEnded;
    if (!closed && text.length > 0 && text.length <= MESSAGE_LIMIT) {
      sender.add(text, now);
      if (state === 'reconnecting' && sender.full && !fullTold) host.notice('SC-327');
      fullTold = sender.full;
      return;
    }
    if (closed) host.notice('SC-312');
    else if (text.length > 0) host.notice('SC-309', { bytes: text.length, limit: MESSAGE_LIMIT });
    text.fill(0);
  }

  function confirm(match: boolean, now: number): undefined {
    const possible = next(state, match ? 'wordsMatch' : 'wordsDiffer') !== undefined;
    if (!possible || phase.at !== 'talking' || !phase.talk.confirm(match, now)) host.notice('SC-312');
  }

  function compareAgain(now: number): undefined {
    if (state !== 'active' || phase.at !== 'talking' || !phase.talk.compareAgain(now)) host.notice('SC-312');
  }

  /** Goodbye when there is somebody to say it to; otherwise the end. */
  function leave(code: Code, now: number): Ending | undefined {
    transfers.cancelAll();
    if (phase.at === 'talking') return phase.talk.leave(code, now);
    const count = sender.undelivered;
    const owed = (code === 'SC-317' || code === 'SC-326') && count > 0;
    return owed ? { code: 'SC-306', detail: { count } } : { code, detail: {} };
  }

  function endOfInput(now: number): Ending | undefined {
    inputEnded = true;
    const unasked = meeting.inputEnded();
    if (unasked !== undefined) return unasked;
    // Nobody is left to compare the words, or nothing was given to send: both must be told, not hang.
    if (state === 'confirming') return leave('SC-310', now);
    // What was offered is waited for.
    if (transfers.busy) return undefined;
    if (phase.at === 'talking') return leave('SC-317', now);
    return sender.held === 0 ? { code: 'SC-310', detail: { what: 'peer' } } : undefined;
  }

  function interrupt(code: Code, now: number): Ending | undefined {
    interrupts += 1;
    return interrupts > 1 ? { code, detail: {} } : leave(code, now);
  }

  // -- the end

  /** The one way out: every key and every text is wiped, then the end is told. What follows it is in driver.ts. */
  function end(because: Ending): void {
    const { code, detail } = verdict(because);
    transfers.end('SC-357');
    host.move('end');
    wipe();
    phase = { at: 'over' };
    line.leave();
    host.emit({ type: 'show', view: { type: 'ended', code, detail, exit: CODES[code] } });
  }

  /** What must not be lost behind another reason, which may be the relay's choice: somebody else was there. */
  function verdict(ending: Ending): Ending {
    if (goodbye.refused) return { code: 'SC-403', detail: {} };
    const burnt = meeting.attempts.close();
    if (burnt === undefined && unsent > 0 && CODES[ending.code] === EXIT.ok)
      return { code: 'SC-306', detail: { count: unsent } };
    if (burnt === undefined) return ending;
    if (CODES[ending.code] !== EXIT.internal) return burnt;
    host.notice(burnt.code, burnt.detail);
    return ending;
  }

  /** Keys, then what was sealed, then text; what breaks on the way keeps nothing else from being wiped. */
  function wipe(): void {
    const talk = phase.at === 'talking' ? phase.talk : undefined;
    for (const each of [meeting.settled, () => talk?.wipe(), sender.fail]) {
      try {
        each();
      } catch {
        // The crypto adapter's wipeAll comes after the end, whatever broke here.
      }
    }
  }

  /** An error in a step ends the session: the peer's with a last word to it, ours as a defect. */
  function broken(error: unknown, now: number): Ending {
    if (!isSecurechatError(error))
      return { code: 'SC-501', detail: { why: error instanceof Error ? error.message : 'unknown' } };
    try {
      if (phase.at === 'talking') phase.talk.abort(now);
    } catch {
      // The last word is a courtesy: what broke may also keep it from being said.
    }
    return { code: error.code, detail: error.detail };
  }

  /** What nobody took over is wiped here. */
  function discard(event: SessionEvent): void {
    if (event.type === 'bulk' && event.event.type === 'data') event.event.data.fill(0);
    if (event.type !== 'ui') return;
    if (event.event.type === 'send') event.event.text.fill(0);
    if (event.event.type === 'code') event.event.code.fill(0);
  }

  function perform(event: SessionEvent, now: number): void {
    try {
      if (now >= wanted + SLEPT) slept(now);
      const ending = step(event, now);
      if (ending !== undefined) end(ending);
    } catch (error) {
      discard(event);
      end(broken(error, now));
    }
  }

  function wakeAt(now: number): number {
    if (phase.at === 'idle' || phase.at === 'over') return NEVER;
    const idle = state === 'closing' ? NEVER : timers.next();
    const parts = phase.at === 'talking' ? phase.talk.wakeAt(now) : meeting.wakeAt();
    return Math.min(line.wakeAt(), parts, idle);
  }

  return {
    get state() {
      return state;
    },
    wakeAt,
    handle(event, now, waiting = 0) {
      effects = [];
      line.sampled(waiting);
      if (phase.at !== 'over') perform(event, now);
      else discard(event);
      wanted = Math.max(now, wakeAt(now));
      return effects;
    },
  };
}
