/**
 * What a conversation is made of, each part with what it may ask of the others, and in which order what waits goes into a
 * frame. What is done with the parts is conversation.ts; nothing happens in this file.
 */
import type { CryptoPort } from '../ports.js';
import { FEATURE_COVER, FEATURE_VERIFY } from '../protocol/caps.js';
import type { Established } from '../protocol/handshake-keys.js';
import { type Carriage, createCarriage } from './carriage.js';
import { type Channel, createChannel } from './channel.js';
import { type Announcements, createAnnouncements, type Source } from './composer.js';
import type { Host } from './events.js';
import type { Goodbye } from './goodbye.js';
import { createIncoming, type Incoming } from './incoming.js';
import type { Line } from './line.js';
import type { Outgoing } from './outgoing.js';
import type { Path } from './path.js';
import { createPresence, type Presence } from './presence.js';
import type { Transfers } from './transfers.js';
import { createTrust, type Trust } from './trust.js';
import { WAITING_MARK } from '../wire/control.js';

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

export interface ConversationParts {
  readonly inbox: Incoming;
  readonly trust: Trust;
  readonly channel: Channel;
  readonly carriage: Carriage;
  readonly presence: Presence;
  /** Records that go alone: what this side is called, and what its person says of the words. */
  readonly announcements: Announcements;
  /** A frame on each beat: this side wants it, or the peer. */
  readonly cover: boolean;
}

export function createParts(host: Host, line: Line, options: ConversationOptions, start: number): ConversationParts {
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
  const room = (): boolean => line.waiting <= WAITING_MARK;
  const cover = options.cover === true || (peer.features & FEATURE_COVER) !== 0;
  const carriage = createCarriage({
    crypto,
    cover,
    established,
    transfers,
    transmit: line.transmit,
    room,
    open: () => talks() && presence.up,
  });
  const talking: readonly Source[] = [announcements, inbox, sender, carriage.source];
  /** Receipts go until the own goodbye is sealed, or the peer's is answered. */
  const leaving: readonly Source[] = [inbox];
  function sources(): readonly Source[] {
    if (talks()) return talking;
    return trust.given && !goodbye.sealed && !goodbye.over ? leaving : [];
  }
  const channel = createChannel(
    {
      crypto,
      ratchet,
      role,
      transmit: line.transmit,
      ready: () => line.ready,
      // An answer comes soon, or not at all: a direct path, and not much under way.
      brisk: () => line.direct && room() && !carriage.busy,
      path: options.path.control,
      credits: carriage.credits,
      sources,
      cover,
      askable: () => trust.given,
      compared: trust.compared,
    },
    start,
  );
  const presence = createPresence(host, {
    channel,
    carriage,
    returning() {
      if (!goodbye.open || goodbye.refused) return 'resumedLeaving';
      return trust.given ? 'resumed' : 'resumedUnverified';
    },
  });
  return { inbox, trust, channel, carriage, presence, announcements, cover };
}
