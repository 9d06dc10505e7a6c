/**
 * Which messages of multicast DNS are decoded: few in a second, fewer of one address, none that is long or from another
 * network. The others are as if they had been lost. Nothing may be read here but who sent it, and its length.
 */
import type { EventEmitter } from 'node:events';

/** Messages a second that are decoded. */
export const MESSAGES_A_SECOND = 200;
/** Of one address: of a second it leaves others most. */
export const MESSAGES_OF_ONE = 50;
/** Bytes of a message that is decoded, and of one Ethernet frame; what is ours is a quarter of it. */
export const MESSAGE_LIMIT = 1_500;

/** Whether somebody has a say where it is heard. */
type IsNear = (from: string) => boolean;
/** A message as a socket hands it on. */
type Admits = (length: number, from: string, isNear: IsNear) => boolean;

/** `now`: milliseconds of any clock that only goes on. */
export function createAdmission(now: () => number): Admits {
  // At most as many as there are messages in a second.
  const heard = new Map<string, number>();
  let [second, count] = [0, 0];

  return (length, from, isNear) => {
    const current = Math.floor(now() / 1_000);
    if (current !== second) {
      [second, count] = [current, 0];
      heard.clear();
    }
    const before = heard.get(from) ?? 0;
    if (length > MESSAGE_LIMIT || count === MESSAGES_A_SECOND || before === MESSAGES_OF_ONE) return false;
    if (!isNear(from)) return false;
    heard.set(from, before + 1);
    count += 1;
    return true;
  };
}

type Listener = (message: Uint8Array, from: { readonly address: string }) => void;

/** From now on whoever listens for messages of this socket hears only what is admitted. */
export function admitOnly(socket: EventEmitter, admits: Admits, isNear: IsNear): void {
  const listeners = socket.listeners('message') as Listener[];
  socket.removeAllListeners('message');
  socket.on('message', (...[message, from]: Parameters<Listener>) => {
    if (!admits(message.length, from.address, isNear)) return;
    for (const hear of listeners) hear(message, from);
  });
}
