/**
 * What a join costs: nothing, a ticket, or a refusal. Decided from how much of its allowances an address has used and how
 * full the relay is. No room and no member may be in this file.
 */
import { ADDRESS_BURST, allowance, BUSY_RETRY_MS, CONNECTION_BURST, type RoomLimits } from './limits.js';
import type { RelayErrorCode } from '../wire/control.js';

/** From this part of a limit of the whole relay on, joins need tickets. */
export const CROWDED = 0.75;
/** Zero bits of the easiest ticket: 65,536 digests, a fraction of a second. */
export const TICKET_BITS = 16;
/** How many more it can be. Clients give up above 20 (core/session/ticket-work.ts). */
export const TICKET_BITS_MORE = 4;
/** Joins with tickets that an address has, for each join without. */
export const PAID_FACTOR = 10;
/** Time in which an address has its joins that meet nobody, milliseconds. */
export const FAILED_PERIOD_MS = 600_000;

/** How much of its allowances one address has used: each the time at which it is whole again. */
export interface Standing {
  readonly free: { full: number };
  readonly paid: { full: number };
  readonly failed: { full: number };
  readonly arrived: { full: number };
}

export function newStanding(): Standing {
  return { free: { full: 0 }, paid: { full: 0 }, failed: { full: 0 }, arrived: { full: 0 } };
}

/** Not to be taken as it is: refused with `code`, or, when there are `bits`, taken with a ticket. */
export interface Price {
  readonly code: RelayErrorCode;
  readonly retryAfterMs: number;
  readonly bits: number | undefined;
}

export function createLoad(limits: RoomLimits) {
  const arrivals = allowance(1000 / limits.connectionsPerSecond, CONNECTION_BURST * limits.connectionsPerSecond);
  const arrived = { full: 0 };
  const own = allowance(1000 / limits.arrivalsPerAddress, ADDRESS_BURST * limits.arrivalsPerAddress);
  const free = allowance(60_000 / limits.joinsPerMinute, limits.joinsPerMinute);
  const paid = allowance(60_000 / (PAID_FACTOR * limits.joinsPerMinute), PAID_FACTOR * limits.joinsPerMinute);
  const failed = allowance(FAILED_PERIOD_MS / limits.failedJoins, limits.failedJoins);

  function price(code: RelayErrorCode, wait: number, standing: Standing, crowd: number, now: number): Price {
    const late = paid.wait(standing.paid, now);
    if (late > 0) return { code: 'rate-limited', retryAfterMs: late, bits: undefined };
    const worst = Math.max(paid.used(standing.paid, now), (crowd - CROWDED) / (1 - CROWDED), 0);
    const more = Math.min(Math.floor(worst * (TICKET_BITS_MORE + 1)), TICKET_BITS_MORE);
    return { code, retryAfterMs: wait, bits: TICKET_BITS + more };
  }

  return {
    /**
     * A connection is made by an address that has `open`, of `members` in all: why it is refused, undefined when it is not.
     * What is too much for its address is not charged to all.
     */
    arrive(standing: Standing, open: number, members: number, now: number): 'rate-limited' | 'busy' | undefined {
      if (own.take(standing.arrived, now) > 0 || open > limits.connectionsPerAddress) return 'rate-limited';
      return members > limits.connections || arrivals.take(arrived, now) > 0 ? 'busy' : undefined;
    },

    /** The same for one more, which is not charged. */
    wouldRefuse(standing: Standing | undefined, open: number, members: number, now: number) {
      if (standing !== undefined && own.wait(standing.arrived, now) > 0) return 'rate-limited';
      if (open >= limits.connectionsPerAddress) return 'rate-limited';
      return members >= limits.connections || arrivals.wait(arrived, now) > 0 ? 'busy' : undefined;
    },

    /** A join: undefined when it costs nothing. */
    judge(
      standing: Standing,
      held: { readonly members: number; readonly rooms: number },
      now: number,
    ): Price | undefined {
      const parts = [held.rooms / limits.rooms, held.members / limits.connections, arrivals.used(arrived, now)];
      const crowd = Math.max(...parts);
      const wait = free.take(standing.free, now);
      if (wait > 0) return price('rate-limited', wait, standing, crowd, now);
      const failing = failed.wait(standing.failed, now);
      if (failing > 0) return price('rate-limited', failing, standing, crowd, now);
      return crowd >= CROWDED ? price('busy', BUSY_RETRY_MS, standing, crowd, now) : undefined;
    },

    /** A ticket was taken. */
    pay(standing: Standing, now: number): void {
      paid.take(standing.paid, now);
    },

    /** A join met nobody. */
    fail(standing: Standing, now: number): void {
      failed.take(standing.failed, now);
    },

    /** When nothing of `standing` needs to be remembered. */
    forgottenAt: ({ free, paid, failed, arrived }: Standing): number =>
      Math.max(free.full, paid.full, failed.full, arrived.full),
  };
}
