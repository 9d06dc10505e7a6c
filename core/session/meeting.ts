/**
 * The rendezvous room, before there are keys (protocol.md sections 2 to 4): which nameplate, what the relay's answers mean,
 * when it is given up, and the code that is typed anew. Attempts are attempts.ts; nothing after the handshake may be here.
 */
import type { Code, Detail } from '../errors.js';
import type { CryptoPort } from '../ports.js';
import { base64url } from '../protocol/bytes.js';
import type { Nameplate } from '../room/code.js';
import { roomId } from '../room/room-id.js';
import type { RelayErrorCode } from '../wire/control.js';
import type { AttemptEvent, Attempts } from './attempts.js';
import type { Host } from './events.js';
import { LASTING, type Line, type LineEvent, type Place } from './line.js';
import { createTimers } from './timers.js';

/** From `connect` to an open connection: longer than what a transport allows itself, for one that never says anything. */
export const OPEN_TIMEOUT = 30_000;
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

export interface MeetingOptions {
  readonly crypto: CryptoPort;
  readonly nameplate: Nameplate;
  /** Makes another nameplate when this one is taken; absent when the person typed the code. */
  readonly reroll?: (() => Nameplate) | undefined;
  /** A relay that was joined and is gone is looked for again for this many milliseconds. */
  readonly resumeTimeout: number;
}

export interface Meeting {
  /** Where the peer is looked for. */
  readonly place: Place;
  readonly roomId: Uint8Array;
  /** Another code was typed. */
  use(nameplate: Nameplate): void;
  handle(event: LineEvent, now: number): AttemptEvent | undefined;
}

export function createMeeting(host: Host, line: Line, attempts: Attempts, options: MeetingOptions): Meeting {
  const { crypto, reroll } = options;
  const seat = base64url(crypto.random(32));
  const timers = createTimers<'give up'>();
  let nameplate = options.nameplate;
  let nameplates = 1;
  let room = roomId(crypto, nameplate);
  /** The relay has given us the room: from now on it is joined, not created. */
  let settled = reroll === undefined;
  /** The relay has answered a join: from now on a lost connection is made anew. */
  let known = false;
  /** The first join of this room has been answered. */
  let entered = false;
  attempts.made = reroll !== undefined;

  function place(): Place {
    const mode = settled ? 'join' : 'create';
    return { join: { room: base64url(room), seat, mode }, openTimeout: OPEN_TIMEOUT, meeting: true };
  }

  function joined(peer: boolean): void {
    known = true;
    if (!settled) host.emit({ type: 'show', view: { type: 'code', nameplate } });
    settled = true;
    // If both typed it, the one who found the room empty counts as the one that made it.
    if (!entered && !peer) attempts.made = true;
    entered = true;
  }

  function refused(code: RelayErrorCode, retryAfterMs: number | undefined, now: number): AttemptEvent | undefined {
    if (code === 'room-taken' && !settled && reroll !== undefined && nameplates < NAMEPLATES) {
      nameplates += 1;
      nameplate = reroll();
      room = roomId(crypto, nameplate);
      line.seek(place(), now);
      return undefined;
    }
    const detail: Detail = retryAfterMs === undefined ? {} : { seconds: Math.ceil(retryAfterMs / 1000) };
    if (TEMPORARY.has(code)) return lost(REFUSALS[code], { ...detail, why: code }, now, retryAfterMs);
    return { type: 'end', code: REFUSALS[code], detail };
  }

  /** No connection to the relay. One that was there before may come back; otherwise the session ends with `code`. */
  function lost(code: Code, detail: Detail, now: number, atLeast = 0): AttemptEvent | undefined {
    attempts.unpaired(now);
    timers.hurry('give up', now + options.resumeTimeout);
    if (!known || timers.rings('give up', now)) return { type: 'end', code, detail };
    line.trouble(String(detail['why'] ?? ''));
    line.again(now, atLeast);
    return undefined;
  }

  return {
    get place() {
      return place();
    },
    get roomId() {
      return room;
    },

    use(other) {
      nameplate = other;
      room = roomId(crypto, nameplate);
      settled = true;
      entered = false;
      attempts.made = false;
    },

    handle(event, now) {
      switch (event.type) {
        case 'joined':
          joined(event.peer);
          if (event.peer) return attempts.paired(now);
          attempts.unpaired(now);
          return undefined;
        case 'paired':
          return attempts.paired(now);
        case 'alone':
          attempts.unpaired(now);
          return undefined;
        case 'frame':
          return attempts.message(event.frame, now);
        case 'nonsense':
          return { type: 'end', code: 'SC-107', detail: { why: 'a control message that is not in the protocol' } };
        case 'refused':
          return refused(event.code, event.retryAfterMs, now);
        case 'lost':
          if ((event.age ?? 0) >= LASTING) timers.stop('give up');
          // A relay gives a room up without an error of its own; its reason is a hint and chooses only the words.
          if (event.why.endsWith('wait-timeout')) return { type: 'end', code: 'SC-307', detail: { why: event.why } };
          return lost(event.code, event.why === '' ? {} : { why: event.why }, now);
        case 'closed':
          return undefined;
      }
    },
  };
}
