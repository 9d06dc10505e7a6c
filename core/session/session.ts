/**
 * The session: one pure machine from the room code to the wipe. `handle(event, now)` takes what happened and the time,
 * and returns what is to be done; `wakeAt` says when it wants to be called again. No I/O, no clock, no sentence; the
 * states and their changes are in transitions.ts.
 */
import { CODES, type Code, EXIT, type Detail, isSecurechatError } from '../errors.js';
import type { CryptoPort, Secret, State, TransportEvent, UiEvent } from '../ports.js';
import { type Caps, FEATURE_COVER, FEATURE_VERIFY } from '../protocol/caps.js';
import type { Established } from '../protocol/handshake.js';
import { MESSAGE_LIMIT } from '../protocol/text.js';
import type { CodeForm, Nameplate } from '../room/code.js';
import { type Conversation, createConversation } from './conversation.js';
import type { Effect, Host, SessionEvent } from './events.js';
import { createRendezvous } from './rendezvous.js';
import { createOutgoing } from './outgoing.js';
import { createTransfers } from './bulk/transfers.js';
import { move, next } from './transitions.js';
import { WAITING_MARK } from '../wire/control.js';

export interface SessionOptions {
  readonly crypto: CryptoPort;
  readonly nameplate: Nameplate;
  /** Another nameplate, when this one was made here and is taken. */
  readonly reroll?: (() => Nameplate) | undefined;
  readonly form: CodeForm;
  /** PRS (protocol.md section 2). The session wipes it. */
  readonly prs: Secret;
  /** The person wants to compare the safety words although there is a secret. */
  readonly verify: boolean;
  /** UTF-8, at most 64 bytes, may be empty. */
  readonly name: Uint8Array;
  readonly receipts: boolean;
  /** Without a line to the peer the session is given up after this many milliseconds. 0: at once. */
  readonly resumeTimeout: number;
  /** Without a sign of the person the session says goodbye after this many milliseconds; infinity: never. */
  readonly idleTimeout: number;
  /** One frame on each beat, whatever there is to say: also if the peer asks for it. */
  readonly cover?: boolean;
  /** Hold own messages to the rate meant for people. */
  readonly pace: boolean;
  /** Application version, ASCII, at most 32 bytes. */
  readonly version: Uint8Array;
  /** The list of 2048 words. */
  readonly words: readonly string[];
  /** There is an adapter for files or a pipe. */
  readonly bulk?: boolean;
}

/** A wake-up that comes this many milliseconds late: this process was stopped or the machine slept. */
export const SLEPT = 10_000;

export interface Session {
  readonly state: State;
  /** When `handle({type: 'wake'})` is wanted; infinity: not before something else happens. */
  wakeAt(now: number): number;
  /** Never throws. */
  /** `waits`: bytes that wait in the connection at this moment. */
  handle(event: SessionEvent, now: number, waits?: number): readonly Effect[];
}

export function createSession(options: SessionOptions): Session {
  const { prs, cover = false } = options;
  /** Without a secret, or when asked for, the words are compared before anything is shown or sent. */
  const compare = options.verify || options.form === 'none';
  const caps: Caps = {
    version: options.version,
    // Who must be verified first is not told a name either.
    name: compare ? new Uint8Array(0) : options.name,
    features: (options.verify ? FEATURE_VERIFY : 0) | (cover ? FEATURE_COVER : 0),
  };
  let state: State = 'idle';
  /** Bytes that wait in the connection, as far as is known. */
  let waiting = 0;
  let effects: Effect[] = [];
  let conversation: Conversation | undefined;
  /** Whose the connection is. */
  let turn: 'rendezvous' | 'conversation' = 'rendezvous';
  /** When this session wanted to be called last, and when nobody has been there for too long. */
  let wanted = Number.POSITIVE_INFINITY;
  let idleAt = Number.POSITIVE_INFINITY;
  let fullTold = false;
  let inputEnded = false;
  /** The person wants to leave; a conversation that is replaced is asked again. */
  let wish: Code | undefined;
  let insists = false;
  /** The person said that the words do not match: whatever comes after it, that is the end. */
  let refused = false;
  let interrupts = 0;

  const host: Host = {
    emit(effect) {
      if (effect.type === 'transmit') waiting += effect.frame.length;
      effects.push(effect);
    },
    notice: (code, detail = {}) => host.emit({ type: 'show', view: { type: 'notice', code, detail } }),
    move(transition) {
      const to = move(state, transition);
      if (to === state) return;
      state = to;
      host.emit({ type: 'show', view: { type: 'state', state } });
    },
    end,
  };
  const sender = createOutgoing(host, options.pace);
  const transfers = createTransfers(host, options.bulk === true);
  const rendezvous = createRendezvous(host, { ...options, caps, established, visited });

  function established(result: Established, now: number): void {
    if (result.role === 'B') prs.wipe();
    if (conversation !== undefined) {
      // Provisional A found its peer by a new handshake: what it had before was known to nobody.
      conversation.wipe();
      sender.restart();
    }
    turn = 'conversation';
    conversation = createConversation(
      host,
      sender,
      {
        ...options,
        established: result,
        compare,
        secretless: options.form === 'none',
        cover,
        transfers,
        room: () => waiting <= WAITING_MARK,
        proven: () => prs.wipe(),
        elsewhere,
      },
      now,
    );
    if (refused) conversation.confirm(false, now);
    // A later wish in more of a hurry than the end of the input comes first.
    else if (wish !== undefined && wish !== 'SC-317') conversation.leave(wish, now);
    else if (inputEnded) endOfInput(now);
    else if (wish !== undefined) conversation.leave(wish, now);
    if (insists && wish !== undefined) conversation.leave(wish, now);
  }

  function elsewhere(now: number): void {
    turn = 'rendezvous';
    rendezvous.visit(now);
  }

  function visited(now: number): void {
    turn = 'conversation';
    conversation?.resumeTurn(now);
  }

  /** The one way out: every key and every text is wiped, then the end is told. What follows it is in chat.ts. */
  function end(why: Code, because: Detail = {}): void {
    if (state === 'destroyed') return;
    transfers.end('SC-357');
    const { code, detail } = verdict(why, because);
    host.move('end');
    wipe();
    host.emit({ type: 'disconnect' });
    host.emit({ type: 'show', view: { type: 'ended', code, detail, exit: CODES[code] } });
  }

  /** What must not be lost behind another reason, which may be the relay's choice: somebody else was there. */
  function verdict(code: Code, detail: Detail): { code: Code; detail: Detail } {
    if (refused) return { code: 'SC-403', detail: {} };
    const burnt = rendezvous.judge();
    if (burnt === undefined) return { code, detail };
    if (CODES[code] !== EXIT.internal) return { code: 'SC-401', detail: burnt };
    host.notice('SC-401', burnt);
    return { code, detail };
  }

  /** Keys, then what was sealed, then text; what breaks on the way keeps nothing else from being wiped. */
  function wipe(): void {
    for (const step of [() => prs.wipe(), rendezvous.wipe, () => conversation?.wipe(), sender.fail]) {
      try {
        step();
      } catch {
        // The crypto adapter's wipeAll comes after the end, whatever broke here.
      }
    }
  }

  /** Goodbye when there is somebody to say it to; otherwise the end. */
  function leave(code: Code, now: number): void {
    transfers.cancelAll();
    if (conversation !== undefined) {
      insists = wish !== undefined;
      wish = code;
      return conversation.leave(code, now);
    }
    const count = sender.undelivered;
    if ((code === 'SC-317' || code === 'SC-326') && count > 0) end('SC-306', { count });
    else end(code);
  }

  function endOfInput(now: number): void {
    inputEnded = true;
    // What was offered is waited for; a later tick leaves.
    if (transfers.busy && state !== 'confirming') return;
    // Nobody is left to compare the words, or nothing was given to send: both must be told, not hang.
    if (state === 'confirming') leave('SC-310', now);
    else if (conversation !== undefined) leave('SC-317', now);
    else if (sender.held === 0) end('SC-310', { what: 'peer' });
  }

  function interrupt(code: Code, now: number): void {
    interrupts += 1;
    if (interrupts > 1) end(code);
    else leave(code, now);
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

  function ui(event: UiEvent, now: number): void {
    idleAt = now + options.idleTimeout;
    switch (event.type) {
      case 'send':
        return send(event.text, now);
      case 'confirm':
        return confirm(event.match, now);
      case 'compare-again':
        return compareAgain(now);
      case 'offer':
      case 'accept':
      case 'reject':
      case 'cancel':
        return transfers.ui(event, now);
      case 'quit':
        return leave('SC-317', now);
      case 'end-of-input':
        return endOfInput(now);
      case 'interrupt':
        return interrupt('SC-311', now);
      case 'wipe':
        return end('SC-311');
      case 'gone':
        return interrupt('SC-505', now);
      case 'activity':
        return;
      case 'malformed':
        return host.notice('SC-313', { why: event.why });
    }
  }

  function confirm(match: boolean, now: number): void {
    const possible = next(state, match ? 'wordsMatch' : 'wordsDiffer') !== undefined;
    // A yes is given once; a no is heard also after it.
    if (!possible || refused || conversation === undefined || (match && conversation.compared))
      return host.notice('SC-312');
    refused = !match;
    conversation.confirm(match, now);
  }

  function compareAgain(now: number): void {
    if (state !== 'active' || conversation?.compareAgain(now) !== true) host.notice('SC-312');
  }

  function transport(event: TransportEvent, now: number): void {
    if (turn === 'rendezvous') rendezvous.transport(event, now);
    else conversation?.transport(event, now);
  }

  function dispatch(event: SessionEvent, now: number): void {
    switch (event.type) {
      case 'start':
        idleAt = now + options.idleTimeout;
        return rendezvous.start(now);
      case 'ui':
        ui(event.event, now);
        // What was given is due now: a burst of it in one turn goes out together.
        if (event.event.type === 'send') return;
        break;
      case 'bulk':
        transfers.bulk(event.event, now);
        break;
      case 'transport':
        transport(event.event, now);
        return;
      case 'wake':
        break;
      case 'failed':
        throw event.error;
    }
    tick(now);
  }

  function tick(now: number): void {
    if (inputEnded && wish === undefined && state !== 'closing' && conversation !== undefined) endOfInput(now);
    if (now >= idleAt && state !== 'closing') {
      idleAt = Number.POSITIVE_INFINITY;
      leave('SC-326', now);
    }
    if (turn === 'rendezvous' && state !== 'destroyed') rendezvous.tick(now);
    if (state !== 'destroyed') conversation?.tick(now);
  }

  /** A connection that nobody looked after for so long is not believed to be up. */
  function slept(now: number): void {
    if (turn === 'rendezvous') rendezvous.slept(now);
    else conversation?.slept(now);
  }

  function wakeAt(now: number): number {
    if (state === 'destroyed' || state === 'idle') return Number.POSITIVE_INFINITY;
    const due = turn === 'rendezvous' ? rendezvous.wakeAt() : Number.POSITIVE_INFINITY;
    const idle = state === 'closing' ? Number.POSITIVE_INFINITY : idleAt;
    return Math.min(due, conversation?.wakeAt(now) ?? Number.POSITIVE_INFINITY, idle);
  }

  /** An error in a step ends the session: the peer's with a last word to it, ours as a defect. */
  function broken(error: unknown, now: number): void {
    if (isSecurechatError(error)) {
      try {
        conversation?.abort(now);
      } catch {
        // The last word is a courtesy: what broke may also keep it from being said.
      }
      end(error.code, error.detail);
    } else {
      end('SC-501', { why: error instanceof Error ? error.message : 'unknown' });
    }
  }

  return {
    get state() {
      return state;
    },
    wakeAt,
    handle(event, now, waits = 0) {
      effects = [];
      waiting = waits;
      try {
        if (now >= wanted + SLEPT) slept(now);
        if (state !== 'destroyed') dispatch(event, now);
        else if (event.type === 'ui' && event.event.type === 'send') event.event.text.fill(0);
      } catch (error) {
        broken(error, now);
      }
      wanted = Math.max(now, wakeAt(now));
      return effects;
    },
  };
}
