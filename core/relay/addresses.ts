/**
 * Who is connected from where, and what is remembered of an address that is gone, for as long as it has used up anything.
 * What that costs it is admission.ts; no room and no clock may be in this file.
 */
import { newStanding, type Standing } from './admission.js';
import { createDeadlines, NOT_DUE } from './deadlines.js';
import type { Address } from './seats.js';
import { quick } from '../quick.js';

export interface Addresses {
  readonly size: number;
  readonly next: number;
  /** One more connection. */
  enter(key: string): Address;
  /** As it is known; undefined: not at all. */
  find(key: string): Address | undefined;
  /** One connection less. */
  leave(address: Address, now: number): void;
  /** Forgets what is over. */
  wake(now: number): void;
}

/** `forgottenAt`: when nothing of a standing needs to be remembered. */
export function createAddresses(forgottenAt: (standing: Standing) => number): Addresses {
  const addresses = new Map<string, Address>();
  const deadlines = createDeadlines<Address>();

  return quick({
    get size() {
      return addresses.size;
    },
    get next() {
      return deadlines.next;
    },

    enter(key) {
      const known = addresses.get(key);
      const address = known ?? { key, connections: 0, standing: newStanding(), at: 0, order: 0, place: NOT_DUE };
      if (known === undefined) addresses.set(key, address);
      deadlines.delete(address);
      address.connections += 1;
      return address;
    },

    find: (key) => addresses.get(key),

    leave(address, now) {
      address.connections -= 1;
      if (address.connections > 0) return;
      const at = forgottenAt(address.standing);
      if (at > now) deadlines.set(address, at);
      else addresses.delete(address.key);
    },

    wake(now) {
      for (let old = deadlines.take(now); old !== undefined; old = deadlines.take(now)) addresses.delete(old.key);
    },
  });
}
