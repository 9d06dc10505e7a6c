/**
 * What happens next in simulated time: by time, then in the order of entry. No time of its own may be in this file.
 */

/** A heap by time, then by order of entry. */
export function createQueue(): {
  add(at: number, act: () => void): void;
  next(): { at: number; act: () => void } | undefined;
} {
  const heap: { readonly at: number; readonly order: number; readonly act: () => void }[] = [];
  let order = 0;
  const before = (a: number, b: number): boolean => {
    const [x, y] = [heap[a], heap[b]];
    if (x === undefined || y === undefined) return false;
    return x.at < y.at || (x.at === y.at && x.order < y.order);
  };
  const swap = (a: number, b: number): void => {
    const [x, y] = [heap[a], heap[b]];
    if (x !== undefined && y !== undefined) [heap[a], heap[b]] = [y, x];
  };
  return {
    add(at, act) {
      heap.push({ at, order: order++, act });
      for (let i = heap.length - 1; i > 0 && before(i, (i - 1) >> 1); i = (i - 1) >> 1) swap(i, (i - 1) >> 1);
    },
    next() {
      const first = heap[0];
      const last = heap.pop();
      if (first === undefined || last === undefined || heap.length === 0) return first;
      heap[0] = last;
      for (let i = 0; ; ) {
        const child = 2 * i + (before(2 * i + 2, 2 * i + 1) ? 2 : 1);
        if (!before(child, i)) break;
        swap(child, i);
        i = child;
      }
      return first;
    },
  };
}
