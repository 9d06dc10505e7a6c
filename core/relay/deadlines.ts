/**
 * Deadlines in order of time: an indexed binary heap, so that setting, moving and cancelling one of 100,000 costs a few
 * steps and leaves nothing behind. Equal times come out in the order in which they were set. No clock may be in this file.
 */
import { NEVER } from '../timers.js';
import { quick } from '../quick.js';

/** What can have one deadline in one heap. All three fields belong to the heap. */
export interface Due {
  at: number;
  order: number;
  /** Index in the heap; NOT_DUE when it has no deadline. */
  place: number;
}

export const NOT_DUE = -1;

export interface Deadlines<T extends Due> {
  /** The earliest deadline, NEVER if there is none. */
  readonly next: number;
  readonly size: number;
  /** Sets or moves the deadline of `item`. */
  set(item: T, at: number): void;
  /** Cancels the deadline of `item`; nothing happens if it has none. */
  delete(item: T): void;
  /** Removes and returns the earliest item whose deadline is at or before `now`. */
  take(now: number): T | undefined;
}

export function createDeadlines<T extends Due>(): Deadlines<T> {
  const heap: T[] = [];
  let orders = 0;

  function before(a: T, b: T): boolean {
    return a.at < b.at || (a.at === b.at && a.order < b.order);
  }

  function put(item: T, place: number): void {
    heap[place] = item;
    item.place = place;
  }

  function up(item: T): void {
    let place = item.place;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || !before(item, parent)) break;
      put(parent, place);
      place = above;
    }
    put(item, place);
  }

  function down(item: T): void {
    let place = item.place;
    for (;;) {
      let below = 2 * place + 1;
      let child = heap[below];
      if (child === undefined) break;
      const right = heap[below + 1];
      if (right !== undefined && before(right, child)) {
        child = right;
        below += 1;
      }
      if (!before(child, item)) break;
      put(child, place);
      place = below;
    }
    put(item, place);
  }

  function remove(item: T): void {
    const place = item.place;
    const last = heap.pop();
    item.place = NOT_DUE;
    if (last === undefined || last === item) return;
    put(last, place);
    up(last);
    down(last);
  }

  return quick({
    get next() {
      return heap[0]?.at ?? NEVER;
    },
    get size() {
      return heap.length;
    },
    set(item, at) {
      item.at = at;
      item.order = orders++;
      if (item.place === NOT_DUE) put(item, heap.length);
      up(item);
      down(item);
    },
    delete(item) {
      if (item.place !== NOT_DUE) remove(item);
    },
    take(now) {
      const first = heap[0];
      if (first === undefined || first.at > now) return undefined;
      remove(first);
      return first;
    },
  });
}
