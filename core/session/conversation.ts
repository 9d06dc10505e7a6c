/**
 * Two people talking over an established channel (protocol.md sections 4 to 7): what a frame is made of, and where each
 * record of the peer belongs. The safety words are trust.ts, the connection resume.ts, the goodbye goodbye.ts; no text may
 * be kept here (incoming.ts, outgoing.ts), and nothing ends the session here.
 */
import { RemoteProtocolError } from '../errors.js';
import type { Broken, CryptoPort } from '../ports.js';
import { FEATURE_COVER, FEATURE_VERIFY } from '../protocol/caps.js';
import type { Established } from '../protocol/handshake-keys.js';
import type { Position } from '../protocol/resume.js';
import { createCarriage } from './carriage.js';
import type { Transfers } from './transfers.js';
import { type ChannelRecord, createChannel, type Opened } from './channel.js';
import { createAnnouncements, whileOpen } from './composer.js';
import type { Host } from './events.js';
import type { Goodbye } from './goodbye.js';
import { createIncoming } from './incoming.js';
import type { Line } from './line.js';
import type { Outgoing } from './outgoing.js';
import type { Path } from './path.js';
import { createTrust } from './trust.js';
import { WAITING_MARK } from '../wire/control.js';
import { quick } from '../quick.js';

export interface ConversationOptions {
  readonly crypto: CryptoPort;
  readonly established: Established;
  readonly sender: Outgoing;
  readonly goodbye: Goodbye;
  readonly transfers: Transfers;
  /** The list of 2048 words. */
  readonly words: readonly string[];
  /** Both sides compare the safety words, because there is no secret. */
  readonly secretless: boolean;
  /** The person compares the safety words before anything is shown or sent. */
  readonly compares: boolean;
  /** Told to the peer once that is allowed; UTF-8, may be empty. */
  readonly name: Uint8Array;
  readonly receipts: boolean;
  readonly cover?: boolean | undefined;
  readonly path: Path;
}

export function createConversation(host: Host, line: Line, options: ConversationOptions, start: number) {
  const { crypto, established, sender, goodbye, transfers, compares, secretless } = options;
  const { peer, role, ratchet } = established;
  const inbox = createIncoming(host, options.receipts);
  const announcements = createAnnouncements();
  const trust = createTrust(host, {
    list: options.words,
    words: established.words,
    compares,
    peerVerifies: (peer.features & FEATURE_VERIFY) !== 0,
    secretless,
  });
  const talks = (): boolean => trust.given && goodbye.open;
  const tells = (): boolean => trust.given && !goodbye.sealed && !goodbye.over;
  const cover = options.cover === true || (peer.features & FEATURE_COVER) !== 0;
  const carriage = createCarriage({
    crypto,
    cover,
    established,
    transfers,
    transmit: line.transmit,
    room: () => line.waiting <= WAITING_MARK,
    open: () => talks() && !away,
  });
  const channel = createChannel(
    {
      crypto,
      ratchet,
      role,
      transmit: line.transmit,
      ready: () => line.ready,
      // An answer comes soon, or not at all: a direct path, and not much under way.
      brisk: () => line.direct && line.waiting <= WAITING_MARK && !carriage.busy,
      path: options.path.control,
      credits: carriage.credits,
      sources: [
        whileOpen(announcements, talks),
        whileOpen(inbox, tells),
        whileOpen(sender, talks),
        whileOpen(carriage.source, talks),
      ],
      cover,
      askable: () => trust.given,
      compared: trust.compared,
    },
    start,
  );
  let roundTrip: number | undefined;
  /** The connection is down, or what is sent over it may not be understood yet. */
  let away = false;
  /** Only until the peer has proven itself over a direct path: that is not told as a loss. */
  let moving = false;

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
        return options.path.take(record, now);
    }
  }

  /** The peer hears again: what was before the connection went is the state once more. */
  function back(): void {
    if (!away) return;
    away = false;
    if (moving) {
      moving = false;
      return inbox.open();
    }
    if (!goodbye.open || goodbye.refused) host.move('resumedLeaving');
    else host.move(trust.given ? 'resumed' : 'resumedUnverified');
    if (trust.given) inbox.open();
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

    /** Words and names are shown, and what was typed before begins to go out. */
    open(now: number): void {
      if (role === 'B') {
        sender.proven();
        // A is provisional until it has opened a frame of B.
        channel.send([{ type: 'ping' }], now);
      }
      trust.open();
      if (cover) host.notice('SC-332');
      if (compares && options.name.length > 0) announcements.add({ type: 'name', name: options.name });
      if (trust.given) inbox.open();
      if (peer.name.length > 0) inbox.name(peer.name);
      peer.name.fill(0);
    },

    /** The peer hears, as far as is known. */
    get up() {
      return !away;
    },

    /** True when it was up until now. `broken`: whose connection it was. */
    interrupt(now: number, broken?: Broken): boolean {
      const moved = moving;
      moving = false;
      if (channel.paused && !moved) return false;
      host.move('lost', broken);
      if (moved) return true;
      away = true;
      channel.pause(now);
      carriage.interrupted();
      return true;
    },

    /** It goes over a direct path from now on, on which the peer has to prove itself first. */
    move(now: number): void {
      if (channel.paused) return;
      channel.pause(now);
      carriage.interrupted();
      away = moving = true;
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
      if (!match && moving) host.move('lost');
      if (!match) moving = false;
      trust.answer(match);
      if (match) {
        announcements.addFirst({ type: 'confirmed' });
        // Text is shown while the state is active only.
        if (!away) inbox.open();
        return;
      }
      // Nothing more is said to whoever it is, nor shown of it, also where the words were accepted before.
      announcements.clear();
      inbox.wipeUnseen();
      inbox.close();
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
