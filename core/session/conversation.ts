/**
 * Two people talking over an established channel (protocol.md sections 4 to 7): comparing the safety words, names, where
 * each record belongs, what is sealed when. The connection is resume.ts, the goodbye goodbye.ts; no text may be kept here
 * (incoming.ts, outgoing.ts), and nothing ends the session here.
 */
import { RemoteProtocolError } from '../errors.js';
import { FEATURE_VERIFY } from '../protocol/caps.js';
import type { Established } from '../protocol/handshake-keys.js';
import type { ProtocolRecord } from '../protocol/records.js';
import type { Position } from '../protocol/resume.js';
import { type ChannelRecord, createChannel } from './channel.js';
import type { Host } from './events.js';
import type { Goodbye } from './goodbye.js';
import { createInbox } from './incoming.js';
import type { Sender } from './outgoing.js';

export interface ConversationOptions {
  readonly established: Established;
  readonly transmit: (frame: Uint8Array) => void;
  readonly sender: Sender;
  readonly goodbye: Goodbye;
  /** The list of 2048 words. */
  readonly words: readonly string[];
  /** The person compares the safety words before anything is shown or sent. */
  readonly compare: boolean;
  /** Told to the peer once that is allowed; UTF-8, may be empty. */
  readonly name: Uint8Array;
  readonly receipts: boolean;
}

export type Conversation = ReturnType<typeof createConversation>;

export function createConversation(host: Host, options: ConversationOptions, start: number) {
  const { established, sender, goodbye, compare } = options;
  const { peer, role } = established;
  const channel = createChannel(established.ratchet, role, options.transmit, start);
  const inbox = createInbox(host, options.receipts);
  /** Records that wait for room in the window. */
  const announcements: ProtocolRecord[] = [];
  /** The person has accepted the words, or need not. */
  let trusted = !compare;
  let compared = false;
  let peerConfirmed = false;
  let roundTrip: number | undefined;
  /** The connection is down, or what is sent over it may not be understood yet. */
  let away = false;

  const words = established.words.map((index) => options.words[index] ?? '');
  host.emit({ type: 'show', view: { type: 'safety-words', words, required: compare } });
  host.move(compare ? 'keysUnverified' : 'keysConfirmed');
  if (trusted && (peer.features & FEATURE_VERIFY) !== 0) host.notice('SC-321');
  if (compare && options.name.length > 0) announcements.push({ type: 'name', name: options.name });
  if (trusted) inbox.open();
  if (peer.name.length > 0) inbox.name(peer.name);
  peer.name.fill(0);
  // A is provisional until it has opened a frame of B.
  if (role === 'B') channel.send('ping', [{ type: 'ping' }], start);

  function take(record: ChannelRecord, now: number): void {
    if (goodbye.phase === 'answered' && record.type !== 'bye-ack')
      throw new RemoteProtocolError('a record after the goodbye');
    switch (record.type) {
      case 'text':
        return inbox.text(record, now);
      case 'delivered':
        return sender.delivered(record.id);
      case 'confirmed':
        if (!peerConfirmed && !goodbye.refused) host.emit({ type: 'show', view: { type: 'peer-confirmed' } });
        peerConfirmed = true;
        return;
      case 'name':
        return inbox.name(record.name);
      case 'bye':
        return goodbye.heard(record.reason);
      case 'bye-ack':
        return goodbye.acknowledged();
      case 'typing':
        return;
    }
  }

  /** Own text, names and receipts may go out. */
  const mayTell = (): boolean => trusted && goodbye.open;

  function announce(now: number): void {
    for (let record = announcements[0]; record !== undefined; record = announcements[0]) {
      if (channel.send('text', [record], now) === undefined) return;
      announcements.shift();
    }
  }

  /** Sends what may be sent now, receipts excepted: those wait for the next tick, to go out together. */
  function progress(now: number): void {
    if (channel.paused) return;
    if (mayTell()) {
      announce(now);
      sender.pump(channel, now);
    }
    channel.tick(now);
  }

  function back(): void {
    if (!away) return;
    away = false;
    if (!goodbye.open || goodbye.refused) host.move('resumedLeaving');
    else host.move(trusted ? 'resumed' : 'resumedUnverified');
    if (trusted) inbox.open();
  }

  function settled(): void {
    sender.proven();
    sender.acknowledged(channel.acknowledged);
  }

  function showRoundTrip(): void {
    const ms = channel.roundTrip;
    if (ms === undefined || ms === roundTrip) return;
    roundTrip = ms;
    host.emit({ type: 'show', view: { type: 'round-trip', ms } });
  }

  return {
    channel,
    progress,
    get trusted() {
      return trusted;
    },
    /** The person has answered about the safety words. */
    get compared() {
      return compared;
    },

    /** The peer hears, as far as is known. */
    get up() {
      return !away;
    },

    /** True when it was up until now. */
    interrupt(now: number): boolean {
      if (channel.paused) return false;
      channel.pause(now);
      host.move('lost');
      away = true;
      return true;
    },

    /** Frames are sent again from number 0, to a peer that finds its keys only now. */
    repeat: (now: number): void => channel.repeat(now),

    /** The connection is back, and the peer stands at `position`. */
    resume(position: Position, now: number): void {
      channel.resume(position, now);
      settled();
      back();
    },

    /** What a frame is: `gap` cannot be the next one; `more`: the peer has acknowledged something with it. */
    frame(bytes: Uint8Array, now: number): 'ignored' | 'gap' | 'opened' | 'more' {
      const before = channel.acknowledged;
      const received = channel.receive(bytes, now);
      if (received.type !== 'opened') return received.type;
      back();
      try {
        for (const record of received.records) take(record, now);
      } finally {
        received.wipe();
      }
      settled();
      showRoundTrip();
      return channel.acknowledged > before ? 'more' : 'opened';
    },

    /** The answer, once: when it is asked for, and also when it is not. */
    confirm(match: boolean): void {
      compared = true;
      trusted = match;
      if (match) {
        host.move('wordsMatch');
        announcements.unshift({ type: 'confirmed' });
        // Text is shown while the state is active only.
        if (!away) inbox.open();
        return;
      }
      // Nothing more is said to whoever it is, nor shown of it, also where the words were accepted before.
      announcements.length = 0;
      inbox.wipeUnseen();
      inbox.close();
      host.move('wordsDiffer');
    },

    /** False when the window has no room for it now. */
    sayGoodbye(now: number): boolean {
      if (channel.send('bye', [{ type: 'bye', reason: goodbye.reason }], now) === undefined) return false;
      inbox.close();
      channel.conclude();
      if (!goodbye.refused) host.move('leave');
      return true;
    },

    answerGoodbye(now: number): void {
      if (!goodbye.sealed) inbox.sendReceipts(channel, now);
      channel.conclude();
      channel.send('bye-ack', [{ type: 'bye-ack' }], now);
      host.move('peerLeft');
    },

    tick(now: number): void {
      if (mayTell() && !channel.paused) inbox.sendReceipts(channel, now);
      progress(now);
    },

    wakeAt(now: number): number {
      const due = [channel.wakeAt()];
      if (mayTell() && !channel.paused) {
        due.push(sender.wakeAt(now));
        if (inbox.owes && channel.allows('text')) due.push(now);
      }
      return Math.min(...due);
    },

    /** A last word to the peer after its protocol error. Never throws. */
    abort(now: number): void {
      if (goodbye.open) channel.send('bye', [{ type: 'bye', reason: 'error' }], now);
    },

    wipe(): void {
      try {
        channel.wipe();
      } finally {
        inbox.wipe();
      }
    },
  };
}
