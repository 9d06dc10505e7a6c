/**
 * Meeting the peer, before there are keys (protocol.md sections 3 and 4): the rendezvous room, what the relay's answers
 * mean, when it is given up. The code is typed-code.ts, attempts are attempts.ts; nothing after the handshake may be here.
 */
import type { Code, Detail } from '../errors.js';
import { base64url } from '../protocol/bytes.js';
import { type Caps, FEATURE_COVER, FEATURE_DIRECT, FEATURE_VERIFY } from '../protocol/caps.js';
import type { Established } from '../protocol/handshake-keys.js';
import { featuresOf, type Purpose } from '../protocol/purpose.js';
import type { RelayErrorCode } from '../wire/control.js';
import { type AttemptEvent, type Attempts, createAttempts } from './attempts.js';
import type { Host } from './events.js';
import type { Ending } from './goodbye.js';
import { LASTING, type Line, type LineEvent, type Place } from './line.js';
import { createTimers } from '../timers.js';
import { type CodeOptions, createTypedCode } from './typed-code.js';
import { quick } from '../quick.js';

/** From `connect` to an open connection: longer than what a transport allows itself, for one that never says anything. */
export const OPEN_TIMEOUT = 30_000;

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
/** The same for a side that has had its seat: the other one may be there twice for a while, as its own ghost. */
const TEMPORARY_INSIDE: ReadonlySet<RelayErrorCode> = new Set([...TEMPORARY, 'room-full']);

export interface MeetingOptions extends CodeOptions {
  /** The person wants to compare the safety words although there is a secret. */
  readonly verify: boolean;
  /** One frame on each beat, whatever there is to say: also if the peer asks for it. */
  readonly cover?: boolean | undefined;
  /** A direct path may be looked for, if the peer wants it too. */
  readonly direct?: boolean | undefined;
  /** What this side was started for. Default: chat. */
  readonly purpose?: Purpose | undefined;
  /** UTF-8, at most 64 bytes, may be empty. */
  readonly name: Uint8Array;
  /** Without a connection to the peer the session is given up after this many milliseconds. 0: at once. */
  readonly resumeTimeout: number;
  /** Application version, ASCII, at most 32 bytes. */
  readonly version: Uint8Array;
}

export type MeetingEvent =
  | { readonly type: 'established'; readonly result: Established }
  | ({ readonly type: 'end' } & Ending);

export interface Meeting {
  /** Where the peer is looked for. */
  readonly place: Place;
  readonly attempts: Attempts;
  /** Without a secret, or when asked for, the words are compared before anything is shown or sent. */
  readonly compares: boolean;
  /** There is no secret: both sides compare. */
  readonly secretless: boolean;
  start(now: number): void;
  handle(event: LineEvent, now: number): MeetingEvent | undefined;
  /** The code as it was typed again; the bytes are wiped. */
  typed(bytes: Uint8Array, now: number): undefined;
  /** No more input will come: nobody can be asked any more. */
  inputEnded(): Ending | undefined;
  /** This process slept: the connection is made anew. */
  slept(now: number): void;
  tick(now: number): MeetingEvent | undefined;
  wakeAt(): number;
  /** The peer holds the keys: the code's secret is not needed any more. */
  settled(): void;
}

export function createMeeting(host: Host, line: Line, options: MeetingOptions): Meeting {
  const { crypto, reroll } = options;
  const seat = base64url(crypto.random(32));
  const timers = createTimers<'give up'>();
  const code = createTypedCode(host, options);
  const attempts = createAttempts(host, crypto, line.say, () => ({
    roomId: code.roomId,
    form: code.form,
    prs: code.prs,
    caps: caps(),
  }));
  /** The relay has given us the room: from now on it is joined, not created. */
  let settled = reroll === undefined;
  /** The relay has answered a join: from now on a lost connection is made anew. */
  let known = false;
  /** The first join of this room has been answered. */
  let entered = false;
  if (reroll !== undefined) attempts.made();

  const compares = (): boolean => options.verify || code.form === 'none';

  function caps(): Caps {
    return {
      version: options.version,
      // Who must be verified first is not told a name either.
      name: compares() ? new Uint8Array(0) : options.name,
      features:
        (options.verify ? FEATURE_VERIFY : 0) |
        (options.cover === true ? FEATURE_COVER : 0) |
        (options.direct === true ? FEATURE_DIRECT : 0) |
        featuresOf(options.purpose ?? 'chat'),
    };
  }

  function place(): Place {
    const mode = settled ? 'join' : 'create';
    return { join: { room: base64url(code.roomId), seat, mode }, openTimeout: OPEN_TIMEOUT, meeting: true };
  }

  function enter(now: number, after = 0): undefined {
    line.seek(place(), now, after);
  }

  // -- the relay

  function joined(peer: boolean): void {
    known = true;
    if (!settled) host.emit({ type: 'show', view: { type: 'code', nameplate: code.nameplate } });
    settled = true;
    // If both typed it, the one who found the room empty counts as the one that made it.
    if (!entered && !peer) attempts.made();
    entered = true;
  }

  function nonsense(): MeetingEvent {
    return { type: 'end', code: 'SC-107', detail: { why: 'a control message that is not in the protocol' } };
  }

  function refused(why: RelayErrorCode, retryAfterMs: number | undefined, now: number): MeetingEvent | undefined {
    // To a join it is no answer: only what is made anew can be taken.
    if (why === 'room-taken' && settled) return nonsense();
    if (why === 'room-taken' && code.reroll()) return enter(now);
    const detail: Detail = retryAfterMs === undefined ? {} : { seconds: Math.ceil(retryAfterMs / 1000) };
    if ((entered ? TEMPORARY_INSIDE : TEMPORARY).has(why))
      return lost(REFUSALS[why], { ...detail, why }, now, retryAfterMs);
    return { type: 'end', code: REFUSALS[why], detail };
  }

  /** A connection that was there for a while: patience begins anew. */
  function lasted(age: number | undefined): void {
    if (age !== undefined && age >= LASTING) timers.stop('give up');
  }

  /** No connection to the relay. One that was there before may come back; otherwise the session ends with this. */
  function lost(why: Code, detail: Detail, now: number, atLeast = 0): MeetingEvent | undefined {
    attempts.unpaired(now);
    timers.hurry('give up', now + options.resumeTimeout);
    if (!known || timers.rings('give up', now)) return { type: 'end', code: why, detail };
    line.trouble(String(detail['why'] ?? ''));
    line.again(now, atLeast);
    return undefined;
  }

  // -- attempts, and what they lead to

  function attempted(event: AttemptEvent | undefined, now: number): MeetingEvent | undefined {
    switch (event?.type) {
      case 'established':
      case 'end':
        return event;
      case 'over':
        attempts.unpaired(now);
        return enter(now, event.after);
      case 'wrong':
        attempts.unpaired(now);
        return wrong(event.attempt, event.attempts);
      case 'stuck':
        attempts.unpaired(now);
        line.again(now);
        return undefined;
      default:
        return undefined;
    }
  }

  /** A guess needs a person (section 4): who typed the code leaves the room and is asked. */
  function wrong(attempt: number, of: number): MeetingEvent | undefined {
    line.leave();
    if (!code.askable) return { type: 'end', code: 'SC-408', detail: {} };
    host.notice('SC-402', { attempt, attempts: of });
    code.ask();
    return undefined;
  }

  return quick({
    attempts,
    get place() {
      return place();
    },
    get compares() {
      return compares();
    },
    get secretless() {
      return code.form === 'none';
    },

    start: enter,

    handle(event, now) {
      if (code.asking) return undefined;
      switch (event.type) {
        case 'joined':
          joined(event.peer);
          if (event.peer) return attempted(attempts.paired(now), now);
          attempts.unpaired(now);
          return undefined;
        case 'paired':
          return attempted(attempts.paired(now), now);
        case 'alone':
          attempts.left(now);
          return undefined;
        case 'frame':
          return attempted(attempts.message(event.frame, now), now);
        case 'nonsense':
          return nonsense();
        case 'refused':
          lasted(event.age);
          return refused(event.code, event.retryAfterMs, now);
        case 'lost':
          lasted(event.age);
          // A relay gives a room up without an error of its own; its reason is a hint and chooses only the words.
          if (event.why.endsWith('wait-timeout')) return { type: 'end', code: 'SC-307', detail: { why: event.why } };
          return lost(event.code, event.why === '' ? {} : { why: event.why }, now);
        // There is no direct path before there are keys.
        case 'moved':
        case 'closed':
        case 'drain':
          return undefined;
      }
    },

    typed(bytes, now) {
      const what = code.typed(bytes);
      if (what === 'none') return;
      if (what === 'another') {
        settled = true;
        entered = false;
        attempts.renew();
      }
      enter(now);
    },

    inputEnded() {
      code.inputEnded();
      return code.asking ? { code: 'SC-408', detail: {} } : undefined;
    },

    slept(now) {
      if (code.asking) return;
      attempts.unpaired(now);
      enter(now);
    },

    tick: (now) => attempted(attempts.tick(now), now),
    wakeAt: () => attempts.wakeAt(),

    settled() {
      try {
        attempts.settled();
      } finally {
        code.wipe();
      }
    },
  });
}
