/**
 * Carries out what goodbye.ts decides: bye and bye-ack are sealed when the windows have room for them, what was sent is
 * flushed, the end is returned. When to do which of these may not be decided in this file.
 */
import type { ByeReason } from '../protocol/records.js';
import type { Channel } from './channel.js';
import type { Host } from './events.js';
import type { Ending, Goodbye, Standing } from './goodbye.js';
import type { Line } from './line.js';

export interface FarewellOptions {
  readonly goodbye: Goodbye;
  readonly channel: Channel;
  readonly standing: () => Standing;
  /** Own streams may be spoken of, and there is something to say of them. */
  readonly unsaid: () => boolean;
  /** The own goodbye is sealed: nothing more is shown, and nothing told as delivered. */
  readonly close: () => void;
}

export interface Farewell {
  /** Does what is due now, as far as that is possible. */
  step(now: number): Ending | undefined;
  /** Everything is out. */
  closed(): Ending;
  /** The connection does not come back. */
  lost(): Ending;
  /** A last word to the peer, where none is said yet. */
  abort(now: number, reason: ByeReason): void;
}

export function createFarewell(host: Host, line: Line, options: FarewellOptions): Farewell {
  const { goodbye, channel, standing } = options;

  /** False when the window has no room for it now. */
  function say(now: number): boolean {
    // How streams end is said before.
    if (options.unsaid()) channel.tick(now);
    // With cover a beat has one frame: a goodbye's when nothing else waits.
    if (channel.waits(now)) return false;
    if (channel.send([{ type: 'bye', reason: goodbye.reason }], now) === undefined) return false;
    options.close();
    channel.conclude();
    if (!goodbye.refused) host.move('leave');
    return true;
  }

  /** False when the window has no room for it now. */
  function answer(now: number): boolean {
    channel.conclude();
    // What was shown is told first.
    if (channel.waits(now)) channel.tick(now);
    if (channel.send([{ type: 'bye-ack' }], now) === undefined) return false;
    host.move('peerLeft');
    return true;
  }

  const ending = (): Ending => goodbye.ending(standing().undelivered);

  function flush(now: number): undefined {
    goodbye.flushing(ending(), now);
    line.finish();
  }

  return {
    step(now) {
      if (goodbye.phase === 'none') return undefined;
      for (;;) {
        switch (goodbye.next(standing(), now)) {
          case undefined:
            return undefined;
          case 'tell':
            host.notice('SC-328', { count: standing().undelivered });
            break;
          case 'say':
            if (!say(now)) return undefined;
            goodbye.said(now);
            break;
          case 'answer':
            if (!answer(now)) return undefined;
            goodbye.answered();
            break;
          case 'last word':
            if (say(now)) goodbye.said(now);
            return flush(now);
          case 'flush':
            return flush(now);
          case 'end':
            return ending();
        }
      }
    },

    closed: ending,
    lost: () => goodbye.lost(standing().undelivered),

    abort(now, reason) {
      if (goodbye.open) channel.send([{ type: 'bye', reason }], now);
    },
  };
}
