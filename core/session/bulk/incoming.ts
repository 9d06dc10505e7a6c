/**
 * One stream of the peer (protocol.md section 8): chunks taken strictly in order, and how many more may come. No record and
 * no other stream may be in this file.
 */
import { LocalProtocolError, RemoteProtocolError } from '../../errors.js';
import type { CryptoPort } from '../../ports.js';
import { type ChunkHead, openChunk, type OpenedChunk } from '../../protocol/chunk.js';
import type { Bytes, Key } from '../../protocol/keys.js';
import { NEVER } from '../../timers.js';
import { createStreamKeys } from './keys.js';
import { quick } from '../../quick.js';

/** Chunks that are granted at first, … */
export const WINDOW_MIN = 16;
/** … at most, … */
export const WINDOW_MAX = 256;
/** … and, where they take long, at least. */
export const WINDOW_LEAST = 4;
/** Chunks that a side grants to all streams together: 32 MiB of the larger size. */
export const GRANTED_CHUNKS = 512;
/** A window that lasts longer than this is wide enough: more would only wait on the way, milliseconds; … */
export const WIDEN_WITHIN = 2_000;
/** … and one that lasts longer than this is too wide. */
export const NARROW_AFTER = 4_000;
/** While chunks come a credit is due at least this often, milliseconds. */
export const CREDIT_EVERY = 500;

export interface Incoming {
  /** The person, or the program, takes it. */
  readonly accepted: boolean;
  accept(): void;
  /** Its last chunk is opened. */
  readonly complete: boolean;
  /** Chunks that are granted, or opened and not yet used. */
  readonly outstanding: number;
  /**
   * `late`: a lower counter, dropped unopened. `gap`: it is not the next, or does not open. Throws RemoteProtocolError for
   * one that opens beyond what was granted, after the last one, or malformed.
   */
  receive(head: ChunkHead, chunk: Uint8Array): 'late' | 'gap' | OpenedChunk;
  /** So many chunks were used: their room is free. */
  used(count: number): void;
  /** The next credit, where one is due; `pool`: chunks that may be granted besides what this stream has. */
  due(now: number, pool: number): { readonly counter: number; readonly window: number } | undefined;
  /** `outstanding`, once this credit is sealed. */
  wouldHave(credit: { readonly counter: number; readonly window: number }): number;
  /** The credit that `due` gave is sealed. */
  sealed(now: number): void;
  /** The connection is back: a credit is due in any case, until it is sealed. */
  resumed(): void;
  readonly mustCredit: boolean;
  /** When `due` is to be asked again, if nothing else happens. */
  wakeAt(): number;
  wipe(): void;
}

/** Takes over `first`, S_0. */
export function createIncoming(crypto: CryptoPort, th: Bytes<'transcript'>, first: Key<'stream'>): Incoming {
  const keys = createStreamKeys(crypto, first);
  let accepted = false;
  let complete = false;
  let must = false;
  let next = 0;
  let used = 0;
  /** Counters below this may come: a window taken back does not concern what was allowed before. */
  let granted = 0;
  let window = WINDOW_MIN;
  /** What the last credit said, and when. */
  let credited = { counter: 0, used: 0, at: 0 };
  let uncredited = true;
  let offered: { readonly counter: number; readonly window: number; readonly width: number } | undefined;

  /** Wider while all of it is used soon, narrower when little of it was, or late. */
  function adapted(now: number): number {
    const since = used - credited.used;
    const took = now - credited.at;
    if (since * 2 >= window && took <= WIDEN_WITHIN) return Math.min(WINDOW_MAX, window * 2);
    const late = took > NARROW_AFTER;
    const slow = late || (since * 8 < window && took >= 2 * CREDIT_EVERY);
    return slow ? Math.max(Math.min(window, late ? WINDOW_LEAST : WINDOW_MIN), window / 2) : window;
  }

  return quick({
    get accepted() {
      return accepted;
    },
    get complete() {
      return complete;
    },
    get outstanding() {
      return granted - used;
    },
    get mustCredit() {
      return must;
    },

    accept() {
      accepted = must = true;
    },

    receive(head, chunk) {
      if (head.counter < next) return 'late';
      if (head.counter > next || complete) return 'gap';
      const opened = openChunk(crypto, keys.of(next), th, head, chunk);
      if (opened === undefined) return 'gap';
      if (next >= granted) {
        opened.wipe();
        throw new RemoteProtocolError('a chunk beyond what was granted');
      }
      keys.used(next, opened.last);
      next += 1;
      complete = opened.last;
      return opened;
    },

    used(count) {
      if (used + count > next) throw new LocalProtocolError('more chunks were used than came');
      used += count;
    },

    due(now, pool) {
      if (!accepted || complete) return undefined;
      const moved = used - credited.used >= Math.max(1, window >> 2);
      const late = next > credited.counter && now >= credited.at + CREDIT_EVERY;
      if (!must && !moved && !late) return undefined;
      const width = uncredited ? window : adapted(now);
      // Never more than the room that is free: what was granted before counts, used or not.
      const limit = Math.max(next, Math.min(used + width, granted + Math.max(0, pool)));
      offered = { counter: next, window: limit - next, width };
      return { counter: next, window: limit - next };
    },

    wouldHave: ({ counter, window: width }) => Math.max(granted, counter + width) - used,

    sealed(now) {
      if (offered === undefined) throw new LocalProtocolError('a credit that was not due');
      granted = Math.max(granted, offered.counter + offered.window);
      credited = { counter: offered.counter, used, at: now };
      uncredited = false;
      window = offered.width;
      offered = undefined;
      must = false;
    },

    resumed() {
      if (accepted && !complete) must = true;
    },

    wakeAt() {
      if (!accepted || complete || next === credited.counter) return NEVER;
      return credited.at + CREDIT_EVERY;
    },

    wipe: () => keys.wipe(),
  });
}
