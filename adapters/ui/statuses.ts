/**
 * How many own messages there are of each status, as both UIs for people count them. What is said of it may not be in this
 * file.
 */
import type { MessageStatus } from '../../core/ports.js';

/** Messages whose status is kept one by one: a peer may say of none that it was delivered. */
export const TRACKED_LIMIT = 10_000;

export interface Statuses {
  /** Of all of them, those that are kept no more included. */
  readonly counts: Readonly<Record<MessageStatus, number>>;
  /** How many are kept one by one. */
  readonly tracked: number;
  /** A new one is held. Ids come in order. */
  own(id: number): void;
  /** What is settled does not change. */
  set(id: number, status: MessageStatus): void;
}

export function createStatuses(): Statuses {
  const counts: Record<MessageStatus, number> = { held: 0, sent: 0, delivered: 0, failed: 0 };
  /** Of those that may still change, in the order of their ids. */
  const tracked = new Map<number, MessageStatus>();
  /** Below it they are sent where they are not tracked, unless they are settled: below `settled`. */
  let forgotten = 0;
  let settled = 0;

  function forgetFirst(): void {
    const [first] = tracked;
    // What is held the session bounds.
    if (first?.[1] !== 'sent') return;
    tracked.delete(first[0]);
    forgotten = Math.max(forgotten, first[0] + 1);
  }

  return {
    counts,
    get tracked() {
      return tracked.size;
    },
    own(id) {
      counts.held += 1;
      tracked.set(id, 'held');
    },
    set(id, status) {
      const before = tracked.get(id) ?? (id >= settled && id < forgotten ? 'sent' : undefined);
      if (before === undefined) return;
      counts[before] -= 1;
      counts[status] += 1;
      if (status === 'held' || (status === 'sent' && id >= forgotten)) tracked.set(id, status);
      else tracked.delete(id);
      if (status === 'delivered' || status === 'failed') settled = Math.max(settled, id + 1);
      if (tracked.size > TRACKED_LIMIT) forgetFirst();
    },
  };
}
