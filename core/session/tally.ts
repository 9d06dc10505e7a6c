/**
 * What was tried with one code (protocol.md section 4, "Attempts are counted by the client", "A guess needs a person"): the
 * count, what an attempt that ended leads to, when the code is burnt. No message and no time may be in this file.
 */
import type { CryptoPort } from '../ports.js';
import type { CodeForm } from '../room/code.js';
import { BACKOFF_FACTOR, BACKOFF_MAX, fraction } from './backoff.js';
import type { Host } from './events.js';
import type { Ending } from './goodbye.js';

/** Before joining again after an attempt that was not counted: 250 to 1000 ms, half as much more each time. */
export const REJOIN_MIN = 250;
export const REJOIN_SPREAD = 750;
/** Before the side that made the code waits for the next pairing: after its first counted attempt, after the second. */
export const GUESS_WAITS: readonly number[] = [2_000, 10_000];
/** Counted attempts that burn the code: the odds are worth three only for a secret of the generated form. */
export const ATTEMPTS = { generated: 3, chosen: 1, none: 1 } as const satisfies Record<CodeForm, number>;
/** Attempts in a row that end without being counted: told after this many. For one of these reasons the session ends then. */
export const TOLD_AFTER = 3;

/** What an attempt that is over leads to. */
export type Verdict =
  /** The room is left, and joined again after this many milliseconds at the earliest. */
  | { readonly type: 'over'; readonly after: number }
  /** It was a wrong code, typed here: the room is left, and the person is asked. */
  | { readonly type: 'wrong'; readonly attempt: number; readonly attempts: number }
  | ({ readonly type: 'end' } & Ending);

/**
 * `wrong`: a proof of the code failed, or the peer went at once and came back anew, as who finds the code wrong does.
 * `unfinished`: no proof came. It counts, for that is all that a guesser does who has seen its guess fail; but a network
 * that loses messages does the same, so nobody's code is called wrong for it, and nobody is asked for another.
 */
export type Failure = 'wrong' | 'unfinished';

export interface Tally {
  /** Whether this side made the code: who typed it is asked after a wrong guess, who made it waits. */
  made: boolean;
  /** No attempt is left. Without a secret there is nothing to guess. */
  readonly spent: boolean;
  /** An attempt counts, … */
  count(): void;
  /** … and has succeeded after all. */
  takeBack(): void;
  /** A counted attempt has failed. `known`: the code was right before, so that it is not burnt any more, and nobody is asked. */
  failed(how: Failure, known: boolean): Verdict;
  /** The same, where another attempt goes on at once. */
  superseded(how: Failure): void;
  /** An attempt ended that is not counted. `strike`: what the peer's first message showed, where it was that. */
  uncounted(strike?: Ending): Verdict;
  /** The session ends while an attempt is counted. */
  close(): Ending | undefined;
  /** The code is another one: the count begins anew. */
  renew(): void;
}

export function createTally(host: Host, crypto: CryptoPort, form: () => CodeForm): Tally {
  let used = 0;
  /** How many of them were wrong. */
  let wrong = 0;
  /** Ends without a count since the last one with, and how many of them for one of the reasons that are told. */
  let uncounted = 0;
  let strikes = 0;

  const attempts = (): number => ATTEMPTS[form()];

  /** In a visit that is also where nothing but waiting is left. */
  function tell(how: Failure, known: boolean): void {
    host.notice(how === 'wrong' ? 'SC-409' : 'SC-314', { attempt: used, attempts: attempts() });
    if (known && self.spent) host.notice('SC-331');
  }

  function burnt(how: Failure): Ending {
    return how === 'wrong' ? { code: 'SC-401', detail: { attempts: wrong } } : { code: 'SC-334', detail: {} };
  }

  /** A reason that the peer's first message shows is told, and ends the session when it is the only one again and again. */
  function struck(ending: Ending): Ending | undefined {
    strikes += 1;
    if (strikes >= TOLD_AFTER) return ending;
    host.notice(ending.code, ending.detail);
    return undefined;
  }

  const self: Tally = {
    made: false,

    get spent() {
      return form() !== 'none' && used >= attempts();
    },

    count() {
      used += 1;
    },

    takeBack() {
      used -= 1;
    },

    failed(how, known) {
      uncounted = strikes = 0;
      wrong += Number(how === 'wrong');
      if (known) {
        tell(how, true);
        return { type: 'over', after: 0 };
      }
      if (used >= attempts()) return { type: 'end', ...burnt(how) };
      if (how === 'wrong' && !self.made) return { type: 'wrong', attempt: used, attempts: attempts() };
      tell(how, false);
      const least = GUESS_WAITS[used - 1] ?? BACKOFF_MAX;
      return { type: 'over', after: least + fraction(crypto) * REJOIN_SPREAD };
    },

    superseded: (how) => tell(how, true),

    uncounted(strike) {
      const ending = strike === undefined ? undefined : struck(strike);
      if (ending !== undefined) return { type: 'end', ...ending };
      if (strike === undefined) strikes = 0;
      uncounted += 1;
      if (uncounted === TOLD_AFTER) host.notice('SC-323');
      const wait = (REJOIN_MIN + fraction(crypto) * REJOIN_SPREAD) * BACKOFF_FACTOR ** (uncounted - 1);
      return { type: 'over', after: Math.min(wait, BACKOFF_MAX) };
    },

    close() {
      if (used >= attempts()) return burnt('unfinished');
      tell('unfinished', false);
      return undefined;
    },

    renew() {
      used = wrong = uncounted = strikes = 0;
    },
  };
  return self;
}
