/**
 * Own messages on their way out (protocol.md sections 6 and 7): held, sent, delivered or failed, and the pace that is
 * meant for people. Text is kept here only until it is sealed, in buffers that are wiped; what is un-acked after that is
 * ciphertext (unacked.ts).
 */
import { RemoteProtocolError } from '../errors.js';
import { plainCopy } from '../protocol/bytes.js';
import { type Parts, takePart } from '../protocol/text.js';
import type { Source } from './composer.js';
import type { Host } from './events.js';
import { NEVER } from '../timers.js';
import { quick } from '../quick.js';

/** More input is not welcome while this many bytes wait here, … */
export const HELD_HIGH = 1024 * 1024;
/** … until it is below this. */
export const HELD_LOW = 256 * 1024;
/** Messages of a person that may go out at once. */
export const PACE_BURST = 20;
/** Milliseconds for one more. */
export const PACE_INTERVAL = 200;

export interface Outgoing extends Source {
  /** Takes over the buffer. The message is held until a frame takes it along. */
  add(text: Uint8Array, at: number): void;
  /** The peer holds the keys: what was sent before that need not be sent under others. */
  proven(): void;
  /** Everything sent so far went to nobody: it is held again, for a new channel. */
  restart(): void;
  /** More input is not welcome now. */
  readonly full: boolean;
  /** Notes what the peer has acknowledged. */
  acknowledged(below: number): void;
  /** The peer's client has shown this message. Throws RemoteProtocolError for one that was not sent. */
  delivered(id: number): void;
  /** Messages that wait here. */
  readonly held: number;
  /** Messages that are held or not wholly acknowledged. */
  readonly undelivered: number;
  /** Everything that is not acknowledged has failed. Wipes. */
  fail(): void;
}

/** When a message may go out: 5 a second with a burst of 20, over time that is passed in. */
interface Pace {
  /** Takes one token if there is one at `now`. */
  take(now: number): boolean;
  /** When the next token is there. */
  next(now: number): number;
}

const UNPACED: Pace = { take: () => true, next: (now) => now };

function createPace(): Pace {
  let tokens = PACE_BURST;
  let since = 0;

  function refill(now: number): void {
    if (tokens >= PACE_BURST) since = now;
    const gained = Math.floor((now - since) / PACE_INTERVAL);
    tokens = Math.min(PACE_BURST, tokens + gained);
    since = tokens === PACE_BURST ? now : since + gained * PACE_INTERVAL;
  }

  return {
    take(now) {
      refill(now);
      if (tokens === 0) return false;
      tokens -= 1;
      return true;
    },
    next(now) {
      refill(now);
      return tokens > 0 ? now : since + PACE_INTERVAL;
    },
  };
}

/** First in, first out, without moving what stays. */
interface Queue<T> {
  readonly length: number;
  readonly first: T | undefined;
  add(item: T): void;
  shift(): void;
  /** Puts these before all others. */
  restore(items: readonly T[]): void;
  all(): readonly T[];
  clear(): void;
}

/** What was taken is dropped from the array when there is more of it than of what is left. */
function createQueue<T>(): Queue<T> {
  let items: T[] = [];
  let head = 0;
  return quick({
    get length() {
      return items.length - head;
    },
    get first() {
      return items[head];
    },
    add: (item) => void items.push(item),
    shift() {
      head += 1;
      if (head * 2 < items.length) return;
      items = items.slice(head);
      head = 0;
    },
    restore(first) {
      items = [...first, ...items.slice(head)];
      head = 0;
    },
    all: () => items.slice(head),
    clear() {
      items = [];
      head = 0;
    },
  });
}

export function createOutgoing(host: Host, paced: boolean): Outgoing {
  const pace = paced ? createPace() : UNPACED;
  const queue = createQueue<Parts>();
  /** Wholly in the frame that is about to be sealed. */
  let sealing: Parts[] = [];
  /** Sent and not wholly acknowledged: id and the sequence number of the last part. */
  const unacked = createQueue<{ readonly id: number; readonly seq: number }>();
  /** Sent to a peer that may not have the keys; undefined: it has them. */
  let unproven: Parts[] | undefined = [];
  let nextId = 0;
  let sentIds = 0;
  let nextDelivered = 0;
  let bytes = 0;
  let welcome = true;
  let paceTold = false;
  let tokenFor = -1;

  function status(id: number, to: 'held' | 'sent' | 'delivered' | 'failed'): void {
    host.emit({ type: 'show', view: { type: 'status', id, status: to } });
  }

  function flow(): void {
    const turns = welcome ? bytes >= HELD_HIGH : bytes < HELD_LOW;
    if (!turns) return;
    welcome = !welcome;
    host.emit({ type: 'show', view: { type: 'input', welcome } });
  }

  /** One token for each message, however many frames it needs. */
  function allowed(id: number, now: number): boolean {
    if (tokenFor === id) return true;
    if (!pace.take(now)) {
      heldBack();
      return false;
    }
    tokenFor = id;
    return true;
  }

  function heldBack(): void {
    if (!paceTold) host.notice('SC-315');
    paceTold = true;
  }

  function release(message: Parts): void {
    bytes -= message.text.length;
    message.text.fill(0);
  }

  return quick({
    add(text, at) {
      const id = nextId++;
      host.emit({ type: 'show', view: { type: 'own', id, text: plainCopy(text), at } });
      status(id, 'held');
      queue.add({ id, text, at: 0, part: 0 });
      bytes += text.length;
      if (pace.next(at) > at) heldBack();
      flow();
    },

    next(room, now) {
      const message = queue.first;
      if (message === undefined) {
        paceTold = false;
        return undefined;
      }
      if (!allowed(message.id, now)) return undefined;
      const record = takePart(message, room);
      if (record?.last === true) {
        queue.shift();
        sealing.push(message);
      }
      return record;
    },

    sealed(seq) {
      for (const message of sealing) {
        unacked.add({ id: message.id, seq });
        sentIds = message.id + 1;
        if (unproven === undefined) release(message);
        else unproven.push(message);
        status(message.id, 'sent');
      }
      sealing = [];
      flow();
    },

    proven() {
      for (const message of unproven ?? []) release(message);
      unproven = undefined;
      flow();
    },

    restart() {
      const again = unproven ?? [];
      unproven = [];
      unacked.clear();
      for (const message of queue.all()) message.at = message.part = 0;
      for (const message of again) {
        message.at = message.part = 0;
        status(message.id, 'held');
      }
      queue.restore(again);
      sentIds = queue.first?.id ?? nextId;
    },

    acknowledged(below) {
      for (let first = unacked.first; first !== undefined && first.seq < below; first = unacked.first) unacked.shift();
    },

    delivered(id) {
      if (id >= sentIds) throw new RemoteProtocolError('a message was delivered that was not sent');
      // The peer shows in order: an id below this was told before.
      if (id < nextDelivered) return;
      nextDelivered = id + 1;
      status(id, 'delivered');
    },

    wakeAt(now) {
      const { first } = queue;
      if (first === undefined) return NEVER;
      return first.id === tokenFor ? now : pace.next(now);
    },

    get full() {
      return !welcome;
    },
    get held() {
      return queue.length;
    },
    get undelivered() {
      return queue.length + unacked.length;
    },

    fail() {
      for (const { id } of [...unacked.all(), ...queue.all()]) status(id, 'failed');
      for (const { text } of [...(unproven ?? []), ...sealing, ...queue.all()]) text.fill(0);
      unproven = sealing = [];
      queue.clear();
      unacked.clear();
    },
  });
}
