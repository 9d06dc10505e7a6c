/**
 * The limits of a relay, each with its default (each is an option and a flag), and the allowance that spreads a rate over
 * time. No state of a room may be in this file.
 */

export interface RoomLimits {
  /** Open connections, all addresses together. */
  readonly connections: number;
  /** New connections a second, all addresses together, with a burst of CONNECTION_BURST seconds. */
  readonly connectionsPerSecond: number;
  /** Open connections of one address. */
  readonly connectionsPerAddress: number;
  /** Joins of one address, a minute, with a burst of the same number. */
  readonly joinsPerMinute: number;
  readonly rooms: number;
  /** From connecting to the join, milliseconds. */
  readonly joinTimeoutMs: number;
  /** One seat alone in a room, milliseconds. */
  readonly waitTimeoutMs: number;
  /** Two seats and no frame between them, milliseconds. */
  readonly idleTimeoutMs: number;
  /** Frames of one connection, a second. Who sends more is read from more slowly; nothing is dropped. */
  readonly framesPerSecond: number;
  readonly frameBurst: number;
}

export const ROOM_LIMITS: RoomLimits = {
  connections: 100_000,
  connectionsPerSecond: 1_000,
  connectionsPerAddress: 64,
  joinsPerMinute: 30,
  rooms: 100_000,
  joinTimeoutMs: 5_000,
  waitTimeoutMs: 3_600_000,
  idleTimeoutMs: 900_000,
  framesPerSecond: 200,
  frameBurst: 400,
};

/** The burst of new connections, in seconds of their rate: after a restart everybody comes back at once. */
export const CONNECTION_BURST = 2;

/** What a client refused for want of room is told to wait, milliseconds. */
export const BUSY_RETRY_MS = 5_000;

/**
 * A token bucket kept as one number, the time at which it is full again: one token each `interval` ms, `burst` of them.
 * `take` always takes, and returns how long to wait until that was allowed (0: now).
 */
export function allowance(interval: number, burst: number) {
  // Half a token of slack: sums of fractions must not refuse the last one of a burst.
  const whole = (burst + 0.5) * interval;
  return {
    take(bucket: { full: number }, now: number): number {
      bucket.full = (bucket.full > now ? bucket.full : now) + interval;
      const over = bucket.full - now - whole;
      return over > 0 ? over : 0;
    },
    giveBack(bucket: { full: number }): void {
      bucket.full -= interval;
    },
  };
}
