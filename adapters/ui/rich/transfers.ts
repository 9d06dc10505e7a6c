/**
 * Files on their way, as the rich UI knows them: how far each is, how fast, how long it will take. Names are neutralised
 * before they get here. Nothing about rows may be in this file.
 */
import type { UiView } from '../../../core/ports.js';

/** Transfers that are kept; of more the oldest are forgotten here. */
export const TRANSFERS_LIMIT = 16;
/** How much the newest measurement counts for the rate. */
const NEWEST = 0.3;
/** A rate from less time than this would jump, milliseconds. */
const LEAST_MS = 200;

export interface Transfer {
  readonly id: number;
  readonly incoming: boolean;
  readonly name: Uint8Array;
  /** Undefined: nothing is known of how much it is. */
  readonly total: number | undefined;
  /** Undefined: it was not accepted yet. */
  readonly bytes: number | undefined;
  /** Bytes a second; undefined: not known yet. */
  readonly rate: number | undefined;
}

export interface Transfers {
  /** The oldest first. */
  readonly all: readonly Transfer[];
  offer(view: Extract<UiView, { type: 'offer' }>, name: Uint8Array): void;
  progress(view: Extract<UiView, { type: 'progress' }>, now: number): void;
  end(id: number): void;
  /** Overwrites the names. */
  wipe(): void;
}

/** Seconds that are left; undefined: nobody knows. */
export function timeLeft({ total, bytes, rate }: Transfer): number | undefined {
  if (total === undefined || bytes === undefined || rate === undefined || rate <= 0) return undefined;
  return Math.ceil(Math.max(0, total - bytes) / rate);
}

type Kept = { -readonly [K in keyof Transfer]: Transfer[K] } & { since: number; from: number };

export function createTransfers(): Transfers {
  let all: Kept[] = [];

  function end(id: number): void {
    for (const each of all) if (each.id === id) each.name.fill(0);
    all = all.filter((each) => each.id !== id);
  }

  return {
    get all() {
      return all;
    },
    offer({ id, incoming, bytes }, name) {
      end(id);
      all.push({ id, incoming, name, total: bytes, bytes: undefined, rate: undefined, since: 0, from: 0 });
      for (const oldest of all.slice(0, -TRANSFERS_LIMIT)) end(oldest.id);
    },
    progress({ id, bytes, total }, now) {
      const found = all.find((each) => each.id === id);
      if (found === undefined) return;
      const begins = found.bytes === undefined;
      found.bytes = bytes;
      found.total = total ?? found.total;
      const passed = now - found.since;
      if (begins || passed >= LEAST_MS) {
        const measured = ((bytes - found.from) * 1000) / passed;
        if (!begins) found.rate = found.rate === undefined ? measured : measured * NEWEST + found.rate * (1 - NEWEST);
        found.since = now;
        found.from = bytes;
      }
    },
    end,
    wipe() {
      for (const each of all) each.name.fill(0);
      all = [];
    },
  };
}
