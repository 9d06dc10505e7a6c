/**
 * Two people talking over an established channel: messages shown and delivered, comparing safety words, names, goodbye
 * (protocol.md sections 4, 6 and 7), with the line up or down (reconnect.ts brings it back). A state of the session is
 * changed only through the table; no text may be kept in this file (inbox.ts, sender.ts).
 */
import type { Code, Detail } from '../errors.js';
import { RemoteProtocolError } from '../errors.js';
import type { CryptoPort, TransportEvent } from '../ports.js';
import { FEATURE_COVER, FEATURE_VERIFY } from '../protocol/caps.js';
import type { Established } from '../protocol/handshake.js';
import type { ByeReason } from '../protocol/records.js';
import type { Position } from '../protocol/resume.js';
import { createCarriage } from './bulk/carriage.js';
import type { Transfers } from './bulk/transfers.js';
import { type ChannelRecord, createChannel, type Opened } from './channel.js';
import { createAnnouncements, whileOpen } from './composer.js';
import type { Host } from './events.js';
import { createIncoming } from './incoming.js';
import { createReconnect } from './reconnect.js';
import type { Outgoing } from './outgoing.js';
import { createShownWords } from './shown-words.js';

/** Who sent bye goes on opening frames at most this long; a goodbye that is not to wait for text is over by then. */
export const BYE_TIMEOUT = 5_000;
/** Who has nothing left to say waits at most this long for the socket to be flushed. */
export const FLUSH_TIMEOUT = 2_000;
/** Frames that were lost, reordered or forged on the way are told after this many. */
export const GAPS_TOLD_AFTER = 3;
export interface ConversationOptions {
  readonly transfers: Transfers;
  /** At most one chunk waits in the connection. */
  readonly room: () => boolean;
  readonly crypto: CryptoPort;
  readonly established: Established;
  /** Without a line the session is given up after this many milliseconds. 0: at once. */
  readonly resumeTimeout: number;
  /** The list of 2048 words. */
  readonly words: readonly string[];
  /** Both sides compare the safety words, because there is no secret. */
  readonly secretless: boolean;
  /** The person compares the safety words before anything is shown or sent. */
  readonly compare: boolean;
  /** Told to the peer once that is allowed; UTF-8, may be empty. */
  readonly name: Uint8Array;
  readonly receipts: boolean;
  /** A frame on each beat, whatever there is to say; so also if the peer wants it. */
  readonly cover: boolean;
  /** Called once: the peer holds the keys, and the code's secret is not needed any more. */
  readonly proven: () => void;
  /** Provisional A (section 4) could not resume: the rendezvous room is tried next, until `resumeTurn`. */
  readonly elsewhere: (now: number) => void;
}

export interface Conversation {
  transport(event: TransportEvent, now: number): void;
  /** The rendezvous room did not help: the resume room is tried next. */
  resumeTurn(now: number): void;
  /** This process slept: whatever the connection says, it is not believed to be up. */
  slept(now: number): void;
  /** The person has answered about the safety words. */
  readonly compared: boolean;
  /** The answer, once: when it is asked for, and also when it is not. */
  confirm(match: boolean, now: number): void;
  /** The person asks for safety words of the present. False: not before the peer has confirmed its own, where that is due. */
  compareAgain(now: number): boolean;
  /** Own goodbye after all own text; `code` is how the session then ends. A second call does not wait for the text. */
  leave(code: Code, now: number): void;
  /** Does what is due and sends what may be sent. */
  tick(now: number): void;
  wakeAt(now: number): number;
  /** A last word to the peer after its protocol error. */
  abort(now: number): void;
  wipe(): void;
}

export function createConversation(
  host: Host,
  sender: Outgoing,
  options: ConversationOptions,
  start: number,
): Conversation {
  const { established } = options;
  const inbox = createIncoming(host, options.receipts);
  /** The person has accepted the words, or need not. */
  let trusted = !options.compare;
  let compared = false;
  let peerConfirmed = false;
  /** The peer compares first: it says so when it has. */
  const confirmationDue = options.secretless || (established.peer.features & FEATURE_VERIFY) !== 0;
  /** Records that wait for room in the window. */
  const announcements = createAnnouncements();
  const shown = createShownWords(host, options.words);
  /** Own wish to leave: how it ends, and with which word to the peer. */
  let leaving: { code: Code; reason: ByeReason; waits: boolean; patient: boolean } | undefined;
  let byeDeadline = Number.POSITIVE_INFINITY;
  /** Nothing of what leaving waits for has been acknowledged until then: told. */
  let stuckAt = Number.POSITIVE_INFINITY;
  let byeOut = false;
  let peerBye: ByeReason | undefined;
  let byeAnswered = false;
  let proven = established.role === 'B';
  let gaps = 0;
  let roundTrip: number | undefined;
  /** Chunks may be handed over once what waits is known anew. */
  let more = false;
  /** What remains is to flush the socket. */
  let final: { code: Code; detail: Detail; deadline: number } | undefined;
  const carriage = createCarriage({
    crypto: options.crypto,
    established,
    transfers: options.transfers,
    transmit: (frame) => host.emit({ type: 'transmit', frame }),
    room: options.room,
  });
  const channel = createChannel(
    {
      crypto: options.crypto,
      ratchet: established.ratchet,
      role: established.role,
      transmit: (frame) => host.emit({ type: 'transmit', frame }),
      ready: () => true,
      credits: carriage.credits,
      sources: [whileOpen(announcements, talks), whileOpen(inbox, tells), whileOpen(sender, talks), whileOpen(carriage.source, talks)],
      cover: options.cover || (established.peer.features & FEATURE_COVER) !== 0,
      askable: () => trusted,
      compared: (what) => shown.compared(what),
    },
    start,
  );
  const reconnect = createReconnect(host, {
    crypto: options.crypto,
    role: established.role,
    resume: established.resume,
    prover: established.ratchet,
    position: () => channel.position,
    timeout: options.resumeTimeout,
    resumed,
    interrupted,
    givenUp,
    provisional: () => !proven,
    elsewhere(now) {
      // Words were refused, or nobody waits any more: a new handshake would not change that.
      if (proven || leaving?.patient === false) return false;
      options.elsewhere(now);
      return true;
    },
  });

  if (established.role === 'B') {
    sender.proven();
    channel.send([{ type: 'ping' }], start);
  }
  shown.show(established.words, options.compare);
  host.move(options.compare ? 'keysUnverified' : 'keysConfirmed');
  if (trusted && (established.peer.features & FEATURE_VERIFY) !== 0) host.notice('SC-321');
  if (options.compare && options.name.length > 0) announcements.add({ type: 'name', name: options.name });
  if (trusted) inbox.open();
  if (established.peer.name.length > 0) inbox.name(established.peer.name);
  established.peer.name.fill(0);
  tick(start);

  /** Before the words are confirmed, and after a goodbye, nothing of the person goes out. */
  function talks(): boolean {
    return tells() && peerBye === undefined;
  }

  /** What was shown is told as delivered. */
  function tells(): boolean {
    return trusted && !byeOut && !byeAnswered;
  }

  function take(record: ChannelRecord, { seq, streams }: Opened, now: number): void {
    if (peerBye !== undefined && record.type !== 'bye-ack') throw new RemoteProtocolError('a record after the goodbye');
    switch (record.type) {
      case 'text':
        return inbox.text(record, now);
      case 'delivered':
        return sender.delivered(record.id);
      case 'confirmed':
        if (!peerConfirmed) host.emit({ type: 'show', view: { type: 'peer-confirmed' } });
        peerConfirmed = true;
        return;
      case 'name':
        return inbox.name(record.name);
      case 'bulk-open':
      case 'bulk-credit':
      case 'bulk-close':
        more = true;
        return carriage.take(record, seq, streams);
      case 'bye':
        peerBye = record.reason;
        return;
      case 'bye-ack':
        if (!byeOut) throw new RemoteProtocolError('a goodbye was answered that was not said');
        byeDeadline = Number.NEGATIVE_INFINITY;
        return;
      default:
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
    const plain = code === 'SC-316' || code === 'SC-317' || code === 'SC-326';
    return plain && count > 0 ? { code: 'SC-306', detail: { count } } : { code, detail: {} };
  }

  function flushThenEnd(now: number): void {
    if (final !== undefined) return;
    if (channel.paused) {
      const { code, detail } = outcome();
      return host.end(code, detail);
    }
    final = { ...outcome(), deadline: now + FLUSH_TIMEOUT };
    host.emit({ type: 'disconnect' });
  }

  function answerGoodbye(now: number): void {
    if (peerBye === undefined || byeAnswered) return;
    channel.conclude();
    byeDeadline = Math.min(byeDeadline, now + BYE_TIMEOUT);
    // What was shown is told first.
    if (!byeOut) channel.tick(now);
    if (channel.send([{ type: 'bye-ack' }], now) === undefined) return;
    byeAnswered = true;
    host.move('peerLeft');
    // When both said goodbye, the own one is still answered: that tells what the peer has taken.
    if (!byeOut) flushThenEnd(now);
  }

  /** Seals the goodbye once all own text is acknowledged (or is not waited for). */
  function sayGoodbye(now: number): void {
    if (leaving === undefined || byeOut || peerBye !== undefined) return;
    if (leaving.waits && trusted && sender.undelivered > 0) return;
    if (trusted && carriage.unsaid) return;
    if (channel.send([{ type: 'bye', reason: leaving.reason }], now) === undefined) return;
    byeOut = true;
    inbox.close();
    byeDeadline = Math.min(byeDeadline, now + BYE_TIMEOUT);
    stuckAt = Number.POSITIVE_INFINITY;
    channel.conclude();
    if (leaving.reason !== 'words did not match') host.move('leave');
  }

  /** Sends what may be sent now. */
  function progress(now: number): void {
    if (final !== undefined) return;
    if (now >= byeDeadline) return overdue(now);
    if (now >= stuckAt) tellWaiting();
    if (channel.paused) return;
    if (talks() && proven) options.transfers.allow();
    channel.tick(now);
    more = talks() && carriage.hand();
    sayGoodbye(now);
    answerGoodbye(now);
  }

  function tick(now: number): void {
    if (final !== undefined && now >= final.deadline) return host.end(final.code, final.detail);
    if (final === undefined && channel.silent(now)) reconnect.retry(now);
    reconnect.tick(now);
    progress(now);
  }

  function interrupted(now: number): void {
    channel.pause(now);
    carriage.interrupted();
    host.move('lost');
    bound(now);
  }

  /** The own goodbye is out for long enough, or it was not possible in time: then it is said without waiting for text. */
  function overdue(now: number): void {
    if (leaving !== undefined && !byeOut && !channel.paused) {
      leaving = { ...leaving, waits: false };
      sayGoodbye(now);
    }
    flushThenEnd(now);
  }
  function tellWaiting(): void {
    stuckAt = Number.POSITIVE_INFINITY;
    host.notice('SC-328', { count: sender.undelivered });
  }

  /** Only who left for the first time, and in no hurry, waits for text, and is told; all else is over soon. */
  function bound(now: number): void {
    if (leaving === undefined || byeOut) return;
    if (!leaving.patient || sender.undelivered === 0) byeDeadline = Math.min(byeDeadline, now + BYE_TIMEOUT);
    else if (channel.paused) tellWaiting();
    else stuckAt = now + BYE_TIMEOUT;
  }
  function resumed(peer: Position, now: number): void {
    if (!byeOut && leaving?.patient === true) byeDeadline = Number.POSITIVE_INFINITY;
    channel.resume(peer, now);
    carriage.resumed(peer.next);
    prove();
    sender.acknowledged(channel.acknowledged);
    if (byeOut || peerBye !== undefined || leaving?.reason === 'words did not match') host.move('resumedLeaving');
    else host.move(trusted ? 'resumed' : 'resumedUnverified');
    if (trusted) inbox.open();
    // What waited for the line, a goodbye too, does not wait for a frame of the peer.
    progress(now);
  }
  function givenUp(): void {
    if (!byeOut && peerBye === undefined) return host.end('SC-304', { count: sender.undelivered });
    const { code, detail } = outcome();
    host.end(code, detail);
  }

  /** The peer holds the keys. */
  function prove(): void {
    if (proven) return;
    proven = true;
    sender.proven();
    options.proven();
  }

  /** Frames were lost, reordered or forged: the line is given up and made anew, and they are asked for again. */
  function resync(now: number): void {
    gaps += 1;
    if (gaps === GAPS_TOLD_AFTER) host.notice('SC-405');
    reconnect.distrust(now);
  }
  function showRoundTrip(): void {
    const ms = channel.roundTrip;
    if (ms === undefined || ms === roundTrip) return;
    roundTrip = ms;
    host.emit({ type: 'show', view: { type: 'round-trip', ms } });
  }
  function frame(bytes: Uint8Array, now: number): void {
    const before = channel.acknowledged;
    const received = channel.receive(bytes, now);
    if (received.type === 'chunk') {
      if (carriage.chunk(bytes) === 'gap') return resync(now);
      channel.heard(now);
      reconnect.progress(now);
      more = true;
      return;
    }
    if (received.type === 'gap') return resync(now);
    if (received.type === 'ignored') return;
    prove();
    reconnect.progress(now);
    try {
      for (const record of received.records) take(record, received, now);
    } finally {
      received.streams.wipe();
      received.wipe();
    }
    sender.acknowledged(channel.acknowledged);
    if (stuckAt !== Number.POSITIVE_INFINITY && channel.acknowledged > before) stuckAt = now + BYE_TIMEOUT;
    showRoundTrip();
    answerGoodbye(now);
    // What it asks for goes out with whatever else is due at this moment: `wakeAt` is now.
    if (leaving !== undefined) progress(now);
  }

  return {
    transport(event, now) {
      if (final !== undefined) {
        if (event.type === 'closed') host.end(final.code, final.detail);
        return;
      }
      if (!reconnect.transport(event, now) && event.type === 'frame') frame(event.frame, now);
    },
    resumeTurn: reconnect.resumeTurn,

    slept(now) {
      if (final === undefined) channel.probe(now);
    },
    get compared() {
      return compared;
    },
    confirm(match, now) {
      compared = true;
      if (match) {
        trusted = true;
        host.move('wordsMatch');
        announcements.addFirst({ type: 'confirmed' });
        // Text is shown while the state is active only.
        if (!channel.paused) inbox.open();
      } else {
        // Nothing more is said to whoever it is, nor shown of it, also where the words were accepted before.
        trusted = false;
        announcements.clear();
        inbox.wipeUnseen();
        inbox.close();
        host.move('wordsDiffer');
        leaving = { code: 'SC-403', reason: 'words did not match', waits: false, patient: false };
        bound(now);
      }
      tick(now);
    },
    compareAgain(now) {
      if (!trusted || (confirmationDue && !peerConfirmed)) return false;
      channel.compare(now);
      return true;
    },
    leave(code, now) {
      // Nothing takes back that the words did not match.
      if (leaving?.reason === 'words did not match') return;
      const again = leaving !== undefined;
      const patient = code === 'SC-317' && !again;
      leaving = { code, reason: 'left', waits: !again && code !== 'SC-326', patient };
      bound(now);
      tick(now);
    },
    tick,

    wakeAt(now) {
      if (final !== undefined) return final.deadline;
      if (more) return now;
      return Math.min(channel.wakeAt(now), reconnect.wakeAt(), byeDeadline, stuckAt);
    },
    abort(now) {
      if (!byeOut && peerBye === undefined) channel.send([{ type: 'bye', reason: 'error' }], now);
    },
    wipe() {
      try {
        channel.wipe();
      } finally {
        carriage.wipe();
        established.resume.wipe();
        inbox.wipe();
      }
    },
  };
}
