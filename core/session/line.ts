/**
 * One seat in one room at one relay: open, join, ticket, pairings, loss, back-off, and how much waits to be sent. The
 * connection belongs to this file alone. What comes over it is passed on unread; no key may be in this file.
 */
import type { Code } from '../errors.js';
import type { CloseReason, CryptoPort, TransportEvent } from '../ports.js';
import { checkRelayMessage, type Join, type RelayErrorCode, type RelayMessage } from '../wire/control.js';
import { createAsking } from './asking.js';
import { createBackoff } from './backoff.js';
import type { Host } from './events.js';
import { createTicketWork, TICKET_TIMEOUT } from './ticket-work.js';
import { createTimers, NEVER } from '../timers.js';
import { quick } from '../quick.js';

/** From an open connection to the relay's answer to the join, milliseconds. */
export const JOIN_TIMEOUT = 10_000;
/** A connection that lasted this long is believed in: the back-off returns to its start. */
export const LASTING = 10_000;
/** Nothing more is handed to the transport while this many bytes wait in it. */
export const WAITING_LIMIT = 1024 * 1024;
/** More `peer-joined` than this in PAIRINGS_TIME on one connection close it. */
export const PAIRINGS_LIMIT = 8;
export const PAIRINGS_TIME = 60_000;

export interface Place {
  readonly join: Join;
  /** From `connect` to an open connection, milliseconds. */
  readonly openTimeout: number;
  /** Before there are keys: the person is told how often the relay is asked, and time alone makes a connection believed. */
  readonly meeting: boolean;
}

export type LineEvent =
  /** The relay has given us the seat; whether the other one is taken. */
  | { readonly type: 'joined'; readonly peer: boolean }
  /** The other seat was taken, or taken anew. */
  | { readonly type: 'paired' }
  /** It goes over a direct path now, and the peer is at its other end. */
  | { readonly type: 'moved' }
  /** The other seat is empty. */
  | { readonly type: 'alone' }
  | { readonly type: 'frame'; readonly frame: Uint8Array }
  /** The relay said something that is not in the protocol. */
  | { readonly type: 'nonsense' }
  /** The relay said no. The connection is over, whoever closes it. */
  | {
      readonly type: 'refused';
      readonly code: RelayErrorCode;
      readonly retryAfterMs: number | undefined;
      /** Milliseconds since the relay gave the seat, when it did. */
      readonly age: number | undefined;
    }
  /** It is gone. `age`: as above. */
  | { readonly type: 'lost'; readonly code: Code; readonly why: string; readonly age: number | undefined }
  /** More may be sent now. */
  | { readonly type: 'drain' }
  /** It was closed on request, and everything is out. */
  | { readonly type: 'closed' };

export interface Line {
  /** The transport takes more now: less than WAITING_LIMIT waits in it. */
  readonly ready: boolean;
  /** Bytes that wait in it. */
  readonly waiting: number;
  /** Leaves whatever there is and joins `place`, `after` milliseconds from now. */
  seek(place: Place, now: number, after?: number): void;
  /** Leaves whatever there is for a direct path (path.ts). */
  take(id: number, now: number): LineEvent;
  /** It goes over a direct path. */
  readonly direct: boolean;
  /** What the relay of this connection says it sees of it; undefined: nothing. */
  readonly observed: string | undefined;
  /** The same place once more, after the back-off, `atLeast` milliseconds from now. */
  again(now: number, atLeast?: number): void;
  /** How long the back-off says to wait; it then grows. */
  delay(): number;
  /** Closes after what was sent: `closed` follows. Nothing more is taken in. */
  finish(): void;
  /** Closes, and stays away. */
  leave(): void;
  /** What the transport says waits in it, at this moment. */
  sampled(waiting: number): void;
  handle(event: TransportEvent, now: number): LineEvent | undefined;
  tick(now: number): LineEvent | undefined;
  /** A message of handshake or resume. False when it cannot be handed over: then the pairing is to be closed. */
  say(message: Uint8Array): boolean;
  /** A frame, while `ready`. */
  transmit(frame: Uint8Array): void;
  /** The peer is there: a handshake has succeeded, or a frame has opened. */
  worked(now: number): void;
  /** It brought what is not the peer's: the next one must last before it is believed in. */
  distrust(): void;
  /** Says why it takes so long, once until the back-off returns to its start. */
  trouble(why: string): void;
  wakeAt(): number;
}

type Phase =
  | { readonly at: 'away' }
  /** Until 'retry' rings. */
  | { readonly at: 'waiting' }
  | { readonly at: 'opening' }
  | { readonly at: 'joining' }
  | { readonly at: 'joined'; readonly since: number; readonly direct: boolean }
  | { readonly at: 'finishing' };

/** What the session ends with, when the relay was never reached. */
const LOSSES: Readonly<Record<CloseReason, Code>> = {
  unreachable: 'SC-101',
  rejected: 'SC-107',
  lost: 'SC-108',
  closed: 'SC-108',
};

function isOpen(phase: Phase): boolean {
  return phase.at === 'opening' || phase.at === 'joining' || phase.at === 'joined';
}

/** `asksAddress`: the relay is asked what it sees. */
export function createLine(host: Host, crypto: CryptoPort, asksAddress = false): Line {
  const backoff = createBackoff(crypto);
  const ticketWork = createTicketWork(crypto);
  const timers = createTimers<'retry' | 'answer'>();
  let phase: Phase = { at: 'away' };
  let place: Place | undefined;
  const asking = createAsking(host);
  /** Whoever can forge one frame can end each connection at once: the waits then grow as if none had come up. */
  let trusted = true;
  let pairings: number[] = [];
  let waiting = 0;
  let observed: string | undefined;

  function enter(to: Phase): void {
    const leaves = !isOpen(to) || (to.at === 'joined' && to.direct);
    if (isOpen(phase) && leaves) host.emit({ type: 'disconnect' });
    timers.stopAll();
    ticketWork.stop();
    phase = to;
  }

  function connect(now: number): void {
    if (place === undefined) return;
    enter({ at: 'opening' });
    timers.set('answer', now + place.openTimeout);
    ticketWork.reset();
    fresh();
    asking.begun(place.meeting);
    host.emit({ type: 'connect', join: joinOf(place) });
  }

  /** Nothing of the connection before. */
  function fresh(): void {
    pairings = [];
    waiting = 0;
    observed = undefined;
  }

  function joinOf({ join }: Place): Join {
    return asksAddress ? { ...join, address: true } : join;
  }

  /** The back-off returns to its start. */
  function believed(): void {
    backoff.reset();
    asking.believed();
    trusted = true;
  }

  function ageAt(now: number): number | undefined {
    return phase.at === 'joined' ? now - phase.since : undefined;
  }

  function lost(code: Code, why: string, now: number): LineEvent {
    const age = ageAt(now);
    if (place?.meeting === true && age !== undefined && age >= LASTING) believed();
    enter({ at: 'away' });
    return { type: 'lost', code, why, age };
  }

  function hand(frame: Uint8Array): void {
    waiting += frame.length;
    host.emit({ type: 'transmit', frame });
  }

  function paired(event: LineEvent, now: number): LineEvent {
    return event.type === 'joined' || !crowded(now) ? event : lost('SC-107', 'too many pairings', now);
  }

  function crowded(now: number): boolean {
    pairings = [...pairings.filter((at) => now - at < PAIRINGS_TIME), now];
    return pairings.length > PAIRINGS_LIMIT;
  }

  function control(message: RelayMessage | undefined, now: number): LineEvent | undefined {
    switch (message?.type) {
      case undefined:
        return { type: 'nonsense' };
      case 'joined':
        // Said once; a second one says nothing that `peer-joined` would not.
        if (phase.at !== 'joining') return undefined;
        enter({ at: 'joined', since: now, direct: false });
        // What was made is there: when it is joined again, the peer may be there first.
        if (place !== undefined) place = { ...place, join: { ...place.join, mode: 'join' } };
        observed = message.address;
        asking.answered(place?.meeting === true);
        return message.peer ? paired({ type: 'joined', peer: true }, now) : { type: 'joined', peer: false };
      case 'peer-joined':
        return phase.at === 'joined' ? paired({ type: 'paired' }, now) : undefined;
      case 'peer-left':
        return phase.at === 'joined' ? { type: 'alone' } : undefined;
      case 'error':
        if (phase.at === 'joining' && ticketWork.begin(message.ticket, now)) {
          timers.set('answer', now + TICKET_TIMEOUT);
          return undefined;
        }
        return { type: 'refused', code: message.code, retryAfterMs: message.retryAfterMs, age: ageAt(now) };
    }
  }

  return quick({
    get ready() {
      return waiting < WAITING_LIMIT;
    },
    get waiting() {
      return waiting;
    },

    seek(to, now, after = 0) {
      place = to;
      if (after === 0) return connect(now);
      enter({ at: 'waiting' });
      timers.set('retry', now + after);
    },

    take(id, now) {
      enter({ at: 'joined', since: now, direct: true });
      fresh();
      host.emit({ type: 'take', id });
      return { type: 'moved' };
    },
    get direct() {
      return phase.at === 'joined' && phase.direct;
    },
    get observed() {
      return observed;
    },

    again(now, atLeast = 0) {
      enter({ at: 'waiting' });
      timers.set('retry', now + Math.max(backoff.next(), atLeast));
    },

    delay: () => backoff.next(),

    finish() {
      enter({ at: 'finishing' });
    },

    leave() {
      enter({ at: 'away' });
    },

    sampled(bytes) {
      waiting = bytes;
    },

    handle(event, now) {
      switch (event.type) {
        case 'open':
          if (phase.at !== 'opening') return undefined;
          enter({ at: 'joining' });
          timers.set('answer', now + JOIN_TIMEOUT);
          return undefined;
        case 'control':
          if (phase.at !== 'joining' && (phase.at !== 'joined' || phase.direct)) return undefined;
          return control(checkRelayMessage(event.message), now);
        case 'frame':
          return phase.at === 'joined' ? { type: 'frame', frame: event.frame } : undefined;
        case 'drain':
          return { type: 'drain' };
        case 'closed':
          if (phase.at === 'finishing') return { type: 'closed' };
          // One that was left reports its end late.
          if (phase.at === 'away' || phase.at === 'waiting') return undefined;
          return lost(event.code ?? LOSSES[event.reason], event.detail, now);
      }
    },

    tick(now) {
      if (timers.rings('retry', now)) connect(now);
      if (timers.rings('answer', now)) {
        const [code, why] =
          phase.at === 'opening'
            ? (['SC-101', 'no connection in time'] as const)
            : (['SC-107', 'no answer to the join'] as const);
        return lost(code, why, now);
      }
      const ticket = ticketWork.work(now);
      if (ticket !== undefined && place !== undefined) {
        timers.set('answer', now + JOIN_TIMEOUT);
        host.emit({ type: 'join', join: { ...joinOf(place), ticket } });
      }
      return undefined;
    },

    say(message) {
      if (waiting >= WAITING_LIMIT) return false;
      hand(message);
      return true;
    },

    transmit(frame) {
      if (phase.at === 'joined') hand(frame);
    },

    worked(now) {
      if (trusted || (phase.at === 'joined' && now - phase.since >= LASTING)) believed();
    },

    distrust() {
      trusted = false;
    },

    trouble: asking.trouble,

    wakeAt: () => (phase.at === 'away' ? NEVER : Math.min(timers.next(), ticketWork.wakeAt())),
  });
}
