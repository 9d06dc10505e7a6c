/**
 * The session: one pure machine from the room code to the wipe. `handle` takes what happened, the time, and what waits in
 * the transport, and returns what is to be done; `wakeAt` says when it wants to be called again. Each step may return how
 * the session ends, and only `handle` ends it, after that step. No I/O, no clock, no sentence may be in this file; states
 * and their changes are in transitions.ts.
 *
 *   idle ──▶ meeting ⇄ asking (a wrong code was typed here)
 *               └──▶ talking (keys; connection up or down) ──▶ over
 */
import { CODES, type Code, EXIT, isSecurechatError } from '../errors.js';
import type { CryptoPort, Secret, State, UiEvent } from '../ports.js';
import { type Caps, FEATURE_VERIFY } from '../protocol/caps.js';
import type { Established } from '../protocol/handshake-keys.js';
import { MESSAGE_LIMIT } from '../protocol/text.js';
import type { CodeForm, Nameplate, RoomCode } from '../room/code.js';
import { type AttemptEvent, createAttempts } from './attempts.js';
import { type Conversation, createConversation } from './conversation.js';
import type { Effect, Host, SessionEvent } from './events.js';
import { createGoodbye, type Ending, type Standing } from './goodbye.js';
import { createLine, type LineEvent } from './line.js';
import { createMeeting } from './meeting.js';
import { createSender } from './outgoing.js';
import { createResume, type Resume, type ResumeEvent } from './resume.js';
import { createTimers, NEVER } from './timers.js';
import { move, next } from './transitions.js';

export interface SessionOptions {
  readonly crypto: CryptoPort;
  readonly nameplate: Nameplate;
  /**
   * Another nameplate, when the relay says that this one is taken. Given by the side that made the code, and by no other:
   * after a wrong guess that side waits, who typed the code is asked.
   */
  readonly reroll?: (() => Nameplate) | undefined;
  readonly form: CodeForm;
  /** PRS (protocol.md section 2). The session wipes it. */
  readonly prs: Secret;
  /**
   * Reads a code that was typed again after a wrong one; throws SecurechatError SC-301 and SC-302. Absent where nobody can
   * be asked.
   */
  readonly retype?: ((typed: Uint8Array) => RoomCode) | undefined;
  /** The person wants to compare the safety words although there is a secret. */
  readonly verify: boolean;
  /** UTF-8, at most 64 bytes, may be empty. */
  readonly name: Uint8Array;
  readonly receipts: boolean;
  /** Without a connection to the peer the session is given up after this many milliseconds. 0: at once. */
  readonly resumeTimeout: number;
  /** Without a sign of the person the session says goodbye after this many milliseconds; NEVER: it does not. */
  readonly idleTimeout: number;
  /** Hold own messages to the rate meant for people. */
  readonly pace: boolean;
  /** Application version, ASCII, at most 32 bytes. */
  readonly version: Uint8Array;
  /** The list of 2048 words. */
  readonly words: readonly string[];
}

/** A wake-up that comes this many milliseconds late: this process was stopped or the machine slept. */
export const SLEPT = 10_000;
/** Frames that were lost, reordered or forged on the way are told after this many. */
export const GAPS_TOLD_AFTER = 3;
/** A provisional side is found again by a new handshake at most this often. */
export const REPLACED_LIMIT = 5;

export interface Session {
  readonly state: State;
  /** When `handle({type: 'wake'})` is wanted; NEVER: not before something else happens. */
  wakeAt(now: number): number;
  /** `waiting`: bytes that the connection has taken and the system has not, at this moment. Never throws. */
  handle(event: SessionEvent, now: number, waiting?: number): readonly Effect[];
}

type Phase =
  | { readonly at: 'idle' }
  | { readonly at: 'meeting' }
  /** The room is left until the person has typed the code again. `same`: nothing typed stands for the same one. */
  | { readonly at: 'asking'; readonly same: boolean }
  | ({ readonly at: 'talking' } & Talk)
  | { readonly at: 'over' };

interface Talk {
  readonly conversation: Conversation;
  readonly resume: Resume;
}

export function createSession(options: SessionOptions): Session {
  const { crypto } = options;
  let state: State = 'idle';
  let phase: Phase = { at: 'idle' };
  let effects: Effect[] = [];
  let code: Pick<SessionOptions, 'nameplate' | 'form' | 'prs'> = options;
  const timers = createTimers<'idle'>();
  /** When this session wanted to be called last. */
  let wanted = NEVER;
  let inputEnded = false;
  let fullTold = false;
  let interrupts = 0;
  let gaps = 0;
  let replaced = 0;
  /** The peer is known to hold the keys: the code's secret is not needed any more. */
  let proven = false;

  const host: Host = {
    emit: (effect) => void effects.push(effect),
    notice: (why, detail = {}) => host.emit({ type: 'show', view: { type: 'notice', code: why, detail } }),
    move(transition) {
      const to = move(state, transition);
      if (to === state) return;
      state = to;
      host.emit({ type: 'show', view: { type: 'state', state } });
    },
  };
  const line = createLine(host, crypto);
  const sender = createSender(host, options.pace);
  const goodbye = createGoodbye();
  const attempts = createAttempts(host, crypto, line.say, () => ({
    roomId: meeting.roomId,
    form: code.form,
    prs: code.prs,
    caps: caps(),
  }));
  const meeting = createMeeting(host, line, attempts, options);

  // -- what depends on the code

  /** Without a secret, or when asked for, the words are compared before anything is shown or sent. */
  function compares(): boolean {
    return options.verify || code.form === 'none';
  }

  function caps(): Caps {
    return {
      version: options.version,
      // Who must be verified first is not told a name either.
      name: compares() ? new Uint8Array(0) : options.name,
      features: options.verify ? FEATURE_VERIFY : 0,
    };
  }

  // -- meeting the peer

  function start(now: number): void {
    timers.set('idle', now + options.idleTimeout);
    host.move('start');
    enter(now);
  }

  function enter(now: number, after = 0): void {
    phase = { at: 'meeting' };
    line.seek(meeting.place, now, after);
  }

  function attempted(event: AttemptEvent | undefined, now: number): Ending | undefined {
    switch (event?.type) {
      case 'established':
        return established(event.result, now);
      case 'over':
        attempts.unpaired(now);
        enter(now, event.after);
        return undefined;
      case 'wrong':
        attempts.unpaired(now);
        return wrong(event.attempt, event.attempts);
      case 'blocked':
        attempts.unpaired(now);
        line.again(now);
        return undefined;
      case 'end':
        return event;
      default:
        return undefined;
    }
  }

  /** A guess needs a person (section 4): who typed the code leaves the room and is asked. */
  function wrong(attempt: number, of: number): Ending | undefined {
    line.leave();
    if (options.retype === undefined || inputEnded) return { code: 'SC-408', detail: {} };
    host.notice('SC-402', { attempt, attempts: of });
    ask();
    return undefined;
  }

  function ask(): void {
    phase = { at: 'asking', same: code.form === 'generated' };
    host.emit({ type: 'show', view: { type: 'code-wanted', same: phase.same } });
  }

  function typed(bytes: Uint8Array, now: number): void {
    try {
      if (phase.at !== 'asking') return host.notice('SC-312');
      if (options.retype !== undefined && (bytes.length > 0 || !phase.same)) use(options.retype(bytes));
      enter(now);
    } catch (error) {
      if (!isSecurechatError(error)) throw error;
      host.notice(error.code, error.detail);
      ask();
    } finally {
      bytes.fill(0);
    }
  }

  /** The same code goes on with its count; another one begins anew. */
  function use({ nameplate, form, secret }: RoomCode): void {
    const prs = crypto.take(secret);
    const same = nameplate === code.nameplate && form === code.form && sameSecret(code.prs, prs);
    if (same) return prs.wipe();
    code.prs.wipe();
    code = { nameplate, form, prs };
    meeting.use(nameplate);
    attempts.renew();
  }

  function sameSecret(one: Secret, other: Secret): boolean {
    const bytes = crypto.reveal(other);
    try {
      return crypto.equal(one, bytes);
    } finally {
      bytes.fill(0);
    }
  }

  // -- keys

  function established(result: Established, now: number): Ending | undefined {
    line.worked(now);
    if (phase.at === 'talking') {
      // Provisional A found its peer by a new handshake: what it had before was known to nobody.
      replaced += 1;
      phase.conversation.wipe();
      sender.restart();
      goodbye.resumed(true);
    }
    const resume = createResume(host, line, {
      crypto,
      role: result.role,
      resume: result.resume,
      prover: result.ratchet,
      position: () => conversation.channel.position,
      timeout: options.resumeTimeout,
      rendezvous: () => meeting.place,
      attempts,
    });
    result.resume.wipe();
    const conversation = createConversation(
      host,
      { ...options, established: result, compare: compares(), transmit: line.transmit, sender, goodbye },
      now,
    );
    phase = { at: 'talking', conversation, resume };
    if (replaced > REPLACED_LIMIT) return { code: 'SC-410', detail: {} };
    if (result.role === 'B') prove(phase);
    if (goodbye.refused) conversation.confirm(false);
    else if (inputEnded && goodbye.phase === 'none') endOfInput(now);
    conversation.tick(now);
    return farewell(phase, now);
  }

  function prove({ resume }: Talk): void {
    if (proven) return;
    proven = true;
    attempts.settled();
    code.prs.wipe();
    resume.settled();
  }

  // -- talking

  function resumed(talk: Talk, event: ResumeEvent | undefined, now: number): Ending | undefined {
    const { conversation, resume } = talk;
    if (!resume.up && conversation.interrupt(now)) goodbye.interrupted(standing(talk), now);
    switch (event?.type) {
      case undefined:
        return undefined;
      case 'frame':
        return frame(talk, event.frame, now);
      case 'proven':
        conversation.resume(event.peer, now);
        prove(talk);
        goodbye.resumed(false);
        // What waited for the connection, a goodbye too, does not wait for a frame of the peer.
        return progress(talk, now);
      case 'found':
        conversation.repeat(now);
        return undefined;
      case 'established':
        return established(event.result, now);
      case 'end':
        return event;
      case 'given up':
        return goodbye.lost(sender.undelivered);
    }
  }

  function frame(talk: Talk, bytes: Uint8Array, now: number): Ending | undefined {
    const { conversation, resume } = talk;
    const received = conversation.frame(bytes, now);
    if (received === 'ignored') return undefined;
    if (received === 'gap') {
      gaps += 1;
      if (gaps === GAPS_TOLD_AFTER) host.notice('SC-405');
      line.distrust();
      resume.retry(now);
      return resumed(talk, undefined, now);
    }
    prove(talk);
    resume.progress(now);
    if (received === 'more') goodbye.progress(now);
    return progress(talk, now);
  }

  function progress(talk: Talk, now: number): Ending | undefined {
    if (goodbye.phase !== 'flushing') talk.conversation.progress(now);
    return farewell(talk, now);
  }

  function tickTalk(talk: Talk, now: number): Ending | undefined {
    const { conversation, resume } = talk;
    if (goodbye.phase === 'flushing') return farewell(talk, now);
    if (conversation.channel.silent(now)) resume.retry(now);
    const visited = resume.visiting ? resume.visited(attempts.tick(now), now) : undefined;
    const ending = resumed(talk, visited, now) ?? resumed(talk, resume.tick(now), now);
    if (ending !== undefined || phase.at !== 'talking') return ending;
    phase.conversation.tick(now);
    return farewell(phase, now);
  }

  // -- leaving

  function standing({ conversation }: Talk): Standing {
    const { trusted, up } = conversation;
    return { up, undelivered: sender.undelivered, trusted };
  }

  /** Goodbye when there is somebody to say it to; otherwise the end. */
  function leave(why: Code, now: number): Ending | undefined {
    if (phase.at === 'talking') {
      goodbye.ask(why, standing(phase), now);
      return undefined;
    }
    const count = sender.undelivered;
    const owed = (why === 'SC-317' || why === 'SC-326') && count > 0;
    return owed ? { code: 'SC-306', detail: { count } } : { code: why, detail: {} };
  }

  function endOfInput(now: number): Ending | undefined {
    inputEnded = true;
    if (phase.at === 'asking') return { code: 'SC-408', detail: {} };
    // Nobody is left to compare the words, or nothing was given to send: both must be told, not hang.
    if (state === 'confirming') return leave('SC-310', now);
    if (phase.at === 'talking') return leave('SC-317', now);
    return sender.held === 0 ? { code: 'SC-310', detail: { what: 'peer' } } : undefined;
  }

  function interrupt(why: Code, now: number): Ending | undefined {
    interrupts += 1;
    return interrupts > 1 ? { code: why, detail: {} } : leave(why, now);
  }

  /** Does what the goodbye asks for, as far as that is possible now. */
  function farewell(talk: Talk, now: number): Ending | undefined {
    const { conversation } = talk;
    for (;;) {
      switch (goodbye.next(standing(talk), now)) {
        case undefined:
          return undefined;
        case 'tell':
          host.notice('SC-328', { count: sender.undelivered });
          break;
        case 'say':
          if (!conversation.sayGoodbye(now)) return undefined;
          goodbye.said(now);
          break;
        case 'answer':
          conversation.answerGoodbye(now);
          goodbye.answered();
          break;
        case 'last word':
          if (conversation.sayGoodbye(now)) goodbye.said(now);
          return flush(now);
        case 'flush':
          return flush(now);
        case 'end':
          return goodbye.ending(sender.undelivered);
      }
    }
  }

  function flush(now: number): undefined {
    goodbye.flushing(goodbye.ending(sender.undelivered), now);
    line.finish();
  }

  // -- the person

  function ui(event: UiEvent, now: number): Ending | undefined {
    timers.set('idle', now + options.idleTimeout);
    switch (event.type) {
      case 'send':
        send(event.text, now);
        return undefined;
      case 'confirm':
        confirm(event.match, now);
        return undefined;
      case 'code':
        typed(event.code, now);
        return undefined;
      case 'offer':
      case 'accept':
      case 'reject':
      case 'cancel':
        host.notice('SC-340');
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
        return interrupt('SC-505', now);
      case 'activity':
        return undefined;
      case 'malformed':
        host.notice('SC-313', { why: event.why });
        return undefined;
    }
  }

  function send(text: Uint8Array, now: number): void {
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

  function confirm(match: boolean, now: number): void {
    const possible = next(state, match ? 'wordsMatch' : 'wordsDiffer') !== undefined;
    // A yes is given once; a no is heard also after it.
    if (!possible || goodbye.refused || phase.at !== 'talking' || (match && phase.conversation.compared))
      return host.notice('SC-312');
    const { conversation, resume } = phase;
    conversation.confirm(match);
    if (match) return;
    goodbye.refuse(standing(phase), now);
    // A new handshake would not change that.
    resume.hurry();
  }

  // -- steps

  function arrived(event: LineEvent | undefined, now: number): Ending | undefined {
    if (goodbye.phase === 'flushing') return event?.type === 'closed' ? goodbye.ending(sender.undelivered) : undefined;
    if (event === undefined) return undefined;
    if (phase.at === 'meeting') return attempted(meeting.handle(event, now), now);
    return phase.at === 'talking' ? resumed(phase, phase.resume.handle(event, now), now) : undefined;
  }

  function step(event: SessionEvent, now: number): Ending | undefined {
    switch (event.type) {
      case 'start':
        start(now);
        return undefined;
      case 'ui':
        return ui(event.event, now) ?? tick(now);
      case 'transport':
        return arrived(line.handle(event.event, now), now);
      case 'wake':
        return tick(now);
      case 'failed':
        throw event.error;
    }
  }

  function tick(now: number): Ending | undefined {
    const idle = timers.rings('idle', now) && state !== 'closing' ? leave('SC-326', now) : undefined;
    const ending = idle ?? arrived(line.tick(now), now);
    if (ending !== undefined) return ending;
    if (phase.at === 'meeting') return attempted(attempts.tick(now), now);
    return phase.at === 'talking' ? tickTalk(phase, now) : undefined;
  }

  /** A connection that nobody looked after for so long is not believed to be up. */
  function slept(now: number): void {
    if (phase.at === 'meeting') {
      attempts.unpaired(now);
      enter(now);
    } else if (phase.at === 'talking' && goodbye.phase !== 'flushing') {
      if (phase.resume.visiting) phase.resume.retry(now);
      else phase.conversation.channel.probe(now);
    }
  }

  // -- the end

  /** The one way out: every key and every text is wiped, then the end is told. What follows it is in driver.ts. */
  function end(because: Ending): void {
    const ending = verdict(because);
    host.move('end');
    wipe();
    phase = { at: 'over' };
    line.leave();
    host.emit({ type: 'show', view: { type: 'ended', ...ending, exit: CODES[ending.code] } });
  }

  /** What must not be lost behind another reason, which may be the relay's choice: somebody else was there. */
  function verdict(ending: Ending): Ending {
    if (goodbye.refused) return { code: 'SC-403', detail: {} };
    const burnt = attempts.close();
    if (burnt === undefined) return { code: ending.code, detail: ending.detail };
    if (CODES[ending.code] !== EXIT.internal) return burnt;
    host.notice(burnt.code, burnt.detail);
    return { code: ending.code, detail: ending.detail };
  }

  /** Keys, then what was sealed, then text; what breaks on the way keeps nothing else from being wiped. */
  function wipe(): void {
    const conversation = phase.at === 'talking' ? phase.conversation : undefined;
    for (const each of [() => code.prs.wipe(), attempts.settled, () => conversation?.wipe(), sender.fail]) {
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
      if (phase.at === 'talking') phase.conversation.abort(now);
    } catch {
      // The last word is a courtesy: what broke may also keep it from being said.
    }
    return { code: error.code, detail: error.detail };
  }

  function wakeAt(now: number): number {
    if (phase.at === 'idle' || phase.at === 'over') return NEVER;
    const due = [line.wakeAt(), goodbye.wakeAt(), state === 'closing' ? NEVER : timers.next()];
    if (phase.at === 'meeting') due.push(attempts.wakeAt());
    if (phase.at === 'talking' && goodbye.phase !== 'flushing') {
      due.push(phase.resume.wakeAt(), phase.conversation.wakeAt(now));
      if (phase.resume.visiting) due.push(attempts.wakeAt());
    }
    return Math.min(...due);
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

  /** What nobody took over is wiped here. */
  function discard(event: SessionEvent): void {
    if (event.type !== 'ui') return;
    if (event.event.type === 'send') event.event.text.fill(0);
    if (event.event.type === 'code') event.event.code.fill(0);
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
