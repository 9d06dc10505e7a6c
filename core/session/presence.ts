/**
 * Whether the peer hears, as far as is known, and what a change of that means: the channel and the streams rest or go on, and
 * the state of the session says what people are told. Over which connection it goes is resume.ts; no frame and no record may
 * be in this file.
 */
import type { Broken } from '../ports.js';
import type { Carriage } from './carriage.js';
import type { Channel } from './channel.js';
import type { Host } from './events.js';
import type { Transition } from './transitions.js';
import { quick } from '../quick.js';

export interface PresenceOptions {
  readonly channel: Pick<Channel, 'pause' | 'restart'>;
  readonly carriage: Pick<Carriage, 'interrupted'>;
  /** What the session was in before the connection went. */
  readonly returning: () => Transition;
}

export interface Presence {
  readonly up: boolean;
  /** The connection is down. True when it was up until now, or was thought to be. `broken`: whose connection it was. */
  interrupt(now: number, broken?: Broken): boolean;
  /** It goes over a direct path from now on, on which the peer has to prove itself first. */
  move(now: number): void;
  /** A move is a loss like any other from now on. */
  doubt(): void;
  /** There is a connection again. That the peer hears is known with the next frame of it. */
  found(now: number): void;
  /** The peer hears. True when that is news. */
  back(): boolean;
}

type Phase =
  | 'up'
  /** Only until the peer has proven itself over a direct path: that is not told as a loss. */
  | 'moving'
  /** Lost, and told. */
  | 'away'
  /** Frames are sent again; whether the peer has what opens them is not known. */
  | 'found';

export function createPresence(host: Host, { channel, carriage, returning }: PresenceOptions): Presence {
  let phase: Phase = 'up';

  function rest(to: 'moving' | 'away', now: number): void {
    if (phase !== 'moving') {
      channel.pause(now);
      carriage.interrupted();
    }
    phase = to;
  }

  return quick({
    get up() {
      return phase === 'up';
    },

    interrupt(now, broken) {
      if (phase === 'away') return false;
      host.move('lost', broken);
      rest('away', now);
      return true;
    },

    move(now) {
      if (phase === 'up') rest('moving', now);
    },

    doubt() {
      if (phase !== 'moving') return;
      host.move('lost');
      phase = 'away';
    },

    found(now) {
      phase = 'found';
      channel.restart(now);
    },

    back() {
      if (phase === 'up') return false;
      const told = phase !== 'moving';
      phase = 'up';
      if (told) host.move(returning());
      return true;
    },
  });
}
