/**
 * Two people talking over an established channel (protocol.md sections 4 to 7): comparing the safety words, names, where
 * each record belongs. The connection is resume.ts, the goodbye goodbye.ts; no text may be kept here (incoming.ts,
 * outgoing.ts), and nothing ends the session here.
 */
import { RemoteProtocolError } from '../errors.js';
import type { CryptoPort } from '../ports.js';
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
import { createShownWords } from './shown-words.js';
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
  readonly compare: boolean;
  /** Told to the peer once that is allowed; UTF-8, may be empty. */
  readonly name: Uint8Array;
  readonly receipts: boolean;
  readonly cover?: boolean | undefined;
  readonly path: Path;
}

export function createConversation(host: Host, line: Line, options: ConversationOptions, start: number) {
  const { crypto, established, sender, goodbye, transfers, compare } = options;
  const { peer, role, ratchet } = established;
  const peerVerifies = (peer.features & FEATURE_VERIFY) !== 0;
  const inbox = createIncoming(host, options.receipts);
  const announcements = createAnnouncements();
  const shown = createShownWords(host, options.words);
  /** The person has accepted the words, or need not. */
  let trusted = !compare;
  let peerConfirmed = false;
  let roundTrip: number | undefined;
  /** The connection is down, or what is sent over it may not be understood yet. */
  let away = false;
  /** It is away only until the peer has proven itself over a direct path: that is not told as a loss. */
  let moving = false;
  const talks = (): boolean => trusted && goodbye.open;
  /** The peer has to compare the words, too. */
  const awaitsPeer = (): boolean => options.secretless || peerVerifies;
  const tells = (): boolean => trusted && !goodbye.sealed && !goodbye.over;
  const carriage = createCarriage({
    crypto,
    established,
    transfers,
    transmit: line.transmit,
    room: () => line.waiting <= WAITING_MARK,
  });
  /** Chunks may go out once what waits is known anew, or the peer has said so. */
  let more = false;
  const channel = createChannel(
    {
      crypto,
      ratchet,
      role,
      transmit: line.transmit,
      ready: () => line.ready,
      path: options.path.control,
      credits: carriage.credits,
      sources: [
        whileOpen(announcements, talks),
        whileOpen(inbox, tells),
        whileOpen(sender, talks),
        whileOpen(carriage.source, talks),
      ],
      cover: options.cover === true || (peer.features & FEATURE_COVER) !== 0,
      askable: () => trusted,
      compared: shown.compared,
    },
    start,
  );
  if (role === 'B') {
    sender.proven();
    // A is provisional until it has opened a frame of B.
    channel.send([{ type: 'ping' }], start);
  }
  shown.show(established.words, compare);
  host.move(compare ? 'keysUnverified' : 'keysConfirmed');
  if (trusted && peerVerifies) host.notice('SC-321');
  if (compare && options.name.length > 0) announcements.add({ type: 'name', name: options.name });
  if (trusted) inbox.open();
  if (peer.name.length > 0) inbox.name(peer.name);
  peer.name.fill(0);

  function take(record: ChannelRecord, { seq, streams }: Opened, now: number): void {
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
        return goodbye.heard(record.reason, now);
      case 'bye-ack':
        return goodbye.acknowledged();
      case 'bulk-open':
      case 'bulk-credit':
      case 'bulk-close':
        more = true;
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
      if (trusted) return inbox.open();
    }
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

  function chunk(bytes: Uint8Array, now: number): 'gap' | 'opened' {
    if (carriage.chunk(bytes) === 'gap') return 'gap';
    channel.heard(now);
    more = true;
    return 'opened';
  }

  return {
    channel,
    /** Something for streams is to be done as soon as what waits in the connection is known. */
    get more() {
      return more;
    },
    /** What streams have to say and to send, once the peer is known to hold the keys. */
    carry(): void {
      more = false;
      if (!talks() || away) return;
      transfers.allow();
      more = carriage.hand();
    },
    get trusted() {
      return trusted;
    },
    /** The person has answered about the safety words. */
    get compared() {
      return shown.answered;
    },
    /** The peer hears, as far as is known. */
    get up() {
      return !away;
    },

    /** True when it was up until now. `moves`: only until the peer proves itself over a direct path. */
    interrupt(now: number, moves: boolean): boolean {
      if (!moves && moving) host.move('lost');
      if (!moves) moving = false;
      if (channel.paused) return false;
      channel.pause(now);
      carriage.interrupted();
      away = true;
      moving = moves && goodbye.phase === 'none';
      if (!moving) host.move('lost');
      return true;
    },

    /** Both sides may be told where the other one can be reached: whoever had to compare the words has. */
    get settled() {
      return trusted && goodbye.phase === 'none' && (peerConfirmed || !awaitsPeer());
    },

    /** Frames are sent again from number 0, to a peer that finds its keys only now. */
    restart: (now: number): void => channel.restart(now),

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

    /** The answer, once: when it is asked for, and also when it is not. */
    confirm(match: boolean): void {
      shown.answered = true;
      trusted = match;
      // What a no leads to is told of a connection that may not come back.
      if (!match && moving) {
        moving = false;
        host.move('lost');
      }
      if (match) {
        host.move('wordsMatch');
        announcements.addFirst({ type: 'confirmed' });
        // Text is shown while the state is active only.
        if (!away) inbox.open();
        return;
      }
      // Nothing more is said to whoever it is, nor shown of it, also where the words were accepted before.
      announcements.clear();
      inbox.wipeUnseen();
      inbox.close();
      host.move('wordsDiffer');
    },

    /** The person asks for words of the present: not before the peer has confirmed its own, where that is due. */
    compareAgain(now: number): boolean {
      if (!trusted || (awaitsPeer() && !peerConfirmed)) return false;
      channel.compare(now);
      return true;
    },

    /** False when the window has no room for it now. */
    sayGoodbye(now: number): boolean {
      // How streams end is said before.
      if (trusted && carriage.unsaid) channel.tick(now);
      // With cover a beat has one frame: a goodbye's when nothing else waits.
      if (channel.waits(now)) return false;
      if (channel.send([{ type: 'bye', reason: goodbye.reason }], now) === undefined) return false;
      inbox.close();
      channel.conclude();
      if (!goodbye.refused) host.move('leave');
      return true;
    },

    /** False when the window has no room for it now. */
    answerGoodbye(now: number): boolean {
      channel.conclude();
      // What was shown is told first.
      if (channel.waits(now)) channel.tick(now);
      if (channel.send([{ type: 'bye-ack' }], now) === undefined) return false;
      host.move('peerLeft');
      return true;
    },

    /** A last word to the peer after its protocol error. */
    abort(now: number): void {
      if (goodbye.open) channel.send([{ type: 'bye', reason: 'error' }], now);
    },

    wipe(): void {
      try {
        channel.wipe();
      } finally {
        carriage.wipe();
        inbox.wipe();
      }
    },
  };
}
