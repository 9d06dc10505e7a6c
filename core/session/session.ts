/**
 * The session: one pure machine from the room code to the wipe. `handle` takes what happened, the time, and what waits in
 * the transport, and returns what is to be done; `wakeAt` says when it wants to be called again. Each step may return how
 * the session ends, and only `handle` ends it, after that step. What the person does is person.ts, states and their changes
 * transitions.ts; no I/O, no clock, no sentence may be in this file.
 *
 *   idle ──▶ meeting (meeting.ts) ──▶ talking (talk.ts) ──▶ over
 */
import { CODES, EXIT, isSecurechatError } from '../errors.js';
import type { State, UiEvent } from '../ports.js';
import type { Established } from '../protocol/handshake-keys.js';
import { misfit, type Purpose } from '../protocol/purpose.js';
import type { Effect, Host, SessionEvent } from './events.js';
import { createTransfers } from './transfers.js';
import { createGoodbye, type Ending } from './goodbye.js';
import { createLine, type LineEvent } from './line.js';
import { createMeeting, type MeetingEvent, type MeetingOptions } from './meeting.js';
import { createOutgoing } from './outgoing.js';
import { createPerson } from './person.js';
import { createTalk, type Talk } from './talk.js';
import { NEVER } from '../timers.js';
import { move, next } from './transitions.js';
import { quick } from '../quick.js';

export interface SessionOptions extends MeetingOptions {
  readonly receipts: boolean;
  /** Without a sign of the person the session says goodbye after this many milliseconds; NEVER: it does not. */
  readonly idleTimeout: number;
  /** Hold own messages to the rate meant for people. */
  readonly pace: boolean;
  /** The list of 2048 words. */
  readonly words: readonly string[];
  /** There is an adapter for files or a pipe; `purpose` says for what, by default for files in a chat. */
  readonly bulk?: boolean;
}

/** A wake-up that comes this many milliseconds late: this process was stopped or the machine slept. */
export const SLEPT = 10_000;
/** A provisional side is found again by a new handshake at most this often. */
export const REPLACED_LIMIT = 5;

/** What a UI tells often. */
const WAITS: ReadonlySet<UiEvent['type']> = new Set<UiEvent['type']>(['send', 'shown']);

export interface Session {
  readonly state: State;
  /** When `handle({type: 'wake'})` is wanted, as of the last call of it; NEVER: not before something else happens. */
  readonly wakeAt: number;
  /** There is nothing that `handle({type: 'prepare'})` would do. */
  readonly prepared: boolean;
  /** `waiting`: bytes that the connection has taken and the system has not, at this moment. Never throws. */
  handle(event: SessionEvent, now: number, waiting?: number): readonly Effect[];
}

type Phase = { readonly at: 'idle' | 'meeting' | 'over' } | { readonly at: 'talking'; readonly talk: Talk };

export function createSession(options: SessionOptions): Session {
  let state: State = 'idle';
  let phase: Phase = { at: 'idle' };
  let effects: Effect[] = [];
  /** When this session wants to be called, as it was told since the last event; of that, … */
  let wanted: number | undefined;
  /** … its time. */
  let time = 0;
  /** Text or a receipt waits for the end of the turn: nothing else need be asked when that is. */
  let soon = false;
  let replaced = 0;
  const gaps = { count: 0 };

  const host: Host = {
    emit: (effect) => void effects.push(effect),
    notice(code, detail = {}) {
      host.emit({ type: 'show', view: { type: 'notice', code, detail } });
    },
    move(transition, broken) {
      const to = move(state, transition);
      if (to === state) return;
      state = to;
      host.emit({ type: 'show', view: { type: 'state', state, ...(broken === undefined ? {} : { broken }) } });
    },
  };
  const line = createLine(host, options.crypto, options.direct);
  const sender = createOutgoing(host, options.pace);
  const goodbye = createGoodbye();
  const purpose = options.purpose ?? (options.bulk === true ? 'files' : 'chat');
  const meeting = createMeeting(host, line, { ...options, purpose });
  const transfers = createTransfers(host, options.bulk === true);
  const person = createPerson(host, {
    ...options,
    meeting,
    talk: () => (phase.at === 'talking' ? phase.talk : undefined),
    sender,
    goodbye,
    transfers,
    may: (transition) => next(state, transition) !== undefined,
  });

  // -- what happens

  function step(event: SessionEvent, now: number): Ending | undefined {
    switch (event.type) {
      case 'start':
        return start(now);
      case 'ui':
        // Text and receipts wait for the end of the turn: what else comes in it goes into the same frame.
        soon ||= WAITS.has(event.event.type);
        return person.handle(event.event, now) ?? (WAITS.has(event.event.type) ? undefined : tick(now));
      case 'transport':
        return arrived(line.handle(event.event, now), now);
      case 'bulk':
        transfers.bulk(event.event, now);
        // What is due because of it, a credit now and then, comes at the end of the turn.
        return event.event.type === 'used' ? undefined : tick(now);
      case 'path':
        return phase.at === 'talking' ? (reached(phase.talk.path(event.event, now), now) ?? tick(now)) : undefined;
      case 'wake':
        return woken(now);
      case 'prepare':
        if (phase.at === 'talking') phase.talk.prepare();
        return undefined;
      case 'failed':
        throw event.error;
    }
  }

  function start(now: number): undefined {
    person.open(now);
    host.move('start');
    phase = { at: 'meeting' };
    meeting.start(now);
  }

  function arrived(event: LineEvent | undefined, now: number): Ending | undefined {
    if (event === undefined) return undefined;
    if (phase.at === 'meeting') return reached(meeting.handle(event, now), now);
    return phase.at === 'talking' ? reached(phase.talk.handle(event, now), now) : undefined;
  }

  function woken(now: number): Ending | undefined {
    if (!soon || phase.at !== 'talking') return tick(now);
    soon = false;
    // Whatever else is due is asked for when this is out: `wakeAt` is then now.
    return reached(phase.talk.turn(now), now);
  }

  function tick(now: number): Ending | undefined {
    soon = false;
    const ending = person.tick(now) ?? arrived(line.tick(now), now);
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
    const peer = misfit(purpose, result.peer.features);
    if (peer !== undefined) return unlike(peer);
    talk.open(now);
    if (replaced > REPLACED_LIMIT) return { code: 'SC-410', detail: {} };
    return person.tick(now) ?? reached(talk.tick(now), now);
  }

  /** Both find it out for themselves, from the handshake: there is nothing to be said. */
  function unlike(peer: Purpose): Ending {
    meeting.settled();
    return { code: 'SC-338', detail: { own: purpose, peer } };
  }

  /** A connection that nobody looked after for so long is not believed to be up. */
  function slept(now: number): void {
    if (phase.at === 'meeting') meeting.slept(now);
    if (phase.at === 'talking') phase.talk.slept(now);
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
    if (burnt === undefined && person.unsent > 0 && CODES[ending.code] === EXIT.ok)
      return { code: 'SC-306', detail: { count: person.unsent } };
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
      if (phase.at === 'talking') phase.talk.abort(now, 'error');
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
      if (wanted !== undefined && now >= wanted + SLEPT) slept(now);
      const ending = step(event, now);
      if (ending !== undefined) end(ending);
    } catch (error) {
      discard(event);
      end(broken(error, now));
    }
  }

  function wants(now: number): number {
    if (phase.at === 'idle' || phase.at === 'over') return NEVER;
    if (soon) return now;
    const parts = phase.at === 'talking' ? phase.talk.wakeAt(now) : meeting.wakeAt();
    return Math.max(now, Math.min(line.wakeAt(), parts, person.wakeAt()));
  }

  return quick({
    get state() {
      return state;
    },
    get wakeAt() {
      return (wanted ??= wants(time));
    },
    get prepared() {
      return phase.at !== 'talking' || phase.talk.prepared;
    },
    handle(event, now, waiting = 0) {
      effects = [];
      line.sampled(waiting);
      if (phase.at !== 'over') perform(event, now);
      else discard(event);
      time = now;
      wanted = undefined;
      return effects;
    },
  });
}
