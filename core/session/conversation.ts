/**
 * Two people talking over an established channel: messages shown and delivered, comparing safety words, names, goodbye
 * (protocol.md sections 4, 6 and 7). Text of the peer is held here unseen until the person may see it; a state of the
 * session is changed only through the table.
 */
import type { Code, Detail } from '../errors.js';
import { RemoteProtocolError } from '../errors.js';
import { plainCopy } from '../protocol/bytes.js';
import { FEATURE_VERIFY } from '../protocol/caps.js';
import type { Established } from '../protocol/handshake.js';
import type { ByeReason, ProtocolRecord } from '../protocol/records.js';
import { createReassembly } from '../protocol/text.js';
import { type ChannelRecord, createChannel } from './channel.js';
import type { Host } from './events.js';
import type { Sender } from './sender.js';

/** Who sent bye goes on opening frames at most this long. */
export const BYE_TIMEOUT = 5_000;
/** Who has nothing left to say waits at most this long for the socket to be flushed. */
export const FLUSH_TIMEOUT = 2_000;
/** Most text of the peer that is held unseen while the words are not compared, bytes. */
export const UNSEEN_LIMIT = 4 * 1024 * 1024;
/** What an unseen message costs beside its text, bytes. */
const UNSEEN_OVERHEAD = 64;
/** `delivered` records that fit the smallest frame. */
const RECEIPTS_A_FRAME = 28;

export interface ConversationOptions {
  readonly established: Established;
  /** The list of 2048 words. */
  readonly words: readonly string[];
  /** The person compares the safety words before anything is shown or sent. */
  readonly compare: boolean;
  /** Told to the peer once that is allowed; UTF-8, may be empty. */
  readonly name: Uint8Array;
  readonly receipts: boolean;
  /** Called once, when the first frame of the peer has opened: the code's secret is not needed any more. */
  readonly proven: () => void;
}

export interface Conversation {
  frame(bytes: Uint8Array, now: number): void;
  /** The person's answer about the safety words. */
  confirm(match: boolean, now: number): void;
  /** Own goodbye after all own text; `code` is how the session then ends. A second call does not wait for the text. */
  leave(code: Code, now: number): void;
  /** The connection is gone. */
  lost(): void;
  /** Does what is due and sends what may be sent. */
  tick(now: number): void;
  wakeAt(now: number): number;
  /** A last word to the peer after its protocol error. Never throws. */
  abort(now: number): void;
  wipe(): void;
}

interface Unseen {
  readonly id: number;
  readonly text: Uint8Array;
  readonly at: number;
}

export function createConversation(
  host: Host,
  sender: Sender,
  options: ConversationOptions,
  start: number,
): Conversation {
  const { established, receipts } = options;
  const channel = createChannel(
    established.ratchet,
    established.role,
    (frame) => host.emit({ type: 'transmit', frame }),
    start,
  );
  const reassembly = createReassembly();
  /** The person has accepted the words, or nothing is to be compared. */
  let trusted = !options.compare;
  let unseen: Unseen[] = [];
  let unseenBytes = 0;
  let peerName: Uint8Array | undefined;
  let peerConfirmed = false;
  /** Messages [first, end) were shown and not yet told as delivered. */
  const shown = { first: 0, end: 0 };
  /** Records that wait for room in the window. */
  const announcements: ProtocolRecord[] = [];
  /** Own wish to leave: how it ends, and with which word to the peer. */
  let leaving: { readonly code: Code; readonly reason: ByeReason; readonly waits: boolean } | undefined;
  let byeDeadline = Number.POSITIVE_INFINITY;
  let byeOut = false;
  let peerBye: ByeReason | undefined;
  let byeAnswered = false;
  let proven = false;
  /** What remains is to flush the socket. */
  let final: { readonly code: Code; readonly detail: Detail; readonly deadline: number } | undefined;

  if (established.role === 'B') channel.send('ack', [], start);
  host.emit({
    type: 'show',
    view: {
      type: 'safety-words',
      words: established.words.map((index) => options.words[index] ?? ''),
      required: options.compare,
    },
  });
  host.move(options.compare ? 'keysUnverified' : 'keysConfirmed');
  if (trusted && (established.peer.features & FEATURE_VERIFY) !== 0) host.notice('SC-321');
  if (options.compare && options.name.length > 0) announcements.push({ type: 'name', name: options.name });
  if (established.peer.name.length > 0) takeName(established.peer.name);
  tick(start);

  function takeName(name: Uint8Array): void {
    if (peerName !== undefined) return;
    peerName = plainCopy(name);
    if (trusted) showName();
  }

  function showName(): void {
    if (peerName !== undefined) host.emit({ type: 'show', view: { type: 'peer', name: plainCopy(peerName) } });
  }

  function show(message: Unseen): void {
    const from = plainCopy(peerName ?? new Uint8Array(0));
    host.emit({ type: 'show', view: { type: 'message', from, ...message } });
    if (shown.first === shown.end) shown.first = message.id;
    shown.end = message.id + 1;
  }

  function takeText(message: Unseen): void {
    // After the own goodbye nothing is shown and nothing is acknowledged: the peer is told that it was not delivered.
    if (byeOut) return void message.text.fill(0);
    if (trusted) return show(message);
    unseenBytes += message.text.length + UNSEEN_OVERHEAD;
    if (unseenBytes > UNSEEN_LIMIT) throw new RemoteProtocolError('too much text before the words were compared');
    unseen.push(message);
  }

  function wipeUnseen(): void {
    for (const { text } of unseen) text.fill(0);
    unseen = [];
  }

  function take(record: ChannelRecord, now: number): void {
    if (peerBye !== undefined && record.type !== 'bye-ack') throw new RemoteProtocolError('a record after the goodbye');
    switch (record.type) {
      case 'text': {
        const message = reassembly.add(record);
        if (message !== undefined) takeText({ ...message, at: now });
        return;
      }
      case 'delivered':
        return sender.delivered(record.id);
      case 'confirmed':
        if (!peerConfirmed) host.emit({ type: 'show', view: { type: 'peer-confirmed' } });
        peerConfirmed = true;
        return;
      case 'name':
        return takeName(record.name);
      case 'bye':
        peerBye = record.reason;
        return;
      case 'bye-ack':
        if (!byeOut) throw new RemoteProtocolError('a goodbye was answered that was not said');
        byeDeadline = Number.NEGATIVE_INFINITY;
        return;
      case 'typing':
        return;
    }
  }

  /** How the session ends: the goodbyes and the wish to leave decide, and what was not acknowledged. */
  function outcome(): { code: Code; detail: Detail } {
    const count = sender.undelivered;
    if (peerBye === 'words did not match') return { code: 'SC-407', detail: {} };
    if (peerBye === 'error') return { code: 'SC-322', detail: { count } };
    const code = leaving?.code ?? 'SC-316';
    if (code === 'SC-310') return { code, detail: { what: 'words' } };
    const plain = code === 'SC-316' || code === 'SC-317';
    return plain && count > 0 ? { code: 'SC-306', detail: { count } } : { code, detail: {} };
  }

  function flushThenEnd(now: number): void {
    if (final !== undefined) return;
    final = { ...outcome(), deadline: now + FLUSH_TIMEOUT };
    host.emit({ type: 'disconnect' });
  }

  function answerGoodbye(now: number): void {
    if (peerBye === undefined || byeAnswered) return;
    byeAnswered = true;
    if (!byeOut) sendReceipts(now);
    channel.conclude();
    channel.send('bye-ack', [{ type: 'bye-ack' }], now);
    host.move('peerLeft');
    // When both said goodbye, the own one is still answered: that tells what the peer has taken.
    if (!byeOut) flushThenEnd(now);
  }

  /** Seals the goodbye once all own text is sealed (or cannot be). */
  function sayGoodbye(now: number): void {
    if (leaving === undefined || byeOut || peerBye !== undefined) return;
    if (leaving.waits && trusted && sender.held > 0) return;
    if (channel.send('bye', [{ type: 'bye', reason: leaving.reason }], now) === undefined) return;
    byeOut = true;
    byeDeadline = now + BYE_TIMEOUT;
    channel.conclude();
    if (leaving.reason !== 'words did not match') host.move('leave');
  }

  /** Receipts go out together: once for all that was shown since the last tick. */
  function sendReceipts(now: number): void {
    if (!receipts) shown.first = shown.end;
    while (shown.first < shown.end) {
      const count = Math.min(RECEIPTS_A_FRAME, shown.end - shown.first);
      const records = Array.from({ length: count }, (_, i) => ({ type: 'delivered', id: shown.first + i }) as const);
      if (channel.send('text', records, now) === undefined) return;
      shown.first += count;
    }
  }

  function sendAnnouncements(now: number): void {
    for (let record = announcements[0]; record !== undefined; record = announcements[0]) {
      if (channel.send('text', [record], now) === undefined) return;
      announcements.shift();
    }
  }

  /** Sends what may be sent now, receipts excepted: those wait for the next tick, to go out together. */
  function progress(now: number): void {
    if (final !== undefined) return;
    if (now >= byeDeadline) return flushThenEnd(now);
    if (trusted && !byeOut && peerBye === undefined) {
      sendAnnouncements(now);
      sender.pump(channel, now);
    }
    sayGoodbye(now);
    channel.tick(now);
  }

  function tick(now: number): void {
    if (final !== undefined && now >= final.deadline) return host.end(final.code, final.detail);
    if (final === undefined && channel.silent(now)) return lost();
    if (trusted && !byeOut && peerBye === undefined) sendReceipts(now);
    progress(now);
  }

  function lost(): void {
    if (final !== undefined) return host.end(final.code, final.detail);
    if (!byeOut && peerBye === undefined) return host.end('SC-304', { count: sender.undelivered });
    const { code, detail } = outcome();
    host.end(code, detail);
  }

  return {
    frame(bytes, now) {
      if (final !== undefined) return;
      const received = channel.receive(bytes, now);
      if (received.type === 'gap') return host.end('SC-405', { count: sender.undelivered });
      if (received.type === 'ignored') return;
      if (!proven) {
        proven = true;
        options.proven();
      }
      try {
        for (const record of received.records) take(record, now);
      } finally {
        received.wipe();
      }
      sender.acknowledged(channel.acknowledged);
      answerGoodbye(now);
      progress(now);
    },

    confirm(match, now) {
      if (match) {
        trusted = true;
        host.move('wordsMatch');
        announcements.unshift({ type: 'confirmed' });
        showName();
        for (const message of unseen) show(message);
        unseen = [];
      } else {
        wipeUnseen();
        host.move('wordsDiffer');
        leaving = { code: 'SC-403', reason: 'words did not match', waits: false };
      }
      tick(now);
    },

    leave(code, now) {
      leaving = { code, reason: 'left', waits: leaving === undefined };
      tick(now);
    },

    lost,
    tick,

    wakeAt(now) {
      if (final !== undefined) return final.deadline;
      const due = [channel.wakeAt(), byeDeadline];
      if (trusted && !byeOut && peerBye === undefined) {
        due.push(sender.wakeAt(now));
        if (receipts && shown.first < shown.end && channel.allows('text')) due.push(now);
      }
      return Math.min(...due);
    },

    abort(now) {
      if (!byeOut && peerBye === undefined) channel.send('bye', [{ type: 'bye', reason: 'error' }], now);
    },

    wipe() {
      wipeUnseen();
      reassembly.wipe();
      peerName?.fill(0);
      established.resume.wipe();
      channel.wipe();
    },
  };
}
