/**
 * What waits for whoever reads: in order, in bounded memory, for one reader after another. What was not read is dropped by
 * whoever kept it; nothing about the content may be in this file.
 */

export interface MailboxOptions<Kept, T> {
  /** What a reader is given. Called once for each, when it is read. */
  readonly open: (kept: Kept) => T;
  /** It will not be read. */
  readonly drop: (kept: Kept) => void;
  /** Nobody reads any more, for now. */
  readonly left?: () => void;
}

export interface Mailbox<Kept, T> extends AsyncIterable<T> {
  put(kept: Kept): void;
  /** Nothing more comes; what waits can still be read, then readers are done, or get `error`. Once. */
  end(error?: unknown): void;
  /** Drops what waits. */
  clear(): void;
  /** Items that wait. */
  readonly length: number;
  /** How many read. */
  readonly readers: number;
}

interface Waiting<T> {
  readonly resolve: (result: IteratorResult<T, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

const DONE = { done: true, value: undefined } as const;

export function createMailbox<Kept, T>({ open, drop, left }: MailboxOptions<Kept, T>): Mailbox<Kept, T> {
  let items: { readonly kept: Kept }[] = [];
  let taken = 0;
  let over: { readonly error: unknown } | undefined;
  const readers = new Set<Waiting<T>[]>();
  /** Of all readers, in the order in which they asked. */
  let asking: Waiting<T>[] = [];

  function shift(): { readonly kept: Kept } | undefined {
    const item = items[taken];
    if (item === undefined) return undefined;
    taken += 1;
    // What was read is let go of when there is more of it than of what is left.
    if (taken * 2 >= items.length) {
      items = items.slice(taken);
      taken = 0;
    }
    return item;
  }

  function finish(own: Waiting<T>[]): void {
    readers.delete(own);
    asking = asking.filter((each) => !own.includes(each));
    for (const { resolve } of own.splice(0)) resolve(DONE);
    if (readers.size === 0) left?.();
  }

  function reader(): AsyncIterator<T, undefined> {
    const own: Waiting<T>[] = [];
    let finished = false;
    readers.add(own);
    return {
      async next() {
        if (finished) return DONE;
        const item = shift();
        if (item !== undefined) return { done: false, value: open(item.kept) };
        if (over !== undefined) {
          finished = true;
          finish(own);
          if (over.error === undefined) return DONE;
          throw over.error as Error;
        }
        return new Promise((resolve, reject) => {
          const waiting = { resolve, reject };
          own.push(waiting);
          asking.push(waiting);
        });
      },
      return() {
        finished = true;
        finish(own);
        return Promise.resolve(DONE);
      },
    };
  }

  return {
    [Symbol.asyncIterator]: reader,
    put(kept) {
      if (over !== undefined) return drop(kept);
      const first = asking.shift();
      if (first === undefined) return void items.push({ kept });
      for (const own of readers) if (own[0] === first) own.shift();
      first.resolve({ done: false, value: open(kept) });
    },
    end(error) {
      if (over !== undefined) return;
      over = { error };
      const all = asking;
      asking = [];
      for (const own of readers) own.length = 0;
      readers.clear();
      for (const { resolve, reject } of all) {
        if (error === undefined) resolve(DONE);
        else reject(error);
      }
    },
    clear() {
      for (const { kept } of items.slice(taken)) drop(kept);
      items = [];
      taken = 0;
    },
    get length() {
      return items.length - taken;
    },
    get readers() {
      return readers.size;
    },
  };
}
