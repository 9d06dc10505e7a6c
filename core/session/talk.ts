/**
 * Two sides that have keys, until the end: the conversation, the connection that comes and goes under it, and the goodbye.
 * Each step returns what it leads to; nothing ends the session here. What is said is conversation.ts, over which connection
 * resume.ts, how it ends goodbye.ts and farewell.ts.
 */
import type { Code } from '../errors.js';
import type { PathEvent } from '../path-port.js';
import type { Broken, CryptoPort } from '../ports.js';
import { FEATURE_DIRECT } from '../protocol/caps.js';
import type { Established } from '../protocol/handshake-keys.js';
import type { ByeReason } from '../protocol/records.js';
import type { Transfers } from './transfers.js';
import { createConversation } from './conversation.js';
import type { Host } from './events.js';
import { createFarewell } from './farewell.js';
import type { Ending, Goodbye, Standing } from './goodbye.js';
import type { Line, LineEvent } from './line.js';
import type { Meeting, MeetingEvent } from './meeting.js';
import type { Outgoing } from './outgoing.js';
import { createPath } from './path.js';
import { createResume, type ResumeEvent } from './resume.js';
import { NEVER } from '../timers.js';
import { quick } from '../quick.js';

/** Frames that were lost, reordered or forged on the way are told after this many. */
export const GAPS_TOLD_AFTER = 3;

export interface TalkOptions {
  readonly crypto: CryptoPort;
  readonly established: Established;
  /** The rendezvous room, for a side that is provisional. */
  readonly meeting: Meeting;
  readonly sender: Outgoing;
  readonly goodbye: Goodbye;
  readonly transfers: Transfers;
  /** Frames that were not the next ones, of the whole session. */
  readonly gaps: { count: number };
  readonly resumeTimeout: number;
  readonly words: readonly string[];
  readonly name: Uint8Array;
  readonly receipts: boolean;
  /** A frame on each beat, whatever there is to say; so also if the peer wants it. */
  readonly cover?: boolean | undefined;
  /** A direct path may be looked for. */
  readonly direct?: boolean | undefined;
}

export interface Talk {
  /** What was made does nothing before this. */
  open(now: number): void;
  /** The person has accepted the safety words, or need not. */
  readonly trusted: boolean;
  handle(event: LineEvent, now: number): MeetingEvent | undefined;
  /** Something happened to a direct path that is looked for. */
  path(event: PathEvent, now: number): MeetingEvent | undefined;
  tick(now: number): MeetingEvent | undefined;
  /** What was said in this turn goes out; what else is due is not looked at. */
  turn(now: number): MeetingEvent | undefined;
  /** What the person has said about the words. False: there is nothing to be said now. */
  confirm(match: boolean, now: number): boolean;
  /** The person asks for safety words of the present. False: not now. */
  compareAgain(now: number): boolean;
  /** The person says something. */
  said(): void;
  /** The UI has shown the peer's messages up to this one. */
  shown(id: number): void;
  /** The person wants to leave. */
  leave(code: Code, now: number): undefined;
  /** This process slept: whatever the connection says, it is not believed to be up. */
  slept(now: number): void;
  wakeAt(now: number): number;
  /** Whether the keys of the next frames are made. */
  readonly prepared: boolean;
  prepare(): void;
  /** A last word to the peer, where none is said yet. */
  abort(now: number, reason: ByeReason): void;
  wipe(): void;
}

/** Whose connection ends with this event. Of a gap or a silence nobody knows. */
function brokenBy(event: LineEvent): Broken | undefined {
  if (event.type === 'lost') return 'own';
  return event.type === 'alone' ? 'peer' : undefined;
}

export function createTalk(host: Host, line: Line, options: TalkOptions, start: number): Talk {
  const { crypto, established, meeting, sender, goodbye, gaps } = options;
  const { role } = established;
  const { attempts, compares, secretless } = meeting;
  let proven = false;
  const resume = createResume(host, line, {
    crypto,
    role,
    resume: established.resume,
    prover: established.ratchet,
    position: () => channel.position,
    timeout: options.resumeTimeout,
    rendezvous: () => meeting.place,
    attempts,
  });
  const path = createPath(
    host,
    {
      crypto,
      role,
      resume: established.resume,
      asked: options.direct === true,
      peerAsked: (established.peer.features & FEATURE_DIRECT) !== 0,
      allowed: () => proven && resume.up && !line.direct && trust.renewable && goodbye.phase === 'none',
      observed: () => line.observed,
      roundTrip: () => channel.roundTrip.bound,
    },
    start,
  );
  const conversation = createConversation(host, line, { ...options, compares, secretless, path }, start);
  const { channel, trust, carriage, presence } = conversation;
  const farewell = createFarewell(host, line, {
    goodbye,
    channel,
    standing,
    unsaid: () => trust.given && carriage.unsaid,
    close: conversation.close,
  });

  function standing(): Standing {
    return { up: presence.up, undelivered: sender.undelivered, trusted: trust.given };
  }

  /** The peer holds the keys. */
  function prove(): void {
    if (proven) return;
    proven = true;
    meeting.settled();
    resume.settled();
  }

  // -- what comes over the connection

  function resumed(event: ResumeEvent | undefined, now: number, broken?: Broken): MeetingEvent | undefined {
    if (!line.direct) path.broke(now);
    if (!resume.up && !resume.moving && presence.interrupt(now, broken)) goodbye.interrupted(standing(), now);
    switch (event?.type) {
      case undefined:
        return undefined;
      case 'frame':
        return frame(event.frame, now);
      case 'proven':
        conversation.resume(event.peer, now);
        if (line.direct) path.up();
        prove();
        goodbye.resumed(false);
        // What waited for the connection, a goodbye too, does not wait for a frame of the peer.
        return progress(now);
      case 'found':
        presence.found(now);
        return undefined;
      case 'established':
      case 'end':
        return event;
      case 'given up':
        return ended(farewell.lost());
    }
  }

  function frame(bytes: Uint8Array, now: number): MeetingEvent | undefined {
    const received = conversation.frame(bytes, now);
    if (received === 'ignored') return undefined;
    if (received === 'gap') return resync(now);
    prove();
    resume.progress(now);
    if (received === 'more') goodbye.progress(now);
    // What it asks for goes out with whatever else is due at this moment: `wakeAt` is now.
    return goodbye.phase === 'none' ? undefined : progress(now);
  }

  /** Frames were lost, reordered or forged: the connection is given up and made anew, and they are asked for again. */
  function resync(now: number): MeetingEvent | undefined {
    gaps.count += 1;
    if (gaps.count === GAPS_TOLD_AFTER) host.notice('SC-405');
    line.distrust();
    resume.retry(now);
    return resumed(undefined, now);
  }

  // -- what is due

  function progress(now: number): MeetingEvent | undefined {
    const first = farewell.step(now);
    if (first !== undefined || goodbye.phase === 'flushing') return ended(first);
    if (goodbye.phase !== 'none') path.stop();
    if (proven) carriage.carry();
    channel.tick(now);
    return ended(farewell.step(now));
  }

  return quick({
    open(now) {
      conversation.open(now);
      if (role === 'B') prove();
      // What was refused stays refused, whoever is found instead.
      if (goodbye.refused) conversation.confirm(false);
    },

    get trusted() {
      return trust.given;
    },

    handle(event, now) {
      if (event.type === 'drain') return goodbye.phase === 'flushing' ? undefined : progress(now);
      // It has moved to a direct path, and says so on it.
      if (event.type === 'alone' && path.promised && resume.up) {
        path.hold(now);
        return undefined;
      }
      path.release();
      if (goodbye.phase !== 'flushing') return resumed(resume.handle(event, now), now, brokenBy(event));
      return event.type === 'closed' ? ended(farewell.closed()) : undefined;
    },

    path(event, now) {
      const id = path.handle(event, now);
      if (id === undefined) return undefined;
      const moved = line.take(id, now);
      path.taken();
      presence.move(now);
      return resumed(resume.handle(moved, now), now);
    },

    tick(now) {
      if (goodbye.phase === 'flushing') return ended(farewell.step(now));
      if (path.tick(now) === 'choice is late') resume.retry(now);
      if (channel.silent(now)) resume.retry(now);
      const visited = resume.visiting ? resume.visited(attempts.tick(now), now) : undefined;
      return resumed(visited, now) ?? resumed(resume.tick(now), now) ?? progress(now);
    },

    turn: progress,

    confirm(match, now) {
      // A yes is given once; a no is heard also after it.
      if (goodbye.refused || (match && trust.answered)) return false;
      conversation.confirm(match);
      if (match) return true;
      goodbye.refuse(standing(), now);
      // A new handshake would not change that.
      resume.hurry();
      return true;
    },

    compareAgain(now) {
      if (trust.renewable) channel.compare(now);
      return trust.renewable;
    },

    said: trust.said,
    shown: conversation.shown,

    leave(code, now) {
      goodbye.ask(code, standing(), now);
    },

    slept(now) {
      if (goodbye.phase === 'flushing') return;
      if (resume.visiting) resume.retry(now);
      else channel.probe(now);
    },

    wakeAt(now) {
      if (goodbye.phase === 'flushing') return goodbye.wakeAt();
      if (carriage.more) return now;
      const visit = resume.visiting ? attempts.wakeAt() : NEVER;
      return Math.min(goodbye.wakeAt(), resume.wakeAt(), path.wakeAt(), channel.wakeAt(now), visit);
    },

    get prepared() {
      return channel.prepared;
    },
    prepare: channel.prepare,

    abort: farewell.abort,

    wipe() {
      try {
        path.stop();
        conversation.wipe();
      } finally {
        established.resume.wipe();
      }
    },
  });
}

function ended(ending: Ending | undefined): MeetingEvent | undefined {
  return ending === undefined ? undefined : { type: 'end', ...ending };
}
