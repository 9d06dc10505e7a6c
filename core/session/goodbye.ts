/**
 * The goodbye (protocol.md section 7), from the wish to leave to the end, and the one rule for how the session then ends.
 * It outlives channels. Pure: it says what is to be done next and is told what was done; no frame may be made here.
 *
 *   none ──ask──▶ asked ──said──▶ said ──bye-ack, or too late──▶ flushing ──▶ the end
 *     └──────the peer's bye──────┴──▶ answered ──bye-ack sealed (and, when both said it, received)──▶ flushing
 */
import type { Code, Detail } from '../errors.js';
import { RemoteProtocolError } from '../errors.js';
import type { ByeReason } from '../protocol/records.js';
import { createTimers } from '../timers.js';
import { quick } from '../quick.js';

/** Who sent bye goes on opening frames at most this long; a goodbye that is not to wait for text is over by then. */
export const BYE_TIMEOUT = 5_000;
/** Who has nothing left to say waits at most this long for the socket to be flushed. */
export const FLUSH_TIMEOUT = 2_000;

export interface Ending {
  readonly code: Code;
  readonly detail: Detail;
}

/** What the session must do, and then report. */
export type GoodbyeStep =
  /** Tell the person that leaving waits for text. */
  | 'tell'
  /** Seal bye with `reason`, if the window allows it; then `said`. */
  | 'say'
  /** The same, and whether it went out or not, flush: it is too late to wait. */
  | 'last word'
  /** Seal bye-ack; then `answered`. */
  | 'answer'
  /** Close after what was sent; then `flushing`. */
  | 'flush'
  | 'end';

/** Where the session stands, as far as a goodbye depends on it. */
export interface Standing {
  /** Frames can be sealed. */
  readonly up: boolean;
  /** Own messages that are not acknowledged. */
  readonly undelivered: number;
  /** Own text may be sent at all. */
  readonly trusted: boolean;
}

interface Wish {
  readonly code: Code;
  readonly reason: ByeReason;
  /** The goodbye comes after all own text. */
  readonly waits: boolean;
  /** However long that takes. */
  readonly patient: boolean;
}

type Phase =
  | { readonly at: 'none' }
  | { readonly at: 'asked'; readonly wish: Wish }
  | { readonly at: 'said'; readonly wish: Wish; readonly acked: boolean }
  | {
      readonly at: 'answered';
      readonly peer: ByeReason;
      /** bye-ack is to be sealed. */
      readonly owed: boolean;
      /** Own goodbye, said before: it is waited for, because it tells what the peer has taken. */
      readonly said: boolean;
      readonly wish: Wish | undefined;
      readonly acked: boolean;
    }
  | { readonly at: 'flushing'; readonly ending: Ending };

/** Ways to leave that are clean only when all text has arrived. */
const PLAIN: ReadonlySet<Code> = new Set<Code>(['SC-316', 'SC-317', 'SC-326']);

export interface Goodbye {
  readonly phase: Phase['at'];
  /** Own records and text may still be sealed: neither goodbye is out. */
  readonly open: boolean;
  /** The person said that the words do not match: whatever comes after it, that is the end. */
  readonly refused: boolean;
  readonly reason: ByeReason;
  /** The own goodbye is sealed. */
  readonly sealed: boolean;
  /** The peer's goodbye is answered: nothing more is said. */
  readonly over: boolean;
  /** The person wants to leave. A second wish does not wait for text. */
  ask(code: Code, standing: Standing, now: number): void;
  refuse(standing: Standing, now: number): void;
  said(now: number): void;
  heard(reason: ByeReason, now: number): void;
  /** Throws RemoteProtocolError when there is nothing to answer. */
  acknowledged(): void;
  answered(): void;
  flushing(ending: Ending, now: number): void;
  /** The connection is lost: what remains is bounded by that. */
  interrupted(standing: Standing, now: number): void;
  /** It is back, or the peer was found anew; then what was said under other keys was said to nobody. */
  resumed(anew: boolean): void;
  /** The peer has acknowledged more. */
  progress(now: number): void;
  next(standing: Standing, now: number): GoodbyeStep | undefined;
  /** How the session ends, as the goodbyes have it. */
  ending(undelivered: number): Ending;
  /** How it ends when the connection does not come back. */
  lost(undelivered: number): Ending;
  wakeAt(): number;
}

export function createGoodbye(): Goodbye {
  /** bye: too late to wait. stuck: nothing was acknowledged until then, which is told. flush: the socket's time is over. */
  const timers = createTimers<'bye' | 'stuck' | 'flush'>();
  let phase: Phase = { at: 'none' };

  function wish(): Wish | undefined {
    return phase.at === 'none' || phase.at === 'flushing' ? undefined : phase.wish;
  }

  function want(wanted: Wish, standing: Standing, now: number): void {
    if (phase.at === 'none' || phase.at === 'asked') phase = { at: 'asked', wish: wanted };
    else if (phase.at !== 'flushing') phase = { ...phase, wish: wanted };
    bound(standing, now);
  }

  /** Only who left for the first time, and in no hurry, waits for text, and is told; all else is over soon. */
  function bound({ up, undelivered }: Standing, now: number): void {
    if (phase.at !== 'asked') return;
    if (!phase.wish.patient || undelivered === 0) timers.hurry('bye', now + BYE_TIMEOUT);
    else timers.set('stuck', up ? now + BYE_TIMEOUT : now);
  }

  function ending(undelivered: number): Ending {
    if (phase.at === 'flushing') return phase.ending;
    if (phase.at === 'answered' && phase.peer === 'words did not match') return { code: 'SC-407', detail: {} };
    if (phase.at === 'answered' && phase.peer === 'error') return { code: 'SC-322', detail: { count: undelivered } };
    const code = wish()?.code ?? 'SC-316';
    if (code === 'SC-310') return { code, detail: { what: 'words' } };
    if (PLAIN.has(code) && undelivered > 0) return { code: 'SC-306', detail: { count: undelivered } };
    // Its time was up before it could be said: the line was down, or took nothing more.
    return { code, detail: phase.at === 'asked' ? { unheard: 1 } : {} };
  }

  return quick({
    get phase() {
      return phase.at;
    },
    get open() {
      return phase.at === 'none' || phase.at === 'asked';
    },
    get refused() {
      return wish()?.reason === 'words did not match';
    },
    get reason() {
      return wish()?.reason ?? 'left';
    },
    get over() {
      return phase.at === 'flushing' || (phase.at === 'answered' && !phase.owed);
    },
    get sealed() {
      return phase.at === 'said' || (phase.at === 'answered' && phase.said);
    },

    ask(code, standing, now) {
      const before = wish();
      // Nothing takes back that the words did not match.
      if (before?.reason === 'words did not match') return;
      const first = before === undefined;
      const waits = first && code !== 'SC-326';
      want({ code, reason: 'left', waits, patient: first && code === 'SC-317' }, standing, now);
    },

    refuse: (standing, now) =>
      want({ code: 'SC-403', reason: 'words did not match', waits: false, patient: false }, standing, now),

    said(now) {
      if (phase.at !== 'asked') return;
      phase = { at: 'said', wish: phase.wish, acked: false };
      timers.stop('stuck');
      timers.hurry('bye', now + BYE_TIMEOUT);
    },

    heard(peer, now) {
      if (phase.at === 'answered' || phase.at === 'flushing') return;
      const said = phase.at === 'said';
      phase = { at: 'answered', peer, owed: true, said, wish: wish(), acked: phase.at === 'said' && phase.acked };
      timers.stop('stuck');
      timers.hurry('bye', now + BYE_TIMEOUT);
    },

    acknowledged() {
      if (phase.at === 'said' || (phase.at === 'answered' && phase.said)) phase = { ...phase, acked: true };
      else throw new RemoteProtocolError('a goodbye was answered that was not said');
    },

    answered() {
      if (phase.at === 'answered') phase = { ...phase, owed: false };
    },

    flushing(how, now) {
      phase = { at: 'flushing', ending: how };
      timers.stopAll();
      timers.set('flush', now + FLUSH_TIMEOUT);
    },

    interrupted: bound,

    resumed(anew) {
      if (anew && phase.at === 'said') phase = { at: 'asked', wish: phase.wish };
      if (phase.at === 'asked' && phase.wish.patient) timers.stop('bye');
    },

    progress(now) {
      if (timers.isSet('stuck')) timers.set('stuck', now + BYE_TIMEOUT);
    },

    next({ up, undelivered, trusted }, now) {
      switch (phase.at) {
        case 'none':
          return undefined;
        case 'asked':
          if (timers.rings('bye', now)) return up ? 'last word' : 'end';
          if (timers.rings('stuck', now)) return 'tell';
          return up && !(phase.wish.waits && trusted && undelivered > 0) ? 'say' : undefined;
        case 'answered':
          if (phase.owed) return timers.rings('bye', now) ? 'flush' : 'answer';
          if (!phase.said) return up ? 'flush' : 'end';
          if (phase.acked || timers.rings('bye', now)) return up ? 'flush' : 'end';
          return undefined;
        case 'said':
          if (phase.acked || timers.rings('bye', now)) return up ? 'flush' : 'end';
          return undefined;
        case 'flushing':
          return timers.rings('flush', now) ? 'end' : undefined;
      }
    },

    ending,

    lost(undelivered) {
      const unsaid = phase.at === 'none' || phase.at === 'asked';
      return unsaid ? { code: 'SC-304', detail: { count: undelivered } } : ending(undelivered);
    },

    wakeAt: () => timers.next(),
  });
}
