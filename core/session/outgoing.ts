/**
 * Own messages on their way out: held, sent, delivered or failed (protocol.md sections 6 and 7). Text is kept here only
 * until it is sealed, in buffers that are wiped; what is un-acked after that is ciphertext in the outbox.
 */
import { RemoteProtocolError } from '../errors.js';
import { plainCopy } from '../protocol/bytes.js';
import { splitText } from '../protocol/text.js';
import type { Channel } from './channel.js';
import type { Host } from './events.js';
import { createPace, unpaced } from './pace.js';

/** More input is not welcome while this many bytes wait here, … */
export const HELD_HIGH = 1024 * 1024;
/** … until it is below this. */
export const HELD_LOW = 256 * 1024;

interface Held {
  readonly id: number;
  readonly text: Uint8Array;
  /** Parts that are sealed already. */
  parts: number;
}

export interface Sender {
  /** Takes over the buffer. The message is held until `pump` can send it. */
  add(text: Uint8Array, at: number): void;
  /** Sends what channel and pace allow. */
  pump(channel: Channel, now: number): void;
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
  /** When `pump` may send again although nothing came in. */
  wakeAt(now: number): number;
  /** Messages that wait here. */
  readonly held: number;
  /** Messages that are held or not wholly acknowledged. */
  readonly undelivered: number;
  /** Everything that is not acknowledged has failed. Wipes. */
  fail(): void;
}

export function createSender(host: Host, paced: boolean): Sender {
  const pace = paced ? createPace() : unpaced();
  const queue: Held[] = [];
  /** Sent and not wholly acknowledged: id and the sequence number of the last part. */
  let unacked: { readonly id: number; readonly seq: number }[] = [];
  /** Sent to a peer that may not have the keys. */
  let unproven: Held[] = [];
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
    if (pace.take(now)) {
      tokenFor = id;
      return true;
    }
    if (!paceTold) host.notice('SC-315');
    paceTold = true;
    return false;
  }

  function sendParts(message: Held, channel: Channel, now: number): boolean {
    for (const record of splitText(message.id, message.text).slice(message.parts)) {
      const seq = channel.send('text', [record], now);
      if (seq === undefined) return false;
      message.parts += 1;
      if (record.last) unacked.push({ id: message.id, seq });
    }
    return true;
  }

  function release(message: Held): void {
    bytes -= message.text.length;
    message.text.fill(0);
  }

  return {
    add(text, at) {
      const id = nextId++;
      host.emit({ type: 'show', view: { type: 'own', id, text: plainCopy(text), at } });
      status(id, 'held');
      queue.push({ id, text, parts: 0 });
      bytes += text.length;
      flow();
    },

    pump(channel, now) {
      for (let message = queue[0]; message !== undefined; message = queue[0]) {
        if (!allowed(message.id, now) || !sendParts(message, channel, now)) return;
        queue.shift();
        if (channel.proven) release(message);
        else unproven.push(message);
        sentIds = message.id + 1;
        status(message.id, 'sent');
        flow();
      }
      paceTold = false;
    },

    proven() {
      for (const message of unproven) release(message);
      unproven = [];
      flow();
    },

    restart() {
      const again = unproven;
      unproven = [];
      unacked = [];
      for (const message of queue) message.parts = 0;
      for (const message of again) {
        message.parts = 0;
        status(message.id, 'held');
      }
      queue.unshift(...again);
      sentIds = queue[0]?.id ?? nextId;
    },

    acknowledged(below) {
      unacked = unacked.filter((message) => message.seq >= below);
    },

    delivered(id) {
      if (id >= sentIds) throw new RemoteProtocolError('a message was delivered that was not sent');
      // The peer shows in order: an id below this was told before.
      if (id < nextDelivered) return;
      nextDelivered = id + 1;
      status(id, 'delivered');
    },

    wakeAt(now) {
      const first = queue[0];
      return first === undefined || first.id === tokenFor ? Number.POSITIVE_INFINITY : pace.next(now);
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
      for (const { id } of [...unacked, ...queue]) status(id, 'failed');
      for (const { text } of [...unproven, ...queue]) text.fill(0);
      unproven = [];
      queue.length = 0;
      unacked = [];
    },
  };
}
