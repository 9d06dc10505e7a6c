/**
 * The round-trip time of the connection, for display: from a frame that asks for an ack to that ack, both directions and
 * the relay included. No decision may depend on it, and no clock may be read in this file.
 */
import { quick } from '../quick.js';

/** An ack may wait up to ACK_DELAY for company: the smallest of this many counts. */
export const SAMPLES = 8;

export interface RoundTrip {
  /** Milliseconds, whole; undefined: not known yet. */
  readonly ms: number | undefined;
  /** The same, or what the first ack of the connection took: at most so long. */
  readonly bound: number | undefined;
  /** A frame that asks for an ack went out. */
  sent(seq: number, now: number): void;
  /** Everything below `ack` has arrived. */
  acknowledged(ack: number, now: number): void;
  /** The connection is down: what is out will be sent twice and says nothing. What was measured belongs to the old one. */
  interrupted(): void;
}

export function createRoundTrip(): RoundTrip {
  let samples: number[] = [];
  /** The first ack of a connection also waited for keys to be agreed on, or proven: it measures no way. */
  let warm = false;
  let first: number | undefined;
  let out: { readonly seq: number; readonly at: number } | undefined;
  const smallest = (): number | undefined => (samples.length === 0 ? undefined : Math.min(...samples));

  return quick({
    get ms() {
      return smallest();
    },
    get bound() {
      return smallest() ?? first;
    },
    sent(seq, now) {
      out ??= { seq, at: now };
    },
    acknowledged(ack, now) {
      if (out === undefined || ack <= out.seq) return;
      const took = Math.max(0, Math.round(now - out.at));
      if (warm) samples = [...samples.slice(1 - SAMPLES), took];
      else first = took;
      warm = true;
      out = undefined;
    },
    interrupted() {
      samples = [];
      warm = false;
      first = out = undefined;
    },
  });
}
