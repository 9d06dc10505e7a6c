/**
 * What goes into the next frame (protocol.md sections 6 and 7): the step of a rekey first, then other control records
 * that are due, then whatever data waits, as much as fits. Nothing is sealed in this file, and no time of a heartbeat is
 * decided.
 */
import { RECORDS_LIMIT, SMALL_ROOM } from '../protocol/frame.js';
import { type ProtocolRecord, recordSize } from '../protocol/records.js';
import type { StreamKeys } from '../protocol/stream-keys.js';
import type { DueCredit } from './bulk/streams.js';
import { controlOf, type Unacked } from './unacked.js';
import { NEVER } from '../timers.js';

/** Whoever has data to send. It is asked when a frame is sealed: whatever waits then goes along. */
export interface Source {
  /** When something will be here to take; NEVER: not before something else happens. */
  wakeAt(now: number): number;
  /** The next record, of at most `room` bytes with its header. It gives one whenever something waits and all of a frame is there. */
  next(room: number, now: number): ProtocolRecord | undefined;
  /** What was taken since the last call is in frame `seq`, now sealed; the keys of streams it opens are there to be taken. */
  sealed(seq: number, streams: StreamKeys): void;
}

/** Single records that wait for their frame, in order. */
export interface Announcements extends Source {
  add(record: ProtocolRecord): void;
  /** Before all others. */
  addFirst(record: ProtocolRecord): void;
  clear(): void;
}

export function createAnnouncements(): Announcements {
  const records: ProtocolRecord[] = [];
  return {
    add: (record) => void records.push(record),
    addFirst: (record) => void records.unshift(record),
    clear: () => void (records.length = 0),
    wakeAt: (now) => (records.length > 0 ? now : NEVER),
    next(room) {
      const [record] = records;
      return record === undefined || recordSize(record) > room ? undefined : records.shift();
    },
    sealed: () => undefined,
  };
}

/** Something that sends control records when they are due. */
export interface ControlSource {
  /** What it counts as (unacked.ts) that may be sealed at `now`, or undefined. */
  due(now: number): string | undefined;
  /** That record, for the frame that is about to be sealed. */
  record(): ProtocolRecord;
  /** It is sealed. */
  sealed(now: number): void;
  /** Another of its kind may be un-acked. */
  readonly always?: boolean;
}

export interface Composed {
  readonly records: ProtocolRecord[];
  /** Something may have been left for the next frame: there is little room, or one thing led to another. */
  readonly more: boolean;
  /** Called when the frame is sealed. */
  sealed(seq: number, streams: StreamKeys, now: number): void;
}

const REKEY_STEPS: ReadonlySet<string> = new Set(['offer', 'answer']);

/** `small` keeps the frame at the smallest size. No records: there is nothing to say, or it may not be said now. */
export function compose(
  unacked: Unacked,
  controls: readonly ControlSource[],
  sources: readonly Source[],
  small: boolean,
  now: number,
): Composed {
  const records: ProtocolRecord[] = [];
  const told: ControlSource[] = [];
  const taken: Source[] = [];
  let room = small ? SMALL_ROOM : RECORDS_LIMIT;

  for (const source of unacked.controlAllowed ? controls : []) {
    const type = mayGo(unacked, source, now);
    if (type === undefined) continue;
    const record = source.record();
    // Beside a step of a rekey only what fits the smallest size: all rekeys look alike.
    if (REKEY_STEPS.has(type)) room = SMALL_ROOM;
    if (recordSize(record) > room) continue;
    room -= recordSize(record);
    records.push(record);
    told.push(source);
  }
  for (const source of unacked.dataAllowed ? sources : []) {
    const before = records.length;
    for (;;) {
      const record = source.next(room, now);
      if (record === undefined) break;
      records.push(record);
      room -= recordSize(record);
    }
    if (records.length > before) taken.push(source);
  }
  return {
    records,
    more: room < SMALL_ROOM || told.length > 0,
    sealed(seq, streams, at) {
      for (const control of told) control.sealed(at);
      for (const source of taken) source.sealed(seq, streams);
    },
  };
}

/** What a control record that is due counts as, where its window lets it go. */
export function mayGo(unacked: Unacked, source: ControlSource, now: number): string | undefined {
  const type = source.due(now);
  return type !== undefined && (source.always === true || !unacked.has(type)) ? type : undefined;
}

/** Credits of streams as control records: each stream has a window of its own. */
export function creditControls(credits: readonly DueCredit[]): ControlSource[] {
  return credits.map(({ record, always, sealed }) => ({
    due: () => controlOf(record),
    record: () => record,
    sealed,
    always,
  }));
}
