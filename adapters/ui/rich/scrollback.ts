/**
 * What was said, in memory only, bounded: messages of both sides and notices, neutralised before they get here. Where one
 * looks is an anchor at an entry, so that what comes in does not move it. A long message is folded until it is asked for.
 * Nothing about rows on a screen may be here; every text that is dropped is overwritten.
 */
import type { MessageStatus } from '../../../core/ports.js';
import { createStatuses } from '../statuses.js';
import { foldAt, pointsIn } from '../../text/fold.js';
import type { Rows } from '../../text/wrap.js';

/** Entries that are kept, … */
export const SCROLLBACK_LIMIT = 10_000;
/** … and the bytes of their texts together. */
export const SCROLLBACK_BYTES = 8 * 1024 * 1024;

/** Neutralised UTF-8; a message may hold line feeds. `at`: Unix ms. The buffers belong to the scrollback. */
export type Entry = Fact & {
  /** Counts from 0 without gaps. */
  readonly sequence: number;
  /** Bytes of the text that are shown, and how many characters are folded. */
  shown: number;
  folded: number;
  /** The rows that a layout made of it, and for which widths. */
  rows?: { readonly first: number; readonly rest: number; readonly rows: Rows };
};

type Fact =
  | { readonly type: 'peer'; readonly at: number; readonly name: Uint8Array; readonly text: Uint8Array }
  | { readonly type: 'own'; readonly at: number; readonly id: number; readonly text: Uint8Array; status: MessageStatus }
  | { readonly type: 'notice'; readonly text: Uint8Array };

/** The last row on the screen: this row of this entry. */
export interface Anchor {
  readonly sequence: number;
  readonly row: number;
}

export interface Scrollback {
  /** Sequence numbers: [first, end). */
  readonly first: number;
  readonly end: number;
  /** Undefined: the newest is shown, whatever comes. */
  readonly anchor: Anchor | undefined;
  /** Messages of the peer that came since one looked elsewhere. */
  readonly unread: number;
  entry(sequence: number): Entry | undefined;
  add(fact: Fact): void;
  status(id: number, status: MessageStatus): void;
  /** The newest folded message that is not behind `last`. */
  foldedUpTo(last: number): Entry | undefined;
  /** Looks there; undefined: at the newest, and everything is read. */
  look(anchor: Anchor | undefined): void;
  /** How many own messages there are of each status, those that were dropped included. */
  readonly counts: Readonly<Record<MessageStatus, number>>;
  /** Overwrites everything. */
  clear(): void;
}

export function createScrollback(): Scrollback {
  /** Entries before `head` are gone. */
  let entries: (Entry | undefined)[] = [];
  let head = 0;
  let first = 0;
  let bytes = 0;
  let anchor: Anchor | undefined;
  let unread = 0;
  const own = new Map<number, Extract<Entry, { type: 'own' }>>();
  const statuses = createStatuses();

  const end = (): number => first + entries.length - head;

  function wipe(entry: Entry): void {
    bytes -= entry.text.length;
    entry.text.fill(0);
    if (entry.type === 'peer') entry.name.fill(0);
    if (entry.type === 'own') own.delete(entry.id);
  }

  function dropFirst(): void {
    const entry = entries[head];
    entries[head] = undefined;
    head += 1;
    first += 1;
    if (entry !== undefined) wipe(entry);
    if (anchor !== undefined && anchor.sequence < first) anchor = { sequence: first, row: 0 };
    if (head < SCROLLBACK_LIMIT) return;
    entries = entries.slice(head);
    head = 0;
  }

  return {
    get first() {
      return first;
    },
    get end() {
      return end();
    },
    get anchor() {
      return anchor;
    },
    get unread() {
      return unread;
    },
    entry: (sequence) => entries[head + sequence - first],
    add(fact) {
      const shown = fact.type === 'notice' ? fact.text.length : foldAt(fact.text);
      const entry: Entry = { ...fact, sequence: end(), shown, folded: pointsIn(fact.text, shown) };
      entries.push(entry);
      bytes += entry.text.length;
      if (entry.type === 'own') {
        own.set(entry.id, entry);
        statuses.own(entry.id);
        statuses.set(entry.id, entry.status);
      }
      if (entry.type === 'peer' && anchor !== undefined) unread += 1;
      while (end() - first > 1 && (end() - first > SCROLLBACK_LIMIT || bytes > SCROLLBACK_BYTES)) dropFirst();
    },
    status(id, status) {
      statuses.set(id, status);
      const entry = own.get(id);
      if (entry !== undefined) entry.status = status;
    },
    foldedUpTo: (last) => entries.slice(head, head + last + 1 - first).findLast((entry) => (entry?.folded ?? 0) > 0),
    look(to) {
      anchor = to;
      if (to === undefined) unread = 0;
    },
    counts: statuses.counts,
    clear() {
      for (const entry of entries) if (entry !== undefined) wipe(entry);
      first = end();
      entries = [];
      head = 0;
      anchor = undefined;
      unread = 0;
    },
  };
}
