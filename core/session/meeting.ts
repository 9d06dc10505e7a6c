/**
 * Meeting the peer, before there are keys (protocol.md sections 2 to 4): the code, the rendezvous room, what the relay's
 * answers mean, when it is given up, and the code that is typed anew. Attempts are attempts.ts; nothing after the handshake
 * may be here.
 */
import { type Code, type Detail, isSecurechatError } from '../errors.js';
import type { CryptoPort, Secret } from '../ports.js';
import { base64url } from '../protocol/bytes.js';
import { type Caps, FEATURE_COVER, FEATURE_DIRECT, FEATURE_VERIFY } from '../protocol/caps.js';
import type { Established } from '../protocol/handshake-keys.js';
import type { CodeForm, Nameplate, RoomCode } from '../room/code.js';
import { roomId } from '../room/room-id.js';
import type { RelayErrorCode } from '../wire/control.js';
import { type AttemptEvent, type Attempts, createAttempts } from './attempts.js';
import type { Host } from './events.js';
import type { Ending } from './goodbye.js';
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
  /**
   * Another nameplate, when the relay says that this one is taken. Given by the side that made the code, and by no other:
   * after a wrong guess that side waits, who typed the code is asked.
   */
  readonly reroll?: (() => Nameplate) | undefined;
  readonly form: CodeForm;
  /** PRS (protocol.md section 2). It is wiped here. */
  readonly prs: Secret;
  /**
   * Reads a code that was typed again after a wrong one; throws SecurechatError SC-301 and SC-302. Absent where nobody can
   * be asked.
   */
  readonly retype?: ((typed: Uint8Array) => RoomCode) | undefined;
  /** The person wants to compare the safety words although there is a secret. */
  readonly verify: boolean;
  /** One frame on each beat, whatever there is to say: also if the peer asks for it. */
  readonly cover?: boolean | undefined;
  /** A direct path may be looked for, if the peer wants it too. */
  readonly direct?: boolean | undefined;
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
  /** The room is left until the code is typed again. */
  readonly asking: boolean;
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
  let code: Pick<MeetingOptions, 'nameplate' | 'form' | 'prs'> = options;
  let nameplates = 1;
  let room = roomId(crypto, code.nameplate);
  /** The relay has given us the room: from now on it is joined, not created. */
  let settled = reroll === undefined;
  /** The relay has answered a join: from now on a lost connection is made anew. */
  let known = false;
  /** The first join of this room has been answered. */
  let entered = false;
  /** `same`: nothing typed stands for the same code. */
  let question: { readonly same: boolean } | undefined;
  let mayAsk = options.retype !== undefined;
  const attempts = createAttempts(host, crypto, line.say, () => ({
    roomId: room,
    form: code.form,
    prs: code.prs,
    caps: caps(),
  }));
  attempts.made = reroll !== undefined;

  const compares = (): boolean => options.verify || code.form === 'none';

  function caps(): Caps {
    return {
      version: options.version,
      // Who must be verified first is not told a name either.
      name: compares() ? new Uint8Array(0) : options.name,
      features:
        (options.verify ? FEATURE_VERIFY : 0) |
        (options.cover === true ? FEATURE_COVER : 0) |
        (options.direct === true ? FEATURE_DIRECT : 0),
    };
  }

  function place(): Place {
    const mode = settled ? 'join' : 'create';
    return { join: { room: base64url(room), seat, mode }, openTimeout: OPEN_TIMEOUT, meeting: true };
  }

  function enter(now: number, after = 0): undefined {
    question = undefined;
    line.seek(place(), now, after);
  }

  // -- the relay

  function joined(peer: boolean): void {
    known = true;
    if (!settled) host.emit({ type: 'show', view: { type: 'code', nameplate: code.nameplate } });
    settled = true;
    // If both typed it, the one who found the room empty counts as the one that made it.
    if (!entered && !peer) attempts.made = true;
    entered = true;
  }

  function refused(why: RelayErrorCode, retryAfterMs: number | undefined, now: number): MeetingEvent | undefined {
    if (why === 'room-taken' && !settled && reroll !== undefined && nameplates < NAMEPLATES) {
      nameplates += 1;
      code = { ...code, nameplate: reroll() };
      room = roomId(crypto, code.nameplate);
      return enter(now);
    }
    const detail: Detail = retryAfterMs === undefined ? {} : { seconds: Math.ceil(retryAfterMs / 1000) };
    if (TEMPORARY.has(why)) return lost(REFUSALS[why], { ...detail, why }, now, retryAfterMs);
    return { type: 'end', code: REFUSALS[why], detail };
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
      case 'blocked':
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
    if (!mayAsk) return { type: 'end', code: 'SC-408', detail: {} };
    host.notice('SC-402', { attempt, attempts: of });
    return ask();
  }

  function ask(): undefined {
    question = { same: code.form === 'generated' };
    host.emit({ type: 'show', view: { type: 'code-wanted', same: question.same } });
  }

  /** The same code goes on with its count; another one begins anew. */
  function use({ nameplate, form, secret }: RoomCode): void {
    const prs = crypto.take(secret);
    if (nameplate === code.nameplate && form === code.form && sameSecret(prs)) return prs.wipe();
    code.prs.wipe();
    code = { nameplate, form, prs };
    room = roomId(crypto, nameplate);
    settled = true;
    entered = attempts.made = false;
    attempts.renew();
  }

  function sameSecret(other: Secret): boolean {
    const bytes = crypto.reveal(other);
    try {
      return crypto.equal(code.prs, bytes);
    } finally {
      bytes.fill(0);
    }
  }

  return {
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
    get asking() {
      return question !== undefined;
    },

    start: enter,

    handle(event, now) {
      if (question !== undefined) return undefined;
      switch (event.type) {
        case 'joined':
          joined(event.peer);
          if (event.peer) return attempted(attempts.paired(now), now);
          attempts.unpaired(now);
          return undefined;
        case 'paired':
          return attempted(attempts.paired(now), now);
        case 'alone':
          attempts.unpaired(now);
          return undefined;
        case 'frame':
          return attempted(attempts.message(event.frame, now), now);
        case 'nonsense':
          return { type: 'end', code: 'SC-107', detail: { why: 'a control message that is not in the protocol' } };
        case 'refused':
          return refused(event.code, event.retryAfterMs, now);
        case 'lost':
          if ((event.age ?? 0) >= LASTING) timers.stop('give up');
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
      const { retype } = options;
      try {
        if (question === undefined || retype === undefined) return host.notice('SC-312');
        if (bytes.length > 0 || !question.same) use(retype(bytes));
        return enter(now);
      } catch (error) {
        if (!isSecurechatError(error)) throw error;
        host.notice(error.code, error.detail);
        return ask();
      } finally {
        bytes.fill(0);
      }
    },

    inputEnded() {
      mayAsk = false;
      return question === undefined ? undefined : { code: 'SC-408', detail: {} };
    },

    slept(now) {
      if (question !== undefined) return;
      attempts.unpaired(now);
      enter(now);
    },

    tick: (now) => attempted(attempts.tick(now), now),
    wakeAt: () => attempts.wakeAt(),

    settled() {
      try {
        attempts.settled();
      } finally {
        code.prs.wipe();
      }
    },
  };
}
