/**
 * Own messages as promises: kept until the peer's program has said that it has each, in bounded number and size. No text
 * may be kept in this file.
 */
import { MESSAGE_LIMIT } from '../../core/limits.js';
import type { MessageStatus } from '../../core/ports.js';
import { LIBRARY_WORDS } from '../words/library.js';
import { ChatError } from './chat-error.js';

/** Text that waits to be sent, bytes. */
export const UNSENT_LIMIT = 16 * 1024 * 1024;
/** Messages that are not known to have been delivered. */
export const UNDELIVERED_LIMIT = 65_536;

interface Delivery {
  readonly bytes: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  waits: boolean;
}

export interface Deliveries {
  /** `give` hands the text to the session, which takes the buffer over. Rejects with SC-309, SC-360, SC-361. */
  send(text: string, give: (text: Uint8Array) => void): Promise<void>;
  /** The session has taken the oldest text that it was given. */
  taken(id: number): void;
  status(id: number, status: MessageStatus): void;
  /** Nothing more is delivered. */
  end(error: unknown): void;
}

const encoder = new TextEncoder();
/** Half a character, which UTF-8 cannot say. */
const ILL_FORMED = /\p{Surrogate}/u;

export function createDeliveries(): Deliveries {
  /** Given and not yet taken, then by id. */
  let given: Delivery[] = [];
  const known = new Map<number, Delivery>();
  let unsent = 0;

  function waits(delivery: Delivery, now: boolean): void {
    if (delivery.waits !== now) unsent += now ? delivery.bytes : -delivery.bytes;
    delivery.waits = now;
  }

  return {
    send(text, give) {
      if (typeof text !== 'string' || text === '' || ILL_FORMED.test(text))
        return Promise.reject(new ChatError('SC-360', { name: 'text', why: LIBRARY_WORDS.text }));
      // Longer in characters is longer in bytes: it is not even encoded.
      const bytes = text.length > MESSAGE_LIMIT ? text.length : encoder.encode(text).length;
      if (bytes > MESSAGE_LIMIT) return Promise.reject(new ChatError('SC-309', { bytes, limit: MESSAGE_LIMIT }));
      if (unsent + bytes > UNSENT_LIMIT || given.length + known.size >= UNDELIVERED_LIMIT)
        return Promise.reject(new ChatError('SC-361'));
      const delivered = new Promise<void>((resolve, reject) => {
        const delivery = { bytes, resolve, reject, waits: false };
        waits(delivery, true);
        given.push(delivery);
      });
      // How the session ends is told elsewhere, too: who does not look at this one is not stopped by it.
      delivered.catch(() => undefined);
      give(encoder.encode(text));
      return delivered;
    },

    taken(id) {
      const delivery = given.shift();
      if (delivery !== undefined) known.set(id, delivery);
    },

    status(id, status) {
      const delivery = known.get(id);
      if (delivery === undefined || status === 'failed') return;
      waits(delivery, status === 'held');
      if (status !== 'delivered') return;
      known.delete(id);
      delivery.resolve();
    },

    end(error) {
      const all = [...known.values(), ...given];
      known.clear();
      given = [];
      unsent = 0;
      for (const { reject } of all) reject(error);
    },
  };
}
