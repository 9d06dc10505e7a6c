/**
 * Attempts at a handshake (protocol.md section 4): which one is under way, what is sent again in a new pairing, which ones
 * count. What one attempt says is protocol/handshake.ts, what a count leads to tally.ts; joins and connections are line.ts.
 * Where the session is to go afterwards is returned, never done here.
 */
import type { CryptoPort, Secret } from '../ports.js';
import { sameBytes } from '../protocol/bytes.js';
import type { Caps } from '../protocol/caps.js';
import { type Attempt, commitmentOf, createAttempt, isHandshake, type Step } from '../protocol/handshake.js';
import type { Established } from '../protocol/handshake-keys.js';
import type { CodeForm } from '../room/code.js';
import { BACKOFF_FACTOR } from './backoff.js';
import type { Host } from './events.js';
import type { Ending } from './goodbye.js';
import { createTally, type Verdict } from './tally.js';
import { createTimers } from '../timers.js';

/** From the pairing or the peer's M0 to M3, while paired, milliseconds. */
export const ATTEMPT_TIMEOUT = 30_000;
/** From the peer's M0 to M3 in all. */
export const ATTEMPT_WHOLE = 600_000;
/**
 * Paired, and nothing of the peer moves the attempt: the pairing is made anew, where both sides say again what they have
 * said. Half as much more each time, so that a slow network gets its turn, too.
 */
export const ATTEMPT_STILL = 5_000;
/**
 * Who finds the code wrong leaves at once and is back with another M0 after GUESS_WAITS. An M0 that comes after more than
 * ATTEMPT_STILL while paired, or this in all, says only that the time was up.
 */
export const ATTEMPT_OLD = 20_000;
/** In a visit nothing is said before the peer's M0, for this long. */
export const HUSH = 1_000;

/** What the attempts are made with. `prs` belongs to the session. */
export interface AttemptCode {
  readonly roomId: Uint8Array;
  readonly form: CodeForm;
  readonly prs: Secret;
  readonly caps: Caps;
}

/** An attempt whose M3 is sealed by A: until a frame of B has opened, its messages may have to be said again. */
interface Held {
  readonly commitment: Uint8Array;
  readonly peer: Uint8Array;
  readonly said: readonly Uint8Array[];
}

export type AttemptEvent =
  | { readonly type: 'established'; readonly result: Established }
  /** In a visit: the messages of the attempt that is held are said again; its frames may follow, and those of the peer. */
  | { readonly type: 'met' }
  /** In a visit: a new attempt goes on beside the one that is held. */
  | { readonly type: 'begun' }
  /** Too much waits in the transport, or nothing comes: this pairing is closed, and the seat joined again. */
  | { readonly type: 'stuck' }
  /** The attempt is over. */
  | Verdict;

export interface Attempts {
  /** The code is another one, typed here: the count begins anew. */
  renew(): void;
  /** This side counts as the one that made the code. */
  made(): void;
  /** The other seat is taken, or taken anew. */
  paired(now: number): AttemptEvent | undefined;
  /** Nobody is there, or the connection is gone: an attempt under way stands still. */
  unpaired(now: number): void;
  /** The same, and it is the peer that went. Told when it has seen the last proof of the code: it may not come back. */
  left(now: number): void;
  message(bytes: Uint8Array, now: number): AttemptEvent | undefined;
  tick(now: number): AttemptEvent | undefined;
  wakeAt(): number;
  /** The peer has shown that it holds the keys: nothing is said again, and no other attempt goes on. */
  settled(): void;
  /** The session ends, for whatever reason: the last word on an attempt that was counted and did not succeed. */
  close(): Ending | undefined;
}

interface Under {
  readonly attempt: Attempt;
  counted: boolean;
  /** It was told that the peer left in the middle of it. */
  told?: boolean;
}

/** What was said in this pairing. */
interface Pairing {
  /** The messages that are held. */
  held: boolean;
  /** Those of the attempt under way. */
  again: boolean;
  /** A new attempt was begun beside the one that is held. */
  begun: boolean;
}

export function createAttempts(
  host: Host,
  crypto: CryptoPort,
  say: (message: Uint8Array) => boolean,
  code: () => AttemptCode,
): Attempts {
  let under: Under | undefined;
  let held: Held | undefined;
  let pairing: Pairing | undefined;
  /** Of ATTEMPT_TIMEOUT, while there is no pairing. */
  let remaining = ATTEMPT_TIMEOUT;
  let patience = ATTEMPT_STILL;
  const timers = createTimers<'late' | 'whole' | 'hush' | 'still'>();
  const tally = createTally(host, crypto, () => code().form);

  const mode = (): 0 | 1 => (code().form === 'none' ? 0 : 1);

  function forget(): void {
    under?.attempt.wipe();
    under = undefined;
    timers.stop('late', 'whole', 'still');
  }

  /** In a visit the turns of resume.ts see to that. */
  function watch(now: number): void {
    if (held === undefined) timers.set('still', now + patience);
  }

  /** All of it, or the pairing is to be closed. */
  function sayAll(messages: readonly Uint8Array[]): AttemptEvent | undefined {
    return messages.every((message) => say(message)) ? undefined : { type: 'stuck' };
  }

  function begin(now: number): AttemptEvent | undefined {
    forget();
    const { prs, caps, roomId } = code();
    const attempt = createAttempt(crypto, prs, { mode: mode(), roomId }, caps);
    under = { attempt, counted: false };
    timers.set('late', now + ATTEMPT_TIMEOUT);
    watch(now);
    return sayAll(attempt.said);
  }

  function count(to: Under): void {
    // Without a secret there is nothing to guess: the words decide.
    if (mode() === 0 || to.counted) return;
    to.counted = true;
    tally.count();
  }

  function take(bytes: Uint8Array, now: number): AttemptEvent | undefined {
    if (under === undefined) return undefined;
    const { peer } = under.attempt;
    const step = under.attempt.handle(bytes);
    switch (step.type) {
      case 'dropped':
        return undefined;
      case 'met':
        watch(now);
        timers.set('late', now + ATTEMPT_TIMEOUT);
        if (!timers.isSet('whole')) timers.set('whole', now + ATTEMPT_WHOLE);
        return step.message === undefined ? undefined : sayAll([step.message]);
      case 'sealed':
        count(under);
        watch(now);
        return sayAll([step.message]);
      case 'established':
        return established(under, step.result, peer);
      case 'over':
        if (step.why === 'proof') failed(under);
        return over(now, step);
    }
  }

  /** Tag, payload or commitment were wrong: which one is never said. */
  function failed(at: Under): void {
    count(at);
    if (mode() === 0) host.notice('SC-330');
  }

  function established(done: Under, result: Established, peer: Uint8Array | undefined): AttemptEvent {
    const { commitment, said } = done.attempt;
    if (result.role === 'B' && done.counted) tally.takeBack();
    forget();
    held = undefined;
    if (result.role === 'A' && peer !== undefined) {
      held = { commitment, peer, said };
      if (pairing !== undefined) pairing = { held: true, again: true, begun: true };
      // When it cannot be handed over, the peer asks for it in a visit.
      const message3 = said.at(-1);
      if (message3 !== undefined) say(message3);
    }
    return { type: 'established', result };
  }

  /** The attempt has ended: with its count where it has one. Without a step its time was up. */
  function over(now: number, step?: Extract<Step, { type: 'over' }>): AttemptEvent {
    const counted = under?.counted === true;
    const unfinished = step === undefined || (step.why === 'replaced' && isOld(now));
    forget();
    patience = ATTEMPT_STILL;
    if (counted) return tally.failed(unfinished ? 'unfinished' : 'wrong', held !== undefined);
    if (step === undefined) host.notice('SC-314');
    if (step?.why === 'version') return tally.uncounted({ code: 'SC-305', detail: { version: step.version } });
    if (step?.why === 'reflection') return tally.uncounted({ code: 'SC-406', detail: {} });
    return tally.uncounted();
  }

  /** Another M0 does not say any more that the code is wrong: the peer's time was up, or it began anew. */
  function isOld(now: number): boolean {
    const paired = ATTEMPT_TIMEOUT - (timers.left('late', now) ?? remaining);
    const whole = ATTEMPT_WHOLE - (timers.left('whole', now) ?? ATTEMPT_WHOLE);
    return paired > ATTEMPT_STILL || whole > ATTEMPT_OLD;
  }

  /** In a visit the peer's M0 says which attempt a pairing belongs to. */
  function visited(hold: Held, into: Pairing, bytes: Uint8Array, now: number): AttemptEvent | undefined {
    const theirs = commitmentOf(bytes);
    if (theirs === undefined) return into.begun || into.again ? take(bytes, now) : undefined;
    if (sameBytes(theirs, hold.commitment)) return undefined;
    if (sameBytes(theirs, hold.peer)) return into.held ? undefined : sayHeld(hold, into);
    const attempt = under?.attempt;
    if (attempt !== undefined && sameBytes(theirs, attempt.commitment)) return undefined;
    if (into.begun) return attempt === undefined || attempt.sealed ? undefined : take(bytes, now);
    if (attempt?.underWay === true && attempt.peer !== undefined && sameBytes(theirs, attempt.peer)) {
      return into.again ? undefined : sayAgain(attempt, into);
    }
    // With no attempt left only the old peer helps.
    if (tally.spent) return undefined;
    if (under?.counted === true) tally.superseded(isOld(now) ? 'unfinished' : 'wrong');
    into.begun = true;
    timers.stop('hush');
    return begin(now) ?? take(bytes, now) ?? { type: 'begun' };
  }

  function sayHeld(hold: Held, into: Pairing): AttemptEvent {
    into.held = true;
    timers.stop('hush');
    return sayAll(hold.said) ?? { type: 'met' };
  }

  function sayAgain(attempt: Attempt, into: Pairing): AttemptEvent {
    into.again = true;
    timers.stop('hush');
    return sayAll(attempt.said) ?? { type: 'begun' };
  }

  /** Where the 30 s of an attempt stand still. */
  function freeze(now: number): void {
    remaining = timers.left('late', now) ?? remaining;
    timers.stop('late', 'hush', 'still');
  }

  function unpaired(now: number): void {
    if (pairing === undefined) return;
    pairing = undefined;
    freeze(now);
    if (under?.attempt.underWay === false) forget();
    host.move('unpaired');
  }

  return {
    made() {
      tally.made = true;
    },

    renew() {
      forget();
      tally.made = false;
      tally.renew();
    },

    paired(now) {
      host.move('paired');
      freeze(now);
      pairing = { held: false, again: false, begun: false };
      if (held !== undefined) {
        timers.set('hush', now + HUSH);
        if (under !== undefined) timers.set('late', now + remaining);
        return undefined;
      }
      if (under?.attempt.underWay !== true) return begin(now);
      timers.set('late', now + remaining);
      watch(now);
      return sayAll(under.attempt.said);
    },

    unpaired,

    left(now) {
      if (under?.counted === true && under.told !== true && tally.spent) {
        under.told = true;
        host.notice('SC-339');
      }
      unpaired(now);
    },

    message(bytes, now) {
      if (pairing === undefined || !isHandshake(bytes)) return undefined;
      return held === undefined ? take(bytes, now) : visited(held, pairing, bytes, now);
    },

    tick(now) {
      if (timers.rings('hush', now) && held !== undefined && pairing !== undefined) {
        const attempt = under?.attempt;
        return attempt?.underWay === true ? sayAgain(attempt, pairing) : sayHeld(held, pairing);
      }
      if (timers.rings('late', now) || timers.rings('whole', now)) return over(now);
      if (!timers.rings('still', now)) return undefined;
      patience *= BACKOFF_FACTOR;
      if (under?.attempt.underWay === true) return { type: 'stuck' };
      // It has sent nothing that would be kept for the next pairing.
      forget();
      return tally.uncounted();
    },

    wakeAt: () => timers.next(),

    settled() {
      held = undefined;
      pairing = undefined;
      forget();
      timers.stopAll();
    },

    close() {
      const counted = under?.counted === true;
      forget();
      return counted && held === undefined ? tally.close() : undefined;
    },
  };
}
