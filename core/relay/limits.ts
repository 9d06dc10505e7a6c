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
  /** New connections of one address a second, with a burst of ADDRESS_BURST seconds; checked before those of all. */
  readonly arrivalsPerAddress: number;
  /** Joins of one address, a minute, with a burst of the same number; more with tickets. */
  readonly joinsPerMinute: number;
  /** Joins of one address that met nobody, in ten minutes. */
  readonly failedJoins: number;
  readonly rooms: number;
  /** From connecting to the join, milliseconds. */
  readonly joinTimeoutMs: number;
  /** One seat alone in a room, milliseconds. */
  readonly waitTimeoutMs: number;
  /** Two seats and no frame between them, milliseconds. */
  readonly idleTimeoutMs: number;
  /** Frames of SMALL_FRAME and less of one connection, a second. Who sends more is read from more slowly; none is dropped. */
  readonly framesPerSecond: number;
  readonly frameBurst: number;
  /** Bytes of one connection, a second, in frames of any size; Infinity: as many as the receiver takes. */
  readonly bytesPerSecond: number;
}

export const ROOM_LIMITS: RoomLimits = {
  connections: 100_000,
  connectionsPerSecond: 1_000,
  connectionsPerAddress: 64,
  arrivalsPerAddress: 20,
  joinsPerMinute: 30,
  failedJoins: 30,
  rooms: 100_000,
  joinTimeoutMs: 5_000,
  waitTimeoutMs: 3_600_000,
  idleTimeoutMs: 900_000,
  framesPerSecond: 200,
  frameBurst: 400,
  bytesPerSecond: Number.POSITIVE_INFINITY,
};

/** Frames of this many bytes and less are counted; larger ones cost bytes, which the receiver's pace limits. */
export const SMALL_FRAME = 4 * 1024;
/** The burst of new connections of one address, in seconds of their rate: all that it may have open come back twice. */
export const ADDRESS_BURST = 10;

/** The burst of new connections, in seconds of their rate: after a restart everybody comes back at once. */
export const CONNECTION_BURST = 2;

/** What a client refused for want of room is told to wait, milliseconds. */
export const BUSY_RETRY_MS = 5_000;

/** From a challenge to the join with its ticket, milliseconds: a little more than clients allow themselves. */
export const TICKET_WAIT_MS = 65_000;

/** One allowance in use, kept as one number: the time at which it is whole again. */
export interface Bucket {
  full: number;
}

/** A token bucket: one token each `interval` ms, `burst` of them. */
export function allowance(interval: number, burst: number) {
  // Half a token of slack: sums of fractions must not refuse the last one of a burst.
  const whole = (burst + 0.5) * interval;

  function wait(bucket: Bucket, now: number): number {
    const over = Math.max(bucket.full, now) + interval - now - whole;
    return over > 0 ? over : 0;
  }

  return {
    /** Takes one when there is one; returns how long to wait until there is (0: taken). */
    take(bucket: Bucket, now: number): number {
      const over = wait(bucket, now);
      if (over === 0) bucket.full = Math.max(bucket.full, now) + interval;
      return over;
    },
    /** Takes `amount` in any case; returns how long to wait until that was allowed (0: now). */
    force(bucket: Bucket, now: number, amount = 1): number {
      bucket.full = (bucket.full > now ? bucket.full : now) + amount * interval;
      const over = bucket.full - now - whole;
      return over > 0 ? over : 0;
    },
    /** How long until there is one, without taking it. */
    wait,
    /** The part that is used, 0 to 1. */
    used: (bucket: Bucket, now: number): number => Math.max(0, bucket.full - now) / (burst * interval),
  };
}
