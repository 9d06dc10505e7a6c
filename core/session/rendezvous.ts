/**
 * Finding the peer and agreeing on keys (protocol.md sections 3 and 4): joins, pairings, attempts and how many of them
 * the code still allows. What one attempt says is protocol/handshake.ts; nothing after the handshake may be in this file.
 */
import type { Code, Detail } from '../errors.js';
import type { CryptoPort, Secret, TransportEvent } from '../ports.js';
import { base64url } from '../protocol/bytes.js';
import type { Caps } from '../protocol/caps.js';
import { type Attempt, createAttempt, type Established, type Mode } from '../protocol/handshake.js';
import { checkRelayMessage, type Join, type RelayErrorCode, type RelayMessage } from '../wire/control.js';
import type { CodeForm, Nameplate } from '../room/code.js';
import { roomId } from '../room/room-id.js';
import { createBackoff, fraction } from './backoff.js';
import type { Host } from './events.js';
import { ALONE_TURN } from './reconnect.js';
import { createTicketWork, TICKET_TIMEOUT } from './ticket-work.js';

/** From pairing to M3. */
export const ATTEMPT_TIMEOUT = 30_000;
/** From `connect` to an open connection: longer than what a transport allows itself, for one that never says anything. */
export const OPEN_TIMEOUT = 30_000;
/** From an open connection to the relay's answer to the join. */
export const JOIN_TIMEOUT = 10_000;
/** Before joining again after an attempt: 250 to 1000 ms. */
export const REJOIN_MIN = 250;
export const REJOIN_SPREAD = 750;
/** Wrong attempts that burn the code: the odds are worth three only for a secret of the generated form. */
export const ATTEMPTS = { generated: 3, chosen: 1, none: 1 } as const satisfies Record<CodeForm, number>;
/** Attempts that end without being counted: told after this many. */
export const TOLD_AFTER = 3;
/** Nameplates tried before giving up. */
export const NAMEPLATES = 8;

const REFUSALS: Readonly<Record<RelayErrorCode, Code>> = {
  'bad-request': 'SC-102',
  'rate-limited': 'SC-103',
  busy: 'SC-104',
  'shutting-down': 'SC-105',
  'unsupported-version': 'SC-106',
  'too-large': 'SC-112',
  'room-full': 'SC-303',
  'room-taken': 'SC-308',
};

/** What a relay may say and then be there again. */
const TEMPORARY: ReadonlySet<RelayErrorCode> = new Set(['rate-limited', 'busy', 'shutting-down']);

export interface RendezvousOptions {
  readonly crypto: CryptoPort;
  readonly nameplate: Nameplate;
  /** Makes another nameplate when this one is taken; absent when the person chose it. */
  readonly reroll?: (() => Nameplate) | undefined;
  readonly form: CodeForm;
  /** PRS (protocol.md section 2); belongs to the session. */
  readonly prs: Secret;
  readonly caps: Caps;
  /** A relay that was joined and is gone is looked for again for this many milliseconds. */
  readonly resumeTimeout: number;
  /** Keys are confirmed on this side. */
  readonly established: (result: Established, now: number) => void;
  /** The visit led nowhere: the connection is not used any more. */
  readonly visited: (now: number) => void;
}

export interface Rendezvous {
  start(now: number): void;
  /** Provisional A (section 4): is the peer here instead? One connection, one attempt, then `visited`. */
  visit(now: number): void;
  /** This process slept: the connection is made anew. */
  slept(now: number): void;
  transport(event: TransportEvent, now: number): void;
  tick(now: number): void;
  wakeAt(): number;
  /**
   * The session ends, for whatever reason: the last word on an attempt that was counted and did not succeed. Detail of
   * SC-401 when that burnt the code.
   */
  judge(): Detail | undefined;
  wipe(): void;
}

export function createRendezvous(host: Host, options: RendezvousOptions): Rendezvous {
  const { crypto, form, prs, caps } = options;
  const mode: Mode = form === 'none' ? 0 : 1;
  const seat = base64url(crypto.random(32));
  let nameplate = options.nameplate;
  let nameplates = 1;
  let room = roomId(crypto, nameplate);
  /** The relay has given us the room: from now on it is joined, not created. */
  let settled = options.reroll === undefined;
  let connected = false;
  let opened = false;
  let attempt: Attempt | undefined;
  let counted = false;
  let used = 0;
  let reflections = 0;
  let uncounted = 0;
  const backoff = createBackoff(crypto);
  const ticketWork = createTicketWork(crypto);
  /** The relay has answered a join: from now on a lost line is made anew. */
  let known = false;
  let told = false;
  /** Connections since the relay answered. */
  let tries = 0;
  let said: { readonly attempt: number; readonly joined: boolean } | undefined;
  let giveUpAt = Number.POSITIVE_INFINITY;
  let visiting = false;
  let visitDeadline = Number.POSITIVE_INFINITY;
  let joinDeadline = Number.POSITIVE_INFINITY;
  let attemptDeadline = Number.POSITIVE_INFINITY;
  let rejoinAt = Number.POSITIVE_INFINITY;

  function connect(now: number): void {
    connected = true;
    opened = false;
    joinDeadline = now + OPEN_TIMEOUT;
    rejoinAt = Number.POSITIVE_INFINITY;
    ticketWork.reset();
    tries += 1;
    tell(false);
    host.emit({ type: 'connect', join: wanted() });
  }

  /** A visit is a part of a conversation. */
  function tell(joined: boolean): void {
    if (visiting || (tries === said?.attempt && joined === said.joined)) return;
    said = { attempt: tries, joined };
    host.emit({ type: 'show', view: { type: 'relay', ...said } });
  }

  function wanted(): Join {
    return { room: base64url(room), seat, mode: settled ? 'join' : 'create' };
  }

  /** Works for the ticket, one slice at a time. */
  function work(now: number): void {
    const ticket = ticketWork.work(now);
    if (ticket === undefined) return;
    joinDeadline = now + JOIN_TIMEOUT;
    host.emit({ type: 'join', join: { ...wanted(), ticket } });
  }

  function judge(): Detail | undefined {
    if (!counted) return undefined;
    counted = false;
    if (used >= ATTEMPTS[form]) return { attempts: used };
    host.notice('SC-402', { attempt: used, attempts: ATTEMPTS[form] });
    return undefined;
  }

  /** Forgets the attempt. False when the code is burnt, and with it the session. */
  function drop(): boolean {
    if (attempt === undefined) return true;
    attempt.wipe();
    attempt = undefined;
    attemptDeadline = Number.POSITIVE_INFINITY;
    const burnt = judge();
    if (burnt !== undefined) host.end('SC-401', burnt);
    return burnt === undefined;
  }

  /** The peer holds the same code: the attempt was none against it. */
  function succeeded(): void {
    attempt = undefined;
    attemptDeadline = Number.POSITIVE_INFINITY;
    if (counted) used -= 1;
    counted = false;
  }

  /** Ending an attempt: wipe, close, rejoin with the same seat after a while. */
  function over(now: number): void {
    leave(now, REJOIN_MIN + Math.floor(fraction(crypto) * REJOIN_SPREAD));
  }

  /** Wipes the attempt and closes; joins again after `delay`, or ends the visit. */
  function leave(now: number, delay: number): void {
    const paired = attempt !== undefined;
    if (!drop()) return;
    if (paired) host.move('unpaired');
    connected = false;
    ticketWork.reset();
    joinDeadline = visitDeadline = Number.POSITIVE_INFINITY;
    host.emit({ type: 'disconnect' });
    if (!visiting) {
      rejoinAt = now + delay;
      return;
    }
    visiting = false;
    options.visited(now);
  }

  /** No line to the relay. One that was there before may come back; otherwise the session ends with `code`. */
  function lost(code: Code, detail: Detail, now: number, atLeast = 0): void {
    if (visiting) return leave(now, 0);
    giveUpAt = Math.min(giveUpAt, now + options.resumeTimeout);
    if (!known || now >= giveUpAt) return host.end(code, detail);
    if (!told) host.notice('SC-325', { why: detail['why'] ?? '' });
    told = true;
    leave(now, Math.max(backoff.next(), atLeast));
  }

  /** Nobody is here: a visit does not wait long. */
  function alone(now: number): void {
    if (visiting) visitDeadline = now + ALONE_TURN;
  }

  function count(): void {
    counted = true;
    used += 1;
  }

  /** Each pairing event makes a fresh attempt: everything drawn anew, M0 sent once. */
  function pair(now: number): void {
    if (!drop()) return;
    ticketWork.stop();
    visitDeadline = Number.POSITIVE_INFINITY;
    host.move('paired');
    attempt = createAttempt(crypto, prs, mode, room, caps);
    attemptDeadline = now + ATTEMPT_TIMEOUT;
    host.emit({ type: 'transmit', frame: attempt.first });
  }

  function unpair(now: number): void {
    alone(now);
    const paired = attempt !== undefined;
    if (!drop()) return;
    if (paired) host.move('unpaired');
    tell(true);
  }

  function refused(code: RelayErrorCode, retryAfterMs: number | undefined, now: number): void {
    if (code === 'room-taken' && !settled && options.reroll !== undefined && nameplates < NAMEPLATES) {
      nameplates += 1;
      nameplate = options.reroll();
      room = roomId(crypto, nameplate);
      return connect(now);
    }
    const detail: Detail = retryAfterMs === undefined ? {} : { seconds: Math.ceil(retryAfterMs / 1000) };
    if (visiting || TEMPORARY.has(code)) return lost(REFUSALS[code], { ...detail, why: code }, now, retryAfterMs);
    host.end(REFUSALS[code], detail);
  }

  function joined(): void {
    ticketWork.stop();
    joinDeadline = giveUpAt = Number.POSITIVE_INFINITY;
    known = true;
    told = false;
    tries = 0;
    backoff.reset();
    if (options.reroll !== undefined && !settled) host.emit({ type: 'show', view: { type: 'code', nameplate } });
    settled = true;
  }

  function control(message: RelayMessage | undefined, now: number): void {
    switch (message?.type) {
      case undefined:
        return host.end('SC-107', { why: 'a control message that is not in the protocol' });
      case 'joined':
        joined();
        return message.peer ? pair(now) : unpair(now);
      case 'peer-joined':
        return pair(now);
      case 'peer-left':
        return unpair(now);
      case 'error':
        if (joinDeadline !== Number.POSITIVE_INFINITY && ticketWork.begin(message.ticket, now)) {
          joinDeadline = now + TICKET_TIMEOUT;
          return;
        }
        return refused(message.code, message.retryAfterMs, now);
    }
  }

  function frame(bytes: Uint8Array, now: number): void {
    if (attempt === undefined) return;
    const step = attempt.handle(bytes);
    switch (step.type) {
      case 'dropped':
        return;
      case 'send':
        return host.emit({ type: 'transmit', frame: step.message });
      case 'counted':
        count();
        return host.emit({ type: 'transmit', frame: step.message });
      case 'established':
        if (step.message !== undefined) host.emit({ type: 'transmit', frame: step.message });
        succeeded();
        return options.established(step.result, now);
      case 'version-skew':
        return host.end('SC-305', { version: step.version });
      case 'over':
        return failed(step.why, step.counts, now);
    }
  }

  function failed(why: 'reflection' | 'failed', counts: boolean, now: number): void {
    if (counts) count();
    if (why === 'reflection') {
      reflections += 1;
      if (reflections >= TOLD_AFTER) return host.end('SC-406');
    } else if (!counted) {
      uncounted += 1;
      if (uncounted === TOLD_AFTER) host.notice('SC-323');
    }
    over(now);
  }

  function closed(event: Extract<TransportEvent, { type: 'closed' }>, now: number): void {
    const codes = { unreachable: 'SC-101', rejected: 'SC-107', lost: 'SC-108', closed: 'SC-108' } as const;
    const detail: Detail = event.detail === '' ? {} : { why: event.detail };
    // A relay gives a room up without an error of its own; its reason is a hint from outside and chooses only the words.
    if (event.detail.endsWith('wait-timeout') && !visiting) return host.end('SC-307', detail);
    lost(event.code ?? codes[event.reason], detail, now);
  }

  return {
    start(now) {
      host.move('start');
      connect(now);
    },

    visit(now) {
      visiting = true;
      connect(now);
    },

    slept(now) {
      if (connected) leave(now, 0);
    },

    transport(event, now) {
      if (!connected) return;
      switch (event.type) {
        case 'open':
          opened = true;
          joinDeadline = now + JOIN_TIMEOUT;
          return;
        case 'control':
          return control(checkRelayMessage(event.message), now);
        case 'frame':
          return frame(event.frame, now);
        case 'drain':
          return;
        case 'closed':
          return closed(event, now);
      }
    },

    tick(now) {
      if (now >= joinDeadline) {
        if (opened) return lost('SC-107', { why: 'no answer to the join' }, now);
        return lost('SC-101', { why: 'no connection in time' }, now);
      }
      work(now);
      if (now >= visitDeadline) return leave(now, 0);
      if (now >= rejoinAt) connect(now);
      if (now >= attemptDeadline) {
        host.notice('SC-314');
        over(now);
      }
    },

    wakeAt: () => Math.min(joinDeadline, attemptDeadline, rejoinAt, visitDeadline, ticketWork.wakeAt()),
    judge,

    wipe() {
      attempt?.wipe();
      attempt = undefined;
    },
  };
}
