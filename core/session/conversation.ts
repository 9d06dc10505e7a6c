/**
 * Two people talking over an established channel (protocol.md sections 4 to 7): words, names, and where each record of the
 * peer belongs. What it is made of is conversation-parts.ts, the safety words trust.ts, the connection resume.ts, the
 * goodbye goodbye.ts; no text may be kept here (incoming.ts, outgoing.ts), and nothing ends the session here.
 */
import { RemoteProtocolError } from '../errors.js';
import type { Position } from '../protocol/resume.js';
import type { Opened } from './channel.js';
import type { ChannelRecord } from './controls.js';
import { type ConversationOptions, createParts } from './conversation-parts.js';
import type { Host } from './events.js';
import type { Line } from './line.js';
import { quick } from '../quick.js';

export function createConversation(host: Host, line: Line, options: ConversationOptions, start: number) {
  const { sender, goodbye, path, established } = options;
  const { peer, role } = established;
  const parts = createParts(host, line, options, start);
  const { inbox, trust, channel, carriage, presence, announcements } = parts;
  let roundTrip: number | undefined;

  function take(record: ChannelRecord, { seq, streams }: Opened, now: number): void {
    if (goodbye.phase === 'answered' && record.type !== 'bye-ack')
      throw new RemoteProtocolError('a record after the goodbye');
    switch (record.type) {
      case 'text':
        return inbox.text(record, now);
      case 'delivered':
        return sender.delivered(record.id);
      case 'confirmed':
        return trust.confirmed();
      case 'name':
        return inbox.name(record.name);
      case 'bye':
        return goodbye.heard(record.reason, now);
      case 'bye-ack':
        return goodbye.acknowledged();
      case 'bulk-open':
      case 'bulk-credit':
      case 'bulk-close':
        return carriage.take(record, seq, streams);
      case 'paths':
        return path.take(record, now);
    }
  }

  /** The peer hears: what the person has agreed to see meanwhile is shown. */
  function back(): void {
    if (presence.back() && trust.given) inbox.open();
  }

  function settled(): void {
    sender.proven();
    sender.acknowledged(channel.acknowledged);
  }

  function showRoundTrip(): void {
    const { ms } = channel.roundTrip;
    if (ms === undefined || ms === roundTrip) return;
    roundTrip = ms;
    host.emit({ type: 'show', view: { type: 'round-trip', ms } });
  }

  function chunk(bytes: Uint8Array, now: number): 'gap' | 'opened' {
    if (carriage.chunk(bytes) === 'gap') return 'gap';
    channel.heard(now);
    return 'opened';
  }

  return quick({
    channel,
    trust,
    carriage,
    presence,

    /** Words and names are shown, and what was typed before begins to go out. */
    open(now: number): void {
      if (role === 'B') {
        sender.proven();
        // A is provisional until it has opened a frame of B.
        channel.send([{ type: 'ping' }], now);
      }
      trust.open();
      if (parts.cover) host.notice('SC-332');
      if (options.compares && options.name.length > 0) announcements.add({ type: 'name', name: options.name });
      if (trust.given) inbox.open();
      if (peer.name.length > 0) inbox.name(peer.name);
      peer.name.fill(0);
    },

    /** The connection is back, and the peer stands at `position`. */
    resume(position: Position, now: number): void {
      channel.resume(position, now);
      carriage.resumed(position.next);
      settled();
      back();
    },

    /** What a frame is: `gap` cannot be the next one; `more`: the peer has acknowledged something with it. */
    frame(bytes: Uint8Array, now: number): 'ignored' | 'gap' | 'opened' | 'more' {
      const before = channel.acknowledged;
      const received = channel.receive(bytes, now);
      if (received.type === 'chunk') return chunk(bytes, now);
      if (received.type !== 'opened') return received.type;
      back();
      try {
        for (const record of received.records) take(record, received, now);
      } finally {
        received.streams.wipe();
        received.wipe();
      }
      settled();
      showRoundTrip();
      return channel.acknowledged > before ? 'more' : 'opened';
    },

    /** The person's answer about the safety words. */
    confirm(match: boolean): void {
      // What a no leads to is told of a connection that may not come back.
      if (!match) presence.doubt();
      trust.answer(match);
      if (match) {
        announcements.addFirst({ type: 'confirmed' });
        // Text is shown while the state is active only.
        if (presence.up) inbox.open();
        return;
      }
      // Nothing more is said to whoever it is, nor shown of it, also where the words were accepted before.
      announcements.clear();
      inbox.refuse();
    },

    /** Up to this message of the peer. */
    shown: inbox.shown,

    /** Nothing of the peer is shown any more. */
    close: inbox.close,

    wipe(): void {
      try {
        channel.wipe();
      } finally {
        carriage.wipe();
        inbox.wipe();
      }
    },
  });
}
